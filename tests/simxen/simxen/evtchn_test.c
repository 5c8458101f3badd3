/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that simxen's event channels follow Xen's rules as Linux's /dev/xen/evtchn shows them:
 * who may bind what, what closing does to the other end, when a descriptor is readable, which
 * error each wrong call gets, and that an event is neither lost nor made up under load.
 */
#include "fixture.h"

#include <pthread.h>

static struct simxen *dom0, *left, *right;
static uint32_t left_id, right_id;

static struct simxen_port_status status_of(struct simxen *who, uint32_t domid, int port)
{
    struct simxen_port_status status;
    CHECK_EQUAL(simxen_evtchn_status(who, domid, (uint32_t)port, &status), 0);
    return status;
}

/* The binder finds an event at once: what was sent before it came is made up for. */
static void bind_gives_both_ends(void)
{
    struct simxen_evtchn *a = open_events(left), *b = open_events(right);
    int port = simxen_evtchn_bind_unbound(a, right_id);
    CHECK(port > 0);
    CHECK_EQUAL(status_of(left, SIMXEN_DOMID_SELF, port).state, SIMXEN_PORT_UNBOUND);
    CHECK_EQUAL(status_of(left, left_id, port).remote_domid, right_id);
    CHECK_EQUAL(simxen_evtchn_notify(a, (uint32_t)port), 0); /* nobody there: dropped */
    int peer = simxen_evtchn_bind_interdomain(b, left_id, (uint32_t)port);
    CHECK(peer > 0);
    CHECK_EQUAL(readable(a, 0), 0);
    CHECK_EQUAL(readable(b, 0), 1);
    CHECK_EQUAL(simxen_evtchn_pending(b), peer);
    CHECK_EQUAL(simxen_evtchn_pending(b), -EAGAIN);
    struct simxen_port_status status = status_of(dom0, left_id, port);
    CHECK_EQUAL(status.state, SIMXEN_PORT_INTERDOMAIN);
    CHECK_EQUAL(status.remote_domid, right_id);
    CHECK_EQUAL(status.remote_port, peer);
    simxen_evtchn_close(b);
    simxen_evtchn_close(a);
}

static void closing_unbinds_the_other_end(void)
{
    struct simxen_evtchn *a = open_events(left), *b = open_events(right);
    int port = simxen_evtchn_bind_unbound(a, right_id);
    int peer = simxen_evtchn_bind_interdomain(b, left_id, (uint32_t)port);
    CHECK_EQUAL(simxen_evtchn_unbind(b, (uint32_t)peer), 0);
    CHECK_EQUAL(readable(b, 0), 0); /* its event went with the port */
    CHECK_EQUAL(status_of(right, SIMXEN_DOMID_SELF, peer).state, SIMXEN_PORT_CLOSED);
    struct simxen_port_status status = status_of(left, SIMXEN_DOMID_SELF, port);
    CHECK_EQUAL(status.state, SIMXEN_PORT_UNBOUND);
    CHECK_EQUAL(status.remote_domid, right_id);
    peer = simxen_evtchn_bind_interdomain(b, left_id, (uint32_t)port);
    CHECK(peer > 0);
    CHECK_EQUAL(simxen_evtchn_notify(a, (uint32_t)port), 0);
    CHECK_EQUAL(simxen_evtchn_pending(b), peer);
    simxen_evtchn_close(a); /* the same by closing the handle */
    CHECK_EQUAL(status_of(right, SIMXEN_DOMID_SELF, peer).state, SIMXEN_PORT_UNBOUND);
    CHECK_EQUAL(simxen_evtchn_notify(b, (uint32_t)peer), 0);
    simxen_evtchn_close(b);
}

static void a_taken_event_is_masked(void)
{
    struct simxen_evtchn *a = open_events(left), *b = open_events(right);
    int port = simxen_evtchn_bind_unbound(a, right_id);
    int peer = simxen_evtchn_bind_interdomain(b, left_id, (uint32_t)port);
    CHECK_EQUAL(simxen_evtchn_pending(b), peer);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(simxen_evtchn_notify(a, (uint32_t)port), 0);
    CHECK_EQUAL(readable(b, 0), 0); /* masked until unmask */
    CHECK_EQUAL(simxen_evtchn_unmask(b, (uint32_t)peer), 0);
    CHECK_EQUAL(readable(b, 0), 1);
    CHECK_EQUAL(simxen_evtchn_pending(b), peer); /* three became one */
    CHECK_EQUAL(simxen_evtchn_unmask(b, (uint32_t)peer), 0);
    CHECK_EQUAL(simxen_evtchn_unmask(b, (uint32_t)peer), 0);
    CHECK_EQUAL(readable(b, 0), 0);
    CHECK_EQUAL(simxen_evtchn_pending(b), -EAGAIN);
    simxen_evtchn_close(a);
    simxen_evtchn_close(b);
}

