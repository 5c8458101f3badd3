/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frontend of a PV disk against a XenStore in memory and a backend that follows the protocol,
 * or does not: what is published and in which order, growing, parting, a former driver's
 * connection, a resume; and for each step: the store refuses, the owner closes, the backend fails.
 * Whatever happens, it ends with its rings dropped, in bounded time.
 */
#include "core/block/front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { NODES = 128, PATIENCE_MS = 30000, LOG_BYTES = 8192 };
#define BACK_PATH "/local/domain/3/backend/vbd/7/51712"

struct node {
    char path[64]; /* F/name of the frontend's, B/name of the backend's */
    char value[64];
};

struct bench {
    struct blk_front front;
    struct node nodes[NODES];
    char log[LOG_BYTES]; /* what was done, in order */
    uint64_t now_ms;
    bool mute; /* the backend does nothing by itself */
    bool open, failed, closed, close_asked;
    uint32_t rings, opens, fails, closes; /* counts; rings: made and not dropped */
    uint32_t grown;
    uint32_t answers, refuse_at, close_at, fault_at; /* from 1 */
};

static char *value_at(struct bench *bench, const char *side, const char *name, bool make)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/%s", side, name);
    for (uint32_t i = 0; i < NODES; i++)
        if (strcmp(bench->nodes[i].path, path) == 0)
            return bench->nodes[i].value;
    for (uint32_t i = 0; make && i < NODES; i++)
        if (!bench->nodes[i].path[0]) {
            strcpy(bench->nodes[i].path, path);
            return bench->nodes[i].value;
        }
    return NULL;
}

static void set(struct bench *bench, const char *side, const char *name, const char *value)
{
    strcpy(value_at(bench, side, name, true), value);
}

static void drop(struct bench *bench, const char *side, const char *name)
{
    char *value = value_at(bench, side, name, false);
    if (value)
        memset(value - offsetof(struct node, value), 0, sizeof(struct node));
}

static const char *get(struct bench *bench, const char *side, const char *name)
{
    const char *value = value_at(bench, side, name, false);
    return value ? value : "-";
}

static void back(struct bench *bench, const char *name, const char *value)
{
    set(bench, "B", name, value);
    if (strcmp(name, "state") == 0)
        blk_front_backend_moved(&bench->front);
}

static void toolstack(struct bench *bench, const char *front_state, const char *back_state)
{
    memset(bench->nodes, 0, sizeof(bench->nodes));
    set(bench, "F", "state", front_state);
    set(bench, "F", "backend-id", "3");
    set(bench, "F", "backend", BACK_PATH);
    set(bench, "B", "state", back_state);
    set(bench, "B", "sectors", "20480");
    set(bench, "B", "sector-size", "512");
    set(bench, "B", "feature-flush-cache", "1");
}

static void bench_start(struct bench *bench, const char *front_state, const char *back_state)
{
    struct blk_front_config config = {.handle = 51712,
                                      .cpu_count = 2,
                                      .queues_max = 8,
                                      .ring_order_max = 4,
                                      .patience_ms = PATIENCE_MS};
    memset(bench, 0, sizeof(*bench));
    toolstack(bench, front_state, back_state);
    blk_front_init(&bench->front, &config, 0);
}

static void note(struct bench *bench, const char *text, const char *more)
{
    uint32_t used = (uint32_t)strlen(bench->log);
    snprintf(bench->log + used, LOG_BYTES - used, "%s%s ", text, more);
}

/* What Linux's backend does when the frontend's state changes. */
static void backend_follows(struct bench *bench, const char *state)
{
    const char *own = get(bench, "B", "state");
    if (bench->mute)
        return;
    if (strcmp(state, "3") == 0)
        back(bench, "state", "4");
    else if (strcmp(state, "5") == 0)
        back(bench, "state", "5");
    else if (strcmp(state, "6") == 0)
        back(bench, "state", "6");
    else if (strcmp(state, "1") == 0 && strcmp(own, "6") == 0)
        back(bench, "state", "2");
}

static void answer_read(struct bench *bench, const char *side, const char *name)
{
    const char *value = value_at(bench, side, name, false);
    if (value)
        blk_front_answer(&bench->front, BLK_DONE, value, (uint32_t)strlen(value));
    else
        blk_front_answer(&bench->front, BLK_ABSENT, NULL, 0);
}

