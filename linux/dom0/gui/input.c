/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user does with a window, as messages for its guest: keys, buttons, motion, focus, and
 * what the window manager makes of place and state. Coordinates are the content's; the keys that
 * move the clipboard are ours and not the guest's.
 */
#include "view.h"

#include <stdlib.h>
#include <string.h>

enum { KEYSYM_C = 0x63, KEYSYM_V = 0x76 };
enum { TYPE_MASK = 0x7f };

static void tell(const struct window *window, struct gui_message message)
{
    message.window = window->rules->id;
    guest_send(window->guest, &message);
}

/* --- Keys, buttons, motion */

static bool is_clipboard_key(struct view *view, const xcb_key_press_event_t *event,
                             xcb_keysym_t letter)
{
    const uint16_t both = XCB_MOD_MASK_CONTROL | XCB_MOD_MASK_SHIFT;

    return (event->state & both) == both &&
           xcb_key_symbols_get_keysym(view->display.keys, event->detail, 0) == letter;
}

static void take_key(struct view *view, const xcb_key_press_event_t *event, bool pressed)
{
    struct window *window = window_of(view, event->event);

    if (window == NULL)
        return;
    const bool copies = is_clipboard_key(view, event, KEYSYM_C);
    if (copies || is_clipboard_key(view, event, KEYSYM_V)) {
        if (pressed && copies)
            clipboard_copy(view, window->guest);
        else if (pressed)
            clipboard_paste(view, window->guest, event->time);
        return;
    }
    tell(window, (struct gui_message){.type = GUI_KEYPRESS,
                                      .key = {pressed ? GUI_KEY_PRESS : GUI_KEY_RELEASE,
                                              event->event_x - (int32_t)window->left,
                                              event->event_y - (int32_t)window->top, event->state,
                                              event->detail}});
}

/* Where no window manager does it, a click raises a window and gives it the keyboard. */
static void activate(struct view *view, struct window *window)
{
    xcb_connection_t *connection = view->display.connection;

    if (view->display.has_wm || window->override_redirect)
        return;
    xcb_configure_window(connection, window->frame, XCB_CONFIG_WINDOW_STACK_MODE,
                         (uint32_t[]){XCB_STACK_MODE_ABOVE});
    xcb_set_input_focus(connection, XCB_INPUT_FOCUS_POINTER_ROOT, window->frame, XCB_CURRENT_TIME);
}

static void take_button(struct view *view, const xcb_button_press_event_t *event, bool pressed)
{
    struct window *window = window_of(view, event->event);

    if (window == NULL)
        return;
    if (pressed)
        activate(view, window);
    tell(window, (struct gui_message){.type = GUI_BUTTON,
                                      .button = {pressed ? GUI_BUTTON_PRESS : GUI_BUTTON_RELEASE,
                                                 event->event_x, event->event_y, event->state,
                                                 event->detail}});
}

static void take_motion(struct view *view, const xcb_motion_notify_event_t *event)
{
    const struct window *window = window_of(view, event->event);

    if (window != NULL)
        tell(window, (struct gui_message){.type = GUI_MOTION,
                                          .motion = {event->event_x, event->event_y, event->state,
                                                     event->detail == XCB_MOTION_HINT}});
}

static void take_crossing(struct view *view, const xcb_enter_notify_event_t *event, bool entered)
{
    const struct window *window = window_of(view, event->event);

    if (window != NULL)
        tell(window,
             (struct gui_message){.type = GUI_CROSSING,
                                  .crossing = {entered ? GUI_ENTER : GUI_LEAVE, event->event_x,
                                               event->event_y, event->state, event->mode,
                                               event->detail, event->same_screen_focus & 1}});
}

/* --- The keyboard's focus */

void focus_lost(struct view *view, const struct window *window)
{
    if (view->focused == window)
        view->focused = NULL;
}

