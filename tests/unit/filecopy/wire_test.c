/* SPDX-License-Identifier: BSD-2-Clause */
/* Proves that headers and results have the field's byte layout, whatever the machine. */
#include "tests/unit/filecopy/unit.h"
#include "core/filecopy/wire.h"

static void header_has_the_fields_layout(void **state)
{
    static const uint8_t expected[FC_HEADER_SIZE] = {
        0x04, 0x03, 0x02, 0x01, 0xA4, 0x81, 0x00, 0x00, 0x18, 0x17, 0x16,
        0x15, 0x14, 0x13, 0x12, 0x11, 0x24, 0x23, 0x22, 0x21, 0x34, 0x33,
        0x32, 0x31, 0x44, 0x43, 0x42, 0x41, 0x54, 0x53, 0x52, 0x51};
    struct fc_header header = {0x01020304, 0100644,    0x1112131415161718, 0x21222324,
                               0x31323334, 0x41424344, 0x51525354};
    struct fc_header back;
    uint8_t bytes[FC_HEADER_SIZE];

    fc_header_encode(bytes, &header);
    assert_memory_equal(bytes, expected, sizeof(expected));
    fc_header_decode(&back, bytes);
    assert_memory_equal(&back, &header, sizeof(header));
}

static void result_has_the_fields_layout(void **state)
{
    static const uint8_t expected[FC_RESULT_SIZE] = {0x11, 0,    0,    0,    0, 0, 0, 0,
                                                     0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0};
    struct fc_result result = {FC_EEXIST, 0, 0x12345678};
    struct fc_result back;
    uint8_t bytes[FC_RESULT_SIZE];

    fc_result_encode(bytes, &result);
    assert_memory_equal(bytes, expected, sizeof(expected));
    fc_result_decode(&back, bytes);
    assert_memory_equal(&back, &result, sizeof(result));
}

static void error_numbers_are_linux_numbers(void **state)
{
    assert_int_equal(FC_EEXIST, EEXIST);
    assert_int_equal(FC_ENOSPC, ENOSPC);
    assert_int_equal(FC_EDQUOT, EDQUOT);
    assert_int_equal(FC_ENAMETOOLONG, ENAMETOOLONG);
    assert_int_equal(FC_EILSEQ, EILSEQ);
    assert_int_equal(FC_ENOLINK, ENOLINK);
    assert_int_equal(FC_EREMOTEIO, EREMOTEIO);
    assert_int_equal(FC_EINVAL, EINVAL);
    assert_int_equal(FC_ELOOP, ELOOP);
    assert_int_equal(FC_EBADMSG, EBADMSG);
    assert_int_equal(FC_ECANCELED, ECANCELED);
    assert_int_equal(FC_ENOTEMPTY, ENOTEMPTY);
    assert_int_equal(FC_EROFS, EROFS);
    for (uint32_t error = 0; error < 200; error++)
        assert_non_null(fc_error_text(error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_has_the_fields_layout),
        cmocka_unit_test(result_has_the_fields_layout),
        cmocka_unit_test(error_numbers_are_linux_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