static void wrong_calls_get_xens_errors(void)
{
    struct simxen_evtchn *a = open_events(left), *b = open_events(right), *c = open_events(left);
    struct simxen_port_status status;
    int port = simxen_evtchn_bind_unbound(a, 0);
    CHECK_EQUAL(simxen_evtchn_bind_interdomain(b, left_id, (uint32_t)port), -EINVAL); /* for dom0 */
    CHECK_EQUAL(simxen_evtchn_bind_interdomain(b, left_id, 77), -EINVAL);
    CHECK_EQUAL(simxen_evtchn_bind_interdomain(b, left_id, 0), -EINVAL);
    CHECK_EQUAL(simxen_evtchn_bind_interdomain(b, left_id, 4096), -EINVAL);
    CHECK_EQUAL(simxen_evtchn_bind_interdomain(b, left_id, UINT32_MAX), -EINVAL);
    CHECK_EQUAL(simxen_evtchn_bind_interdomain(b, 9999, 1), -ESRCH);
    CHECK(simxen_evtchn_bind_unbound(a, 0x7ff1) > 0); /* Xen does not ask whether there is one */
    CHECK_EQUAL(simxen_evtchn_notify(c, (uint32_t)port), -ENOTCONN); /* another handle's */
    CHECK_EQUAL(simxen_evtchn_unbind(c, (uint32_t)port), -ENOTCONN);
    CHECK_EQUAL(simxen_evtchn_unmask(c, (uint32_t)port), -ENOTCONN);
    CHECK_EQUAL(simxen_evtchn_notify(a, 4096), -ENOTCONN);
    CHECK_EQUAL(simxen_evtchn_unbind(a, 0), -ENOTCONN);
    CHECK_EQUAL(simxen_evtchn_status(right, left_id, (uint32_t)port, &status), -EPERM);
    CHECK_EQUAL(simxen_evtchn_status(dom0, 9999, 1, &status), -ESRCH);
    CHECK_EQUAL(simxen_evtchn_status(dom0, left_id, 4096, &status), -EINVAL);
    simxen_evtchn_close(a);
    simxen_evtchn_close(b);
    simxen_evtchn_close(c);
}

static void a_domain_may_bind_itself(void)
{
    struct simxen_evtchn *a = open_events(left), *b = open_events(left);
    int port = simxen_evtchn_bind_unbound(a, SIMXEN_DOMID_SELF);
    int peer = simxen_evtchn_bind_interdomain(b, SIMXEN_DOMID_SELF, (uint32_t)port);
    CHECK(peer > 0);
    CHECK_EQUAL(simxen_evtchn_pending(b), peer);
    CHECK_EQUAL(simxen_evtchn_notify(b, (uint32_t)peer), 0);
    CHECK_EQUAL(simxen_evtchn_pending(a), port);
    simxen_evtchn_close(b);
    simxen_evtchn_close(a);
}

static void a_virq_has_one_owner_in_a_domain(void)
{
    struct simxen_evtchn *a = open_events(left), *b = open_events(left), *c = open_events(right);
    int port = simxen_evtchn_bind_virq(a, 3);
    CHECK(port > 0);
    CHECK_EQUAL(simxen_evtchn_bind_virq(b, 3), -EEXIST);
    CHECK_EQUAL(simxen_evtchn_bind_virq(b, 24), -EINVAL);
    CHECK(simxen_evtchn_bind_virq(c, 3) > 0); /* another domain's is another */
    CHECK_EQUAL(status_of(left, SIMXEN_DOMID_SELF, port).virq, 3);
    CHECK_EQUAL(simxen_evtchn_unbind(a, (uint32_t)port), 0);
    CHECK(simxen_evtchn_bind_virq(b, 3) > 0);
    simxen_evtchn_close(a);
    simxen_evtchn_close(b);
    simxen_evtchn_close(c);
}

static void ports_run_out(void)
{
    struct simxen_evtchn *a = open_events(left);
    int count = 0, port;
    while ((port = simxen_evtchn_bind_unbound(a, 0)) > 0)
        count++;
    CHECK_EQUAL(port, -ENOSPC);
    CHECK_EQUAL(count, 4096 - 2); /* port 0 is none, one is XenStore's */
    CHECK_EQUAL(simxen_evtchn_bind_virq(a, 3), -ENOSPC);
    CHECK_EQUAL(simxen_evtchn_unbind(a, 1000), 0);
    CHECK_EQUAL(simxen_evtchn_bind_unbound(a, 0), 1000);
    simxen_evtchn_close(a);
}

/* --- Under load: a sender fires ports as fast as it can, the receiver polls, takes, counts,
 * unmasks. The last event of each port carries the end; no event may be missing, and whenever
 * the descriptor is readable there is an event to take. */

enum { LOAD_PORTS = 8, LOAD_ROUNDS = 40000 };

struct load {
    struct simxen_evtchn *sender;
    int ports[LOAD_PORTS];
    uint32_t sent[LOAD_PORTS]; /* written by the sender before it notifies */
};

