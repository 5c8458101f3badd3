/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists that interlocked functions guard: SLISTs, and ExInterlocked*List with a spin lock of the
 * caller, which is never used in any other way.
 */
#include "model/machine.h"

RULE(interlocked_lock, "The lock of ExInterlockedInsertTailList and its kin is used by them only",
     "Singly and Doubly Linked Lists");

/* An SLIST's first entry and depth are the model's in the header's two words. */
VOID NTAPI InitializeSListHead(PSLIST_HEADER SListHead)
{
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    PSLIST_ENTRY first;

    BenchSchedulePoint();
    first = (PSLIST_ENTRY)(ULONG_PTR)ListHead->Region;
    ListEntry->Next = first;
    ListHead->Region = (ULONG_PTR)ListEntry;
    ListHead->Alignment++;
    return first;
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first;

    BenchSchedulePoint();
    first = (PSLIST_ENTRY)(ULONG_PTR)ListHead->Region;
    if (first) {
        ListHead->Region = (ULONG_PTR)first->Next;
        ListHead->Alignment--;
    }
    return first;
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first;

    BenchSchedulePoint();
    first = (PSLIST_ENTRY)(ULONG_PTR)ListHead->Region;
    ListHead->Region = 0;
    ListHead->Alignment = 0;
    return first;
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    return (USHORT)SListHead->Alignment;
}

/* Any IRQL: the model takes the lock at HIGH_LEVEL, as NT does. */
static KIRQL take(PKSPIN_LOCK lock)
{
    KIRQL before;

    BenchSchedulePoint();
    before = irql_now();
    if (*lock)
        rule_broken(&interlocked_lock, "%p is held by other code", lock);
    return before;
}

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    PLIST_ENTRY first;

    take(Lock);
    first = IsListEmpty(ListHead) ? NULL : ListHead->Flink;
    InsertHeadList(ListHead, ListEntry);
    return first;
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    PLIST_ENTRY last;

    take(Lock);
    last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;
    InsertTailList(ListHead, ListEntry);
    return last;
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    take(Lock);
    return IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);
}
