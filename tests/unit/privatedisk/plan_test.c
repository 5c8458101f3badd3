/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves core/privatedisk: which disk is the private one (#9841: not "disk 1"), that nothing but
 * zeros is empty, that a disk which holds anything is never formatted (#5768), and the steps from
 * an empty disk to a mounted volume that grows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/privatedisk/plan.h"

static uint8_t head[DISK_HEAD_BYTES], tail[DISK_TAIL_BYTES];

static enum disk_content content(void)
{
    return disk_content_of(head, sizeof(head), tail, sizeof(tail));
}

static int clear(void **state)
{
    memset(head, 0, sizeof(head));
    memset(tail, 0, sizeof(tail));
    return 0;
}

static void what_disks_hold(void **state)
{
    static const struct {
        enum disk_content content;
        size_t offset;
        const char *bytes;
    } disks[] = {
        {DISK_GPT, 512, "EFI PART"},    {DISK_GPT, 4096, "EFI PART"},
        {DISK_NTFS, 3, "NTFS    "},     {DISK_EXFAT, 3, "EXFAT   "},
        {DISK_FAT, 54, "FAT16   "},     {DISK_FAT, 82, "FAT32   "},
        {DISK_LUKS, 0, "LUKS\xba\xbe"}, {DISK_XFS, 0, "XFSB"},
        {DISK_EXT, 1080, "\x53\xef"},   {DISK_BTRFS, 65600, "_BHRfS_M"},
        {DISK_LVM, 512, "LABELONE"},    {DISK_SWAP, 4086, "SWAPSPACE2"},
        {DISK_ISO9660, 32769, "CD001"}, {DISK_MBR, 510, "\x55\xaa"},
        {DISK_UNKNOWN, 5000, "x"},      {DISK_UNKNOWN, sizeof(head) - 1, "x"},
        {DISK_UNKNOWN, 0, "\x01"},
    };

    assert_int_equal(content(), DISK_EMPTY);
    for (size_t i = 0; i < sizeof(disks) / sizeof(*disks); i++) {
        clear(NULL);
        memcpy(head + disks[i].offset, disks[i].bytes, strlen(disks[i].bytes));
        assert_int_equal(content(), disks[i].content);
        /* With the end of an MBR, as boot sectors have it, it stays what it is. */
        memcpy(head + 510, "\x55\xaa", 2);
        assert_int_equal(content(), disks[i].content == DISK_UNKNOWN ? DISK_MBR : disks[i].content);
    }
}

static void the_end_counts_too(void **state)
{
    tail[sizeof(tail) - 1] = 1;
    assert_int_equal(content(), DISK_UNKNOWN);
    clear(NULL);
    memcpy(tail + sizeof(tail) - 512, "EFI PART", 8);
    assert_int_equal(content(), DISK_GPT); /* whose first header is lost */
}

static void every_single_byte_is_somebodys(void **state)
{
    for (size_t at = 0; at < sizeof(head); at += 1021) {
        head[at] = 0x80;
        assert_int_not_equal(content(), DISK_EMPTY);
        head[at] = 0;
    }
    assert_int_equal(content(), DISK_EMPTY);
    assert_int_equal(disk_content_of(head, 0, tail, 0), DISK_EMPTY);
    head[0] = 1;
    assert_int_equal(disk_content_of(head, 1, tail, 0), DISK_UNKNOWN);
}

static void qwt_9841_found_by_what_it_is(void **state)
{
    static const struct disk_identity is[] = {
        {"CASEMENT", "PV DISK", "51728", 1 << 30, false},
        {"CASEMENT", "PV DISK", "  0000051728  ", 1 << 30, false},
        {"", "QEMU HARDDISK   ", "QM00002", 1 << 30, false},
    };
    static const struct disk_identity is_not[] = {
        {"CASEMENT", "PV DISK", "51712", 1 << 30, false}, /* xvda */
        {"CASEMENT", "PV DISK", "51744", 1 << 30, false}, /* xvdc */
        {"CASEMENT", "PV DISK", "51728", 1 << 30, true},  /* Windows is on it */
        {"CASEMENT", "PV DISK", "51728", 1 << 29, false}, /* another size than dom0 says */
        {"CASEMENT", "PV DISK", "51728x", 1 << 30, false},
        {"CASEMENT", "PV DISK", "4295019024", 1 << 30, false}, /* 2^32 + 51728 */
        {"CASEMENT", "PV DISK", "", 1 << 30, false},
        {"ATA", "PV DISK", "51728", 1 << 30, false},
        {"", "QEMU HARDDISK", "QM00001", 1 << 30, false},
        {"", "Samsung SSD", "QM00002", 1 << 30, false},
    };

    for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++) {
        assert_true(private_disk_is(&is[i], 1 << 30));
        assert_true(private_disk_is(&is[i], 0));
    }
    for (size_t i = 0; i < sizeof(is_not) / sizeof(*is_not); i++)
        assert_false(private_disk_is(&is_not[i], 1 << 30));
}

/* What each step does to the disk; another step than expected fails. */
static void make(struct private_disk *disk, enum private_step expected)
{
    const char *why;

    assert_int_equal(private_disk_next(disk, &why), expected);
    assert_null(why);
    switch (expected) {
    case PRIVATE_ONLINE:
        disk->offline = false;
        break;
    case PRIVATE_PARTITION:
        disk->content = DISK_GPT;
        disk->partitions = 1;
        disk->ours = true;
        disk->partition_begin = PRIVATE_ALIGN_BYTES;
        disk->partition_bytes = disk->bytes - 2 * PRIVATE_ALIGN_BYTES;
        break;
    case PRIVATE_FORMAT:
        disk->partition_content = DISK_NTFS;
        disk->volume_bytes = disk->partition_bytes;
        break;
    case PRIVATE_MOUNT:
        disk->mounted = true;
        break;
    case PRIVATE_GROW_PARTITION:
        disk->partition_bytes = disk->bytes - PRIVATE_ALIGN_BYTES - disk->partition_begin;
        break;
    case PRIVATE_GROW_VOLUME:
        disk->volume_bytes = disk->partition_bytes;
        break;
    default:
        break;
    }
}

static void from_empty_to_ready_and_larger(void **state)
{
    struct private_disk disk = {.bytes = 2ull << 30, .offline = true};

    make(&disk, PRIVATE_ONLINE);
    make(&disk, PRIVATE_PARTITION);
    make(&disk, PRIVATE_FORMAT);
    make(&disk, PRIVATE_MOUNT);
    make(&disk, PRIVATE_READY);
    disk.bytes += 1ull << 30; /* dom0 resized it */
    make(&disk, PRIVATE_GROW_PARTITION);
    make(&disk, PRIVATE_GROW_VOLUME);
    make(&disk, PRIVATE_READY);
    disk.bytes += 1 << 20;
    make(&disk, PRIVATE_READY);
    disk.mounted = false; /* after a restart */
    make(&disk, PRIVATE_MOUNT);
}

static void qwt_5768_what_holds_anything_is_left_alone(void **state)
{
    const char *why;

    for (enum disk_content c = DISK_UNKNOWN; c <= DISK_ISO9660; c++) {
        struct private_disk disk = {.bytes = 2ull << 30, .content = c};

        assert_int_equal(private_disk_next(&disk, &why), PRIVATE_REFUSED);
        assert_non_null(why);
        /* In a partition: ours or not. NTFS is used. */
        disk = (struct private_disk){.bytes = 2ull << 30,
                                     .content = DISK_GPT,
                                     .partitions = 1,
                                     .partition_begin = 1 << 20,
                                     .partition_bytes = 1 << 30,
                                     .partition_content = c};
        for (int ours = 0; ours < 2; ours++) {
            disk.ours = ours;
            assert_int_equal(private_disk_next(&disk, &why),
                             c == DISK_NTFS ? PRIVATE_MOUNT : PRIVATE_REFUSED);
        }
    }
}

static void what_is_empty_and_not_ours_is_left_alone(void **state)
{
    struct private_disk disk = {.bytes = 2ull << 30,
                                .content = DISK_GPT,
                                .partitions = 1,
                                .partition_begin = 1 << 20,
                                .partition_bytes = 1 << 30};
    const char *why;

    assert_int_equal(private_disk_next(&disk, &why), PRIVATE_REFUSED);
    disk.ours = true;
    assert_int_equal(private_disk_next(&disk, &why), PRIVATE_FORMAT);
    disk.partitions = 2;
    assert_int_equal(private_disk_next(&disk, &why), PRIVATE_REFUSED);
    disk.partitions = 1;
    disk.read_only = true;
    assert_int_equal(private_disk_next(&disk, &why), PRIVATE_REFUSED);
    disk = (struct private_disk){.bytes = 1 << 20};
    assert_int_equal(private_disk_next(&disk, &why), PRIVATE_REFUSED);
    disk = (struct private_disk){.bytes = 2ull << 30,
                                 .content = DISK_GPT,
                                 .partitions = 1,
                                 .ours = true,
                                 .partition_begin = 1 << 20,
                                 .partition_bytes = UINT64_MAX - 5};
    assert_int_equal(private_disk_next(&disk, &why), PRIVATE_REFUSED); /* the sum wraps */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_disks_hold, clear),
        cmocka_unit_test_setup(the_end_counts_too, clear),
        cmocka_unit_test_setup(every_single_byte_is_somebodys, clear),
        cmocka_unit_test(qwt_9841_found_by_what_it_is),
        cmocka_unit_test(from_empty_to_ready_and_larger),
        cmocka_unit_test(qwt_5768_what_holds_anything_is_left_alone),
        cmocka_unit_test(what_is_empty_and_not_ours_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
