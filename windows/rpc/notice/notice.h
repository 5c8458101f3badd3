/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small window with a line of text, perhaps a bar that shows that work goes on, and one button.
 * It belongs to the thread that opens it, which waits in NoticeWait.
 */
#pragma once

#include <windows.h>

enum { NOTICE_TEXT_UNITS = 1024, NOTICE_HANDLES_MAX = 32 };

typedef struct NOTICE {
    HWND Window;
    BOOL Pressed; /* the button, or the window was closed */
} NOTICE;

/* Button: its label, with "&" before the letter that presses it. ERROR_SUCCESS or why there is no
 * window. Call NoticeClose in either case. */
DWORD NoticeOpen(_Out_ NOTICE *Notice, _In_ PCWSTR Title, _In_ PCWSTR Text, _In_ PCWSTR Button,
                 _In_ BOOL WithBar);
void NoticeSetText(_In_ const NOTICE *Notice, _In_ PCWSTR Text);
void NoticeClose(_Inout_ NOTICE *Notice);

/* Until the button is pressed: TRUE, or one of the handles (at most NOTICE_HANDLES_MAX) is
 * signalled: FALSE, and *Which is its index. TRUE also when they cannot be waited for. */
BOOL NoticeWait(_Inout_ NOTICE *Notice, _In_reads_(Count) const HANDLE *Handles, _In_ DWORD Count,
                _Out_ DWORD *Which);
