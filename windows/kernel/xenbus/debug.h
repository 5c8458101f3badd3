/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dump of state on request, for the parts of xenbus; child drivers reach the same functions
 * through include/xenbus/debug.h, which says the rules.
 */
#ifndef XENBUS_DEBUG_PART_H
#define XENBUS_DEBUG_PART_H

#include "parts.h"
#include <xenbus/debug.h>

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    DebugCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_DEBUG *Debug);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID DebugDestroy(_In_ PXENBUS_DEBUG Debug);

/* Context of all of them: the PXENBUS_PARTS. */
NTSTATUS NTAPI DebugRegister(_In_ PVOID Context, _In_ PCSTR Name,
                             _In_ XENBUS_DEBUG_CALLBACK *Callback, _In_opt_ PVOID Argument,
                             _Out_ PXENBUS_DEBUG_HANDLE *Handle);
VOID NTAPI DebugDeregister(_In_ PVOID Context, _In_ PXENBUS_DEBUG_HANDLE Handle);
VOID NTAPI DebugTrigger(_In_ PVOID Context);

/* Any IRQL up to DISPATCH_LEVEL: the event channels call it for VIRQ_DEBUG. The dump runs soon, in
 * a worker thread. */
VOID DebugRequest(_In_ PXENBUS_DEBUG Debug);

#endif