static void do_write(struct bench *bench, const struct blk_action *action)
{
    char entry[80];
    snprintf(entry, sizeof(entry), "%s=%s", action->node, action->text);
    note(bench, entry, "");
    set(bench, "F", action->node, action->text);
    bool state = strcmp(action->node, "state") == 0;
    blk_front_answer(&bench->front, BLK_DONE, NULL, 0);
    if (state)
        backend_follows(bench, get(bench, "F", "state"));
}

static void make_rings(struct bench *bench, bool can)
{
    struct blk_queue_grants grants[BLK_QUEUES_MAX];
    const struct blk_plan *plan = &bench->front.plan;
    assert_int_equal(bench->rings, 0);
    assert_in_range(plan->queue_count, 1, 2);
    assert_in_range(plan->ring_order, 0, 4);
    for (uint32_t q = 0; q < plan->queue_count; q++) {
        grants[q].port = 50 + q;
        for (uint32_t i = 0; i < BLK_RING_PAGES_MAX; i++)
            grants[q].ring_refs[i] = 1000 * (q + 1) + i;
    }
    bench->rings = can;
    blk_front_rings(&bench->front, can ? grants : NULL);
}

static void do_asked(struct bench *bench, const struct blk_action *action)
{
    if (action->what == BLK_DO_READ_FRONT)
        answer_read(bench, "F", action->node);
    else if (action->what == BLK_DO_READ_BACK)
        answer_read(bench, "B", action->node);
    else if (action->what == BLK_DO_WRITE)
        do_write(bench, action);
    else if (action->what == BLK_DO_REMOVE) {
        drop(bench, "F", action->node);
        blk_front_answer(&bench->front, BLK_DONE, NULL, 0);
    } else if (action->what == BLK_DO_WATCH) {
        note(bench, "watch", "");
        blk_front_answer(&bench->front, BLK_DONE, NULL, 0);
        blk_front_backend_moved(&bench->front);
    } else if (action->what == BLK_DO_MAKE_RINGS) {
        note(bench, "rings", "");
        make_rings(bench, true);
    } else {
        assert_int_equal(action->what, BLK_DO_DROP_RINGS);
        assert_int_equal(bench->rings, 1);
        bench->rings = 0;
        note(bench, "drop", "");
        blk_front_answer(&bench->front, BLK_DONE, NULL, 0);
    }
}

static void refuse(struct bench *bench, const struct blk_action *action)
{
    if (action->what == BLK_DO_MAKE_RINGS)
        make_rings(bench, false);
    else {
        if (action->what == BLK_DO_DROP_RINGS)
            bench->rings = 0;
        blk_front_answer(&bench->front, BLK_REFUSED, NULL, 0);
    }
}

static bool told(struct bench *bench, enum blk_do what)
{
    switch (what) {
    case BLK_DO_OPEN:
        assert_int_equal(bench->rings, 1);
        assert_false(bench->failed);
        bench->opens++;
        bench->open = true;
        return true;
    case BLK_DO_GROWN:
        assert_true(bench->open);
        bench->grown++;
        return true;
    case BLK_DO_CLOSE_ASKED:
        bench->close_asked = true;
        return true;
    case BLK_DO_FAIL:
        assert_int_equal(bench->fails++, 0);
        assert_int_not_equal(bench->front.fault, BLK_NO_FAULT);
        bench->open = false;
        return bench->failed = true;
    case BLK_DO_CLOSED:
        assert_int_equal(bench->rings, 0);
        assert_int_equal(bench->closes++, 0);
        bench->open = false;
        return bench->closed = true;
    default:
        return false;
    }
}

/* Until there is nothing to do. */
static void settle(struct bench *bench)
{
    struct blk_action action;
    for (uint32_t i = 0;; i++) {
        assert_true(i < 2000);
        blk_front_next(&bench->front, &action);
        if (action.what == BLK_DO_NOTHING)
            return;
        if (told(bench, action.what))
            continue;
        bench->answers++;
        if (bench->answers == bench->close_at)
            blk_front_close(&bench->front);
        if (bench->answers == bench->fault_at)
            blk_front_fault(&bench->front, BLK_FAULT_SILENT);
        if (bench->answers == bench->refuse_at)
            refuse(bench, &action);
        else
            do_asked(bench, &action);
    }
}

static void pass(struct bench *bench, uint64_t ms)
{
    bench->now_ms += ms;
    blk_front_tick(&bench->front, bench->now_ms);
    settle(bench);
}

