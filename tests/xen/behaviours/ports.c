/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports: who may make, bind, ask about and close which, and what becomes of the other end.
 */
#include "list.h"

static const char group[] = "ports";

static int64_t alloc_for(uint32_t domid, uint32_t remote_domid)
{
    struct xen_evtchn_alloc_unbound op = {(uint16_t)domid, (uint16_t)remote_domid, 0};
    int64_t error = call_evtchn(XEN_EVTCHNOP_ALLOC_UNBOUND, &op);
    if (!error)
        close_port(op.port);
    return error;
}

static void unbound(void)
{
    struct xen_evtchn_status status;
    ROW("alloc_unbound in another domain", alloc_for(0, 0), -XEN_ERROR_EPERM);
    ROW("alloc_unbound in no domain", alloc_for(0x6fff, 0), -XEN_ERROR_ESRCH);
    ROW("alloc_unbound in oneself by number", alloc_for(env_domid(), 0), 0);
    ROW("alloc_unbound for no domain", alloc_for(XEN_DOMID_SELF, 0x6fff), 0);
    ROW("alloc_unbound for a reserved id", alloc_for(XEN_DOMID_SELF, XEN_DOMID_INVALID), 0);
    ROW("alloc_unbound at a bad address",
        env_hypercall(XEN_HYPERCALL_EVENT_CHANNEL_OP, XEN_EVTCHNOP_ALLOC_UNBOUND, env_bad_address(),
                      0),
        -XEN_ERROR_EFAULT);
    int64_t port = new_unbound(0), next = new_unbound(XEN_DOMID_SELF);
    ROW("the next port has a higher number", next > port, true);
    ROW("status of an unbound port", port_status((uint32_t)port, &status), XEN_EVTCHN_UNBOUND);
    ROW("for whom it waits", status.u.unbound.domid, 0);
    ROW("its vCPU", status.vcpu, 0);
    port_status((uint32_t)next, &status);
    ROW("waiting for oneself is by number", status.u.unbound.domid, env_domid());
    ROW("send on an unbound port", send_port((uint32_t)port), 0);
    ROW("close of an unbound port", close_port((uint32_t)port), 0);
    ROW("status of a closed port", port_status((uint32_t)port, NULL), XEN_EVTCHN_CLOSED);
    ROW("the lowest free port comes next", new_unbound(0), port);
    close_port((uint32_t)port);
    close_port((uint32_t)next);
}

static void bad_ports(void)
{
    uint32_t closed = (uint32_t)new_unbound(0);
    close_port(closed);
    ROW("close of a closed port", close_port(closed), -XEN_ERROR_EINVAL);
    ROW("send on a closed port", send_port(closed), -XEN_ERROR_EINVAL);
    ROW("unmask of a closed port", unmask_port(closed), 0);
    ROW("bind_vcpu of a closed port", bind_vcpu(closed, 0), -XEN_ERROR_EINVAL);
    ROW("close of port 0", close_port(0), -XEN_ERROR_EINVAL);
    ROW("send on port 0", send_port(0), -XEN_ERROR_EINVAL);
    ROW("status of port 0", port_status(0, NULL), XEN_EVTCHN_CLOSED);
    ROW("unmask of port 0", unmask_port(0), 0);
    ROW("bind_vcpu of port 0", bind_vcpu(0, 0), -XEN_ERROR_EINVAL);
    for (int64_t port = 1 << 17; port <= UINT32_MAX; port = port * 4 + 3) {
        ROW("close of a port that cannot be", close_port((uint32_t)port), -XEN_ERROR_EINVAL);
        ROW("send on one", send_port((uint32_t)port), -XEN_ERROR_EINVAL);
        ROW("status of one", port_status((uint32_t)port, NULL), -XEN_ERROR_EINVAL);
        ROW("unmask of one", unmask_port((uint32_t)port), -XEN_ERROR_EINVAL);
        ROW("bind_vcpu of one", bind_vcpu((uint32_t)port, 0), -XEN_ERROR_EINVAL);
    }
    ROW("status of port 63", port_status(63, NULL), XEN_EVTCHN_CLOSED);
    ROW("status of port 64", port_status(64, NULL), -XEN_ERROR_EINVAL);
    ROW("status of port 1023, which no port came near", port_status(1023, NULL), -XEN_ERROR_EINVAL);
    ROW("unmask of port 1023", unmask_port(1023), -XEN_ERROR_EINVAL);
    ROW("an operation that is none", call_evtchn(99, &closed), -XEN_ERROR_ENOSYS);
    struct xen_evtchn_status status = {.domid = 0, .port = 1};
    ROW("status of dom0's port", call_evtchn(XEN_EVTCHNOP_STATUS, &status), -XEN_ERROR_EPERM);
    status.domid = 0x6fff;
    ROW("status of no domain's", call_evtchn(XEN_EVTCHNOP_STATUS, &status), -XEN_ERROR_ESRCH);
    struct xen_evtchn_reset reset = {0};
    ROW("reset of dom0", call_evtchn(XEN_EVTCHNOP_RESET, &reset), -XEN_ERROR_EPERM);
}

