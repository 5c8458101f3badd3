/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves what the GUI agent shows of a guest's windows, and what it does with the host's input,
 * end to end: the shipped gui-agent.exe under Wine, real windows on a composed X display, real
 * vchan and grants on simxen, and a host that holds every message against the rules of Qubes' GUI
 * daemon (host.h). agent_test NAME runs one of the tests.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/wine/gui/host.h"

static struct painter painter, other;

/* A guest with one painter and a host that sees it. */
static void begin(void)
{
    host_start();
    host_start_agent(NULL);
    painter_start(&painter);
    host_connect(1280, 1024);
}

static struct area window(struct painter *of, const char *kind, const char *name, int x, int y,
                          int width, int height, unsigned seed)
{
    return painter_area(
        painter_order(of, "%s %s %d %d %d %d %u", kind, name, x, y, width, height, seed));
}

/* Each window has its own pixels, whatever covers it (#9846, and the seamless mode of QWT 4). */
static void covered_windows_have_their_own_pixels(void)
{
    begin();
    painter_start(&other);
    const struct area below = window(&painter, "window", "below", 100, 100, 400, 300, 1);
    const struct area above = window(&other, "window", "above", 150, 150, 400, 300, 2);

    EXPECT_SOON(host_shows("below", &below, 1));
    EXPECT_SOON(host_shows("above", &above, 2));
    painter_order(&painter, "paint below 3"); /* it stays covered */
    EXPECT_SOON(host_shows("below", &below, 3));
    EXPECT(host_shows("above", &above, 2));
    EXPECT_EQUAL(host_window("below")->x, 100);
    EXPECT_EQUAL(host_window("below")->width, 400);
    EXPECT(!host_window("below")->override_redirect);
    EXPECT_EQUAL(strcmp(host_window("below")->class.name, "painter"), 0);
    host_stop();
}

/* A menu lies beyond its window, and the host places neither frame nor focus around it. */
static void a_menu_goes_beyond_its_window(void)
{
    begin();
    window(&painter, "window", "main", 100, 100, 300, 200, 1);
    const struct area menu = window(&painter, "popup", "menu", 350, 250, 150, 260, 2);

    EXPECT_SOON(host_shows("menu", &menu, 2));
    EXPECT(host_window("menu")->override_redirect);
    EXPECT_EQUAL(host_window("menu")->transient_for, host_window("main")->id);
    EXPECT_EQUAL(host_window("menu")->x, 350);
    EXPECT_EQUAL(host_window("menu")->height, 260);
    painter_order(&painter, "close menu");
    EXPECT_SOON(!host_has_window("menu"));
    const struct area dialog = window(&painter, "dialog", "dialog", 120, 120, 250, 150, 3);
    EXPECT_SOON(host_shows("dialog", &dialog, 3));
    EXPECT(!host_window("dialog")->override_redirect);
    EXPECT_EQUAL(host_window("dialog")->transient_for, host_window("main")->id);
    host_stop();
}

/* The guest moves and sizes its windows, fast: in the end place and pixels are right, and of the
 * many images the pages were used again. */
static void resize_storms_end_right(void)
{
    struct area area;

    begin();
    window(&painter, "window", "main", 10, 10, 300, 200, 1);
    host_window("main");
    for (int i = 0; i < 60; i++)
        painter_order(&painter, "move main %d %d %d %d", 10 + i, 20 + i % 7, 300 + i * 37 % 400,
                      200 + i * 53 % 300);
    painter_order(&painter, "move main 200 150 437 323");
    area = painter_area(painter_order(&painter, "area main"));
    EXPECT_SOON(host_shows("main", &area, 1));
    EXPECT_SOON(host_window("main")->x == 200 && host_window("main")->y == 150);
    EXPECT_EQUAL(host_window("main")->width, 437);
    EXPECT_EQUAL(host_window("main")->height, 323);
    EXPECT_SOON(host_picture(host_window("main"))->width == 437);
    painter_order(&painter, "paint main 9");
    EXPECT_SOON(host_shows("main", &area, 9));
    host_stop();
}

/* The host's user moves and sizes a window: the guest's follows, and the answers are the ones that
 * the host waits for. */
