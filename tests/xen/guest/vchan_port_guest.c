/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "memory.h"
#include "store.h"
#include "test.h"
#include "trap.h"
#include "vchan_port_guest.h"
#include "xen.h"

/* --- The event channel. */

static int event_status(struct vchan_port *port, long error)
{
    port->has_event = error == 0;
    port->seen = 0;
    return error == 0                   ? VCHAN_OK
           : error == -XEN_ERROR_ESRCH  ? VCHAN_NO_DOMAIN
           : error == -XEN_ERROR_ENOSPC ? VCHAN_NO_MEMORY
                                        : VCHAN_SYSTEM;
}

int vchan_port_offer_event(struct vchan_port *port, uint32_t peer_domid)
{
    memset(&port->event, 0, sizeof port->event);
    return event_status(port, event_offer(&port->event, (xen_domid)peer_domid));
}

int vchan_port_bind_event(struct vchan_port *port, uint32_t peer_domid, uint32_t peer_event)
{
    memset(&port->event, 0, sizeof port->event);
    return event_status(port, event_bind(&port->event, (xen_domid)peer_domid, peer_event));
}

void vchan_port_drop_event(struct vchan_port *port)
{
    if (port->has_event)
        event_close(&port->event);
    port->has_event = false;
}

void vchan_port_notify(struct vchan_port *port)
{
    event_send(port->event.channel.port);
}

int vchan_port_sleep(struct vchan_port *port)
{
    if (!event_wait(&port->event, port->seen + 1, WAIT_MS))
        test_fail(__FILE__, __LINE__, "no event on the vchan's port %u", port->event.channel.port);
    port->seen = port->event.count;
    return VCHAN_OK;
}

void vchan_port_drain(struct vchan_port *port)
{
    port->seen = port->event.count;
}

/* --- Pages. */

static struct vchan_port_piece *piece_at(struct vchan_port *port, void *address)
{
    for (unsigned i = 0; i < VCHAN_PORT_PIECES; i++)
        if (port->pieces[i].address == address)
            return &port->pieces[i];
    return NULL;
}

static uint32_t ref_pages(uint32_t pages)
{
    return (pages * (uint32_t)sizeof(uint32_t) + PAGE_BYTES - 1) / PAGE_BYTES;
}

/* Nobody zeroes clear_offset for a guest without an operating system: it ends in order, or takes
 * its domain with it. */
int vchan_port_share(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                     uint32_t clear_offset, uint32_t *refs, void **out)
{
    struct vchan_port_piece *piece = piece_at(port, NULL);

    if (!piece)
        return VCHAN_NO_MEMORY;
    piece->address = page_new(pages);
    piece->pages = pages;
    piece->refs = page_new(ref_pages(pages));
    for (uint32_t i = 0; i < pages; i++) {
        refs[i] = grant_page((xen_domid)peer_domid, piece->address + (size_t)i * PAGE_BYTES, false);
        piece->refs[i] = refs[i];
        if (refs[i] == GRANT_NONE) {
            piece->pages = i;
            vchan_port_unshare(port, piece->address, i);
            return VCHAN_NO_MEMORY;
        }
    }
    *out = piece->address;
    return VCHAN_OK;
}

void vchan_port_unshare(struct vchan_port *port, void *address, uint32_t pages)
{
    struct vchan_port_piece *piece = piece_at(port, address);

    for (uint32_t i = 0; i < pages; i++)
        grant_end_and_free(piece->refs[i], piece->address + (size_t)i * PAGE_BYTES);
    page_free(piece->refs, ref_pages(piece->pages));
    piece->address = NULL;
}

int vchan_port_map(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                   uint32_t clear_offset, const uint32_t *refs, void **out)
{
    struct vchan_port_piece *piece = piece_at(port, NULL);
    int status;

    if (!piece)
        return VCHAN_NO_MEMORY;
    status = foreign_map(&piece->foreign, (xen_domid)peer_domid, refs, pages, false);
    if (status != XEN_GNTST_OKAY)
        return status == XEN_GNTST_BAD_DOMAIN   ? VCHAN_NO_DOMAIN
               : status == XEN_GNTST_BAD_GNTREF ? VCHAN_NO_SERVER
                                                : VCHAN_BAD_PEER;
    piece->address = piece->foreign.bytes;
    piece->pages = pages;
    *out = piece->address;
    return VCHAN_OK;
}

void vchan_port_unmap(struct vchan_port *port, void *address, uint32_t pages)
{
    struct vchan_port_piece *piece = piece_at(port, address);

    if (foreign_unmap(&piece->foreign) != XEN_GNTST_OKAY)
        panic("a mapped ring cannot be unmapped");
    piece->address = NULL;
}

/* --- XenStore. */

static enum xs_error publish_once(struct vchan_port *port, uint32_t peer_domid, uint32_t ring_ref)
{
    const struct xs_permission permissions[] = {
        {(uint16_t)xen_domid_own(), XS_ACCESS_NONE},
        {(uint16_t)peer_domid, XS_ACCESS_READ},
    };
    const struct {
        const char *leaf;
        uint32_t value;
    } keys[] = {{"ring-ref", ring_ref}, {"event-channel", port->event.channel.port}};
    struct xs_transaction transaction;
    enum xs_error error = store_begin(&transaction);
    char path[128];

    for (unsigned i = 0; i < 2 && error == XS_OK; i++) {
        snprintf(path, sizeof path, "%s/%s", port->published, keys[i].leaf);
        error = store_write_number(&transaction, path, keys[i].value);
        if (error == XS_OK)
            error = store_permit(&transaction, path, permissions, 2);
    }
    if (error == XS_OK)
        return store_end(&transaction, true);
    store_end(&transaction, false);
    return error;
}

int vchan_port_publish(struct vchan_port *port, uint32_t peer_domid, const char *path,
                       uint32_t ring_ref)
{
    enum xs_error error;

    snprintf(port->published, sizeof port->published, "%s", path);
    do
        error = publish_once(port, peer_domid, ring_ref);
    while (error == XS_ERROR_AGAIN);
    if (error != XS_OK)
        port->published[0] = 0;
    return error == XS_OK ? VCHAN_OK : error == XS_ERROR_ACCESS ? VCHAN_DENIED : VCHAN_SYSTEM;
}

void vchan_port_unpublish(struct vchan_port *port)
{
    if (port->published[0])
        store_remove(NULL, port->published);
    port->published[0] = 0;
}

int vchan_port_read_key(struct vchan_port *port, const char *path, const char *leaf, char *value,
                        size_t capacity)
{
    char whole[160];
    enum xs_error error;

    snprintf(whole, sizeof whole, "%s/%s", path, leaf);
    error = store_read(NULL, whole, value, capacity);
    return error == XS_OK              ? (int)strlen(value)
           : error == XS_ERROR_TOO_BIG ? VCHAN_BAD_PEER
                                       : VCHAN_NO_SERVER;
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
    return clock_ns();
}

bool vchan_port_many_cpus(void)
{
    return false; /* dom0 shares the one CPU that this machine has */
}

void vchan_port_pause(void)
{
    cpu_relax();
}

void vchan_port_yield(void)
{
    hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
}

int vchan_port_set_error(int status)
{
    return status;
}

void vchan_port_close(struct vchan_port *port)
{
    vchan_port_drop_event(port);
    vchan_port_unpublish(port);
}
