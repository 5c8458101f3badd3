/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's window on the X screen: a frame in the qube's colour, which the window manager treats
 * as the window, and in it the content at the guest's own place and size. Where no window manager
 * decorates, the frame has the title too; in either case the title begins with the qube's name,
 * and so does the class. A window that places itself (a menu) is kept on the screen with its frame,
 * and may not cover nearly all of it.
 */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb_icccm.h>

#include "core/gui/text.h"

enum { STATE_REMOVE, STATE_ADD };
enum { CHAR_PX = 6, TITLE_BASELINE_PX = 12 };
enum { INSISTS_MAX = 3 };

static struct display *display_of(struct view *view)
{
    return &view->display;
}

static xcb_atom_t atom(struct view *view, enum display_atom which)
{
    return view->display.atoms[which];
}

struct window *window_of(const struct view *view, xcb_window_t id)
{
    struct window *window = view->windows;

    while (window != NULL && window->frame != id && window->content != id)
        window = window->next;
    return window;
}

/* --- Where */

static bool covers_the_screen(struct view *view, const struct rules_window *rules)
{
    const xcb_screen_t *screen = display_of(view)->screen;

    return rules->width * 10 > screen->width_in_pixels * 9u &&
           rules->height * 10 > screen->height_in_pixels * 9u;
}

static void choose_frame(struct view *view, struct window *window)
{
    const bool titled = !window->override_redirect && !display_of(view)->has_wm;

    window->left = window->right = window->bottom = FRAME_PX;
    window->top = titled ? TITLE_PX + FRAME_PX : FRAME_PX;
    if (window->rules->docked)
        window->left = window->right = window->top = window->bottom = 1;
}

static int32_t kept_within(int32_t at, uint32_t size, uint32_t screen_size)
{
    if (at + (int64_t)size > screen_size)
        at = (int32_t)screen_size - (int32_t)size;
    return at < 0 ? 0 : at;
}

/* The frame of a window that nobody else places stays on the screen; the guest is told. */
static void keep_on_screen(struct view *view, struct window *window)
{
    struct rules_window *rules = window->rules;
    const xcb_screen_t *screen = display_of(view)->screen;
    const uint32_t width = rules->width + window->left + window->right;
    const uint32_t height = rules->height + window->top + window->bottom;
    int32_t x = rules->x - (int32_t)window->left, y = rules->y - (int32_t)window->top;

    if (rules->docked || (display_of(view)->has_wm && !window->override_redirect))
        return;
    x = window->override_redirect ? kept_within(x, width, screen->width_in_pixels) : x < 0 ? 0 : x;
    y = window->override_redirect ? kept_within(y, height, screen->height_in_pixels)
        : y < 0                   ? 0
                                  : y;
    if (rules_place(rules, x + (int32_t)window->left, y + (int32_t)window->top, rules->width,
                    rules->height))
        guest_send(window->guest,
                   &(struct gui_message){
                       .type = GUI_CONFIGURE,
                       .window = rules->id,
                       .configure = {rules->x, rules->y, rules->width, rules->height, 0}});
}

static void ask_for_place(struct view *view, struct window *window)
{
    xcb_connection_t *connection = display_of(view)->connection;
    const struct rules_window *rules = window->rules;
    const uint32_t content[4] = {window->left, window->top, rules->width, rules->height};
    const uint32_t frame[4] = {
        (uint32_t)(rules->x - (int32_t)window->left), (uint32_t)(rules->y - (int32_t)window->top),
        rules->width + window->left + window->right, rules->height + window->top + window->bottom};
    const uint16_t where = XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y;
    const uint16_t size = XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT;

    xcb_configure_window(connection, window->content, where | size, content);
    window->configured =
        (uint16_t)(rules->docked
                       ? xcb_configure_window(connection, window->frame, size, frame + 2)
                       : xcb_configure_window(connection, window->frame, where | size, frame))
            .sequence;
}

void window_place(struct view *view, struct window *window)
{
    keep_on_screen(view, window);
    ask_for_place(view, window);
    /* A notification area decides on its icons itself. */
    window->insists =
        display_of(view)->has_wm && !window->override_redirect && !window->rules->docked
            ? INSISTS_MAX
            : 0;
}

bool window_insists(struct view *view, struct window *window)
{
    if (window->insists == 0)
        return false;
    window->insists--;
    ask_for_place(view, window);
    return true;
}

/* --- What it is called */

