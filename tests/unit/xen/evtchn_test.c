/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels, both ABIs: an event reaches its channel once, in fair order, whatever it meets
 * (mask, a running callback, a storm, a move to another vCPU, a close, a resume), none is lost, and
 * no channel is handed out after it has been detached.
 */
#include "fake_evtchn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

enum { TURNS = 4, WINDOW = 1000 };

struct guest {
    struct fake_xen xen;
    struct evtchn_table table;
    struct evtchn_cpu cpus[FAKE_CPUS];
    struct evtchn_leaf leaves[FAKE_PORTS / EVTCHN_LEAF_PORTS];
    struct evtchn_channel channels[FAKE_PORTS];
    uint64_t now;
};

static struct guest *guest_new(bool fifo)
{
    struct guest *guest = calloc(1, sizeof(*guest));
    struct evtchn_abi *abi = fake_init(&guest->xen, fifo);
    evtchn_table_init(&guest->table, abi, guest->cpus, FAKE_CPUS, TURNS, WINDOW);
    for (uint32_t i = 0; i < FAKE_PORTS / EVTCHN_LEAF_PORTS; i++) {
        assert_true(evtchn_table_needs_leaf(&guest->table, i * EVTCHN_LEAF_PORTS));
        evtchn_table_give_leaf(&guest->table, i * EVTCHN_LEAF_PORTS, &guest->leaves[i]);
    }
    guest->now = 10 * WINDOW;
    return guest;
}

static struct evtchn_channel *open_on(struct guest *guest, uint32_t port, uint32_t cpu,
                                      uint32_t flags)
{
    struct evtchn_channel *channel = &guest->channels[port];
    memset(channel, 0, sizeof(*channel));
    guest->xen.cpu_of[port] = cpu;
    assert_int_equal(evtchn_attach(&guest->table, channel, port, cpu, flags), EVTCHN_ATTACH_OK);
    evtchn_release(&guest->table, channel, guest->now);
    return channel;
}

/* One turn of a vCPU's loop: the port that had it, or 0. The upcall's first act is to take the
 * flag that Xen set. */
static uint32_t turn(struct guest *guest, uint32_t cpu)
{
    guest->xen.shared.vcpu[cpu].upcall_pending = 0;
    struct evtchn_channel *channel = evtchn_next(&guest->table, cpu, guest->now);
    if (!channel)
        return 0;
    assert_true(channel->state & EVTCHN_RUNNING);
    assert_false(evtchn_done(&guest->table, channel, guest->now));
    return channel->port;
}

static void each_event_has_one_turn(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    uint32_t limit = guest->table.abi->ops->port_limit(guest->table.abi), seen = 0;
    for (uint32_t port = 1; port < limit; port++)
        open_on(guest, port, port % 2, 0);
    for (uint32_t port = 1; port < limit; port += 3)
        fake_fire(&guest->xen, port);
    for (uint32_t cpu = 0; cpu < FAKE_CPUS; cpu++)
        for (uint32_t port; (port = turn(guest, cpu)); seen++) {
            assert_int_equal(port % 3, 1);
            assert_int_equal(port % 2, cpu);
            assert_int_equal(guest->channels[port].events, 1);
        }
    assert_int_equal(seen, (limit + 1) / 3);
    free(guest);
}

static void an_event_during_its_callback_becomes_one_more(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *channel = open_on(guest, 9, 0, 0);
    fake_fire(&guest->xen, 9);
    assert_ptr_equal(evtchn_next(&guest->table, 0, guest->now), channel);
    uint32_t upcalls = guest->xen.upcalls[0];
    guest->xen.shared.vcpu[0].upcall_pending = 0;
    for (int i = 0; i < 50; i++)
        fake_fire(&guest->xen, 9);
    assert_int_equal(guest->xen.upcalls[0], upcalls); /* they cost nothing */
    assert_null(evtchn_next(&guest->table, 0, guest->now));
    evtchn_done(&guest->table, channel, guest->now);
    assert_int_equal(turn(guest, 0), 9);
    assert_int_equal(turn(guest, 0), 0);
    fake_fire(&guest->xen, 9);
    assert_int_equal(guest->xen.upcalls[0], upcalls + 1);
    assert_int_equal(turn(guest, 0), 9);
    free(guest);
}

