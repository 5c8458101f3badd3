/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that casement view gets along with a window manager (openbox): a window's content is where
 * the guest has it, whatever is put around it; what the user does through the window manager (move,
 * iconify, restore, activate, maximize) reaches the guest, and what the guest wants of it happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "desk.h"

enum { ICONIC_STATE = 3, GRAVITY_STATIC = 10 };

static struct desk desk;

static void ask(const char *title, const char *message, const uint32_t words[5])
{
    screen_ask_wm(&desk.screen, screen_find(&desk.screen, title), message, words);
}

static void places_are_kept(void **state)
{
    struct gui_window window = {0};
    const struct gui_place there = {153, 203, 300, 200};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Place", (struct gui_place){100, 120, 300, 200}, 0x224466);

    UNTIL(&desk, desk_shows(&desk, picture, 100, 120));
    gui_window_place(&desk.agent.model, &window, &(struct gui_place){300, 250, 300, 200});
    UNTIL(&desk, desk_shows(&desk, picture, 300, 250));
    /* The user's frame is 3 wider on each side than the content. */
    ask("[win] Place", "_NET_MOVERESIZE_WINDOW",
        (uint32_t[5]){GRAVITY_STATIC | 3 << 8, (uint32_t)there.x - 3, (uint32_t)there.y - 3, 0, 0});
    UNTIL(&desk, desk_placed(&desk, &window, there));
    UNTIL(&desk, desk_shows(&desk, picture, there.x, there.y));
    desk_remove(&desk, &window);
}

static bool hears_flags(const struct gui_window *window, uint32_t set)
{
    const struct gui_event *event = agent_heard(&desk.agent, GUI_EVENT_FLAGS, window);

    return event && event->flags.set == set;
}

static void the_user_iconifies_and_restores(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Icon", (struct gui_place){100, 120, 300, 200}, 0x224466);

    UNTIL(&desk, desk_shows(&desk, picture, 100, 120));
    ask("[win] Icon", "WM_CHANGE_STATE", (uint32_t[5]){ICONIC_STATE});
    UNTIL(&desk, hears_flags(&window, GUI_FLAG_MINIMIZE));
    ask("[win] Icon", "_NET_ACTIVE_WINDOW", (uint32_t[5]){2});
    UNTIL(&desk, agent_heard(&desk.agent, GUI_EVENT_MAP, &window));
    UNTIL(&desk, desk_shows(&desk, picture, 100, 120));
    desk_remove(&desk, &window);
}

static void the_guest_minimizes_and_restores(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Guest", (struct gui_place){100, 120, 300, 200}, 0x224466);

    UNTIL(&desk, desk_shows(&desk, picture, 100, 120));
    gui_window_flags(&desk.agent.model, &window, GUI_FLAG_MINIMIZE);
    UNTIL(&desk, screen_count(&desk.screen, "win") == 0);
    gui_window_flags(&desk.agent.model, &window, 0);
    UNTIL(&desk, desk_shows(&desk, picture, 100, 120));
    desk_remove(&desk, &window);
}

static void full_screen_becomes_maximized(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Full", (struct gui_place){100, 120, 300, 200}, 0x224466);
    const struct gui_event *event;

    UNTIL(&desk, desk_shows(&desk, picture, 100, 120));
    gui_window_flags(&desk.agent.model, &window, GUI_FLAG_FULLSCREEN);
    UNTIL(&desk, hears_flags(&window, GUI_FLAG_FULLSCREEN));
    /* The frame is still seen: whose window it is must not be hidden. */
    UNTIL(&desk,
          (event = agent_heard(&desk.agent, GUI_EVENT_CONFIGURE, &window)) &&
              event->place.width > 900 && event->place.height > 600 && event->place.x >= 3 &&
              event->place.y >= 3 &&
              screen_pixel(&desk.screen, event->place.x - 2, event->place.y + 50) == 0xcc0000);
    desk_remove(&desk, &window);
}

static void the_active_window_has_the_focus(void **state)
{
    struct gui_window first = {0}, second = {0};
    const struct gui_event *event;
    struct picture *picture =
        agent_show(&desk.agent, &first, "One", (struct gui_place){100, 120, 300, 200}, 0x224466);

    UNTIL(&desk, desk_shows(&desk, picture, 100, 120));
    picture =
        agent_show(&desk.agent, &second, "Two", (struct gui_place){500, 400, 300, 200}, 0x442266);
    UNTIL(&desk, desk_shows(&desk, picture, 500, 400));
    ask("[win] One", "_NET_ACTIVE_WINDOW", (uint32_t[5]){2});
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_FOCUS, &first)) &&
                     event->focus.action == GUI_FOCUS_IN);
    ask("[win] Two", "_NET_ACTIVE_WINDOW", (uint32_t[5]){2});
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_FOCUS, &second)) &&
                     event->focus.action == GUI_FOCUS_IN);
    assert_int_equal(agent_heard(&desk.agent, GUI_EVENT_FOCUS, &first)->focus.action,
                     GUI_FOCUS_OUT);
    desk_remove(&desk, &first);
    desk_remove(&desk, &second);
}

#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, desk_forget, NULL, &desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(places_are_kept),
        TEST(the_user_iconifies_and_restores),
        TEST(the_guest_minimizes_and_restores),
        TEST(full_screen_becomes_maximized),
        TEST(the_active_window_has_the_focus),
    };

    screen_open(&desk.screen);
    desk_wait_for_manager(&desk);
    desk_open(&desk);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
