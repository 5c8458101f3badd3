/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that casement view shows each window of a guest with its own right pixels, covered or
 * not, in a frame of the qube's colour with its name in the title; that menus, dialogs, moves and
 * resizes from either side, closing and reconnecting work; that keys, buttons, motion, focus and
 * the clipboard reach the guest, the latter only on the user's key. Pixels are read back from the X
 * server and compared with what the guest drew. The daemon runs with --strict: what Qubes' daemon
 * would not take from core/gui fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent.h"
#include "screen.h"

enum { RED = 0xcc0000, KEY_CONTROL = 0xffe3, KEY_SHIFT = 0xffe1 };

static struct agent agent;
static struct screen screen;

/* Waits, without looking at any clock, until the daemon or the screen has come to it. */
#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        while (go_on(), !(condition))                                                              \
            wait_for_news();                                                                       \
    } while (0)

static void go_on(void)
{
    agent_pump(&agent);
    agent_take_back(&agent);
    screen_drain(&screen);
}

static void wait_for_news(void)
{
    struct pollfd fds[2] = {{.fd = libvchan_fd_for_select(agent.vchan), .events = POLLIN},
                            {.fd = screen_fd(&screen), .events = POLLIN}};
    /* Replies may have brought events along: those are looked at first. */
    screen_drain(&screen);
    if (poll(fds, 2, 20000) == 0)
        fail_msg("nothing happens any more");
}

static bool shows_all(const struct picture *picture, int32_t x, int32_t y)
{
    return screen_shows(&screen, x, y, picture->image.width, picture->image.height, picture->pixels,
                        picture->image.width);
}

static bool shown_at(const struct gui_window *window, struct gui_place place)
{
    const struct gui_event *event = agent_heard(&agent, GUI_EVENT_CONFIGURE, window);
    return event && memcmp(&event->place, &place, sizeof(place)) == 0;
}

static void remove_window(struct gui_window *window)
{
    struct gui_window *gone = NULL;

    gui_window_remove(&agent.model, window);
    UNTIL((gone = gui_model_free_window(&agent.model)) != NULL);
    assert_ptr_equal(gone, window);
}

static void overlapping_windows_have_their_own_pixels(void **state)
{
    struct gui_window below = {0}, above = {0};
    char text[256];
    struct picture *first =
        agent_show(&agent, &below, "Below", (struct gui_place){100, 100, 400, 300}, 0x204060);
    UNTIL(shows_all(first, 100, 100));
    struct picture *second =
        agent_show(&agent, &above, "Above", (struct gui_place){250, 200, 400, 300}, 0x806020);
    UNTIL(shows_all(second, 250, 200));
    assert_true(screen_shows(&screen, 100, 100, 400, 80, first->pixels, 400));
    assert_int_equal(screen_pixel(&screen, 98, 250), RED); /* the frame */
    assert_int_equal(screen_pixel(&screen, 651, 300), RED);
    const xcb_window_t frame = screen_find(&screen, "[win] Above");
    assert_int_not_equal(frame, 0);
    assert_true(screen_property(&screen, frame, "WM_CLASS", text, sizeof(text)));
    assert_string_equal(text, "win:notepad.exe");
    assert_string_equal(text + strlen(text) + 1, "win:Notepad");

    /* What was covered changes; the user then clicks on it. */
    for (uint32_t i = 0; i < 400 * 300; i++)
        first->pixels[i] ^= 0x0f0f0f;
    gui_window_damage(&agent.model, &below, &(struct gui_rect){0, 0, 400, 300});
    UNTIL(screen_shows(&screen, 100, 100, 400, 80, first->pixels, 400));
    assert_true(shows_all(second, 250, 200));
    screen_point(&screen, 120, 120);
    screen_click(&screen, 1);
    UNTIL(shows_all(first, 100, 100));
    remove_window(&above);
    remove_window(&below);
    UNTIL(screen_count(&screen, "win") == 0);
}

