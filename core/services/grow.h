/* SPDX-License-Identifier: BSD-2-Clause */
/* How far a partition can grow on a disk that has become larger (qubes.ResizeDisk). */
#ifndef CASEMENT_SERVICES_GROW_H
#define CASEMENT_SERVICES_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grow_partition {
    uint64_t begin, bytes;
};

enum {
    GROW_ALIGN_BYTES =
        1 << 20, /* a partition ends at a multiple; a GPT's copy fits behind the last */
    GROW_BYTES_MIN = 4 << 20, /* less is left alone */
};

/* The bytes to add to partitions[ours], up to the next partition or the end of the disk; 0: none.
 * *blocked: there is room on the disk, but another partition lies before it. What the disk says is
 * taken as it comes: partitions that overlap, or end behind the disk, leave no room. */
uint64_t grow_room(uint64_t disk_bytes, const struct grow_partition *partitions, size_t count,
                   size_t ours, bool *blocked);

#endif