/* Which keys are down: the guest lets go of all others. */
static void tell_keymap(struct view *view, const struct window *window)
{
    struct gui_message message = {.type = GUI_KEYMAP_NOTIFY};
    xcb_query_keymap_reply_t *reply = xcb_query_keymap_reply(
        view->display.connection, xcb_query_keymap(view->display.connection), NULL);

    if (reply != NULL) {
        memcpy(message.keymap.down, reply->keys, sizeof message.keymap.down);
        tell(window, message);
    }
    free(reply);
}

static void take_focus(struct view *view, const xcb_focus_in_event_t *event, bool in)
{
    struct window *window = window_of(view, event->event);

    /* A grab (a menu, a switcher) gives it back, and what is the pointer's is nobody's. */
    if (window == NULL || event->mode == XCB_NOTIFY_MODE_GRAB ||
        event->mode == XCB_NOTIFY_MODE_UNGRAB || event->detail >= XCB_NOTIFY_DETAIL_POINTER ||
        event->detail == XCB_NOTIFY_DETAIL_INFERIOR)
        return;
    if (in)
        tell_keymap(view, window);
    view->focused = in ? window : view->focused == window ? NULL : view->focused;
    tell(window,
         (struct gui_message){.type = GUI_FOCUS,
                              .focus = {in ? GUI_FOCUS_IN : GUI_FOCUS_OUT, 0, event->detail}});
}

/* --- Place and state */

/* A window manager puts the frame into a window of its own, and so does a notification area: the
 * root's coordinates are asked for. */
static bool root_place(struct view *view, const struct window *window,
                       const xcb_configure_notify_event_t *event, int32_t *x, int32_t *y)
{
    xcb_translate_coordinates_reply_t *reply;

    *x = event->x, *y = event->y;
    if ((!view->display.has_wm && !window->rules->docked) || event->response_type & 0x80)
        return true;
    reply = xcb_translate_coordinates_reply(
        view->display.connection,
        xcb_translate_coordinates(view->display.connection, event->window,
                                  view->display.screen->root, 0, 0),
        NULL);
    if (reply == NULL)
        return false;
    *x = reply->dst_x, *y = reply->dst_y;
    free(reply);
    return true;
}

static void take_place(struct view *view, const xcb_configure_notify_event_t *event)
{
    struct window *window = window_of(view, event->window);
    const int32_t margin_x = window ? (int32_t)(window->left + window->right) : 0;
    const int32_t margin_y = window ? (int32_t)(window->top + window->bottom) : 0;
    int32_t x, y;

    /* Events from before our own last change tell of a place that is past. */
    if (window == NULL || event->window != window->frame ||
        (int16_t)(event->sequence - window->configured) < 0 || event->width <= margin_x ||
        event->height <= margin_y || !root_place(view, window, event, &x, &y))
        return;
    struct rules_window *rules = window->rules;
    const uint32_t width = (uint32_t)(event->width - margin_x);
    const uint32_t height = (uint32_t)(event->height - margin_y);
    const bool resized = width != rules->width || height != rules->height;

    x += (int32_t)window->left, y += (int32_t)window->top;
    if (!resized && x == rules->x && y == rules->y) {
        window->insists = 0;
        return;
    }
    if (window_insists(view, window))
        return;
    const bool ask = rules_place(rules, x, y, width, height);
    if (resized)
        xcb_configure_window(view->display.connection, window->content,
                             XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                             (uint32_t[]){width, height});
    if (ask)
        tell(window, (struct gui_message){
                         .type = GUI_CONFIGURE,
                         .configure = {rules->x, rules->y, rules->width, rules->height, 0}});
}

/* The flags that the window manager has for it. */
static uint32_t read_state(struct view *view, xcb_window_t frame)
{
    const xcb_atom_t *atoms = view->display.atoms;
    xcb_get_property_reply_t *reply =
        xcb_get_property_reply(view->display.connection,
                               xcb_get_property(view->display.connection, 0, frame,
                                                atoms[ATOM_NET_WM_STATE], XCB_ATOM_ATOM, 0, 64),
                               NULL);
    uint32_t flags = 0;

    for (int i = 0; reply != NULL && i < xcb_get_property_value_length(reply) / 4; i++) {
        const xcb_atom_t state = ((xcb_atom_t *)xcb_get_property_value(reply))[i];

        if (state == atoms[ATOM_NET_WM_STATE_HIDDEN])
            flags |= GUI_FLAG_MINIMIZE;
        if (state == atoms[ATOM_NET_WM_STATE_FULLSCREEN])
            flags |= GUI_FLAG_FULLSCREEN;
    }
    free(reply);
    return flags;
}