static void what_comes_before_open_is_not_lost(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    fake_fire(&guest->xen, 5);
    assert_int_equal(turn(guest, 0), 0);
    memset(&guest->channels[5], 0, sizeof(guest->channels[5]));
    evtchn_attach(&guest->table, &guest->channels[5], 5, 0, 0);
    assert_int_equal(turn(guest, 0), 0);
    assert_true(evtchn_release(&guest->table, &guest->channels[5], guest->now));
    assert_int_equal(turn(guest, 0), 5);
    free(guest);
}

static void held_means_no_callback_and_release_brings_it(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *channel = open_on(guest, 3, 0, 0);
    evtchn_hold(&guest->table, channel);
    fake_fire(&guest->xen, 3);
    assert_int_equal(turn(guest, 0), 0);
    assert_true(evtchn_release(&guest->table, channel, guest->now));
    /* Ready, but held again before its turn. */
    evtchn_hold(&guest->table, channel);
    assert_int_equal(turn(guest, 0), 0);
    assert_true(evtchn_release(&guest->table, channel, guest->now));
    assert_int_equal(turn(guest, 0), 3);
    /* Held and released by its own callback. */
    fake_fire(&guest->xen, 3);
    assert_ptr_equal(evtchn_next(&guest->table, 0, guest->now), channel);
    evtchn_hold(&guest->table, channel);
    fake_fire(&guest->xen, 3);
    assert_false(evtchn_release(&guest->table, channel, guest->now));
    evtchn_done(&guest->table, channel, guest->now);
    assert_int_equal(turn(guest, 0), 3);
    assert_false(evtchn_release(&guest->table, channel, guest->now)); /* it was not held */
    free(guest);
}

static void auto_hold_gives_one_event_a_release(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *channel = open_on(guest, 70, 1, EVTCHN_AUTO_HOLD);
    fake_fire(&guest->xen, 70);
    assert_int_equal(turn(guest, 1), 70);
    fake_fire(&guest->xen, 70);
    assert_int_equal(turn(guest, 1), 0);
    assert_true(evtchn_release(&guest->table, channel, guest->now));
    assert_int_equal(turn(guest, 1), 70);
    free(guest);
}

/* A peer that fires endlessly costs TURNS callbacks a window and no upcall beyond; what it wanted
 * to say arrives at the window's end. */
static void a_storm_costs_bounded_turns(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *channel = open_on(guest, 8, 0, 0);
    open_on(guest, 9, 0, 0);
    uint64_t due, turns = 0;
    for (uint32_t step = 0; step < 10 * WINDOW; step++, guest->now++) {
        fake_fire(&guest->xen, 8);
        turns += turn(guest, 0) == 8;
        turns += turn(guest, 0) == 8;
    }
    assert_in_range(turns, 10 * TURNS, 11 * TURNS);
    assert_in_range(guest->xen.upcalls[0], 1, 11 * TURNS);
    assert_int_equal(channel->events, turns);
    assert_true(channel->throttles >= 9);
    /* The other is served all the same. */
    fake_fire(&guest->xen, 9);
    assert_int_equal(turn(guest, 0), 9);
    /* The last event was not lost. */
    assert_true(evtchn_due(&guest->table, 0, &due));
    guest->now = due - 1;
    assert_int_equal(turn(guest, 0), 0);
    guest->now = due;
    assert_int_equal(turn(guest, 0), 8);
    assert_int_equal(turn(guest, 0), 8); /* and one turn for all that came during the throttle */
    assert_int_equal(turn(guest, 0), 0);
    assert_false(evtchn_due(&guest->table, 0, &due));
    free(guest);
}

static void a_limit_of_its_own(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *channel = open_on(guest, 8, 0, 0);
    evtchn_limit(channel, 0);
    for (int i = 0; i < 100; i++) {
        fake_fire(&guest->xen, 8);
        assert_int_equal(turn(guest, 0), 8);
    }
    evtchn_limit(channel, 1);
    fake_fire(&guest->xen, 8);
    fake_fire(&guest->xen, 8);
    assert_int_equal(turn(guest, 0), 8);
    fake_fire(&guest->xen, 8);
    assert_int_equal(turn(guest, 0), 0);
    free(guest);
}

