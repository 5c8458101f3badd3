/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * press.exe TITLE [BUTTON [FIELD TEXT]]: presses the button with this number (default 1) of the
 * window with this title, as its user would, and prints the texts in the window. Before that it
 * writes TEXT into the field of that number. Exit code 1: there is no such window.
 */
#include <windows.h>
#include <stdlib.h>
#include <stdio.h>

static BOOL CALLBACK PrintText(_In_ HWND Window, _In_ LPARAM L)
{
    WCHAR Text[1024] = L"";

    SendMessageW(Window, WM_GETTEXT, ARRAYSIZE(Text), (LPARAM)Text);
    if (Text[0])
        wprintf(L"%ls\n", Text);
    return TRUE;
}

int wmain(int Count, WCHAR **Arguments)
{
    const HWND Window = Count > 1 ? FindWindowW(NULL, Arguments[1]) : NULL;

    if (!Window)
        return 1;
    EnumChildWindows(Window, PrintText, 0);
    if (Count == 5)
        SendDlgItemMessageW(Window, _wtoi(Arguments[3]), WM_SETTEXT, 0, (LPARAM)Arguments[4]);
    return PostMessageW(Window, WM_COMMAND, Count > 2 ? _wtoi(Arguments[2]) : 1, 0) ? 0 : 1;
}
