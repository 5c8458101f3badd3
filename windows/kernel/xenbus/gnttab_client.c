/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients of the grant table: permit and revoke. See gnttab.h. */
#include "gnttab.h"
#include "../common/pool.h"

static PXENBUS_GNTTAB GnttabOf(_In_ PVOID Context)
{
    return ((PXENBUS_PARTS)Context)->Gnttab;
}

/* The client's lock is held. Returns how many references came. */
static ULONG Fill(_Inout_ PXENBUS_GNTTAB Gnttab, _Inout_ PXENBUS_GNTTAB_CLIENT Client,
                  _In_ ULONG Count)
{
    ULONG Moved;

    KeAcquireSpinLockAtDpcLevel(&Gnttab->Lock);
    Moved = grant_cache_fill(&Gnttab->Table, &Client->Cache, Count);
    KeReleaseSpinLockFromDpcLevel(&Gnttab->Lock);
    return Moved;
}

static VOID Drain(_Inout_ PXENBUS_GNTTAB Gnttab, _Inout_ PXENBUS_GNTTAB_CLIENT Client,
                  _In_ ULONG Count)
{
    KeAcquireSpinLockAtDpcLevel(&Gnttab->Lock);
    grant_cache_drain(&Gnttab->Table, &Client->Cache, Count);
    KeReleaseSpinLockFromDpcLevel(&Gnttab->Lock);
}

/* PASSIVE_LEVEL. Puts the client's reserve aside, and grows the table for it. */
static NTSTATUS Reserve(_Inout_ PXENBUS_GNTTAB Gnttab, _Inout_ PXENBUS_GNTTAB_CLIENT Client)
{
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Missing;
    KIRQL Irql;

    for (;;) {
        KeAcquireSpinLock(&Client->Lock, &Irql);
        (VOID) Fill(Gnttab, Client, Client->Reserved - Client->Cache.count);
        Missing = Client->Reserved - Client->Cache.count;
        KeReleaseSpinLock(&Client->Lock, Irql);
        if (!Missing || !NT_SUCCESS(Status))
            return Status;
        Status = GnttabGrow(Gnttab);
    }
}

NTSTATUS NTAPI GnttabCreateClient(_In_ PVOID Context, _In_ PCSTR Name, _In_ ULONG Reserved,
                                  _Out_ PXENBUS_GNTTAB_CLIENT *Client)
{
    PXENBUS_GNTTAB Gnttab = GnttabOf(Context);
    PXENBUS_GNTTAB_CLIENT New;
    NTSTATUS Status;
    KIRQL Irql;

    *Client = NULL;
    if (Reserved > Gnttab->FramesMaximum * XEN_GNTTAB_V1_PER_PAGE)
        return STATUS_INSUFFICIENT_RESOURCES;
    New = PoolAllocate(sizeof(*New), POOL_TAG_GNTTAB);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < sizeof(New->Name) - 1 && Name[i]; i++)
        New->Name[i] = Name[i];
    KeInitializeSpinLock(&New->Lock);
    New->Reserved = Reserved;
    Status = Reserve(Gnttab, New);
    KeAcquireSpinLock(&New->Lock, &Irql);
    if (!NT_SUCCESS(Status)) {
        Drain(Gnttab, New, MAXULONG);
    } else {
        KeAcquireSpinLockAtDpcLevel(&Gnttab->Lock);
        InsertTailList(&Gnttab->Clients, &New->Link);
        KeReleaseSpinLockFromDpcLevel(&Gnttab->Lock);
        *Client = New;
    }
    KeReleaseSpinLock(&New->Lock, Irql);
    if (!NT_SUCCESS(Status))
        PoolFree(New, POOL_TAG_GNTTAB);
    return Status;
}

VOID NTAPI GnttabDestroyClient(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client)
{
    PXENBUS_GNTTAB Gnttab = GnttabOf(Context);
    KIRQL Irql;

    KeAcquireSpinLock(&Client->Lock, &Irql);
    Drain(Gnttab, Client, MAXULONG);
    KeAcquireSpinLockAtDpcLevel(&Gnttab->Lock);
    RemoveEntryList(&Client->Link);
    KeReleaseSpinLockFromDpcLevel(&Gnttab->Lock);
    KeReleaseSpinLock(&Client->Lock, Irql);
    PoolFree(Client, POOL_TAG_GNTTAB);
}

