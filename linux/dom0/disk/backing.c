/* SPDX-License-Identifier: BSD-2-Clause */
/* A file or block device behind a disk: see backing.h. */
#include "backing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR_BYTES = 512, FILE_GRANULARITY_BYTES = 4096 };

bool backing_look(struct backing *backing)
{
    uint64_t before = backing->sector_count, bytes = 0;
    struct stat status;
    if (backing->is_device)
        ioctl(backing->fd, BLKGETSIZE64, &bytes);
    else if (fstat(backing->fd, &status) == 0)
        bytes = (uint64_t)status.st_size;
    backing->sector_count = bytes / SECTOR_BYTES;
    return backing->sector_count != before;
}

int backing_open(struct backing *backing, const char *path, bool read_only)
{
    struct stat status;
    *backing = (struct backing){.read_only = read_only, .sector_bytes = SECTOR_BYTES};
    backing->fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (backing->fd < 0)
        return -errno;
    if (fstat(backing->fd, &status) < 0 || !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode))) {
        backing_close(backing);
        return -EINVAL;
    }
    backing->is_device = S_ISBLK(status.st_mode);
    int sector_bytes = SECTOR_BYTES;
    if (backing->is_device && ioctl(backing->fd, BLKSSZGET, &sector_bytes) == 0)
        backing->sector_bytes = (uint32_t)sector_bytes;
    backing_look(backing);
    backing->can_discard = !read_only && !backing->is_device;
    backing->discard_granularity_bytes = FILE_GRANULARITY_BYTES;
    return 0;
}

void backing_close(struct backing *backing)
{
    close(backing->fd);
    backing->fd = -1;
}

/* Skips what was moved. */
static void advance(struct iovec **iov, int *count, size_t bytes)
{
    while (*count && bytes >= (*iov)->iov_len) {
        bytes -= (*iov)->iov_len;
        ++*iov;
        --*count;
    }
    if (*count) {
        (*iov)->iov_base = (uint8_t *)(*iov)->iov_base + bytes;
        (*iov)->iov_len -= bytes;
    }
}

int backing_move(struct backing *backing, bool write, uint64_t sector, struct iovec *iov, int count)
{
    off_t at = (off_t)(sector * SECTOR_BYTES);
    while (count) {
        ssize_t moved =
            write ? pwritev(backing->fd, iov, count, at) : preadv(backing->fd, iov, count, at);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved <= 0)
            return moved < 0 ? -errno : -EIO;
        at += moved;
        advance(&iov, &count, (size_t)moved);
    }
    return 0;
}

int backing_flush(struct backing *backing)
{
    return fdatasync(backing->fd) < 0 ? -errno : 0;
}

int backing_discard(struct backing *backing, uint64_t sector, uint64_t sector_count)
{
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    if (!backing->can_discard)
        return -EOPNOTSUPP;
    return fallocate(backing->fd, mode, (off_t)(sector * SECTOR_BYTES),
                     (off_t)(sector_count * SECTOR_BYTES)) < 0
               ? -errno
               : 0;
}
