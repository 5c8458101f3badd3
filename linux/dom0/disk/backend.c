/* SPDX-License-Identifier: BSD-2-Clause */
/* The backend of one disk: see backend.h. */
#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xenbus.h>

#include "ring.h"

enum { QUEUES_MAX = 8, RING_ORDER_MAX = 4, DISCARD_ALIGNMENT = 0 };

struct backend {
    struct disk_store *store;
    struct backing *backing;
    xenevtchn_handle *events;
    struct ring rings[QUEUES_MAX];
    uint32_t queue_count; /* 0: not connected */
    int state;
    bool done;
};

static void go(struct backend *backend, int state)
{
    backend->state = state;
    disk_store_write(backend->store, "state", (uint64_t)state);
}

/* --- What is offered. */

static void offer(struct backend *backend)
{
    disk_store_write(backend->store, "multi-queue-max-queues", QUEUES_MAX);
    disk_store_write(backend->store, "max-ring-page-order", RING_ORDER_MAX);
    disk_store_write(backend->store, "feature-max-indirect-segments", SEGMENTS_MAX);
    disk_store_write(backend->store, "feature-persistent", 1);
    disk_store_write(backend->store, "feature-flush-cache", 1);
    disk_store_write(backend->store, "feature-barrier", 1);
    disk_store_write(backend->store, "feature-discard", backend->backing->can_discard);
    if (backend->backing->can_discard) {
        disk_store_write(backend->store, "discard-granularity",
                         backend->backing->discard_granularity_bytes);
        disk_store_write(backend->store, "discard-alignment", DISCARD_ALIGNMENT);
    }
}

static uint64_t info(enum disk_kind kind)
{
    static const uint64_t infos[] = {
        [DISK_WRITABLE] = 0,
        [DISK_READ_ONLY] = VDISK_READONLY,
        [DISK_CD] = VDISK_READONLY | VDISK_CDROM | VDISK_REMOVABLE,
    };
    return infos[kind];
}

static void describe(struct backend *backend)
{
    disk_store_write(backend->store, "sectors", backend->backing->sector_count);
    disk_store_write(backend->store, "sector-size", backend->backing->sector_bytes);
    disk_store_write(backend->store, "info", info(backend->store->kind));
}

/* --- Connecting. */

static void disconnect(struct backend *backend)
{
    for (uint32_t i = 0; i < backend->queue_count; i++)
        ring_disconnect(&backend->rings[i], backend->events);
    backend->queue_count = 0;
}

/* False: the guest wrote something else. prefix: "" or "queue-N/". */
static bool read_queue(struct backend *backend, const char *prefix, int64_t order, uint32_t *refs,
                       uint32_t *port)
{
    char node[48];
    uint32_t pages = order < 0 ? 1 : 1u << order;
    for (uint32_t i = 0; i < pages; i++) {
        if (order < 0)
            snprintf(node, sizeof(node), "%sring-ref", prefix);
        else
            snprintf(node, sizeof(node), "%sring-ref%u", prefix, i);
        int64_t ref = disk_store_read_front(backend->store, node, UINT32_MAX);
        if (ref < 0)
            return false;
        refs[i] = (uint32_t)ref;
    }
    snprintf(node, sizeof(node), "%sevent-channel", prefix);
    int64_t event = disk_store_read_front(backend->store, node, UINT32_MAX);
    *port = (uint32_t)event;
    return event >= 0;
}

static bool protocol_known(struct backend *backend)
{
    char *protocol = disk_store_text(backend->store, backend->store->front, "protocol");
    bool known = !protocol || strcmp(protocol, "x86_64-abi") == 0;
    free(protocol);
    return known;
}

/* NULL, or what is wrong. */
static const char *connect_rings(struct backend *backend)
{
    struct disk_store *store = backend->store;
    int64_t order = disk_store_read_front(store, "ring-page-order", RING_ORDER_MAX);
    int64_t queues = disk_store_read_front(store, "multi-queue-num-queues", QUEUES_MAX);
    bool keep = disk_store_read_front(store, "feature-persistent", 1) == 1;
    if (!protocol_known(backend))
        return "the guest speaks another protocol than x86_64-abi";
    for (int64_t i = 0; i < (queues < 1 ? 1 : queues); i++) {
        uint32_t refs[RING_PAGES_MAX], port;
        char prefix[16] = "";
        if (queues > 1)
            snprintf(prefix, sizeof(prefix), "queue-%u/", (unsigned)i);
        if (!read_queue(backend, prefix, order, refs, &port))
            return "the guest does not say where a ring or its event channel is";
        if (ring_connect(&backend->rings[i], backend->backing, backend->events, store->domid, refs,
                         order < 0 ? 1 : 1u << order, port, keep) < 0)
            return "a ring cannot be mapped";
        backend->queue_count++;
    }
    return NULL;
}

