/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that a guest's notification icon (DOCK) is taken in by the screen's notification area,
 * which decides on its place and size: the guest is told of both and draws for them; another size
 * of its own is answered with the area's; clicks reach it; it goes when the guest takes it away.
 * An area that comes later than the icon takes it in, and so does the next one after its end;
 * between two the icon is not on the screen. So it is with a window manager and without one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/gui/message.h"
#include "tray.h"

enum { RED = 0xcc0000, CONTENT_PX = ICON_PX - 2 /* a frame of one pixel */ };

static const struct gui_place wanted = {0, 0, 16, 16};
static const struct gui_place given = {TRAY_X + ICON_X + 1, TRAY_Y + ICON_Y + 1, CONTENT_PX,
                                       CONTENT_PX};
static struct desk desk;
static struct tray tray;

static void show_icon(struct gui_window *window)
{
    struct picture *picture = picture_new(&desk.agent, wanted.width, wanted.height, 0x204060);

    gui_window_add(&desk.agent.model, window, GUI_ORDINARY, &wanted);
    gui_window_title(&desk.agent.model, window, "Icon", 4);
    gui_window_image(&desk.agent.model, window, &picture->image);
    gui_window_dock(&desk.agent.model, window);
    gui_window_show(&desk.agent.model, window, true);
}

/* Returns when the guest's icon is in the tray as the tray wants it. */
static struct picture *embed(struct gui_window *window)
{
    uint32_t embedding[3];

    UNTIL(&desk, tray_request(&tray));
    const xcb_window_t icon = tray_request(&tray);
    assert_int_equal(
        screen_property(&desk.screen, icon, "_XEMBED_INFO", (char *)embedding, sizeof(embedding)),
        8);
    assert_int_equal(embedding[0], 0); /* its version */
    assert_int_equal(embedding[1], 1); /* wants to be mapped */
    tray_embed(&tray, icon);
    UNTIL(&desk, desk_placed(&desk, window, given));
    struct picture *picture = picture_new(&desk.agent, CONTENT_PX, CONTENT_PX, 0x602040);
    gui_window_image(&desk.agent.model, window, &picture->image);
    UNTIL(&desk, desk_shows(&desk, picture, given.x, given.y));
    assert_int_equal(screen_pixel(&desk.screen, given.x - 1, given.y + 5), RED);
    return picture;
}

/* What core/gui's model would never say of a docked window. */
static void send_raw(const struct gui_message *message)
{
    uint8_t bytes[GUI_HEAD_BYTES_MAX];
    const size_t size = gui_put(bytes, message);

    assert_int_equal(libvchan_write(desk.agent.vchan, bytes, size), size);
}

static void the_tray_decides(void **state)
{
    struct gui_window window = {0};
    const struct gui_event *event;

    show_icon(&window);
    const struct picture *picture = embed(&window);

    desk.agent.event_count = 0;
    send_raw(&(struct gui_message){
        .type = GUI_CONFIGURE, .window = window.id, .configure = {0, 0, 64, 64, 0}});
    UNTIL(&desk, desk_placed(&desk, &window, given));
    send_raw(&(struct gui_message){.type = GUI_UNMAP, .window = window.id});
    send_raw(&(struct gui_message){.type = GUI_MAP, .window = window.id});

    screen_point(&desk.screen, given.x + 7, given.y + 9);
    screen_click(&desk.screen, 3);
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_BUTTON, &window)) &&
                     event->button.action == GUI_BUTTON_RELEASE);
    assert_int_equal(event->button.button, 3);
    assert_int_equal(event->button.x, 7);
    assert_int_equal(event->button.y, 9);
    assert_true(desk_shows(&desk, picture, given.x, given.y));
    assert_int_equal(tray_count(&tray), 1);
    desk_remove(&desk, &window);
    UNTIL(&desk, tray_count(&tray) == 0);
}

static bool is_mapped(xcb_window_t window)
{
    xcb_get_window_attributes_reply_t *reply = xcb_get_window_attributes_reply(
        desk.screen.connection, xcb_get_window_attributes(desk.screen.connection, window), NULL);
    const bool mapped = reply != NULL && reply->map_state != XCB_MAP_STATE_UNMAPPED;

    free(reply);
    return mapped;
}

static void a_tray_that_comes_back_has_the_icon(void **state)
{
    struct gui_window window = {0};

    tray_close(&tray, XCB_NONE);
    show_icon(&window);
    tray_open(&tray, &desk.screen);
    embed(&window);
    const xcb_window_t icon = tray_request(&tray);
    tray_close(&tray, icon);
    UNTIL(&desk, !is_mapped(icon));
    tray_open(&tray, &desk.screen);
    embed(&window);
    assert_int_equal(tray_request(&tray), icon);
    desk_remove(&desk, &window);
    UNTIL(&desk, tray_count(&tray) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_tray_decides),
                                       cmocka_unit_test(a_tray_that_comes_back_has_the_icon)};

    screen_open(&desk.screen);
    if (strcmp(getenv("GUI_MANAGER"), "") != 0)
        desk_wait_for_manager(&desk);
    desk_open(&desk);
    tray_open(&tray, &desk.screen);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
