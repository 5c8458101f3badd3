/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text between guests and the host's CLIPBOARD selection, in either direction only on the user's
 * own key: Ctrl+Shift+C asks the focused guest and makes its answer the selection, Ctrl+Shift+V
 * gives the selection to the focused guest. What a guest sends unasked is dropped.
 */
#include "view.h"

#include <stdlib.h>
#include <string.h>

static void become_owner(struct view *view)
{
    xcb_set_selection_owner(view->display.connection, view->clipboard.window,
                            view->display.atoms[ATOM_CLIPBOARD], XCB_CURRENT_TIME);
}

bool clipboard_open(struct view *view)
{
    struct display *display = &view->display;

    view->clipboard.window = xcb_generate_id(display->connection);
    xcb_create_window(display->connection, 0, view->clipboard.window, display->screen->root, 0, 0,
                      1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, 0, NULL);
    return true;
}

void clipboard_close(struct view *view)
{
    free(view->clipboard.text);
    view->clipboard.text = NULL;
}

void clipboard_copy(struct view *view, struct guest *from)
{
    const struct window *window = view->focused;

    from->clipboard_asked = true;
    guest_send(from, &(struct gui_message){.type = GUI_CLIPBOARD_REQ,
                                           .window = window != NULL && window->guest == from
                                                         ? window->rules->id
                                                         : 0});
}

void clipboard_take(struct guest *guest, const uint8_t *text, uint32_t size_bytes)
{
    struct clipboard *clipboard = &guest->view->clipboard;
    uint8_t *copy;

    if (!guest->clipboard_asked)
        return;
    guest->clipboard_asked = false;
    if (size_bytes > GUI_CLIPBOARD_MAX) {
        guest_log(guest, "what was copied is larger than a clipboard may be");
        return;
    }
    copy = malloc(size_bytes + 1);
    if (copy == NULL)
        return;
    if (size_bytes > 0)
        memcpy(copy, text, size_bytes);
    free(clipboard->text);
    clipboard->text = copy;
    clipboard->text_bytes = size_bytes;
    become_owner(guest->view);
    guest_log(guest, "%u bytes copied to the clipboard", size_bytes);
}

void clipboard_paste(struct view *view, struct guest *to, xcb_timestamp_t time)
{
    const xcb_atom_t *atoms = view->display.atoms;

    view->clipboard.paste_to = to;
    xcb_convert_selection(view->display.connection, view->clipboard.window, atoms[ATOM_CLIPBOARD],
                          atoms[ATOM_UTF8_STRING], atoms[ATOM_CASEMENT_CLIPBOARD], time);
}

/* The owner has put the selection's text into our window's property. */
static void take_selection(struct view *view, const xcb_selection_notify_event_t *event)
{
    struct guest *to = view->clipboard.paste_to;
    xcb_get_property_reply_t *reply;

    view->clipboard.paste_to = NULL;
    if (to == NULL || event->property == XCB_NONE)
        return;
    reply = xcb_get_property_reply(view->display.connection,
                                   xcb_get_property(view->display.connection, 1,
                                                    view->clipboard.window, event->property,
                                                    XCB_ATOM_ANY, 0, GUI_CLIPBOARD_MAX / 4 + 1),
                                   NULL);
    if (reply == NULL)
        return;
    const uint32_t most = to->decoder.version >= GUI_VERSION_BIG_CLIPBOARD ? GUI_CLIPBOARD_MAX
                                                                           : GUI_CLIPBOARD_MAX_OLD;
    const uint32_t size = (uint32_t)xcb_get_property_value_length(reply);
    if (reply->type != view->display.atoms[ATOM_UTF8_STRING] || size > most || reply->bytes_after)
        guest_log(to, "the host's clipboard is not text, or too large to paste");
    else
        guest_send(to, &(struct gui_message){.type = GUI_CLIPBOARD_DATA,
                                             .tail = xcb_get_property_value(reply),
                                             .tail_bytes = size});
    free(reply);
}

static void give_selection(struct view *view, const xcb_selection_request_event_t *event)
{
    const xcb_atom_t *atoms = view->display.atoms;
    const struct clipboard *clipboard = &view->clipboard;
    const xcb_atom_t property = event->property != XCB_NONE ? event->property : event->target;
    const xcb_atom_t targets[2] = {atoms[ATOM_TARGETS], atoms[ATOM_UTF8_STRING]};
    xcb_selection_notify_event_t answer = {.response_type = XCB_SELECTION_NOTIFY,
                                           .time = event->time,
                                           .requestor = event->requestor,
                                           .selection = event->selection,
                                           .target = event->target,
                                           .property = property};

    if (clipboard->text != NULL && event->target == atoms[ATOM_TARGETS])
        xcb_change_property(view->display.connection, XCB_PROP_MODE_REPLACE, event->requestor,
                            property, XCB_ATOM_ATOM, 32, 2, targets);
    else if (clipboard->text != NULL && event->target == atoms[ATOM_UTF8_STRING])
        xcb_change_property(view->display.connection, XCB_PROP_MODE_REPLACE, event->requestor,
                            property, event->target, 8, clipboard->text_bytes, clipboard->text);
    else
        answer.property = XCB_NONE;
    xcb_send_event(view->display.connection, 0, event->requestor, 0, (const char *)&answer);
}

bool clipboard_event(struct view *view, const xcb_generic_event_t *event)
{
    switch (event->response_type & 0x7f) {
    case XCB_SELECTION_NOTIFY:
        take_selection(view, (const void *)event);
        return true;
    case XCB_SELECTION_REQUEST:
        give_selection(view, (const void *)event);
        return true;
    case XCB_SELECTION_CLEAR:
        clipboard_close(view);
        return true;
    default:
        return false;
    }
}
