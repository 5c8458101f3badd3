/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels by the hypervisor's rules (xen/common/event_channel.c) seen through Linux's
 * /dev/xen/evtchn: a handle owns the ports bound on it, ports are the lowest free number from 1.
 */
#include "instance.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

static void doorbell_ring(const struct handle *handle)
{
    uint64_t one = 1;
    if (handle && write(handle->fd, &one, sizeof(one)) < 0)
        perror("simxen: eventfd");
}

/* Takes back a ring whose event is lost. Its sender may not have rung yet: then the owner wakes
 * once for nothing, which pending() survives. */
static void doorbell_unring(const struct handle *handle)
{
    uint64_t one;
    struct iovec iov = {&one, sizeof(one)};
    if (!handle || preadv2(handle->fd, &iov, 1, -1, RWF_NOWAIT) >= 0 || errno == EAGAIN)
        return;
    struct pollfd doorbell = {handle->fd, POLLIN, 0}; /* a kernel without RWF_NOWAIT here */
    if (poll(&doorbell, 1, 0) == 1 && read(handle->fd, &one, sizeof(one)) < 0)
        perror("simxen: eventfd");
}

struct handle *handle_new(struct instance *in, struct domain *domain, struct handle **list)
{
    struct handle *handle =
        domain->handle_count < SX_MAX_HANDLES ? calloc(1, sizeof(*handle)) : NULL;
    if (!handle)
        return NULL;
    handle->fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
    if (handle->fd < 0) {
        free(handle);
        return NULL;
    }
    handle->id = ++in->next_id;
    handle->domain = domain;
    handle->next = *list;
    *list = handle;
    domain->handle_count++;
    return handle;
}

static void publish(struct domain *domain, uint32_t number)
{
    const struct port *port = &domain->ports[number];
    struct sx_port_shared *shared = &domain->shared->port[number];
    __atomic_store_n(&shared->link,
                     port->state ? SX_LINK(port->state, port->remote_domid, port->remote_port) : 0,
                     __ATOMIC_SEQ_CST);
    __atomic_store_n(&shared->handle, port->handle ? port->handle->id : 0, __ATOMIC_SEQ_CST);
}

static void raise_port(struct domain *domain, uint32_t number)
{
    if (sx_event_raise(domain->shared, number))
        doorbell_ring(domain->ports[number].handle);
}

/* A sender killed between its bit and its ring left an event that nobody would hear of. */
static void ring_for_the_dead(const struct domain *domain, uint32_t number)
{
    const struct handle *handle = domain->ports[number].handle;
    uint64_t word = __atomic_load_n(&domain->shared->word[number / 32], __ATOMIC_SEQ_CST);
    struct pollfd doorbell = {handle ? handle->fd : -1, POLLIN, 0};
    if ((word & SX_PENDING_BIT(number)) && !(word & SX_MASK_BIT(number)) &&
        poll(&doorbell, 1, 0) == 0)
        doorbell_ring(handle);
}

/* The other end of a port that closes is unbound again, for the same domain. */
static void unbind_peer(struct instance *in, struct domain *domain, uint32_t number)
{
    struct port *port = &domain->ports[number];
    struct domain *peer = domain_find(in, port->remote_domid);
    struct port *other = peer && peer->ports ? &peer->ports[port->remote_port] : NULL;
    if (!other || other->state != SX_PORT_INTERDOMAIN || other->remote_domid != domain->domid ||
        other->remote_port != number)
        return;
    other->state = SX_PORT_UNBOUND;
    other->remote_port = 0;
    publish(peer, port->remote_port);
    if (in->process_ended)
        ring_for_the_dead(peer, port->remote_port);
}

