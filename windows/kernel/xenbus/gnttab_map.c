/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping other domains' pages: see gnttab.h. Each mapping has a hole of its own, in which Xen puts
 * the pages; the hole's MDL and kernel address are the mapping's.
 */
#include "gnttab.h"
#include "hypercall.h"
#include "../common/log.h"
#include "../common/pool.h"

enum { EAGAIN_TRIES = 100 }; /* the granter's page is paged out, and on its way */

struct _XENBUS_GNTTAB_MAPPING {
    XENBUS_HOLE Hole;
    BOOLEAN ReadOnly;
    ULONG SuspendCount; /* another one now: Xen has forgotten the mapping */
    ULONG Mapped;       /* the first so many pages */
    ULONG Handles[];
};

static NTSTATUS MapStatus(_In_ LONG Status)
{
    switch (Status) {
    case XEN_GNTST_GENERAL_ERROR: /* what Xen says of an entry that grants nothing */
    case XEN_GNTST_BAD_DOMAIN:
    case XEN_GNTST_BAD_GNTREF:
    case XEN_GNTST_PERMISSION_DENIED:
    case XEN_GNTST_BAD_PAGE:
        return STATUS_ACCESS_DENIED;
    case XEN_GNTST_NO_SPACE:
    case XEN_GNTST_NO_DEVICE_SPACE:
        return STATUS_INSUFFICIENT_RESOURCES;
    default:
        return STATUS_UNSUCCESSFUL;
    }
}

static NTSTATUS MapPage(_Inout_ PXENBUS_GNTTAB_MAPPING Mapping, _In_ ULONG Index,
                        _In_ USHORT Domain, _In_ ULONG Reference)
{
    struct xen_gnttab_map_grant_ref Op = {
        .host_addr = (uint64_t)MemoryHoleFrame(&Mapping->Hole, Index) << PAGE_SHIFT,
        .flags = XEN_GNTMAP_HOST_MAP | (Mapping->ReadOnly ? XEN_GNTMAP_READONLY : 0),
        .ref = Reference,
        .domid = Domain,
    };

    for (ULONG i = 0; i < EAGAIN_TRIES; i++) {
        LONG_PTR Result = XenHypercall(XEN_HYPERCALL_GRANT_TABLE_OP, XEN_GNTTABOP_MAP_GRANT_REF,
                                       (ULONG_PTR)&Op, 1, 0, 0);
        if (Result != 0)
            return STATUS_UNSUCCESSFUL;
        if (Op.status != XEN_GNTST_EAGAIN)
            break;
    }
    if (Op.status != XEN_GNTST_OKAY)
        return MapStatus(Op.status);
    Mapping->Handles[Index] = Op.handle;
    Mapping->Mapped++;
    return STATUS_SUCCESS;
}

/* A handle that Xen has forgotten may be another mapping's by now. No suspend comes between the
 * look and the call: at HIGH_LEVEL this CPU cannot be captured. */
static BOOLEAN UnmapPage(_In_ PXENBUS_PARTS Parts, _Inout_ PXENBUS_GNTTAB_MAPPING Mapping,
                         _In_ ULONG Index)
{
    struct xen_gnttab_unmap_grant_ref Op = {
        .host_addr = (uint64_t)MemoryHoleFrame(&Mapping->Hole, Index) << PAGE_SHIFT,
        .handle = Mapping->Handles[Index],
    };
    LONG_PTR Result = 0;
    KIRQL Irql;

    KeRaiseIrql(HIGH_LEVEL, &Irql);
    if (Mapping->SuspendCount == SuspendGetCount(Parts))
        Result = XenHypercall(XEN_HYPERCALL_GRANT_TABLE_OP, XEN_GNTTABOP_UNMAP_GRANT_REF,
                              (ULONG_PTR)&Op, 1, 0, 0);
    KeLowerIrql(Irql);
    return Result == 0 && Op.status == XEN_GNTST_OKAY;
}

static VOID End(_In_ PXENBUS_PARTS Parts, _In_ PXENBUS_GNTTAB_MAPPING Mapping)
{
    BOOLEAN All = TRUE;

    for (ULONG i = 0; i < Mapping->Mapped; i++)
        All = UnmapPage(Parts, Mapping, i) && All;
    /* RAM must not be put where a page of another domain still is: then the hole stays. */
    if (!All) {
        LogLine(LogError, "Xen did not unmap another domain's page; some pages stay unused");
        return;
    }
    MemoryHoleDestroy(Parts->Memory, &Mapping->Hole, FALSE);
    PoolFree(Mapping, POOL_TAG_GNTTAB);
}

NTSTATUS NTAPI GnttabMap(_In_ PVOID Context, _In_ USHORT Domain, _In_ ULONG Count,
                         _In_ const ULONG *References, _In_ BOOLEAN ReadOnly,
                         _Out_ PXENBUS_GNTTAB_MAPPING *Mapping)
{
    PXENBUS_PARTS Parts = Context;
    PXENBUS_GNTTAB_MAPPING New;
    NTSTATUS Status;

    *Mapping = NULL;
    if (!Count || Count > GNTTAB_MAP_MAX)
        return STATUS_INVALID_PARAMETER;
    New = PoolAllocate(FIELD_OFFSET(struct _XENBUS_GNTTAB_MAPPING, Handles) +
                           (SIZE_T)Count * sizeof(ULONG),
                       POOL_TAG_GNTTAB);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = MemoryHoleCreate(Parts->Memory, Count, &New->Hole);
    if (!NT_SUCCESS(Status)) {
        PoolFree(New, POOL_TAG_GNTTAB);
        return Status;
    }
    New->ReadOnly = ReadOnly;
    New->SuspendCount = SuspendGetCount(Parts);
    for (ULONG i = 0; i < Count && NT_SUCCESS(Status); i++)
        Status = MapPage(New, i, Domain, References[i]);
    if (NT_SUCCESS(Status))
        *Mapping = New;
    else
        End(Parts, New);
    return Status;
}

VOID NTAPI GnttabGetMapping(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_MAPPING Mapping,
                            _Out_ PVOID *System, _Out_ PMDL *Mdl)
{
    UNREFERENCED_PARAMETER(Context);
    *System = Mapping->Hole.Va;
    *Mdl = Mapping->Hole.Mdl;
}

VOID NTAPI GnttabUnmap(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_MAPPING Mapping)
{
    End(Context, Mapping);
}
