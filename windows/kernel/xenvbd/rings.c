/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a disk's queues, and what of it the backend gets for a connection. */
#include "adapter.h"
#include "../common/log.h"
#include "../common/pool.h"

static VOID QueueDestroy(_In_ PVBD_QUEUE Queue)
{
    for (ULONG i = 0; i < VBD_CHUNKS; i++)
        ShareFree(Queue->Pool[i]);
    ShareFree(Queue->Ring);
    PoolFree(Queue->Slots, POOL_TAG_XENVBD);
    PoolFree(Queue->Pages, POOL_TAG_XENVBD);
}

static NTSTATUS QueueCreate(_In_ PVBD_ADAPTER Adapter, _Inout_ PVBD_QUEUE Queue)
{
    Queue->Adapter = Adapter;
    KeInitializeSpinLock(&Queue->Lock);
    Queue->Slots = PoolAllocate(BLK_RING_ENTRIES_MAX * sizeof(*Queue->Slots), POOL_TAG_XENVBD);
    Queue->Pages = PoolAllocate(VBD_POOL_PAGES * sizeof(*Queue->Pages), POOL_TAG_XENVBD);
    if (!Queue->Slots || !Queue->Pages)
        return STATUS_INSUFFICIENT_RESOURCES;
    blk_queue_init(&Queue->Core, Queue->Slots, BLK_RING_ENTRIES_MAX, Queue->Pages, VBD_POOL_PAGES);
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS QueuesCreate(_In_ PVBD_ADAPTER Adapter)
{
    ULONG Count = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);

    if (Count > BLK_QUEUES_MAX)
        Count = BLK_QUEUES_MAX;
    Adapter->Queues = PoolAllocate(Count * sizeof(*Adapter->Queues), POOL_TAG_XENVBD);
    if (!Adapter->Queues)
        return STATUS_INSUFFICIENT_RESOURCES;
    Adapter->QueueCount = 1; /* until the backend says */
    while (Adapter->QueuesMade < Count) {
        NTSTATUS Status = QueueCreate(Adapter, &Adapter->Queues[Adapter->QueuesMade++]);
        if (!NT_SUCCESS(Status)) {
            QueuesDestroy(Adapter);
            return Status;
        }
    }
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID QueuesDestroy(_In_ PVBD_ADAPTER Adapter)
{
    while (Adapter->QueuesMade > 0)
        QueueDestroy(&Adapter->Queues[--Adapter->QueuesMade]);
    PoolFree(Adapter->Queues, POOL_TAG_XENVBD);
    Adapter->Queues = NULL;
}

/* --- A connection. --- */

/* Memory that an earlier connection left is used again. */
static NTSTATUS MakeShare(_In_ PVBD_ADAPTER Adapter, _In_ ULONG Pages, _Inout_ PVBD_SHARE *Share)
{
    if (*Share && (*Share)->Pages != Pages) {
        ShareFree(*Share);
        *Share = NULL;
    }
    if (!*Share)
        *Share = ShareCreate(Adapter->Device, Pages);
    if (!*Share)
        return STATUS_INSUFFICIENT_RESOURCES;
    return ShareGrant(*Share, &Adapter->Services, (USHORT)Adapter->Front.backend_domid);
}

static NTSTATUS MakePool(_In_ PVBD_ADAPTER Adapter, _In_ PVBD_QUEUE Queue)
{
    for (ULONG i = 0; i < VBD_CHUNKS; i++) {
        NTSTATUS Status = MakeShare(Adapter, VBD_CHUNK_PAGES, &Queue->Pool[i]);
        if (!NT_SUCCESS(Status))
            return Status;
        for (ULONG j = 0; j < VBD_CHUNK_PAGES; j++) {
            struct blk_page *Page = &Queue->Pages[i * VBD_CHUNK_PAGES + j];
            Page->bytes = Queue->Pool[i]->Bytes + (SIZE_T)j * PAGE_SIZE;
            Page->ref = Queue->Pool[i]->References[j];
        }
    }
    return STATUS_SUCCESS;
}

static NTSTATUS OpenChannel(_In_ PVBD_ADAPTER Adapter, _In_ PVBD_QUEUE Queue, _In_ ULONG Index,
                            _Out_ uint32_t *Port)
{
    XENBUS_EVTCHN_PARAMETERS Parameters = {.Type = XENBUS_EVTCHN_UNBOUND,
                                           .RemoteDomain = (USHORT)Adapter->Front.backend_domid,
                                           .Cpu = Index};
    XENBUS_EVTCHN_STATE State;
    NTSTATUS Status =
        CALL(&Adapter->Services, Evtchn, Open, &Parameters, QueueEvent, Queue, &Queue->Channel);

    if (!NT_SUCCESS(Status)) {
        Queue->Channel = NULL;
        return Status;
    }
    CALL(&Adapter->Services, Evtchn, GetState, Queue->Channel, &State);
    *Port = State.LocalPort;
    return STATUS_SUCCESS;
}

static NTSTATUS MakeQueue(_In_ PVBD_ADAPTER Adapter, _In_ ULONG Index,
                          _Out_ struct blk_queue_grants *Grants)
{
    PVBD_QUEUE Queue = &Adapter->Queues[Index];
    ULONG Order = Adapter->Front.plan.ring_order;
    NTSTATUS Status = MakeShare(Adapter, 1u << Order, &Queue->Ring);
    KIRQL Irql;

    if (NT_SUCCESS(Status))
        Status = MakePool(Adapter, Queue);
    if (NT_SUCCESS(Status))
        Status = OpenChannel(Adapter, Queue, Index, &Grants->port);
    if (!NT_SUCCESS(Status))
        return Status;
    for (ULONG i = 0; i < 1u << Order; i++)
        Grants->ring_refs[i] = Queue->Ring->References[i];
    KeAcquireSpinLock(&Queue->Lock, &Irql);
    blk_queue_attach(&Queue->Core, (struct blk_wire_ring *)Queue->Ring->Bytes, Order);
    KeReleaseSpinLock(&Queue->Lock, Irql);
    return STATUS_SUCCESS;
}

/* Requests go to Count queues from now on; those of the others move to the first. No queue is
 * connected. */
static VOID UseQueues(_In_ PVBD_ADAPTER Adapter, _In_ ULONG Count)
{
    (VOID) InterlockedExchange(&Adapter->QueueCount, (LONG)Count);
    for (ULONG i = Count; i < Adapter->QueuesMade; i++) {
        KIRQL Irql;

        KeAcquireSpinLock(&Adapter->Queues[0].Lock, &Irql);
        KeAcquireSpinLockAtDpcLevel(&Adapter->Queues[i].Lock);
        blk_queue_move(&Adapter->Queues[i].Core, &Adapter->Queues[0].Core);
        KeReleaseSpinLockFromDpcLevel(&Adapter->Queues[i].Lock);
        KeReleaseSpinLock(&Adapter->Queues[0].Lock, Irql);
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RingsMake(_In_ PVBD_ADAPTER Adapter,
              _Out_writes_(BLK_QUEUES_MAX) struct blk_queue_grants *Grants)
{
    ULONG Count = Adapter->Front.plan.queue_count;
    NTSTATUS Status = STATUS_SUCCESS;

    UseQueues(Adapter, Count);
    for (ULONG i = 0; i < Count && NT_SUCCESS(Status); i++)
        Status = MakeQueue(Adapter, i, &Grants[i]);
    if (!NT_SUCCESS(Status)) {
        LogStatus(LogError, "no rings for the disk:", Status);
        RingsDrop(Adapter);
    }
    return Status;
}

static VOID DropShare(_In_ PVBD_ADAPTER Adapter, _Inout_ PVBD_SHARE *Share)
{
    if (*Share && !ShareRevoke(*Share, &Adapter->Services))
        *Share = NULL;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID RingsDrop(_In_ PVBD_ADAPTER Adapter)
{
    Adapter->Dump.Usable = FALSE;
    for (ULONG i = 0; i < Adapter->QueuesMade; i++) {
        PVBD_QUEUE Queue = &Adapter->Queues[i];
        KIRQL Irql;

        KeAcquireSpinLock(&Queue->Lock, &Irql);
        blk_queue_detach(&Queue->Core);
        KeReleaseSpinLock(&Queue->Lock, Irql);
        if (Queue->Channel)
            CALL(&Adapter->Services, Evtchn, Close, Queue->Channel);
        Queue->Channel = NULL;
        DropShare(Adapter, &Queue->Ring);
        for (ULONG j = 0; j < VBD_CHUNKS; j++)
            DropShare(Adapter, &Queue->Pool[j]);
    }
}
