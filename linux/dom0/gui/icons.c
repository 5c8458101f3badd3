/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-icons: the service qubes.WindowIconUpdater. Gives the windows of one guest
 * ($QREXEC_REMOTE_DOMAIN), as casement view or Qubes' daemon shows them, the icons that the guest
 * sends on standard input. Each is tinted with the qube's colour, so that no guest's window looks
 * like the host's own. An icon may come before its window and then waits for it.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xcb.h>

#include "icon_stream.h"
#include "screen_file.h"

enum { WAITING_MAX = 32, WINDOWS_MAX = 4096, DEPTH_MAX = 3 /* window managers' frames */ };

struct icon {
    uint32_t window, width, height;
    uint8_t *pixels;
};

struct icons {
    xcb_connection_t *connection;
    xcb_window_t root;
    xcb_atom_t vm_name, vm_window, color, icon;
    const char *guest;
    struct icon waiting[WAITING_MAX];
    int waiting_count;
};

static xcb_atom_t atom(xcb_connection_t *connection, const char *name)
{
    xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(
        connection, xcb_intern_atom(connection, 0, (uint16_t)strlen(name), name), NULL);
    const xcb_atom_t found = reply != NULL ? reply->atom : XCB_ATOM_NONE;

    free(reply);
    return found;
}

static bool open_screen(struct icons *icons)
{
    screen_file_use();
    icons->connection = xcb_connect(NULL, NULL);
    if (xcb_connection_has_error(icons->connection))
        return false;
    icons->root = xcb_setup_roots_iterator(xcb_get_setup(icons->connection)).data->root;
    icons->vm_name = atom(icons->connection, "_QUBES_VMNAME");
    icons->vm_window = atom(icons->connection, "_QUBES_VMWINDOWID");
    icons->color = atom(icons->connection, "_QUBES_LABEL_COLOR");
    icons->icon = atom(icons->connection, "_NET_WM_ICON");
    /* New windows are told of: icons may wait for them. */
    xcb_change_window_attributes(icons->connection, icons->root, XCB_CW_EVENT_MASK,
                                 (uint32_t[]){XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY});
    return true;
}

static uint32_t number(struct icons *icons, xcb_window_t window, xcb_atom_t property)
{
    xcb_get_property_reply_t *reply = xcb_get_property_reply(
        icons->connection,
        xcb_get_property(icons->connection, 0, window, property, XCB_ATOM_ANY, 0, 1), NULL);
    uint32_t value = UINT32_MAX;

    if (reply != NULL && reply->format == 32 && xcb_get_property_value_length(reply) == 4)
        memcpy(&value, xcb_get_property_value(reply), sizeof value);
    free(reply);
    return value;
}

static bool is_guests(struct icons *icons, xcb_window_t window)
{
    xcb_get_property_reply_t *reply = xcb_get_property_reply(
        icons->connection,
        xcb_get_property(icons->connection, 0, window, icons->vm_name, XCB_ATOM_STRING, 0, 64),
        NULL);
    const size_t length = strlen(icons->guest);
    const bool same = reply != NULL && (size_t)xcb_get_property_value_length(reply) == length &&
                      memcmp(xcb_get_property_value(reply), icons->guest, length) == 0;

    free(reply);
    return same;
}

/* The X window that shows the guest's window; a window manager puts it into one of its own. */
static xcb_window_t find(struct icons *icons, xcb_window_t below, uint32_t id, int depth, int *left)
{
    xcb_query_tree_reply_t *tree =
        xcb_query_tree_reply(icons->connection, xcb_query_tree(icons->connection, below), NULL);
    const int count = tree != NULL ? xcb_query_tree_children_length(tree) : 0;
    xcb_window_t found = XCB_NONE;

    for (int i = 0; i < count && found == XCB_NONE && (*left)-- > 0; i++) {
        const xcb_window_t window = xcb_query_tree_children(tree)[i];

        if (number(icons, window, icons->vm_window) == id && is_guests(icons, window))
            found = window;
        else if (depth < DEPTH_MAX)
            found = find(icons, window, id, depth + 1, left);
    }
    free(tree);
    return found;
}