/* Channels that always have an event share the turns; none waits for ever. */
static void turns_go_round(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    uint32_t ports[] = {1, 2, 64, 100, 3000, 4095};
    enum { COUNT = sizeof(ports) / sizeof(ports[0]) };
    for (uint32_t i = 0; i < COUNT; i++)
        evtchn_limit(open_on(guest, ports[i], 0, 0), 0);
    for (int step = 0; step < 100 * COUNT; step++) {
        for (uint32_t i = 0; i < COUNT; i++)
            fake_fire(&guest->xen, ports[i]);
        assert_int_not_equal(turn(guest, 0), 0);
    }
    for (uint32_t i = 0; i < COUNT; i++)
        assert_in_range(guest->channels[ports[i]].events, 90, 110);
    free(guest);
}

static void urgent_goes_first(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    open_on(guest, 10, 0, 0);
    open_on(guest, 11, 0, 0);
    open_on(guest, 12, 0, EVTCHN_URGENT);
    fake_fire(&guest->xen, 10);
    fake_fire(&guest->xen, 11);
    fake_fire(&guest->xen, 12);
    assert_int_equal(turn(guest, 0), 12);
    free(guest);
}

static void nothing_after_detach(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *ready = open_on(guest, 20, 0, 0), *running = open_on(guest, 21, 0, 0);
    fake_fire(&guest->xen, 21);
    assert_ptr_equal(evtchn_next(&guest->table, 0, guest->now), running);
    fake_fire(&guest->xen, 20);
    evtchn_hold(&guest->table, ready);
    evtchn_release(&guest->table, ready, guest->now);
    assert_false(evtchn_detach(&guest->table, ready));
    memset(ready, 0xee, sizeof(*ready)); /* its owner frees it */
    assert_true(evtchn_detach(&guest->table, running));
    fake_fire(&guest->xen, 21);
    assert_null(evtchn_next(&guest->table, 0, guest->now));
    assert_true(evtchn_done(&guest->table, running, guest->now));
    memset(running, 0xee, sizeof(*running));
    fake_fire(&guest->xen, 20);
    assert_int_equal(turn(guest, 0), 0);
    assert_null(evtchn_find(&guest->table, 20));
    assert_int_equal(guest->table.open_ports, 0);
    free(guest);
}

static void a_throttled_channel_can_be_detached(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *channel = open_on(guest, 8, 0, 0);
    uint64_t due;
    for (int i = 0; i <= 2 * TURNS; i++) {
        fake_fire(&guest->xen, 8);
        turn(guest, 0);
    }
    assert_true(channel->state & EVTCHN_THROTTLED);
    assert_false(evtchn_detach(&guest->table, channel));
    memset(channel, 0xee, sizeof(*channel));
    assert_false(evtchn_due(&guest->table, 0, &due));
    guest->now += 2 * WINDOW;
    assert_int_equal(turn(guest, 0), 0);
    free(guest);
}

/* A port fires, then is moved, then fires: the old vCPU's queue may still hold it. */
static void a_move_loses_nothing(bool fifo)
{
    for (int when = 0; when < 4; when++) {
        struct guest *guest = guest_new(fifo);
        struct evtchn_channel *channel = open_on(guest, 30, 0, 0);
        open_on(guest, 31, 0, 0);
        uint32_t port, owner, turns = 0;
        if (when & 1)
            fake_fire(&guest->xen, 30);
        guest->xen.cpu_of[30] = 1;
        if (when & 2)
            fake_fire(&guest->xen, 30);
        evtchn_move(&guest->table, channel, 1, guest->now);
        while (turn(guest, 1))
            turns++;
        assert_int_equal(turns, when ? 1 : 0);
        fake_fire(&guest->xen, 30); /* linked in the old queue still, it may turn up there */
        turns = 0;
        assert_int_equal(turn(guest, 0), 0);
        if (evtchn_stray(&guest->table, 0, &port, &owner)) {
            assert_int_equal(port, 30);
            assert_int_equal(owner, 1);
            evtchn_deliver(&guest->table, port, owner, guest->now);
        }
        while (turn(guest, 1))
            turns++;
        assert_int_equal(turns, 1);
        fake_fire(&guest->xen, 31);
        assert_int_equal(turn(guest, 0), 31);
        free(guest);
    }
}

