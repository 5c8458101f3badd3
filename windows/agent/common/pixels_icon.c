/* SPDX-License-Identifier: BSD-2-Clause */
/* The pixels of an icon, or of the bitmap of one; see pixels.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/common/pixels.h"

/* 32-bit rows from the top, blue first; from the heap. */
static BYTE *ReadBitmap(_In_ HBITMAP Bitmap, _In_ UINT Width, _In_ UINT Height)
{
    BITMAPINFO Info = {.bmiHeader = {
                           .biSize = sizeof(BITMAPINFOHEADER),
                           .biWidth = (LONG)Width,
                           .biHeight = -(LONG)Height,
                           .biPlanes = 1,
                           .biBitCount = 32,
                           .biCompression = BI_RGB,
                       }};
    BYTE *const Bits = malloc((SIZE_T)Width * Height * 4);
    const HDC Screen = GetDC(NULL);
    const BOOL Read =
        Bits && GetDIBits(Screen, Bitmap, 0, Height, Bits, &Info, DIB_RGB_COLORS) == (int)Height;

    ReleaseDC(NULL, Screen);
    if (Read)
        return Bits;
    free(Bits);
    return NULL;
}

static BOOL HasAlpha(_In_ const BYTE *Bits, _In_ SIZE_T Count)
{
    for (SIZE_T i = 0; i < Count; i++)
        if (Bits[4 * i + 3])
            return TRUE;
    return FALSE;
}

static void SwapRedAndBlue(_Inout_ BYTE *Bits, _In_ SIZE_T Count)
{
    for (SIZE_T i = 0; i < Count; i++) {
        const BYTE Blue = Bits[4 * i];

        Bits[4 * i] = Bits[4 * i + 2];
        Bits[4 * i + 2] = Blue;
    }
}

/* White in the mask: nothing is drawn there. */
static void TakeAlphaFromMask(_Inout_ BYTE *Bits, _In_ const BYTE *Mask, _In_ SIZE_T Count)
{
    for (SIZE_T i = 0; i < Count; i++)
        Bits[4 * i + 3] = Mask[4 * i] ? 0 : 255;
}

static DWORD Colours(_In_ const ICONINFO *Icon, _In_ UINT Width, _In_ UINT Height,
                     _Out_ PIXELS *Pixels)
{
    const SIZE_T Count = (SIZE_T)Width * Height;
    BYTE *const Bits = ReadBitmap(Icon->hbmColor, Width, Height);
    BYTE *Mask = NULL;

    if (!Bits)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (!HasAlpha(Bits, Count)) {
        Mask = ReadBitmap(Icon->hbmMask, Width, Height);
        if (!Mask) {
            free(Bits);
            return ERROR_NOT_ENOUGH_MEMORY;
        }
        TakeAlphaFromMask(Bits, Mask, Count);
        free(Mask);
    }
    SwapRedAndBlue(Bits, Count);
    *Pixels = (PIXELS){Width, Height, Bits};
    return ERROR_SUCCESS;
}

/* Black and white: one bitmap, the mask above the picture. */
static DWORD BlackAndWhite(_In_ const ICONINFO *Icon, _In_ UINT Width, _In_ UINT BothHeight,
                           _Out_ PIXELS *Pixels)
{
    const SIZE_T Count = (SIZE_T)Width * (BothHeight / 2);
    BYTE *const Both = ReadBitmap(Icon->hbmMask, Width, BothHeight);
    BYTE *const Bits = malloc(Count * 4);

    if (!Both || !Bits) {
        free(Both);
        free(Bits);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    memcpy(Bits, Both + 4 * Count, 4 * Count);
    TakeAlphaFromMask(Bits, Both, Count);
    free(Both);
    *Pixels = (PIXELS){Width, BothHeight / 2, Bits};
    return ERROR_SUCCESS;
}

DWORD PixelsOfIcon(_In_ HICON Icon, _Out_ PIXELS *Pixels)
{
    ICONINFO Info;
    BITMAP Bitmap;
    DWORD Error = ERROR_INVALID_DATA;

    memset(Pixels, 0, sizeof(*Pixels));
    if (!GetIconInfo(Icon, &Info))
        return GetLastError();
    if (GetObjectW(Info.hbmColor ? Info.hbmColor : Info.hbmMask, sizeof(Bitmap), &Bitmap) &&
        Bitmap.bmWidth > 0 && Bitmap.bmHeight > 0) {
        if (Bitmap.bmWidth > PIXELS_SIDE_MAX || Bitmap.bmHeight > 2 * PIXELS_SIDE_MAX)
            Error = ERROR_NOT_SUPPORTED;
        else if (Info.hbmColor)
            Error = Colours(&Info, (UINT)Bitmap.bmWidth, (UINT)Bitmap.bmHeight, Pixels);
        else
            Error = BlackAndWhite(&Info, (UINT)Bitmap.bmWidth, (UINT)Bitmap.bmHeight, Pixels);
    }
    if (Info.hbmColor)
        DeleteObject(Info.hbmColor);
    DeleteObject(Info.hbmMask);
    return Error;
}

static BYTE Divided(_In_ BYTE Colour, _In_ BYTE Alpha)
{
    return (BYTE)min(255u, (Colour * 255u + Alpha / 2u) / Alpha);
}

static void UndoAlpha(_Inout_ BYTE *Bits, _In_ SIZE_T Count)
{
    for (SIZE_T i = 0; i < Count; i++)
        for (int Part = 0; Part < 3 && Bits[4 * i + 3]; Part++)
            Bits[4 * i + Part] = Divided(Bits[4 * i + Part], Bits[4 * i + 3]);
}

DWORD PixelsOfBitmap(_In_ HBITMAP Bitmap, _Out_ PIXELS *Pixels)
{
    BITMAP Info;

    memset(Pixels, 0, sizeof(*Pixels));
    if (!GetObjectW(Bitmap, sizeof(Info), &Info) || Info.bmWidth <= 0 || Info.bmHeight <= 0)
        return ERROR_INVALID_DATA;
    if (Info.bmWidth > PIXELS_SIDE_MAX || Info.bmHeight > PIXELS_SIDE_MAX)
        return ERROR_NOT_SUPPORTED;
    const SIZE_T Count = (SIZE_T)Info.bmWidth * (SIZE_T)Info.bmHeight;
    BYTE *const Bits = ReadBitmap(Bitmap, (UINT)Info.bmWidth, (UINT)Info.bmHeight);
    if (!Bits)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (HasAlpha(Bits, Count))
        UndoAlpha(Bits, Count);
    else
        for (SIZE_T i = 0; i < Count; i++)
            Bits[4 * i + 3] = 255;
    SwapRedAndBlue(Bits, Count);
    *Pixels = (PIXELS){(UINT)Info.bmWidth, (UINT)Info.bmHeight, Bits};
    return ERROR_SUCCESS;
}
