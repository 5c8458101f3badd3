/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is measured of a disk, the same for the bare-metal guest (guest/tests/disk_speed.c) and for
 * Linux (disk.c): operation, places, size, depth. No OS header.
 */
#ifndef TESTS_XEN_LINUX_DISK_CASES_H
#define TESTS_XEN_LINUX_DISK_CASES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DISK_CASE_DEPTH_MAX = 32,
    DISK_CASE_MEMORY_BYTES = 2 << 20, /* the largest bytes * depth */
    DISK_CASE_AREA_SECTORS = 8 << 11, /* 8 MiB from the disk's start */
};

struct disk_case {
    bool write, random;
    uint32_t bytes, depth, count;
};

static const struct disk_case disk_cases[] = {
    {false, false, 4096, 1, 100},   {true, false, 4096, 1, 100},    {false, true, 4096, 1, 100},
    {true, true, 4096, 1, 100},     {false, false, 4096, 32, 500},  {true, false, 4096, 32, 500},
    {false, true, 4096, 32, 500},   {true, true, 4096, 32, 500},    {false, false, 65536, 1, 50},
    {true, false, 65536, 1, 50},    {false, false, 65536, 32, 200}, {true, false, 65536, 32, 200},
    {false, false, 1048576, 2, 24}, {true, false, 1048576, 2, 24},
};
enum { DISK_CASES = sizeof(disk_cases) / sizeof(disk_cases[0]) };

/* Where request number index begins. */
static inline uint64_t disk_case_sector(const struct disk_case *one, uint32_t index)
{
    uint32_t places = DISK_CASE_AREA_SECTORS / (one->bytes / 512);
    uint32_t place = one->random ? index * 2654435761u >> 8 : index;
    return (uint64_t)(place % places) * (one->bytes / 512);
}

#endif
