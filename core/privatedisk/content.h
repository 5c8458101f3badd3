/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a disk really empty, or does it hold something? By its first and last bytes. Empty is only
 * what has nothing but zeros there: whatever is not known to this file is somebody's data, too.
 *
 * Formats: GPT, UEFI specification 5.3; NTFS, exFAT, FAT by their boot sectors; ext, btrfs, XFS,
 * LUKS, LVM, swap and ISO 9660 by their magic numbers.
 */
#ifndef CASEMENT_PRIVATEDISK_CONTENT_H
#define CASEMENT_PRIVATEDISK_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_HEAD_BYTES = 1 << 20, DISK_TAIL_BYTES = 1 << 16 };

enum disk_content {
    DISK_EMPTY,
    DISK_UNKNOWN, /* not empty, and nothing that is known here */
    DISK_GPT,
    DISK_MBR,
    DISK_NTFS,
    DISK_EXFAT,
    DISK_FAT,
    DISK_EXT,
    DISK_BTRFS,
    DISK_XFS,
    DISK_LUKS,
    DISK_LVM,
    DISK_SWAP,
    DISK_ISO9660,
};

/* head: the first DISK_HEAD_BYTES, or all of a smaller disk; tail: the last DISK_TAIL_BYTES (they
 * may overlap). A GPT whose first header is lost counts as GPT by the one at the end. */
enum disk_content disk_content_of(const uint8_t *head, size_t head_bytes, const uint8_t *tail,
                                  size_t tail_bytes);
/* For people: "an ext file system". */
const char *disk_content_name(enum disk_content content);

#endif
