/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/xen's event channels on real Xen: each ABI with each way to be told of events, which are the
 * ways of Windows drivers (the platform device's line, a vector of each vCPU) and of PVH. Loops
 * back to this domain, so that no partner is needed. For each combination:
 *
 *   - an event arrives once, on the CPU that its channel belongs to, also after a move;
 *   - events of a channel that is held are one event after its release; none is lost;
 *   - many channels fired in one go are all served;
 *   - virtual IRQs and interprocessor events arrive;
 *   - a closed port brings nothing any more;
 *   - no event came that nobody has.
 *
 * From FIFO there is no way back, nor from a vCPU's own vector: the order of names is the order in
 * which one guest can run all. events_2l_upcall_vector is therefore not part of a whole run.
 */
#include <string.h>

#include "../clock.h"
#include "../cpu.h"
#include "../events.h"
#include "../smp.h"
#include "../test.h"
#include "../xen.h"
#include "events_work.h"

enum { MANY = 200 };

struct pair {
    struct event from, to; /* to send on; to receive on */
};

static void pair_open(struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    CHECK_EQUAL(event_offer(&pair->to, XEN_DOMID_SELF), 0);
    CHECK_EQUAL(event_bind(&pair->from, XEN_DOMID_SELF, pair->to.channel.port), 0);
    /* Xen fires the joining end, for what may have been lost before. */
    CHECK(event_wait(&pair->from, 1, WAIT_MS));
    pair->from.count = 0;
}

static void pair_close(struct pair *pair)
{
    event_close(&pair->from);
    event_close(&pair->to);
}

static void arrives_once(void)
{
    struct pair pair;
    uint64_t upcalls = events_upcalls(0);

    pair_open(&pair);
    for (uint32_t i = 1; i <= 20; i++) {
        CHECK_EQUAL(event_send(pair.from.channel.port), 0);
        CHECK(event_wait(&pair.to, i, WAIT_MS));
        CHECK_EQUAL(pair.to.count, i);
        CHECK_EQUAL(pair.to.cpu, 0);
    }
    CHECK_EQUAL(pair.from.count, 0);
    CHECK(events_upcalls(0) >= upcalls + 20);
    pair_close(&pair);
}

static void held_and_released(void)
{
    struct pair pair;

    pair_open(&pair);
    event_hold(&pair.to);
    for (uint32_t i = 0; i < 10; i++)
        CHECK_EQUAL(event_send(pair.from.channel.port), 0);
    clock_pass(5);
    CHECK_EQUAL(pair.to.count, 0);
    event_release(&pair.to);
    CHECK(event_wait(&pair.to, 1, WAIT_MS));
    clock_pass(5);
    CHECK_EQUAL(pair.to.count, 1);
    CHECK_EQUAL(event_send(pair.from.channel.port), 0);
    CHECK(event_wait(&pair.to, 2, WAIT_MS));
    pair_close(&pair);
}

static void many_at_once(void)
{
    static struct pair pairs[MANY];
    bool on;

    for (uint32_t i = 0; i < MANY; i++)
        pair_open(&pairs[i]);
    for (uint32_t round = 1; round <= 3; round++) {
        on = interrupts_off();
        for (uint32_t i = 0; i < MANY; i++)
            CHECK_EQUAL(event_send(pairs[i].from.channel.port), 0);
        interrupts_restore(on);
        for (uint32_t i = 0; i < MANY; i++) {
            CHECK(event_wait(&pairs[i].to, round, WAIT_MS));
            CHECK_EQUAL(pairs[i].to.count, round);
        }
    }
    for (uint32_t i = 0; i < MANY; i++)
        pair_close(&pairs[i]);
}

static void virq_and_ipi(void)
{
    struct event timer = {0}, ipi = {0};
    uint64_t single[2] = {clock_ns() + 2000000, 0}; /* struct vcpu_set_singleshot_timer */

    CHECK_EQUAL(event_bind_virq(&timer, XEN_VIRQ_TIMER, 0), 0);
    CHECK_EQUAL(
        hypercall3(XEN_HYPERCALL_VCPU_OP, XEN_VCPUOP_SET_SINGLESHOT_TIMER, 0, (uintptr_t)single),
        0);
    CHECK(event_wait(&timer, 1, WAIT_MS));
    CHECK(clock_ns() >= single[0]);
    CHECK_EQUAL(event_bind_ipi(&ipi, 0), 0);
    CHECK_EQUAL(event_send(ipi.channel.port), 0);
    CHECK(event_wait(&ipi, 1, WAIT_MS));
    event_close(&timer);
    event_close(&ipi);
}

static void on_another_cpu(void)
{
    struct pair pair;
    struct event ipi = {0};
    uint64_t upcalls = events_upcalls(1);

    pair_open(&pair);
    CHECK_EQUAL(event_move(&pair.to, 1), 0);
    for (uint32_t i = 1; i <= 10; i++) {
        CHECK_EQUAL(event_send(pair.from.channel.port), 0);
        CHECK(event_wait(&pair.to, i, WAIT_MS));
        CHECK_EQUAL(pair.to.cpu, 1);
    }
    CHECK(events_upcalls(1) > upcalls);
    CHECK_EQUAL(event_move(&pair.to, 0), 0);
    CHECK_EQUAL(event_send(pair.from.channel.port), 0);
    CHECK(event_wait(&pair.to, 11, WAIT_MS));
    CHECK_EQUAL(pair.to.cpu, 0);
    pair_close(&pair);
    CHECK_EQUAL(event_bind_ipi(&ipi, 1), 0);
    CHECK_EQUAL(event_send(ipi.channel.port), 0);
    CHECK(event_wait(&ipi, 1, WAIT_MS));
    CHECK_EQUAL(ipi.cpu, 1);
    event_close(&ipi);
}

static void closed_is_closed(void)
{
    struct pair pair;
    uint32_t port;

    pair_open(&pair);
    port = pair.to.channel.port;
    event_close(&pair.to);
    /* The other end waits for somebody new; a send to nobody goes nowhere. */
    struct xen_evtchn_status status = {.domid = XEN_DOMID_SELF, .port = pair.from.channel.port};
    CHECK_EQUAL(evtchn_op(XEN_EVTCHNOP_STATUS, &status), 0);
    CHECK_EQUAL(status.status, XEN_EVTCHN_UNBOUND);
    CHECK_EQUAL(event_send(pair.from.channel.port), 0);
    CHECK_EQUAL(event_send(port), -XEN_ERROR_EINVAL);
    event_close(&pair.from);
    clock_pass(2);
    CHECK_EQUAL(pair.to.count, 0);
}

void events_work(enum events_abi abi, enum events_delivery delivery)
{
    uint64_t spurious;

    if (!events_use(abi, delivery))
        test_skip("there is no way from what is in use to this");
    spurious = events_spurious(0) + events_spurious(1);
    arrives_once();
    held_and_released();
    many_at_once();
    virq_and_ipi();
    closed_is_closed();
    if (smp_count() > 1 && delivery != EVENTS_BY_INTX)
        on_another_cpu();
    CHECK_EQUAL(events_spurious(0) + events_spurious(1), spurious);
}

TEST(events_2l_callback, TEST_ALONE)
{
    events_work(EVENTS_2L, EVENTS_BY_CALLBACK);
}

TEST(events_2l_intx, TEST_HVM)
{
    events_work(EVENTS_2L, EVENTS_BY_INTX);
}

TEST(events_2l_upcall_vector, TEST_NAMED)
{
    events_work(EVENTS_2L, EVENTS_BY_UPCALL);
}

TEST(events_fifo_callback, TEST_ALONE)
{
    events_work(EVENTS_FIFO, EVENTS_BY_CALLBACK);
}

TEST(events_fifo_intx, TEST_HVM)
{
    events_work(EVENTS_FIFO, EVENTS_BY_INTX);
}

TEST(events_fifo_upcall_vector, TEST_ALONE)
{
    events_work(EVENTS_FIFO, EVENTS_BY_UPCALL);
}