static void the_host_places_windows(void)
{
    struct area area;

    begin();
    window(&painter, "window", "main", 10, 10, 300, 200, 4);
    struct rules_window *const main_window = host_window("main");
    for (int i = 0; i < 20; i++) {
        host_configure(main_window, 30 + 10 * i, 40 + 5 * i, 310 + 7 * (uint32_t)i,
                       210 + 3 * (uint32_t)i);
        EXPECT_SOON(!main_window->asked);
    }
    area = painter_area(painter_order(&painter, "area main"));
    EXPECT_SOON(host_shows("main", &area, 4));
    EXPECT_EQUAL(main_window->width, 310 + 7 * 19);
    EXPECT_EQUAL(strcmp(painter_order(&painter, "where main"), "done 220 135 443 267"), 0);
    /* What it cannot be: the guest's limits hold, and are said. */
    painter_order(&painter, "limits main 200 150");
    host_configure(main_window, 50, 60, 20, 10);
    EXPECT_SOON(!main_window->asked && main_window->width == 200 && main_window->height == 150);
    host_stop();
}

/* Keys arrive by their place, are released when the host says so, and locks follow the host's. */
static void keys_arrive(void)
{
    begin();
    window(&painter, "window", "main", 10, 10, 300, 200, 1);
    const struct rules_window *const main_window = host_window("main");
    host_focus(main_window, true);
    EXPECT_SOON(painter_said(&painter, "focus main"));
    host_key(main_window, 30, true, 0); /* A */
    host_key(main_window, 30, false, 0);
    EXPECT_SOON(painter_said(&painter, "key main down vk 41 scan 1e"));
    EXPECT_SOON(painter_said(&painter, "key main up vk 41 scan 1e"));
    host_key(main_window, 105, true, 0); /* left arrow */
    host_key(main_window, 105, false, 0);
    EXPECT_SOON(painter_said(&painter, "key main down vk 25 scan 4b ext"));
    EXPECT_SOON(painter_said(&painter, "key main up vk 25 scan 4b ext"));
    host_key(main_window, 29, true, 0); /* left Ctrl, released where the guest does not see it */
    EXPECT_SOON(painter_said(&painter, "key main down vk 11 scan 1d"));
    host_send(&(struct gui_message){.type = GUI_KEYMAP_NOTIFY});
    EXPECT_SOON(painter_said(&painter, "key main up vk 11 scan 1d"));
    host_key(main_window, 48, true, 2); /* B, with the host's Caps Lock on */
    EXPECT_SOON(painter_said(&painter, "key main down vk 14 scan 3a"));
    EXPECT_SOON(painter_said(&painter, "key main up vk 14 scan 3a"));
    EXPECT_SOON(painter_said(&painter, "key main down vk 42 scan 30"));
    host_key(main_window, 48, false, 2);
    EXPECT_SOON(painter_said(&painter, "key main up vk 42 scan 30"));
    host_key(main_window, 42, true, 0); /* held when the focus goes */
    EXPECT_SOON(painter_said(&painter, "key main down vk 10 scan 2a"));
    host_focus(main_window, false);
    EXPECT_SOON(painter_said(&painter, "key main up vk 10 scan 2a"));
    host_stop();
}

/* The mouse reaches the window that the host means, also when another covers it in the guest. */
static void the_mouse_reaches_covered_windows(void)
{
    begin();
    const struct area below = window(&painter, "window", "below", 100, 100, 400, 300, 1);
    const struct area above = window(&painter, "window", "above", 100, 100, 400, 300, 2);
    const int x = (int)below.x + 20, y = (int)below.y + 30;

    EXPECT_SOON(host_shows("below", &below, 1) && host_shows("above", &above, 2));
    /* One after the other: Windows asks where the mouse is when a program takes the message. */
    for (uint32_t i = 0; i < 12; i++) {
        const char *const name = i / 2 % 2 == 0 ? "below" : "above";
        const bool press = i % 2 == 0;
        char line[64];
        snprintf(line, sizeof line, "mouse %s %s %u 20 30", name, press ? "down" : "up", 1 + i / 4);
        host_button(host_window(name), 1 + i / 4, press, x, y);
        EXPECT_SOON(painter_said(&painter, line));
    }
    host_button(host_window("below"), 4, true, x, y);
    EXPECT_SOON(painter_said(&painter, "wheel below v 120"));
    host_button(host_window("below"), 5, true, x, y);
    EXPECT_SOON(painter_said(&painter, "wheel below v -120"));
    host_button(host_window("below"), 7, true, x, y);
    EXPECT_SOON(painter_said(&painter, "wheel below h 120"));
    host_button(host_window("below"), 8, true, x, y);
    EXPECT_SOON(painter_said(&painter, "mouse below down 8 20 30"));
    host_send(&(struct gui_message){.type = GUI_CLOSE, .window = host_window("above")->id});
    EXPECT_SOON(painter_said(&painter, "closing above"));
    host_stop();
}

