/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that another program can hold up (moving its window, activating it), with a time limit. The
 * call runs on a thread of its own; when the limit passes, that thread is left to its call and
 * ends with it, and the next call gets another. So a program that hangs costs one limit, and no
 * more than BOUNDED_LEFT_MAX threads.
 */
#pragma once

#include <windows.h>

enum { BOUNDED_LIMIT_MS = 100, BOUNDED_LEFT_MAX = 16 };

/* What is to be done, by value: the caller may be gone when it is done. */
typedef struct BOUNDED_CALL {
    void (*Do)(_In_ const struct BOUNDED_CALL *Call);
    HWND Window;
    RECT Place;
    LONG Value;
} BOUNDED_CALL;

struct BOUNDED_WORKER;

typedef struct BOUNDED {
    struct BOUNDED_WORKER *Worker; /* waits for a call; NULL: none yet */
    volatile LONG *Left;           /* threads that are still in a call that was given up */
} BOUNDED;

BOOL BoundedOpen(_Out_ BOUNDED *Bounded);
/* Threads that were left behind end with the process. */
void BoundedClose(_Inout_ BOUNDED *Bounded);
/* TRUE: it was done. FALSE: not within the limit (it may be done yet), or no thread is free. */
BOOL BoundedDo(_Inout_ BOUNDED *Bounded, _In_ const BOUNDED_CALL *Call);
