/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The screen's notification area and guests' icons in it (freedesktop.org's System Tray Protocol).
 * It may come later than an icon, end, and come back: each icon asks each new one for a place.
 * Where there is none, the icon is not shown.
 */
#include <stdlib.h>

#include "view.h"

enum { REQUEST_DOCK = 0 };

static xcb_window_t owner_of_tray(struct view *view)
{
    const struct display *display = &view->display;
    xcb_get_selection_owner_reply_t *reply = xcb_get_selection_owner_reply(
        display->connection,
        xcb_get_selection_owner(display->connection, display->atoms[ATOM_NET_SYSTEM_TRAY]), NULL);
    const xcb_window_t owner = reply != NULL ? reply->owner : XCB_NONE;

    free(reply);
    return owner;
}

void tray_ask(struct view *view, const struct window *window)
{
    const struct display *display = &view->display;
    const xcb_window_t owner = owner_of_tray(view);
    const uint32_t embed[2] = {0, 1}; /* version, "map me" */
    const xcb_client_message_event_t event = {
        .response_type = XCB_CLIENT_MESSAGE,
        .format = 32,
        .window = owner,
        .type = display->atoms[ATOM_NET_SYSTEM_TRAY_OPCODE],
        .data.data32 = {XCB_CURRENT_TIME, REQUEST_DOCK, window->frame}};

    xcb_change_property(display->connection, XCB_PROP_MODE_REPLACE, window->frame,
                        display->atoms[ATOM_XEMBED_INFO], display->atoms[ATOM_XEMBED_INFO], 32, 2,
                        embed);
    if (owner != XCB_NONE)
        xcb_send_event(display->connection, 0, owner, 0, (const char *)&event);
}

void tray_message(struct view *view, const xcb_client_message_event_t *event)
{
    if (event->type != view->display.atoms[ATOM_MANAGER] ||
        event->data.data32[1] != view->display.atoms[ATOM_NET_SYSTEM_TRAY])
        return;
    for (const struct window *window = view->windows; window != NULL; window = window->next)
        if (window->rules->docked)
            tray_ask(view, window);
}

void tray_reparented(struct view *view, const xcb_reparent_notify_event_t *event)
{
    const struct window *window = window_of(view, event->window);

    if (window != NULL && window->rules->docked && event->parent == view->display.screen->root)
        xcb_unmap_window(view->display.connection, window->frame);
}
