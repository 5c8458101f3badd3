/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Windows says of a top-level window, and what the host is to make of it. Only questions that
 * Windows answers itself are asked, never the window's program: a program that hangs holds up
 * nothing.
 */
#pragma once

#include <windows.h>

enum { LOOK_CLASS_ROOM = 64, LOOK_TITLE_ROOM = 256 };

/* What stays as it is while a window lives. */
typedef struct WINDOW_ORIGIN {
    HWND Handle;
    DWORD Process;
    WCHAR Class[LOOK_CLASS_ROOM]; /* cut */
} WINDOW_ORIGIN;

typedef struct WINDOW_LOOK {
    LONG Style, ExStyle;
    HWND Owner;
    RECT Frame;   /* GetWindowRect */
    RECT Bounds;  /* what is seen of it: without the invisible borders of Windows 10 */
    BOOL Cloaked; /* on another virtual desktop, or a suspended app */
    BOOL Clear;   /* layered, and wholly transparent */
} WINDOW_LOOK;

/* FALSE: it is gone. */
BOOL LookAtOrigin(_In_ HWND Handle, _Out_ WINDOW_ORIGIN *Origin);
/* FALSE: it is gone, or not visible (then nothing else was asked and *Look is zero). */
BOOL LookAt(_In_ const WINDOW_ORIGIN *Origin, _Out_ WINDOW_LOOK *Look);
/* It, or a window inside it, has no image that GDI could read (WS_EX_NOREDIRECTIONBITMAP). */
BOOL LookAtGpuDrawn(_In_ HWND Handle);
/* Its title, cut; UTF-8 with NUL. Returns the bytes without that. */
DWORD LookAtTitle(_In_ HWND Handle, _Out_writes_(3 * LOOK_TITLE_ROOM) PSTR Title);

/* The name of a process' program without folder and ".exe", UTF-8, cut; empty when Windows does not
 * tell. */
void LookAtProgram(_In_ DWORD Process, _Out_writes_(Size) PSTR Name, _In_ DWORD Size);

/* What it is to the host. */
typedef struct WINDOW_KIND {
    BOOL Shown;
    BOOL OwnPlace; /* places itself, without a frame of the host's: menus, tooltips, drop-downs */
    BOOL Minimized;
    BOOL FullScreen;
} WINDOW_KIND;

/* Monitor: the whole rectangle of the one that it is on. */
WINDOW_KIND KindOf(_In_ const WINDOW_ORIGIN *Origin, _In_ const WINDOW_LOOK *Look,
                   _In_ const RECT *Monitor);
