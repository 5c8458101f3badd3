/* SPDX-License-Identifier: BSD-2-Clause */
/* See grow.h. */
#include "core/services/grow.h"

static uint64_t aligned(uint64_t bytes)
{
    return bytes - bytes % GROW_ALIGN_BYTES;
}

uint64_t grow_room(uint64_t disk_bytes, const struct grow_partition *partitions, size_t count,
                   size_t ours, bool *blocked)
{
    const uint64_t begin = partitions[ours].begin;
    const uint64_t end = begin + partitions[ours].bytes;
    const uint64_t disk_end =
        disk_bytes > GROW_ALIGN_BYTES ? aligned(disk_bytes - GROW_ALIGN_BYTES) : 0;
    uint64_t limit = disk_end, last = end;

    *blocked = false;
    for (size_t i = 0; i < count; i++) {
        const uint64_t other_begin = partitions[i].begin;
        const uint64_t other_end = other_begin + partitions[i].bytes;

        if (other_end < other_begin)
            return 0;
        if (other_end > last)
            last = other_end;
        if (i != ours && other_end > begin && aligned(other_begin) < limit)
            limit = aligned(other_begin);
    }
    if (limit > end && limit - end >= GROW_BYTES_MIN)
        return limit - end;
    *blocked = last > end && disk_end > last && disk_end - last >= GROW_BYTES_MIN;
    return 0;
}
