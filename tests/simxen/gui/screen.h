/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The X screen as casement view's tests see it: a client of its own that looks at pixels and
 * windows, is told when either changes, and moves pointer and keyboard as a user would (XTEST).
 */
#ifndef TEST_SIMXEN_GUI_SCREEN_H
#define TEST_SIMXEN_GUI_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <xcb/xcb.h>
#include <xcb/xcb_keysyms.h>

#include "core/gui/wire.h"

struct screen {
    xcb_connection_t *connection;
    xcb_screen_t *root;
    xcb_key_symbols_t *keys;
    xcb_client_message_event_t message; /* the last that came to a window of ours */
};

void screen_open(struct screen *screen);
int screen_fd(const struct screen *screen);
/* Forgets the events that came; true: there were some, something changed. */
bool screen_drain(struct screen *screen);

/* Are these the pixels (rows of `stride` pixels) at x, y of the screen? The fourth byte is none. */
bool screen_shows(struct screen *screen, int32_t x, int32_t y, uint32_t width, uint32_t height,
                  const uint32_t *pixels, uint32_t stride);
uint32_t screen_pixel(struct screen *screen, int32_t x, int32_t y);

/* The top window whose title is this; 0: none. */
xcb_window_t screen_find(struct screen *screen, const char *title);
/* Mapped windows of the guest (by _QUBES_VMNAME). */
uint32_t screen_count(struct screen *screen, const char *guest);
/* A property's bytes (cut, NUL ended) and how many; 0: there is none. */
uint32_t screen_property(struct screen *screen, xcb_window_t window, const char *name, char *out,
                         uint32_t room);
xcb_atom_t screen_atom(struct screen *screen, const char *name);

void screen_point(struct screen *screen, int32_t x, int32_t y);
void screen_click(struct screen *screen, uint8_t button);
/* A key of the layout; presses, releases, in this order, those that are asked for. */
uint8_t screen_key(struct screen *screen, xcb_keysym_t key, bool press, bool release);
/* A client message to the window manager, as a panel or a title bar's button would send it. */
void screen_ask_wm(struct screen *screen, xcb_window_t window, const char *message,
                   const uint32_t words[5]);

#endif
