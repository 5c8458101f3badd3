/* SPDX-License-Identifier: BSD-2-Clause */
/* Proves what qubes.SetMonitorLayout's text says, and that nothing else is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/gui/layout.h"

static struct gui_layout layout;

static bool parse(const char *text)
{
    return gui_layout_parse(&layout, text, strlen(text));
}

static void monitors_are_read(void **state)
{
    assert_true(parse("1920 1080 0 0\n"));
    assert_int_equal(layout.count, 1);
    assert_int_equal(layout.monitors[0].width, 1920);
    assert_true(parse("1920 1080 -1920 0 510 290\r\n\n 2560\t1440 0 -200  600 340"));
    assert_int_equal(layout.count, 2);
    assert_int_equal(layout.monitors[0].x, -1920);
    assert_int_equal(layout.monitors[0].height_mm, 290);
    assert_int_equal(layout.monitors[1].y, -200);
    assert_int_equal(layout.monitors[1].width_mm, 600);
}

static void nothing_else_is_taken(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "1920 1080 0",
        "1920 1080 0 0 510",
        "1920 1080 0 0 510 290 1",
        "0 1080 0 0",
        "-5 1080 0 0",
        "1920 1080 0 0x",
        "1920x1080 0 0",
        "1920 1080 0 99999",
        "99999999999999999999 1080 0 0",
        "1920 1080 0 -",
        "1920 1080 0 0\n1",
    };
    char many[17 * 16] = "";

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse(bad[i]));
    assert_false(gui_layout_parse(&layout, "640 480 0 0\0", 12));
    for (int i = 0; i < GUI_MONITORS_MAX; i++)
        strcat(many, "640 480 0 0\n");
    assert_true(parse(many));
    strcat(many, "640 480 0 0\n");
    assert_false(parse(many));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monitors_are_read),
        cmocka_unit_test(nothing_else_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
