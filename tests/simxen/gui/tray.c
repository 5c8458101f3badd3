/* SPDX-License-Identifier: BSD-2-Clause */
/* See tray.h. */
#include "tray.h"

#include <stdlib.h>

enum { WIDTH_PX = 200, HEIGHT_PX = 40, REQUEST_DOCK = 0, EMBEDDED_NOTIFY = 0 };

/* The owner is announced on the root window (ICCCM 2.8). */
static void announce(struct tray *tray, xcb_atom_t selection)
{
    xcb_screen_t *root = tray->screen->root;
    const xcb_client_message_event_t event = {
        .response_type = XCB_CLIENT_MESSAGE,
        .format = 32,
        .window = root->root,
        .type = screen_atom(tray->screen, "MANAGER"),
        .data.data32 = {XCB_CURRENT_TIME, selection, tray->window}};

    xcb_send_event(tray->screen->connection, 0, root->root, XCB_EVENT_MASK_STRUCTURE_NOTIFY,
                   (const char *)&event);
}

void tray_open(struct tray *tray, struct screen *screen)
{
    const xcb_atom_t selection = screen_atom(screen, "_NET_SYSTEM_TRAY_S0");

    tray->screen = screen;
    tray->window = xcb_generate_id(screen->connection);
    xcb_create_window(screen->connection, XCB_COPY_FROM_PARENT, tray->window, screen->root->root,
                      TRAY_X, TRAY_Y, WIDTH_PX, HEIGHT_PX, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                      XCB_COPY_FROM_PARENT, XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK,
                      (uint32_t[]){1, XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY});
    xcb_map_window(screen->connection, tray->window);
    xcb_set_selection_owner(screen->connection, tray->window, selection, XCB_CURRENT_TIME);
    announce(tray, selection);
    xcb_flush(screen->connection);
}

void tray_close(struct tray *tray, xcb_window_t icon)
{
    if (icon != XCB_NONE)
        xcb_reparent_window(tray->screen->connection, icon, tray->screen->root->root, TRAY_X,
                            TRAY_Y);
    xcb_destroy_window(tray->screen->connection, tray->window);
    xcb_flush(tray->screen->connection);
}

xcb_window_t tray_request(const struct tray *tray)
{
    const xcb_client_message_event_t *last = &tray->screen->message;

    return last->window == tray->window &&
                   last->type == screen_atom(tray->screen, "_NET_SYSTEM_TRAY_OPCODE") &&
                   last->data.data32[1] == REQUEST_DOCK
               ? last->data.data32[2]
               : XCB_NONE;
}

void tray_embed(struct tray *tray, xcb_window_t icon)
{
    xcb_connection_t *connection = tray->screen->connection;
    const xcb_client_message_event_t event = {
        .response_type = XCB_CLIENT_MESSAGE,
        .format = 32,
        .window = icon,
        .type = screen_atom(tray->screen, "_XEMBED"),
        .data.data32 = {XCB_CURRENT_TIME, EMBEDDED_NOTIFY, 0, tray->window, 0}};

    xcb_change_save_set(connection, XCB_SET_MODE_INSERT, icon);
    xcb_reparent_window(connection, icon, tray->window, ICON_X, ICON_Y);
    xcb_configure_window(connection, icon, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                         (uint32_t[]){ICON_PX, ICON_PX});
    xcb_send_event(connection, 0, icon, 0, (const char *)&event);
    xcb_map_window(connection, icon);
    xcb_flush(connection);
}

uint32_t tray_count(const struct tray *tray)
{
    xcb_query_tree_reply_t *reply = xcb_query_tree_reply(
        tray->screen->connection, xcb_query_tree(tray->screen->connection, tray->window), NULL);
    const uint32_t count = reply ? (uint32_t)xcb_query_tree_children_length(reply) : 0;

    free(reply);
    return count;
}
