/* SPDX-License-Identifier: BSD-2-Clause */
/* A window that nobody sees, by which other programs or Windows tell the agent something. */
#pragma once

#include <windows.h>

struct GUI_AGENT;

/* On the calling thread's desktop, to which it belongs. Parent: HWND_MESSAGE, or NULL for a
 * top-level one. NULL: it cannot be made. */
HWND HiddenWindowOpen(_In_ PCWSTR Class, _In_ WNDPROC Procedure, _In_opt_ HWND Parent,
                      _In_ struct GUI_AGENT *Agent);
/* For the procedure. NULL: before HiddenWindowOpen() has returned. */
struct GUI_AGENT *HiddenWindowAgent(_In_ HWND Window);
