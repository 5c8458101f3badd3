/* SPDX-License-Identifier: BSD-2-Clause */
/* See peer_pages.h. */
#include "peer_pages.h"

#include "mapping.h"
#include "windows/kernel/common/pool.h"
#include "windows/kernel/common/usercopy.h"

static VOID PeerPagesFree(_In_ PPEER_PAGES Pages)
{
    PDEVICE_OBJECT Device = Pages->Device;

    if (Pages->Mdl != NULL && Pages->Fresh) {
        if (Pages->SystemAddress != NULL)
            MmUnmapLockedPages(Pages->SystemAddress, Pages->Mdl);
        MmFreePagesFromMdl(Pages->Mdl);
        ExFreePool(Pages->Mdl);
    } else if (Pages->Mdl != NULL) {
        MmUnlockPages(Pages->Mdl);
        IoFreeMdl(Pages->Mdl);
    }
    if (Pages->FreeWork != NULL)
        IoFreeWorkItem(Pages->FreeWork);
    PoolFree(Pages, POOL_TAG_XENIFACE);
    ObDereferenceObject(Device);
}

static VOID NTAPI PeerPagesFreeLater(PDEVICE_OBJECT Device, PVOID Pages)
{
    UNREFERENCED_PARAMETER(Device);
    PeerPagesFree(Pages);
}

static PPEER_PAGES PeerPagesNew(_In_ PDEVICE_OBJECT Device)
{
    PPEER_PAGES New = PoolAllocate(sizeof(*New), POOL_TAG_XENIFACE);

    if (New == NULL)
        return NULL;
    New->Holders = 1;
    New->Device = Device;
    ObReferenceObject(Device);
    New->FreeWork = IoAllocateWorkItem(Device);
    if (New->FreeWork == NULL) {
        PeerPagesFree(New);
        return NULL;
    }
    return New;
}

/* Pages that the whole memory can give, all or none. */
static PMDL AllocatePages(_In_ ULONG Bytes)
{
    PHYSICAL_ADDRESS Lowest = {.QuadPart = 0}, Highest = {.QuadPart = MAXLONG64};
    PHYSICAL_ADDRESS Skip = {.QuadPart = 0};
    PMDL Mdl =
        MmAllocatePagesForMdlEx(Lowest, Highest, Skip, Bytes, MmCached, MM_ALLOCATE_FULLY_REQUIRED);

    if (Mdl != NULL && MmGetMdlByteCount(Mdl) != Bytes) {
        MmFreePagesFromMdl(Mdl);
        ExFreePool(Mdl);
        Mdl = NULL;
    }
    return Mdl;
}

NTSTATUS PeerPagesCreate(PDEVICE_OBJECT Device, ULONG Bytes, BOOLEAN MapInSystem,
                         PPEER_PAGES *Pages)
{
    PPEER_PAGES New = PeerPagesNew(Device);

    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Fresh = TRUE;
    New->Mdl = AllocatePages(Bytes);
    if (New->Mdl != NULL && MapInSystem)
        New->SystemAddress = MmGetSystemAddressForMdlSafe(New->Mdl, MappingPriority(FALSE));
    if (New->Mdl == NULL || (MapInSystem && New->SystemAddress == NULL)) {
        PeerPagesFree(New);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Pages = New;
    return STATUS_SUCCESS;
}

NTSTATUS PeerPagesCreateLocked(PDEVICE_OBJECT Device, PMDL Locked, LOCK_OPERATION Operation,
                               PPEER_PAGES *Pages)
{
    PPEER_PAGES New = PeerPagesNew(Device);
    PMDL Keeper = NULL;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    if (New == NULL)
        return Status;
    New->SystemAddress = MmGetSystemAddressForMdlSafe(Locked, MappingPriority(FALSE));
    if (New->SystemAddress != NULL)
        Keeper = IoAllocateMdl(New->SystemAddress, MmGetMdlByteCount(Locked), FALSE, FALSE, NULL);
    if (Keeper != NULL)
        Status = UserLockPages(Keeper, KernelMode, Operation);
    if (!NT_SUCCESS(Status)) {
        if (Keeper != NULL)
            IoFreeMdl(Keeper);
        PeerPagesFree(New);
        return Status;
    }
    New->Mdl = Keeper;
    *Pages = New;
    return STATUS_SUCCESS;
}

VOID PeerPagesHold(PPEER_PAGES Pages)
{
    InterlockedIncrement(&Pages->Holders);
}

VOID PeerPagesRelease(PPEER_PAGES Pages)
{
    if (InterlockedDecrement(&Pages->Holders) != 0)
        return;
    if (KeGetCurrentIrql() == PASSIVE_LEVEL)
        PeerPagesFree(Pages);
    else
        IoQueueWorkItem(Pages->FreeWork, PeerPagesFreeLater, DelayedWorkQueue, Pages);
}
