/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The X server that casement view shows guests on: the connection, the atoms and fonts that all
 * windows need, whether a window manager is there, and painting through shared memory (MIT-SHM,
 * or plain requests where the server is elsewhere). Pixels are copied from a guest's pages into
 * this process's buffer first: what the guest changes meanwhile harms nobody but its own picture.
 */
#ifndef CASEMENT_DOM0_GUI_DISPLAY_H
#define CASEMENT_DOM0_GUI_DISPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>
#include <xcb/xcb_keysyms.h>

#include "core/gui/wire.h"

enum display_atom {
    ATOM_WM_PROTOCOLS,
    ATOM_WM_DELETE_WINDOW,
    ATOM_WM_CHANGE_STATE,
    ATOM_WM_STATE,
    ATOM_NET_SUPPORTING_WM_CHECK,
    ATOM_NET_WM_NAME,
    ATOM_NET_WM_STATE,
    ATOM_NET_WM_STATE_FULLSCREEN,
    ATOM_NET_WM_STATE_HIDDEN,
    ATOM_NET_WM_STATE_MAXIMIZED_VERT,
    ATOM_NET_WM_STATE_MAXIMIZED_HORZ,
    ATOM_MANAGER,
    ATOM_NET_SYSTEM_TRAY,
    ATOM_NET_SYSTEM_TRAY_OPCODE,
    ATOM_XEMBED_INFO,
    ATOM_UTF8_STRING,
    ATOM_CLIPBOARD,
    ATOM_TARGETS,
    ATOM_CASEMENT_CLIPBOARD, /* the property that pasted text arrives in */
    ATOM_QUBES_VMNAME,       /* for programs that look for a qube's windows, as Qubes names them */
    ATOM_QUBES_VMWINDOWID,
    ATOM_QUBES_LABEL_COLOR,
    ATOMS,
};

enum { CURSOR_GLYPHS = GUI_CURSOR_X11_END - GUI_CURSOR_X11 };

struct display {
    xcb_connection_t *connection;
    xcb_screen_t *screen;
    xcb_atom_t atoms[ATOMS];
    xcb_key_symbols_t *keys;
    xcb_font_t text_font, cursor_font;
    xcb_gcontext_t gc;
    xcb_cursor_t cursors[CURSOR_GLYPHS]; /* 0: not made yet */
    bool has_wm;

    /* The painter's buffer. */
    uint8_t *buffer;
    xcb_shm_seg_t segment; /* 0: the server does not share memory with us */
    uint8_t shm_event;
    uint32_t used_bytes;
    bool busy; /* the server reads it; display_painted() says when it does not any more */
};

/* name: NULL for $DISPLAY. false after a message on stderr. */
bool display_open(struct display *display, const char *name);
void display_close(struct display *display);

/* Is there a window manager now? Asks the server. */
void display_find_wm(struct display *display);

/* XCB_NONE for the default. */
xcb_cursor_t display_cursor(struct display *display, uint32_t gui_cursor);

/* Paints rows of pixels (from, stride_bytes apart) at x, y of a window. Returns how many of
 * `height` rows were taken; fewer: the buffer is full, display_flush() and go on when
 * display_painted() said so. */
uint32_t display_paint(struct display *display, xcb_window_t window, int32_t x, int32_t y,
                       uint32_t width, uint32_t height, const uint8_t *from, size_t stride_bytes);
/* May more be painted now? */
bool display_ready(const struct display *display);
/* Sends everything that was asked of the server. */
void display_flush(struct display *display);
/* true: the event says that the buffer is free again. */
bool display_painted(struct display *display, const xcb_generic_event_t *event);

#endif