static void a_stray_for_a_held_or_running_channel_is_kept(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *channel = open_on(guest, 30, 0, 0);
    evtchn_hold(&guest->table, channel);
    assert_false(evtchn_deliver(&guest->table, 30, 0, guest->now));
    assert_true(evtchn_release(&guest->table, channel, guest->now));
    assert_ptr_equal(evtchn_next(&guest->table, 0, guest->now), channel);
    assert_false(evtchn_deliver(&guest->table, 30, 0, guest->now));
    evtchn_done(&guest->table, channel, guest->now);
    assert_int_equal(turn(guest, 0), 30);
    assert_false(evtchn_deliver(&guest->table, 30, 1, guest->now)); /* not that vCPU's */
    assert_false(evtchn_deliver(&guest->table, 77, 0, guest->now)); /* nobody's */
    free(guest);
}

static void a_resume_kills_the_channels(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *ready = open_on(guest, 40, 0, 0), *idle = open_on(guest, 41, 0, 0);
    fake_fire(&guest->xen, 40);
    evtchn_hold(&guest->table, ready);
    evtchn_release(&guest->table, ready, guest->now);
    evtchn_table_reset(&guest->table, fake_init(&guest->xen, fifo));
    assert_int_equal(turn(guest, 0), 0);
    /* The same port number is somebody else's now; the dead channel does not touch it. */
    struct evtchn_channel other = {0};
    assert_int_equal(evtchn_attach(&guest->table, &other, 40, 0, 0), EVTCHN_ATTACH_OK);
    evtchn_release(&guest->table, &other, guest->now);
    evtchn_hold(&guest->table, ready);
    assert_false(evtchn_release(&guest->table, ready, guest->now));
    assert_false(evtchn_detach(&guest->table, ready));
    assert_false(evtchn_detach(&guest->table, idle));
    fake_fire(&guest->xen, 40);
    assert_int_equal(turn(guest, 0), 40);
    assert_int_equal(other.events, 1);
    free(guest);
}

static void wrong_ports_are_refused(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel channel = {0};
    uint32_t limit = guest->table.abi->ops->port_limit(guest->table.abi);
    const uint32_t bad[] = {0, limit, EVTCHN_PORTS, UINT32_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(evtchn_attach(&guest->table, &channel, bad[i], 0, 0),
                         EVTCHN_ATTACH_BAD_PORT);
    assert_int_equal(evtchn_attach(&guest->table, &channel, 1, FAKE_CPUS, 0),
                     EVTCHN_ATTACH_BAD_PORT);
    open_on(guest, 1, 0, 0);
    assert_int_equal(evtchn_attach(&guest->table, &channel, 1, 0, 0), EVTCHN_ATTACH_TAKEN);
    assert_false(evtchn_table_needs_leaf(&guest->table, EVTCHN_PORTS));
    free(guest);
}

static void an_event_for_nobody_is_counted_once(bool fifo)
{
    struct guest *guest = guest_new(fifo);
    struct evtchn_channel *channel = open_on(guest, 50, 0, 0);
    fake_fire(&guest->xen, 50);
    guest->leaves[0].channels[50] = NULL; /* as if the table had never heard of it */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(turn(guest, 0), 0);
        fake_fire(&guest->xen, 50);
    }
    assert_int_equal(guest->cpus[0].spurious, 1);
    (void)channel;
    free(guest);
}

/* FIFO alone: the queue of the higher priority is emptied first. */
static void fifo_priorities(void **state)
{
    struct guest *guest = guest_new(true);
    open_on(guest, 60, 0, 0);
    open_on(guest, 61, 0, 0);
    guest->xen.priority_of[61] = XEN_FIFO_PRIORITY_MAX;
    fake_fire(&guest->xen, 60);
    fake_fire(&guest->xen, 61);
    assert_int_equal(turn(guest, 0), 61);
    assert_int_equal(turn(guest, 0), 60);
    free(guest);
}

/* FIFO alone: a queue that is not empty yet is not forgotten when another becomes ready. */
static void fifo_two_long_queues(void **state)
{
    struct guest *guest = guest_new(true);
    uint32_t turns = 0;
    for (uint32_t port = 100; port < 300; port++) {
        open_on(guest, port, 0, 0);
        guest->xen.priority_of[port] = port & 1 ? 3 : 9;
    }
    for (uint32_t port = 101; port < 300; port += 2)
        fake_fire(&guest->xen, port);
    for (; turns < 10; turns++)
        assert_int_not_equal(turn(guest, 0), 0);
    for (uint32_t port = 100; port < 300; port += 2)
        fake_fire(&guest->xen, port);
    while (turn(guest, 0))
        turns++;
    assert_int_equal(turns, 200);
    free(guest);
}

