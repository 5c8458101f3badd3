/* SPDX-License-Identifier: BSD-2-Clause */
/* See content.h. */
#include "core/privatedisk/content.h"

#include <string.h>

/* What stands at which place of the head. The order matters: a boot sector of NTFS ends as an MBR
 * does, and a GPT begins with one. */
static const struct magic {
    enum disk_content content;
    uint32_t offset;
    uint8_t length;
    const char *bytes;
} magics[] = {
    {DISK_GPT, 512, 8, "EFI PART"}, /* 512-byte sectors */
    {DISK_GPT, 4096, 8, "EFI PART"},
    {DISK_NTFS, 3, 8, "NTFS    "},
    {DISK_EXFAT, 3, 8, "EXFAT   "},
    {DISK_FAT, 54, 5, "FAT12"},
    {DISK_FAT, 54, 5, "FAT16"},
    {DISK_FAT, 82, 5, "FAT32"},
    {DISK_LUKS, 0, 6, "LUKS\xba\xbe"},
    {DISK_XFS, 0, 4, "XFSB"},
    {DISK_EXT, 1024 + 56, 2, "\x53\xef"},
    {DISK_BTRFS, 65536 + 64, 8, "_BHRfS_M"},
    {DISK_LVM, 512, 8, "LABELONE"},
    {DISK_LVM, 0, 8, "LABELONE"},
    {DISK_SWAP, 4096 - 10, 10, "SWAPSPACE2"},
    {DISK_ISO9660, 32768 + 1, 5, "CD001"},
    {DISK_MBR, 510, 2, "\x55\xaa"},
};

static bool is_zero(const uint8_t *bytes, size_t count)
{
    return count == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0);
}

/* The backup header is in the last sector. */
static bool ends_as_gpt(const uint8_t *tail, size_t bytes)
{
    return (bytes >= 512 && memcmp(tail + bytes - 512, "EFI PART", 8) == 0) ||
           (bytes >= 4096 && memcmp(tail + bytes - 4096, "EFI PART", 8) == 0);
}

enum disk_content disk_content_of(const uint8_t *head, size_t head_bytes, const uint8_t *tail,
                                  size_t tail_bytes)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
        const struct magic *magic = &magics[i];

        if (magic->offset + magic->length <= head_bytes &&
            memcmp(head + magic->offset, magic->bytes, magic->length) == 0)
            return magic->content;
    }
    if (ends_as_gpt(tail, tail_bytes))
        return DISK_GPT;
    return is_zero(head, head_bytes) && is_zero(tail, tail_bytes) ? DISK_EMPTY : DISK_UNKNOWN;
}

const char *disk_content_name(enum disk_content content)
{
    static const char *const names[] = {
        [DISK_EMPTY] = "nothing",
        [DISK_UNKNOWN] = "data of an unknown kind",
        [DISK_GPT] = "partitions (GPT)",
        [DISK_MBR] = "partitions (MBR)",
        [DISK_NTFS] = "an NTFS file system",
        [DISK_EXFAT] = "an exFAT file system",
        [DISK_FAT] = "a FAT file system",
        [DISK_EXT] = "an ext file system",
        [DISK_BTRFS] = "a btrfs file system",
        [DISK_XFS] = "an XFS file system",
        [DISK_LUKS] = "a LUKS volume",
        [DISK_LVM] = "an LVM volume",
        [DISK_SWAP] = "swap space",
        [DISK_ISO9660] = "an ISO 9660 file system",
    };

    return names[content];
}
