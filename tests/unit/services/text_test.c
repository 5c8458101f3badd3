/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the small decoders of core/services over tables of good and hostile text: which addresses
 * qubes.OpenURL opens (qwt-today.md 1.6 item 21: it opened anything), which times
 * qubes.SetDateTime takes, how qubes.OpenInVM's documents are named and which are not opened, which
 * port qubes.ConnectTCP reaches, which picture qubes.GetImageRGBA looks for; and how far a
 * partition grows (qubes.ResizeDisk).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/services/datetime.h"
#include "core/services/document.h"
#include "core/services/grow.h"
#include "core/services/picture.h"
#include "core/services/port.h"
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

/* The field holds name; what lies behind its NUL does not matter. */
static bool parse_name(const char *name, struct document_name *out)
{
    char field[DOCUMENT_FIELD_BYTES];

    memset(field, 'x', sizeof(field));
    strcpy(field, name);
    return document_name_parse(field, out);
}

static void documents_get_harmless_names(void **state)
{
    static const struct {
        const char *sent, *name;
        bool view_only;
    } cases[] = {
        {"letter.txt", "letter.txt", false},
        {"view-only-letter.txt", "letter.txt", true},
        {"view-only-", "view-only-", false},
        {"view-only-view-only-x", "view-only-x", true},
        {"my letter (1).txt", "my_letter__1_.txt", false},
        {"gr\303\274n \360\237\230\200.pdf", "gr_n__.pdf", false},
        {"C:\\Windows\\win.ini", "C__Windows_win.ini", false},
        {"..\\..\\up.txt", ".._.._up.txt", false},
        {"../../up.txt", ".._.._up.txt", false},
        {"a.txt:stream", "a.txt_stream", false},
        {"%TEMP%.txt", "_TEMP_.txt", false},
        {"\" & calc & \".txt", "____calc____.txt", false},
        {"a\nb\r\x01", "a_b__", false},
        {".", "_", false},
        {"..", "._", false},
        {"a.exe.", "a.exe_", false},
        {"a.txt ", "a.txt_", false},
        {"NUL", "_NUL", false},
        {"view-only-com1.txt", "_com1.txt", true},
    };
    struct document_name out;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_true(parse_name(cases[i].sent, &out));
        assert_string_equal(out.text, cases[i].name);
        assert_int_equal(out.view_only, cases[i].view_only);
    }
}

static void no_other_field_is_a_name(void **state)
{
    static const char *const bad[] = {"", "\377", "a\300\200b", "\355\240\200"};
    char field[DOCUMENT_FIELD_BYTES];
    struct document_name out;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(parse_name(bad[i], &out));
    memset(field, 'a', sizeof(field));
    assert_false(document_name_parse(field, &out)); /* no NUL */
    field[DOCUMENT_FIELD_BYTES - 1] = '\0';
    assert_true(document_name_parse(field, &out));
    assert_int_equal(strlen(out.text), DOCUMENT_FIELD_BYTES - 1);
}

static void a_sent_name_is_read_back(void **state)
{
    char field[DOCUMENT_FIELD_BYTES], longest[1000];
    struct document_name out;

    assert_true(document_name_put("letter.txt", true, field));
    assert_true(document_name_parse(field, &out));
    assert_true(out.view_only);
    assert_string_equal(out.text, "letter.txt");
    for (size_t i = 0; i + 1 < sizeof(longest); i++) /* two bytes each; the cut may fall between */
        longest[i] = (char)(i % 2 == 0 ? 0xc3 : 0xbc);
    strcpy(longest + 990, ".txt");
    for (int view_only = 0; view_only < 2; view_only++) {
        assert_true(document_name_put(longest, view_only, field));
        assert_true(document_name_parse(field, &out));
        assert_string_equal(out.text + strlen(out.text) - 5, "_.txt");
    }
    assert_false(document_name_put("", false, field));
    assert_false(document_name_put("\377", false, field));
}

static void programs_are_no_documents(void **state)
{
    static const char *const programs[] = {
        "a.exe", "a.EXE", "a.txt.Js", "x.lnk", "x.url", ".bat", "a.ade", "a.xll", "x.library-ms",
    };
    static const char *const documents[] = {
        "a.txt", "exe", "a.exe_", "a.ex", "a.exee", "a", "a.", "", "a.exe.pdf", "a.docx",
    };

    for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
        if (!document_is_program(programs[i]))
            fail_msg("%s is opened", programs[i]);
    for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++)
        if (document_is_program(documents[i]))
            fail_msg("%s is not opened", documents[i]);
}

static void a_port_is_a_number_and_nothing_else(void **state)
{
    static const char *const bad[] = {
        "",           "0",   "65536",  "99999999999999999999", "080",  "+80",  "-1",
        " 80",        "80 ", "8080+x", "example.org",          "0x50", "80\n", "127.0.0.1+80",
        "4294967376",
    };
    uint16_t port;

    assert_true(port_parse("1", &port) && port == 1);
    assert_true(port_parse("8080", &port) && port == 8080);
    assert_true(port_parse("65535", &port) && port == 65535);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        if (port_parse(bad[i], &port))
            fail_msg("\"%s\" is a port", bad[i]);
}

