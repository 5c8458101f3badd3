/* SPDX-License-Identifier: BSD-2-Clause */
/* See child_start.h. A start belongs to the loop and to its thread until one of them says that it
 * is through with it; the other one frees it. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/qrexec/child_start.h"

enum { START_UNDER_WAY, START_OVER, START_FORGOTTEN };

struct CHILD_START {
    CHILD_ORDER Order;
    CHILD Child;
    DWORD Error;
    HANDLE WakeEvent;
    volatile LONG State;
};

DWORD StarterOpen(_Out_ CHILD_STARTER *Starter, _In_ HANDLE WakeEvent)
{
    memset(Starter, 0, sizeof(*Starter));
    Starter->Pool = CreateThreadpool(NULL);
    if (!Starter->Pool)
        return GetLastError();
    SetThreadpoolThreadMaximum(Starter->Pool, CHILD_STARTS);
    InitializeThreadpoolEnvironment(&Starter->Environment);
    SetThreadpoolCallbackPool(&Starter->Environment, Starter->Pool);
    Starter->WakeEvent = WakeEvent;
    return ERROR_SUCCESS;
}

void StarterClose(_Inout_ CHILD_STARTER *Starter)
{
    if (Starter->Pool)
        CloseThreadpool(Starter->Pool);
    Starter->Pool = NULL;
}

static void Free(_In_ CHILD_START *Start)
{
    free(Start->Order.CommandLine);
    free((void *)Start->Order.Environment);
    if (Start->Order.Token)
        CloseHandle(Start->Order.Token);
    free(Start);
}

static void Discard(_In_ CHILD_START *Start)
{
    if (!Start->Error && Start->Order.NullStdio)
        ResumeThread(Start->Child.Thread);
    else if (!Start->Error)
        ChildKill(&Start->Child);
    ChildRelease(&Start->Child);
    Free(Start);
}

static BOOL Leave(_In_ CHILD_START *Start, _In_ LONG State)
{
    return InterlockedCompareExchange(&Start->State, State, START_UNDER_WAY) == START_UNDER_WAY;
}

static void CALLBACK Create(PTP_CALLBACK_INSTANCE Instance, void *Context)
{
    CHILD_START *const Start = Context;
    const HANDLE WakeEvent = Start->WakeEvent;

    Start->Error = ChildCreate(&Start->Child, &Start->Order);
    if (Leave(Start, START_OVER))
        SetEvent(WakeEvent); /* from here on the start is the loop's */
    else
        Discard(Start);
}

CHILD_START *ChildStart(_Inout_ CHILD_STARTER *Starter, _In_ const CHILD_ORDER *Order)
{
    CHILD_START *const Start = calloc(1, sizeof(*Start));

    if (!Start)
        return NULL;
    Start->Order = *Order;
    Start->WakeEvent = Starter->WakeEvent;
    if (!TrySubmitThreadpoolCallback(Create, Start, &Starter->Environment)) {
        free(Start);
        return NULL;
    }
    return Start;
}

BOOL ChildStarted(_In_ CHILD_START *Start, _Out_ CHILD *Child, _Out_ DWORD *Error)
{
    if (InterlockedCompareExchange(&Start->State, START_OVER, START_OVER) != START_OVER)
        return FALSE;
    *Child = Start->Child;
    *Error = Start->Error;
    Free(Start);
    return TRUE;
}

void ChildStartForget(_In_opt_ CHILD_START *Start)
{
    if (Start && !Leave(Start, START_FORGOTTEN))
        Discard(Start);
}
