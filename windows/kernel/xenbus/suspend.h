/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suspend, resume and migration for the parts of xenbus; child drivers reach the same functions
 * through include/xenbus/suspend.h, which says the rules.
 */
#ifndef XENBUS_SUSPEND_PART_H
#define XENBUS_SUSPEND_PART_H

#include "parts.h"
#include <xenbus/suspend.h>
#include <xenbus/debug.h>

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SuspendCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_SUSPEND *Suspend);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID SuspendDestroy(_In_ PXENBUS_SUSPEND Suspend);

/* Context of all of them: the PXENBUS_PARTS. */
NTSTATUS NTAPI SuspendRegister(_In_ PVOID Context, _In_ XENBUS_SUSPEND_PHASE Phase,
                               _In_ ULONG Order, _In_ XENBUS_SUSPEND_CALLBACK *Callback,
                               _In_opt_ PVOID Argument, _Out_ PXENBUS_SUSPEND_HANDLE *Handle);
VOID NTAPI SuspendDeregister(_In_ PVOID Context, _In_ PXENBUS_SUSPEND_HANDLE Handle);
ULONG NTAPI SuspendGetCount(_In_ PVOID Context);
NTSTATUS NTAPI SuspendTrigger(_In_ PVOID Context);

/* PASSIVE_LEVEL: the machine's memory is back but Xen has forgotten it; count and callbacks as
 * after a resume. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS SuspendAfterHibernation(_In_ PXENBUS_PARTS Parts);

/* For DebugRegister; Argument: the PXENBUS_PARTS. */
VOID NTAPI SuspendDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink);

#endif
