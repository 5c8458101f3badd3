/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Holes in the machine's memory: page frames that NT has given us and that are handed to Xen, so
 * that something else can be mapped there (shared info, grant table frames, foreign pages). RAM is
 * used and not the platform device's memory BAR, because a BAR may be mapped uncached.
 *
 * A hole that Xen does not fill with RAM again when it is freed is kept for ever: the frames must
 * never return to NT empty.
 */
#ifndef XENBUS_MEMORY_H
#define XENBUS_MEMORY_H

#include "parts.h"

typedef struct _XENBUS_HOLE {
    PMDL Mdl; /* describes the frames; MmGetMdlPfnArray() gives their numbers */
    PVOID Va; /* mapped, nonpaged, not executable, for the kernel */
    ULONG Pages;
    struct _UNFILLED *Unfilled; /* memory.c's */
} XENBUS_HOLE, *PXENBUS_HOLE;

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS MemoryCreate(_Out_ PXENBUS_MEMORY *Memory);
/* All holes have been freed. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID MemoryDestroy(_In_ PXENBUS_MEMORY Memory);

/* PASSIVE_LEVEL. A hole of Pages frames (not contiguous). Reading it before something is mapped
 * there gives undefined bytes. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    MemoryHoleCreate(_In_ PXENBUS_MEMORY Memory, _In_ ULONG Pages, _Out_ PXENBUS_HOLE Hole);
/* PASSIVE_LEVEL. What was mapped there has been unmapped or is a page that Xen takes away with
 * XENMEM_remove_from_physmap (shared info, grant frames): RemoveFirst tells. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID
    MemoryHoleDestroy(_In_ PXENBUS_MEMORY Memory, _Inout_ PXENBUS_HOLE Hole,
                      _In_ BOOLEAN RemoveFirst);

/* Any IRQL. Puts RAM into a hole that nothing could be mapped into after a resume; the hole still
 * ends with MemoryHoleDestroy(). */
VOID MemoryHoleFillNow(_Inout_ PXENBUS_HOLE Hole);

/* Any IRQL. The guest frame number of page Index. */
ULONG_PTR MemoryHoleFrame(_In_ const XENBUS_HOLE *Hole, _In_ ULONG Index);
/* Any IRQL. The guest frame number of a nonpaged virtual address of ours. */
ULONG_PTR MemoryFrameOf(_In_ PVOID Va);

#endif
