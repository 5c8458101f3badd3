/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A number of requests through one queue of core/block, for counting its instructions
 * (bench/count.py): CASE --count=N. The backend is the unit tests' one, in this program; at depth
 * 256 as many requests are submitted, pushed, served and collected at a time.
 */
#include "tests/unit/block/fake_backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 256, POOL = 600, DATA_BYTES = 64 << 10 };

static struct blk_queue queue;
static struct blk_slot slots[BLK_RING_ENTRIES_MAX];
static struct blk_page pages[POOL];
static struct fake_backend backend;
static struct blk_request requests[DEPTH_MAX];
static struct blk_piece piece;
static uint8_t *pool, *platter, data[DATA_BYTES];

static void set_up(void)
{
    static const struct blk_disk disk = {
        .sector_count = FAKE_DISK_SECTORS, .sector_bytes = 512, .segments_max = 256};
    struct blk_wire_ring *ring = aligned_alloc(BLK_PAGE_BYTES, BLK_RING_PAGES_MAX * BLK_PAGE_BYTES);
    pool = calloc(POOL, BLK_PAGE_BYTES);
    platter = calloc(FAKE_DISK_SECTORS, BLK_SECTOR_BYTES);
    for (uint32_t i = 0; i < POOL; i++)
        pages[i] = (struct blk_page){.bytes = pool + (size_t)i * BLK_PAGE_BYTES,
                                     .ref = FAKE_FIRST_REF + i};
    blk_queue_init(&queue, slots, BLK_RING_ENTRIES_MAX, pages, POOL);
    blk_queue_attach(&queue, ring, BLK_RING_ORDER_MAX);
    fake_init(&backend, ring, BLK_RING_ORDER_MAX, pages, POOL, platter);
    blk_queue_connect(&queue, &disk, 51712);
}

/* One batch; false: something went wrong. */
static bool batch(enum blk_op op, uint32_t count, uint32_t bytes)
{
    uint32_t done = 0;
    piece = (struct blk_piece){data, bytes};
    for (uint32_t i = 0; i < count; i++) {
        requests[i] = (struct blk_request){.op = op,
                                           .sector = i * 8,
                                           .sector_count = bytes / BLK_SECTOR_BYTES,
                                           .pieces = &piece,
                                           .piece_count = 1};
        blk_queue_submit(&queue, &requests[i]);
    }
    blk_queue_push(&queue, 0);
    fake_serve(&backend, count);
    if (blk_queue_event(&queue, 0))
        return false;
    for (struct blk_request *request; (request = blk_queue_done(&queue)); done++)
        if (request->status != BLK_OK)
            return false;
    return done == count;
}

int main(int argc, char **argv)
{
    uint32_t count = argc == 3 && strncmp(argv[2], "--count=", 8) == 0
                         ? (uint32_t)strtoul(argv[2] + 8, NULL, 10)
                         : 0;
    if (!count)
        return 2;
    bool read = strncmp(argv[1], "read", 4) == 0;
    uint32_t depth = strstr(argv[1], "depth_256") ? DEPTH_MAX : 1;
    uint32_t bytes = strstr(argv[1], "64k") ? DATA_BYTES : BLK_PAGE_BYTES;
    set_up();
    for (uint32_t done = 0; done < count; done += depth)
        if (!batch(read ? BLK_READ : BLK_WRITE, depth, bytes))
            return 1;
    return 0;
}
