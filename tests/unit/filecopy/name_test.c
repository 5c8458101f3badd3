/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves which names a receiver takes: UTF-8 only, no way out of the target folder, nothing that
 * deceives a reader unless all names are allowed; which links it takes; and the UTF-16 conversions.
 */
#include "tests/unit/filecopy/unit.h"
#include "core/filecopy/name.h"

static enum fc_error check(const char *path)
{
    return fc_check_path(path, strlen(path), false);
}

static enum fc_error check_link(const char *path, const char *target)
{
    return fc_check_symlink(path, strlen(path), target, strlen(target), false);
}

static void good_paths_pass(void **state)
{
    static const char *const good[] = {"a",
                                       "a/b/c",
                                       ".hidden",
                                       "...",
                                       "a..b",
                                       "..a",
                                       "a b",
                                       "100%",
                                       "gr\xC3\xB6\xC3\x9F",
                                       "\xE6\x97\xA5\xE6\x9C\xAC",
                                       "\xF0\x9F\x98\x80",
                                       "CON",
                                       "a:b",
                                       "a\\b"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(check(good[i]), FC_OK);
}

static void paths_that_leave_or_deceive_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "/",
                                      "/a",
                                      "a/",
                                      "a//b",
                                      ".",
                                      "..",
                                      "a/.",
                                      "a/../b",
                                      "../a",
                                      "./a",
                                      "a\nb",
                                      "a\x7F",
                                      "a\xC2\x80",            /* C1 control */
                                      "a\xE2\x80\xAEgpj.exe", /* right-to-left override */
                                      "a\xE2\x80\x8B",        /* zero width */
                                      "\xC2\xA0",             /* no-break space */
                                      "\xEE\x80\x80",         /* private use */
                                      "\xEF\xBF\xBE",         /* U+FFFE */
                                      "\xF3\xA0\x80\x81"};    /* tag */

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(check(bad[i]), FC_EILSEQ);
}

static void only_utf8_is_a_name(void **state)
{
    static const char *const bad[] = {"\x80",
                                      "\xC0\xAF",
                                      "\xC1\xBF",
                                      "\xC3",
                                      "\xE0\x80\xAF",
                                      "\xE2\x82",
                                      "\xED\xA0\x80",
                                      "\xF0\x80\x80\xAF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(fc_check_path(bad[i], strlen(bad[i]), true), FC_EILSEQ);
    assert_int_equal(fc_check_path("a\0b", 3, true), FC_EILSEQ);
}

static void all_names_means_characters_not_paths(void **state)
{
    assert_int_equal(fc_check_path("a\nb", 3, true), FC_OK);
    assert_int_equal(fc_check_path("a\xE2\x80\xAE", 4, true), FC_OK);
    assert_int_equal(fc_check_path("../a", 4, true), FC_EILSEQ);
}

static void length_ends_below_the_limit(void **state)
{
    char path[FC_NAME_LIMIT];

    memset(path, 'x', sizeof(path));
    assert_int_equal(fc_check_path(path, FC_NAME_LIMIT - 1, false), FC_OK);
    assert_int_equal(fc_check_path(path, FC_NAME_LIMIT, false), FC_EILSEQ);
}

static void links_stay_inside_the_copied_folder(void **state)
{
    assert_int_equal(check_link("a/b", "c"), FC_OK);
    assert_int_equal(check_link("a/b", "./c/d"), FC_OK);
    assert_int_equal(check_link("a/b/c", "../d"), FC_OK);
    assert_int_equal(check_link("a/b/c/d", "../../e/f"), FC_OK);
    assert_int_equal(check_link("a", "b"), FC_ENOLINK);
    assert_int_equal(check_link("a/b", "/etc/passwd"), FC_ENOLINK);
    assert_int_equal(check_link("a/b", "../c"), FC_ENOLINK);
    assert_int_equal(check_link("a/b/c", "../../d"), FC_ENOLINK);
    assert_int_equal(check_link("a/b/c", "d/../../e"), FC_ENOLINK);
    assert_int_equal(check_link("a/b", ""), FC_ENOLINK);
    assert_int_equal(check_link("a/b", "c\nd"), FC_EILSEQ);
    assert_int_equal(check_link("a/b", "\xFF"), FC_EILSEQ);
}

static void domains_name_folders(void **state)
{
    assert_true(fc_check_domain("work"));
    assert_true(fc_check_domain("sys-net.2_x"));
    assert_true(fc_check_domain("a234567890123456789012345678901"));
    assert_false(fc_check_domain("a2345678901234567890123456789012"));
    assert_false(fc_check_domain(""));
    assert_false(fc_check_domain(".."));
    assert_false(fc_check_domain("a/b"));
    assert_false(fc_check_domain("a\\..\\b"));
    assert_false(fc_check_domain("1abc"));
}

static void utf16_and_back_for_every_code_point(void **state)
{
    for (uint32_t code = 1; code <= 0x10FFFF; code++) {
        uint16_t wide[2] = {(uint16_t)code, 0};
        size_t units = 1;
        char text[4];
        uint16_t back[2];
        uint32_t read;
        size_t bytes;

        if (code > 0xFFFF) {
            wide[0] = (uint16_t)(0xD800 + ((code - 0x10000) >> 10));
            wide[1] = (uint16_t)(0xDC00 + ((code - 0x10000) & 0x3FF));
            units = 2;
        }
        bytes = fc_utf16_to_utf8(wide, units, text, sizeof(text));
        if (code >= 0xD800 && code <= 0xDFFF) {
            assert_true(bytes == SIZE_MAX);
            continue;
        }
        assert_int_equal(fc_utf8_next(text, bytes, &read), bytes);
        assert_int_equal(read, code);
        assert_int_equal(fc_utf8_to_utf16(text, bytes, back, 2), units);
        assert_memory_equal(back, wide, units * 2);
        assert_true(fc_utf8_to_utf16(text, bytes, back, units - 1) == SIZE_MAX);
        assert_true(fc_utf16_to_utf8(wide, units, text, bytes - 1) == SIZE_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_paths_pass),
        cmocka_unit_test(paths_that_leave_or_deceive_are_refused),
        cmocka_unit_test(only_utf8_is_a_name),
        cmocka_unit_test(all_names_means_characters_not_paths),
        cmocka_unit_test(length_ends_below_the_limit),
        cmocka_unit_test(links_stay_inside_the_copied_folder),
        cmocka_unit_test(domains_name_folders),
        cmocka_unit_test(utf16_and_back_for_every_code_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