static void local_ports(void)
{
    struct xen_evtchn_status status;
    uint32_t pirq[3] = {0xffffffff, 0, 0}; /* struct evtchn_bind_pirq */
    ROW("a physical interrupt that cannot be", call_evtchn(XEN_EVTCHNOP_BIND_PIRQ, pirq),
        -XEN_ERROR_EINVAL);
    uint32_t vcpus = env_vcpus();
    struct xen_evtchn_bind_virq virq = {XEN_VIRQ_COUNT, 0, 0};
    ROW("virq beyond the last", call_evtchn(XEN_EVTCHNOP_BIND_VIRQ, &virq), -XEN_ERROR_EINVAL);
    virq = (struct xen_evtchn_bind_virq){XEN_VIRQ_DOM_EXC, 1, 0};
    ROW("a global virq on vCPU 1", call_evtchn(XEN_EVTCHNOP_BIND_VIRQ, &virq), -XEN_ERROR_EINVAL);
    virq = (struct xen_evtchn_bind_virq){XEN_VIRQ_TIMER, vcpus, 0};
    ROW("a virq of no vCPU", call_evtchn(XEN_EVTCHNOP_BIND_VIRQ, &virq), -XEN_ERROR_ENOENT);
    virq.vcpu = 1;
    ROW("a virq of vCPU 1", call_evtchn(XEN_EVTCHNOP_BIND_VIRQ, &virq), 0);
    uint32_t port = virq.port;
    ROW("its status", port_status(port, &status), XEN_EVTCHN_VIRQ);
    ROW("which virq", status.u.virq, XEN_VIRQ_TIMER);
    ROW("which vCPU", status.vcpu, 1);
    ROW("the same virq again", call_evtchn(XEN_EVTCHNOP_BIND_VIRQ, &virq), -XEN_ERROR_EEXIST);
    ROW("it does not move to another vCPU", bind_vcpu(port, 0), -XEN_ERROR_EINVAL);
    ROW("send on a virq's port", send_port(port), -XEN_ERROR_EINVAL);
    ROW("close of a virq's port", close_port(port), 0);
    ROW("then it can be bound again", call_evtchn(XEN_EVTCHNOP_BIND_VIRQ, &virq), 0);
    close_port(virq.port);
    virq = (struct xen_evtchn_bind_virq){XEN_VIRQ_CONSOLE, 0, 0};
    ROW("a global virq that is dom0's business", call_evtchn(XEN_EVTCHNOP_BIND_VIRQ, &virq), 0);
    ROW("a global virq moves to another vCPU", bind_vcpu(virq.port, 1), 0);
    close_port(virq.port);

    struct xen_evtchn_bind_ipi ipi = {vcpus, 0};
    ROW("an IPI of no vCPU", call_evtchn(XEN_EVTCHNOP_BIND_IPI, &ipi), -XEN_ERROR_ENOENT);
    ipi.vcpu = 1;
    ROW("an IPI of vCPU 1", call_evtchn(XEN_EVTCHNOP_BIND_IPI, &ipi), 0);
    ROW("its status", port_status(ipi.port, &status), XEN_EVTCHN_IPI);
    ROW("which vCPU", status.vcpu, 1);
    ROW("it does not move", bind_vcpu(ipi.port, 0), -XEN_ERROR_EINVAL);
    ROW("close of it", close_port(ipi.port), 0);
}

