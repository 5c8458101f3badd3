/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that casement view shows each window of a guest with its own right pixels, covered or
 * not, in a frame of the qube's colour with its name in the title; that menus, dialogs, moves and
 * resizes from either side, closing and reconnecting work; that keys, buttons, motion, focus and
 * the clipboard reach the guest, the latter only on the user's key. Pixels are read back from the X
 * server and compared with what the guest drew, in one run from memory that it shares and in one
 * through the connection (GUI_XVFB switches MIT-SHM off). The daemon runs with --strict: what
 * Qubes' daemon would not take from core/gui fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "desk.h"

enum { RED = 0xcc0000, KEY_CONTROL = 0xffe3, KEY_SHIFT = 0xffe1 };

static struct desk desk;

static void the_server_is_of_this_runs_kind(void **state)
{
    xcb_query_extension_reply_t *reply = xcb_query_extension_reply(
        desk.screen.connection, xcb_query_extension(desk.screen.connection, 7, "MIT-SHM"), NULL);

    assert_non_null(reply);
    assert_int_equal(reply->present, strstr(getenv("GUI_XVFB"), "MIT-SHM") == NULL);
    free(reply);
}

static void overlapping_windows_have_their_own_pixels(void **state)
{
    struct gui_window below = {0}, above = {0};
    char text[256];
    struct picture *first =
        agent_show(&desk.agent, &below, "Below", (struct gui_place){100, 100, 400, 300}, 0x204060);
    UNTIL(&desk, desk_shows(&desk, first, 100, 100));
    struct picture *second =
        agent_show(&desk.agent, &above, "Above", (struct gui_place){250, 200, 400, 300}, 0x806020);
    UNTIL(&desk, desk_shows(&desk, second, 250, 200));
    assert_true(screen_shows(&desk.screen, 100, 100, 400, 80, first->pixels, 400));
    assert_int_equal(screen_pixel(&desk.screen, 98, 250), RED); /* the frame */
    assert_int_equal(screen_pixel(&desk.screen, 651, 300), RED);
    const xcb_window_t frame = screen_find(&desk.screen, "[win] Above");
    assert_int_not_equal(frame, 0);
    assert_true(screen_property(&desk.screen, frame, "WM_CLASS", text, sizeof(text)));
    assert_string_equal(text, "win:notepad.exe");
    assert_string_equal(text + strlen(text) + 1, "win:Notepad");

    /* What was covered changes; the user then clicks on it. */
    for (uint32_t i = 0; i < 400 * 300; i++)
        first->pixels[i] ^= 0x0f0f0f;
    gui_window_damage(&desk.agent.model, &below, &(struct gui_rect){0, 0, 400, 300});
    UNTIL(&desk, screen_shows(&desk.screen, 100, 100, 400, 80, first->pixels, 400));
    assert_true(desk_shows(&desk, second, 250, 200));
    screen_point(&desk.screen, 120, 120);
    screen_click(&desk.screen, 1);
    UNTIL(&desk, desk_shows(&desk, first, 100, 100));
    desk_remove(&desk, &above);
    desk_remove(&desk, &below);
    UNTIL(&desk, screen_count(&desk.screen, "win") == 0);
}

/* The agent's model cleans titles; a hostile agent would not. */
static void a_title_is_text(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "?", (struct gui_place){100, 100, 64, 48}, 0x123456);

    UNTIL(&desk, desk_shows(&desk, picture, 100, 100));
    memcpy(window.title.text, "a\x1b[2J\n\xff\xc3\xa4", 9);
    window.unsaid = window.given;
    gui_window_cursor(&desk.agent.model, &window, 0);
    UNTIL(&desk, screen_find(&desk.screen, "[win] a?[2J??\xc3\xa4"));
    desk_remove(&desk, &window);
}

