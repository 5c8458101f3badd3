/* SPDX-License-Identifier: BSD-2-Clause */
/* Proves which lines of qubes.GetAppmenus are entries of a menu, and that a guest's nonsense is
 * none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "linux/dom0/menu.h"

static bool parse(const char *text, char *line, struct menu_entry *entry)
{
    strcpy(line, text);
    return menu_parse(line, strlen(line), entry);
}

static void entries(void **state)
{
    char line[2 * MENU_LINE_BYTES];
    struct menu_entry entry;

    assert_true(parse("0a1b.desktop:Name=Notes", line, &entry));
    assert_string_equal(entry.id, "0a1b");
    assert_string_equal(entry.name, "Notes");
    assert_true(parse("a.b_c-d.desktop:Name=Games/Schoen & Mir (1): +, x", line, &entry));
    assert_string_equal(entry.id, "a.b_c-d");
}

static void no_entries(void **state)
{
    static const char *const bad[] = {
        "",
        ":",
        "x",
        "x.desktop:Icon=y",
        ".desktop:Name=x",
        "x.desktop:Name=",
        "x:Name=y",
        "a/b.desktop:Name=x",
        "../x.desktop:Name=x",
        "a b.desktop:Name=x",
        "x.desktop:Name=\033[2J",
        "x.desktop:Name=sch\303\266n",
        "x.desktop:Name=$(x)",
        "x.desktop:Name=a\\b",
        "x.desktop:name=x",
        "x.desktop Name=y",
    };
    char line[2 * MENU_LINE_BYTES];
    struct menu_entry entry;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(parse(bad[i], line, &entry));
    memset(line, 'x', sizeof(line));
    memcpy(line, "x.desktop:Name=", 15);
    line[MENU_LINE_BYTES] = '\0';
    assert_false(menu_parse(line, MENU_LINE_BYTES, &entry));
    line[MENU_LINE_BYTES - 1] = '\0';
    assert_true(menu_parse(line, MENU_LINE_BYTES - 1, &entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(entries), cmocka_unit_test(no_entries)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