static void set_text(struct view *view, xcb_window_t window, xcb_atom_t property, xcb_atom_t type,
                     const char *text, size_t size)
{
    xcb_change_property(display_of(view)->connection, XCB_PROP_MODE_REPLACE, window, property, type,
                        8, (uint32_t)size, text);
}

static void set_number(struct view *view, xcb_window_t window, xcb_atom_t property, xcb_atom_t type,
                       uint32_t value)
{
    xcb_change_property(display_of(view)->connection, XCB_PROP_MODE_REPLACE, window, property, type,
                        32, 1, &value);
}

/* A guest's text is shown to the user, and parsed by window managers: UTF-8 without controls. */
static void clean(char *text, size_t room)
{
    char good[GUI_TITLE_BYTES];

    gui_text_put(good, room, text, strlen(text));
    memcpy(text, good, room);
}

static int full_title(const struct window *window, char *out, size_t room)
{
    return snprintf(out, room, "[%s] %s", window->guest->name, window->rules->title.text);
}

void window_title(struct view *view, struct window *window)
{
    char text[GUEST_NAME_BYTES + GUI_TITLE_BYTES + 4];
    clean(window->rules->title.text, sizeof window->rules->title.text);
    const size_t length = (size_t)full_title(window, text, sizeof text);

    set_text(view, window->frame, atom(view, ATOM_NET_WM_NAME), atom(view, ATOM_UTF8_STRING), text,
             length);
    set_text(view, window->frame, XCB_ATOM_WM_NAME, XCB_ATOM_STRING, text, length);
    window->told = false;
    window_draw_frame(view, window);
}

void window_class(struct view *view, struct window *window)
{
    char text[2 * (GUEST_NAME_BYTES + GUI_CLASS_BYTES + 2)];
    struct gui_class *class = &window->rules->class;

    clean(class->name, sizeof class->name);
    clean(class->instance, sizeof class->instance);
    int first = snprintf(text, sizeof text, "%s:%s", window->guest->name, class->instance) + 1;
    int second = snprintf(text + first, sizeof text - (size_t)first, "%s:%s", window->guest->name,
                          class->name) +
                 1;

    set_text(view, window->frame, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, text,
             (size_t)(first + second));
}

void window_draw_frame(struct view *view, struct window *window)
{
    struct display *display = display_of(view);
    char text[GUEST_NAME_BYTES + GUI_TITLE_BYTES + 4];
    const uint32_t color = window->guest->color;
    const uint32_t light = (color >> 16 & 255) * 3 + (color >> 8 & 255) * 6 + (color & 255);
    const uint32_t colors[2] = {light > 1300 ? 0 : 0xffffff, color};
    int length = full_title(window, text, sizeof text);

    if (window->top < TITLE_PX)
        return;
    for (int i = 0; i < length; i++) { /* the font has no more */
        if ((unsigned char)text[i] >= 0x7f)
            text[i] = '?';
    }
    if (length * CHAR_PX > (int)window->rules->width)
        length = (int)window->rules->width / CHAR_PX;
    xcb_clear_area(display->connection, 0, window->frame, 0, 0, 0, (uint16_t)window->top);
    xcb_change_gc(display->connection, display->gc, XCB_GC_FOREGROUND | XCB_GC_BACKGROUND, colors);
    xcb_change_gc(display->connection, display->gc, XCB_GC_FONT, &display->text_font);
    xcb_image_text_8(display->connection, (uint8_t)length, window->frame, display->gc, FRAME_PX + 1,
                     TITLE_BASELINE_PX + 2, text);
}

/* --- What the window manager may do with it */

