/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants: pages of this domain that a peer may map. Fresh pages come from the driver and are mapped
 * into the process; a version 2 caller may give pages of its own instead, which are locked.
 */
#include <ntifs.h>

#include "share.h"

#include "contract.h"
#include "mapping.h"
#include "windows/kernel/common/pool.h"
#include "windows/kernel/common/usercopy.h"

/* --- The end */

static VOID NTAPI GrantRevoked(_In_opt_ PVOID Pages)
{
    PeerPagesRelease(Pages);
}

/* What the peer has mapped is revoked when it lets go; Pages waits for it. */
static VOID GrantRevoke(_In_ PXENIFACE_SHARING Sharing, _In_ ULONG Reference)
{
    PXENIFACE_SERVICES Services = &Sharing->Handle->Device->Services;
    NTSTATUS Status = CALL(Services, Gnttab, Revoke, Services->GnttabClient, Reference);

    if (NT_SUCCESS(Status))
        return;
    PeerPagesHold(Sharing->Grant.Pages);
    Status = CALL(Services, Gnttab, RevokeLater, Services->GnttabClient, Reference, GrantRevoked,
                  Sharing->Grant.Pages);
    if (Status != STATUS_PENDING)
        PeerPagesRelease(Sharing->Grant.Pages);
}

VOID GrantFree(PXENIFACE_SHARING Sharing)
{
    while (Sharing->Grant.Granted > 0)
        GrantRevoke(Sharing, Sharing->Grant.References[--Sharing->Grant.Granted]);
    if (Sharing->Mapped != NULL)
        MmUnmapLockedPages(Sharing->Mapped, Sharing->Mdl);
    if (Sharing->Grant.OwnPages) {
        if (Sharing->Grant.Locked)
            MmUnlockPages(Sharing->Mdl);
        if (Sharing->Mdl != NULL)
            IoFreeMdl(Sharing->Mdl);
    }
    PoolFree(Sharing->Grant.References, POOL_TAG_XENIFACE);
    if (Sharing->Grant.Pages != NULL)
        PeerPagesRelease(Sharing->Grant.Pages);
}

/* --- The beginning */

static NTSTATUS GrantTakeFreshPages(_Inout_ PXENIFACE_SHARING Sharing, _In_ ULONG Bytes)
{
    BOOLEAN MapInSystem = (Sharing->Request.Flags & XENIFACE_GNTTAB_USE_NOTIFY_OFFSET) != 0;
    NTSTATUS Status =
        PeerPagesCreate(Sharing->Handle->Device->Self, Bytes, MapInSystem, &Sharing->Grant.Pages);

    if (!NT_SUCCESS(Status))
        return Status;
    Sharing->Mdl = Sharing->Grant.Pages->Mdl;
    return UserMapPages(Sharing->Mdl, MmCached, MappingPriority(FALSE), &Sharing->Mapped);
}

