/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam behind which pixels are got: a table of functions for each method that a machine may
 * have. A method captures the screen, or windows each for itself, covered or not, or both; and it
 * may know what changed. It shows the pixels where it has them; whoever captures (painter.h) copies
 * what differs into the granted image, which is the only copy.
 *
 * A window's pixels come from
 * - GDI, as a rule. DWM keeps the image of each window, covered, off the screen or not, and GDI
 * reads it at the least cost. Where there is no DWM, covered parts show what covers them.
 * - Windows.Graphics.Capture, where there is one (Windows 10 1903), when the window is drawn by the
 *   GPU alone, so that DWM keeps no image that GDI could read: it, or a window inside it, has the
 *   style WS_EX_NOREDIRECTIONBITMAP, or GDI saw nothing but black when its picture was new. It
 *   stays so while the window lives.
 * - GDI again, when that one has too much to do, is refused, or has no frame in time.
 * The screen comes from desktop duplication, else from GDI.
 *
 * All of one thread, the agent's. No function waits for another program.
 */
#pragma once

#include <windows.h>
#include <stddef.h>

typedef enum CAPTURE_RESULT {
    CaptureDone,
    CaptureNothing,     /* nothing changed; the pixels are on their way: ask again */
    CaptureUnavailable, /* not now: the window is gone, there are no pixels of it */
    CaptureLost,        /* close the method and open it again: mode change, desktop switch */
} CAPTURE_RESULT;

/* B, G, R, unused; of the part that was asked for, valid until the method's next call. */
typedef struct CAPTURE_PIXELS {
    const BYTE *Pixels;
    ptrdiff_t StrideBytes; /* may be negative */
} CAPTURE_PIXELS;

enum { CAPTURE_RECTS_MAX = 64, CAPTURE_WINDOWS_MAX = 16 };

/* What changed: parts of the screen, in the desktop's coordinates; and windows, each as a whole. */
typedef struct CAPTURE_CHANGES {
    RECT Rects[CAPTURE_RECTS_MAX];
    DWORD Count;
    HWND Windows[CAPTURE_WINDOWS_MAX];
    DWORD WindowCount;
} CAPTURE_CHANGES;

typedef struct CAPTURE_METHOD {
    PCSTR Name;
    /* Only for windows that are drawn by the GPU alone; opened with the first of them. */
    BOOL OnDemand;
    /* NULL: this machine does not have it, or not now; *Error says why. Wake: a method that is told
     * of changes sets it when Changes() has some, from any thread. */
    PVOID (*Open)(_In_opt_ HANDLE Wake, _Out_ DWORD *Error);
    void (*Close)(_In_ PVOID Capture);
    /* What changed since the last call. NULL: the method does not know. */
    CAPTURE_RESULT (*Changes)(_In_ PVOID Capture, _Out_ CAPTURE_CHANGES *Changes);
    /* A part of the screen, in the desktop's coordinates. NULL: it captures no screen. */
    CAPTURE_RESULT(*Screen)
    (_In_ PVOID Capture, _In_ const RECT *Part, _Out_ CAPTURE_PIXELS *Pixels);
    /* A part of a window, from the corner of its GetWindowRect(). NULL: it captures no windows. */
    CAPTURE_RESULT(*Window)
    (_In_ PVOID Capture, _In_ HWND Window, _In_ const RECT *Part, _Out_ CAPTURE_PIXELS *Pixels);
} CAPTURE_METHOD;

/* GDI: everywhere; knows of no changes. */
extern const CAPTURE_METHOD CaptureGdi;
/* Desktop duplication: Windows 8 and later; what monitors show. */
extern const CAPTURE_METHOD CaptureDxgi;
/* Windows.Graphics.Capture: Windows 10 1903 and later; single windows. */
extern const CAPTURE_METHOD CaptureWgc;
