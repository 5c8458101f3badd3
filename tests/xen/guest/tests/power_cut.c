/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbered records, written to a PV disk until the machine loses its power (tests/xen/cut): a round
 * is a number of records written at a time. Behind each of the first rounds comes a flush, and then
 * a word on Xen's console that its records are flushed. No flush follows the later rounds, and
 * soon after them the guest asks for the cut, and goes on writing.
 */
#include "tests/disk/driver.h"

#include "../console.h"
#include "../events.h"
#include "../grants.h"
#include "../memory.h"
#include "../print.h"
#include "../store.h"
#include "../test.h"

enum { /* power-cut.py has the same numbers */
       HANDLE = 51712,
       LIMIT_MS = 40000,
       RECORD_BYTES = 4096,
       ROUND_RECORDS = 32,
       ROUNDS = 60, /* on the disk */
       FLUSHED_ROUNDS = 24,
       CUT_ROUND = 28,
};

static struct disk disk;
static struct {
    uint64_t words[RECORD_BYTES / sizeof(uint64_t)];
} * records; /* of a round */

/* No two words of the disk are the same, and none is 0. */
static void write_round(uint32_t round)
{
    static struct blk_request requests[ROUND_RECORDS];
    static struct blk_piece pieces[ROUND_RECORDS];
    static bool done[ROUND_RECORDS];

    for (uint32_t i = 0; i < ROUND_RECORDS; i++) {
        uint64_t number = (uint64_t)round * ROUND_RECORDS + i;
        for (uint32_t w = 0; w < RECORD_BYTES / sizeof(uint64_t); w++)
            records[i].words[w] = (number + 1) << 32 | w;
        done[i] = false;
        pieces[i] = (struct blk_piece){&records[i], RECORD_BYTES};
        requests[i] = (struct blk_request){.op = BLK_WRITE,
                                           .sector = number * (RECORD_BYTES / 512),
                                           .sector_count = RECORD_BYTES / 512,
                                           .pieces = &pieces[i],
                                           .piece_count = 1,
                                           .owner = &done[i]};
        disk_submit(&disk, 0, &requests[i]);
    }
    for (uint32_t i = 0; i < ROUND_RECORDS; i++) {
        CHECK(disk_until(&disk, &done[i], LIMIT_MS));
        CHECK_EQUAL(requests[i].status, BLK_OK);
    }
}

static void flush_round(uint32_t round)
{
    char line[64];

    CHECK_EQUAL(disk_do(&disk, BLK_FLUSH, 0, NULL, 0), BLK_OK);
    snprintf(line, sizeof line, "flushed up to record %u", (round + 1) * ROUND_RECORDS - 1);
    console_say_to_xen(line);
}

TEST(power_cut, TEST_NAMED)
{
    const struct disk_options options = {.handle = HANDLE,
                                         .cpu_count = 1,
                                         .queues_max = 1,
                                         .ring_order_max = 4,
                                         .patience_ms = LIMIT_MS};

    records = page_new(ROUND_RECORDS * RECORD_BYTES / PAGE_BYTES);
    events_start();
    grants_start();
    store_start();
    disk_start(&disk, &options);
    CHECK(disk_until(&disk, &disk.open, LIMIT_MS));
    CHECK_EQUAL(disk.front.disk.flush, BLK_FLUSH_COMMAND);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        write_round(round);
        if (round < FLUSHED_ROUNDS)
            flush_round(round);
        if (round == CUT_ROUND)
            console_say_to_xen("@@ cut @@");
    }
    for (;;) /* the same ones again, until the cut */
        write_round(ROUNDS - 1);
}
