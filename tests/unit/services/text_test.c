/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the small decoders of core/services over tables of good and hostile text: which addresses
 * qubes.OpenURL opens (qwt-today.md 1.6 item 21: it opened anything), which times
 * qubes.SetDateTime takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/services/datetime.h"
#include "core/services/url.h"

static void addresses_of_the_web_are_opened(void **state)
{
    static const char *const good[] = {
        "http://example.org",          "https://example.org/a?b=c&d=%20#e\n",
        "HTTPS://Example.org\r\n",     "ftp://user@example.org:21/file;type=i",
        "http://[::1]:8080/~x/!$()*,",
    };
    char out[URL_BYTES_MAX + 1];

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_true(url_parse(good[i], strlen(good[i]), out));
        assert_memory_equal(out, good[i], strlen(out));
        assert_int_equal(strcspn(good[i], "\r\n"), strlen(out));
    }
}

static void nothing_else_is_opened(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "http://",
        "file:///C:/windows/win.ini",
        "javascript:alert(1)",
        "ms-settings:privacy",
        "C:\\windows\\system32\\cmd.exe",
        "\\\\server\\share\\evil.exe",
        "cmd.exe /c calc",
        " http://example.org",
        "http://example.org http://other",
        "http://example.org\" & calc & \"",
        "http://example.org\nhttp://second",
        "http://example.org\n\n",
        "http://ex\303\244mple.org",
        "http://example.org\\..\\evil",
        "httpx://example.org",
        "http:/example.org",
    };
    static char longest[URL_BYTES_MAX + 2];
    char out[URL_BYTES_MAX + 1];

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (url_parse(bad[i], strlen(bad[i]), out))
            fail_msg("\"%s\" is opened", bad[i]);
    }
    assert_false(url_parse("http://a\0b", 10, out));
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "http://", 7);
    assert_true(url_parse(longest, URL_BYTES_MAX, out));
    assert_false(url_parse(longest, URL_BYTES_MAX + 1, out));
}

static void times_are_taken(void **state)
{
    struct datetime at;

    assert_true(datetime_parse("2026-11-23T10:40:59+00:00\n", 26, &at));
    assert_int_equal(at.year, 2026);
    assert_int_equal(at.month, 11);
    assert_int_equal(at.day, 23);
    assert_int_equal(at.hour, 10);
    assert_int_equal(at.minute, 40);
    assert_int_equal(at.second, 59);
    assert_int_equal(at.nanosecond, 0);
    assert_true(datetime_parse("2024-02-29T00:00:00,123456789+00:00", 35, &at));
    assert_int_equal(at.nanosecond, 123456789);
}

static void no_other_text_is_a_time(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-11-23",
        "2026-11-23T10:40:59",
        "2026-11-23T10:40:59Z",
        "2026-11-23T10:40:59+01:00",
        "2026-11-23T10:40:59+00:01",
        "2026-11-23 10:40:59+00:00",
        "2026-13-23T10:40:59+00:00",
        "2026-00-23T10:40:59+00:00",
        "2026-11-31T10:40:59+00:00",
        "2026-11-00T10:40:59+00:00",
        "2025-02-29T10:40:59+00:00",
        "2026-11-23T24:40:59+00:00",
        "2026-11-23T10:60:59+00:00",
        "2026-11-23T10:40:60+00:00",
        "1999-12-31T10:40:59+00:00",
        "2200-01-01T00:00:00+00:00",
        "2026-11-23T10:40:59,12345678+00:00",
        "2026-11-23T10:40:59+00:00 ",
        "2026-11-23T10:40:59+00:00\n\n",
        "+026-11-23T10:40:59+00:00",
    };
    struct datetime at;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (datetime_parse(bad[i], strlen(bad[i]), &at))
            fail_msg("\"%s\" is a time", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_the_web_are_opened),
        cmocka_unit_test(nothing_else_is_opened),
        cmocka_unit_test(times_are_taken),
        cmocka_unit_test(no_other_text_is_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
