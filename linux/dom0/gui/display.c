/* SPDX-License-Identifier: BSD-2-Clause */
/* See display.h. */
#include "display.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 16 << 20,
    REQUEST_BYTES = 200 << 10 /* one PutImage without shared memory */
};

static const char *const atom_names[ATOMS] = {
    [ATOM_WM_PROTOCOLS] = "WM_PROTOCOLS",
    [ATOM_WM_DELETE_WINDOW] = "WM_DELETE_WINDOW",
    [ATOM_WM_CHANGE_STATE] = "WM_CHANGE_STATE",
    [ATOM_WM_STATE] = "WM_STATE",
    [ATOM_NET_SUPPORTING_WM_CHECK] = "_NET_SUPPORTING_WM_CHECK",
    [ATOM_NET_WM_NAME] = "_NET_WM_NAME",
    [ATOM_NET_WM_STATE] = "_NET_WM_STATE",
    [ATOM_NET_WM_STATE_FULLSCREEN] = "_NET_WM_STATE_FULLSCREEN",
    [ATOM_NET_WM_STATE_HIDDEN] = "_NET_WM_STATE_HIDDEN",
    [ATOM_NET_WM_STATE_MAXIMIZED_VERT] = "_NET_WM_STATE_MAXIMIZED_VERT",
    [ATOM_NET_WM_STATE_MAXIMIZED_HORZ] = "_NET_WM_STATE_MAXIMIZED_HORZ",
    [ATOM_MANAGER] = "MANAGER",
    [ATOM_NET_SYSTEM_TRAY] = "_NET_SYSTEM_TRAY_S0",
    [ATOM_NET_SYSTEM_TRAY_OPCODE] = "_NET_SYSTEM_TRAY_OPCODE",
    [ATOM_XEMBED_INFO] = "_XEMBED_INFO",
    [ATOM_UTF8_STRING] = "UTF8_STRING",
    [ATOM_CLIPBOARD] = "CLIPBOARD",
    [ATOM_TARGETS] = "TARGETS",
    [ATOM_CASEMENT_CLIPBOARD] = "_CASEMENT_CLIPBOARD",
    [ATOM_QUBES_VMNAME] = "_QUBES_VMNAME",
    [ATOM_QUBES_VMWINDOWID] = "_QUBES_VMWINDOWID",
    [ATOM_QUBES_LABEL_COLOR] = "_QUBES_LABEL_COLOR",
};

static bool complain(const char *what)
{
    fprintf(stderr, "casement view: %s\n", what);
    return false;
}

static bool find_atoms(struct display *display)
{
    xcb_intern_atom_cookie_t cookies[ATOMS];

    for (int i = 0; i < ATOMS; i++)
        cookies[i] =
            xcb_intern_atom(display->connection, 0, (uint16_t)strlen(atom_names[i]), atom_names[i]);
    for (int i = 0; i < ATOMS; i++) {
        xcb_intern_atom_reply_t *reply =
            xcb_intern_atom_reply(display->connection, cookies[i], NULL);

        if (reply == NULL)
            return complain("the X server gives no atoms");
        display->atoms[i] = reply->atom;
        free(reply);
    }
    return true;
}

/* Pixels are handed on as the guest has them: 32 bits, blue first. */
static bool check_format(const struct display *display)
{
    const xcb_setup_t *setup = xcb_get_setup(display->connection);
    const xcb_format_t *formats = xcb_setup_pixmap_formats(setup);
    xcb_depth_iterator_t depths = xcb_screen_allowed_depths_iterator(display->screen);
    bool wide = false;

    for (int i = 0; i < xcb_setup_pixmap_formats_length(setup); i++)
        wide |= formats[i].depth == display->screen->root_depth && formats[i].bits_per_pixel == 32;
    for (; depths.rem > 0; xcb_depth_next(&depths)) {
        xcb_visualtype_iterator_t visuals = xcb_depth_visuals_iterator(depths.data);

        for (; visuals.rem > 0; xcb_visualtype_next(&visuals)) {
            if (visuals.data->visual_id == display->screen->root_visual)
                return wide && setup->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST &&
                       visuals.data->red_mask == 0xff0000 && visuals.data->blue_mask == 0xff;
        }
    }
    return false;
}

/* Without it (another machine's server) pixels go through the connection. */
static void share_buffer(struct display *display, int fd)
{
    const xcb_query_extension_reply_t *extension =
        xcb_get_extension_data(display->connection, &xcb_shm_id);
    xcb_generic_error_t *error;
    int sent = extension != NULL && extension->present ? dup(fd) : -1;

    if (sent < 0)
        return;
    display->shm_event = (uint8_t)(extension->first_event + XCB_SHM_COMPLETION);
    display->segment = xcb_generate_id(display->connection);
    error = xcb_request_check(display->connection,
                              xcb_shm_attach_fd_checked(display->connection, display->segment, sent,
                                                        1)); /* takes the descriptor */
    if (error != NULL)
        display->segment = 0;
    free(error);
}

static bool make_buffer(struct display *display)
{
    int fd = memfd_create("casement view", MFD_CLOEXEC);

    display->buffer = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, BUFFER_BYTES) == 0)
        display->buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (display->buffer == MAP_FAILED) {
        display->buffer = NULL;
        if (fd >= 0)
            close(fd);
        return complain("no memory for pixels");
    }
    share_buffer(display, fd);
    close(fd);
    return true;
}

