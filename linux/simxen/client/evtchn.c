/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels as a client uses them. Binding asks the daemon; notify, pending and unmask work
 * on the shared event words (see protocol.h for the rule that keeps the eventfd exact) and make
 * one system call at most, and only when the other side has to be woken.
 */
#include "internal.h"

#include <stdlib.h>

int simxen_evtchn_open(struct simxen *sx, struct simxen_evtchn **out)
{
    struct sx_request request = {.op = SX_EVTCHN_OPEN};
    struct sx_reply reply;
    struct simxen_evtchn *handle = calloc(1, sizeof(*handle));
    if (!handle)
        return -LX_ENOMEM;
    lx_lock(&sx->lock);
    int error = simxen_call(sx, &request, NULL, 0, &reply, NULL, 0, &handle->fd);
    lx_unlock(&sx->lock);
    if (!error && handle->fd < 0)
        error = -LX_EPROTO;
    if (error) {
        free(handle);
        return error;
    }
    handle->sx = sx;
    handle->id = reply.value;
    *out = handle;
    return 0;
}

static void forget_doorbell(struct simxen *sx, uint32_t port)
{
    struct port_cache *cache = &sx->cache[port];
    if (cache->doorbell)
        lx_close((int)(uint32_t)cache->doorbell);
    cache->doorbell = 0;
    cache->link = 0;
}

static bool owns(const struct simxen_evtchn *handle, uint32_t port)
{
    return port < SX_MAX_PORTS &&
           __atomic_load_n(&handle->sx->own->port[port].handle, __ATOMIC_ACQUIRE) == handle->id;
}

void simxen_evtchn_close(struct simxen_evtchn *handle)
{
    struct simxen *sx = handle->sx;
    struct sx_request request = {.op = SX_EVTCHN_CLOSE, .handle = handle->id};
    struct sx_reply reply;
    lx_lock(&sx->lock);
    for (uint32_t port = 1; port < SX_MAX_PORTS && port < sx->own->port_limit; port++)
        if (owns(handle, port))
            forget_doorbell(sx, port);
    simxen_call(sx, &request, NULL, 0, &reply, NULL, 0, NULL);
    lx_unlock(&sx->lock);
    lx_close(handle->fd);
    free(handle);
}

int simxen_evtchn_fd(struct simxen_evtchn *handle)
{
    return handle->fd;
}

int simxen_evtchn_bind_unbound(struct simxen_evtchn *handle, uint32_t remote_domid)
{
    struct sx_request request = {
        .op = SX_BIND_UNBOUND, .handle = handle->id, .domid = remote_domid};
    return simxen_simple(handle->sx, &request);
}

int simxen_evtchn_bind_interdomain(struct simxen_evtchn *handle, uint32_t remote_domid,
                                   uint32_t remote_port)
{
    struct sx_request request = {.op = SX_BIND_INTERDOMAIN,
                                 .handle = handle->id,
                                 .domid = remote_domid,
                                 .port = remote_port};
    return simxen_simple(handle->sx, &request);
}

int simxen_evtchn_bind_virq(struct simxen_evtchn *handle, uint32_t virq)
{
    struct sx_request request = {.op = SX_BIND_VIRQ, .handle = handle->id, .port = virq};
    return simxen_simple(handle->sx, &request);
}

int simxen_evtchn_unbind(struct simxen_evtchn *handle, uint32_t port)
{
    struct simxen *sx = handle->sx;
    struct sx_request request = {.op = SX_UNBIND, .handle = handle->id, .port = port};
    struct sx_reply reply;
    if (!owns(handle, port))
        return -LX_ENOTCONN;
    lx_lock(&sx->lock);
    forget_doorbell(sx, port);
    int error = simxen_call(sx, &request, NULL, 0, &reply, NULL, 0, NULL);
    lx_unlock(&sx->lock);
    return error;
}

/* Asks the daemon for the eventfd of the port's other end. A descriptor that another thread may be
 * using at this moment is replaced in place, never closed. */
static int fetch_doorbell(struct simxen *sx, uint32_t port)
{
    struct port_cache *cache = &sx->cache[port];
    struct sx_request request = {.op = SX_DOORBELL, .port = port};
    struct sx_reply reply;
    int fd = -1;
    int error = simxen_call(sx, &request, NULL, 0, &reply, NULL, 0, &fd);
    if (error)
        return error;
    if (fd < 0)
        return -LX_EPROTO;
    if (cache->doorbell) {
        int kept = (int)(uint32_t)cache->doorbell;
        lx_dup3(fd, kept, LX_O_CLOEXEC);
        lx_close(fd);
        fd = kept;
    }
    __atomic_store_n(&cache->doorbell, (uint64_t)reply.value << 32 | (uint32_t)fd,
                     __ATOMIC_RELEASE);
    return 0;
}

static void ring(int fd)
{
    uint64_t one = 1;
    lx_write(fd, &one, sizeof(one));
}