/* Pages that the peer may only read, and the driver does not write, need not be writable. */
static NTSTATUS GrantTakeOwnPages(_Inout_ PXENIFACE_SHARING Sharing, _In_ ULONG Bytes)
{
    const SHARING_REQUEST *Request = &Sharing->Request;
    LOCK_OPERATION Operation = (Request->Flags & XENIFACE_GNTTAB_READONLY) &&
                                       !(Request->Flags & XENIFACE_GNTTAB_USE_NOTIFY_OFFSET)
                                   ? IoReadAccess
                                   : IoModifyAccess;
    NTSTATUS Status;

    Sharing->Grant.OwnPages = TRUE;
    Sharing->Mdl = IoAllocateMdl(Request->Key.Address, Bytes, FALSE, FALSE, NULL);
    if (Sharing->Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = UserLockPages(Sharing->Mdl, UserMode, Operation);
    if (!NT_SUCCESS(Status))
        return Status;
    Sharing->Grant.Locked = TRUE;
    return PeerPagesCreateLocked(Sharing->Handle->Device->Self, Sharing->Mdl, Operation,
                                 &Sharing->Grant.Pages);
}

static NTSTATUS GrantPermit(_Inout_ PXENIFACE_SHARING Sharing)
{
    PXENIFACE_SERVICES Services = &Sharing->Handle->Device->Services;
    const SHARING_REQUEST *Request = &Sharing->Request;
    PPFN_NUMBER Frames = MmGetMdlPfnArray(Sharing->Mdl);
    BOOLEAN ReadOnly = (Request->Flags & XENIFACE_GNTTAB_READONLY) != 0;
    NTSTATUS Status = STATUS_SUCCESS;

    Sharing->Grant.References =
        PoolAllocate((SIZE_T)Request->NumberPages * sizeof(ULONG), POOL_TAG_XENIFACE);
    if (Sharing->Grant.References == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    while (Sharing->Grant.Granted < Request->NumberPages && NT_SUCCESS(Status)) {
        ULONG Index = Sharing->Grant.Granted;

        Status = CALL(Services, Gnttab, Permit, Services->GnttabClient, Request->RemoteDomain,
                      Frames[Index], ReadOnly, &Sharing->Grant.References[Index]);
        if (NT_SUCCESS(Status))
            Sharing->Grant.Granted++;
    }
    return Status;
}

/* Pages, mapping, grants: in this order, so that the peer sees only what is complete. */
static NTSTATUS GrantBegin(_Inout_ PXENIFACE_SHARING Sharing, _Outptr_ PVOID *Address)
{
    ULONG Bytes = Sharing->Request.NumberPages * PAGE_SIZE; /* the limit of a handle is 1 GiB */
    BOOLEAN Fresh = Sharing->Request.Key.Address == NULL;
    NTSTATUS Status =
        Fresh ? GrantTakeFreshPages(Sharing, Bytes) : GrantTakeOwnPages(Sharing, Bytes);

    if (NT_SUCCESS(Status))
        Status = GrantPermit(Sharing);
    if (!NT_SUCCESS(Status))
        return Status;
    Sharing->SystemAddress = Sharing->Grant.Pages->SystemAddress;
    *Address = Fresh ? Sharing->Mapped : Sharing->Request.Key.Address;
    return STATUS_SUCCESS;
}

C_ASSERT((ULONG64)HANDLE_PAGES_MAX *PAGE_SIZE < 0x80000000u);

static NTSTATUS GrantAnswer(_In_ PIOCTL_CALL Call, _In_ PXENIFACE_SHARING Sharing,
                            _In_ PVOID Address)
{
    const ULONG Head = FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT, References);
    NTSTATUS Status =
        UserCopyOut(Call->UserOut, &Address, sizeof(Address), Call->Irp->RequestorMode);

    if (NT_SUCCESS(Status))
        Status = UserCopyOut((PUCHAR)Call->UserOut + Head, Sharing->Grant.References,
                             (SIZE_T)Sharing->Request.NumberPages * sizeof(ULONG),
                             Call->Irp->RequestorMode);
    return Status;
}

static NTSTATUS GrantStart(_Inout_ PIOCTL_CALL Call, _In_ const SHARING_REQUEST *Request)
{
    ULONG64 OutLength = (ULONG64)Request->NumberPages * sizeof(ULONG) +
                        FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT, References);
    PXENIFACE_SHARING Sharing;
    PVOID Address = NULL;
    NTSTATUS Status = SharingCheck(Request);

    if (NT_SUCCESS(Status) && Call->OutLength != OutLength)
        Status = STATUS_INVALID_BUFFER_SIZE;
    if (NT_SUCCESS(Status))
        Status = SharingReserve(Call->Handle, Request, &Sharing);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = GrantBegin(Sharing, &Address);
    if (NT_SUCCESS(Status))
        Status = GrantAnswer(Call, Sharing, Address);
    if (!NT_SUCCESS(Status)) {
        SharingAbandon(Sharing);
        return Status;
    }
    return SharingPend(Sharing, Address, Call->Irp);
}

/* --- The IOCTLs */

static NTSTATUS GrantParse1(_In_ PIOCTL_CALL Call, _Out_ PSHARING_REQUEST Request)
{
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN In;
    NTSTATUS Status = UserCopyIn(&In, Call->UserIn, sizeof(In), Call->Irp->RequestorMode);

    if (!NT_SUCCESS(Status))
        return Status;
    *Request = (SHARING_REQUEST){
        .Key = {.Kind = SharingGrant,
                .Process = PsGetCurrentProcess(),
                .ByNumber = TRUE,
                .RequestId = In.RequestId},
        .RemoteDomain = In.RemoteDomain,
        .NumberPages = In.NumberPages,
        .Flags = In.Flags,
        .NotifyOffset = In.NotifyOffset,
        .NotifyPort = In.NotifyPort,
    };
    return STATUS_SUCCESS;
}

static NTSTATUS GrantParse2(_In_ PIOCTL_CALL Call, _Out_ PSHARING_REQUEST Request)
{
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 In;
    NTSTATUS Status = UserCopyIn(&In, Call->UserIn, sizeof(In), Call->Irp->RequestorMode);

    if (!NT_SUCCESS(Status))
        return Status;
    if (((ULONG_PTR)In.Address & (PAGE_SIZE - 1)) != 0)
        return STATUS_INVALID_PARAMETER;
    *Request = (SHARING_REQUEST){
        .Key = {.Kind = SharingGrant, .Process = PsGetCurrentProcess(), .Address = In.Address},
        .RemoteDomain = In.RemoteDomain,
        .NumberPages = In.NumberPages,
        .Flags = In.Flags,
        .NotifyOffset = In.NotifyOffset,
        .NotifyPort = In.NotifyPort,
    };
    return STATUS_SUCCESS;
}

NTSTATUS IoctlGnttabPermit(PIOCTL_CALL Call)
{
    SHARING_REQUEST Request;
    NTSTATUS Status = Call->Code == IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS
                          ? GrantParse1(Call, &Request)
                          : GrantParse2(Call, &Request);

    return NT_SUCCESS(Status) ? GrantStart(Call, &Request) : Status;
}

NTSTATUS IoctlGnttabRevoke(PIOCTL_CALL Call)
{
    SHARING_KEY Key = {.Kind = SharingGrant, .Process = PsGetCurrentProcess()};

    if (Call->Code == IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS) {
        Key.ByNumber = TRUE;
        Key.RequestId = ((PXENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_IN)Call->Buffer)->RequestId;
    } else {
        Key.Address = ((PXENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_IN_V2)Call->Buffer)->Address;
    }
    return SharingEndByName(Call->Handle, &Key);
}
