/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is behind a disk: a file or a block device of the host. Sectors are 512 bytes. Every call
 * does its work before it returns. Errors are negative errno values.
 */
#ifndef DOM0_DISK_BACKING_H
#define DOM0_DISK_BACKING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct backing {
    int fd;
    bool read_only, is_device, can_discard;
    uint64_t sector_count; /* as last looked at */
    uint32_t sector_bytes; /* logical block size */
    uint32_t discard_granularity_bytes;
};

int backing_open(struct backing *backing, const char *path, bool read_only);
void backing_close(struct backing *backing);
/* True: the size is another one now. */
bool backing_look(struct backing *backing);

/* Moves all of it: iov's bytes are whole sectors inside the disk. iov is used up. */
int backing_move(struct backing *backing, bool write, uint64_t sector, struct iovec *iov,
                 int count);
int backing_flush(struct backing *backing);
int backing_discard(struct backing *backing, uint64_t sector, uint64_t sector_count);

#endif
