/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A gate: open while what is behind it may be used, by a device that is started, or by a part with
 * a work item. Who uses it passes through the gate and is waited for when it closes; unlike a
 * remove lock it opens again.
 */
#ifndef COMMON_GATE_H
#define COMMON_GATE_H

#include <ntddk.h>

typedef struct _GATE {
    volatile LONG State; /* twice the number inside, plus 1 when closed */
    KEVENT Empty;        /* closed, and the last one left */
} GATE, *PGATE;

/* Closed. */
VOID GateInitialize(_Out_ PGATE Gate);
/* PASSIVE_LEVEL, on a closed gate. */
VOID GateOpen(_Inout_ PGATE Gate);
/* Any IRQL up to DISPATCH_LEVEL. FALSE: closed. */
_IRQL_requires_max_(DISPATCH_LEVEL) BOOLEAN GateEnter(_Inout_ PGATE Gate);
_IRQL_requires_max_(DISPATCH_LEVEL) VOID GateLeave(_Inout_ PGATE Gate);
/* Nobody enters any more; returns when nobody is inside. On a closed gate: nothing to do. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID GateClose(_Inout_ PGATE Gate);

#endif