static void menus_and_dialogs(void **state)
{
    struct gui_window main_window = {0}, menu = {0}, dialog = {0};
    char text[256];

    agent_show(&agent, &main_window, "Main", (struct gui_place){100, 100, 200, 150}, 0x111111);
    struct picture *picture = picture_new(&agent, 120, 300, 0x336699); /* longer than its window */
    gui_window_add(&agent.model, &menu, GUI_ORDINARY, &(struct gui_place){150, 130, 120, 300});
    gui_window_relate(&agent.model, &menu, true, &main_window);
    gui_window_image(&agent.model, &menu, &picture->image);
    gui_window_show(&agent.model, &menu, true);
    UNTIL(shows_all(picture, 150, 130));
    assert_int_equal(screen_pixel(&screen, 148, 400), RED);

    gui_window_add(&agent.model, &dialog, GUI_ORDINARY, &(struct gui_place){400, 300, 50, 50});
    gui_window_title(&agent.model, &dialog, "Save?", 5);
    gui_window_relate(&agent.model, &dialog, false, &main_window);
    gui_window_show(&agent.model, &dialog, true);
    UNTIL(screen_count(&screen, "win") == 3);
    xcb_window_t parent;
    assert_true(screen_property(&screen, screen_find(&screen, "[win] Save?"), "WM_TRANSIENT_FOR",
                                text, sizeof(text)));
    memcpy(&parent, text, 4);
    assert_int_equal(parent, screen_find(&screen, "[win] Main"));
    remove_window(&menu);
    remove_window(&dialog);
    remove_window(&main_window);
}

static void a_menu_stays_on_the_screen_with_its_frame(void **state)
{
    struct gui_window menu = {0};
    struct picture *picture = picture_new(&agent, 100, 100, 0x446688);

    gui_window_add(&agent.model, &menu, GUI_ORDINARY, &(struct gui_place){990, -40, 100, 100});
    gui_window_relate(&agent.model, &menu, true, NULL);
    gui_window_image(&agent.model, &menu, &picture->image);
    gui_window_show(&agent.model, &menu, true);
    UNTIL(shown_at(&menu, (struct gui_place){921, 3, 100, 100}));
    UNTIL(shows_all(picture, 921, 3));
    assert_int_equal(screen_pixel(&screen, 1022, 50), RED);
    remove_window(&menu);
}

static void both_sides_move_and_resize(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&agent, &window, "Moves", (struct gui_place){100, 100, 300, 200}, 0x123456);

    UNTIL(shows_all(picture, 100, 100));
    gui_window_place(&agent.model, &window, &(struct gui_place){300, 250, 300, 200});
    UNTIL(shows_all(picture, 300, 250));
    picture = picture_new(&agent, 350, 260, 0x654321);
    gui_window_place(&agent.model, &window, &(struct gui_place){300, 250, 350, 260});
    gui_window_image(&agent.model, &window, &picture->image);
    UNTIL(shows_all(picture, 300, 250));

    /* The user's side: as a window manager would do it. The frame is 3 wide, 19 above. */
    const xcb_window_t frame = screen_find(&screen, "[win] Moves");
    xcb_configure_window(screen.connection, frame,
                         XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
                             XCB_CONFIG_WINDOW_HEIGHT,
                         (uint32_t[]){50, 60, 406, 322});
    UNTIL(shown_at(&window, (struct gui_place){53, 79, 400, 300}));
    picture = picture_new(&agent, 400, 300, 0x777777);
    gui_window_image(&agent.model, &window, &picture->image);
    UNTIL(shows_all(picture, 53, 79));
    remove_window(&window);
}

static void a_resize_storm_ends_at_the_last_size(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&agent, &window, "Storm", (struct gui_place){50, 50, 100, 100}, 0x123456);

    for (uint32_t i = 1; i <= 300; i++) {
        picture = picture_new(&agent, 100 + i, 100 + i / 2, 0x101010 * (i & 15));
        gui_window_place(&agent.model, &window, &(struct gui_place){50, 50, 100 + i, 100 + i / 2});
        gui_window_image(&agent.model, &window, &picture->image);
        go_on();
    }
    UNTIL(shows_all(picture, 50, 50));
    remove_window(&window);
}