void window_hints(struct view *view, struct window *window)
{
    const struct gui_hints *from = &window->rules->hints;
    const int32_t wide = (int32_t)(window->left + window->right);
    const int32_t high = (int32_t)(window->top + window->bottom);
    xcb_size_hints_t hints = {0};

    /* The guest says where a window is: also when the user did not choose that place. */
    xcb_icccm_size_hints_set_position(&hints, 1, window->rules->x, window->rules->y);
    xcb_icccm_size_hints_set_win_gravity(&hints, XCB_GRAVITY_STATIC);
    if (from->flags & GUI_HINT_MIN_SIZE && from->min_width <= GUI_WIDTH_MAX &&
        from->min_height <= GUI_HEIGHT_MAX)
        xcb_icccm_size_hints_set_min_size(&hints, (int32_t)from->min_width + wide,
                                          (int32_t)from->min_height + high);
    if (from->flags & GUI_HINT_MAX_SIZE && from->max_width <= GUI_WIDTH_MAX &&
        from->max_height <= GUI_HEIGHT_MAX && from->max_width > 0 && from->max_height > 0)
        xcb_icccm_size_hints_set_max_size(&hints, (int32_t)from->max_width + wide,
                                          (int32_t)from->max_height + high);
    if (from->flags & GUI_HINT_INCREMENT && from->width_increment - 1 < 1000 &&
        from->height_increment - 1 < 1000)
        xcb_icccm_size_hints_set_resize_inc(&hints, (int32_t)from->width_increment,
                                            (int32_t)from->height_increment);
    if (from->flags & GUI_HINT_BASE_SIZE && from->base_width <= GUI_WIDTH_MAX &&
        from->base_height <= GUI_HEIGHT_MAX)
        xcb_icccm_size_hints_set_base_size(&hints, (int32_t)from->base_width + wide,
                                           (int32_t)from->base_height + high);
    xcb_icccm_set_wm_normal_hints(display_of(view)->connection, window->frame, &hints);
}

static void set_wm_hints(struct view *view, struct window *window)
{
    xcb_icccm_wm_hints_t hints = {0};

    xcb_icccm_wm_hints_set_input(&hints, 1);
    if (window->rules->flags & GUI_FLAG_ATTENTION)
        xcb_icccm_wm_hints_set_urgency(&hints);
    xcb_icccm_set_wm_hints(display_of(view)->connection, window->frame, &hints);
}

static void ask_root(struct view *view, xcb_window_t window, xcb_atom_t type, uint32_t first,
                     uint32_t second, uint32_t third)
{
    struct display *display = display_of(view);
    const xcb_client_message_event_t event = {.response_type = XCB_CLIENT_MESSAGE,
                                              .format = 32,
                                              .window = window,
                                              .type = type,
                                              .data.data32 = {first, second, third, 1, 0}};

    xcb_send_event(display->connection, 0, display->screen->root,
                   XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY,
                   (const char *)&event);
}

/* FULLSCREEN would hide whose window it is, so it becomes "maximized", and yet is acknowledged:
 * the program only wants to know that it was heard. */
void window_flags(struct view *view, struct window *window, const struct gui_flags *flags)
{
    const uint32_t changed = flags->set | flags->unset;

    if (changed & GUI_FLAG_ATTENTION)
        set_wm_hints(view, window);
    if (changed & GUI_FLAG_FULLSCREEN) {
        ask_root(view, window->frame, atom(view, ATOM_NET_WM_STATE),
                 flags->set & GUI_FLAG_FULLSCREEN ? STATE_ADD : STATE_REMOVE,
                 atom(view, ATOM_NET_WM_STATE_MAXIMIZED_VERT),
                 atom(view, ATOM_NET_WM_STATE_MAXIMIZED_HORZ));
        guest_send(window->guest,
                   &(struct gui_message){.type = GUI_WINDOW_FLAGS,
                                         .window = window->rules->id,
                                         .flags = {flags->set & GUI_FLAG_FULLSCREEN,
                                                   flags->unset & GUI_FLAG_FULLSCREEN}});
    }
    if (flags->set & GUI_FLAG_MINIMIZE) {
        if (display_of(view)->has_wm)
            ask_root(view, window->frame, atom(view, ATOM_WM_CHANGE_STATE),
                     XCB_ICCCM_WM_STATE_ICONIC, 0, 0);
        else
            xcb_unmap_window(display_of(view)->connection, window->frame);
    }
}

void window_dock(struct view *view, struct window *window)
{
    choose_frame(view, window);
    window_place(view, window);
    tray_ask(view, window);
}

void window_cursor(struct view *view, struct window *window)
{
    const xcb_cursor_t cursor = display_cursor(display_of(view), window->rules->cursor);

    xcb_change_window_attributes(display_of(view)->connection, window->content, XCB_CW_CURSOR,
                                 &cursor);
}

/* --- Its life */