static void ends_with(struct bench *bench, enum blk_fault fault)
{
    for (uint32_t i = 0; i < 6 && !bench->closed; i++)
        pass(bench, PATIENCE_MS);
    assert_true(bench->closed);
    assert_int_equal(bench->front.fault, fault);
    assert_int_equal(bench->failed, fault != BLK_NO_FAULT);
}

/* --- The good life. */

static void one_queue_one_page(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    assert_true(bench.open);
    assert_string_equal(bench.log, "watch rings ring-ref=1000 event-channel=50 protocol=x86_64-abi "
                                   "feature-persistent=1 state=3 state=4 ");
    assert_int_equal(bench.front.backend_domid, 3);
    assert_string_equal(bench.front.backend_path, BACK_PATH);
    assert_int_equal(bench.front.disk.sector_count, 20480);
    assert_int_equal(bench.front.disk.flush, BLK_FLUSH_COMMAND);
}

static void two_queues_four_pages(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    back(&bench, "multi-queue-max-queues", "4");
    back(&bench, "max-ring-page-order", "1");
    settle(&bench);
    assert_true(bench.open);
    assert_string_equal(bench.log,
                        "watch rings queue-0/ring-ref0=1000 queue-0/ring-ref1=1001 "
                        "queue-0/event-channel=50 queue-1/ring-ref0=2000 queue-1/ring-ref1=2001 "
                        "queue-1/event-channel=51 protocol=x86_64-abi feature-persistent=1 "
                        "ring-page-order=1 multi-queue-num-queues=2 state=3 state=4 ");
}

/* Linux's backend reads ring-ref0 when ring-page-order is there, whatever it says. */
static void what_an_earlier_connection_wrote_is_removed(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    set(&bench, "F", "ring-page-order", "4");
    set(&bench, "F", "multi-queue-num-queues", "2");
    settle(&bench);
    assert_true(bench.open);
    assert_string_equal(get(&bench, "F", "ring-page-order"), "-");
    assert_string_equal(get(&bench, "F", "multi-queue-num-queues"), "-");
}

static void a_backend_that_is_not_ready_yet(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "1");
    settle(&bench);
    pass(&bench, PATIENCE_MS - 1);
    assert_false(bench.open || bench.failed);
    back(&bench, "state", "2");
    bench.mute = true;
    settle(&bench);
    assert_string_equal(get(&bench, "F", "state"), "3");
    pass(&bench, PATIENCE_MS - 1);
    back(&bench, "state", "4");
    settle(&bench);
    assert_true(bench.open);
}

static void growing(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    back(&bench, "sectors", "40960");
    settle(&bench);
    assert_int_equal(bench.grown, 0); /* the state is what says it */
    back(&bench, "state", "4");
    settle(&bench);
    assert_int_equal(bench.grown, 1);
    assert_int_equal(bench.front.disk.sector_count, 40960);
    back(&bench, "state", "4");
    settle(&bench);
    assert_int_equal(bench.grown, 1);
}

/* --- Parting. */

static void the_owner_closes(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    bench.log[0] = 0;
    blk_front_close(&bench.front);
    settle(&bench);
    assert_true(bench.closed && !bench.failed);
    assert_string_equal(bench.log, "state=5 state=6 drop ");
}

static void the_backend_asks(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    back(&bench, "state", "5");
    settle(&bench);
    assert_true(bench.close_asked && bench.open);
    pass(&bench, 10 * PATIENCE_MS); /* the owner may take its time */
    assert_true(bench.open);
    blk_front_close(&bench.front);
    settle(&bench);
    assert_true(bench.closed && !bench.failed);
}

/* The rings are not dropped while the backend may still use them, unless it takes for ever. */
static void a_backend_that_does_not_let_go(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    bench.mute = true;
    blk_front_close(&bench.front);
    settle(&bench);
    assert_string_equal(get(&bench, "F", "state"), "5");
    pass(&bench, PATIENCE_MS);
    assert_string_equal(get(&bench, "F", "state"), "6");
    assert_int_equal(bench.rings, 1);
    pass(&bench, PATIENCE_MS - 1);
    assert_int_equal(bench.rings, 1);
    pass(&bench, 1);
    assert_true(bench.closed);
}

static void once_more_after_the_end(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    blk_front_close(&bench.front);
    settle(&bench);
    assert_true(bench.closed);
    bench.log[0] = 0;
    bench.closes = 0;
    back(&bench, "sectors", "8"); /* another disk altogether */
    blk_front_restart(&bench.front, 0);
    settle(&bench);
    assert_true(bench.open);
    assert_int_equal(bench.front.disk.sector_count, 8);
    assert_string_equal(bench.log,
                        "watch state=1 rings ring-ref=1000 event-channel=50 protocol=x86_64-abi "
                        "feature-persistent=1 state=3 state=4 ");
}