static void an_animation_ends_with_its_last_frame(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&agent, &window, "Film", (struct gui_place){50, 50, 640, 480}, 0x123456);

    for (uint32_t frame = 0; frame < 200; frame++) {
        for (uint32_t i = 0; i < 640 * 480; i++)
            picture->pixels[i] = frame * 0x010203 + i;
        gui_window_damage(&agent.model, &window, &(struct gui_rect){0, 0, 640, 480});
        go_on();
    }
    UNTIL(shows_all(picture, 50, 50));
    remove_window(&window);
}

static void input_reaches_its_window(void **state)
{
    struct gui_window window = {0};
    const struct gui_event *event;
    struct picture *picture =
        agent_show(&agent, &window, "Input", (struct gui_place){200, 200, 300, 200}, 0x555555);

    UNTIL(shows_all(picture, 200, 200));
    screen_point(&screen, 230, 240);
    UNTIL((event = agent_heard(&agent, GUI_EVENT_MOTION, &window)) && event->motion.x == 30 &&
          event->motion.y == 40);
    assert_non_null(agent_heard(&agent, GUI_EVENT_CROSSING, &window));
    screen_click(&screen, 1);
    UNTIL((event = agent_heard(&agent, GUI_EVENT_BUTTON, &window)) &&
          event->button.action == GUI_BUTTON_RELEASE);
    assert_int_equal(event->button.button, 1);
    assert_int_equal(event->button.x, 30);
    assert_int_equal(event->button.state, 1 << 8);
    UNTIL((event = agent_heard(&agent, GUI_EVENT_FOCUS, &window)) &&
          event->focus.action == GUI_FOCUS_IN);
    assert_non_null(agent_heard(&agent, GUI_EVENT_KEYMAP, NULL));
    const uint8_t code = screen_key(&screen, 'a', true, false);
    UNTIL((event = agent_heard(&agent, GUI_EVENT_KEY, &window)) &&
          event->key.action == GUI_KEY_PRESS);
    assert_int_equal(event->key.keycode, code);
    assert_int_equal(event->key.x, 30);
    assert_int_equal(event->key.y, 40);
    screen_key(&screen, 'a', false, true);
    UNTIL((event = agent_heard(&agent, GUI_EVENT_KEY, &window)) &&
          event->key.action == GUI_KEY_RELEASE);
    screen_click(&screen, 5);
    UNTIL((event = agent_heard(&agent, GUI_EVENT_BUTTON, &window)) && event->button.button == 5);

    const xcb_client_message_event_t close = {
        .response_type = XCB_CLIENT_MESSAGE,
        .format = 32,
        .window = screen_find(&screen, "[win] Input"),
        .type = screen_atom(&screen, "WM_PROTOCOLS"),
        .data.data32 = {screen_atom(&screen, "WM_DELETE_WINDOW")}};
    xcb_send_event(screen.connection, 0, close.window, 0, (const char *)&close);
    UNTIL(agent_heard(&agent, GUI_EVENT_CLOSE, &window));
    remove_window(&window);
}

static void clipboard_key(char letter)
{
    screen_key(&screen, KEY_CONTROL, true, false);
    screen_key(&screen, KEY_SHIFT, true, false);
    screen_key(&screen, (xcb_keysym_t)letter, true, true);
    screen_key(&screen, KEY_SHIFT, false, true);
    screen_key(&screen, KEY_CONTROL, false, true);
}

static bool log_says(const char *text)
{
    static char all[1 << 16];
    FILE *file = fopen(getenv("GUI_LOG"), "r");
    const size_t size = fread(all, 1, sizeof(all) - 1, file);

    all[size] = 0;
    fclose(file);
    return strstr(all, text) != NULL;
}

