/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The toolstack's request to suspend: the word "suspend" in the XenStore key control/shutdown
 * (xl save, xl migrate; libxl waits until the key is empty, then for the suspend). Only the kernel
 * can do that; the other words of the key are user mode's (xeniface announces them). Owns its watch
 * and the work that a request starts.
 */
#ifndef XENBUS_SUSPEND_REQUEST_H
#define XENBUS_SUSPEND_REQUEST_H

#include "parts.h"

typedef struct _XENBUS_SUSPEND_REQUEST *PXENBUS_SUSPEND_REQUEST;

/* The store and suspend stand. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SuspendRequestCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_SUSPEND_REQUEST *Request);
/* Waits for a suspend that is under way. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID SuspendRequestDestroy(_In_ PXENBUS_SUSPEND_REQUEST Request);

#endif