static void connect_guest(struct backend *backend)
{
    const char *wrong = connect_rings(backend);
    if (wrong) {
        fprintf(stderr, "casement-disk: %s: %s\n", backend->store->back, wrong);
        disconnect(backend);
        go(backend, XenbusStateClosing);
        return;
    }
    describe(backend);
    go(backend, XenbusStateConnected);
}

/* --- The guest's state. */

static void guest_moved(struct backend *backend, int64_t state)
{
    switch (state) {
    case XenbusStateInitialising:
        if (backend->state == XenbusStateClosed)
            go(backend, XenbusStateInitWait);
        break;
    case XenbusStateInitialised:
    case XenbusStateConnected:
        if (backend->state == XenbusStateInitWait)
            connect_guest(backend);
        break;
    case XenbusStateClosing:
        if (backend->state != XenbusStateClosing)
            go(backend, XenbusStateClosing);
        break;
    case XenbusStateClosed:
        disconnect(backend);
        if (backend->state != XenbusStateClosed)
            go(backend, XenbusStateClosed);
        break;
    default:
        break;
    }
}

/* The toolstack wants it gone: the guest is asked once, and it goes when the guest has let go. */
static void look_for_the_end(struct backend *backend, int64_t guest_state)
{
    int64_t online = disk_store_read_back(backend->store, "online", 1);
    if (online == 1)
        return;
    bool let_go = !backend->queue_count &&
                  (guest_state == XenbusStateClosed || guest_state <= XenbusStateInitialising);
    if (online < 0 || let_go)
        backend->done = true;
    else if (backend->state == XenbusStateConnected)
        go(backend, XenbusStateClosing);
}

static void store_moved(struct backend *backend)
{
    for (char **event; (event = xs_check_watch(backend->store->xs));)
        free(event);
    int64_t state = disk_store_read_front(backend->store, "state", XenbusStateReconfigured);
    guest_moved(backend, state);
    look_for_the_end(backend, state);
}

/* --- The loop. */

/* As Linux's backend: the state is written again, which is the frontend's sign to look. */
static void look_at_size(struct backend *backend)
{
    if (!backing_look(backend->backing) || backend->state != XenbusStateConnected)
        return;
    disk_store_write(backend->store, "sectors", backend->backing->sector_count);
    go(backend, XenbusStateConnected);
}

static void serve(struct backend *backend)
{
    int port = xenevtchn_pending(backend->events);
    if (port < 0)
        return;
    xenevtchn_unmask(backend->events, (evtchn_port_t)port);
    look_at_size(backend);
    for (uint32_t i = 0; i < backend->queue_count; i++) {
        struct ring *ring = &backend->rings[i];
        if (ring->port != (evtchn_port_t)port || ring_serve(ring, backend->events))
            continue;
        fprintf(stderr, "casement-disk: %s: an impossible index on the ring\n",
                backend->store->back);
        disconnect(backend);
        go(backend, XenbusStateClosing);
    }
}

static bool start(struct backend *backend)
{
    char state[STORE_PATH_MAX + 16], online[STORE_PATH_MAX + 16];
    snprintf(state, sizeof(state), "%s/state", backend->store->front);
    snprintf(online, sizeof(online), "%s/online", backend->store->back);
    backend->events = xenevtchn_open(NULL, 0);
    /* Readable does not promise an event: one for a port that was closed meanwhile is none. */
    if (!backend->events || fcntl(xenevtchn_fd(backend->events), F_SETFL, O_NONBLOCK) < 0)
        return false;
    offer(backend);
    describe(backend);
    go(backend, XenbusStateInitWait);
    return xs_watch(backend->store->xs, state, "front") &&
           xs_watch(backend->store->xs, online, "online") &&
           xs_watch(backend->store->xs, "@releaseDomain", "domain");
}

bool backend_run(struct disk_store *store, struct backing *backing)
{
    struct backend backend = {.store = store, .backing = backing};
    bool started = start(&backend);
    while (started && !backend.done) {
        struct pollfd fds[] = {{.fd = xs_fileno(store->xs), .events = POLLIN},
                               {.fd = xenevtchn_fd(backend.events), .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (fds[0].revents) {
            store_moved(&backend);
            backend.done |= !xs_is_domain_introduced(store->xs, store->domid);
        }
        if (fds[1].revents)
            serve(&backend);
    }
    disconnect(&backend);
    disk_store_remove(store);
    if (backend.events)
        xenevtchn_close(backend.events);
    return started;
}
