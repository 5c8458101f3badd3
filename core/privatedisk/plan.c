/* SPDX-License-Identifier: BSD-2-Clause */
/* See plan.h. */
#include "core/privatedisk/plan.h"

#include <string.h>

/* text without the blanks at its ends is word. */
static bool is(const char *text, const char *word)
{
    size_t length = strlen(word);

    text += strspn(text, " ");
    return strncmp(text, word, length) == 0 && text[length + strspn(text + length, " ")] == '\0';
}

/* Decimal digits, perhaps with zeros before them. */
static bool is_number(const char *text, uint32_t number)
{
    uint64_t value = 0;

    text += strspn(text, " ");
    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9' && value <= UINT32_MAX; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value == number && text[strspn(text, " ")] == '\0';
}

bool private_disk_is(const struct disk_identity *identity, uint64_t expected_bytes)
{
    bool pv = is(identity->vendor, "CASEMENT") && is_number(identity->serial, PRIVATE_DISK_NUMBER);
    bool emulated = is(identity->product, "QEMU HARDDISK") && is(identity->serial, "QM00002");

    return (pv || emulated) && !identity->system &&
           (expected_bytes == 0 || identity->bytes == expected_bytes);
}

static enum private_step refuse(const char **why, const char *reason)
{
    *why = reason;
    return PRIVATE_REFUSED;
}

/* Of a disk with one partition. */
static enum private_step next_of_partition(const struct private_disk *disk, const char **why)
{
    uint64_t end = disk->partition_begin + disk->partition_bytes;

    if (end < disk->partition_begin || end > disk->bytes)
        return refuse(why, "its partition ends behind the disk");
    if (disk->partition_content == DISK_EMPTY && disk->ours && !disk->read_only)
        return PRIVATE_FORMAT;
    if (disk->partition_content != DISK_NTFS)
        return refuse(why, disk_content_name(disk->partition_content));
    if (!disk->mounted)
        return PRIVATE_MOUNT;
    if (disk->read_only)
        return PRIVATE_READY;
    /* The last MiB belongs to the partition table's copy. */
    if (disk->bytes - end >= PRIVATE_GROW_BYTES_MIN + PRIVATE_ALIGN_BYTES)
        return PRIVATE_GROW_PARTITION;
    if (disk->volume_bytes != 0 && disk->volume_bytes < disk->partition_bytes &&
        disk->partition_bytes - disk->volume_bytes >= PRIVATE_GROW_BYTES_MIN)
        return PRIVATE_GROW_VOLUME;
    return PRIVATE_READY;
}

enum private_step private_disk_next(const struct private_disk *disk, const char **why)
{
    *why = NULL;
    if (disk->offline)
        return PRIVATE_ONLINE;
    if (disk->content == DISK_GPT && disk->partitions == 1)
        return next_of_partition(disk, why);
    if (disk->content != DISK_EMPTY)
        return refuse(why, disk->content == DISK_GPT && disk->partitions > 1
                               ? "several partitions"
                               : disk_content_name(disk->content));
    if (disk->read_only)
        return refuse(why, "nothing, and it is read-only");
    if (disk->bytes < PRIVATE_BYTES_MIN)
        return refuse(why, "no room for a volume");
    return PRIVATE_PARTITION;
}
