/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam behind which pixels are got: a table of functions for each method that a machine may
 * have. A method captures the screen, or windows each for itself, covered or not, or both; and it
 * may know what changed. It shows the pixels where it has them; whoever captures (painter.h) copies
 * what differs into the granted image, which is the only copy.
 *
 * All of one thread, the agent's. No function waits for another program.
 */
#pragma once

#include <windows.h>
#include <stddef.h>

typedef enum CAPTURE_RESULT {
    CaptureDone,
    CaptureNothing,     /* nothing changed */
    CaptureUnavailable, /* not now: the window is gone, there are no pixels of it */
    CaptureLost,        /* close the method and open it again: mode change, desktop switch */
} CAPTURE_RESULT;

/* B, G, R, unused; of the part that was asked for, valid until the method's next call. */
typedef struct CAPTURE_PIXELS {
    const BYTE *Pixels;
    ptrdiff_t StrideBytes; /* may be negative */
} CAPTURE_PIXELS;

enum { CAPTURE_RECTS_MAX = 64 };

/* What changed on the screen, in the desktop's coordinates. */
typedef struct CAPTURE_CHANGES {
    RECT Rects[CAPTURE_RECTS_MAX];
    DWORD Count;
} CAPTURE_CHANGES;

typedef struct CAPTURE_METHOD {
    PCSTR Name;
    /* NULL: this machine does not have it, or not now; *Error says why. */
    PVOID (*Open)(_Out_ DWORD *Error);
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
