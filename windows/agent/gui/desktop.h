/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which desktop has the screen: the user's, or one of Windows' own (logon, lock, UAC). The agent's
 * thread follows, as only a thread of that desktop captures it and reaches it with input.
 */
#pragma once

#include <windows.h>

enum { DESKTOP_NAME_ROOM = 64 };

typedef struct DESKTOP {
    HDESK Handle; /* this thread's, opened by us; NULL: the one it was born with */
    WCHAR Name[DESKTOP_NAME_ROOM];
    BOOL Secure; /* one of Windows' own */
} DESKTOP;

/* What it is now. */
void DesktopOpen(_Out_ DESKTOP *Desktop);
void DesktopClose(_Inout_ DESKTOP *Desktop);
/* TRUE: another one has the screen. */
BOOL DesktopChanged(_In_ const DESKTOP *Desktop);
/* The thread goes there; it must have no window and no hook. FALSE: it may not. */
BOOL DesktopFollow(_Inout_ DESKTOP *Desktop);