static void menus_and_dialogs(void **state)
{
    struct gui_window main_window = {0}, menu = {0}, dialog = {0};
    char text[256];

    agent_show(&desk.agent, &main_window, "Main", (struct gui_place){100, 100, 200, 150}, 0x111111);
    struct picture *picture =
        picture_new(&desk.agent, 120, 300, 0x336699); /* longer than its window */
    gui_window_add(&desk.agent.model, &menu, GUI_ORDINARY, &(struct gui_place){150, 130, 120, 300});
    gui_window_relate(&desk.agent.model, &menu, true, &main_window);
    gui_window_image(&desk.agent.model, &menu, &picture->image);
    gui_window_show(&desk.agent.model, &menu, true);
    UNTIL(&desk, desk_shows(&desk, picture, 150, 130));
    assert_int_equal(screen_pixel(&desk.screen, 148, 400), RED);

    gui_window_add(&desk.agent.model, &dialog, GUI_ORDINARY, &(struct gui_place){400, 300, 50, 50});
    gui_window_title(&desk.agent.model, &dialog, "Save?", 5);
    gui_window_relate(&desk.agent.model, &dialog, false, &main_window);
    gui_window_show(&desk.agent.model, &dialog, true);
    UNTIL(&desk, screen_count(&desk.screen, "win") == 3);
    xcb_window_t parent;
    assert_true(screen_property(&desk.screen, screen_find(&desk.screen, "[win] Save?"),
                                "WM_TRANSIENT_FOR", text, sizeof(text)));
    memcpy(&parent, text, 4);
    assert_int_equal(parent, screen_find(&desk.screen, "[win] Main"));
    desk_remove(&desk, &menu);
    desk_remove(&desk, &dialog);
    desk_remove(&desk, &main_window);
}

static void a_menu_stays_on_the_screen_with_its_frame(void **state)
{
    struct gui_window menu = {0};
    struct picture *picture = picture_new(&desk.agent, 100, 100, 0x446688);

    gui_window_add(&desk.agent.model, &menu, GUI_ORDINARY, &(struct gui_place){990, -40, 100, 100});
    gui_window_relate(&desk.agent.model, &menu, true, NULL);
    gui_window_image(&desk.agent.model, &menu, &picture->image);
    gui_window_show(&desk.agent.model, &menu, true);
    UNTIL(&desk, desk_placed(&desk, &menu, (struct gui_place){921, 3, 100, 100}));
    UNTIL(&desk, desk_shows(&desk, picture, 921, 3));
    assert_int_equal(screen_pixel(&desk.screen, 1022, 50), RED);
    desk_remove(&desk, &menu);
}

static void both_sides_move_and_resize(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Moves", (struct gui_place){100, 100, 300, 200}, 0x123456);

    UNTIL(&desk, desk_shows(&desk, picture, 100, 100));
    gui_window_place(&desk.agent.model, &window, &(struct gui_place){300, 250, 300, 200});
    UNTIL(&desk, desk_shows(&desk, picture, 300, 250));
    picture = picture_new(&desk.agent, 350, 260, 0x654321);
    gui_window_place(&desk.agent.model, &window, &(struct gui_place){300, 250, 350, 260});
    gui_window_image(&desk.agent.model, &window, &picture->image);
    UNTIL(&desk, desk_shows(&desk, picture, 300, 250));

    /* The user's side: as a window manager would do it. The frame is 3 wide, 19 above. */
    const xcb_window_t frame = screen_find(&desk.screen, "[win] Moves");
    xcb_configure_window(desk.screen.connection, frame,
                         XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
                             XCB_CONFIG_WINDOW_HEIGHT,
                         (uint32_t[]){50, 60, 406, 322});
    UNTIL(&desk, desk_placed(&desk, &window, (struct gui_place){53, 79, 400, 300}));
    picture = picture_new(&desk.agent, 400, 300, 0x777777);
    gui_window_image(&desk.agent.model, &window, &picture->image);
    UNTIL(&desk, desk_shows(&desk, picture, 53, 79));
    desk_remove(&desk, &window);
}

static void a_resize_storm_ends_at_the_last_size(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Storm", (struct gui_place){50, 50, 100, 100}, 0x123456);

    for (uint32_t i = 1; i <= 300; i++) {
        picture = picture_new(&desk.agent, 100 + i, 100 + i / 2, 0x101010 * (i & 15));
        gui_window_place(&desk.agent.model, &window,
                         &(struct gui_place){50, 50, 100 + i, 100 + i / 2});
        gui_window_image(&desk.agent.model, &window, &picture->image);
        desk_go_on(&desk);
    }
    UNTIL(&desk, desk_shows(&desk, picture, 50, 50));
    desk_remove(&desk, &window);
}

static void an_animation_ends_with_its_last_frame(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Film", (struct gui_place){50, 50, 640, 480}, 0x123456);

    for (uint32_t frame = 0; frame < 200; frame++) {
        for (uint32_t i = 0; i < 640 * 480; i++)
            picture->pixels[i] = frame * 0x010203 + i;
        gui_window_damage(&desk.agent.model, &window, &(struct gui_rect){0, 0, 640, 480});
        desk_go_on(&desk);
    }
    UNTIL(&desk, desk_shows(&desk, picture, 50, 50));
    desk_remove(&desk, &window);
}

