/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that the list of PV devices comes out of xenstore's bytes as the numbers that are devices,
 * sorted and once each, whatever else a hostile xenstored puts between them.
 */
#include "core/xen/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t numbers[XEN_CHILDREN_MAX];

static void numbers_come_sorted_and_once(void **state)
{
    static const char list[] = "768\0000\00051712\000768\0005632\0002147483647";
    assert_int_equal(xen_children_parse(list, sizeof(list), numbers), 5);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(numbers[1], 768);
    assert_int_equal(numbers[2], 5632);
    assert_int_equal(numbers[3], 51712);
    assert_int_equal(numbers[4], INT32_MAX);
}

static void what_is_no_device_number_is_left_out(void **state)
{
    static const char list[] =
        "\0\0-1\0+1\0 1\0001 \00001\0002147483648\0004294967297\00099999999999999999"
        "\000xvda\0001a\000..\0/\000\377\0007";
    assert_int_equal(xen_children_parse(list, sizeof(list), numbers), 1);
    assert_int_equal(numbers[0], 7);
    /* Without its NUL the last name may be cut off. */
    assert_int_equal(xen_children_parse("12\00034", 5, numbers), 1);
    assert_int_equal(numbers[0], 12);
    assert_int_equal(xen_children_parse(NULL, 0, numbers), 0);
}

static void more_than_the_table_holds_does_no_harm(void **state)
{
    char *list = malloc(4096); /* of the length that ASan watches */
    size_t length = 0;
    for (int i = 400; i > 0; i--)
        length += (size_t)sprintf(list + length, "%d", i) + 1;
    list = realloc(list, length);
    assert_int_equal(xen_children_parse(list, length, numbers), XEN_CHILDREN_MAX);
    for (size_t i = 1; i < XEN_CHILDREN_MAX; i++)
        assert_true(numbers[i - 1] < numbers[i]);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_sorted_and_once),
        cmocka_unit_test(what_is_no_device_number_is_left_out),
        cmocka_unit_test(more_than_the_table_holds_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