static void bound_to_dom0(void)
{
    struct xen_evtchn_status status;
    int64_t peer, port = new_unbound(0);
    ROW("bind to a port that waits for another", bind_to(XEN_DOMID_SELF, (uint32_t)port),
        -XEN_ERROR_EINVAL);
    peer = dom0_does("bind", port, 0, 0);
    ROW("dom0 binds", peer > 0, true);
    ROW("status of a bound port", port_status((uint32_t)port, &status), XEN_EVTCHN_INTERDOMAIN);
    ROW("its other end's domain", status.u.interdomain.domid, 0);
    ROW("its other end's port", status.u.interdomain.port, peer);
    ROW("dom0 finds an event at once", dom0_does("wait", peer, 0, 0), peer);
    ROW("dom0 cannot bind it again", dom0_does("bind", port, 0, 0), -XEN_ERROR_EINVAL);
    ROW("send", send_port((uint32_t)port), 0);
    ROW("dom0 gets it", dom0_does("wait", peer, 0, 0), peer);
    ROW("dom0 closes its end", dom0_does("close", peer, 0, 0), 0);
    ROW("this end waits again", port_status((uint32_t)port, &status), XEN_EVTCHN_UNBOUND);
    ROW("for dom0", status.u.unbound.domid, 0);
    peer = dom0_does("bind", port, 0, 0);
    ROW("dom0 binds again", peer > 0, true);
    ROW("close of a bound port", close_port((uint32_t)port), 0);
    ROW("dom0 sends to nobody", dom0_does("notify", peer, 0, 0), 0);
    ROW("close of it once more", close_port((uint32_t)port), -XEN_ERROR_EINVAL);
    ROW("dom0 closes what is unbound now", dom0_does("close", peer, 0, 0), 0);
    ROW("dom0 binds to a closed port", dom0_does("bind", port, 0, 0), -XEN_ERROR_EINVAL);
    ROW("dom0 binds to a port that cannot be", dom0_does("bind", 1 << 20, 0, 0), -XEN_ERROR_EINVAL);
}

static void bound_from_here(void)
{
    int64_t peer = dom0_does("unbound", 0, 0, 0);
    ROW("dom0 makes a port", peer > 0, true);
    ROW("bind to no domain's port", bind_to(0x6fff, (uint32_t)peer), -XEN_ERROR_ESRCH);
    ROW("bind to a reserved id's", bind_to(XEN_DOMID_INVALID, (uint32_t)peer), -XEN_ERROR_ESRCH);
    ROW("bind to dom0's port 0", bind_to(0, 0), -XEN_ERROR_EINVAL);
    ROW("bind to a port that cannot be", bind_to(0, 0xffffffff), -XEN_ERROR_EINVAL);
    int64_t port = bind_to(0, (uint32_t)peer);
    ROW("bind to dom0's port", port > 0, true);
    ROW("bind to it again", bind_to(0, (uint32_t)peer), -XEN_ERROR_EINVAL);
    ROW("send", send_port((uint32_t)port), 0);
    ROW("dom0 gets it", dom0_does("wait", peer, 0, 0), peer);
    ROW("dom0 closes", dom0_does("close", peer, 0, 0), 0);
    ROW("this end is unbound", port_status((uint32_t)port, NULL), XEN_EVTCHN_UNBOUND);
    ROW("send to nobody", send_port((uint32_t)port), 0);
    ROW("bind to the closed port", bind_to(0, (uint32_t)peer), -XEN_ERROR_EINVAL);
    close_port((uint32_t)port);
    port = new_unbound(XEN_DOMID_SELF);
    int64_t other = bind_to(XEN_DOMID_SELF, (uint32_t)port);
    ROW("bind to oneself", other > 0, true);
    ROW("bind_vcpu beyond the last vCPU", bind_vcpu((uint32_t)other, env_vcpus()),
        -XEN_ERROR_ENOENT);
    ROW("of a port that cannot be: the vCPU counts first", bind_vcpu(1 << 20, env_vcpus()),
        -XEN_ERROR_ENOENT);
    close_port((uint32_t)other);
    ROW("closing one end unbinds the other", port_status((uint32_t)port, NULL), XEN_EVTCHN_UNBOUND);
    close_port((uint32_t)port);
}

void behave_ports(void)
{
    unbound();
    bad_ports();
    local_ports();
    bound_to_dom0();
    bound_from_here();
}
