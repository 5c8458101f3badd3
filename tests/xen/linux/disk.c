/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast a disk is in a Linux guest, through Linux's own block layer and blkfront, for
 * bench/disk_xen: direct I/O, depth requests at a time by Linux's native asynchronous I/O. Prints
 * the lines of guest/tests/disk_speed.c.
 *
 *   rig_disk DEVICE
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "disk_cases.h"

static aio_context_t context;
static uint8_t *memory;
static int fd;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool start(const struct disk_case *one, uint32_t slot, uint32_t index)
{
    static struct iocb calls[DISK_CASE_DEPTH_MAX];
    struct iocb *call = &calls[slot];
    *call = (struct iocb){.aio_data = slot,
                          .aio_lio_opcode = one->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
                          .aio_fildes = (uint32_t)fd,
                          .aio_buf = (uintptr_t)(memory + (size_t)slot * one->bytes),
                          .aio_nbytes = one->bytes,
                          .aio_offset = (int64_t)disk_case_sector(one, index) * 512};
    return syscall(SYS_io_submit, context, 1, &call) == 1;
}

static bool measure(const struct disk_case *one)
{
    struct io_event events[DISK_CASE_DEPTH_MAX];
    uint32_t started = 0, done = 0;
    uint64_t begin = now_ns();
    for (; started < one->depth; started++)
        if (!start(one, started, started))
            return false;
    while (done < one->count) {
        long count = syscall(SYS_io_getevents, context, 1, one->depth, events, NULL);
        for (long i = 0; i < count; i++) {
            if (events[i].res != one->bytes)
                return false;
            done++;
            if (started < one->count && !start(one, (uint32_t)events[i].data, started++))
                return false;
        }
    }
    printf("speed linux %s %s %u %u %lu\n", one->write ? "write" : "read",
           one->random ? "random" : "sequential", one->bytes, one->depth,
           (unsigned long)((uint64_t)one->bytes * one->count * 1000000000 / 1024 /
                           (now_ns() - begin)));
    return true;
}

int main(int argc, char **argv)
{
    fd = argc == 2 ? open(argv[1], O_RDWR | O_DIRECT) : -1;
    if (fd < 0 || syscall(SYS_io_setup, DISK_CASE_DEPTH_MAX, &context) < 0 ||
        posix_memalign((void **)&memory, 4096, DISK_CASE_MEMORY_BYTES)) {
        perror("rig_disk");
        return 1;
    }
    memset(memory, 1, DISK_CASE_MEMORY_BYTES);
    for (unsigned i = 0; i < DISK_CASES; i++)
        if (!measure(&disk_cases[i])) {
            perror("rig_disk");
            return 1;
        }
    return 0;
}
