/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EVTCHNOP_*: the event-channel hypercall. Ports belong to the daemon; this file asks it, and adds
 * what is the guest's alone (which vCPU, which virq). The order of the checks is Xen's, so that a
 * call with two faults gets Xen's answer.
 */
#include "internal.h"

/* Xen's table of ports grows by so many; a port behind its end is invalid, not closed. */
enum { PORTS_PER_BUCKET = 64 };

static uint32_t state_of(const struct simxen_guest *guest, uint32_t port)
{
    return SX_LINK_STATE(__atomic_load_n(&guest->sx->own->port[port].link, __ATOMIC_ACQUIRE));
}

static bool is_valid(const struct simxen_guest *guest, uint32_t port)
{
    return port < guest->valid_ports;
}

/* A port that the daemon gave. */
static int64_t opened(struct simxen_guest *guest, int port, uint32_t vcpu)
{
    if (port <= 0)
        return port ? port : -XEN_ERROR_EINVAL;
    while (guest->valid_ports <= (uint32_t)port)
        guest->valid_ports += PORTS_PER_BUCKET;
    delivery_port_init(guest, (uint32_t)port, vcpu);
    return port;
}

/* Xen does not give out the number of a closed port that is still linked in a queue. The daemon
 * keeps those back; they are looked at before each new port. */
static void free_numbers(struct simxen_guest *guest)
{
    for (uint32_t port = 0; port < guest->valid_ports && guest->reserved_ports; port++)
        if (guest->ports[port].reserved && !delivery_is_linked(guest, port)) {
            struct sx_request request = {.op = SX_UNBIND, .port = port};
            simxen_simple(guest->sx, &request);
            guest->ports[port].reserved = false;
            guest->reserved_ports--;
        }
}

static int end_port(struct simxen_guest *guest, uint32_t port)
{
    struct sx_request request = {.op = SX_UNBIND, .handle = guest->events->id, .port = port};
    if (!delivery_is_linked(guest, port))
        return simxen_evtchn_unbind(guest->events, port);
    request.flags = SX_FLAG_RESERVE;
    guest->ports[port].reserved = true;
    guest->reserved_ports++;
    return simxen_simple(guest->sx, &request);
}

static bool virq_is_global(uint32_t virq)
{
    return virq != XEN_VIRQ_TIMER && virq != XEN_VIRQ_DEBUG && virq != 7; /* VIRQ_XENOPROF */
}

