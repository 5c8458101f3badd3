/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backend says of itself and its disk: see disk.h. */
#include "core/block/disk.h"

#include <string.h>

enum {
    /* 1 MiB a request on the wire: what Linux's backend offers at most, and one indirect page. */
    SEGMENTS_MAX = 256,
    SECTOR_BYTES_MAX = 4096,
    PHYSICAL_SECTOR_BYTES_MAX = 1 << 20,
    DIGITS_MAX = 20,
};
/* 2^63 bytes. */
#define SECTOR_COUNT_MAX (UINT64_C(1) << 54)

static const struct {
    char name[30];
    bool wide; /* uint64_t; the others are uint32_t, a boolean too */
} nodes[BLK_NODE_COUNT] = {
    [BLK_NODE_QUEUES_MAX] = {"multi-queue-max-queues", false},
    [BLK_NODE_RING_ORDER_MAX] = {"max-ring-page-order", false},
    [BLK_NODE_SECTORS] = {"sectors", true},
    [BLK_NODE_SECTOR_SIZE] = {"sector-size", false},
    [BLK_NODE_PHYSICAL_SECTOR_SIZE] = {"physical-sector-size", false},
    [BLK_NODE_INFO] = {"info", false},
    [BLK_NODE_LARGE_SECTOR_SIZE] = {"feature-large-sector-size", false},
    [BLK_NODE_INDIRECT_SEGMENTS] = {"feature-max-indirect-segments", false},
    [BLK_NODE_PERSISTENT] = {"feature-persistent", false},
    [BLK_NODE_FLUSH] = {"feature-flush-cache", false},
    [BLK_NODE_BARRIER] = {"feature-barrier", false},
    [BLK_NODE_DISCARD] = {"feature-discard", false},
    [BLK_NODE_DISCARD_GRANULARITY] = {"discard-granularity", false},
    [BLK_NODE_DISCARD_ALIGNMENT] = {"discard-alignment", false},
    [BLK_NODE_DISCARD_SECURE] = {"discard-secure", false},
};

const char *blk_node_name(enum blk_node node)
{
    return nodes[node].name;
}

