/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves which scan code a key of the protocol becomes, and which keys an agent releases when the
 * daemon says what is down (defect 17 of QWT: it tested the wrong bit, and modifiers got stuck).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/gui/keys.h"

enum { LEFT_CTRL = 29 + 8, LEFT_SHIFT = 42 + 8, KEY_A = 30 + 8, RIGHT_CTRL = 97 + 8 };

static void keys_go_by_their_place(void **state)
{
    static const struct {
        uint32_t linux_key;
        uint16_t scan;
    } keys[] = {
        {1, 0x01},     /* Escape */
        {30, 0x1e},    /* A */
        {69, 0x45},    /* Num Lock */
        {83, 0x53},    /* keypad . */
        {84, 0},       /* none */
        {86, 0x56},    /* beside left Shift */
        {88, 0x58},    /* F12 */
        {97, 0xe01d},  /* right Ctrl */
        {100, 0xe038}, /* AltGr */
        {111, 0xe053}, /* Delete */
        {119, 0xe11d}, /* Pause */
        {125, 0xe05b}, /* left Windows */
        {247, 0},      /* the last that fits */
    };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_int_equal(gui_scan_code(keys[i].linux_key + GUI_KEYCODE_OFFSET), keys[i].scan);
    assert_int_equal(gui_scan_code(0), 0);
    assert_int_equal(gui_scan_code(7), 0);
    assert_int_equal(gui_scan_code(256), 0);
    assert_int_equal(gui_scan_code(UINT32_MAX), 0);
}

static void no_two_keys_are_one(void **state)
{
    for (uint32_t a = 0; a < GUI_KEYCODES; a++)
        for (uint32_t b = 0; b < a; b++)
            if (gui_scan_code(a) != 0)
                assert_int_not_equal(gui_scan_code(a), gui_scan_code(b));
}

static void only_what_is_held_is_released(void **state)
{
    struct gui_keys keys = {{0}};

    assert_false(gui_keys_event(&keys, KEY_A, false));
    assert_true(gui_keys_event(&keys, KEY_A, true));
    assert_true(gui_keys_event(&keys, KEY_A, true)); /* it repeats */
    assert_true(gui_keys_event(&keys, KEY_A, false));
    assert_false(gui_keys_event(&keys, KEY_A, false));
    assert_false(gui_keys_event(&keys, 92 + 1, true)); /* 85: no key */
    assert_false(gui_keys_event(&keys, UINT32_MAX, true));
}

/* QWT looked at bit i for the i-th modifier: with key codes 0 to 31 in the map it went wrong. */
static void qwt_17_a_modifier_that_is_up_is_released(void **state)
{
    struct gui_keys keys = {{0}};
    uint8_t down[GUI_KEYMAP_BYTES];

    gui_keys_event(&keys, LEFT_CTRL, true);
    gui_keys_event(&keys, LEFT_SHIFT, true);
    gui_keys_event(&keys, RIGHT_CTRL, true);
    memset(down, 0xff, sizeof down);
    assert_int_equal(gui_keys_take_stray(&keys, down), 0);
    down[LEFT_SHIFT / 8] &= (uint8_t) ~(1u << LEFT_SHIFT % 8);
    assert_int_equal(gui_keys_take_stray(&keys, down), LEFT_SHIFT);
    assert_int_equal(gui_keys_take_stray(&keys, down), 0);
    memset(down, 0, sizeof down);
    down[RIGHT_CTRL / 8] = 1u << RIGHT_CTRL % 8;
    assert_int_equal(gui_keys_take_stray(&keys, down), LEFT_CTRL);
    assert_int_equal(gui_keys_take_stray(&keys, down), 0);
    assert_int_equal(gui_keys_take_stray(&keys, NULL), RIGHT_CTRL);
    assert_int_equal(gui_keys_take_stray(&keys, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_go_by_their_place),
        cmocka_unit_test(no_two_keys_are_one),
        cmocka_unit_test(only_what_is_held_is_released),
        cmocka_unit_test(qwt_17_a_modifier_that_is_up_is_released),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
