/* SPDX-License-Identifier: BSD-2-Clause */
/* A user's first keyboard layout, as Windows finds it at the next log-on. */
#pragma once

#include <windows.h>

enum { LAYOUT_UNITS = 9 };

/* Windows' name of a layout: eight hexadecimal digits. FALSE: this Windows does not have it. */
BOOL LayoutName(_In_ DWORD Layout, _Out_writes_(LAYOUT_UNITS) PWSTR Name);
/* User: HKEY_CURRENT_USER, or a key of HKEY_USERS. *Changed: it was another. */
DWORD PreloadSet(_In_ HKEY User, _In_ PCWSTR Name, _Out_ BOOL *Changed);