bool blk_number(const char *text, uint32_t length, uint64_t max, uint64_t *out)
{
    uint64_t number = 0;
    if (!length || length > DIGITS_MAX)
        return false;
    for (uint32_t i = 0; i < length; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (text[i] < '0' || text[i] > '9' || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return number <= max;
}

bool blk_values_set(struct blk_values *values, enum blk_node node, const char *text,
                    uint32_t length)
{
    uint64_t number;
    if (!blk_number(text, length, nodes[node].wide ? UINT64_MAX : UINT32_MAX, &number))
        return false;
    values->numbers[node] = number;
    values->known |= 1u << node;
    return true;
}

static bool known(const struct blk_values *values, enum blk_node node)
{
    return values->known >> node & 1;
}

static uint64_t value_or(const struct blk_values *values, enum blk_node node, uint64_t otherwise)
{
    return known(values, node) ? values->numbers[node] : otherwise;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

struct blk_plan blk_plan_make(const struct blk_values *values, uint32_t cpu_count,
                              uint32_t queues_max, uint32_t ring_order_max)
{
    uint64_t queues = value_or(values, BLK_NODE_QUEUES_MAX, 1);
    uint64_t order = value_or(values, BLK_NODE_RING_ORDER_MAX, 0);
    struct blk_plan plan = {
        .queue_count = (uint32_t)least(least(queues, BLK_QUEUES_MAX), least(cpu_count, queues_max)),
        .ring_order = (uint32_t)least(order, least(ring_order_max, BLK_RING_ORDER_MAX)),
    };
    if (!plan.queue_count) /* an offer of none is none: the protocol of one queue is always there */
        plan.queue_count = 1;
    return plan;
}

static bool power_of_two(uint64_t number)
{
    return number && !(number & (number - 1));
}

static enum blk_fault read_size(const struct blk_values *values, struct blk_disk *disk)
{
    if (!known(values, BLK_NODE_SECTORS) || !known(values, BLK_NODE_SECTOR_SIZE))
        return BLK_FAULT_NO_SIZE;
    uint64_t sectors = values->numbers[BLK_NODE_SECTORS];
    uint64_t bytes = values->numbers[BLK_NODE_SECTOR_SIZE];
    if (!power_of_two(bytes) || bytes < BLK_SECTOR_BYTES || bytes > SECTOR_BYTES_MAX)
        return BLK_FAULT_SECTOR_SIZE;
    if (bytes != BLK_SECTOR_BYTES && value_or(values, BLK_NODE_LARGE_SECTOR_SIZE, 0))
        return BLK_FAULT_SECTOR_UNITS;
    if (!sectors || sectors > SECTOR_COUNT_MAX || sectors % (bytes / BLK_SECTOR_BYTES))
        return BLK_FAULT_SIZE;
    uint64_t physical = value_or(values, BLK_NODE_PHYSICAL_SECTOR_SIZE, bytes);
    if (!power_of_two(physical) || physical < bytes || physical > PHYSICAL_SECTOR_BYTES_MAX)
        return BLK_FAULT_PHYSICAL_SIZE;
    disk->sector_count = sectors;
    disk->sector_bytes = (uint32_t)bytes;
    disk->physical_sector_bytes = (uint32_t)physical;
    return BLK_NO_FAULT;
}

static void read_discard(const struct blk_values *values, struct blk_disk *disk)
{
    uint64_t granularity = value_or(values, BLK_NODE_DISCARD_GRANULARITY, disk->sector_bytes);
    uint64_t alignment = value_or(values, BLK_NODE_DISCARD_ALIGNMENT, 0);
    if (!granularity) /* Linux: not known */
        granularity = disk->sector_bytes;
    disk->discard = value_or(values, BLK_NODE_DISCARD, 0) && !disk->read_only &&
                    granularity % disk->sector_bytes == 0 && alignment % disk->sector_bytes == 0 &&
                    alignment < granularity;
    disk->discard_secure = disk->discard && value_or(values, BLK_NODE_DISCARD_SECURE, 0);
    disk->discard_granularity_bytes = disk->discard ? (uint32_t)granularity : 0;
    disk->discard_alignment_bytes = disk->discard ? (uint32_t)alignment : 0;
}

enum blk_fault blk_disk_read(const struct blk_values *values, struct blk_disk *disk)
{
    memset(disk, 0, sizeof(*disk));
    enum blk_fault fault = read_size(values, disk);
    if (fault)
        return fault;
    uint64_t indirect = value_or(values, BLK_NODE_INDIRECT_SEGMENTS, BLK_WIRE_SEGMENTS);
    if (!indirect)
        return BLK_FAULT_NO_INDIRECT;
    disk->segments_max =
        (uint32_t)least(indirect < BLK_WIRE_SEGMENTS ? BLK_WIRE_SEGMENTS : indirect, SEGMENTS_MAX);
    uint64_t info = value_or(values, BLK_NODE_INFO, 0);
    disk->cdrom = info & BLK_WIRE_CDROM;
    disk->removable = info & BLK_WIRE_REMOVABLE;
    disk->read_only = info & (BLK_WIRE_READ_ONLY | BLK_WIRE_CDROM);
    disk->persistent = value_or(values, BLK_NODE_PERSISTENT, 0);
    disk->flush = value_or(values, BLK_NODE_FLUSH, 0)     ? BLK_FLUSH_COMMAND
                  : value_or(values, BLK_NODE_BARRIER, 0) ? BLK_FLUSH_BARRIER
                                                          : BLK_FLUSH_NONE;
    read_discard(values, disk);
    return BLK_NO_FAULT;
}

enum blk_fault blk_disk_may_follow(const struct blk_disk *before, const struct blk_disk *now)
{
    bool same =
        now->sector_count >= before->sector_count && now->sector_bytes == before->sector_bytes;
    return same ? BLK_NO_FAULT : BLK_FAULT_SHRUNK;
}
