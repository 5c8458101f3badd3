/* SPDX-License-Identifier: BSD-2-Clause */
/* See screen.h. */
#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/damage.h>
#include <xcb/xtest.h>

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "the X screen: %s failed\n", what);
    exit(1);
}

void screen_open(struct screen *screen)
{
    screen->connection = xcb_connect(NULL, NULL);
    require(!xcb_connection_has_error(screen->connection), "connecting");
    screen->root = xcb_setup_roots_iterator(xcb_get_setup(screen->connection)).data;
    screen->keys = xcb_key_symbols_alloc(screen->connection);
    free(xcb_damage_query_version_reply(screen->connection,
                                        xcb_damage_query_version(screen->connection, 1, 1), NULL));
    xcb_damage_create(screen->connection, xcb_generate_id(screen->connection), screen->root->root,
                      XCB_DAMAGE_REPORT_LEVEL_RAW_RECTANGLES);
    xcb_change_window_attributes(
        screen->connection, screen->root->root, XCB_CW_EVENT_MASK,
        (uint32_t[]){XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_PROPERTY_CHANGE});
    xcb_flush(screen->connection);
}

int screen_fd(const struct screen *screen)
{
    return xcb_get_file_descriptor(screen->connection);
}

bool screen_drain(struct screen *screen)
{
    xcb_generic_event_t *event;
    bool some = false;

    while ((event = xcb_poll_for_event(screen->connection))) {
        if (event->response_type == XCB_CREATE_NOTIFY) /* titles and focus are told of, too */
            xcb_change_window_attributes(
                screen->connection, ((xcb_create_notify_event_t *)event)->window, XCB_CW_EVENT_MASK,
                (uint32_t[]){XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_FOCUS_CHANGE});
        if ((event->response_type & 0x7f) == XCB_CLIENT_MESSAGE)
            screen->message = *(xcb_client_message_event_t *)event;
        some = true;
        free(event);
    }
    xcb_flush(screen->connection);
    require(!xcb_connection_has_error(screen->connection), "the connection");
    return some;
}

static xcb_get_image_reply_t *get_image(struct screen *screen, int32_t x, int32_t y, uint32_t width,
                                        uint32_t height)
{
    return xcb_get_image_reply(screen->connection,
                               xcb_get_image(screen->connection, XCB_IMAGE_FORMAT_Z_PIXMAP,
                                             screen->root->root, (int16_t)x, (int16_t)y,
                                             (uint16_t)width, (uint16_t)height, UINT32_MAX),
                               NULL);
}

bool screen_shows(struct screen *screen, int32_t x, int32_t y, uint32_t width, uint32_t height,
                  const uint32_t *pixels, uint32_t stride)
{
    xcb_get_image_reply_t *image = get_image(screen, x, y, width, height);
    bool same = image != NULL;

    for (uint32_t i = 0; same && i < width * height; i++) {
        uint32_t shown;

        memcpy(&shown, xcb_get_image_data(image) + 4 * i, 4);
        same = ((shown ^ pixels[i / width * stride + i % width]) & 0xffffff) == 0;
    }
    free(image);
    return same;
}

uint32_t screen_pixel(struct screen *screen, int32_t x, int32_t y)
{
    xcb_get_image_reply_t *image = get_image(screen, x, y, 1, 1);
    uint32_t pixel = UINT32_MAX;

    if (image)
        memcpy(&pixel, xcb_get_image_data(image), 4);
    free(image);
    return pixel & 0xffffff;
}

xcb_atom_t screen_atom(struct screen *screen, const char *name)
{
    xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(
        screen->connection, xcb_intern_atom(screen->connection, 0, (uint16_t)strlen(name), name),
        NULL);
    const xcb_atom_t atom = reply ? reply->atom : XCB_ATOM_NONE;

    free(reply);
    return atom;
}

uint32_t screen_property(struct screen *screen, xcb_window_t window, const char *name, char *out,
                         uint32_t room)
{
    xcb_get_property_reply_t *reply = xcb_get_property_reply(
        screen->connection,
        xcb_get_property(screen->connection, 0, window, screen_atom(screen, name), XCB_ATOM_ANY, 0,
                         room / 4),
        NULL);
    int size = reply ? xcb_get_property_value_length(reply) : 0;

    size = size < (int)room ? size : (int)room - 1;
    if (size > 0)
        memcpy(out, xcb_get_property_value(reply), (size_t)size);
    out[size] = 0;
    free(reply);
    return (uint32_t)size;
}