static void port_close(struct instance *in, struct domain *domain, uint32_t number)
{
    struct port *port = &domain->ports[number];
    struct handle *handle = port->handle;
    if (port->state == SX_PORT_INTERDOMAIN)
        unbind_peer(in, domain, number);
    if (port->state == SX_PORT_VIRQ && domain->virq_port[port->virq] == number)
        domain->virq_port[port->virq] = 0;
    *port = (struct port){0};
    publish(domain, number);
    if (sx_event_reset(domain->shared, number))
        doorbell_unring(handle);
}

/* The handle lets go of the port; notifications may still hold it. */
static void port_disown(struct instance *in, struct domain *domain, uint32_t number)
{
    struct port *port = &domain->ports[number];
    if (!port->notify_count) {
        port_close(in, domain, number);
        return;
    }
    struct handle *handle = port->handle;
    port->handle = NULL;
    publish(domain, number);
    if (sx_event_reset(domain->shared, number))
        doorbell_unring(handle);
}

void handle_free(struct instance *in, struct handle **list, struct handle *handle)
{
    struct domain *domain = handle->domain;
    for (uint32_t number = 1; number < domain->port_limit; number++)
        if (domain->ports[number].state && domain->ports[number].handle == handle)
            port_disown(in, domain, number);
    while (*list != handle)
        list = &(*list)->next;
    *list = handle->next;
    domain->handle_count--;
    if (domain->dying)
        doorbell_ring(handle); /* whoever waits on it finds that the domain has gone */
    close(handle->fd);
    free(handle);
}

static int free_port(struct domain *domain)
{
    if (domain->dying)
        return -EINVAL;
    for (uint32_t number = 1; number < SX_MAX_PORTS; number++)
        if (!domain->ports[number].state && !domain->ports[number].reserved)
            return (int)number;
    return -ENOSPC;
}

/* Fills a free port and shows it. */
static void open_port(struct domain *domain, uint32_t number, struct port port)
{
    domain->ports[number] = port;
    if (number >= domain->port_limit) {
        domain->port_limit = number + 1;
        __atomic_store_n(&domain->shared->port_limit, number + 1, __ATOMIC_SEQ_CST);
    }
    sx_event_reset(domain->shared, number);
    publish(domain, number);
}

static uint32_t real_domid(const struct domain *domain, uint32_t domid)
{
    return domid == SX_DOMID_SELF ? domain->domid : domid;
}

int port_bind_unbound(struct domain *domain, struct handle *handle, uint32_t remote_domid)
{
    remote_domid = real_domid(domain, remote_domid); /* Xen takes any id, also of nobody */
    int number = free_port(domain);
    if (number > 0)
        open_port(domain, (uint32_t)number,
                  (struct port){.state = SX_PORT_UNBOUND,
                                .remote_domid = (uint16_t)remote_domid,
                                .handle = handle});
    return number;
}

int port_bind_interdomain(struct instance *in, struct domain *domain, struct handle *handle,
                          uint32_t remote_domid, uint32_t remote_port)
{
    remote_domid = real_domid(domain, remote_domid);
    struct domain *remote = domain_find(in, remote_domid);
    if (!remote)
        return -ESRCH;
    int number = free_port(domain);
    if (number < 0)
        return number;
    if (remote_port >= SX_MAX_PORTS || remote->dying)
        return -EINVAL;
    struct port *other = &remote->ports[remote_port];
    if (other->state != SX_PORT_UNBOUND || other->remote_domid != domain->domid)
        return -EINVAL;
    open_port(domain, (uint32_t)number,
              (struct port){.state = SX_PORT_INTERDOMAIN,
                            .remote_domid = (uint16_t)remote_domid,
                            .remote_port = (uint16_t)remote_port,
                            .handle = handle});
    other->state = SX_PORT_INTERDOMAIN;
    other->remote_port = (uint16_t)number;
    publish(remote, remote_port);
    /* What the remote sent while it was unbound is lost; Xen makes up for it. */
    raise_port(domain, (uint32_t)number);
    return number;
}

