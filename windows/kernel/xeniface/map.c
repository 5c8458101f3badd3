/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings: pages that another domain has granted, in the address space of the process that asked.
 */
#include <ntifs.h>

#include "share.h"

#include "contract.h"
#include "mapping.h"
#include "windows/kernel/common/pool.h"
#include "windows/kernel/common/usercopy.h"

VOID MapFree(PXENIFACE_SHARING Sharing)
{
    if (Sharing->Mapped != NULL)
        MmUnmapLockedPages(Sharing->Mapped, Sharing->Mdl);
    if (Sharing->Mapping != NULL)
        CALL(&Sharing->Handle->Device->Services, Gnttab, Unmap, Sharing->Mapping);
}

static NTSTATUS MapBegin(_Inout_ PXENIFACE_SHARING Sharing, _In_ const ULONG *References)
{
    PXENIFACE_SERVICES Services = &Sharing->Handle->Device->Services;
    const SHARING_REQUEST *Request = &Sharing->Request;
    BOOLEAN ReadOnly = (Request->Flags & XENIFACE_GNTTAB_READONLY) != 0;
    PVOID System = NULL;
    NTSTATUS Status = CALL(Services, Gnttab, Map, Request->RemoteDomain, Request->NumberPages,
                           References, ReadOnly, &Sharing->Mapping);

    if (!NT_SUCCESS(Status))
        return Status;
    CALL(Services, Gnttab, GetMapping, Sharing->Mapping, &System, &Sharing->Mdl);
    Sharing->SystemAddress = System;
    return UserMapPages(Sharing->Mdl, MmCached, MappingPriority(ReadOnly), &Sharing->Mapped);
}

/* The references are read once, after the count has been checked. */
static NTSTATUS MapBeginWith(_In_ PIOCTL_CALL Call, _Inout_ PXENIFACE_SHARING Sharing,
                             _In_ ULONG Head)
{
    SIZE_T Bytes = (SIZE_T)Sharing->Request.NumberPages * sizeof(ULONG);
    PULONG References = PoolAllocate(Bytes, POOL_TAG_XENIFACE);
    NTSTATUS Status;

    if (References == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status =
        UserCopyIn(References, (const UCHAR *)Call->UserIn + Head, Bytes, Call->Irp->RequestorMode);
    if (NT_SUCCESS(Status))
        Status = MapBegin(Sharing, References);
    PoolFree(References, POOL_TAG_XENIFACE);
    return Status;
}

/* Head: where the references begin. */
static NTSTATUS MapStart(_Inout_ PIOCTL_CALL Call, _In_ const SHARING_REQUEST *Request,
                         _In_ ULONG Head)
{
    PXENIFACE_SHARING Sharing;
    NTSTATUS Status = SharingCheck(Request);

    if (!NT_SUCCESS(Status))
        return Status;
    if (Call->InLength != (ULONG64)Request->NumberPages * sizeof(ULONG) + Head)
        return STATUS_INVALID_BUFFER_SIZE;
    /* The byte of a page that may only be read cannot be set. */
    if ((Request->Flags & XENIFACE_GNTTAB_READONLY) &&
        (Request->Flags & XENIFACE_GNTTAB_USE_NOTIFY_OFFSET))
        return STATUS_INVALID_PARAMETER;
    Status = SharingReserve(Call->Handle, Request, &Sharing);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MapBeginWith(Call, Sharing, Head);
    if (NT_SUCCESS(Status))
        Status = UserCopyOut(Call->UserOut, &Sharing->Mapped, sizeof(Sharing->Mapped),
                             Call->Irp->RequestorMode);
    if (!NT_SUCCESS(Status)) {
        SharingAbandon(Sharing);
        return Status;
    }
    return SharingPend(Sharing, Sharing->Mapped, Call->Irp);
}

/* --- The IOCTLs */

static NTSTATUS Map1(_Inout_ PIOCTL_CALL Call)
{
    enum { HEAD = FIELD_OFFSET(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN, References) };
    XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN In;
    NTSTATUS Status = UserCopyIn(&In, Call->UserIn, HEAD, Call->Irp->RequestorMode);

    if (!NT_SUCCESS(Status))
        return Status;
    return MapStart(Call,
                    &(SHARING_REQUEST){
                        .Key = {.Kind = SharingMap,
                                .Process = PsGetCurrentProcess(),
                                .ByNumber = TRUE,
                                .RequestId = In.RequestId},
                        .RemoteDomain = In.RemoteDomain,
                        .NumberPages = In.NumberPages,
                        .Flags = In.Flags,
                        .NotifyOffset = In.NotifyOffset,
                        .NotifyPort = In.NotifyPort,
                    },
                    HEAD);
}

static NTSTATUS Map2(_Inout_ PIOCTL_CALL Call)
{
    enum { HEAD = FIELD_OFFSET(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN_V2, References) };
    XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN_V2 In;
    NTSTATUS Status = UserCopyIn(&In, Call->UserIn, HEAD, Call->Irp->RequestorMode);

    if (!NT_SUCCESS(Status))
        return Status;
    return MapStart(Call,
                    &(SHARING_REQUEST){
                        .Key = {.Kind = SharingMap, .Process = PsGetCurrentProcess()},
                        .RemoteDomain = In.RemoteDomain,
                        .NumberPages = In.NumberPages,
                        .Flags = In.Flags,
                        .NotifyOffset = In.NotifyOffset,
                        .NotifyPort = In.NotifyPort,
                    },
                    HEAD);
}

NTSTATUS IoctlGnttabMap(PIOCTL_CALL Call)
{
    return Call->Code == IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES ? Map1(Call) : Map2(Call);
}

NTSTATUS IoctlGnttabUnmap(PIOCTL_CALL Call)
{
    SHARING_KEY Key = {.Kind = SharingMap, .Process = PsGetCurrentProcess()};

    if (Call->Code == IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES) {
        Key.ByNumber = TRUE;
        Key.RequestId = ((PXENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_IN)Call->Buffer)->RequestId;
    } else {
        Key.Address = ((PXENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_IN_V2)Call->Buffer)->Address;
    }
    return SharingEndByName(Call->Handle, &Key);
}