/* The peer's event word for a port, from the cache or mapped now. */
static struct sx_domain_shared *peer_of(struct simxen *sx, uint32_t port, uint64_t link)
{
    struct port_cache *cache = &sx->cache[port];
    if (__atomic_load_n(&cache->link, __ATOMIC_ACQUIRE) == link)
        return cache->peer;
    lx_lock(&sx->lock);
    struct sx_domain_shared *peer = simxen_peer(sx, SX_LINK_DOMID(link));
    if (peer) {
        __atomic_store_n(&cache->peer, peer, __ATOMIC_RELAXED);
        __atomic_store_n(&cache->link, link, __ATOMIC_RELEASE);
    }
    lx_unlock(&sx->lock);
    return peer;
}

int simxen_evtchn_notify(struct simxen_evtchn *handle, uint32_t port)
{
    struct simxen *sx = handle->sx;
    if (!owns(handle, port))
        return -LX_ENOTCONN;
    uint64_t link = __atomic_load_n(&sx->own->port[port].link, __ATOMIC_ACQUIRE);
    /* Xen drops what is sent to an unbound port; Linux says nothing about a virq's. */
    if (SX_LINK_STATE(link) != SX_PORT_INTERDOMAIN || SX_LINK_PORT(link) >= SX_MAX_PORTS)
        return 0;
    struct sx_domain_shared *peer = peer_of(sx, port, link);
    if (!peer)
        return -LX_ENOMEM;
    if (!sx_event_raise(peer, SX_LINK_PORT(link)))
        return 0;
    uint32_t owner = __atomic_load_n(&peer->port[SX_LINK_PORT(link)].handle, __ATOMIC_ACQUIRE);
    uint64_t doorbell = __atomic_load_n(&sx->cache[port].doorbell, __ATOMIC_ACQUIRE);
    if ((uint32_t)(doorbell >> 32) != owner || !doorbell) {
        lx_lock(&sx->lock);
        int error = fetch_doorbell(sx, port);
        lx_unlock(&sx->lock);
        if (error)
            return 0; /* the other end closed meanwhile: nobody is left to be woken */
        doorbell = __atomic_load_n(&sx->cache[port].doorbell, __ATOMIC_ACQUIRE);
    }
    ring((int)(uint32_t)doorbell);
    return 0;
}

/* Takes one deliverable port of this handle among the 32 of a word; 0: none. */
static uint32_t take_from_word(struct simxen_evtchn *handle, uint32_t index)
{
    struct sx_domain_shared *own = handle->sx->own;
    uint64_t word = __atomic_load_n(&own->word[index], __ATOMIC_SEQ_CST);
    uint32_t deliverable = (uint32_t)word & ~(uint32_t)(word >> 32);
    while (deliverable) {
        uint32_t port = index * 32 + (uint32_t)__builtin_ctz(deliverable);
        deliverable &= deliverable - 1;
        if (owns(handle, port) && sx_event_take(own, port))
            return port;
    }
    return 0;
}

static uint32_t take_any(struct simxen_evtchn *handle)
{
    struct sx_domain_shared *own = handle->sx->own;
    uint32_t limit = __atomic_load_n(&own->port_limit, __ATOMIC_ACQUIRE);
    uint32_t words = (limit > SX_MAX_PORTS ? SX_MAX_PORTS : limit) / 32 + 1;
    uint32_t index = handle->next_port;
    if (words > SX_MAX_PORTS / 32)
        words = SX_MAX_PORTS / 32;
    for (uint32_t seen = 0; seen < words; seen++, index++) {
        if (index >= words)
            index = 0;
        uint32_t port = take_from_word(handle, index);
        if (port) {
            handle->next_port = index + 1;
            return port;
        }
    }
    return 0;
}

int simxen_evtchn_pending(struct simxen_evtchn *handle)
{
    for (;;) {
        uint64_t one;
        int64_t got = lx_read(handle->fd, &one, sizeof(one));
        if (got < 0)
            return (int)got;
        uint32_t port = take_any(handle);
        if (port)
            return (int)port;
        if (__atomic_load_n(&handle->sx->own->gone, __ATOMIC_ACQUIRE))
            return -LX_ESRCH;
        /* The port closed between the sender's bit and its ring: wait for the next event. */
    }
}

int simxen_evtchn_unmask(struct simxen_evtchn *handle, uint32_t port)
{
    if (!owns(handle, port))
        return -LX_ENOTCONN;
    if (sx_event_unmask(handle->sx->own, port))
        ring(handle->fd);
    return 0;
}

int simxen_evtchn_status(struct simxen *sx, uint32_t domid, uint32_t port,
                         struct simxen_port_status *out)
{
    struct sx_request request = {.op = SX_STATUS, .domid = domid, .port = port};
    struct sx_reply reply;
    uint32_t data[4];
    lx_lock(&sx->lock);
    int error = simxen_call(sx, &request, NULL, 0, &reply, data, 4, NULL);
    lx_unlock(&sx->lock);
    if (error)
        return error;
    if (reply.count != 4)
        return -LX_EPROTO;
    out->state = (enum simxen_port_state)data[0];
    out->remote_domid = data[1];
    out->remote_port = data[2];
    out->virq = data[3];
    return 0;
}
