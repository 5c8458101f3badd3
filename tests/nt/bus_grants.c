/* SPDX-License-Identifier: BSD-2-Clause */
/* See bus_grants.h. */
#include "bus_grants.h"

#include "harness.h"
#include "windows/kernel/common/pool.h"

#define TAG 0x47737542 /* BusG */

struct _BUS_GRANT_BOOKS BusGrants;

static KSPIN_LOCK Lock; /* everything */
static BUS_GRANT Grants[BUS_GRANTS];
static ULONG Next = BUS_GRANT_FIRST; /* a reference is not given again soon */
static PVOID Expected;

VOID BusGrantsBegin(PVOID Context)
{
    KeInitializeSpinLock(&Lock);
    Expected = Context;
}

NTSTATUS NTAPI BusGrantCreateClient(PVOID Context, PCSTR Name, ULONG Reserved,
                                    PXENBUS_GNTTAB_CLIENT *Client)
{
    CHECK(Context == Expected);
    *Client = PoolAllocate(16, TAG);
    if (!*Client)
        return STATUS_INSUFFICIENT_RESOURCES;
    BusGrants.Clients++;
    return STATUS_SUCCESS;
}

VOID NTAPI BusGrantDestroyClient(PVOID Context, PXENBUS_GNTTAB_CLIENT Client)
{
    CHECK(Context == Expected && Client);
    CHECK_EQ(BusGrants.Grants, BusGrants.Deferred);
    PoolFree(Client, TAG);
    BusGrants.Clients--;
}

NTSTATUS BusGrantPermit(USHORT Domain, PFN_NUMBER Page, BOOLEAN ReadOnly, PULONG Reference)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    KIRQL Irql;

    CHECK(Page != 0);
    KeAcquireSpinLock(&Lock, &Irql);
    for (ULONG i = BUS_GRANT_FIRST; i < BUS_GRANTS && !NT_SUCCESS(Status); i++) {
        const ULONG At = Next;

        Next = Next + 1 == BUS_GRANTS ? BUS_GRANT_FIRST : Next + 1;
        if (Grants[At].Taken)
            continue;
        Grants[At] =
            (BUS_GRANT){.Taken = TRUE, .ReadOnly = ReadOnly, .Domain = Domain, .Frame = Page};
        *Reference = At;
        BusGrants.Grants++;
        Status = STATUS_SUCCESS;
    }
    KeReleaseSpinLock(&Lock, Irql);
    return Status;
}

/* The lock is held. */
static VOID End(BUS_GRANT *Grant)
{
    RtlZeroMemory(Grant, sizeof(*Grant));
    BusGrants.Grants--;
}

/* Revoked NULL: now or never. */
static NTSTATUS Revoke(ULONG Reference, XENBUS_GNTTAB_REVOKED *Revoked, PVOID Argument)
{
    NTSTATUS Status = STATUS_SUCCESS;
    BUS_GRANT *Grant;
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    CHECK(Reference < BUS_GRANTS && Grants[Reference].Taken && !Grants[Reference].Revoked);
    Grant = &Grants[Reference];
    if (!Grant->Mapped) {
        End(Grant);
    } else if (Revoked) {
        Grant->Revoked = Revoked;
        Grant->Argument = Argument;
        BusGrants.Deferred++;
        Status = STATUS_PENDING;
    } else {
        Status = STATUS_DEVICE_BUSY;
    }
    KeReleaseSpinLock(&Lock, Irql);
    return Status;
}

NTSTATUS NTAPI BusGrantRevoke(PVOID Context, PXENBUS_GNTTAB_CLIENT Client, ULONG Reference)
{
    CHECK(Context == Expected && Client);
    return Revoke(Reference, NULL, NULL);
}

NTSTATUS NTAPI BusGrantRevokeLater(PVOID Context, PXENBUS_GNTTAB_CLIENT Client, ULONG Reference,
                                   XENBUS_GNTTAB_REVOKED *Revoked, PVOID Argument)
{
    CHECK(Context == Expected && Client && Revoked);
    return Revoke(Reference, Revoked, Argument);
}

VOID NTAPI BusGrantGetState(PVOID Context, PXENBUS_GNTTAB_CLIENT Client, PXENBUS_GNTTAB_STATE State)
{
    RtlZeroMemory(State, sizeof(*State));
}

const BUS_GRANT *BusGrantFind(ULONG Reference)
{
    const BUS_GRANT *Grant = Reference < BUS_GRANTS ? &Grants[Reference] : NULL;

    return Grant && Grant->Taken && !Grant->Dead ? Grant : NULL;
}

BOOLEAN BusGrantMap(ULONG Reference)
{
    KIRQL Irql;

    if (!BusGrantFind(Reference))
        return FALSE;
    KeAcquireSpinLock(&Lock, &Irql);
    Grants[Reference].Mapped++;
    KeReleaseSpinLock(&Lock, Irql);
    return TRUE;
}

BOOLEAN BusGrantUnmap(ULONG Reference)
{
    XENBUS_GNTTAB_REVOKED *Revoked;
    BUS_GRANT *Grant;
    BOOLEAN Mapped;
    PVOID Argument;
    KIRQL Irql;

    if (Reference >= BUS_GRANTS)
        return FALSE;
    Grant = &Grants[Reference];
    KeAcquireSpinLock(&Lock, &Irql);
    Mapped = Grant->Mapped != 0;
    Revoked = Grant->Revoked;
    Argument = Grant->Argument;
    Grant->Mapped = 0;
    if (Revoked) {
        BusGrants.Deferred--;
        End(Grant);
        KeReleaseSpinLockFromDpcLevel(&Lock);
        Revoked(Argument);
        KeLowerIrql(Irql);
    } else {
        KeReleaseSpinLock(&Lock, Irql);
    }
    return Mapped;
}

VOID BusGrantsDie(VOID)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    for (ULONG i = BUS_GRANT_FIRST; i < BUS_GRANTS; i++) {
        Grants[i].Dead = Grants[i].Taken;
        Grants[i].Mapped = 0;
    }
    KeReleaseSpinLock(&Lock, Irql);
}
