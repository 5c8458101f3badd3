/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small disk driver for tests: core/block on a guest's platform (platform.h). It does what
 * xenvbd.sys does with the core, without an operating system above it: follows the frontend's
 * actions, spreads requests over the queues, and ends what is silent.
 */
#ifndef TESTS_DISK_DRIVER_H
#define TESTS_DISK_DRIVER_H

#include "core/block/front.h"
#include "core/block/queue.h"
#include "tests/disk/platform.h"

enum { DISK_POOL_PAGES = 600 }; /* a queue */

struct disk_options {
    uint32_t handle; /* device/vbd/<handle> */
    uint32_t cpu_count, queues_max, ring_order_max;
    uint32_t patience_ms; /* with the backend's states, and with each request */
};

struct disk_queue {
    struct blk_queue queue;
    struct blk_slot *slots;
    struct blk_page pages[DISK_POOL_PAGES];
    uint8_t *pool;
    struct blk_wire_ring *ring;
    uint32_t refs[BLK_RING_PAGES_MAX];
};

struct disk {
    struct disk_options options;
    struct blk_front front;
    struct disk_queue queues[BLK_QUEUES_MAX];
    uint32_t queue_count; /* with rings */
    bool open, failed, closed, close_asked, grown;
    uint32_t opens;
    uint32_t pages_lost; /* still mapped when the rings were dropped: for ever not ours */
    uint64_t done;       /* requests */
};

/* Takes the disk; nothing happens before disk_turn(). disk is large: not for a stack. */
void disk_start(struct disk *disk, const struct disk_options *options);

/* All that can be done now; requests that are done have their `owner`, a bool, set. */
void disk_turn(struct disk *disk);
/* Turns and sleeps until *flag; false: not within limit_ms. */
bool disk_until(struct disk *disk, const bool *flag, uint32_t limit_ms);

/* To a queue (queue % queue_count); owner points to a bool that becomes true. */
void disk_submit(struct disk *disk, uint32_t queue, struct blk_request *request);
/* One request, and waits for it. */
enum blk_status disk_do(struct disk *disk, enum blk_op op, uint64_t sector, void *bytes,
                        uint64_t length);
/* Moves all of it in pieces of chunk bytes, depth of them at a time, over all queues. */
enum blk_status disk_move(struct disk *disk, enum blk_op op, uint64_t sector, void *bytes,
                          uint64_t length, uint32_t chunk, uint32_t depth);

/* Until closed (false: not in time); disk_free() then. */
bool disk_close(struct disk *disk, uint32_t limit_ms);
void disk_free(struct disk *disk);

/* After a suspend: grants and ports are gone. */
void disk_resume(struct disk *disk);

#endif