/* Titles are UTF-8 and cut, the smallest size is said, minimized windows stay known. */
static void titles_limits_and_minimizing(void)
{
    begin();
    window(&painter, "window", "main", 10, 10, 300, 200, 1);
    painter_order(&painter, "limits main 222 111");
    struct rules_window *const main_window = host_window("main");
    painter_order(&painter, "move main 10 10 320 210");
    EXPECT_SOON(main_window->hints.flags & GUI_HINT_MIN_SIZE &&
                main_window->hints.min_width == 222 && main_window->hints.min_height == 111);
    painter_order(&painter, "title main Gr\303\274n\342\202\254");
    EXPECT_SOON(strcmp(main_window->title.text, "Gr\303\274n\342\202\254") == 0);
    painter_order(&painter, "titles main 1000000");
    EXPECT_SOON(strlen(main_window->title.text) == GUI_TITLE_BYTES - 1);
    painter_order(&painter, "minimize main");
    EXPECT_SOON(main_window->flags & GUI_FLAG_MINIMIZE);
    EXPECT(main_window->x >= 0);
    /* The user restores it. */
    main_window->flags &= ~(uint32_t)GUI_FLAG_MINIMIZE;
    host_send(&(struct gui_message){.type = GUI_MAP, .window = main_window->id});
    EXPECT_SOON(strcmp(painter_order(&painter, "where main"), "done 10 10 320 210") == 0);
    EXPECT(!(main_window->flags & GUI_FLAG_MINIMIZE));
    host_stop();
}

/* A window whose program asks for the user says so until it has the focus. */
static void a_window_that_flashes_asks_for_attention(void)
{
    begin();
    window(&painter, "window", "asking", 10, 10, 300, 200, 1);
    window(&painter, "window", "front", 330, 10, 300, 200, 2);
    struct rules_window *const asking = host_window("asking");
    host_window("front");
    EXPECT(!(asking->flags & GUI_FLAG_ATTENTION));
    painter_order(&painter, "flash asking");
    EXPECT_SOON(asking->flags & GUI_FLAG_ATTENTION);
    host_focus(asking, true);
    EXPECT_SOON(!(asking->flags & GUI_FLAG_ATTENTION));
    host_stop();
}

/* Text both ways, with the line ends of each side. */
static void the_clipboard_goes_both_ways(void)
{
    static const char text[] = "one\ntwo \303\274";
    size_t size;

    begin();
    window(&painter, "window", "main", 10, 10, 300, 200, 1);
    host_window("main");
    host_send(&(struct gui_message){
        .type = GUI_CLIPBOARD_DATA, .tail = (const uint8_t *)text, .tail_bytes = sizeof text - 1});
    EXPECT_SOON(strcmp(painter_order(&painter, "clip"), "clip one<>two \303\274") == 0);
    host_send(&(struct gui_message){.type = GUI_CLIPBOARD_REQ, .window = host_window("main")->id});
    EXPECT_SOON(host_clipboard(&size) != NULL);
    EXPECT_EQUAL(size, sizeof text - 1);
    EXPECT_EQUAL(memcmp(host_clipboard(&size), text, size), 0);
    host_stop();
}

/* The daemon goes and another comes: it is told everything. The agent dies: its channel ends. */
static void daemons_and_agents_come_and_go(void)
{
    begin();
    const struct area area = window(&painter, "window", "main", 100, 100, 300, 200, 1);
    for (int i = 0; i < 3; i++) {
        EXPECT_SOON(host_shows("main", &area, 1));
        EXPECT_EQUAL(host_window_count(), 1);
        host_disconnect();
        host_connect(1280, 1024);
    }
    EXPECT_SOON(host_shows("main", &area, 1));
    /* A broken daemon: a key of 3 bytes. */
    host_send_raw(&(struct gui_header){GUI_KEYPRESS, 1, 3}, sizeof(struct gui_header));
    EXPECT_SOON(host_ended());
    host_disconnect();
    host_connect(1280, 1024);
    EXPECT_SOON(host_shows("main", &area, 1));
    host_kill_agent();
    EXPECT_SOON(host_ended());
    host_disconnect();
    host_start_agent(NULL);
    host_connect(1280, 1024);
    EXPECT_SOON(host_shows("main", &area, 1));
    host_stop();
}

