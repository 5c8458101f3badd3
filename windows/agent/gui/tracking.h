/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which windows there are and what they look like: a scan of all top-level windows brings the model
 * up to date, and events (WinEvents, where they come) say when. A scan takes at most a small part
 * of the time: the longer it took, the later comes the next. A program is entitled to
 * TRACKING_PROGRAM_MAX windows; what it has beyond is not looked at.
 *
 * Loop thread only.
 */
#pragma once

#include "windows/agent/gui/agent.h"

enum { TRACKING_PROGRAM_MAX = 256, TRACKING_ALL_MAX = 768 };

void TrackingOpen(_Inout_ GUI_AGENT *Agent);
/* All windows leave the model. */
void TrackingClose(_Inout_ GUI_AGENT *Agent);
/* Scans if it is time. TRUE: it did. */
BOOL TrackingStep(_Inout_ GUI_AGENT *Agent);
/* In microseconds of NowUs(). */
ULONGLONG TrackingNextUs(_In_ const GUI_AGENT *Agent);
/* Something was done that may show or hide windows. */
void TrackingSoon(_Inout_ GUI_AGENT *Agent);
/* One window, at once; what it is now goes into the model. */
void TrackingLookAt(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown);
/* What windows' programs answered (asker.h) goes into the model. */
void TrackingAnswers(_Inout_ GUI_AGENT *Agent);
/* NULL: the host does not know it. */
SHOWN_WINDOW *TrackingFind(_Inout_ GUI_AGENT *Agent, _In_opt_ HWND Handle);
/* It has its picture now: it may be shown. (By now also its parent is known, which a scan from the
 * top down meets later.) */
void TrackingSettle(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown);
/* The screen window comes or goes; the others go or come with the next scan. */
void TrackingShowScreen(_Inout_ GUI_AGENT *Agent, _In_ BOOL Show);
/* Its program asks for the user: the host is told until he has come. */
void TrackingDemands(_Inout_ GUI_AGENT *Agent, _In_ HWND Handle);
/* That part of the desktop changed: the windows there are due. */
void TrackingHint(_Inout_ GUI_AGENT *Agent, _In_ const RECT *Part);
