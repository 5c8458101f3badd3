/* SPDX-License-Identifier: BSD-2-Clause */
/* See bounded.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/bounded.h"

/* Of two owners, the agent and the thread: the last one to let go frees it. */
typedef struct BOUNDED_WORKER {
    volatile LONG Owners;
    HANDLE Begin, Done; /* auto-reset */
    BOUNDED_CALL Call;
    volatile LONG End;
    volatile LONG *Left;
    volatile LONG GivenUp;
} BOUNDED_WORKER;

static void LetGo(_Inout_ BOUNDED_WORKER *Worker)
{
    if (InterlockedDecrement(&Worker->Owners) != 0)
        return;
    if (Worker->Begin)
        CloseHandle(Worker->Begin);
    if (Worker->Done)
        CloseHandle(Worker->Done);
    free(Worker);
}

static DWORD WINAPI Work(_In_ PVOID Context)
{
    BOUNDED_WORKER *const Worker = Context;

    while (WaitForSingleObject(Worker->Begin, INFINITE) == WAIT_OBJECT_0 && !Worker->End) {
        Worker->Call.Do(&Worker->Call);
        SetEvent(Worker->Done);
        if (Worker->GivenUp)
            break;
    }
    if (Worker->GivenUp)
        InterlockedDecrement(Worker->Left);
    LetGo(Worker);
    return 0;
}

static BOUNDED_WORKER *Hire(_In_ volatile LONG *Left)
{
    BOUNDED_WORKER *const Worker = calloc(1, sizeof(*Worker));

    if (!Worker)
        return NULL;
    Worker->Owners = 1;
    Worker->Left = Left;
    Worker->Begin = CreateEventW(NULL, FALSE, FALSE, NULL);
    Worker->Done = CreateEventW(NULL, FALSE, FALSE, NULL);
    InterlockedIncrement(&Worker->Owners);
    const HANDLE Thread =
        Worker->Begin && Worker->Done
            ? CreateThread(NULL, 64 * 1024, Work, Worker, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL)
            : NULL;
    if (!Thread) {
        LetGo(Worker);
        LetGo(Worker);
        return NULL;
    }
    CloseHandle(Thread);
    return Worker;
}

BOOL BoundedOpen(_Out_ BOUNDED *Bounded)
{
    Bounded->Worker = NULL;
    Bounded->Left = calloc(1, sizeof(LONG)); /* for as long as a thread may count in it */
    return Bounded->Left != NULL;
}

void BoundedClose(_Inout_ BOUNDED *Bounded)
{
    if (Bounded->Worker) {
        Bounded->Worker->End = TRUE;
        SetEvent(Bounded->Worker->Begin);
        LetGo(Bounded->Worker);
    }
    Bounded->Worker = NULL;
}

BOOL BoundedDo(_Inout_ BOUNDED *Bounded, _In_ const BOUNDED_CALL *Call)
{
    if (!Bounded->Worker && *Bounded->Left < BOUNDED_LEFT_MAX)
        Bounded->Worker = Hire(Bounded->Left);
    BOUNDED_WORKER *const Worker = Bounded->Worker;
    if (!Worker)
        return FALSE;
    Worker->Call = *Call;
    SetEvent(Worker->Begin);
    if (WaitForSingleObject(Worker->Done, BOUNDED_LIMIT_MS) == WAIT_OBJECT_0)
        return TRUE;
    InterlockedIncrement(Worker->Left);
    Worker->End = TRUE; /* in case that it is done just now */
    Worker->GivenUp = TRUE;
    SetEvent(Worker->Begin);
    LetGo(Worker);
    Bounded->Worker = NULL;
    return FALSE;
}
