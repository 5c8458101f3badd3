/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookaside lists. wdm.h's inline functions take entries from a cache and then ask Allocate; the
 * model leaves the cache's depth at 0, so that every entry is an allocation of its own and its use
 * after ExFreeToNPagedLookasideList is caught.
 */
#include "model/machine.h"

RULE(lookaside_valid, "A lookaside list is initialised before use and not used after its deletion",
     "Using Lookaside Lists");
RULE(lookaside_left, "A lookaside list is deleted before the driver is gone",
     "Using Lookaside Lists");

static LIST_ENTRY lists;

static void ready_list(void)
{
    if (!lists.Flink)
        InitializeListHead(&lists);
}

static void initialize(PGENERAL_LOOKASIDE L, POOL_TYPE type, SIZE_T size, ULONG tag,
                       PALLOCATE_FUNCTION allocate, PFREE_FUNCTION release)
{
    ready_list();
    memset(L, 0, sizeof(*L));
    L->Type = type;
    L->Tag = tag;
    L->Size = (ULONG)max(size, sizeof(SLIST_ENTRY));
    L->Allocate = allocate ? allocate : ExAllocatePoolWithTag;
    L->Free = release ? release : ExFreePool;
    InsertTailList(&lists, &L->ListEntry);
}

static void delete (PGENERAL_LOOKASIDE L)
{
    ready_list();
    for (PLIST_ENTRY at = lists.Flink; at != &lists; at = at->Flink)
        if (at == &L->ListEntry) {
            RemoveEntryList(at);
            L->Size = 0;
            return;
        }
    rule_broken(&lookaside_valid, "%p is deleted and is no list", L);
}

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside,
                                           PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                           ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    (void)Depth;
    MODEL_CALL(ExInitializeNPagedLookasideList, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ExInitializeNPagedLookasideList function (wdm.h)");
    initialize(&Lookaside->L, NonPagedPool | (Flags & 512), Size, Tag, Allocate, Free);
}

VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside,
                                          PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                          ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    (void)Depth;
    (void)Flags;
    MODEL_CALL(ExInitializePagedLookasideList, PASSIVE_LEVEL, APC_LEVEL,
               "ExInitializePagedLookasideList function (wdm.h)");
    initialize(&Lookaside->L, PagedPool, Size, Tag, Allocate, Free);
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    MODEL_CALL(ExDeleteNPagedLookasideList, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ExDeleteNPagedLookasideList function (wdm.h)");
    delete (&Lookaside->L);
}

VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    MODEL_CALL(ExDeletePagedLookasideList, PASSIVE_LEVEL, APC_LEVEL,
               "ExDeletePagedLookasideList function (wdm.h)");
    delete (&Lookaside->L);
}

void lookaside_check_end(void)
{
    ready_list();
    if (!IsListEmpty(&lists))
        rule_broken(&lookaside_left, "%p",
                    CONTAINING_RECORD(lists.Flink, GENERAL_LOOKASIDE, ListEntry));
}