/* Grey levels of the qube's colour. */
static uint32_t tinted(const uint8_t *rgba, uint32_t color)
{
    const uint32_t grey = (rgba[0] * 77u + rgba[1] * 150u + rgba[2] * 29u) >> 8;
    const uint32_t red = (color >> 16 & 255) * grey / 255, green = (color >> 8 & 255) * grey / 255;

    return (uint32_t)rgba[3] << 24 | red << 16 | green << 8 | (color & 255) * grey / 255;
}

/* false: there is no such window (yet). */
static bool show(struct icons *icons, const struct icon *icon)
{
    int left = WINDOWS_MAX;
    const xcb_window_t window = find(icons, icons->root, icon->window, 0, &left);
    const size_t pixels = (size_t)icon->width * icon->height;
    uint32_t *words = window != XCB_NONE ? malloc((pixels + 2) * sizeof *words) : NULL;
    /* Black would leave nothing of it. */
    uint32_t color = window != XCB_NONE ? number(icons, window, icons->color) & 0xffffff : 0;

    if (words == NULL)
        return false;
    color = color == 0 ? 0x808080 : color;
    words[0] = icon->width;
    words[1] = icon->height;
    for (size_t i = 0; i < pixels; i++)
        words[i + 2] = tinted(icon->pixels + 4 * i, color);
    if ((pixels + 32) * sizeof *words <
        (size_t)xcb_get_maximum_request_length(icons->connection) * 4)
        xcb_change_property(icons->connection, XCB_PROP_MODE_REPLACE, window, icons->icon,
                            XCB_ATOM_CARDINAL, 32, (uint32_t)pixels + 2, words);
    xcb_flush(icons->connection);
    free(words);
    return true;
}

static void forget(struct icons *icons, int at)
{
    free(icons->waiting[at].pixels);
    icons->waiting_count--;
    memmove(&icons->waiting[at], &icons->waiting[at + 1],
            (size_t)(icons->waiting_count - at) * sizeof *icons->waiting);
}

static void take_icon(struct icons *icons, struct icon icon)
{
    for (int i = icons->waiting_count - 1; i >= 0; i--) {
        if (icons->waiting[i].window == icon.window)
            forget(icons, i);
    }
    if (show(icons, &icon)) {
        free(icon.pixels);
        return;
    }
    if (icons->waiting_count == WAITING_MAX)
        forget(icons, 0);
    icons->waiting[icons->waiting_count++] = icon;
}

static void take_x_events(struct icons *icons)
{
    xcb_generic_event_t *event;
    bool some = false;

    while ((event = xcb_poll_for_event(icons->connection)) != NULL) {
        some = true;
        free(event);
    }
    for (int i = icons->waiting_count - 1; some && i >= 0; i--) {
        if (show(icons, &icons->waiting[i]))
            forget(icons, i);
    }
}

/* false: the stream has ended. */
static bool take_input(struct icons *icons, struct icon_stream *stream)
{
    uint8_t buffer[65536];
    const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
    const uint8_t *bytes = buffer;
    size_t size = got > 0 ? (size_t)got : 0;
    enum icon_progress progress;

    while ((progress = icon_stream_feed(stream, &bytes, &size)) == ICON_COMPLETE) {
        take_icon(icons,
                  (struct icon){stream->window, stream->width, stream->height, stream->pixels});
        stream->pixels = NULL;
    }
    if (progress == ICON_FAILED)
        fprintf(stderr, "casement-icons: %s sends something else than icons\n", icons->guest);
    return got > 0 && progress != ICON_FAILED;
}

int main(void)
{
    struct icons icons = {.guest = getenv("QREXEC_REMOTE_DOMAIN")};
    struct icon_stream stream = {0};

    if (icons.guest == NULL || !open_screen(&icons)) {
        fputs("casement-icons: no casement view shows this guest's windows\n", stderr);
        return 1;
    }
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = xcb_get_file_descriptor(icons.connection), .events = POLLIN}};
    do {
        take_x_events(&icons); /* also those that replies brought along */
        poll(fds, 2, -1);
    } while ((fds[0].revents == 0 || take_input(&icons, &stream)) &&
             !xcb_connection_has_error(icons.connection));
    while (icons.waiting_count > 0)
        forget(&icons, 0);
    icon_stream_end(&stream);
    /* An X server drops what it has not read of a connection that is closed: this asks for an
     * answer, and waits for it. */
    free(xcb_get_input_focus_reply(icons.connection, xcb_get_input_focus(icons.connection), NULL));
    xcb_disconnect(icons.connection);
    return 0;
}
