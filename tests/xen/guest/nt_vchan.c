/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's vchan: core/vchan on a port that is xeniface's IOCTLs, as xencontrol.dll uses them.
 * Its rings are pages that the driver granted; dom0's end is Debian's libxenvchan in guest_partner,
 * which sends back what it gets.
 */
#include "nt_program.h"

#include "core/vchan/vchan_channel.h"
#include "harness.h"
#include "model/machine.h"
#include "model/user.h"
#include "nt_world.h"
#include "windows/kernel/xeniface/contract.h"

#define DEBIAN "/usr/lib/x86_64-linux-gnu/libxenvchan.so.4.17"

enum { LIMIT_S = 30, TEXT_BYTES = 200, SHARINGS = 3 };

struct sharing { /* a request that pends as long as the pages are shared */
    void *address;
    PIO_STATUS_BLOCK status;
    void *in, *out;
};

struct vchan_port {
    HANDLE device, event;
    ULONG number;
    char path[TEXT_BYTES];
    struct sharing sharings[SHARINGS];
};

/* --- The event channel. */

int vchan_port_offer_event(struct vchan_port *port, uint32_t peer_domid)
{
    XENIFACE_EVTCHN_BIND_UNBOUND_IN in = {.RemoteDomain = (USHORT)peer_domid};
    XENIFACE_EVTCHN_BIND_UNBOUND_OUT out;

    port->event = in.Event = program_event();
    CHECK_EQ(program_call(port->device, IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND, &in, sizeof(in), &out,
                          sizeof(out)),
             STATUS_SUCCESS);
    port->number = out.LocalPort;
    return VCHAN_OK;
}

int vchan_port_bind_event(struct vchan_port *port, uint32_t peer_domid, uint32_t peer_event)
{
    return VCHAN_BAD_ARGUMENT; /* a server only */
}

void vchan_port_drop_event(struct vchan_port *port)
{
    XENIFACE_EVTCHN_CLOSE_IN in = {port->number};

    CHECK_EQ(program_call(port->device, IOCTL_XENIFACE_EVTCHN_CLOSE, &in, sizeof(in), NULL, 0),
             STATUS_SUCCESS);
    CHECK_EQ(NtClose(port->event), STATUS_SUCCESS);
}

void vchan_port_notify(struct vchan_port *port)
{
    XENIFACE_EVTCHN_NOTIFY_IN in = {port->number};

    CHECK_EQ(program_call(port->device, IOCTL_XENIFACE_EVTCHN_NOTIFY, &in, sizeof(in), NULL, 0),
             STATUS_SUCCESS);
}

int vchan_port_sleep(struct vchan_port *port)
{
    program_wait(port->event);
    return VCHAN_OK;
}

void vchan_port_drain(struct vchan_port *port)
{
    NtResetEvent(port->event, NULL);
}

/* --- Pages: the driver's, granted, in this program's memory. */

int vchan_port_share(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                     uint32_t clear_offset, uint32_t *refs, void **out)
{
    ULONG out_bytes = FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT_V2, References) +
                      pages * sizeof(ULONG);
    PXENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 in = user_alloc(sizeof(*in));
    PXENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT_V2 answer = user_alloc(out_bytes);
    struct sharing *sharing = port->sharings;

    while (sharing->address != NULL)
        sharing++;
    *in = (XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2){.RemoteDomain = (USHORT)peer_domid,
                                                        .NumberPages = pages};
    if (clear_offset != VCHAN_NO_OFFSET) {
        in->Flags = XENIFACE_GNTTAB_USE_NOTIFY_OFFSET | XENIFACE_GNTTAB_USE_NOTIFY_PORT;
        in->NotifyOffset = clear_offset;
        in->NotifyPort = port->number;
    }
    sharing->status = user_alloc(sizeof(*sharing->status));
    CHECK_EQ(NtDeviceIoControlFile(port->device, NULL, NULL, NULL, sharing->status,
                                   IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, in, sizeof(*in),
                                   answer, out_bytes),
             STATUS_PENDING);
    sharing->in = in;
    sharing->out = answer;
    sharing->address = answer->Address;
    memcpy(refs, answer->References, pages * sizeof(ULONG));
    *out = answer->Address;
    return VCHAN_OK;
}

void vchan_port_unshare(struct vchan_port *port, void *address, uint32_t pages)
{
    XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_IN_V2 in = {address};
    struct sharing *sharing = port->sharings;

    while (sharing->address != address)
        sharing++;
    CHECK_EQ(program_call(port->device, IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2, &in,
                          sizeof(in), NULL, 0),
             STATUS_SUCCESS);
    CHECK_EQ(sharing->status->Status, STATUS_SUCCESS);
    user_free(sharing->status);
    user_free(sharing->in);
    user_free(sharing->out);
    sharing->address = NULL;
}

