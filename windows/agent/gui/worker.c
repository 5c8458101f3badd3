/* SPDX-License-Identifier: BSD-2-Clause */
/* See worker.h. */
#include <string.h>
#include "windows/agent/gui/worker.h"

enum { END_LIMIT_MS = 2000 };

BOOL WorkerOpen(_Out_ WORKER *Worker, _In_ LPTHREAD_START_ROUTINE Work, _In_ PVOID Context)
{
    memset(Worker, 0, sizeof(*Worker));
    InitializeSRWLock(&Worker->Lock);
    Worker->Wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    Worker->Done = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (Worker->Wake && Worker->Done)
        Worker->Thread = CreateThread(NULL, 0, Work, Context, 0, NULL);
    return Worker->Thread != NULL;
}

BOOL WorkerNext(_Inout_ WORKER *Worker)
{
    return WaitForSingleObject(Worker->Wake, INFINITE) == WAIT_OBJECT_0 && !Worker->End;
}

BOOL WorkerClose(_Inout_ WORKER *Worker)
{
    if (Worker->Thread) {
        InterlockedExchange(&Worker->End, 1);
        SetEvent(Worker->Wake);
        if (WaitForSingleObject(Worker->Thread, END_LIMIT_MS) != WAIT_OBJECT_0)
            return FALSE;
        CloseHandle(Worker->Thread);
    }
    if (Worker->Wake)
        CloseHandle(Worker->Wake);
    if (Worker->Done)
        CloseHandle(Worker->Done);
    return TRUE;
}