/* FIFO alone: queues that name ports which are not there end, and nothing is read beyond. */
static void fifo_wrong_links(void **state)
{
    struct guest *guest = guest_new(true);
    open_on(guest, 60, 0, 0);
    guest->xen.control[0].head[3] = 0xffffffff;
    guest->xen.control[0].head[4] = 0;
    guest->xen.control[0].ready = 0xffffffff;
    guest->xen.words[60] |= XEN_FIFO_LINKED | XEN_FIFO_PENDING | 60; /* a ring of one */
    guest->xen.control[0].head[5] = 60;
    assert_int_equal(turn(guest, 0), 60);
    assert_int_equal(turn(guest, 0), 0);
    free(guest);
}

static void fifo_pages(void **state)
{
    struct evtchn_fifo_cpu cpu = {0};
    struct evtchn_fifo fifo;
    uint32_t page[XEN_FIFO_WORDS_PER_PAGE];
    evtchn_fifo_init(&fifo, &cpu, 1);
    assert_int_equal(fifo.abi.ops->port_limit(&fifo.abi), 0);
    assert_true(fifo.abi.ops->masked(&fifo.abi, 1));
    assert_false(fifo.abi.ops->pending(&fifo.abi, 1));
    for (int i = 0; i < XEN_FIFO_ARRAY_PAGES; i++)
        assert_true(evtchn_fifo_add_page(&fifo, page));
    assert_false(evtchn_fifo_add_page(&fifo, page));
    assert_int_equal(fifo.abi.ops->port_limit(&fifo.abi), XEN_FIFO_PORTS);
    for (int i = 0; i < XEN_FIFO_ARRAY_PAGES; i++)
        assert_ptr_equal(evtchn_fifo_drop_page(&fifo), page);
    assert_null(evtchn_fifo_drop_page(&fifo));
}

static void leaves_come_back(void **state)
{
    struct guest *guest = guest_new(false);
    int count = 0;
    while (evtchn_table_take_leaf(&guest->table))
        count++;
    assert_int_equal(count, FAKE_PORTS / EVTCHN_LEAF_PORTS);
    free(guest);
}

#define BOTH(name)                                                                                 \
    static void name##_2l(void **state)                                                            \
    {                                                                                              \
        name(false);                                                                               \
    }                                                                                              \
    static void name##_fifo(void **state)                                                          \
    {                                                                                              \
        name(true);                                                                                \
    }
#define TESTS(name) cmocka_unit_test(name##_2l), cmocka_unit_test(name##_fifo)

BOTH(each_event_has_one_turn)
BOTH(an_event_during_its_callback_becomes_one_more)
BOTH(what_comes_before_open_is_not_lost)
BOTH(held_means_no_callback_and_release_brings_it)
BOTH(auto_hold_gives_one_event_a_release)
BOTH(a_storm_costs_bounded_turns)
BOTH(a_limit_of_its_own)
BOTH(turns_go_round)
BOTH(urgent_goes_first)
BOTH(nothing_after_detach)
BOTH(a_throttled_channel_can_be_detached)
BOTH(a_move_loses_nothing)
BOTH(a_stray_for_a_held_or_running_channel_is_kept)
BOTH(a_resume_kills_the_channels)
BOTH(wrong_ports_are_refused)
BOTH(an_event_for_nobody_is_counted_once)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TESTS(each_event_has_one_turn),
        TESTS(an_event_during_its_callback_becomes_one_more),
        TESTS(what_comes_before_open_is_not_lost),
        TESTS(held_means_no_callback_and_release_brings_it),
        TESTS(auto_hold_gives_one_event_a_release),
        TESTS(a_storm_costs_bounded_turns),
        TESTS(a_limit_of_its_own),
        TESTS(turns_go_round),
        TESTS(urgent_goes_first),
        TESTS(nothing_after_detach),
        TESTS(a_throttled_channel_can_be_detached),
        TESTS(a_move_loses_nothing),
        TESTS(a_stray_for_a_held_or_running_channel_is_kept),
        TESTS(a_resume_kills_the_channels),
        TESTS(wrong_ports_are_refused),
        TESTS(an_event_for_nobody_is_counted_once),
        cmocka_unit_test(fifo_priorities),
        cmocka_unit_test(fifo_two_long_queues),
        cmocka_unit_test(fifo_wrong_links),
        cmocka_unit_test(fifo_pages),
        cmocka_unit_test(leaves_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