int vchan_port_map(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                   uint32_t clear_offset, const uint32_t *refs, void **out)
{
    return VCHAN_BAD_ARGUMENT;
}

void vchan_port_unmap(struct vchan_port *port, void *address, uint32_t pages)
{
}

/* --- XenStore. */

int vchan_port_publish(struct vchan_port *port, uint32_t peer_domid, const char *path,
                       uint32_t ring_ref)
{
    char key[TEXT_BYTES], value[16];

    model_text(port->path, sizeof(port->path), "%s", path);
    model_text(key, sizeof(key), "%s/ring-ref", path);
    model_text(value, sizeof(value), "%u", ring_ref);
    program_write_key(port->device, key, value);
    model_text(key, sizeof(key), "%s/event-channel", path);
    model_text(value, sizeof(value), "%u", port->number);
    program_write_key(port->device, key, value);
    return VCHAN_OK;
}

void vchan_port_unpublish(struct vchan_port *port)
{
    CHECK_EQ(program_call(port->device, IOCTL_XENIFACE_STORE_REMOVE, port->path,
                          (ULONG)strlen(port->path) + 1, NULL, 0),
             STATUS_SUCCESS);
}

int vchan_port_read_key(struct vchan_port *port, const char *path, const char *leaf, char *value,
                        size_t capacity)
{
    return VCHAN_NO_SERVER;
}

/* --- The rest. */

bool vchan_port_watches_peer(const struct vchan_port *port)
{
    return false;
}

bool vchan_port_peer_died(struct vchan_port *port, uint32_t peer_domid, bool connected)
{
    return false;
}

uint64_t vchan_port_now_ns(void)
{
    return nt_world_now_ns();
}

bool vchan_port_many_cpus(void)
{
    return false;
}

void vchan_port_pause(void)
{
}

void vchan_port_yield(void)
{
}

int vchan_port_set_error(int status)
{
    return status;
}

void vchan_port_close(struct vchan_port *port)
{
}

/* --- The test. */

static UCHAR content(ULONG at)
{
    return (UCHAR)(at * 131 + (at >> 7));
}

/* Writes and reads in turns: more than the rings hold. */
static void exchange(struct vchan_channel *channel, ULONG bytes)
{
    UCHAR piece[1000];
    ULONG written = 0, read = 0;

    while (read < bytes) {
        ULONG size = min(bytes - written, sizeof(piece));
        int wrote, got;

        for (ULONG i = 0; i < size; i++)
            piece[i] = content(written + i);
        wrote = vchan_channel_write(channel, piece, size, false);
        CHECK(wrote >= 0);
        written += (ULONG)wrote;
        got = vchan_channel_read(channel, piece, sizeof(piece), false);
        CHECK(got >= 0);
        for (int i = 0; i < got; i++)
            CHECK(piece[i] == content(read + (ULONG)i));
        read += (ULONG)got;
        if (!wrote && !got)
            vchan_port_sleep(channel->port);
    }
}

/* dom0 has unmapped the pages: the driver can take them back. */
static void wait_for_answer(HANDLE device, const char *wanted)
{
    uint64_t end = nt_world_now_ns() + LIMIT_S * 1000000000ull;
    char answer[TEXT_BYTES];

    do {
        CHECK_EQ(program_read_key(device, "data/partner/answer", answer, sizeof(answer)),
                 STATUS_SUCCESS);
        CHECK(nt_world_now_ns() < end);
    } while (strcmp(answer, wanted) != 0);
}

void program_serves_vchan(HANDLE device)
{
    static struct vchan_port port;
    static struct vchan_channel channel;
    char domid[16], ask[TEXT_BYTES];

    port.device = device;
    CHECK_EQ(program_read_key(device, "domid", domid, sizeof(domid)), STATUS_SUCCESS);
    CHECK_EQ(vchan_channel_serve(&channel, &port, 0, "data/vchan/7", 8192, 65536), VCHAN_OK);
    model_text(ask, sizeof(ask), "1 vchan-join " DEBIAN " /local/domain/%s/data/vchan/7", domid);
    program_write_key(device, "data/partner/ask", ask);
    while (vchan_channel_state(&channel) == VCHAN_STATE_WAITING)
        vchan_port_sleep(&port);
    CHECK_EQ(vchan_channel_state(&channel), VCHAN_STATE_CONNECTED);
    program_write_key(device, "data/partner/ask", "2 vchan-echo");
    exchange(&channel, 20000);
    vchan_channel_close(&channel);
    program_write_key(device, "data/partner/ask", "3 vchan-close");
    wait_for_answer(device, "3 ok");
}
