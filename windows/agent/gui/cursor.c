/* SPDX-License-Identifier: BSD-2-Clause */
/* See cursor.h. Numbers of glyphs: X11/cursorfont.h. */
#include "core/gui/wire.h"
#include "windows/agent/gui/cursor.h"

static const struct {
    WORD Windows; /* the resource of LoadCursor() */
    WORD Glyph;
} Shapes[] = {
    {32513, 152}, /* IDC_IBEAM: xterm */
    {32514, 150}, /* IDC_WAIT: watch */
    {32515, 34},  /* IDC_CROSS: crosshair */
    {32516, 114}, /* IDC_UPARROW: sb_up_arrow */
    {32642, 14},  /* IDC_SIZENWSE: bottom_right_corner */
    {32643, 12},  /* IDC_SIZENESW: bottom_left_corner */
    {32644, 108}, /* IDC_SIZEWE: sb_h_double_arrow */
    {32645, 116}, /* IDC_SIZENS: sb_v_double_arrow */
    {32646, 52},  /* IDC_SIZEALL: fleur */
    {32648, 24},  /* IDC_NO: circle */
    {32649, 60},  /* IDC_HAND: hand2 */
    {32650, 150}, /* IDC_APPSTARTING: watch */
    {32651, 92},  /* IDC_HELP: question_arrow */
};

/* The shapes of the system have the same handle in every program. */
DWORD CursorNow(void)
{
    CURSORINFO Info = {.cbSize = sizeof(Info)};

    if (!GetCursorInfo(&Info) || !(Info.flags & CURSOR_SHOWING) || !Info.hCursor)
        return GUI_CURSOR_DEFAULT;
    for (DWORD i = 0; i < ARRAYSIZE(Shapes); i++)
        if (Info.hCursor == LoadCursorW(NULL, MAKEINTRESOURCEW(Shapes[i].Windows)))
            return GUI_CURSOR_X11 + Shapes[i].Glyph;
    return GUI_CURSOR_DEFAULT;
}