static void make_drawing(struct display *display)
{
    xcb_connection_t *connection = display->connection;

    display->text_font = xcb_generate_id(connection);
    xcb_open_font(connection, display->text_font, 5, "fixed");
    display->cursor_font = xcb_generate_id(connection);
    xcb_open_font(connection, display->cursor_font, 6, "cursor");
    display->gc = xcb_generate_id(connection);
    xcb_create_gc(connection, display->gc, display->screen->root, XCB_GC_GRAPHICS_EXPOSURES,
                  (uint32_t[]){0});
}

bool display_open(struct display *display, const char *name)
{
    memset(display, 0, sizeof *display);
    int number = 0;
    display->connection = xcb_connect(name, &number);
    if (xcb_connection_has_error(display->connection)) {
        fprintf(stderr, "casement view: no X server at \"%s\" (set DISPLAY)\n",
                name != NULL                ? name
                : getenv("DISPLAY") != NULL ? getenv("DISPLAY")
                                            : "");
        return false;
    }
    xcb_screen_iterator_t screens = xcb_setup_roots_iterator(xcb_get_setup(display->connection));
    for (; number > 0 && screens.rem > 1; number--)
        xcb_screen_next(&screens);
    display->screen = screens.data;
    if (!check_format(display))
        return complain("the screen has other pixels than 32 bits of BGRX");
    if (!find_atoms(display) || !make_buffer(display))
        return false;
    display->keys = xcb_key_symbols_alloc(display->connection);
    make_drawing(display);
    xcb_change_window_attributes(
        display->connection, display->screen->root, XCB_CW_EVENT_MASK,
        (uint32_t[]){XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_STRUCTURE_NOTIFY});
    display_find_wm(display);
    return display->keys != NULL || complain("no memory");
}

void display_close(struct display *display)
{
    if (display->keys != NULL)
        xcb_key_symbols_free(display->keys);
    if (display->buffer != NULL)
        munmap(display->buffer, BUFFER_BYTES);
    xcb_disconnect(display->connection);
}

void display_find_wm(struct display *display)
{
    xcb_get_property_reply_t *reply = xcb_get_property_reply(
        display->connection,
        xcb_get_property(display->connection, 0, display->screen->root,
                         display->atoms[ATOM_NET_SUPPORTING_WM_CHECK], XCB_ATOM_WINDOW, 0, 1),
        NULL);

    display->has_wm = reply != NULL && xcb_get_property_value_length(reply) == 4;
    free(reply);
}

xcb_cursor_t display_cursor(struct display *display, uint32_t gui_cursor)
{
    if (gui_cursor < GUI_CURSOR_X11 || gui_cursor >= GUI_CURSOR_X11_END)
        return XCB_NONE;
    const uint16_t glyph = (uint16_t)(gui_cursor - GUI_CURSOR_X11);
    if (display->cursors[glyph] == 0) {
        display->cursors[glyph] = xcb_generate_id(display->connection);
        xcb_create_glyph_cursor(display->connection, display->cursors[glyph], display->cursor_font,
                                display->cursor_font, glyph, glyph + 1, 0, 0, 0, 0xffff, 0xffff,
                                0xffff);
    }
    return display->cursors[glyph];
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Rows that have room, and their place in the buffer. */
static uint32_t take_room(struct display *display, uint32_t row_bytes, uint32_t rows,
                          uint32_t *offset)
{
    *offset = display->used_bytes;
    rows = least(rows, (BUFFER_BYTES - display->used_bytes) / row_bytes);
    if (display->segment == 0)
        rows = least(rows, REQUEST_BYTES / row_bytes);
    else
        display->used_bytes += rows * row_bytes;
    return rows;
}

uint32_t display_paint(struct display *display, xcb_window_t window, int32_t x, int32_t y,
                       uint32_t width, uint32_t height, const uint8_t *from, size_t stride_bytes)
{
    const uint32_t row_bytes = width * GUI_PIXEL_BYTES;
    uint32_t offset;
    const uint32_t rows = take_room(display, row_bytes, height, &offset);

    for (uint32_t row = 0; row < rows; row++)
        memcpy(display->buffer + offset + row * row_bytes, from + row * stride_bytes, row_bytes);
    if (rows == 0)
        return 0;
    if (display->segment != 0)
        xcb_shm_put_image(display->connection, window, display->gc, (uint16_t)width, (uint16_t)rows,
                          0, 0, (uint16_t)width, (uint16_t)rows, (int16_t)x, (int16_t)y,
                          display->screen->root_depth, XCB_IMAGE_FORMAT_Z_PIXMAP, 0,
                          display->segment, offset);
    else
        xcb_put_image(display->connection, XCB_IMAGE_FORMAT_Z_PIXMAP, window, display->gc,
                      (uint16_t)width, (uint16_t)rows, (int16_t)x, (int16_t)y, 0,
                      display->screen->root_depth, rows * row_bytes, display->buffer + offset);
    return rows;
}

bool display_ready(const struct display *display)
{
    return !display->busy;
}

/* A completion event for the last of what was painted covers all before it: requests are done in
 * their order. So a single pixel of the buffer, put where nothing shows, ends a round. */
void display_flush(struct display *display)
{
    if (display->used_bytes > 0 && !display->busy) {
        xcb_shm_put_image(display->connection, display->screen->root, display->gc, 1, 1, 0, 0, 1, 1,
                          INT16_MIN, INT16_MIN, display->screen->root_depth,
                          XCB_IMAGE_FORMAT_Z_PIXMAP, 1, display->segment, 0);
        display->busy = true;
    }
    xcb_flush(display->connection);
}

bool display_painted(struct display *display, const xcb_generic_event_t *event)
{
    if (display->segment == 0 || (event->response_type & 0x7f) != display->shm_event)
        return false;
    display->busy = false;
    display->used_bytes = 0;
    return true;
}
