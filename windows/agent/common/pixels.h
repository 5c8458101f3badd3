/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures as Qubes sends them: a line "<width> <height>\n", then rows from the top, four bytes a
 * pixel: red, green, blue, alpha (not multiplied into the colours). So qubes.GetImageRGBA answers,
 * and so qubes.WindowIconUpdater is told of a window's icon, each time after a line with the
 * window's number. At most PIXELS_SIDE_MAX a side.
 */
#pragma once

#include <windows.h>

enum { PIXELS_SIDE_MAX = 2048 };

typedef struct PIXELS {
    UINT Width, Height;
    BYTE *Rgba; /* Width * Height * 4 bytes from the heap; free() it */
} PIXELS;

/* Each: ERROR_SUCCESS or why there is no picture: ERROR_INVALID_DATA, ERROR_NOT_SUPPORTED (too
 * large), ERROR_FILE_NOT_FOUND, ERROR_NOT_ENOUGH_MEMORY. */

/* An icon of any colour depth. Where it has no alpha of its own, its mask says what is seen. */
DWORD PixelsOfIcon(_In_ HICON Icon, _Out_ PIXELS *Pixels);
/* A bitmap as the shell gives it: 32 bits, the colours multiplied by their alpha; or of any other
 * kind, without alpha. */
DWORD PixelsOfBitmap(_In_ HBITMAP Bitmap, _Out_ PIXELS *Pixels);
/* PNG, JPEG, GIF, BMP, TIFF or ICO, by its content. COM is initialised. */
DWORD PixelsOfImage(_In_reads_(Size) const BYTE *Bytes, _In_ DWORD Size, _Out_ PIXELS *Pixels);

/* The bytes of a picture, from the heap: free() them. NULL: no memory. */
BYTE *PixelsEncode(_In_ const PIXELS *Pixels, _Out_ SIZE_T *Size);
/* The same for qubes.WindowIconUpdater; Window is its number in the GUI protocol. */
BYTE *PixelsEncodeForWindow(_In_ ULONG Window, _In_ const PIXELS *Pixels, _Out_ SIZE_T *Size);
