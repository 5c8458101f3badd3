/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gui-agent: one process in the user's session, one loop thread that owns everything here. Windows'
 * windows go into the model (core/gui/model.h), which says what the host is to be told; pixels go
 * straight into pages that the host maps (surface.h); the host's input comes back (input.h).
 *
 * Two modes: seamless, each window is a window of the host; full, one window shows the whole
 * desktop. Screens that belong to Windows itself (logon, lock, UAC) are always shown full.
 */
#pragma once

#include <windows.h>
#include "core/gui/keys.h"
#include "core/gui/model.h"
#include "core/gui/pace.h"
#include "windows/agent/common/vchan_link.h"
#include "windows/agent/gui/bounded.h"
#include "windows/agent/gui/capture.h"
#include "windows/agent/gui/clipboard_worker.h"
#include "windows/agent/gui/desktop.h"
#include "windows/agent/gui/display.h"
#include "windows/agent/gui/domain.h"
#include "windows/agent/gui/asker.h"
#include "windows/agent/gui/look.h"
#include "windows/agent/gui/surface.h"

enum { TRACKED_BUCKETS = 1024, CAPTURE_METHODS = 3 };

/* A window that the host shows, or the whole screen. Freed when the model gives it back. */
typedef struct SHOWN_WINDOW {
    struct gui_window Model; /* its `user` is this */
    HWND Handle;             /* NULL: the screen */
    RECT Frame, Bounds;      /* in the desktop; a minimized window's last ones */
    WINDOW_KIND Kind;
    HWND Owner;
    SURFACE *Surface; /* what the model was given last; NULL: nothing yet */
    struct gui_pace_window Pace;
    DWORD TitleHash;
    BOOL GpuDrawn;        /* capture.h */
    ULONGLONG GpuAskedUs; /* NowUs() */
    BOOL Ended;           /* the model does not know it any more */
    BOOL Demands;         /* its program asks for the user, who has not come yet */
    BOOL Unsettled; /* it was not shown yet, or its size changed: its next picture is due now */
} SHOWN_WINDOW;

/* A top-level window, shown or not. */
typedef struct TRACKED_WINDOW {
    struct TRACKED_WINDOW *HashNext, *Next;
    WINDOW_ORIGIN Origin;
    SHOWN_WINDOW *Shown; /* NULL: the host does not know it */
    ULONG SeenInScan;
} TRACKED_WINDOW;

typedef struct TRACKING {
    TRACKED_WINDOW *Buckets[TRACKED_BUCKETS];
    TRACKED_WINDOW *First; /* all of them */
    ULONG Scan;            /* counts scans */
    HWINEVENTHOOK Hook;    /* NULL: events are not to be had */
    HWND Flash;            /* flash.h */
    UINT ShellMessage;
    ULONGLONG NextScanUs, LastScanUs, ScanCostUs;
} TRACKING;

typedef struct CAPTURE {
    const CAPTURE_METHOD *Method;
    PVOID Context; /* NULL: not open */
    ULONGLONG RetryUs;
} CAPTURE;

typedef enum GUI_MODE { ModeSeamless, ModeFull } GUI_MODE;

typedef struct GUI_AGENT {
    /* The channel to the GUI domain */
    LINK_LOOP Loop;
    VCHAN_LINK Link;
    ULONGLONG ServeAtMs; /* GetTickCount64(): try again then; 0: the link is there */
    GUI_DOMAIN Domain;
    BOOL Ready; /* the handshake is done */
    struct gui_model Model;
    BYTE *Body;
    BYTE In[4096];
    const uint8_t *InAt; /* what was read and not yet taken */
    size_t InLeft;

    /* What is shown */
    GUI_MODE Mode;  /* as asked for */
    BOOL LayoutSet; /* qubes.SetMonitorLayout said what the monitors are */
    BOOL FullNow;   /* the screen window exists */
    SHOWN_WINDOW *Screen;
    TRACKING Tracking;
    SURFACES Surfaces;
    CAPTURE Captures[CAPTURE_METHODS]; /* in order of preference */
    struct gui_pace_budget Budget;
    ULONGLONG MovingCostUs, ActiveUntilUs;

    /* Input and what follows from it */
    struct gui_keys Keys;
    HWND PointerWindow;
    ULONGLONG UnfocusAtMs; /* GetTickCount64(); 0: nothing to do */
    BOUNDED Bounded;
    DESKTOP Desktop;
    HWND ControlWindow;
    HANDLE ControlReady; /* set: services find it */
    DISPLAY Display;
    ASKER Asker;
    CLIPBOARD_WORKER Clipboard;
    PSTR ClipboardText; /* lent to the model; from the heap */
} GUI_AGENT;

/* ERROR_SUCCESS or why not. The agent stays where it is until GuiAgentClose(). */
DWORD GuiAgentOpen(_Out_ GUI_AGENT *Agent);
/* Serves until Stop is set. ERROR_SUCCESS, or why it could not go on. */
DWORD GuiAgentRun(_Inout_ GUI_AGENT *Agent, _In_ HANDLE Stop);
void GuiAgentClose(_Inout_ GUI_AGENT *Agent);

/* Switches at run time; the windows follow. */
void GuiAgentSetMode(_Inout_ GUI_AGENT *Agent, _In_ GUI_MODE Mode);

/* Microseconds of a clock that does not go back. */
ULONGLONG NowUs(void);