static void input_reaches_its_window(void **state)
{
    struct gui_window window = {0};
    const struct gui_event *event;
    struct picture *picture =
        agent_show(&desk.agent, &window, "Input", (struct gui_place){200, 200, 300, 200}, 0x555555);

    UNTIL(&desk, desk_shows(&desk, picture, 200, 200));
    screen_point(&desk.screen, 230, 240);
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_MOTION, &window)) &&
                     event->motion.x == 30 && event->motion.y == 40);
    assert_non_null(agent_heard(&desk.agent, GUI_EVENT_CROSSING, &window));
    screen_click(&desk.screen, 1);
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_BUTTON, &window)) &&
                     event->button.action == GUI_BUTTON_RELEASE);
    assert_int_equal(event->button.button, 1);
    assert_int_equal(event->button.x, 30);
    assert_int_equal(event->button.state, 1 << 8);
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_FOCUS, &window)) &&
                     event->focus.action == GUI_FOCUS_IN);
    assert_non_null(agent_heard(&desk.agent, GUI_EVENT_KEYMAP, NULL));
    const uint8_t code = screen_key(&desk.screen, 'a', true, false);
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_KEY, &window)) &&
                     event->key.action == GUI_KEY_PRESS);
    assert_int_equal(event->key.keycode, code);
    assert_int_equal(event->key.x, 30);
    assert_int_equal(event->key.y, 40);
    screen_key(&desk.screen, 'a', false, true);
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_KEY, &window)) &&
                     event->key.action == GUI_KEY_RELEASE);
    screen_click(&desk.screen, 5);
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_BUTTON, &window)) &&
                     event->button.button == 5);

    const xcb_client_message_event_t close = {
        .response_type = XCB_CLIENT_MESSAGE,
        .format = 32,
        .window = screen_find(&desk.screen, "[win] Input"),
        .type = screen_atom(&desk.screen, "WM_PROTOCOLS"),
        .data.data32 = {screen_atom(&desk.screen, "WM_DELETE_WINDOW")}};
    xcb_send_event(desk.screen.connection, 0, close.window, 0, (const char *)&close);
    UNTIL(&desk, agent_heard(&desk.agent, GUI_EVENT_CLOSE, &window));
    desk_remove(&desk, &window);
}

static void clipboard_key(char letter)
{
    screen_key(&desk.screen, KEY_CONTROL, true, false);
    screen_key(&desk.screen, KEY_SHIFT, true, false);
    screen_key(&desk.screen, (xcb_keysym_t)letter, true, true);
    screen_key(&desk.screen, KEY_SHIFT, false, true);
    screen_key(&desk.screen, KEY_CONTROL, false, true);
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
        agent_show(&desk.agent, &window, "Clip", (struct gui_place){200, 200, 300, 200}, 0x555555);

    UNTIL(&desk, desk_shows(&desk, picture, 200, 200));
    screen_point(&desk.screen, 230, 240);
    screen_click(&desk.screen, 1);
    UNTIL(&desk, agent_heard(&desk.agent, GUI_EVENT_FOCUS, &window));
    assert_null(agent_heard(&desk.agent, GUI_EVENT_CLIPBOARD_REQUEST, NULL));
    clipboard_key('c');
    UNTIL(&desk, agent_heard(&desk.agent, GUI_EVENT_CLIPBOARD_REQUEST, NULL));
    assert_true(gui_model_clipboard(&desk.agent.model, text, sizeof(text) - 1));
    UNTIL(&desk, !gui_model_clipboard_busy(&desk.agent.model));
    clipboard_key('v');
    UNTIL(&desk, agent_heard(&desk.agent, GUI_EVENT_CLIPBOARD, NULL));
    assert_int_equal(desk.agent.pasted_bytes, sizeof(text) - 1);
    assert_memory_equal(desk.agent.pasted, text, sizeof(text) - 1);
    assert_true(log_says("7 bytes copied"));
    /* The keys themselves are not the guest's: it sees Control and Shift alone. */
    for (uint32_t i = 0; i < desk.agent.event_count; i++) {
        if (desk.agent.events[i].type == GUI_EVENT_KEY)
            assert_int_not_equal(desk.agent.events[i].key.keycode,
                                 *xcb_key_symbols_get_keycode(desk.screen.keys, 'c'));
    }
    desk_remove(&desk, &window);
}

