/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting programs without making the loop wait. CreateProcess waits for the server that the
 * program's file or its user's home lies on, up to a minute when that is gone; so programs are
 * loaded on threads of a pool, at most CHILD_STARTS at once, and the loop asks for the result.
 * Loop thread only; what runs on the pool is inside.
 */
#pragma once

#include "windows/agent/qrexec/child_process.h"

enum { CHILD_STARTS = 16 };

typedef struct CHILD_STARTER {
    PTP_POOL Pool;
    TP_CALLBACK_ENVIRON Environment;
    HANDLE WakeEvent;
} CHILD_STARTER;

typedef struct CHILD_START CHILD_START;

/* WakeEvent, the owner's, is set when a start is over. ERROR_SUCCESS or why not. */
DWORD StarterOpen(_Out_ CHILD_STARTER *Starter, _In_ HANDLE WakeEvent);
/* Starts that are under way end by themselves; the process may end before. */
void StarterClose(_Inout_ CHILD_STARTER *Starter);

/* Takes what Order points to (malloc) and its token. NULL: no memory; then nothing was taken. */
CHILD_START *ChildStart(_Inout_ CHILD_STARTER *Starter, _In_ const CHILD_ORDER *Order);
/* FALSE: not yet. TRUE: the start is over and gone; *Error ERROR_SUCCESS: *Child waits for
 * ChildRun(). */
BOOL ChildStarted(_In_ CHILD_START *Start, _Out_ CHILD *Child, _Out_ DWORD *Error);
/* Nobody will ask for it. Its program does not run, unless it is one without stdio: who orders
 * such a program need not stay for it. */
void ChildStartForget(_In_opt_ CHILD_START *Start);
