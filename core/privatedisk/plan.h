/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The qube's private disk (xvdb): which disk it is, and the next step that makes it a volume for
 * the users' files. Pure; after the step was made and the disk looked at again, the next one
 * follows, until there is none. A disk that holds anything is never written to but to grow the
 * volume in it.
 */
#ifndef CASEMENT_PRIVATEDISK_PLAN_H
#define CASEMENT_PRIVATEDISK_PLAN_H

#include "core/privatedisk/content.h"

/* Xen's number of xvdb: (202 << 8) | (1 << 4). */
enum { PRIVATE_DISK_NUMBER = 51728, DISK_TEXT_BYTES = 64 };

/* What a disk says of itself (STORAGE_DEVICE_DESCRIPTOR), with blanks at the ends. */
struct disk_identity {
    char vendor[DISK_TEXT_BYTES], product[DISK_TEXT_BYTES], serial[DISK_TEXT_BYTES];
    uint64_t bytes;
    bool system; /* Windows or its page file is on it */
};

/* By name: Casement's PV disk of that number, or the emulated second disk (QEMU: QM00002). Never
 * the system's disk, and never one of another size than XenStore says xvdb has (0: not known). */
bool private_disk_is(const struct disk_identity *identity, uint64_t expected_bytes);

struct private_disk {
    uint64_t bytes;
    bool offline, read_only;
    enum disk_content content;
    /* Of a GPT: */
    uint32_t partitions; /* not counting Microsoft's reserved one */
    bool ours;           /* the only one has the name that the first step gives it */
    uint64_t partition_begin, partition_bytes;
    enum disk_content partition_content;
    uint64_t volume_bytes; /* of the file system in it; 0: none, or not known */
    bool mounted;          /* at its place */
};

enum private_step {
    PRIVATE_READY,
    PRIVATE_REFUSED, /* *why: it holds something that is no volume for Windows */
    PRIVATE_ONLINE,
    PRIVATE_PARTITION, /* writes a GPT with one partition of ours onto the empty disk */
    PRIVATE_FORMAT,    /* the partition, which is ours and empty */
    PRIVATE_MOUNT,
    PRIVATE_GROW_PARTITION, /* to the end of the disk */
    PRIVATE_GROW_VOLUME,    /* to the end of the partition */
};

enum {
    PRIVATE_ALIGN_BYTES = 1 << 20,
    PRIVATE_BYTES_MIN = 16 << 20,     /* a smaller disk is none for files */
    PRIVATE_GROW_BYTES_MIN = 4 << 20, /* less room than this behind the end is left alone */
};

/* *why: for people, or NULL. */
enum private_step private_disk_next(const struct private_disk *disk, const char **why);

#endif
