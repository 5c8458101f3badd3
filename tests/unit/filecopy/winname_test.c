/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the escape for Windows: what it makes is never forbidden, undoing it gives the name back,
 * both for all short names over a nasty alphabet and for a long random run; no ":" ever reaches the
 * file system (qubes-issues #5819: names with ":" became alternate data streams and lost their
 * content); and names of one copy that differ only in case get different files.
 */
#include "tests/unit/filecopy/unit.h"
#include "core/filecopy/name.h"
#include "core/filecopy/winmap.h"
#include "core/filecopy/winname.h"

static void assert_escapes_to(const char *name, const char *expected)
{
    char escaped[FC_WINNAME_BYTES];
    size_t n = fc_winname_escape(name, strlen(name), 0, escaped, sizeof(escaped));

    assert_int_equal(n, strlen(expected));
    assert_memory_equal(escaped, expected, n);
}

static void assert_identity(const char *name, size_t length, size_t leading)
{
    char escaped[FC_WINNAME_BYTES], back[FC_WINNAME_BYTES];
    size_t n = fc_winname_escape(name, length, leading, escaped, sizeof(escaped));

    if (n == 0)
        return;
    assert_false(fc_winname_is_forbidden(escaped, n));
    assert_null(memchr(escaped, ':', n));
    assert_int_equal(fc_winname_unescape(escaped, n, back), length);
    assert_memory_equal(back, name, length);
}

static void known_names_have_known_escapes(void **state)
{
    assert_escapes_to("plain name.txt", "plain name.txt");
    assert_escapes_to("a:b", "a%3Ab");
    assert_escapes_to("<>:\"|?*\\", "%3C%3E%3A%22%7C%3F%2A%5C");
    assert_escapes_to("a\nb", "a%0Ab");
    assert_escapes_to("end.", "end%2E");
    assert_escapes_to("end ", "end%20");
    assert_escapes_to("...", "..%2E");
    assert_escapes_to("nul", "%6Eul");
    assert_escapes_to("COM7.tar.gz", "%43OM7.tar.gz");
    assert_escapes_to("com\xC2\xB9", "%63om\xC2\xB9");
    assert_escapes_to("LPT\xC2\xB3.x", "%4CPT\xC2\xB3.x");
    assert_escapes_to("ConIn$", "%43onIn$");
    assert_escapes_to("aux .c", "%61ux .c");
    assert_escapes_to("100%", "100%");
    assert_escapes_to("a%20b.pdf", "a%20b.pdf");
    assert_escapes_to("%20b", "%2520b");
    assert_escapes_to("50%3A", "50%253A");
    assert_escapes_to("50%3a", "50%3a");
    assert_escapes_to("x%2E", "x%252E");
    assert_escapes_to("x%2Ey", "x%2Ey");
    assert_escapes_to("console", "console");
    assert_escapes_to("com10", "com10");
    assert_escapes_to("nullable.c", "nullable.c");
}

static void forbidden_names_are_known(void **state)
{
    static const char *const forbidden[] = {"CON",         "con.txt", "AUX",  "prn",  "NUL.",
                                            "NUL ",        "nul .x",  "COM1", "COM0", "lpt9.log",
                                            "COM\xC2\xB2", "CONOUT$", "a:b",  "a?",   "x.",
                                            "x ",          "",        "a/b",  "\x1F", "NUL:x"};

    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        assert_true(fc_winname_is_forbidden(forbidden[i], strlen(forbidden[i])));
    assert_false(fc_winname_is_forbidden("com\xC2\xB4", 5));
    assert_false(fc_winname_is_forbidden(".git", 4));
}

static void all_short_names_over_a_nasty_alphabet_come_back(void **state)
{
    static const char *const letters[] = {"%", "2", "5", "3", "A", "E",        "0",   ".",
                                          " ", ":", "N", "U", "L", "\xC3\xA9", "\x01"};
    const size_t count = sizeof(letters) / sizeof(letters[0]);

    for (size_t length = 1; length <= 5; length++) {
        size_t total = 1;

        for (size_t i = 0; i < length; i++)
            total *= count;
        for (size_t number = 0; number < total; number++) {
            char name[16];
            size_t size = 0;

            for (size_t i = 0, rest = number; i < length; i++, rest /= count) {
                memcpy(name + size, letters[rest % count], strlen(letters[rest % count]));
                size += strlen(letters[rest % count]);
            }
            if (fc_check_path(name, size, true) != FC_OK)
                continue;
            for (size_t leading = 0; leading <= 2; leading++)
                assert_identity(name, size, leading);
        }
    }
}

static void random_names_come_back(void **state)
{
    uint32_t random = 1;

    for (int round = 0; round < 200000; round++) {
        char name[64];
        size_t size = 0, wanted;

        random = random * 1664525 + 1013904223;
        wanted = 1 + (random >> 24) % 40;
        while (size < wanted) {
            uint32_t code;
            uint16_t wide;

            random = random * 1664525 + 1013904223;
            code = random >> 30 == 0 ? (uint32_t) "%.: CcOoMm1nN/\\"[(random >> 8) % 15]
                                     : (random >> 8) % 0x250;
            wide = (uint16_t)code;
            size += fc_utf16_to_utf8(&wide, 1, name + size, sizeof(name) - size);
        }
        if (memchr(name, '/', size) == NULL && fc_check_path(name, size, true) == FC_OK)
            assert_identity(name, size, (random >> 16) % 4);
    }
}

