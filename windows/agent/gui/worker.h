/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that the agent's loop gives work to which another program may hold up. What is to be
 * done, and what came of it, its owner keeps under the lock; here is how it begins, waits and ends.
 */
#pragma once

#include <windows.h>

typedef struct WORKER {
    HANDLE Thread;
    HANDLE Wake; /* auto-reset: there is work */
    HANDLE Done; /* auto-reset: for the loop */
    SRWLOCK Lock;
    volatile LONG End;
} WORKER;

/* FALSE: no memory. The worker and Context stay where they are until WorkerClose(). */
BOOL WorkerOpen(_Out_ WORKER *Worker, _In_ LPTHREAD_START_ROUTINE Work, _In_ PVOID Context);
/* Of the thread: waits for work. FALSE: the thread is to end. */
BOOL WorkerNext(_Inout_ WORKER *Worker);
/* FALSE: another program holds the thread up; it ends with the process, and what it uses stays. */
BOOL WorkerClose(_Inout_ WORKER *Worker);