static void pictures_are_on_this_machine(void **state)
{
    static const struct {
        const char *line;
        enum picture_source source;
        const char *out;
    } cases[] = {
        {"-", PICTURE_STDIN, "-"},
        {"-\r", PICTURE_STDIN, "-"},
        {"xdgicon:0123abc", PICTURE_MENU, "0123abc"},
        {"C:\\x.png", PICTURE_FILE, "C:\\x.png"},
        {"z:/gr\303\274n/\304\272.ico\r", PICTURE_FILE, "z:/gr\303\274n/\304\272.ico"},
        {"", PICTURE_NONE, NULL},
        {"\r", PICTURE_NONE, NULL},
        {"xdgicon:", PICTURE_NONE, NULL},
        {"xdgicon:..\\x", PICTURE_NONE, NULL},
        {"xdgicon:a b", PICTURE_NONE, NULL},
        {"x.png", PICTURE_NONE, NULL},
        {"C:x.png", PICTURE_NONE, NULL},
        {"C:\\", PICTURE_NONE, NULL},
        {"\\\\server\\share\\x.png", PICTURE_NONE, NULL},
        {"//server/share/x.png", PICTURE_NONE, NULL},
        {"\\\\?\\C:\\x.png", PICTURE_NONE, NULL},
        {"\\\\.\\pipe\\x", PICTURE_NONE, NULL},
        {"C:\\\\server\\x", PICTURE_NONE, NULL},
        {"C:\\x.png:stream", PICTURE_NONE, NULL},
        {"C:\\*.png", PICTURE_NONE, NULL},
        {"C:\\\377.png", PICTURE_NONE, NULL},
        {"http://example.org/x.png", PICTURE_NONE, NULL},
    };
    static char longest[PICTURE_LINE_BYTES + 1], out[PICTURE_LINE_BYTES];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const enum picture_source source = picture_parse(cases[i].line, strlen(cases[i].line), out);

        if (source != cases[i].source)
            fail_msg("\"%s\": %d", cases[i].line, (int)source);
        if (cases[i].out != NULL)
            assert_string_equal(out, cases[i].out);
    }
    assert_int_equal(picture_parse("C:\\a\0b", 6, out), PICTURE_NONE);
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "C:\\", 3);
    assert_int_equal(picture_parse(longest, PICTURE_LINE_BYTES - 1, out), PICTURE_FILE);
    assert_int_equal(picture_parse(longest, PICTURE_LINE_BYTES, out), PICTURE_NONE);
}

static void a_partition_grows_into_the_room_behind_it(void **state)
{
    static const uint64_t mib = 1 << 20;
    const struct {
        uint64_t disk_mib, others[2][2], room_mib; /* ours: 100 MiB at 100 */
        bool blocked;
    } cases[] = {
        {300, {{1, 99}, {1, 99}}, 99, false},   /* the GPT's copy stays free */
        {201, {{1, 99}, {1, 99}}, 0, false},    /* it has not grown */
        {204, {{1, 99}, {1, 99}}, 0, false},    /* hardly */
        {300, {{1, 99}, {250, 10}}, 50, false}, /* up to the next */
        {300, {{1, 99}, {200, 10}}, 0, true},   /* the room is behind another */
        {211, {{1, 99}, {200, 10}}, 0, false},  /* and there is none */
        {300, {{1, 99}, {150, 10}}, 0, false},  /* one that overlaps */
        {150, {{1, 99}, {1, 99}}, 0, false},    /* it ends behind the disk */
        {0, {{1, 99}, {1, 99}}, 0, false},      {300, {{1, 99}, {UINT64_MAX >> 20, 1}}, 0, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct grow_partition partitions[3] = {{0, 0}, {100 * mib, 100 * mib}, {0, 0}};
        bool blocked;

        for (int n = 0; n < 2; n++)
            partitions[2 * n] =
                (struct grow_partition){cases[i].others[n][0] * mib, cases[i].others[n][1] * mib};
        if (grow_room(cases[i].disk_mib * mib, partitions, 3, 1, &blocked) !=
                cases[i].room_mib * mib ||
            blocked != cases[i].blocked)
            fail_msg("case %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_the_web_are_opened),
        cmocka_unit_test(nothing_else_is_opened),
        cmocka_unit_test(times_are_taken),
        cmocka_unit_test(no_other_text_is_a_time),
        cmocka_unit_test(documents_get_harmless_names),
        cmocka_unit_test(no_other_field_is_a_name),
        cmocka_unit_test(a_sent_name_is_read_back),
        cmocka_unit_test(programs_are_no_documents),
        cmocka_unit_test(a_port_is_a_number_and_nothing_else),
        cmocka_unit_test(pictures_are_on_this_machine),
        cmocka_unit_test(a_partition_grows_into_the_room_behind_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