static void send_configure(uint32_t window, int32_t x, int32_t y, uint32_t width, uint32_t height)
{
    host_send(
        &(struct gui_message){.type = GUI_CONFIGURE,
                              .window = window,
                              .configure = {.x = x, .y = y, .width = width, .height = height}});
}

/* A daemon that waits for no answer, names windows that are not there and numbers that cannot be:
 * the agent stays, and shows its windows right when that is over. */
static void a_hostile_daemon_is_borne(void)
{
    static const int32_t absurd[] = {INT32_MIN, -1, 0, 16384, INT32_MAX};

    begin();
    window(&painter, "window", "main", 100, 100, 300, 200, 1);
    const struct rules_window *const main_window = host_window("main");
    const uint32_t id = main_window->id;
    for (uint32_t i = 0; i < 600; i++) {
        const int32_t value = absurd[i % 5];
        struct gui_message message = {.type = GUI_KEYMAP_NOTIFY, .window = i % 3 ? id : i * 7919};
        memset(message.keymap.down, (int)i, sizeof message.keymap.down);
        host_send(&message);
        send_configure(id, (int32_t)(i * 37 % 900), (int32_t)(i * 23 % 700), 120 + i * 7 % 500,
                       60 + i * 3 % 400);
        host_button(main_window, i, i % 2, value, absurd[i / 5 % 5]);
        host_key(main_window, i % 2 ? 30 + i % 9 : 200 + i % 48, i % 3, (uint32_t)value);
        host_send(&(struct gui_message){.type = GUI_MOTION,
                                        .window = i % 2 ? id : i,
                                        .motion = {.x = value, .y = absurd[i / 5 % 5]}});
        host_send(&(struct gui_message){.type = GUI_WINDOW_DUMP_ACK, .window = i % 2 ? id : i});
        if (i % 50 == 0)
            host_watch(1);
    }
    send_configure(id, INT32_MIN, INT32_MAX, UINT32_MAX, 40);
    send_configure(id, 0, 0, 0, 0);
    send_configure(12345, 1, 2, 3, 4);
    send_configure(id, 90, 80, 330, 220);
    EXPECT_SOON(main_window->x == 90 && main_window->width == 330);
    const struct area area = painter_area(painter_order(&painter, "area main"));
    painter_order(&painter, "paint main 7");
    EXPECT_SOON(host_shows("main", &area, 7));
    EXPECT(!host_ended());
    host_stop();
}

/* Pictures keep coming while a window changes; a daemon that has not acknowledged an image gets no
 * other one, and then the latest. */
static void animation_goes_on(void)
{
    begin();
    const struct area area = window(&painter, "window", "main", 100, 100, 300, 200, 1);
    EXPECT_SOON(host_shows("main", &area, 1));
    painter_order(&painter, "animate main 20");
    const struct picture *const picture = host_picture(host_window("main"));
    EXPECT_SOON(picture->damages > 20);
    host_acknowledge(false);
    painter_order(&painter, "move main 50 60 400 300");
    EXPECT_SOON(picture->width == 400);
    const unsigned dumps = picture->dumps;
    painter_order(&painter, "move main 50 60 410 310"); /* its image waits */
    host_watch(300);
    painter_order(&painter, "move main 50 60 420 320");
    host_watch(300);
    EXPECT_EQUAL(picture->dumps, dumps);
    host_acknowledge(true);
    host_send(
        &(struct gui_message){.type = GUI_WINDOW_DUMP_ACK, .window = host_window("main")->id});
    EXPECT_SOON(picture->width == 420);
    const unsigned damages = picture->damages;
    EXPECT_SOON(picture->damages > damages + 20);
    host_stop();
}

