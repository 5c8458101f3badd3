/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A notification area for casement view's tests: the owner of the selection _NET_SYSTEM_TRAY_S0,
 * which takes in the icons that ask for it (freedesktop.org's System Tray Protocol and XEMBED) at
 * a place and size of its own choice.
 */
#ifndef TEST_SIMXEN_GUI_TRAY_H
#define TEST_SIMXEN_GUI_TRAY_H

#include "desk.h"

enum { TRAY_X = 600, TRAY_Y = 500, ICON_X = 4, ICON_Y = 6, ICON_PX = 24 /* with its frame */ };

struct tray {
    struct screen *screen;
    xcb_window_t window;
};

void tray_open(struct tray *tray, struct screen *screen);
/* Ends as such programs do: what was in it (one icon, or 0) goes back to the root window. */
void tray_close(struct tray *tray, xcb_window_t icon);
/* The window that asked for a place in it; 0: none did. */
xcb_window_t tray_request(const struct tray *tray);
/* Takes it in. */
void tray_embed(struct tray *tray, xcb_window_t icon);
uint32_t tray_count(const struct tray *tray);

#endif
