/* SPDX-License-Identifier: BSD-2-Clause */
/* See gate.h. */
#include "gate.h"

enum { GATE_CLOSED = 1, GATE_ONE = 2 };

VOID GateInitialize(PGATE Gate)
{
    Gate->State = GATE_CLOSED;
    KeInitializeEvent(&Gate->Empty, NotificationEvent, FALSE);
}

VOID GateOpen(PGATE Gate)
{
    KeClearEvent(&Gate->Empty);
    InterlockedExchange(&Gate->State, 0);
}

BOOLEAN GateEnter(PGATE Gate)
{
    for (;;) {
        LONG Seen = Gate->State;

        if (Seen & GATE_CLOSED)
            return FALSE;
        if (InterlockedCompareExchange(&Gate->State, Seen + GATE_ONE, Seen) == Seen)
            return TRUE;
    }
}

VOID GateLeave(PGATE Gate)
{
    if (InterlockedExchangeAdd(&Gate->State, -GATE_ONE) == GATE_CLOSED + GATE_ONE)
        KeSetEvent(&Gate->Empty, IO_NO_INCREMENT, FALSE);
}

VOID GateClose(PGATE Gate)
{
    LONG Seen = InterlockedOr(&Gate->State, GATE_CLOSED);

    if ((Seen & GATE_CLOSED) == 0 && Seen != 0)
        (VOID) KeWaitForSingleObject(&Gate->Empty, Executive, KernelMode, FALSE, NULL);
}