/* The windows that programs made: a window manager lists them, else they are the root's own. */
static uint32_t each_window(struct screen *screen, xcb_window_t *out, uint32_t room)
{
    xcb_query_tree_reply_t *reply;
    uint32_t count;
    char list[4 * 1000 + 1];
    const uint32_t listed =
        screen_property(screen, screen->root->root, "_NET_CLIENT_LIST", list, sizeof(list));

    if (listed) {
        memcpy(out, list, listed);
        return listed / 4;
    }
    reply = xcb_query_tree_reply(screen->connection,
                                 xcb_query_tree(screen->connection, screen->root->root), NULL);
    count = reply ? (uint32_t)xcb_query_tree_children_length(reply) : 0;
    count = count < room ? count : room;
    if (count)
        memcpy(out, xcb_query_tree_children(reply), count * sizeof(*out));
    free(reply);
    return count;
}

xcb_window_t screen_find(struct screen *screen, const char *title)
{
    xcb_window_t windows[2000], found = 0;
    char text[256];
    const uint32_t count = each_window(screen, windows, 2000);

    for (uint32_t i = 0; i < count; i++) {
        if (screen_property(screen, windows[i], "_NET_WM_NAME", text, sizeof(text)) &&
            strcmp(text, title) == 0)
            found = windows[i];
    }
    return found;
}

static bool is_mapped(struct screen *screen, xcb_window_t window)
{
    xcb_get_window_attributes_reply_t *reply = xcb_get_window_attributes_reply(
        screen->connection, xcb_get_window_attributes(screen->connection, window), NULL);
    const bool mapped = reply && reply->map_state == XCB_MAP_STATE_VIEWABLE;

    free(reply);
    return mapped;
}

uint32_t screen_count(struct screen *screen, const char *guest)
{
    xcb_window_t windows[2000];
    char text[64];
    uint32_t found = 0;
    const uint32_t count = each_window(screen, windows, 2000);

    for (uint32_t i = 0; i < count; i++) {
        found += screen_property(screen, windows[i], "_QUBES_VMNAME", text, sizeof(text)) &&
                 strcmp(text, guest) == 0 && is_mapped(screen, windows[i]);
    }
    return found;
}

static void fake(struct screen *screen, uint8_t type, uint8_t detail, int32_t x, int32_t y)
{
    xcb_test_fake_input(screen->connection, type, detail, 0, screen->root->root, (int16_t)x,
                        (int16_t)y, 0);
    xcb_flush(screen->connection);
}

void screen_point(struct screen *screen, int32_t x, int32_t y)
{
    fake(screen, XCB_MOTION_NOTIFY, 0, x, y);
}

void screen_click(struct screen *screen, uint8_t button)
{
    fake(screen, XCB_BUTTON_PRESS, button, 0, 0);
    fake(screen, XCB_BUTTON_RELEASE, button, 0, 0);
}

uint8_t screen_key(struct screen *screen, xcb_keysym_t key, bool press, bool release)
{
    xcb_keycode_t *codes = xcb_key_symbols_get_keycode(screen->keys, key);
    const uint8_t code = codes ? codes[0] : 0;

    require(code, "finding a key");
    free(codes);
    if (press)
        fake(screen, XCB_KEY_PRESS, code, 0, 0);
    if (release)
        fake(screen, XCB_KEY_RELEASE, code, 0, 0);
    return code;
}

void screen_ask_wm(struct screen *screen, xcb_window_t window, const char *message,
                   const uint32_t words[5])
{
    xcb_client_message_event_t event = {.response_type = XCB_CLIENT_MESSAGE,
                                        .format = 32,
                                        .window = window,
                                        .type = screen_atom(screen, message)};

    memcpy(event.data.data32, words, sizeof(event.data.data32));
    xcb_send_event(screen->connection, 0, screen->root->root,
                   XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY,
                   (const char *)&event);
    xcb_flush(screen->connection);
}