/* <= DISPATCH_LEVEL. GRANT_NONE: there is none now. */
static ULONG Take(_Inout_ PXENBUS_GNTTAB Gnttab, _Inout_ PXENBUS_GNTTAB_CLIENT Client)
{
    BOOLEAN Low = FALSE;
    ULONG Reference;
    KIRQL Irql;

    KeAcquireSpinLock(&Client->Lock, &Irql);
    Reference = grant_cache_take(&Gnttab->Table, &Client->Cache);
    if (Reference == GRANT_NONE) {
        (VOID) Fill(Gnttab, Client, GNTTAB_BATCH);
        Reference = grant_cache_take(&Gnttab->Table, &Client->Cache);
        Low = Gnttab->Table.free_count < GNTTAB_LOW; /* a hint: no lock needed */
    }
    if (Reference != GRANT_NONE) {
        PGNTTAB_RECORD Record = GnttabRecord(Gnttab, Reference);
        Record->Client = Client;
        Client->Taken++;
    }
    KeReleaseSpinLock(&Client->Lock, Irql);
    if (Low)
        GnttabGrowSoon(Gnttab);
    return Reference;
}

NTSTATUS NTAPI GnttabPermit(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client,
                            _In_ USHORT Domain, _In_ PFN_NUMBER Page, _In_ BOOLEAN ReadOnly,
                            _Out_ PULONG Reference)
{
    PXENBUS_GNTTAB Gnttab = GnttabOf(Context);
    ULONG Taken;

    *Reference = GRANT_NONE;
    if (Page > MAXULONG || Domain >= XEN_DOMID_FIRST_RESERVED)
        return STATUS_INVALID_PARAMETER;
    Taken = Take(Gnttab, Client);
    while (Taken == GRANT_NONE && KeGetCurrentIrql() == PASSIVE_LEVEL) {
        NTSTATUS Status = GnttabGrow(Gnttab);
        if (!NT_SUCCESS(Status))
            return Status;
        Taken = Take(Gnttab, Client);
    }
    if (Taken == GRANT_NONE)
        return STATUS_INSUFFICIENT_RESOURCES;
    (VOID) grant_permit(&Gnttab->Table, Taken, Domain, (uint32_t)Page, ReadOnly);
    *Reference = Taken;
    return STATUS_SUCCESS;
}

/* The client's lock is held. Its record goes away with the reference. */
static VOID Give(_Inout_ PXENBUS_GNTTAB Gnttab, _Inout_ PXENBUS_GNTTAB_CLIENT Client,
                 _In_ ULONG Reference)
{
    GnttabRecord(Gnttab, Reference)->Client = NULL;
    Client->Taken--;
    (VOID) grant_cache_give(&Gnttab->Table, &Client->Cache, Reference);
    if (Client->Cache.count > Client->Reserved + GNTTAB_KEEP)
        Drain(Gnttab, Client, GNTTAB_KEEP / 2);
}

/* The client's lock is held. */
static NTSTATUS RevokeLocked(_Inout_ PXENBUS_GNTTAB Gnttab, _Inout_ PXENBUS_GNTTAB_CLIENT Client,
                             _In_ ULONG Reference)
{
    PGNTTAB_RECORD Record = GnttabRecord(Gnttab, Reference);

    if (!Record || Record->Client != Client)
        return STATUS_INVALID_PARAMETER;
    switch (grant_revoke(&Gnttab->Table, Reference)) {
    case GRANT_REVOKED:
        Give(Gnttab, Client, Reference);
        return STATUS_SUCCESS;
    case GRANT_IN_USE:
        return STATUS_DEVICE_BUSY;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS NTAPI GnttabRevoke(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client,
                            _In_ ULONG Reference)
{
    NTSTATUS Status;
    KIRQL Irql;

    KeAcquireSpinLock(&Client->Lock, &Irql);
    Status = RevokeLocked(GnttabOf(Context), Client, Reference);
    KeReleaseSpinLock(&Client->Lock, Irql);
    return Status;
}

NTSTATUS NTAPI GnttabRevokeLater(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client,
                                 _In_ ULONG Reference, _In_ XENBUS_GNTTAB_REVOKED *Revoked,
                                 _In_opt_ PVOID Argument)
{
    PXENBUS_GNTTAB Gnttab = GnttabOf(Context);
    NTSTATUS Status;
    KIRQL Irql;

    KeAcquireSpinLock(&Client->Lock, &Irql);
    Status = RevokeLocked(Gnttab, Client, Reference);
    if (Status == STATUS_DEVICE_BUSY) {
        PGNTTAB_RECORD Record = GnttabRecord(Gnttab, Reference);
        Record->Client = NULL;
        Record->Revoked = Revoked;
        Record->Argument = Argument;
        Client->Taken--;
        KeAcquireSpinLockAtDpcLevel(&Gnttab->Lock);
        (VOID) grant_defer(&Gnttab->Table, Reference, Reference);
        /* Its reserve is whole again, if the table can give it. */
        if (Client->Cache.count + Client->Taken < Client->Reserved)
            (VOID) grant_cache_fill(&Gnttab->Table, &Client->Cache, 1);
        GnttabRetryLater(Gnttab);
        KeReleaseSpinLockFromDpcLevel(&Gnttab->Lock);
        Status = STATUS_PENDING;
    }
    KeReleaseSpinLock(&Client->Lock, Irql);
    return Status;
}
