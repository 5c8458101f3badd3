/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of gui_frames: captures a window by BitBlt, as the agent does, at the agent's
 * interval and with nothing else to do, and prints how many different pictures it saw.
 *   capture_loop.exe TITLE MILLISECONDS X Y: the pixel that tells them apart is at X, Y of the
 * window
 */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "core/gui/pace.h"

int main(int count, char **words)
{
    const HWND window = count == 5 ? FindWindowA(NULL, words[1]) : NULL;
    RECT place;

    if (window == NULL || !GetWindowRect(window, &place))
        return 2;
    const LONG width = place.right - place.left, height = place.bottom - place.top;
    const DWORD duration_ms = (DWORD)atoi(words[2]);
    const LONG x = atoi(words[3]), y = atoi(words[4]);
    const BITMAPINFO info = {.bmiHeader = {.biSize = sizeof(BITMAPINFOHEADER),
                                           .biWidth = width,
                                           .biHeight = -height,
                                           .biPlanes = 1,
                                           .biBitCount = 32}};
    const HDC memory = CreateCompatibleDC(NULL);
    DWORD *pixels, last = 0, frames = 0;
    SelectObject(memory,
                 CreateDIBSection(memory, &info, DIB_RGB_COLORS, (void **)&pixels, NULL, 0));
    for (DWORD began = GetTickCount(), next = began; GetTickCount() - began < duration_ms;) {
        const HDC dc = GetWindowDC(window);

        BitBlt(memory, 0, 0, width, height, dc, 0, 0, SRCCOPY);
        GdiFlush();
        ReleaseDC(window, dc);
        frames += pixels[y * width + x] != last;
        last = pixels[y * width + x];
        next += GUI_PACE_INTERVAL_US / 1000;
        if ((LONG)(next - GetTickCount()) > 0)
            Sleep(next - GetTickCount());
    }
    printf("%lu\n", frames);
    return 0;
}
