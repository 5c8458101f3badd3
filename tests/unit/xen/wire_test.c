/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that XenStore's messages are put together and taken apart exactly: lengths up to 4096 and
 * not one more, strings that are what they claim, numbers that fit.
 */
#include "core/xen/xs_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_header_is_four_little_endian_words(void **state)
{
    const struct xs_header header = {0x01020304, 5, 0xfffefdfc, 16};
    const uint8_t bytes[16] = {4, 3, 2, 1, 5, 0, 0, 0, 0xfc, 0xfd, 0xfe, 0xff, 16, 0, 0, 0};
    uint8_t written[16];
    struct xs_header read;
    xs_header_write(written, &header);
    assert_memory_equal(written, bytes, 16);
    xs_header_read(&read, bytes);
    assert_memory_equal(&read, &header, sizeof(header));
}

/* pv-drivers 3.1 item 2: a reply of 4096 bytes is legal, and a length is checked before use. */
static void the_assembler_takes_4096_bytes_and_no_more(void **state)
{
    static struct xs_assembler assembler;
    static uint8_t payload[XS_PAYLOAD_MAX_BYTES];
    struct xs_header header = {.type = XS_TYPE_READ, .length_bytes = XS_PAYLOAD_MAX_BYTES}, got;
    uint8_t bytes[16];
    xs_header_write(bytes, &header);
    xs_assembler_reset(&assembler);
    assert_int_equal(xs_assembler_room(&assembler), 16);
    assert_true(xs_assembler_feed(&assembler, bytes, 16));
    assert_int_equal(xs_assembler_room(&assembler), 4096);
    assert_false(xs_assembler_complete(&assembler, &got));
    assert_true(xs_assembler_feed(&assembler, payload, 4096));
    assert_int_equal(xs_assembler_room(&assembler), 0);
    assert_true(xs_assembler_complete(&assembler, &got));
    assert_int_equal(got.length_bytes, 4096);
    for (uint32_t length = 4097; length; length = length < 0x80000000 ? length * 2 : 0) {
        header.length_bytes = length;
        xs_header_write(bytes, &header);
        xs_assembler_reset(&assembler);
        assert_true(xs_assembler_feed(&assembler, bytes, 7));
        assert_false(xs_assembler_feed(&assembler, bytes + 7, 9));
    }
}

static void an_empty_payload_is_complete_with_its_header(void **state)
{
    static struct xs_assembler assembler;
    struct xs_header header = {.type = XS_TYPE_READ}, got;
    uint8_t bytes[16];
    xs_header_write(bytes, &header);
    xs_assembler_reset(&assembler);
    for (int i = 0; i < 16; i++) {
        assert_false(xs_assembler_complete(&assembler, &got));
        assert_true(xs_assembler_feed(&assembler, bytes + i, 1));
    }
    assert_true(xs_assembler_complete(&assembler, &got));
}

static bool two(const char *payload, uint32_t length, uint32_t want_first, uint32_t want_second)
{
    uint32_t first = 99, second = 99;
    return xs_two_strings((const uint8_t *)payload, length, &first, &second) &&
           first == want_first && second == want_second;
}

static void two_strings_are_two(void **state)
{
    uint32_t first, second;
    assert_true(two("ab\0c", 5, 2, 1));
    assert_true(two("\0", 2, 0, 0));
    assert_true(two("a\0", 3, 1, 0));
    static const struct {
        const char *payload;
        uint32_t length;
    } bad[] = {{"", 0}, {"", 1}, {"ab", 3}, {"ab\0c", 4}, {"a\0b\0c", 6}, {"abc", 3}, {"a\0\0", 4}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(
            xs_two_strings((const uint8_t *)bad[i].payload, bad[i].length, &first, &second));
}

static void a_transaction_number_is_digits(void **state)
{
    uint32_t number;
    assert_true(xs_transaction_number((const uint8_t *)"1", 2, &number) && number == 1);
    assert_true(xs_transaction_number((const uint8_t *)"4294967295", 11, &number));
    assert_int_equal(number, UINT32_MAX);
    static const char *const bad[] = {"", "0", "-1", "+1", " 1", "1 ", "4294967296", "12345678901"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(
            xs_transaction_number((const uint8_t *)bad[i], (uint32_t)strlen(bad[i]) + 1, &number));
    assert_false(xs_transaction_number((const uint8_t *)"12", 2, &number)); /* no NUL */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_four_little_endian_words),
        cmocka_unit_test(the_assembler_takes_4096_bytes_and_no_more),
        cmocka_unit_test(an_empty_payload_is_complete_with_its_header),
        cmocka_unit_test(two_strings_are_two),
        cmocka_unit_test(a_transaction_number_is_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