/* A driver that was there before us (a crashed kernel, firmware) left its connection. */
static void a_former_drivers_connection(void **state)
{
    struct bench bench;
    bench_start(&bench, "4", "4");
    settle(&bench);
    assert_true(bench.open);
    assert_string_equal(bench.log, "watch state=5 state=6 state=1 rings ring-ref=1000 "
                                   "event-channel=50 protocol=x86_64-abi feature-persistent=1 "
                                   "state=3 state=4 ");
    bench_start(&bench, "4", "4");
    bench.mute = true; /* its backend stays connected to what is no more */
    settle(&bench);
    ends_with(&bench, BLK_FAULT_SLOW);
    assert_int_equal(bench.opens, 0);
}

/* --- A suspend. */

static void resumed_elsewhere(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    toolstack(&bench, "1", "2");
    set(&bench, "F", "backend-id", "0");
    set(&bench, "B", "feature-flush-cache", "0");
    bench.rings = 0;
    blk_front_resume(&bench.front, 0);
    settle(&bench);
    assert_int_equal(bench.opens, 2);
    assert_true(bench.open && !bench.failed);
    assert_int_equal(bench.front.backend_domid, 0);
    assert_int_equal(bench.front.disk.flush, BLK_FLUSH_NONE);
}

static void resumed_on_a_smaller_disk(void **state)
{
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    toolstack(&bench, "1", "2");
    set(&bench, "B", "sectors", "20479");
    bench.rings = 0;
    blk_front_resume(&bench.front, 0);
    settle(&bench);
    ends_with(&bench, BLK_FAULT_SHRUNK);
    assert_int_equal(bench.opens, 1);
}

/* In the middle of anything: it connects all the same, or ends if it was ending. */
static void resumed_in_every_step(void **state)
{
    for (uint32_t steps = 0;; steps++) {
        struct bench bench;
        struct blk_action action;
        bench_start(&bench, "1", "2");
        for (uint32_t i = 0; i < steps && !bench.open; i++) {
            blk_front_next(&bench.front, &action);
            if (!told(&bench, action.what))
                do_asked(&bench, &action);
        }
        bool was_open = bench.open;
        blk_front_next(&bench.front, &action); /* not answered any more */
        toolstack(&bench, "1", "2");
        bench.rings = 0;
        blk_front_resume(&bench.front, 0);
        settle(&bench);
        assert_true(bench.open && !bench.failed && !bench.closed);
        if (was_open)
            return;
    }
}

/* --- Backends that do not follow the protocol. */

static void bad_values(void **state)
{
    static const struct {
        const char *name, *value;
        enum blk_fault fault;
        enum blk_node node;
    } cases[] = {
        {"max-ring-page-order", "four", BLK_FAULT_NODE, BLK_NODE_RING_ORDER_MAX},
        {"multi-queue-max-queues", "-1", BLK_FAULT_NODE, BLK_NODE_QUEUES_MAX},
        {"sectors", "", BLK_FAULT_NODE, BLK_NODE_SECTORS},
        {"sectors", "99999999999999999999", BLK_FAULT_NODE, BLK_NODE_SECTORS},
        {"sectors", "0", BLK_FAULT_SIZE, BLK_NODE_COUNT},
        {"sector-size", "0", BLK_FAULT_SECTOR_SIZE, BLK_NODE_COUNT},
        {"sector-size", "3", BLK_FAULT_SECTOR_SIZE, BLK_NODE_COUNT},
        {"sector-size", "2147483648", BLK_FAULT_SECTOR_SIZE, BLK_NODE_COUNT},
        {"info", "0x4", BLK_FAULT_NODE, BLK_NODE_INFO},
        {"feature-max-indirect-segments", "0", BLK_FAULT_NO_INDIRECT, BLK_NODE_COUNT},
        {"state", "9", BLK_FAULT_STATE, BLK_NODE_COUNT},
        {"state", "4294967298", BLK_FAULT_STATE, BLK_NODE_COUNT},
        {"state", "two", BLK_FAULT_STATE, BLK_NODE_COUNT},
    };
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;
        bench_start(&bench, "1", "2");
        back(&bench, cases[i].name, cases[i].value);
        settle(&bench);
        ends_with(&bench, cases[i].fault);
        assert_int_equal(bench.front.fault_node, cases[i].node);
        assert_int_equal(bench.opens, 0);
    }
}

