/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture (capture.h) by GDI: BitBlt from a window's own device context. Where the desktop is
 * composed (DWM; Xvfb under `xcompmgr -a` in the tests), that is the window's own image, whatever
 * covers it; the window's program is not asked. Elsewhere covered parts show what covers them.
 */
#include <stdlib.h>
#include "windows/agent/gui/capture.h"

enum { ROOM_STEP = 256 }; /* pixels by which the bitmap grows */

/* One bitmap for all windows, as large as the largest part so far. */
typedef struct GDI_CAPTURE {
    HDC Dc;
    HBITMAP Bitmap;
    HGDIOBJ Before; /* what was selected */
    BYTE *Pixels;
    LONG Width, Height;
} GDI_CAPTURE;

static PVOID Open(_In_opt_ HANDLE Wake, _Out_ DWORD *Error)
{
    GDI_CAPTURE *const Gdi = calloc(1, sizeof(*Gdi));

    if (Gdi)
        Gdi->Dc = CreateCompatibleDC(NULL);
    *Error = Gdi && Gdi->Dc ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
    if (!*Error)
        return Gdi;
    free(Gdi);
    return NULL;
}

static void DropBitmap(_Inout_ GDI_CAPTURE *Gdi)
{
    if (!Gdi->Bitmap)
        return;
    SelectObject(Gdi->Dc, Gdi->Before);
    DeleteObject(Gdi->Bitmap);
    Gdi->Bitmap = NULL;
    Gdi->Width = Gdi->Height = 0;
}

static void Close(_In_ PVOID Capture)
{
    GDI_CAPTURE *const Gdi = Capture;

    DropBitmap(Gdi);
    DeleteDC(Gdi->Dc);
    free(Gdi);
}

static LONG RoundUp(_In_ LONG Value)
{
    return (Value + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
}

static BOOL Reserve(_Inout_ GDI_CAPTURE *Gdi, _In_ LONG Width, _In_ LONG Height)
{
    if (Width <= Gdi->Width && Height <= Gdi->Height)
        return TRUE;
    const LONG NewWidth = max(RoundUp(Width), Gdi->Width);
    const LONG NewHeight = max(RoundUp(Height), Gdi->Height);
    const BITMAPINFO Info = {.bmiHeader = {.biSize = sizeof(BITMAPINFOHEADER),
                                           .biWidth = NewWidth,
                                           .biHeight = -NewHeight, /* top down */
                                           .biPlanes = 1,
                                           .biBitCount = 32,
                                           .biCompression = BI_RGB}};
    DropBitmap(Gdi);
    Gdi->Bitmap = CreateDIBSection(Gdi->Dc, &Info, DIB_RGB_COLORS, (void **)&Gdi->Pixels, NULL, 0);
    if (!Gdi->Bitmap)
        return FALSE;
    Gdi->Before = SelectObject(Gdi->Dc, Gdi->Bitmap);
    Gdi->Width = NewWidth;
    Gdi->Height = NewHeight;
    return TRUE;
}

static CAPTURE_RESULT Copy(_Inout_ GDI_CAPTURE *Gdi, _In_ HDC From, _In_ const RECT *Part,
                           _Out_ CAPTURE_PIXELS *Pixels)
{
    const LONG Width = Part->right - Part->left, Height = Part->bottom - Part->top;

    if (!Reserve(Gdi, Width, Height) ||
        !BitBlt(Gdi->Dc, 0, 0, Width, Height, From, Part->left, Part->top, SRCCOPY))
        return CaptureUnavailable;
    GdiFlush();
    Pixels->Pixels = Gdi->Pixels;
    Pixels->StrideBytes = (ptrdiff_t)Gdi->Width * 4;
    return CaptureDone;
}

/* A fresh context each time: an old one does not follow a change of the mode or the desktop. */
static CAPTURE_RESULT Screen(_In_ PVOID Capture, _In_ const RECT *Part,
                             _Out_ CAPTURE_PIXELS *Pixels)
{
    const HDC Dc = GetDC(NULL);

    if (!Dc)
        return CaptureUnavailable;
    const CAPTURE_RESULT Result = Copy(Capture, Dc, Part, Pixels);
    ReleaseDC(NULL, Dc);
    return Result;
}

static CAPTURE_RESULT Window(_In_ PVOID Capture, _In_ HWND Window, _In_ const RECT *Part,
                             _Out_ CAPTURE_PIXELS *Pixels)
{
    const HDC Dc = GetWindowDC(Window);

    if (!Dc)
        return CaptureUnavailable;
    const CAPTURE_RESULT Result = Copy(Capture, Dc, Part, Pixels);
    ReleaseDC(Window, Dc);
    return Result;
}

const CAPTURE_METHOD CaptureGdi = {
    .Name = "GDI",
    .Open = Open,
    .Close = Close,
    .Screen = Screen,
    .Window = Window,
};