static void the_clipboard_moves_on_the_users_key(void **state)
{
    static const uint8_t text[] = "gr\xc3\xbc\xc3\x9f"
                                  "e";
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&agent, &window, "Clip", (struct gui_place){200, 200, 300, 200}, 0x555555);

    UNTIL(shows_all(picture, 200, 200));
    screen_point(&screen, 230, 240);
    screen_click(&screen, 1);
    UNTIL(agent_heard(&agent, GUI_EVENT_FOCUS, &window));
    assert_null(agent_heard(&agent, GUI_EVENT_CLIPBOARD_REQUEST, NULL));
    clipboard_key('c');
    UNTIL(agent_heard(&agent, GUI_EVENT_CLIPBOARD_REQUEST, NULL));
    assert_true(gui_model_clipboard(&agent.model, text, sizeof(text) - 1));
    UNTIL(!gui_model_clipboard_busy(&agent.model));
    clipboard_key('v');
    UNTIL(agent_heard(&agent, GUI_EVENT_CLIPBOARD, NULL));
    assert_int_equal(agent.pasted_bytes, sizeof(text) - 1);
    assert_memory_equal(agent.pasted, text, sizeof(text) - 1);
    assert_true(log_says("7 bytes copied"));
    /* The keys themselves are not the guest's: it sees Control and Shift alone. */
    for (uint32_t i = 0; i < agent.event_count; i++) {
        if (agent.events[i].type == GUI_EVENT_KEY)
            assert_int_not_equal(agent.events[i].key.keycode,
                                 *xcb_key_symbols_get_keycode(screen.keys, 'c'));
    }
    remove_window(&window);
}

static void two_hundred_windows(void **state)
{
    static struct gui_window windows[200];
    struct picture *last = NULL;

    for (uint32_t i = 0; i < 200; i++)
        last = agent_show(&agent, &windows[i], "Many",
                          (struct gui_place){(int32_t)i * 3 + 20, (int32_t)i * 2 + 30, 64, 48},
                          i * 0x010307);
    UNTIL(shows_all(last, 199 * 3 + 20, 199 * 2 + 30));
    UNTIL(screen_count(&screen, "win") == 200);
    for (uint32_t i = 0; i < 200; i++)
        gui_window_remove(&agent.model, &windows[i]);
    for (uint32_t i = 0; i < 200; i++)
        UNTIL(gui_model_free_window(&agent.model));
    UNTIL(screen_count(&screen, "win") == 0);
}

static void windows_come_back_after_a_reconnect(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&agent, &window, "Again", (struct gui_place){200, 200, 300, 200}, 0x135790);

    UNTIL(shows_all(picture, 200, 200));
    const xcb_window_t old = screen_find(&screen, "[win] Again");
    picture->pixels[0] = 0xabcdef;
    agent_listen(&agent);
    UNTIL(shows_all(picture, 200, 200));
    assert_int_not_equal(screen_find(&screen, "[win] Again"), old);
    assert_int_equal(screen_count(&screen, "win"), 1);
    remove_window(&window);
}

/* Last: the guest goes with its windows open. */
static void a_guest_that_goes_takes_its_windows_along(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&agent, &window, "Dies", (struct gui_place){200, 200, 300, 200}, 0x135790);

    UNTIL(shows_all(picture, 200, 200));
    libvchan_close(agent.vchan);
    while (screen_drain(&screen), screen_count(&screen, "win")) {
        struct pollfd fd = {.fd = screen_fd(&screen), .events = POLLIN};
        screen_drain(&screen);
        assert_int_equal(poll(&fd, 1, 20000), 1);
    }
}

static int forget(void **state)
{
    agent.event_count = 0;
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(overlapping_windows_have_their_own_pixels),
        TEST(menus_and_dialogs),
        TEST(a_menu_stays_on_the_screen_with_its_frame),
        TEST(both_sides_move_and_resize),
        TEST(a_resize_storm_ends_at_the_last_size),
        TEST(an_animation_ends_with_its_last_frame),
        TEST(input_reaches_its_window),
        TEST(the_clipboard_moves_on_the_users_key),
        TEST(two_hundred_windows),
        TEST(windows_come_back_after_a_reconnect),
        TEST(a_guest_that_goes_takes_its_windows_along),
    };

    screen_open(&screen);
    agent_open(&agent);
    agent_listen(&agent);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
