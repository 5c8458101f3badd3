/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frontend of a PV disk against a XenStore that says anything. Bytes choose, for each action,
 * what the answer is: its kind, then for a read whether it is a number that suits, one of the bad
 * ones below, or raw text; in between, events: the watch, time, a close, a fault, a resume.
 * Whatever happens: rings are made and dropped in turns, no disk opens after it failed, its numbers
 * are sane, and the end is reached.
 */
#include "core/block/front.h"
#include "tests/fuzz/xen/script.h"

#include <stdio.h>

enum { PATIENCE_MS = 1000, ACTIONS_MAX = 3000 };

struct bench {
    struct blk_front front;
    bool rings, open, failed, closed;
    uint64_t now_ms;
};

static void answer_text(struct bench *bench, struct script *script, const struct blk_action *action)
{
    static const char *const numbers[] = {"1",
                                          "2",
                                          "3",
                                          "4",
                                          "5",
                                          "6",
                                          "0",
                                          "512",
                                          "4096",
                                          "20480",
                                          "32",
                                          "2147483648",
                                          "18446744073709551615",
                                          "-1",
                                          "",
                                          "4 "};
    uint8_t raw[BLK_ANSWER_MAX];
    const char *text = numbers[take(script) % 16];
    uint8_t kind = take(script) % 8;
    if (strcmp(action->node, "backend") == 0 && kind < 6)
        text = "/local/domain/0/backend/vbd/1/2";
    if (kind == 7) {
        uint32_t length = take_bytes(script, raw, take(script));
        blk_front_answer(&bench->front, BLK_DONE, (const char *)raw, length);
    } else {
        blk_front_answer(&bench->front, kind == 6 ? BLK_ABSENT : BLK_DONE, text,
                         kind == 6 ? 0 : (uint32_t)strlen(text));
    }
}

static void answer_rings(struct bench *bench, struct script *script)
{
    struct blk_queue_grants grants[BLK_QUEUES_MAX] = {{{0}, 0}};
    require(!bench->rings);
    require(bench->front.plan.queue_count >= 1 && bench->front.plan.queue_count <= BLK_QUEUES_MAX &&
            bench->front.plan.ring_order <= BLK_RING_ORDER_MAX);
    bench->rings = take(script) % 8 != 0;
    blk_front_rings(&bench->front, bench->rings ? grants : NULL);
}

static void sane(const struct blk_disk *disk)
{
    require(disk->sector_count && disk->sector_count <= UINT64_C(1) << 54);
    require(disk->sector_bytes >= 512 && disk->sector_bytes <= 4096);
    require(disk->sector_count % (disk->sector_bytes / 512) == 0);
    require(disk->segments_max >= 11 && disk->segments_max <= 256);
    require(!disk->discard || disk->discard_granularity_bytes);
}

static void told(struct bench *bench, enum blk_do what)
{
    if (what == BLK_DO_OPEN || what == BLK_DO_GROWN) {
        require(bench->rings && !bench->failed && !bench->closed);
        bench->open = true;
        sane(&bench->front.disk);
    } else if (what == BLK_DO_FAIL) {
        require(!bench->failed && bench->front.fault != BLK_NO_FAULT);
        bench->failed = true;
    } else if (what == BLK_DO_CLOSED) {
        require(!bench->rings && !bench->closed);
        bench->closed = true;
    }
}

/* False: there was nothing to do. */
static bool act(struct bench *bench, struct script *script)
{
    struct blk_action action;
    blk_front_next(&bench->front, &action);
    switch (action.what) {
    case BLK_DO_NOTHING:
        return false;
    case BLK_DO_READ_FRONT:
    case BLK_DO_READ_BACK:
        require(strlen(action.node) < BLK_NODE_NAME_MAX);
        answer_text(bench, script, &action);
        return true;
    case BLK_DO_WRITE:
        require(strlen(action.text) < BLK_NODE_TEXT_MAX);
        /* fall through */
    case BLK_DO_REMOVE:
    case BLK_DO_WATCH:
        blk_front_answer(&bench->front, take(script) % 16 ? BLK_DONE : BLK_REFUSED, NULL, 0);
        return true;
    case BLK_DO_MAKE_RINGS:
        answer_rings(bench, script);
        return true;
    case BLK_DO_DROP_RINGS:
        require(bench->rings);
        bench->rings = false;
        blk_front_answer(&bench->front, BLK_DONE, NULL, 0);
        return true;
    default:
        told(bench, action.what);
        return true;
    }
}

static void event(struct bench *bench, struct script *script)
{
    switch (take(script) % 16) {
    case 0:
        blk_front_close(&bench->front);
        break;
    case 1:
        blk_front_fault(&bench->front, BLK_FAULT_INDEX);
        break;
    case 2:
        bench->rings = bench->open = false;
        blk_front_resume(&bench->front, bench->now_ms);
        break;
    case 3:
        if (bench->closed) {
            bench->closed = bench->failed = bench->open = false;
            blk_front_restart(&bench->front, bench->now_ms);
        }
        break;
    case 4:
        bench->now_ms += PATIENCE_MS;
        blk_front_tick(&bench->front, bench->now_ms);
        break;
    default:
        blk_front_backend_moved(&bench->front);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct blk_front_config config = {.handle = 768,
                                                   .cpu_count = 4,
                                                   .queues_max = 8,
                                                   .ring_order_max = 4,
                                                   .patience_ms = PATIENCE_MS};
    struct script script = {data, size};
    struct bench bench = {.rings = false};
    blk_front_init(&bench.front, &config, 0);
    while (script.left) {
        for (uint32_t i = 0; act(&bench, &script); i++)
            require(i < ACTIONS_MAX);
        event(&bench, &script);
    }
    blk_front_close(&bench.front);
    for (uint32_t i = 0; i < 8; i++) {
        for (uint32_t j = 0; act(&bench, &script); j++)
            require(j < ACTIONS_MAX);
        bench.now_ms += PATIENCE_MS;
        blk_front_tick(&bench.front, bench.now_ms);
    }
    require(bench.closed && !bench.rings);
    return 0;
}
