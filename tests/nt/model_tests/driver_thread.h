/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver's system thread, made and joined as drivers do it. */
#ifndef NT_MODEL_TESTS_DRIVER_THREAD_H
#define NT_MODEL_TESTS_DRIVER_THREAD_H

#include <ntifs.h>

#include "harness.h"

static inline PKTHREAD start(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE handle;
    PKTHREAD thread;

    CHECK(NT_SUCCESS(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context)));
    CHECK(NT_SUCCESS(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode,
                                               (PVOID *)&thread, NULL)));
    ZwClose(handle);
    return thread;
}

static inline void join(PKTHREAD thread)
{
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
}

#endif
