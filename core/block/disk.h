/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a backend says of itself and its disk in XenStore (Xen's public io/blkif.h, "Backend XenBus
 * Nodes"): the nodes, taken as text and checked one by one, and what they mean together.
 *
 * The backend is not trusted: what would make requests go wrong is a fault. A hint that cannot be
 * followed (how to discard) turns off what it is a hint for. Reads of "trusted" are not needed: no
 * page of the guest's own is ever shared (queue.h), with any backend.
 */
#ifndef CORE_BLOCK_DISK_H
#define CORE_BLOCK_DISK_H

#include "core/block/fault.h"
#include "core/block/wire.h"

#include <stdbool.h>

enum { BLK_QUEUES_MAX = 8 };

enum blk_node {
    /* Known when the backend waits for us (InitWait). */
    BLK_NODE_QUEUES_MAX,
    BLK_NODE_RING_ORDER_MAX,
    /* Known when it is connected. */
    BLK_NODE_SECTORS,
    BLK_NODE_SECTOR_SIZE,
    BLK_NODE_PHYSICAL_SECTOR_SIZE,
    BLK_NODE_INFO,
    BLK_NODE_LARGE_SECTOR_SIZE,
    BLK_NODE_INDIRECT_SEGMENTS,
    BLK_NODE_PERSISTENT,
    BLK_NODE_FLUSH,
    BLK_NODE_BARRIER,
    BLK_NODE_DISCARD,
    BLK_NODE_DISCARD_GRANULARITY,
    BLK_NODE_DISCARD_ALIGNMENT,
    BLK_NODE_DISCARD_SECURE,
    BLK_NODE_COUNT,
    BLK_NODE_CONNECTED_FIRST = BLK_NODE_SECTORS,
};

/* Its name below the backend's folder. */
const char *blk_node_name(enum blk_node node);

struct blk_values { /* all zero: nothing is known */
    uint32_t known; /* a bit a node */
    uint64_t numbers[BLK_NODE_COUNT];
};

/* A node's value as XenStore has it. False: it is not a decimal number, or larger than the node's
 * type. Nodes that are not there are not set. */
bool blk_values_set(struct blk_values *values, enum blk_node node, const char *text,
                    uint32_t length);

struct blk_plan { /* of the rings */
    uint32_t queue_count;
    uint32_t ring_order; /* the same for each queue */
};
/* cpu_count, queues_max, ring_order_max: the guest's own limits, at least 1, 1, 0. */
struct blk_plan blk_plan_make(const struct blk_values *values, uint32_t cpu_count,
                              uint32_t queues_max, uint32_t ring_order_max);

enum blk_flush {
    BLK_FLUSH_NONE,    /* the disk has no volatile cache, as far as we can know */
    BLK_FLUSH_BARRIER, /* by an empty write with a barrier */
    BLK_FLUSH_COMMAND,
};

struct blk_disk {
    uint64_t sector_count; /* of 512 bytes */
    uint32_t sector_bytes; /* requests are aligned to it */
    uint32_t physical_sector_bytes;
    uint32_t segments_max; /* pages in one request on the wire; above BLK_WIRE_SEGMENTS: indirect */
    enum blk_flush flush;
    bool read_only, removable, cdrom;
    bool persistent; /* the backend keeps our pages mapped */
    bool discard, discard_secure;
    uint32_t discard_granularity_bytes, discard_alignment_bytes;
};

/* BLK_NO_FAULT: *disk is filled. */
enum blk_fault blk_disk_read(const struct blk_values *values, struct blk_disk *disk);
/* May a disk in use become this one? It may grow; what else it can do may change. */
enum blk_fault blk_disk_may_follow(const struct blk_disk *before, const struct blk_disk *now);

/* A decimal number and nothing else; false also if it is larger than max. */
bool blk_number(const char *text, uint32_t length, uint64_t max, uint64_t *out);

#endif
