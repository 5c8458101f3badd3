/* SPDX-License-Identifier: BSD-2-Clause */
/* Holes in the machine's memory: see memory.h. */
#include "memory.h"
#include "hypercall.h"
#include "../common/log.h"
#include "../common/pool.h"
#include <ddk_supplement.h>
#include <core/xen/abi.h>

/* Frames that Xen has not filled again yet. Tried at each chance; never given back to NT before. */
typedef struct _UNFILLED {
    LIST_ENTRY Link;
    PMDL Mdl;
    ULONG Empty;  /* the first so many were given to Xen */
    ULONG Filled; /* the first so many came back */
} UNFILLED, *PUNFILLED;

struct _XENBUS_MEMORY {
    FAST_MUTEX Lock; /* Unfilled */
    LIST_ENTRY Unfilled;
};

/* Asks Xen about frames [From, Pages) of the MDL; returns how many it did. */
static ULONG Exchange(_In_ ULONG Operation, _In_ PMDL Mdl, _In_ ULONG From, _In_ ULONG Pages)
{
    struct xen_memory_extents Extents = {
        .extent_start = (xen_address)(ULONG_PTR)(MmGetMdlPfnArray(Mdl) + From),
        .nr_extents = Pages - From,
        .domid = XEN_DOMID_SELF,
    };
    LONG_PTR Done = 0;

    if (Pages > From)
        Done = XenHypercall(XEN_HYPERCALL_MEMORY_OP, Operation, (ULONG_PTR)&Extents, 0, 0, 0);
    if (Done < 0)
        return 0;
    return Done > (LONG_PTR)(Pages - From) ? Pages - From : (ULONG)Done;
}

static VOID FreeFrames(_In_ PMDL Mdl)
{
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
}

/* Puts RAM back; TRUE: the frames are whole and belong to NT again. */
static BOOLEAN Fill(_Inout_ PUNFILLED Unfilled)
{
    Unfilled->Filled +=
        Exchange(XEN_MEMORY_POPULATE_PHYSMAP, Unfilled->Mdl, Unfilled->Filled, Unfilled->Empty);
    if (Unfilled->Filled < Unfilled->Empty)
        return FALSE;
    FreeFrames(Unfilled->Mdl);
    PoolFree(Unfilled, POOL_TAG_MEMORY);
    return TRUE;
}