static void *load_sender(void *argument)
{
    struct load *load = argument;
    for (uint32_t round = 1; round <= LOAD_ROUNDS; round++) {
        uint32_t index = round * 7 % LOAD_PORTS;
        __atomic_store_n(&load->sent[index], round, __ATOMIC_SEQ_CST);
        CHECK_EQUAL(simxen_evtchn_notify(load->sender, (uint32_t)load->ports[index]), 0);
    }
    for (uint32_t index = 0; index < LOAD_PORTS; index++) {
        __atomic_store_n(&load->sent[index], UINT32_MAX, __ATOMIC_SEQ_CST);
        CHECK_EQUAL(simxen_evtchn_notify(load->sender, (uint32_t)load->ports[index]), 0);
    }
    return NULL;
}

static void no_event_is_lost_or_made_up(void)
{
    struct load load = {.sender = open_events(left)};
    struct simxen_evtchn *receiver = open_events(right);
    int index_of[4096], ended = 0;
    uint32_t seen[LOAD_PORTS] = {0};
    pthread_t sender;
    for (int i = 0; i < LOAD_PORTS; i++) {
        load.ports[i] = simxen_evtchn_bind_unbound(load.sender, right_id);
        int peer = simxen_evtchn_bind_interdomain(receiver, left_id, (uint32_t)load.ports[i]);
        CHECK(peer > 0);
        index_of[peer] = i;
    }
    CHECK(pthread_create(&sender, NULL, load_sender, &load) == 0);
    while (ended < LOAD_PORTS) {
        CHECK_EQUAL(readable(receiver, PATIENCE_MS), 1);
        int port = simxen_evtchn_pending(receiver);
        CHECK(port > 0); /* never readable for nothing */
        int index = index_of[port];
        CHECK_EQUAL(simxen_evtchn_unmask(receiver, (uint32_t)port), 0);
        uint32_t now = __atomic_load_n(&load.sent[index], __ATOMIC_SEQ_CST);
        ended += now == UINT32_MAX && seen[index] != UINT32_MAX;
        seen[index] = now;
    }
    CHECK(pthread_join(sender, NULL) == 0);
    int extra; /* the end may be told twice, by its own event and by the one before */
    while ((extra = simxen_evtchn_pending(receiver)) > 0)
        CHECK_EQUAL(simxen_evtchn_unmask(receiver, (uint32_t)extra), 0);
    CHECK_EQUAL(extra, -EAGAIN);
    CHECK_EQUAL(readable(receiver, 0), 0);
    simxen_evtchn_close(load.sender);
    simxen_evtchn_close(receiver);
}

/* Peers that notify and close at once: the descriptor is still exact, and the last event of a peer
 * arrives though its port has gone. */
static void *churn_peer(void *argument)
{
    const int *port = argument;
    for (int round = 0; round < 3000; round++) {
        struct simxen_evtchn *handle = open_events(left);
        int peer = simxen_evtchn_bind_interdomain(handle, right_id, (uint32_t)*port);
        CHECK(peer > 0);
        for (int i = 0; i < round % 4; i++)
            CHECK_EQUAL(simxen_evtchn_notify(handle, (uint32_t)peer), 0);
        if (round % 2)
            CHECK_EQUAL(simxen_evtchn_unbind(handle, (uint32_t)peer), 0);
        simxen_evtchn_close(handle);
    }
    return NULL;
}

static void closing_peers_leave_no_false_event(void)
{
    struct simxen_evtchn *handle = open_events(right);
    int port = simxen_evtchn_bind_unbound(handle, left_id), events = 0, taken;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, churn_peer, &port) == 0);
    while (pthread_tryjoin_np(thread, NULL) != 0) {
        if (readable(handle, 1) == 0)
            continue;
        taken = simxen_evtchn_pending(handle);
        CHECK_EQUAL(taken, port);
        CHECK_EQUAL(simxen_evtchn_unmask(handle, (uint32_t)port), 0);
        events++;
    }
    CHECK(events > 0);
    while ((taken = simxen_evtchn_pending(handle)) == port)
        CHECK_EQUAL(simxen_evtchn_unmask(handle, (uint32_t)port), 0);
    CHECK_EQUAL(taken, -EAGAIN);
    simxen_evtchn_close(handle);
}

int main(void)
{
    dom0 = as_domain(0);
    left_id = new_domain(dom0, SX_FLAG_KEEP);
    right_id = new_domain(dom0, SX_FLAG_KEEP);
    left = as_domain(left_id);
    right = as_domain(right_id);
    bind_gives_both_ends();
    closing_unbinds_the_other_end();
    a_taken_event_is_masked();
    wrong_calls_get_xens_errors();
    a_domain_may_bind_itself();
    a_virq_has_one_owner_in_a_domain();
    ports_run_out();
    no_event_is_lost_or_made_up();
    closing_peers_leave_no_false_event();
    CHECK_EQUAL(end_domain(dom0, left_id), 0);
    CHECK_EQUAL(simxen_evtchn_bind_unbound((struct simxen_evtchn[]){{.sx = left}}, 0), -ESRCH);
    CHECK_EQUAL(end_domain(dom0, right_id), 0);
    CHECK_EQUAL(end_domain(dom0, right_id), -ESRCH);
    simxen_close(left);
    simxen_close(right);
    simxen_close(dom0);
    return 0;
}