static void bad_places(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {{"backend", ""},      {"backend", "/"},        {"backend", "relative/path"},
                 {"backend", "/a//b"}, {"backend", "/a/b/"},    {"backend", "/a b"},
                 {"backend", "/a\n"},  {"backend-id", "32752"}, {"backend-id", "-1"},
                 {"state", "open"},    {"backend-id", ""}};
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;
        bench_start(&bench, "1", "2");
        set(&bench, "F", cases[i].name, cases[i].value);
        settle(&bench);
        ends_with(&bench, BLK_FAULT_PATH);
    }
}

static void bad_moves_of_an_open_disk(void **state)
{
    static const struct {
        const char *name, *value;
        enum blk_fault fault;
    } cases[] = {
        {"state", "6", BLK_FAULT_GONE},     {"state", "0", BLK_FAULT_GONE},
        {"state", "1", BLK_FAULT_STATE},    {"state", "2", BLK_FAULT_STATE},
        {"state", "3", BLK_FAULT_STATE},    {"state", "7", BLK_FAULT_STATE},
        {"state", "99", BLK_FAULT_STATE},   {"sectors", "20479", BLK_FAULT_SHRUNK},
        {"sectors", "1e9", BLK_FAULT_NODE}, {"sector-size", "4096", BLK_FAULT_SHRUNK},
    };
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;
        bench_start(&bench, "1", "2");
        settle(&bench);
        assert_true(bench.open);
        back(&bench, cases[i].name, cases[i].value);
        blk_front_backend_moved(&bench.front);
        settle(&bench);
        ends_with(&bench, cases[i].fault);
    }
    struct bench bench;
    bench_start(&bench, "1", "2");
    settle(&bench);
    drop(&bench, "B", "state");
    blk_front_backend_moved(&bench.front);
    settle(&bench);
    ends_with(&bench, BLK_FAULT_GONE);
}

static void a_backend_that_never_answers(void **state)
{
    static const char *const stuck[] = {"1", "2", "5", "6", "7"};
    for (uint32_t i = 0; i < sizeof(stuck) / sizeof(stuck[0]); i++) {
        struct bench bench;
        bench_start(&bench, "1", stuck[i]);
        bench.mute = true;
        settle(&bench);
        ends_with(&bench, BLK_FAULT_SLOW);
        assert_true(bench.now_ms <= 3 * PATIENCE_MS);
    }
}

/* --- Whatever happens at whichever step. */

static void something_at_every_step(struct bench *bench, uint32_t step, int what)
{
    bench_start(bench, "1", "2");
    back(bench, "multi-queue-max-queues", "2");
    back(bench, "max-ring-page-order", "2");
    bench->refuse_at = what == 0 ? step : 0;
    bench->close_at = what == 1 ? step : 0;
    bench->fault_at = what == 2 ? step : 0;
    settle(bench);
    if (!bench->open && !bench->closed)
        for (uint32_t i = 0; i < 4; i++)
            pass(bench, PATIENCE_MS);
}

static void a_bad_moment_at_every_step(void **state)
{
    for (int what = 0; what < 3; what++)
        for (uint32_t step = 1;; step++) {
            struct bench bench;
            something_at_every_step(&bench, step, what);
            if (bench.answers < step)
                break;
            assert_true(bench.closed && !bench.open);
            assert_int_equal(bench.failed, what != 1);
            assert_int_equal(bench.front.fault != BLK_NO_FAULT, what != 1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_queue_one_page),
        cmocka_unit_test(two_queues_four_pages),
        cmocka_unit_test(what_an_earlier_connection_wrote_is_removed),
        cmocka_unit_test(a_backend_that_is_not_ready_yet),
        cmocka_unit_test(growing),
        cmocka_unit_test(the_owner_closes),
        cmocka_unit_test(the_backend_asks),
        cmocka_unit_test(a_backend_that_does_not_let_go),
        cmocka_unit_test(once_more_after_the_end),
        cmocka_unit_test(a_former_drivers_connection),
        cmocka_unit_test(resumed_elsewhere),
        cmocka_unit_test(resumed_on_a_smaller_disk),
        cmocka_unit_test(resumed_in_every_step),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(bad_places),
        cmocka_unit_test(bad_moves_of_an_open_disk),
        cmocka_unit_test(a_backend_that_never_answers),
        cmocka_unit_test(a_bad_moment_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