static void names_that_no_escape_made_stay(void **state)
{
    static const char *const names[] = {"a%20b", "100%", "%zz",  "%2",  "%2F",   "%2e",
                                        "%00x",  "%FF",  "a%41", "%2E", "%2E%2E"};
    char back[64];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(fc_winname_unescape(names[i], strlen(names[i]), back), strlen(names[i]));
        assert_memory_equal(back, names[i], strlen(names[i]));
    }
}

static uint16_t upcase(uint16_t unit)
{
    return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 32) : unit == 0xE9 ? 0xC9 : unit;
}

static const struct fc_memory heap = {malloc, free};
static const struct fc_hash_key key = {1, 2};

static void assert_stored(struct fc_winmap *map, const char *path, const char *expected)
{
    const uint16_t *stored;
    size_t units, bytes;
    char text[1024];

    assert_int_equal(fc_winmap_path(map, path, strlen(path), &stored, &units), FC_OK);
    bytes = fc_utf16_to_utf8(stored, units, text, sizeof(text) - 1);
    text[bytes] = '\0';
    assert_string_equal(text, expected);
}

static void case_collisions_get_their_own_names(void **state)
{
    struct fc_winmap *map = malloc(sizeof(*map));

    fc_winmap_init(map, &heap, &key, upcase);
    assert_stored(map, "README", "README");
    assert_stored(map, "readme", "%72eadme");
    assert_stored(map, "ReadMe", "%52eadMe");
    assert_stored(map, "readme", "%72eadme");
    assert_stored(map, "Dir/x", "Dir\\x");
    assert_stored(map, "dir/x", "%64ir\\x");
    assert_stored(map, "dir/X", "%64ir\\%58");
    assert_stored(map, "Dir/x", "Dir\\x");
    assert_stored(map, "\xC3\xA9", "\xC3\xA9");
    assert_stored(map, "\xC3\x89", "%C3%89");
    assert_stored(map, "a:b/nul", "a%3Ab\\%6Eul");
    fc_winmap_free(map);
    free(map);
}

static void collisions_beyond_the_last_escape_are_eexist(void **state)
{
    struct fc_winmap *map = malloc(sizeof(*map));
    const uint16_t *stored;
    size_t units;

    fc_winmap_init(map, &heap, &key, upcase);
    assert_stored(map, "ab", "ab");
    assert_stored(map, "Ab", "%41b");
    assert_stored(map, "aB", "%61B");
    assert_stored(map, "AB", "%41%42");
    assert_stored(map, "%41b", "%2541b");
    assert_int_equal(fc_winmap_path(map, "x", 1, &stored, &units), FC_OK);
    assert_int_equal(fc_winmap_path(map, "X", 1, &stored, &units), FC_OK);
    fc_winmap_free(map);
    free(map);
}

static void too_long_components_are_named_so(void **state)
{
    struct fc_winmap *map = malloc(sizeof(*map));
    const uint16_t *stored;
    char name[300];
    size_t units;

    fc_winmap_init(map, &heap, &key, upcase);
    memset(name, 'x', sizeof(name));
    assert_int_equal(fc_winmap_path(map, name, 255, &stored, &units), FC_OK);
    assert_int_equal(units, 255);
    assert_int_equal(fc_winmap_path(map, name, 256, &stored, &units), FC_ENAMETOOLONG);
    name[0] = ':'; /* longer by its escape */
    assert_int_equal(fc_winmap_path(map, name, 254, &stored, &units), FC_ENAMETOOLONG);
    fc_winmap_free(map);
    free(map);
}

static void *no_memory(size_t size)
{
    return NULL;
}

static void lack_of_memory_is_an_error(void **state)
{
    static const struct fc_memory none = {no_memory, free};
    struct fc_winmap *map = malloc(sizeof(*map));
    const uint16_t *stored;
    size_t units;

    fc_winmap_init(map, &none, &key, upcase);
    assert_int_equal(fc_winmap_path(map, "a", 1, &stored, &units), FC_ENOMEM);
    assert_int_equal(fc_winmap_path(map, "a/b", 3, &stored, &units), FC_ENOMEM);
    fc_winmap_free(map);
    free(map);
}

static void many_names_are_all_remembered(void **state)
{
    struct fc_nameset set;

    fc_nameset_init(&set, &heap);
    for (uint64_t i = 0; i < 100000; i++)
        assert_true(fc_nameset_insert(&set, fc_hash(&key, &i, sizeof(i)), i));
    for (uint64_t i = 0; i < 100000; i++)
        assert_int_equal(*fc_nameset_find(&set, fc_hash(&key, &i, sizeof(i))), i);
    assert_null(fc_nameset_find(&set, 12345));
    fc_nameset_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_names_have_known_escapes),
        cmocka_unit_test(forbidden_names_are_known),
        cmocka_unit_test(all_short_names_over_a_nasty_alphabet_come_back),
        cmocka_unit_test(random_names_come_back),
        cmocka_unit_test(names_that_no_escape_made_stay),
        cmocka_unit_test(case_collisions_get_their_own_names),
        cmocka_unit_test(collisions_beyond_the_last_escape_are_eexist),
        cmocka_unit_test(too_long_components_are_named_so),
        cmocka_unit_test(lack_of_memory_is_an_error),
        cmocka_unit_test(many_names_are_all_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