int port_bind_virq(struct domain *domain, struct handle *handle, uint32_t virq)
{
    if (virq >= SX_NR_VIRQS)
        return -EINVAL;
    if (domain->virq_port[virq])
        return -EEXIST;
    int number = free_port(domain);
    if (number > 0) {
        open_port(domain, (uint32_t)number,
                  (struct port){.state = SX_PORT_VIRQ, .virq = (uint8_t)virq, .handle = handle});
        domain->virq_port[virq] = (uint32_t)number;
    }
    return number;
}

int port_bind_local(struct domain *domain, struct handle *handle, uint32_t virq)
{
    struct port port = {.state = SX_PORT_IPI, .handle = handle};
    if (virq != SX_IPI) {
        if (virq >= SX_NR_VIRQS)
            return -EINVAL;
        port.state = SX_PORT_VIRQ;
        port.virq = (uint8_t)virq;
    }
    int number = free_port(domain);
    if (number > 0)
        open_port(domain, (uint32_t)number, port);
    return number;
}

void port_adopt(struct domain *domain, uint32_t port, struct handle *handle)
{
    if (!domain->ports[port].state)
        return;
    domain->ports[port].handle = handle;
    publish(domain, port);
    ring_for_the_dead(domain, port); /* what came before there was anybody to hear it */
}

int port_unbind(struct instance *in, struct domain *domain, struct handle *handle, uint32_t port)
{
    if (port >= SX_MAX_PORTS || !domain->ports[port].state || domain->ports[port].handle != handle)
        return -ENOTCONN;
    port_disown(in, domain, port);
    return 0;
}

void ports_close_all(struct instance *in, struct domain *domain)
{
    for (uint32_t number = 1; number < domain->port_limit; number++)
        if (domain->ports[number].state)
            port_close(in, domain, number);
}

struct handle *port_peer(struct instance *in, struct domain *domain, uint32_t port)
{
    if (port >= SX_MAX_PORTS || domain->ports[port].state != SX_PORT_INTERDOMAIN)
        return NULL;
    struct domain *peer = domain_find(in, domain->ports[port].remote_domid);
    return peer ? peer->ports[domain->ports[port].remote_port].handle : NULL;
}

void port_notify(struct instance *in, struct domain *domain, uint32_t port)
{
    if (port >= SX_MAX_PORTS || domain->ports[port].state != SX_PORT_INTERDOMAIN)
        return;
    struct domain *peer = domain_find(in, domain->ports[port].remote_domid);
    if (peer)
        raise_port(peer, domain->ports[port].remote_port);
}

void virq_raise(struct domain *domain, uint32_t virq)
{
    if (domain->virq_port[virq])
        raise_port(domain, domain->virq_port[virq]);
}

void port_reserve(struct domain *domain, uint32_t port, bool reserved)
{
    if (port < SX_MAX_PORTS && !domain->ports[port].state)
        domain->ports[port].reserved = reserved;
}

int port_hold(struct domain *domain, uint32_t port)
{
    if (port == 0 || port >= SX_MAX_PORTS || !domain->ports[port].state)
        return -EINVAL;
    domain->ports[port].notify_count++;
    return 0;
}

void port_release(struct instance *in, struct domain *domain, uint32_t port)
{
    struct port *held = &domain->ports[port];
    if (held->state && held->notify_count && --held->notify_count == 0 && !held->handle)
        port_close(in, domain, port);
}

int port_status(struct instance *in, struct domain *caller, uint32_t domid, uint32_t port,
                uint32_t out[4])
{
    struct domain *domain = domain_find(in, real_domid(caller, domid));
    if (!domain)
        return -ESRCH;
    if (port >= SX_MAX_PORTS)
        return -EINVAL;
    if (domain != caller && caller->domid != 0)
        return -EPERM;
    const struct port *of = &domain->ports[port];
    out[0] = of->state;
    out[1] = of->remote_domid;
    out[2] = of->remote_port;
    out[3] = of->virq;
    return 0;
}
