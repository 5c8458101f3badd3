/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast disks are, for bench/disk_xen: core/block as a frontend, and the emulated IDE disk with
 * DMA, both in this guest, over the same bytes of the same disk in dom0. Prints lines
 * "speed WHO OP PLACES BYTES DEPTH KIB_PER_S"; the Linux guest's tests/xen/linux/disk.c has the
 * same cases. As a test it says no more than that all requests were done.
 */
#include <string.h>

#include "tests/disk/driver.h"
#include "tests/xen/linux/disk_cases.h"

#include "../clock.h"
#include "../events.h"
#include "../grants.h"
#include "../ide.h"
#include "../memory.h"
#include "../store.h"
#include "../test.h"

enum { LIMIT_MS = 60000 };

static struct disk disk;
static uint8_t *memory;

static void say(const char *who, const struct disk_case *one, uint64_t ns)
{
    print("speed %s %s %s %u %u %lu\n", who, one->write ? "write" : "read",
          one->random ? "random" : "sequential", one->bytes, one->depth,
          (uint64_t)one->bytes * one->count * 1000000000 / 1024 / (ns ? ns : 1));
}

/* --- The PV disk: depth requests at a time; each that is done starts the next. */

static struct {
    struct blk_request request;
    struct blk_piece piece;
    bool done;
} flights[DISK_CASE_DEPTH_MAX];

static void start(const struct disk_case *one, uint32_t slot, uint32_t index)
{
    flights[slot].piece = (struct blk_piece){memory + (size_t)slot * one->bytes, one->bytes};
    flights[slot].request = (struct blk_request){.op = one->write ? BLK_WRITE : BLK_READ,
                                                 .sector = disk_case_sector(one, index),
                                                 .sector_count = one->bytes / 512,
                                                 .pieces = &flights[slot].piece,
                                                 .piece_count = 1,
                                                 .owner = &flights[slot].done};
    disk_submit(&disk, index, &flights[slot].request);
}

static void pv_case(const struct disk_case *one)
{
    uint32_t started = 0, done = 0;
    uint64_t begin = clock_ns();

    for (; started < one->depth; started++)
        start(one, started, started);
    while (done < one->count) {
        uint64_t before = disk.done;
        disk_turn(&disk);
        if (disk.done == before) {
            disk_sleep(1000);
            continue;
        }
        for (uint32_t slot = 0; slot < one->depth; slot++) {
            if (!flights[slot].done)
                continue;
            CHECK_EQUAL(flights[slot].request.status, BLK_OK);
            flights[slot].done = false;
            done++;
            if (started < one->count)
                start(one, slot, started++);
        }
    }
    say("pv", one, clock_ns() - begin);
}

static void pv_speed(uint32_t handle)
{
    struct disk_options options = {.handle = handle,
                                   .cpu_count = 1,
                                   .queues_max = 1,
                                   .ring_order_max = 4,
                                   .patience_ms = LIMIT_MS};

    events_start();
    grants_start();
    store_start();
    disk_start(&disk, &options);
    CHECK(disk_until(&disk, &disk.open, LIMIT_MS));
    for (unsigned i = 0; i < DISK_CASES; i++)
        pv_case(&disk_cases[i]);
    CHECK(disk_close(&disk, LIMIT_MS));
    disk_free(&disk);
}

/* --- The emulated one: one request at a time is all that it takes. */

static void ide_case(const struct disk_case *one)
{
    uint64_t begin = clock_ns();

    for (uint32_t i = 0; i < one->count; i++)
        CHECK(ide_move(one->write, disk_case_sector(one, i), memory, one->bytes));
    say("ide", one, clock_ns() - begin);
}

TEST(disk_speed_pv, TEST_NAMED)
{
    memory = page_new(DISK_CASE_MEMORY_BYTES / PAGE_BYTES);
    pv_speed(51712);
    page_free(memory, DISK_CASE_MEMORY_BYTES / PAGE_BYTES);
}

/* The same disk is there twice, as hda and as its PV twin. */
TEST(disk_speed_ide_and_pv, TEST_NAMED | TEST_HVM)
{
    memory = page_new(DISK_CASE_MEMORY_BYTES / PAGE_BYTES);
    CHECK(ide_start());
    for (unsigned i = 0; i < DISK_CASES; i++)
        if (disk_cases[i].depth < DISK_CASE_DEPTH_MAX) /* it has no queue */
            ide_case(&disk_cases[i]);
    pv_speed(768);
    page_free(memory, DISK_CASE_MEMORY_BYTES / PAGE_BYTES);
}