/* As qubes.WindowIconUpdater runs it: the first icon comes before its window. */
static void icons_reach_their_windows(void **state)
{
    struct gui_window window = {0};
    char property[32], stream[64];
    uint32_t words[4];
    FILE *icons = popen(getenv("GUI_ICONS"), "w");
    const int size = snprintf(stream, sizeof(stream), "%u\n2 1\n%s", desk.agent.model.next_id + 1,
                              "\xff\xff\xff\x80"
                              "\x01\x02\x03\xff");

    assert_non_null(icons);
    assert_int_equal(fwrite(stream, 1, (size_t)size, icons), size);
    fflush(icons);
    agent_show(&desk.agent, &window, "Icon", (struct gui_place){100, 100, 64, 48}, 0x123456);
    UNTIL(&desk, screen_property(&desk.screen, screen_find(&desk.screen, "[win] Icon"),
                                 "_NET_WM_ICON", property, sizeof(property)) == 16);
    memcpy(words, property, sizeof(words));
    assert_int_equal(words[0], 2);
    assert_int_equal(words[1], 1);
    assert_int_equal(words[2], 0x80cc0000); /* white, in the qube's red */
    assert_int_equal(words[3] >> 24, 0xff);
    assert_int_equal(pclose(icons), 0);
    desk_remove(&desk, &window);
}

static void two_hundred_windows(void **state)
{
    static struct gui_window windows[200];
    struct picture *last = NULL;

    for (uint32_t i = 0; i < 200; i++)
        last = agent_show(&desk.agent, &windows[i], "Many",
                          (struct gui_place){(int32_t)i * 3 + 20, (int32_t)i * 2 + 30, 64, 48},
                          i * 0x010307);
    UNTIL(&desk, desk_shows(&desk, last, 199 * 3 + 20, 199 * 2 + 30));
    UNTIL(&desk, screen_count(&desk.screen, "win") == 200);
    for (uint32_t i = 0; i < 200; i++)
        gui_window_remove(&desk.agent.model, &windows[i]);
    for (uint32_t i = 0; i < 200; i++)
        UNTIL(&desk, gui_model_free_window(&desk.agent.model));
    UNTIL(&desk, screen_count(&desk.screen, "win") == 0);
}

static void windows_come_back_after_a_reconnect(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Again", (struct gui_place){200, 200, 300, 200}, 0x135790);

    UNTIL(&desk, desk_shows(&desk, picture, 200, 200));
    const xcb_window_t old = screen_find(&desk.screen, "[win] Again");
    picture->pixels[0] = 0xabcdef;
    agent_listen(&desk.agent);
    UNTIL(&desk, desk_shows(&desk, picture, 200, 200));
    assert_int_not_equal(screen_find(&desk.screen, "[win] Again"), old);
    assert_int_equal(screen_count(&desk.screen, "win"), 1);
    desk_remove(&desk, &window);
}

/* Last: the guest goes with its windows open. */
static void a_guest_that_goes_takes_its_windows_along(void **state)
{
    struct gui_window window = {0};
    struct picture *picture =
        agent_show(&desk.agent, &window, "Dies", (struct gui_place){200, 200, 300, 200}, 0x135790);

    UNTIL(&desk, desk_shows(&desk, picture, 200, 200));
    libvchan_close(desk.agent.vchan);
    while (screen_count(&desk.screen, "win")) {
        struct pollfd fd = {.fd = screen_fd(&desk.screen), .events = POLLIN};

        if (!screen_drain(&desk.screen))
            assert_int_equal(poll(&fd, 1, 20000), 1);
    }
}

#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, desk_forget, NULL, &desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_server_is_of_this_runs_kind),
        TEST(overlapping_windows_have_their_own_pixels),
        TEST(a_title_is_text),
        TEST(menus_and_dialogs),
        TEST(a_menu_stays_on_the_screen_with_its_frame),
        TEST(both_sides_move_and_resize),
        TEST(a_resize_storm_ends_at_the_last_size),
        TEST(an_animation_ends_with_its_last_frame),
        TEST(input_reaches_its_window),
        TEST(the_clipboard_moves_on_the_users_key),
        TEST(icons_reach_their_windows),
        TEST(two_hundred_windows),
        TEST(windows_come_back_after_a_reconnect),
        TEST(a_guest_that_goes_takes_its_windows_along),
    };

    screen_open(&desk.screen);
    desk_open(&desk);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
