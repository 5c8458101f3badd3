/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the arithmetic by which the agent looks at windows: a still one is seen whole, part by
 * part, in one round; still windows take no more than their part of the time; no window takes more
 * than half of it; a change is followed closely.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/gui/pace.h"

static void each_row_is_seen_once_a_round(void **state)
{
    static uint8_t seen[2000];

    for (uint32_t height = 1; height < sizeof seen; height += 1 + height / 7) {
        struct gui_pace_window window = {0};
        const uint32_t strips = (height + GUI_PACE_STRIP_ROWS - 1) / GUI_PACE_STRIP_ROWS;
        memset(seen, 0, sizeof seen);
        for (uint32_t i = 0; i < strips; i++) {
            uint32_t rows;
            const uint32_t top = gui_pace_next_strip(&window, height, &rows);
            assert_true(rows > 0 && top + rows <= height);
            for (uint32_t y = top; y < top + rows; y++)
                assert_int_equal(seen[y]++, 0);
        }
        for (uint32_t y = 0; y < height; y++)
            assert_int_equal(seen[y], 1);
    }
}

static void parts_that_follow_each_other_lie_far_apart(void **state)
{
    struct gui_pace_window window = {0};
    uint32_t rows;

    assert_int_equal(gui_pace_next_strip(&window, 1024, &rows), 0);
    assert_int_equal(gui_pace_next_strip(&window, 1024, &rows), 512);
    assert_int_equal(gui_pace_next_strip(&window, 1024, &rows), 256);
    assert_int_equal(gui_pace_next_strip(&window, 1024, &rows), 768);
}

/* The strip that is next may be beyond the end after a window shrank. */
static void a_window_may_change_its_height_meanwhile(void **state)
{
    struct gui_pace_window window = {0};
    uint32_t rows;

    for (uint32_t i = 0; i < 1000; i++) {
        const uint32_t height = 1 + i * 7919 % 3000;
        const uint32_t top = gui_pace_next_strip(&window, height, &rows);
        assert_true(rows > 0 && top + rows <= height);
    }
}

static void still_windows_take_their_part_of_the_time(void **state)
{
    struct gui_pace_budget budget = {0};
    uint64_t spent_us = 0, now_us = 1;

    for (; now_us < 10 * 1000000; now_us += 5000) {
        gui_pace_earn(&budget, now_us, 0);
        while (gui_pace_may_spend(&budget)) {
            gui_pace_spend(&budget, 150);
            spent_us += 150;
        }
    }
    assert_in_range(spent_us, 9 * 1000000 / GUI_PACE_STILL_PART,
                    11 * 1000000 / GUI_PACE_STILL_PART);
    const uint64_t wait_us = gui_pace_wait_us(&budget);
    gui_pace_earn(&budget, now_us, 0);
    gui_pace_earn(&budget, now_us + wait_us, 0);
    assert_true(gui_pace_may_spend(&budget));
}

static void unused_time_is_not_saved_up(void **state)
{
    struct gui_pace_budget budget = {0};

    gui_pace_earn(&budget, 1, 0);
    gui_pace_earn(&budget, 3600ull * 1000000, 0);
    assert_int_equal(budget.credit_us, GUI_PACE_CREDIT_MAX_US);
}

static void a_dear_window_takes_half_of_the_time(void **state)
{
    struct gui_pace_window window = {0};

    gui_pace_looked(&window, 1000, 500);
    assert_int_equal(window.next_us, 1000 + GUI_PACE_INTERVAL_US);
    gui_pace_looked(&window, 1000, 80000);
    assert_true(window.next_us >= 1000 + 80000);
}

static void what_changes_is_followed(void **state)
{
    struct gui_pace_window window = {0};

    assert_false(gui_pace_moving(&window, 1));
    gui_pace_changed(&window, 5000);
    assert_true(gui_pace_moving(&window, 5000 + GUI_PACE_MOVING_US - 1));
    assert_false(gui_pace_moving(&window, 5000 + GUI_PACE_MOVING_US));
    window.next_us = 100 * 1000000;
    gui_pace_hint(&window, 50 * 1000000);
    assert_true(gui_pace_moving(&window, 50 * 1000000));
    assert_int_equal(window.next_us, 50 * 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_seen_once_a_round),
        cmocka_unit_test(parts_that_follow_each_other_lie_far_apart),
        cmocka_unit_test(a_window_may_change_its_height_meanwhile),
        cmocka_unit_test(still_windows_take_their_part_of_the_time),
        cmocka_unit_test(unused_time_is_not_saved_up),
        cmocka_unit_test(a_dear_window_takes_half_of_the_time),
        cmocka_unit_test(what_changes_is_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
