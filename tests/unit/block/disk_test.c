/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a backend writes into XenStore: numbers are read strictly, each node means what io/blkif.h
 * says, what would make requests go wrong is a fault, and the units of a large sector are never
 * guessed.
 */
#include "core/block/disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct node {
    enum blk_node node;
    const char *text;
};

static bool set(struct blk_values *values, enum blk_node node, const char *text)
{
    return blk_values_set(values, node, text, (uint32_t)strlen(text));
}

/* The values of a good disk, with others in place of some. */
static struct blk_values values_of(const struct node *others, uint32_t count)
{
    struct blk_values values = {0};
    assert_true(set(&values, BLK_NODE_SECTORS, "20480"));
    assert_true(set(&values, BLK_NODE_SECTOR_SIZE, "512"));
    for (uint32_t i = 0; i < count; i++)
        assert_true(set(&values, others[i].node, others[i].text));
    return values;
}
#define VALUES(...)                                                                                \
    values_of((struct node[]){__VA_ARGS__},                                                        \
              sizeof((struct node[]){__VA_ARGS__}) / sizeof(struct node))

static enum blk_fault fault_of(struct blk_values values)
{
    struct blk_disk disk;
    return blk_disk_read(&values, &disk);
}

static struct blk_disk disk_of(struct blk_values values)
{
    struct blk_disk disk;
    assert_int_equal(blk_disk_read(&values, &disk), BLK_NO_FAULT);
    return disk;
}

static void numbers_are_read_strictly(void **state)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "-1",
                                      "0x10",
                                      "1a",
                                      "1.5",
                                      "\n",
                                      "18446744073709551616",
                                      "000000000000000000001",
                                      "99999999999999999999"};
    struct blk_values values = {0};
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(set(&values, BLK_NODE_SECTORS, bad[i]));
    assert_int_equal(values.known, 0);
    assert_true(set(&values, BLK_NODE_SECTORS, "18446744073709551615"));
    assert_int_equal(values.numbers[BLK_NODE_SECTORS], UINT64_MAX);
    assert_false(set(&values, BLK_NODE_SECTOR_SIZE, "4294967296"));
    assert_true(set(&values, BLK_NODE_SECTOR_SIZE, "4294967295"));
    assert_false(blk_values_set(&values, BLK_NODE_INFO, "12\0", 3));
}

static void every_node_has_its_own_name(void **state)
{
    for (enum blk_node a = 0; a < BLK_NODE_COUNT; a++) {
        assert_true(blk_node_name(a)[0]);
        for (enum blk_node b = 0; b < a; b++)
            assert_string_not_equal(blk_node_name(a), blk_node_name(b));
    }
}

static void a_plain_disk(void **state)
{
    struct blk_disk disk = disk_of(values_of(NULL, 0));
    assert_int_equal(disk.sector_count, 20480);
    assert_int_equal(disk.sector_bytes, 512);
    assert_int_equal(disk.physical_sector_bytes, 512);
    assert_int_equal(disk.segments_max, BLK_WIRE_SEGMENTS);
    assert_int_equal(disk.flush, BLK_FLUSH_NONE);
    assert_false(disk.read_only || disk.removable || disk.cdrom || disk.discard ||
                 disk.discard_secure || disk.persistent);
}