/* What a program does to its own windows, and to nobody else's. */
static void wild_windows_harm_no_other(void)
{
    begin();
    painter_start(&other);
    const struct area area = window(&painter, "window", "good", 300, 300, 300, 200, 1);
    EXPECT_SOON(host_shows("good", &area, 1));
    window(&other, "popup", "none", 10, 10, 0, 0, 1);
    window(&other, "window", "huge", -100, -100, 32767, 32767, 2);
    window(&other, "window", "strip", 0, 0, 32767, 40, 2);
    window(&other, "popup", "far", 32000, 32000, 50, 50, 2);
    struct rules_window *const huge = host_window("huge"), *const strip = host_window("strip");
    EXPECT(!host_has_window("none"));
    painter_order(&painter, "paint good 5");
    EXPECT_SOON(host_shows("good", &area, 5));
    painter_order(&other, "titles strip 1000000");
    painter_order(&other, "hang 20000");
    host_focus(huge, true);
    host_configure(huge, 10, 10, 200, 200);
    host_button(strip, 1, true, 20, 10);
    host_button(strip, 1, false, 20, 10);
    const double since = host_seconds();
    painter_order(&painter, "paint good 6");
    EXPECT_SOON(host_shows("good", &area, 6));
    host_button(host_window("good"), 1, true, (int)area.x + 5, (int)area.y + 6);
    EXPECT_SOON(painter_said(&painter, "mouse good down 1 5 6"));
    EXPECT(host_seconds() - since < 5); /* not as long as the other hangs */
    EXPECT_SOON(!huge->asked);          /* and the host is not left without an answer */
    host_stop();
}

/* 200 windows, each with its own pixels; one of them closes. */
static void two_hundred_windows(void)
{
    static struct area areas[200];
    char name[16];

    begin();
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "w%d", i);
        areas[i] = window(&painter, "window", name, i * 37 % 900, i * 23 % 700, 160 + i % 50,
                          90 + i % 30, (unsigned)i);
    }
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "w%d", i);
        EXPECT_SOON(host_shows(name, &areas[i], (unsigned)i));
    }
    painter_order(&painter, "paint w17 1000");
    EXPECT_SOON(host_shows("w17", &areas[17], 1000));
    painter_order(&painter, "close w18");
    EXPECT_SOON(!host_has_window("w18"));
    EXPECT_EQUAL(host_window_count(), 199);
    host_stop();
}

/* One program makes 10,000 windows: it gets its share, and another program's work goes on. */
static void ten_thousand_windows(void)
{
    begin();
    painter_start(&other);
    const struct area area = window(&painter, "window", "good", 300, 300, 300, 200, 1);
    EXPECT_SOON(host_shows("good", &area, 1));
    painter_tell(&other, "many 10000");
    EXPECT_SOON(host_window_count() > 100);
    for (unsigned i = 2; i < 5; i++) {
        painter_order(&painter, "paint good %u", i);
        EXPECT_SOON(host_shows("good", &area, i));
    }
    EXPECT(host_window_count() < 400);
    const struct area menu = window(&painter, "popup", "menu", 350, 250, 150, 260, 2);
    EXPECT_SOON(host_shows("menu", &menu, 2));
    host_stop();
}

/* How many of a painter's pixels the whole desktop's picture has, at that window's place. */
static bool screen_shows(const struct area *area, uint32_t x, uint32_t y, uint32_t seed)
{
    const struct rules_window *const screen = host_window(NULL);
    const struct area there = {x + area->x, y + area->y, area->width, area->height};

    return screen != NULL && screen->id == GUI_SCREEN_ID &&
           host_matching(screen, &there, seed) == there.width * there.height;
}

