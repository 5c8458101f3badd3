/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event of Windows.Graphics.Capture, kept for the loop: Windows calls from threads of its own,
 * which only leave a note and wake the loop. Counted, as a call may still run when the handler is
 * taken away.
 */
#pragma once

#include "windows/agent/gui/wgc.h"

typedef struct WGC_EVENT {
    ITypedEventHandler Handler; /* first: it is this, for Windows */
    const IID *Id;              /* of the event; static */
    HANDLE Wake;                /* its own duplicate; NULL: nobody waits */
    volatile LONG References;
    volatile LONG Happened;
} WGC_EVENT;

/* With one reference. Wake: set when it happens. NULL: no memory. */
WGC_EVENT *WgcEventNew(_In_ const IID *Id, _In_opt_ HANDLE Wake);
void WgcEventRelease(_In_opt_ WGC_EVENT *Event);
/* TRUE: it happened since the last call. */
BOOL WgcEventTake(_Inout_ WGC_EVENT *Event);