static void take_property(struct view *view, const xcb_property_notify_event_t *event)
{
    struct window *window = window_of(view, event->window);

    if (event->window == view->display.screen->root &&
        event->atom == view->display.atoms[ATOM_NET_SUPPORTING_WM_CHECK])
        display_find_wm(&view->display); /* windows that are shown from now on suit it */
    if (window == NULL || event->atom != view->display.atoms[ATOM_NET_WM_STATE] ||
        !window->rules->mapped)
        return;
    struct rules_window *rules = window->rules;
    const uint32_t was = window->wm_state, now = read_state(view, window->frame);
    const uint32_t set = now & ~was & ~rules->flags, unset = was & ~now & rules->flags;

    window->wm_state = now;
    rules->flags = (rules->flags | set) & ~unset;
    if (unset & GUI_FLAG_MINIMIZE)
        tell(window, (struct gui_message){.type = GUI_MAP});
    if (set | (unset & GUI_FLAG_FULLSCREEN))
        tell(window, (struct gui_message){.type = GUI_WINDOW_FLAGS,
                                          .flags = {set, unset & GUI_FLAG_FULLSCREEN}});
}

static void take_message(struct view *view, const xcb_client_message_event_t *event)
{
    const struct window *window = window_of(view, event->window);

    if (window != NULL && event->type == view->display.atoms[ATOM_WM_PROTOCOLS] &&
        event->data.data32[0] == view->display.atoms[ATOM_WM_DELETE_WINDOW])
        tell(window, (struct gui_message){.type = GUI_CLOSE});
    if (event->window == view->display.screen->root)
        tray_message(view, event);
}

static void take_expose(struct view *view, const xcb_expose_event_t *event)
{
    struct window *window = window_of(view, event->window);

    if (window != NULL && event->window == window->content)
        window_damage(window, &(struct gui_rect){event->x, event->y, event->width, event->height});
    else if (window != NULL)
        window_draw_frame(view, window);
}

void take_x_event(struct view *view, xcb_generic_event_t *event)
{
    void *const it = event;

    switch (event->response_type & TYPE_MASK) {
    case XCB_KEY_PRESS:
    case XCB_KEY_RELEASE:
        take_key(view, it, (event->response_type & TYPE_MASK) == XCB_KEY_PRESS);
        break;
    case XCB_BUTTON_PRESS:
    case XCB_BUTTON_RELEASE:
        take_button(view, it, (event->response_type & TYPE_MASK) == XCB_BUTTON_PRESS);
        break;
    case XCB_MOTION_NOTIFY:
        take_motion(view, it);
        break;
    case XCB_ENTER_NOTIFY:
    case XCB_LEAVE_NOTIFY:
        take_crossing(view, it, (event->response_type & TYPE_MASK) == XCB_ENTER_NOTIFY);
        break;
    case XCB_FOCUS_IN:
    case XCB_FOCUS_OUT:
        take_focus(view, it, (event->response_type & TYPE_MASK) == XCB_FOCUS_IN);
        break;
    case XCB_CONFIGURE_NOTIFY:
        take_place(view, it);
        break;
    case XCB_REPARENT_NOTIFY:
        tray_reparented(view, it);
        break;
    case XCB_EXPOSE:
        take_expose(view, it);
        break;
    case XCB_PROPERTY_NOTIFY:
        take_property(view, it);
        break;
    case XCB_CLIENT_MESSAGE:
        take_message(view, it);
        break;
    case XCB_MAPPING_NOTIFY:
        xcb_refresh_keyboard_mapping(view->display.keys, it);
        break;
    default:
        if (!display_painted(&view->display, event))
            clipboard_event(view, event);
        break;
    }
}
