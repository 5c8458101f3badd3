/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port of core/vchan (vchan_port.h) on xeniface's IOCTLs, for a program of the bench: what
 * xencontrol.dll and windows/lib/vchan do on Windows. It serves; it does not map or watch.
 */
#include "vchan_bench.h"

#include "model/sched.h"
#include "model/user.h"
#include "xen/machine.h"

enum { SHARES = 4 };

struct vchan_port {
    HANDLE handle, event;
    ULONG local_port;       /* 0: none */
    PENDING shared[SHARES]; /* Handle NULL: free */
    char path[128];         /* published; empty: nothing is */
};

static struct vchan_port The;

struct vchan_port *vchan_bench_open(HANDLE handle)
{
    The = (struct vchan_port){.handle = handle, .event = NewEvent()};
    return &The;
}

int vchan_port_offer_event(struct vchan_port *port, uint32_t peer_domid)
{
    return NT_SUCCESS(
               BindUnbound(port->handle, (USHORT)peer_domid, port->event, FALSE, &port->local_port))
               ? VCHAN_OK
               : VCHAN_NO_MEMORY;
}

int vchan_port_bind_event(struct vchan_port *port, uint32_t peer_domid, uint32_t peer_event)
{
    return VCHAN_BAD_PEER;
}

void vchan_port_drop_event(struct vchan_port *port)
{
    if (port->local_port != 0)
        CHECK_EQ(PortCall(port->handle, IOCTL_XENIFACE_EVTCHN_CLOSE, port->local_port),
                 STATUS_SUCCESS);
    port->local_port = 0;
}

void vchan_port_notify(struct vchan_port *port)
{
    CHECK_EQ(PortCall(port->handle, IOCTL_XENIFACE_EVTCHN_NOTIFY, port->local_port),
             STATUS_SUCCESS);
}

int vchan_port_sleep(struct vchan_port *port)
{
    xen_machine_expect();
    CHECK_EQ(NtWaitForSingleObject(port->event, FALSE, NULL), STATUS_SUCCESS);
    xen_machine_came();
    (VOID) TakeEvent(port->event);
    return VCHAN_OK;
}

void vchan_port_drain(struct vchan_port *port)
{
    (VOID) TakeEvent(port->event);
}

int vchan_port_share(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                     uint32_t clear_offset, uint32_t *refs, void **out)
{
    PENDING *pending = port->shared;

    while (pending < port->shared + SHARES - 1 && pending->Handle != NULL)
        pending++;
    CHECK(pending->Handle == NULL);
    Grant(pending, port->handle, (USHORT)peer_domid, pages, NULL,
          XENIFACE_GNTTAB_USE_NOTIFY_PORT |
              (clear_offset != VCHAN_NO_OFFSET ? XENIFACE_GNTTAB_USE_NOTIFY_OFFSET : 0),
          clear_offset != VCHAN_NO_OFFSET ? clear_offset : 0, port->local_port);
    if (pending->Status != STATUS_PENDING)
        return VCHAN_NO_MEMORY;
    for (uint32_t page = 0; page < pages; page++)
        refs[page] = ReferenceOf(pending, page);
    *out = AddressOf(pending);
    return VCHAN_OK;
}

void vchan_port_unshare(struct vchan_port *port, void *address, uint32_t pages)
{
    for (ULONG index = 0; index < SHARES; index++) {
        PENDING *pending = &port->shared[index];

        if (pending->Handle == NULL || AddressOf(pending) != address)
            continue;
        CHECK_EQ(Revoke(port->handle, address), STATUS_SUCCESS);
        CHECK_EQ(Finish(pending), STATUS_SUCCESS);
        pending->Handle = NULL;
        return;
    }
    CHECK(!"shared");
}

int vchan_port_map(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                   uint32_t clear_offset, const uint32_t *refs, void **out)
{
    return VCHAN_BAD_PEER;
}

void vchan_port_unmap(struct vchan_port *port, void *address, uint32_t pages)
{
}

/* path/leaf = value; for the peer alone to read. */
static void Publish(struct vchan_port *port, const char *leaf, uint32_t number, uint32_t peer)
{
    char buffer[256], digits[12];
    ULONG length = 0, count = 0;

    length = (ULONG)strlen(port->path);
    memcpy(buffer, port->path, length);
    buffer[length++] = '/';
    memcpy(buffer + length, leaf, strlen(leaf) + 1);
    length += (ULONG)strlen(leaf) + 1;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0)
        buffer[length++] = digits[--count];
    buffer[length++] = '\0';
    CHECK_EQ(Call(port->handle, IOCTL_XENIFACE_STORE_WRITE, buffer, length, NULL, 0, NULL),
             STATUS_SUCCESS);
}

int vchan_port_publish(struct vchan_port *port, uint32_t peer_domid, const char *path,
                       uint32_t ring_ref)
{
    CHECK(strlen(path) < sizeof(port->path));
    memcpy(port->path, path, strlen(path) + 1);
    Publish(port, "ring-ref", ring_ref, peer_domid);
    Publish(port, "event-channel", port->local_port, peer_domid);
    return VCHAN_OK;
}

void vchan_port_unpublish(struct vchan_port *port)
{
    if (port->path[0] != '\0')
        (VOID) Call(port->handle, IOCTL_XENIFACE_STORE_REMOVE, port->path,
                    (ULONG)strlen(port->path) + 1, NULL, 0, NULL);
    port->path[0] = '\0';
}

int vchan_port_read_key(struct vchan_port *port, const char *path, const char *leaf, char *value,
                        size_t capacity)
{
    return VCHAN_NO_SERVER;
}

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
    return sched_time() * 100;
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
    vchan_port_drop_event(port);
    Close(port->event);
}
