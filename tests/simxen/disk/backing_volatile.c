/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk with a volatile cache, in the place of linux/dom0/disk/backing.c: what is written stays in
 * this process until a flush, so that killing it is a power cut.
 */
#include "linux/dom0/disk/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR_BYTES = 512 };

static uint8_t *cache;
static bool *dirty;

int backing_open(struct backing *backing, const char *path, bool read_only)
{
    struct stat status;
    *backing = (struct backing){.fd = open(path, O_RDWR | O_CLOEXEC), .sector_bytes = SECTOR_BYTES};
    if (backing->fd < 0 || fstat(backing->fd, &status) < 0)
        return -errno;
    backing->sector_count = (uint64_t)status.st_size / SECTOR_BYTES;
    cache = malloc((size_t)status.st_size);
    dirty = calloc(backing->sector_count, sizeof(*dirty));
    return pread(backing->fd, cache, (size_t)status.st_size, 0) == status.st_size ? 0 : -EIO;
}

void backing_close(struct backing *backing)
{
    close(backing->fd);
}

bool backing_look(struct backing *backing)
{
    return false;
}

int backing_move(struct backing *backing, bool write, uint64_t sector, struct iovec *iov, int count)
{
    for (int i = 0; i < count; i++) {
        uint8_t *at = cache + sector * SECTOR_BYTES;
        memcpy(write ? at : iov[i].iov_base, write ? iov[i].iov_base : at, iov[i].iov_len);
        for (uint64_t end = sector + iov[i].iov_len / SECTOR_BYTES; sector < end; sector++)
            dirty[sector] |= write;
    }
    return 0;
}

int backing_flush(struct backing *backing)
{
    for (uint64_t sector = 0; sector < backing->sector_count; sector++) {
        off_t at = (off_t)(sector * SECTOR_BYTES);
        if (dirty[sector] && pwrite(backing->fd, cache + at, SECTOR_BYTES, at) != SECTOR_BYTES)
            return -EIO;
        dirty[sector] = false;
    }
    return 0;
}

int backing_discard(struct backing *backing, uint64_t sector, uint64_t sector_count)
{
    return -EOPNOTSUPP;
}
