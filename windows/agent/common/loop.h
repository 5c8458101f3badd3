/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop of a service: it goes round while a round does anything, asks once more before it waits
 * (in that last round the peers of its vchans are asked to wake it), and waits no longer than the
 * first deadline that the last round named. Loop thread only.
 */
#pragma once

#include <windows.h>

typedef struct LINK_LOOP {
    HANDLE Event; /* auto-reset: any vchan */
    BOOL AskForWakeUp;
    BOOL Joining;           /* a client was not joined yet, in this round or the one before */
    ULONG Signals;          /* how often Event was found set */
    ULONGLONG NextDeadline; /* GetTickCount64() units; 0: none. The last round begins with none */
} LINK_LOOP;

/* Does what can be done without waiting; TRUE: something was done. */
typedef BOOL (*LOOP_ROUND)(_In_ PVOID Context);

/* The loop is not to wait beyond Deadline (not 0). */
void LoopWakeBy(_Inout_ LINK_LOOP *Loop, _In_ ULONGLONG Deadline);

/* At the beginning of each round: was Event set? */
void LoopBeginRound(_Inout_ LINK_LOOP *Loop);

/* The round before a wait: what it leaves undone, somebody will wake us for. */
BOOL LoopLastRound(_Inout_ LINK_LOOP *Loop, _In_ LOOP_ROUND Round, _In_ PVOID Context);
/* Until the first deadline of the last round. */
DWORD LoopTimeLimitMs(_In_ const LINK_LOOP *Loop);
/* Waits for one of Handles: the first ends the loop, the second is Loop->Event. *Which: the index
 * of the one that was set, or something larger. FALSE: the loop ends; *Error says why. */
BOOL LoopWait(_Inout_ LINK_LOOP *Loop, _In_reads_(Count) const HANDLE *Handles, _In_ DWORD Count,
              _In_ DWORD TimeLimitMs, _Out_ DWORD *Which, _Out_ DWORD *Error);
