/* SPDX-License-Identifier: BSD-2-Clause */
/* See loop.h. */
#include "windows/agent/common/loop.h"

void LoopWakeBy(_Inout_ LINK_LOOP *Loop, _In_ ULONGLONG Deadline)
{
    if (!Loop->NextDeadline || Deadline < Loop->NextDeadline)
        Loop->NextDeadline = Deadline;
}

/* Without a client that tries to join, nobody needs to know. */
void LoopBeginRound(_Inout_ LINK_LOOP *Loop)
{
    if (Loop->Joining && WaitForSingleObject(Loop->Event, 0) == WAIT_OBJECT_0)
        Loop->Signals++;
    Loop->Joining = FALSE;
}

BOOL LoopLastRound(_Inout_ LINK_LOOP *Loop, _In_ LOOP_ROUND Round, _In_ PVOID Context)
{
    Loop->AskForWakeUp = TRUE;
    Loop->NextDeadline = 0;
    const BOOL Did = Round(Context);
    Loop->AskForWakeUp = FALSE;
    return Did;
}

DWORD LoopTimeLimitMs(_In_ const LINK_LOOP *Loop)
{
    const ULONGLONG Now = GetTickCount64();

    if (!Loop->NextDeadline)
        return INFINITE;
    return Loop->NextDeadline <= Now ? 0 : (DWORD)(Loop->NextDeadline - Now);
}

BOOL LoopWait(_Inout_ LINK_LOOP *Loop, _In_reads_(Count) const HANDLE *Handles, _In_ DWORD Count,
              _In_ DWORD TimeLimitMs, _Out_ DWORD *Which, _Out_ DWORD *Error)
{
    const DWORD Result = WaitForMultipleObjects(Count, Handles, FALSE, TimeLimitMs);

    *Error = Result == WAIT_FAILED ? GetLastError() : ERROR_SUCCESS;
    *Which = Result - WAIT_OBJECT_0;
    if (*Which == 1)
        Loop->Signals++;
    return Result != WAIT_OBJECT_0 && Result != WAIT_FAILED;
}
