/* SPDX-License-Identifier: BSD-2-Clause */
/* See clipboard.h. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/clipboard.h"

enum {
    /* Nothing tells when another program closes the clipboard; programs hold it for moments. */
    OPEN_TRIES = 50,
    OPEN_RETRY_MS = 20,
    /* While a session starts its desktop may be replaced, and our window goes with it: Windows then
     * closes the clipboard under us (ERROR_CLIPBOARD_NOT_OPEN, seen under Wine). */
    LOST_TRIES = 5,
};

/* The owner of new content has to be a window; it lives as long as the clipboard is open. */
static DWORD Open(_Out_ HWND *Window)
{
    *Window = CreateWindowExW(0, L"STATIC", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    if (!*Window)
        return GetLastError();
    for (int Try = 1; !OpenClipboard(*Window); Try++) {
        if (Try == OPEN_TRIES) {
            DestroyWindow(*Window);
            return ERROR_ACCESS_DENIED;
        }
        SleepEx(OPEN_RETRY_MS, FALSE);
    }
    return ERROR_SUCCESS;
}

static void Close(_In_ HWND Window)
{
    CloseClipboard();
    DestroyWindow(Window);
}

/* CR LF becomes LF, in place. A CR alone stays: it is somebody's data. */
static SIZE_T DropReturns(_Inout_ PWSTR Text, _In_ SIZE_T Length)
{
    SIZE_T Kept = 0;

    for (SIZE_T i = 0; i < Length; i++) {
        if (Text[i] == L'\r' && i + 1 < Length && Text[i + 1] == L'\n')
            continue;
        Text[Kept++] = Text[i];
    }
    return Kept;
}

/* The clipboard's text, of its own memory; another program may have put anything there. */
static PWSTR CopyText(_In_ HANDLE Data, _Out_ SIZE_T *Length)
{
    const SIZE_T Room = GlobalSize(Data) / sizeof(WCHAR);
    const PCWSTR Text = GlobalLock(Data);
    PWSTR Copy = NULL;

    *Length = 0;
    if (!Text)
        return NULL;
    *Length = wcsnlen(Text, Room);
    Copy = malloc((*Length + 1) * sizeof(WCHAR));
    if (Copy)
        memcpy(Copy, Text, *Length * sizeof(WCHAR));
    GlobalUnlock(Data);
    return Copy;
}

static DWORD ToUtf8(_In_ PWSTR Wide, _In_ SIZE_T WideLength, _Outptr_ PSTR *Text,
                    _Out_ SIZE_T *Length)
{
    const SIZE_T Kept = DropReturns(Wide, WideLength);
    const int Units = (int)min(Kept, (SIZE_T)INT_MAX / 4);
    const int Bytes = Units ? WideCharToMultiByte(CP_UTF8, 0, Wide, Units, NULL, 0, NULL, NULL) : 0;

    *Text = malloc((SIZE_T)Bytes + 1);
    if (!*Text)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (Bytes)
        WideCharToMultiByte(CP_UTF8, 0, Wide, Units, *Text, Bytes, NULL, NULL);
    (*Text)[Bytes] = 0;
    *Length = (SIZE_T)Bytes;
    return ERROR_SUCCESS;
}

/* *Wide: from the heap, or NULL: there is no text. */
static DWORD Take(_Outptr_result_maybenull_ PWSTR *Wide, _Out_ SIZE_T *Length)
{
    HWND Window;
    DWORD Error = Open(&Window);

    *Wide = NULL;
    *Length = 0;
    if (Error)
        return Error;
    SetLastError(ERROR_SUCCESS);
    const HANDLE Data = GetClipboardData(CF_UNICODETEXT); /* the clipboard's */
    if (!Data && GetLastError() == ERROR_CLIPBOARD_NOT_OPEN)
        Error = ERROR_CLIPBOARD_NOT_OPEN;
    else if (Data && !(*Wide = CopyText(Data, Length)))
        Error = ERROR_NOT_ENOUGH_MEMORY;
    Close(Window);
    return Error;
}

DWORD ClipboardRead(_Outptr_ PSTR *Text, _Out_ SIZE_T *Length)
{
    PWSTR Wide;
    SIZE_T WideLength;
    DWORD Error = Take(&Wide, &WideLength);

    for (int Try = 1; Error == ERROR_CLIPBOARD_NOT_OPEN && Try < LOST_TRIES; Try++)
        Error = Take(&Wide, &WideLength);
    if (Error)
        return Error;
    Error = ToUtf8(Wide, WideLength, Text, Length);
    free(Wide);
    return Error;
}

/* LF becomes CR LF; one that is there already stays. Returns the units, with Out NULL only counts.
 */
static SIZE_T AddReturns(_In_ PCWSTR Text, _In_ SIZE_T Length, _Out_opt_ PWSTR Out)
{
    SIZE_T Count = 0;

    for (SIZE_T i = 0; i < Length; i++) {
        if (Text[i] == L'\n' && (i == 0 || Text[i - 1] != L'\r')) {
            if (Out)
                Out[Count] = L'\r';
            Count++;
        }
        if (Out)
            Out[Count] = Text[i];
        Count++;
    }
    return Count;
}

/* As the clipboard wants it: movable memory with a NUL behind. NULL: no memory. */
static HGLOBAL MakeContent(_In_ PCSTR Text, _In_ SIZE_T Length)
{
    const PWSTR Wide = malloc((Length + 1) * sizeof(WCHAR)); /* never more units than bytes */
    HGLOBAL Content = NULL;

    if (!Wide)
        return NULL;
    const SIZE_T Units =
        Length ? (SIZE_T)MultiByteToWideChar(CP_UTF8, 0, Text, (int)Length, Wide, (int)Length) : 0;
    const SIZE_T Count = AddReturns(Wide, Units, NULL);
    Content = GlobalAlloc(GMEM_MOVEABLE, (Count + 1) * sizeof(WCHAR));
    const PWSTR Out = Content ? GlobalLock(Content) : NULL;
    if (Out) {
        AddReturns(Wide, Units, Out);
        Out[Count] = 0;
        GlobalUnlock(Content);
    }
    free(Wide);
    return Content;
}

/* ERROR_SUCCESS: Content is the clipboard's. */
static DWORD Put(_In_ HGLOBAL Content)
{
    HWND Window;
    DWORD Error = Open(&Window);

    if (Error)
        return Error;
    if (!EmptyClipboard() || !SetClipboardData(CF_UNICODETEXT, Content))
        Error = GetLastError();
    Close(Window);
    return Error;
}

DWORD ClipboardWrite(_In_reads_(Length) PCSTR Text, _In_ SIZE_T Length)
{
    HGLOBAL Content;
    DWORD Error;

    if (Length > CLIPBOARD_TEXT_BYTES)
        return ERROR_BUFFER_OVERFLOW;
    Content = MakeContent(Text, Length);
    if (!Content)
        return ERROR_NOT_ENOUGH_MEMORY;
    Error = Put(Content);
    for (int Try = 1; Error == ERROR_CLIPBOARD_NOT_OPEN && Try < LOST_TRIES; Try++)
        Error = Put(Content);
    if (Error)
        GlobalFree(Content);
    return Error;
}
