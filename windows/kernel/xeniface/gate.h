/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate of a device: open while it is started. Who uses what only a started device has, passes
 * through the gate and is waited for when it closes; unlike a remove lock it opens again.
 */
#ifndef XENIFACE_GATE_H
#define XENIFACE_GATE_H

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
