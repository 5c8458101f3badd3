/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that a guest's XenStore ring moves bytes in order across its end and across the wrap of
 * its 32-bit indexes, never more than fit, and that a peer's impossible indexes are refused
 * without a byte being touched.
 */
#include "core/xen/xs_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void bytes_cross_the_end_and_the_wrap(void **state)
{
    static const uint32_t starts[] = {0, 1000, 1023, 1024, UINT32_MAX - 5, UINT32_MAX};
    for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
        struct xs_ring_page page;
        uint8_t out[700], in[700];
        memset(&page, 0, sizeof(page));
        page.request_producer = page.request_consumer = starts[s];
        page.reply_producer = page.reply_consumer = starts[s];
        for (size_t i = 0; i < sizeof(out); i++)
            out[i] = (uint8_t)(i * 7 + s);
        assert_int_equal(xs_ring_write(&page, out, sizeof(out)), 700);
        assert_int_equal(page.request_producer, starts[s] + 700);
        memcpy(page.reply, page.request, XS_RING_BYTES);
        page.reply_producer = page.request_producer;
        assert_int_equal(xs_ring_read(&page, in, sizeof(in)), 700);
        assert_memory_equal(in, out, sizeof(out));
        assert_int_equal(xs_ring_read(&page, in, sizeof(in)), 0);
    }
}

static void a_full_ring_takes_no_more(void **state)
{
    struct xs_ring_page page;
    uint8_t bytes[2000] = {0};
    memset(&page, 0, sizeof(page));
    assert_int_equal(xs_ring_write(&page, bytes, 1000), 1000);
    assert_int_equal(xs_ring_write(&page, bytes, 1000), 24);
    assert_int_equal(xs_ring_write(&page, bytes, 1000), 0);
    page.request_consumer = 5;
    assert_int_equal(xs_ring_write(&page, bytes, 1000), 5);
    page.reply_producer = 1024;
    assert_int_equal(xs_ring_read(&page, bytes, 2000), 1024);
}

static void impossible_indexes_are_refused(void **state)
{
    static const uint32_t bad[] = {1025, 2048, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct xs_ring_page page, before;
        uint8_t bytes[64], untouched[64];
        memset(&page, 0x55, sizeof(page));
        memset(bytes, 0x77, sizeof(bytes));
        memset(untouched, 0x77, sizeof(untouched));
        page.request_consumer = 3;
        page.request_producer = 3 + bad[i];
        page.reply_consumer = 9;
        page.reply_producer = 9 + bad[i];
        before = page;
        assert_int_equal(xs_ring_write(&page, bytes, sizeof(bytes)), XS_RING_BROKEN);
        assert_int_equal(xs_ring_read(&page, bytes, sizeof(bytes)), XS_RING_BROKEN);
        assert_memory_equal(&page, &before, sizeof(page));
        assert_memory_equal(bytes, untouched, sizeof(bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_cross_the_end_and_the_wrap),
        cmocka_unit_test(a_full_ring_takes_no_more),
        cmocka_unit_test(impossible_indexes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