static void create_x_windows(struct view *view, struct window *window)
{
    struct display *display = display_of(view);
    const uint32_t frame_mask = XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK;
    const uint32_t frame_values[2] = {
        window->guest->color, XCB_EVENT_MASK_STRUCTURE_NOTIFY | XCB_EVENT_MASK_EXPOSURE |
                                  XCB_EVENT_MASK_FOCUS_CHANGE | XCB_EVENT_MASK_PROPERTY_CHANGE |
                                  XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE};
    /* No background: the server paints nothing before the guest's pixels. */
    const uint32_t content_mask = XCB_CW_EVENT_MASK;
    const uint32_t content_values[1] = {
        XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE |
        XCB_EVENT_MASK_POINTER_MOTION | XCB_EVENT_MASK_ENTER_WINDOW | XCB_EVENT_MASK_LEAVE_WINDOW};

    window->frame = xcb_generate_id(display->connection);
    window->content = xcb_generate_id(display->connection);
    xcb_create_window(display->connection, XCB_COPY_FROM_PARENT, window->frame,
                      display->screen->root, 0, 0, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                      XCB_COPY_FROM_PARENT, frame_mask, frame_values);
    xcb_create_window(display->connection, XCB_COPY_FROM_PARENT, window->content, window->frame, 0,
                      0, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT, content_mask,
                      content_values);
    xcb_map_window(display->connection, window->content);
}

bool window_create(struct guest *guest, struct rules_window *rules)
{
    struct view *view = guest->view;
    struct window *window = calloc(1, sizeof *window);

    if (window == NULL)
        return false;
    window->guest = guest;
    window->rules = rules;
    window->next = view->windows;
    view->windows = window;
    rules->user = window;
    create_x_windows(view, window);
    const xcb_atom_t protocol = atom(view, ATOM_WM_DELETE_WINDOW);
    set_number(view, window->frame, atom(view, ATOM_WM_PROTOCOLS), XCB_ATOM_ATOM, protocol);
    set_text(view, window->frame, atom(view, ATOM_QUBES_VMNAME), XCB_ATOM_STRING, guest->name,
             strlen(guest->name));
    set_number(view, window->frame, atom(view, ATOM_QUBES_VMWINDOWID), XCB_ATOM_WINDOW, rules->id);
    set_number(view, window->frame, atom(view, ATOM_QUBES_LABEL_COLOR), XCB_ATOM_CARDINAL,
               guest->color);
    choose_frame(view, window);
    window_title(view, window);
    window_class(view, window);
    set_wm_hints(view, window);
    return true;
}

void window_destroy(struct view *view, struct window *window)
{
    struct window **link = &view->windows;

    focus_lost(view, window);
    window_drop_image(view, window);
    xcb_destroy_window(display_of(view)->connection, window->frame);
    while (*link != window)
        link = &(*link)->next;
    *link = window->next;
    free(window);
}

static void set_transient(struct view *view, struct window *window)
{
    const struct rules_window *parent =
        window->rules->transient_for != 0
            ? rules_find(&window->guest->rules, window->rules->transient_for)
            : NULL;

    if (parent != NULL)
        set_number(view, window->frame, XCB_ATOM_WM_TRANSIENT_FOR, XCB_ATOM_WINDOW,
                   ((struct window *)parent->user)->frame);
    else
        xcb_delete_property(display_of(view)->connection, window->frame, XCB_ATOM_WM_TRANSIENT_FOR);
}

void window_map(struct view *view, struct window *window)
{
    uint32_t override_redirect;

    window->override_redirect =
        window->rules->override_redirect && !covers_the_screen(view, window->rules);
    if (window->rules->override_redirect && !window->override_redirect)
        guest_log(window->guest, "a window that covers the screen may not place itself");
    override_redirect = window->override_redirect;
    xcb_change_window_attributes(display_of(view)->connection, window->frame,
                                 XCB_CW_OVERRIDE_REDIRECT, &override_redirect);
    choose_frame(view, window);
    window_place(view, window);
    window_hints(view, window);
    set_transient(view, window);
    window_damage(window, &(struct gui_rect){0, 0, window->rules->width, window->rules->height});
    xcb_map_window(display_of(view)->connection, window->frame);
}

void window_unmap(struct view *view, struct window *window)
{
    struct display *display = display_of(view);
    const xcb_unmap_notify_event_t event = {
        .response_type = XCB_UNMAP_NOTIFY, .event = display->screen->root, .window = window->frame};

    focus_lost(view, window);
    window->wm_state = 0;
    if (window->rules->id != GUI_SCREEN_ID)
        window_drop_image(view, window);
    xcb_unmap_window(display->connection, window->frame);
    /* So a window manager hears of it for an iconified window, too (ICCCM 4.1.4). */
    xcb_send_event(display->connection, 0, display->screen->root,
                   XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY,
                   (const char *)&event);
}