static void sizes_that_cannot_be(void **state)
{
    static const struct {
        struct node node;
        enum blk_fault fault;
    } cases[] = {
        {{BLK_NODE_SECTOR_SIZE, "0"}, BLK_FAULT_SECTOR_SIZE},
        {{BLK_NODE_SECTOR_SIZE, "3"}, BLK_FAULT_SECTOR_SIZE},
        {{BLK_NODE_SECTOR_SIZE, "256"}, BLK_FAULT_SECTOR_SIZE},
        {{BLK_NODE_SECTOR_SIZE, "513"}, BLK_FAULT_SECTOR_SIZE},
        {{BLK_NODE_SECTOR_SIZE, "8192"}, BLK_FAULT_SECTOR_SIZE},
        {{BLK_NODE_SECTOR_SIZE, "2147483648"}, BLK_FAULT_SECTOR_SIZE},
        {{BLK_NODE_SECTORS, "0"}, BLK_FAULT_SIZE},
        {{BLK_NODE_SECTORS, "18014398509481985"}, BLK_FAULT_SIZE},
        {{BLK_NODE_SECTORS, "18446744073709551615"}, BLK_FAULT_SIZE},
        {{BLK_NODE_PHYSICAL_SECTOR_SIZE, "0"}, BLK_FAULT_PHYSICAL_SIZE},
        {{BLK_NODE_PHYSICAL_SECTOR_SIZE, "256"}, BLK_FAULT_PHYSICAL_SIZE},
        {{BLK_NODE_PHYSICAL_SECTOR_SIZE, "1000"}, BLK_FAULT_PHYSICAL_SIZE},
        {{BLK_NODE_PHYSICAL_SECTOR_SIZE, "2147483648"}, BLK_FAULT_PHYSICAL_SIZE},
        {{BLK_NODE_INDIRECT_SEGMENTS, "0"}, BLK_FAULT_NO_INDIRECT},
    };
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(fault_of(values_of(&cases[i].node, 1)), cases[i].fault);
    struct blk_values none = {0};
    assert_int_equal(fault_of(none), BLK_FAULT_NO_SIZE);
    assert_true(set(&none, BLK_NODE_SECTORS, "8"));
    assert_int_equal(fault_of(none), BLK_FAULT_NO_SIZE);
    assert_int_equal(disk_of(VALUES({BLK_NODE_SECTORS, "18014398509481984"})).sector_count,
                     UINT64_C(1) << 54);
}

/* blkif.h, September 2024: 512 bytes on the wire whatever sector-size says. */
static void units_of_large_sectors_are_not_guessed(void **state)
{
    struct blk_disk disk =
        disk_of(VALUES({BLK_NODE_SECTOR_SIZE, "4096"}, {BLK_NODE_PHYSICAL_SECTOR_SIZE, "4096"}));
    assert_int_equal(disk.sector_count, 20480);
    assert_int_equal(disk.sector_bytes, 4096);
    assert_int_equal(
        fault_of(VALUES({BLK_NODE_SECTOR_SIZE, "4096"}, {BLK_NODE_LARGE_SECTOR_SIZE, "1"})),
        BLK_FAULT_SECTOR_UNITS);
    disk_of(VALUES({BLK_NODE_LARGE_SECTOR_SIZE, "1"}));
    disk_of(VALUES({BLK_NODE_SECTOR_SIZE, "4096"}, {BLK_NODE_LARGE_SECTOR_SIZE, "0"}));
    /* 20481 sectors of 512 bytes are no whole sectors of 4096. */
    assert_int_equal(fault_of(VALUES({BLK_NODE_SECTOR_SIZE, "4096"}, {BLK_NODE_SECTORS, "20481"})),
                     BLK_FAULT_SIZE);
}

static void features(void **state)
{
    struct blk_disk disk = disk_of(
        VALUES({BLK_NODE_FLUSH, "1"}, {BLK_NODE_BARRIER, "1"}, {BLK_NODE_PERSISTENT, "1"},
               {BLK_NODE_INDIRECT_SEGMENTS, "64"}, {BLK_NODE_PHYSICAL_SECTOR_SIZE, "4096"}));
    assert_int_equal(disk.flush, BLK_FLUSH_COMMAND);
    assert_true(disk.persistent);
    assert_int_equal(disk.segments_max, 64);
    assert_int_equal(disk.physical_sector_bytes, 4096);
    assert_int_equal(disk_of(VALUES({BLK_NODE_BARRIER, "1"})).flush, BLK_FLUSH_BARRIER);
    assert_int_equal(disk_of(VALUES({BLK_NODE_INDIRECT_SEGMENTS, "5"})).segments_max, 11);
    assert_int_equal(disk_of(VALUES({BLK_NODE_INDIRECT_SEGMENTS, "4294967295"})).segments_max, 256);

    assert_true(disk_of(VALUES({BLK_NODE_INFO, "4"})).read_only);
    assert_true(disk_of(VALUES({BLK_NODE_INFO, "2"})).removable);
    disk = disk_of(VALUES({BLK_NODE_INFO, "1"}));
    assert_true(disk.cdrom && disk.read_only);
}

