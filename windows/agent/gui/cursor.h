/* SPDX-License-Identifier: BSD-2-Clause */
/* The shape of the mouse pointer, as a glyph of X's cursor font, which is all the protocol has. */
#pragma once

#include <windows.h>

/* What the pointer is now, as GUI_CURSOR wants it; GUI_CURSOR_DEFAULT for a program's own shapes,
 * too. */
DWORD CursorNow(void);
