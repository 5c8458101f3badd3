/* SPDX-License-Identifier: BSD-2-Clause */
/* See clipboard.h. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/clipboard.h"

/* Nothing tells when another program closes the clipboard; programs hold it for moments. While a
 * session starts its desktop may be replaced besides (seen under Wine): no window can be made on it
 * then, or Windows closes the clipboard under us. */
enum { TRIES = 50, RETRY_MS = 20 };

/* What is done while the clipboard is open; done again when it fails. */
typedef DWORD USE(_Inout_ PVOID Context);

/* The owner of new content has to be a window; it lives as long as the clipboard is open. */
static DWORD UseOnce(_In_ USE *Use, _Inout_ PVOID Context)
{
    const HWND Window =
        CreateWindowExW(0, L"STATIC", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    DWORD Error = ERROR_ACCESS_DENIED;

    if (Window && OpenClipboard(Window)) {
        Error = Use(Context);
        CloseClipboard();
    }
    if (Window)
        DestroyWindow(Window);
    return Error;
}

static DWORD UseClipboard(_In_ USE *Use, _Inout_ PVOID Context)
{
    DWORD Error = UseOnce(Use, Context);

    for (int Try = 1; Error && Try < TRIES; Try++) {
        SleepEx(RETRY_MS, FALSE);
        /* The same desktop, looked at anew: a thread remembers the windows of the one before. */
        SetThreadDesktop(GetThreadDesktop(GetCurrentThreadId()));
        Error = UseOnce(Use, Context);
    }
    return Error;
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

typedef struct TEXT_TAKEN {
    PWSTR Wide; /* from the heap, or NULL: there is no text */
    SIZE_T Length;
} TEXT_TAKEN;

static DWORD Take(_Inout_ PVOID Context)
{
    TEXT_TAKEN *const Taken = Context;

    SetLastError(ERROR_SUCCESS);
    const HANDLE Data = GetClipboardData(CF_UNICODETEXT); /* the clipboard's */
    if (!Data)
        return GetLastError() == ERROR_CLIPBOARD_NOT_OPEN ? ERROR_CLIPBOARD_NOT_OPEN
                                                          : ERROR_SUCCESS;
    Taken->Wide = CopyText(Data, &Taken->Length);
    return Taken->Wide ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

DWORD ClipboardRead(_Outptr_ PSTR *Text, _Out_ SIZE_T *Length)
{
    TEXT_TAKEN Taken = {0};
    DWORD Error = UseClipboard(Take, &Taken);

    if (Error)
        return Error;
    Error = ToUtf8(Taken.Wide, Taken.Length, Text, Length);
    free(Taken.Wide);
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
static DWORD Put(_Inout_ PVOID Content)
{
    return EmptyClipboard() && SetClipboardData(CF_UNICODETEXT, Content) ? ERROR_SUCCESS
                                                                         : GetLastError();
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
    Error = UseClipboard(Put, Content);
    if (Error)
        GlobalFree(Content);
    return Error;
}