static void discard_hints(void **state)
{
    struct blk_disk disk = disk_of(VALUES({BLK_NODE_DISCARD, "1"}, {BLK_NODE_DISCARD_SECURE, "1"},
                                          {BLK_NODE_DISCARD_GRANULARITY, "65536"},
                                          {BLK_NODE_DISCARD_ALIGNMENT, "4096"}));
    assert_true(disk.discard && disk.discard_secure);
    assert_int_equal(disk.discard_granularity_bytes, 65536);
    assert_int_equal(disk.discard_alignment_bytes, 4096);

    disk = disk_of(VALUES({BLK_NODE_DISCARD, "1"}));
    assert_int_equal(disk.discard_granularity_bytes, 512);
    assert_false(disk.discard_secure);
    assert_false(disk_of(VALUES({BLK_NODE_DISCARD_SECURE, "1"})).discard_secure);
    assert_false(disk_of(VALUES({BLK_NODE_DISCARD, "1"}, {BLK_NODE_INFO, "4"})).discard);
    /* Hints that cannot be followed turn off what they are for, and nothing else. */
    assert_false(
        disk_of(VALUES({BLK_NODE_DISCARD, "1"}, {BLK_NODE_DISCARD_GRANULARITY, "700"})).discard);
    assert_false(
        disk_of(VALUES({BLK_NODE_DISCARD, "1"}, {BLK_NODE_DISCARD_ALIGNMENT, "512"})).discard);
}

static void plans(void **state)
{
    static const struct {
        const char *queues, *order; /* NULL: not said */
        uint32_t cpus, queues_max, order_max, expected_queues, expected_order;
    } cases[] = {
        {NULL, NULL, 4, 8, 4, 1, 0},
        {"4", "4", 2, 8, 4, 2, 4},
        {"2", "3", 8, 8, 4, 2, 3},
        {"64", "9", 64, 8, 4, 8, 4},
        {"64", "9", 64, 1, 0, 1, 0},
        {"0", "0", 4, 8, 4, 1, 0},
        {"4294967295", "4294967295", 16, 99, 99, 8, 4},
    };
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct blk_values values = {0};
        if (cases[i].queues)
            assert_true(set(&values, BLK_NODE_QUEUES_MAX, cases[i].queues));
        if (cases[i].order)
            assert_true(set(&values, BLK_NODE_RING_ORDER_MAX, cases[i].order));
        struct blk_plan plan =
            blk_plan_make(&values, cases[i].cpus, cases[i].queues_max, cases[i].order_max);
        assert_int_equal(plan.queue_count, cases[i].expected_queues);
        assert_int_equal(plan.ring_order, cases[i].expected_order);
    }
}

static void a_disk_in_use_only_grows(void **state)
{
    struct blk_disk before = disk_of(values_of(NULL, 0));
    struct blk_disk now = disk_of(VALUES({BLK_NODE_SECTORS, "20481"}, {BLK_NODE_FLUSH, "1"}));
    assert_int_equal(blk_disk_may_follow(&before, &now), BLK_NO_FAULT);
    assert_int_equal(blk_disk_may_follow(&before, &before), BLK_NO_FAULT);
    assert_int_equal(blk_disk_may_follow(&now, &before), BLK_FAULT_SHRUNK);
    now = disk_of(VALUES({BLK_NODE_SECTOR_SIZE, "1024"}));
    assert_int_equal(blk_disk_may_follow(&before, &now), BLK_FAULT_SHRUNK);
}

static void every_fault_has_its_own_sentence(void **state)
{
    for (enum blk_fault a = 0; a < BLK_FAULT_COUNT; a++)
        for (enum blk_fault b = 0; b < a; b++)
            assert_string_not_equal(blk_fault_text(a), blk_fault_text(b));
    assert_non_null(blk_fault_text(BLK_FAULT_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(every_node_has_its_own_name),
        cmocka_unit_test(a_plain_disk),
        cmocka_unit_test(sizes_that_cannot_be),
        cmocka_unit_test(units_of_large_sectors_are_not_guessed),
        cmocka_unit_test(features),
        cmocka_unit_test(discard_hints),
        cmocka_unit_test(plans),
        cmocka_unit_test(a_disk_in_use_only_grows),
        cmocka_unit_test(every_fault_has_its_own_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