static VOID FillOld(_In_ PXENBUS_MEMORY Memory)
{
    PLIST_ENTRY Entry, Next;

    ExAcquireFastMutex(&Memory->Lock);
    for (Entry = Memory->Unfilled.Flink; Entry != &Memory->Unfilled; Entry = Next) {
        PUNFILLED Unfilled = CONTAINING_RECORD(Entry, UNFILLED, Link);
        Next = Entry->Flink;
        RemoveEntryList(Entry);
        if (!Fill(Unfilled))
            InsertHeadList(&Memory->Unfilled, Entry);
    }
    ExReleaseFastMutex(&Memory->Lock);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS MemoryCreate(_Out_ PXENBUS_MEMORY *Memory)
{
    PXENBUS_MEMORY New = PoolAllocate(sizeof(*New), POOL_TAG_MEMORY);

    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExInitializeFastMutex(&New->Lock);
    InitializeListHead(&New->Unfilled);
    *Memory = New;
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID MemoryDestroy(_In_ PXENBUS_MEMORY Memory)
{
    FillOld(Memory);
    while (!IsListEmpty(&Memory->Unfilled)) {
        /* Lost until the machine starts again, and better so than empty frames in NT's hands. */
        LogLine(LogError, "Xen did not give memory back; some pages stay unused");
        PoolFree(CONTAINING_RECORD(RemoveHeadList(&Memory->Unfilled), UNFILLED, Link),
                 POOL_TAG_MEMORY);
    }
    PoolFree(Memory, POOL_TAG_MEMORY);
}

/* The hole's own record of a later failure is made now, when failing is harmless: it hangs in
 * Hole->Unfilled. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    MemoryHoleCreate(_In_ PXENBUS_MEMORY Memory, _In_ ULONG Pages, _Out_ PXENBUS_HOLE Hole)
{
    PHYSICAL_ADDRESS Low = {.QuadPart = 0}, High = {.QuadPart = -1}, Skip = {.QuadPart = 0};
    SIZE_T Bytes = (SIZE_T)Pages << PAGE_SHIFT;
    PUNFILLED Unfilled;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    FillOld(Memory);
    RtlZeroMemory(Hole, sizeof(*Hole));
    Unfilled = PoolAllocate(sizeof(*Unfilled), POOL_TAG_MEMORY);
    if (!Unfilled)
        return STATUS_INSUFFICIENT_RESOURCES;

    Hole->Mdl = MmAllocatePagesForMdlEx(Low, High, Skip, Bytes, MmCached,
                                        MM_ALLOCATE_FULLY_REQUIRED | MM_DONT_ZERO_ALLOCATION);
    if (!Hole->Mdl)
        goto out;
    if (MmGetMdlByteCount(Hole->Mdl) < Bytes)
        goto free;
    Hole->Va = MmMapLockedPagesSpecifyCache(Hole->Mdl, KernelMode, MmCached, NULL, FALSE,
                                            NormalPagePriority | MdlMappingNoExecute);
    if (!Hole->Va)
        goto free;

    Hole->Pages = Pages;
    Hole->Unfilled = Unfilled;
    Unfilled->Mdl = Hole->Mdl;
    Unfilled->Empty = Exchange(XEN_MEMORY_DECREASE_RESERVATION, Hole->Mdl, 0, Pages);
    if (Unfilled->Empty == Pages)
        return STATUS_SUCCESS;
    MemoryHoleDestroy(Memory, Hole, FALSE); /* the other frames never left */
    return STATUS_INSUFFICIENT_RESOURCES;

free:
    FreeFrames(Hole->Mdl);
out:
    PoolFree(Unfilled, POOL_TAG_MEMORY);
    RtlZeroMemory(Hole, sizeof(*Hole));
    return Status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID
    MemoryHoleDestroy(_In_ PXENBUS_MEMORY Memory, _Inout_ PXENBUS_HOLE Hole,
                      _In_ BOOLEAN RemoveFirst)
{
    PUNFILLED Unfilled = Hole->Unfilled;

    for (ULONG i = Unfilled->Filled; RemoveFirst && i < Hole->Pages; i++) {
        struct xen_memory_remove_from_physmap Remove = {.domid = XEN_DOMID_SELF,
                                                        .frame = MemoryHoleFrame(Hole, i)};
        /* Failing is right: nothing stands there. */
        (VOID) XenHypercall(XEN_HYPERCALL_MEMORY_OP, XEN_MEMORY_REMOVE_FROM_PHYSMAP,
                            (ULONG_PTR)&Remove, 0, 0, 0);
    }
    MmUnmapLockedPages(Hole->Va, Hole->Mdl);
    RtlZeroMemory(Hole, sizeof(*Hole));

    ExAcquireFastMutex(&Memory->Lock);
    if (!Fill(Unfilled))
        InsertTailList(&Memory->Unfilled, &Unfilled->Link);
    ExReleaseFastMutex(&Memory->Lock);
}

VOID MemoryHoleFillNow(_Inout_ PXENBUS_HOLE Hole)
{
    PUNFILLED Unfilled = Hole->Unfilled;

    Unfilled->Filled +=
        Exchange(XEN_MEMORY_POPULATE_PHYSMAP, Unfilled->Mdl, Unfilled->Filled, Unfilled->Empty);
}

ULONG_PTR MemoryHoleFrame(_In_ const XENBUS_HOLE *Hole, _In_ ULONG Index)
{
    return MmGetMdlPfnArray(Hole->Mdl)[Index];
}

ULONG_PTR MemoryFrameOf(_In_ PVOID Va)
{
    return (ULONG_PTR)(MmGetPhysicalAddress(Va).QuadPart >> PAGE_SHIFT);
}