/* qubes.SetGuiMode switches at run time, both ways; the desktop takes input as a whole too. */
static void the_mode_switches_at_run_time(void)
{
    begin();
    const struct area area = window(&painter, "window", "main", 120, 130, 300, 200, 1);
    for (unsigned i = 1; i < 4; i++) {
        EXPECT_SOON(host_shows("main", &area, i));
        EXPECT(host_window_count() == 1 && host_window("main")->id != GUI_SCREEN_ID);
        EXPECT_EQUAL(host_control("mode", "FULLSCREEN\n"), 0);
        EXPECT_SOON(screen_shows(&area, 120, 130, i));
        EXPECT_EQUAL(host_window(NULL)->width, 1280);
        painter_order(&painter, "paint main %u", i + 1);
        EXPECT_SOON(screen_shows(&area, 120, 130, i + 1));
        host_button(host_window(NULL), 1, true, 120 + (int)area.x + 3, 130 + (int)area.y + 4);
        EXPECT_SOON(painter_said(&painter, "mouse main down 1 3 4"));
        host_button(host_window(NULL), 1, false, 120 + (int)area.x + 3, 130 + (int)area.y + 4);
        EXPECT_SOON(painter_said(&painter, "mouse main up 1 3 4"));
        EXPECT_EQUAL(host_control("mode", "SEAMLESS\r\n"), 0);
    }
    EXPECT_SOON(host_shows("main", &area, 4));
    EXPECT_EQUAL(host_control("mode", "SOMETHING"), 1);
    EXPECT_EQUAL(host_control("layout", "1280 1024 0 0\n"), 0);
    EXPECT_EQUAL(host_control("layout", "1280 1024 0\n"), 1);
    host_stop();
}

static size_t read_file(const char *folder, const char *name, char *out, size_t room)
{
    char path[600];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const file = fopen(path, "rb");
    EXPECT(file != NULL);
    const size_t size = fread(out, 1, room - 1, file);
    out[size] = '\0';
    fclose(file);
    return size;
}

/* What a Windows user is asked to run says what there is, with pictures; without Xen or a host. */
static void the_self_test_reports(void)
{
    static char text[65536];
    static const unsigned char size[] = {0, 0, 1, 44, 0, 0, 0, 200}; /* 300x200 in the header */
    char folder[600];
    int status;

    host_start();
    painter_start(&painter);
    window(&painter, "window", "main", 100, 100, 300, 200, 1);
    snprintf(folder, sizeof folder, "Z:%s/report", getenv("CASEMENT_TEST_BIN"));
    const pid_t agent =
        host_start_program("gui-agent.exe", (const char *[]){"--self-test", folder, NULL}, -1);
    EXPECT(waitpid(agent, &status, 0) == agent);
    EXPECT_EQUAL(status, 0);
    read_file(folder + 2, "report.txt", text, sizeof text);
    EXPECT(strstr(text, "\"main\" 100, 100, 300x200: shown\n") != NULL);
    EXPECT(strstr(text, "picture 01.png: the first monitor\n") != NULL);
    EXPECT(strstr(text, "picture 02.png: main\n") != NULL);
    EXPECT(strstr(text, "\nnothing failed\n") != NULL);
    EXPECT(read_file(folder + 2, "02.png", text, sizeof text) > 100);
    EXPECT(memcmp(text, "\x89PNG\r\n", 6) == 0 && memcmp(text + 16, size, sizeof size) == 0);
    host_stop();
}

/* On a still desktop nothing is sent. */
static void a_still_desktop_sends_nothing(void)
{
    begin();
    const struct area area = window(&painter, "window", "main", 100, 100, 300, 200, 1);
    EXPECT_SOON(host_shows("main", &area, 1));
    host_watch(1500);
    const uint64_t before = host_message_count();
    host_watch(3000);
    EXPECT_EQUAL(host_message_count(), before);
    painter_order(&painter, "paint main 2"); /* nobody said that it would */
    EXPECT_SOON(host_shows("main", &area, 2));
    host_stop();
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"covered", covered_windows_have_their_own_pixels},
    {"menu", a_menu_goes_beyond_its_window},
    {"storm", resize_storms_end_right},
    {"place", the_host_places_windows},
    {"keys", keys_arrive},
    {"mouse", the_mouse_reaches_covered_windows},
    {"titles", titles_limits_and_minimizing},
    {"attention", a_window_that_flashes_asks_for_attention},
    {"clipboard", the_clipboard_goes_both_ways},
    {"reconnect", daemons_and_agents_come_and_go},
    {"hostile", a_hostile_daemon_is_borne},
    {"animation", animation_goes_on},
    {"wild", wild_windows_harm_no_other},
    {"200", two_hundred_windows},
    {"10000", ten_thousand_windows},
    {"mode", the_mode_switches_at_run_time},
    {"selftest", the_self_test_reports},
    {"still", a_still_desktop_sends_nothing},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (argc == 1 || strcmp(argv[1], tests[i].name) == 0) {
            tests[i].run();
            printf("ok: %s\n", tests[i].name);
        }
    return 0;
}
