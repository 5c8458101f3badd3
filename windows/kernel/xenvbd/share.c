/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is granted: see share.h. */
#include "share.h"
#include "../common/pool.h"

_IRQL_requires_max_(PASSIVE_LEVEL) PVBD_SHARE
    ShareCreate(_In_ PDEVICE_OBJECT Device, _In_ ULONG Pages)
{
    PVBD_SHARE Share = PoolAllocate(sizeof(*Share) + Pages * sizeof(ULONG), POOL_TAG_XENVBD);

    if (!Share)
        return NULL;
    Share->Bytes = PoolAllocate((SIZE_T)Pages * PAGE_SIZE, POOL_TAG_XENVBD);
    if (!Share->Bytes) {
        PoolFree(Share, POOL_TAG_XENVBD);
        return NULL;
    }
    Share->Pages = Pages;
    Share->Device = Device;
    ObReferenceObject(Device);
    return Share;
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID ShareFree(_In_opt_ PVBD_SHARE Share)
{
    PDEVICE_OBJECT Device;

    if (!Share)
        return;
    Device = Share->Device;
    PoolFree(Share->Bytes, POOL_TAG_XENVBD);
    PoolFree(Share, POOL_TAG_XENVBD);
    ObDereferenceObject(Device);
}

static VOID Release(_In_ PVBD_SHARE Share)
{
    if (InterlockedDecrement(&Share->Holders) == 0)
        ShareFree(Share);
}

static VOID NTAPI OnRevoked(_In_opt_ PVOID Argument)
{
    Release(Argument);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ShareGrant(_Inout_ PVBD_SHARE Share, _In_ PVBD_SERVICES Services, _In_ USHORT Domain)
{
    while (Share->Granted < Share->Pages) {
        PHYSICAL_ADDRESS Address =
            MmGetPhysicalAddress(Share->Bytes + (SIZE_T)Share->Granted * PAGE_SIZE);
        NTSTATUS Status = CALL(Services, Gnttab, Permit, Services->GnttabClient, Domain,
                               (PFN_NUMBER)(Address.QuadPart >> PAGE_SHIFT), FALSE,
                               &Share->References[Share->Granted]);
        if (!NT_SUCCESS(Status))
            return Status;
        Share->Granted++;
    }
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) BOOLEAN
    ShareRevoke(_Inout_ PVBD_SHARE Share, _In_ PVBD_SERVICES Services)
{
    BOOLEAN Busy = FALSE;

    Share->Holders = 1;
    for (ULONG i = 0; i < Share->Granted; i++) {
        if (CALL(Services, Gnttab, Revoke, Services->GnttabClient, Share->References[i]) !=
            STATUS_DEVICE_BUSY)
            continue;
        InterlockedIncrement(&Share->Holders);
        if (CALL(Services, Gnttab, RevokeLater, Services->GnttabClient, Share->References[i],
                 OnRevoked, Share) == STATUS_PENDING)
            Busy = TRUE;
        else
            InterlockedDecrement(&Share->Holders);
    }
    if (Busy) {
        Release(Share);
        return FALSE;
    }
    Share->Granted = 0;
    return TRUE;
}