static int64_t alloc_unbound(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_alloc_unbound op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int64_t result = guest_domain_check(guest, op.domid);
    if (!result)
        result = opened(guest, simxen_evtchn_bind_unbound(guest->events, op.remote_domid), 0);
    if (result < 0)
        return result;
    op.port = (uint32_t)result;
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

static int64_t bind_interdomain(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_bind_interdomain op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int64_t result = opened(
        guest, simxen_evtchn_bind_interdomain(guest->events, op.remote_domid, op.remote_port), 0);
    if (result < 0)
        return result;
    op.local_port = (uint32_t)result;
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

static int64_t bind_local(struct simxen_guest *guest, uint32_t what, uint32_t vcpu)
{
    struct sx_request request = {.op = SX_BIND_LOCAL, .handle = guest->events->id, .port = what};
    return opened(guest, simxen_simple(guest->sx, &request), vcpu);
}

static int64_t bind_virq(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_bind_virq op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (op.virq >= XEN_VIRQ_COUNT || (virq_is_global(op.virq) && op.vcpu))
        return -XEN_ERROR_EINVAL;
    struct guest_vcpu *vcpu = guest_vcpu(guest, op.vcpu);
    if (!vcpu)
        return -XEN_ERROR_ENOENT;
    if (vcpu->virq_port[op.virq])
        return -XEN_ERROR_EEXIST;
    int64_t result = bind_local(guest, op.virq, op.vcpu);
    if (result < 0)
        return result;
    op.port = vcpu->virq_port[op.virq] = (uint32_t)result;
    guest->ports[op.port].virq = (uint8_t)op.virq;
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

static int64_t bind_ipi(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_bind_ipi op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (!guest_vcpu(guest, op.vcpu))
        return -XEN_ERROR_ENOENT;
    int64_t result = bind_local(guest, SX_IPI, op.vcpu);
    if (result < 0)
        return result;
    op.port = (uint32_t)result;
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

static int64_t close_port(struct simxen_guest *guest, uint32_t port)
{
    if (!is_valid(guest, port) || state_of(guest, port) == SX_PORT_CLOSED)
        return -XEN_ERROR_EINVAL;
    for (uint32_t i = 0; i < guest->config.vcpus; i++)
        for (uint32_t virq = 0; virq < XEN_VIRQ_COUNT; virq++)
            if (guest->vcpus[i].virq_port[virq] == port)
                guest->vcpus[i].virq_port[virq] = 0;
    delivery_drain(guest); /* what came before the close is lost with it, not with the next owner */
    int error = end_port(guest, port);
    delivery_port_clear(guest, port);
    guest->ports[port].vcpu = 0;
    guest->ports[port].waits_for_word = false;
    return error ? -XEN_ERROR_EINVAL : 0;
}

static int64_t send_port(struct simxen_guest *guest, uint32_t port)
{
    if (!is_valid(guest, port))
        return -XEN_ERROR_EINVAL;
    switch (state_of(guest, port)) {
    case SX_PORT_INTERDOMAIN:
        simxen_evtchn_notify(guest->events, port);
        return 0;
    case SX_PORT_IPI:
        delivery_raise(guest, port);
        return 0;
    case SX_PORT_UNBOUND:
        return 0;
    default:
        return -XEN_ERROR_EINVAL;
    }
}

static int64_t status(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_status op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int error = guest_domain_check(guest, op.domid);
    if (error)
        return error;
    if (!is_valid(guest, op.port))
        return -XEN_ERROR_EINVAL;
    uint64_t link = __atomic_load_n(&guest->sx->own->port[op.port].link, __ATOMIC_ACQUIRE);
    op.status = SX_LINK_STATE(link);
    op.vcpu = guest->ports[op.port].vcpu;
    if (op.status == XEN_EVTCHN_UNBOUND)
        op.u.unbound.domid = (uint16_t)SX_LINK_DOMID(link);
    if (op.status == XEN_EVTCHN_INTERDOMAIN) {
        op.u.interdomain.domid = (uint16_t)SX_LINK_DOMID(link);
        op.u.interdomain.port = SX_LINK_PORT(link);
    }
    if (op.status == XEN_EVTCHN_VIRQ)
        op.u.virq = guest->ports[op.port].virq;
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

static int64_t bind_vcpu(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_bind_vcpu op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (!guest_vcpu(guest, op.vcpu))
        return -XEN_ERROR_ENOENT;
    if (!is_valid(guest, op.port))
        return -XEN_ERROR_EINVAL;
    switch (state_of(guest, op.port)) {
    case SX_PORT_VIRQ:
        if (!virq_is_global(guest->ports[op.port].virq))
            return -XEN_ERROR_EINVAL;
        break;
    case SX_PORT_UNBOUND:
    case SX_PORT_INTERDOMAIN:
        break;
    default:
        return -XEN_ERROR_EINVAL;
    }
    guest->ports[op.port].vcpu = (uint16_t)op.vcpu;
    return 0;
}

static int64_t reset(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_reset op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int error = guest_domain_check(guest, op.domid);
    if (error)
        return error;
    for (uint32_t port = 1; port < guest->valid_ports; port++)
        close_port(guest, port);
    if (guest->fifo)
        delivery_back_to_2l(guest);
    return 0;
}

static int64_t set_priority(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_set_priority op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    return is_valid(guest, op.port) ? delivery_set_priority(guest, op.port, op.priority)
                                    : -XEN_ERROR_EINVAL;
}

static int64_t init_control(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_init_control op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int error = delivery_init_control(guest, &op);
    return error ? error : guest_copy_out(guest, argument, &op, sizeof(op));
}

static int64_t expand_array(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_evtchn_expand_array op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    return delivery_expand_array(guest, op.array_frame);
}

/* close, send and unmask have one argument, a port. */
static int64_t port_op(struct simxen_guest *guest, uint64_t op, uint64_t argument)
{
    xen_port port;
    if (guest_copy_in(guest, &port, argument, sizeof(port)))
        return -XEN_ERROR_EFAULT;
    if (op == XEN_EVTCHNOP_CLOSE)
        return close_port(guest, port);
    if (op == XEN_EVTCHNOP_SEND)
        return send_port(guest, port);
    if (!is_valid(guest, port))
        return -XEN_ERROR_EINVAL;
    delivery_unmask(guest, port);
    return 0;
}

static int64_t dispatch(struct simxen_guest *guest, uint64_t op, uint64_t argument)
{
    switch (op) {
    case XEN_EVTCHNOP_BIND_INTERDOMAIN:
        return bind_interdomain(guest, argument);
    case XEN_EVTCHNOP_BIND_VIRQ:
        return bind_virq(guest, argument);
    case XEN_EVTCHNOP_BIND_PIRQ:
        return -XEN_ERROR_EINVAL; /* a guest with no physical interrupts */
    case XEN_EVTCHNOP_CLOSE:
    case XEN_EVTCHNOP_SEND:
    case XEN_EVTCHNOP_UNMASK:
        return port_op(guest, op, argument);
    case XEN_EVTCHNOP_STATUS:
        return status(guest, argument);
    case XEN_EVTCHNOP_ALLOC_UNBOUND:
        return alloc_unbound(guest, argument);
    case XEN_EVTCHNOP_BIND_IPI:
        return bind_ipi(guest, argument);
    case XEN_EVTCHNOP_BIND_VCPU:
        return bind_vcpu(guest, argument);
    case XEN_EVTCHNOP_RESET:
        return reset(guest, argument);
    case XEN_EVTCHNOP_INIT_CONTROL:
        return init_control(guest, argument);
    case XEN_EVTCHNOP_EXPAND_ARRAY:
        return expand_array(guest, argument);
    case XEN_EVTCHNOP_SET_PRIORITY:
        return set_priority(guest, argument);
    default:
        return -XEN_ERROR_ENOSYS;
    }
}

/* Before: a mask or a binding that changes now counts for what is sent from now on. After: what the
 * operation itself raised is visible when it returns. */
int64_t event_channel_op(struct simxen_guest *guest, uint64_t op, uint64_t argument)
{
    delivery_drain(guest);
    free_numbers(guest);
    int64_t result = dispatch(guest, op & 0xffffffff, argument);
    delivery_drain(guest);
    return result;
}

int event_channel_raise_virq(struct simxen_guest *guest, uint32_t vcpu, uint32_t virq)
{
    struct guest_vcpu *of = guest_vcpu(guest, vcpu);
    if (!of || virq >= XEN_VIRQ_COUNT || !of->virq_port[virq])
        return -LX_ENOENT;
    delivery_raise(guest, of->virq_port[virq]);
    return 0;
}
