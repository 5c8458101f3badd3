/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitors of the guest: where the desktop is, and bringing it to what the host asks for as far
 * as the display driver goes.
 */
#pragma once

#include <windows.h>
#include "core/gui/layout.h"

typedef struct DISPLAY {
    RECT Desktop; /* all monitors together */
} DISPLAY;

/* TRUE: it is another desktop now than Display says; it says so then. */
BOOL DisplayRefresh(_Inout_ DISPLAY *Display);
/* Each monitor of the layout to a monitor here, in order: its place, and its size or the nearest
 * smaller one that the driver has. ERROR_SUCCESS; ERROR_NOT_SUPPORTED: there are fewer monitors or
 * only smaller modes (what could be done was); ERROR_GEN_FAILURE: the driver refused. */
DWORD DisplaySetLayout(_In_ const struct gui_layout *Layout);
