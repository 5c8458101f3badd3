/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What qubes.SetMonitorLayout says: the monitors of the host, one a line,
 *
 *     <width> <height> <x> <y> [<width in mm> <height in mm>]
 *
 * in decimal, separated by blanks. The service's input comes from dom0, and is checked as if it did
 * not.
 */
#ifndef CASEMENT_GUI_LAYOUT_H
#define CASEMENT_GUI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GUI_MONITORS_MAX = 16, GUI_LAYOUT_TEXT_MAX = 1024 };

struct gui_monitor {
    uint32_t width, height;       /* pixels, 1 to GUI_WIDTH_MAX and GUI_HEIGHT_MAX of wire.h */
    int32_t x, y;                 /* in the desktop, at most GUI_WIDTH_MAX from 0 */
    uint32_t width_mm, height_mm; /* 0: not known */
};

struct gui_layout {
    struct gui_monitor monitors[GUI_MONITORS_MAX];
    uint32_t count;
};

/* false: not such a text, no monitor, or too many; *layout is then not to be used. Empty lines are
 * passed over. */
bool gui_layout_parse(struct gui_layout *layout, const char *text, size_t size_bytes);

#endif
