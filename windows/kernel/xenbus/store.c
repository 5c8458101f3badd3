/* SPDX-License-Identifier: BSD-2-Clause */
/* The store's life, its pump, its way over a suspend, and its dump: see store.h. */
#include "store.h"
#include "hypercall.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/text.h"

static VOID FillInterface(_In_ USHORT Version, _Out_ PINTERFACE Interface)
{
    PXENBUS_STORE_INTERFACE_V1 Functions = (PXENBUS_STORE_INTERFACE_V1)Interface;

    UNREFERENCED_PARAMETER(Version);
    Functions->Submit = StoreSubmit;
    Functions->Cancel = StoreCancel;
    Functions->Execute = StoreExecute;
    Functions->AddWatch = StoreAddWatch;
    Functions->RemoveWatch = StoreRemoveWatch;
}

static const USHORT Sizes[] = {sizeof(XENBUS_STORE_INTERFACE_V1)};
const XENBUS_SERVICE StoreService = {
    .Guid = &GUID_XENBUS_STORE,
    .NewestVersion = XENBUS_STORE_VERSION,
    .Sizes = Sizes,
    .Fill = FillInterface,
};

NTSTATUS StoreStatus(_In_ enum xs_error Error)
{
    static const NTSTATUS Statuses[] = {
        [XS_OK] = STATUS_SUCCESS,
        [XS_ERROR_INVALID] = STATUS_INVALID_PARAMETER,
        [XS_ERROR_ACCESS] = STATUS_ACCESS_DENIED,
        [XS_ERROR_EXISTS] = STATUS_OBJECT_NAME_COLLISION,
        [XS_ERROR_NOT_FOUND] = STATUS_OBJECT_NAME_NOT_FOUND,
        [XS_ERROR_NO_MEMORY] = STATUS_INSUFFICIENT_RESOURCES,
        [XS_ERROR_NO_SPACE] = STATUS_DISK_FULL,
        [XS_ERROR_NOT_EMPTY] = STATUS_DIRECTORY_NOT_EMPTY,
        [XS_ERROR_NOT_SUPPORTED] = STATUS_NOT_SUPPORTED,
        [XS_ERROR_READ_ONLY] = STATUS_MEDIA_WRITE_PROTECTED,
        [XS_ERROR_BUSY] = STATUS_DEVICE_BUSY,
        [XS_ERROR_AGAIN] = STATUS_RETRY,
        [XS_ERROR_TOO_BIG] = STATUS_BUFFER_OVERFLOW,
        [XS_ERROR_IO] = STATUS_IO_DEVICE_ERROR,
        [XS_ERROR_CANCELLED] = STATUS_CANCELLED,
    };

    return (ULONG)Error < RTL_NUMBER_OF(Statuses) ? Statuses[Error] : STATUS_IO_DEVICE_ERROR;
}

VOID StoreLock(_Inout_ PXENBUS_STORE Store, _Out_ PKIRQL Irql)
{
    KIRQL Dispatch;

    KeAcquireSpinLock(&Store->Lock, Irql);
    KeRaiseIrql(HIGH_LEVEL, &Dispatch);
}

VOID StoreUnlock(_Inout_ PXENBUS_STORE Store, _In_ KIRQL Irql)
{
    KeLowerIrql(DISPATCH_LEVEL);
    KeReleaseSpinLock(&Store->Lock, Irql);
}

/* --- The pump. */

VOID StorePumpSoon(_Inout_ PXENBUS_STORE Store)
{
    (VOID) KeInsertQueueDpc(&Store->Dpc, NULL, NULL);
}

static VOID NTAPI OnEvent(_In_opt_ PVOID Argument)
{
    StorePumpSoon(Argument);
}

/* The lock is held. Nothing on its way to xenstored or back. */
static BOOLEAN Idle(_In_ PXENBUS_STORE Store)
{
    struct xs_client *Client = &Store->Client;

    return !Client->queued.first && !Client->done.first && !Client->slots_used &&
           !Client->incoming.have_bytes;
}

/* One action, with the lock held, and without it for callbacks. FALSE: there is nothing to do. */
static BOOLEAN PumpOne(_Inout_ PXENBUS_STORE Store, _Inout_ PKIRQL Irql)
{
    struct xs_client_action Action = {.kind = XS_CLIENT_NONE};
    PXENBUS_STORE_WATCH Watch;

    /* A new connection that we have not made yet is left alone: OnResume makes it. */
    if (Store->SuspendCount == SuspendGetCount(Store->Parts))
        xs_client_next(&Store->Client, &Action);
    Store->Actions++;
    Watch = Action.watch ? CONTAINING_RECORD(Action.watch, XENBUS_STORE_WATCH, Core) : NULL;
    switch (Action.kind) {
    case XS_CLIENT_NONE:
        if (Store->Drained && Idle(Store)) {
            PKEVENT Drained = Store->Drained;
            Store->Drained = NULL;
            StoreUnlock(Store, *Irql);
            (VOID) KeSetEvent(Drained, IO_NO_INCREMENT, FALSE);
            StoreLock(Store, Irql);
        }
        return FALSE;
    case XS_CLIENT_YIELD:
        return TRUE;
    case XS_CLIENT_NOTIFY:
        if (Store->Channel)
            (VOID) EvtchnSend(Store->Parts, Store->Channel);
        return TRUE;
    case XS_CLIENT_WATCH:
        Watch->Running = TRUE;
        StoreUnlock(Store, *Irql);
        StoreWatchFire(Store, Watch, Action.path);
        break;
    case XS_CLIENT_ADDED:
        StoreUnlock(Store, *Irql);
        StoreWatchAdded(Store, Watch, StoreStatus(Action.error));
        break;
    case XS_CLIENT_REMOVED: {
        BOOLEAN Free = StoreWatchRemoved(Store, Watch);
        StoreUnlock(Store, *Irql);
        if (Free)
            PoolFree(Watch, POOL_TAG_STORE);
        break;
    }
    case XS_CLIENT_DONE:
        StoreUnlock(Store, *Irql);
        StoreComplete(CONTAINING_RECORD(Action.request, XENBUS_STORE_REQUEST, Core));
        break;
    case XS_CLIENT_BROKEN:
        StoreUnlock(Store, *Irql);
        LogLine(LogError, "xenstored breaks the protocol; XenStore is out of use:");
        LogLine(LogError, Action.reason);
        break;
    }
    StoreLock(Store, Irql);
    return TRUE;
}

static VOID NTAPI OnDpc(_In_ PKDPC Dpc, _In_opt_ PVOID Context, _In_opt_ PVOID A, _In_opt_ PVOID B)
{
    PXENBUS_STORE Store = Context;
    ULONG Actions = 0;
    BOOLEAN More;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(A);
    UNREFERENCED_PARAMETER(B);
    StoreLock(Store, &Irql);
    if (Store->Pumping) { /* on another CPU; it goes round once more */
        Store->PumpAgain = TRUE;
        StoreUnlock(Store, Irql);
        return;
    }
    Store->Pumping = TRUE;
    do {
        Store->PumpAgain = FALSE;
        while ((More = PumpOne(Store, &Irql)) && ++Actions < STORE_ACTIONS_PER_DPC)
            ;
    } while (Store->PumpAgain && Actions < STORE_ACTIONS_PER_DPC);
    More = More || Store->PumpAgain;
    Store->Pumping = FALSE;
    StoreUnlock(Store, Irql);
    if (More)
        StorePumpSoon(Store); /* after the others in the queue */
}

/* --- The connection: the ring's page and its port. */

static NTSTATUS Parameter(_In_ ULONG Index, _Out_ PULONG64 Value)
{
    struct xen_hvmop_param Op = {.domid = XEN_DOMID_SELF, .index = Index};
    LONG_PTR Result =
        XenHypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_GET_PARAM, (ULONG_PTR)&Op, 0, 0, 0);

    *Value = Op.value;
    return Result == 0 && Op.value ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
}

/* The toolstack's page lies outside of NT's memory. It is RAM: cached. */
static NTSTATUS MapRing(_Inout_ PXENBUS_STORE Store)
{
    PHYSICAL_ADDRESS Address;
    ULONG64 Frame;
    NTSTATUS Status = Parameter(XEN_HVM_PARAM_STORE_PFN, &Frame);

    if (!NT_SUCCESS(Status) || (Store->Page && Store->Frame == Frame))
        return Status;
    if (Store->Page)
        MmUnmapIoSpace(Store->Page, PAGE_SIZE);
    Address.QuadPart = (LONGLONG)(Frame << PAGE_SHIFT);
    Store->Page = MmMapIoSpace(Address, PAGE_SIZE, MmCached);
    Store->Frame = (ULONG_PTR)Frame;
    return Store->Page ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS OpenChannel(_Inout_ PXENBUS_STORE Store)
{
    XENBUS_EVTCHN_PARAMETERS Parameters = {.Type = XENBUS_EVTCHN_FIXED};
    PXENBUS_EVTCHN_CHANNEL Channel;
    ULONG64 Port;
    NTSTATUS Status = Parameter(XEN_HVM_PARAM_STORE_EVTCHN, &Port);
    KIRQL Irql;

    if (!NT_SUCCESS(Status))
        return Status;
    Parameters.LocalPort = (ULONG)Port;
    Status = EvtchnOpen(Store->Parts, &Parameters, OnEvent, Store, &Channel);
    if (!NT_SUCCESS(Status))
        return Status;
    StoreLock(Store, &Irql);
    Store->Channel = Channel;
    StoreUnlock(Store, Irql);
    EvtchnUnmask(Store->Parts, Channel);
    return STATUS_SUCCESS;
}

static VOID CloseChannel(_Inout_ PXENBUS_STORE Store)
{
    PXENBUS_EVTCHN_CHANNEL Channel;
    KIRQL Irql;

    StoreLock(Store, &Irql);
    Channel = Store->Channel;
    Store->Channel = NULL;
    StoreUnlock(Store, Irql);
    if (Channel)
        EvtchnClose(Store->Parts, Channel);
}

static VOID NTAPI OnResume(_In_opt_ PVOID Argument)
{
    PXENBUS_STORE Store = Argument;
    KIRQL Irql;

    CloseChannel(Store);
    if (!NT_SUCCESS(MapRing(Store)) || !NT_SUCCESS(OpenChannel(Store))) {
        LogLine(LogError, "XenStore is out of reach after a resume");
        return;
    }
    StoreLock(Store, &Irql);
    xs_client_reconnect(&Store->Client, Store->Page);
    Store->SuspendCount = SuspendGetCount(Store->Parts);
    StoreUnlock(Store, Irql);
    StorePumpSoon(Store);
}

/* --- Dump. */

static VOID NTAPI OnDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink)
{
    PXENBUS_STORE Store = Argument;
    ULONG Watches = 0;
    TEXT Text;
    KIRQL Irql;

    TextInit(&Text, "");
    StoreLock(Store, &Irql);
    for (PLIST_ENTRY Entry = Store->Watches.Flink; Entry != &Store->Watches; Entry = Entry->Flink)
        Watches++;
    TextAdd(&Text, Store->Client.broken ? "broken, watches " : "connected, watches ");
    TextAddDecimal(&Text, Watches);
    TextAdd(&Text, ", requests at xenstored ");
    TextAddDecimal(&Text, Store->Client.slots_used);
    TextAdd(&Text, Store->Client.queued.first ? ", others wait" : "");
    TextAdd(&Text, ", actions ");
    TextAddDecimal(&Text, Store->Actions);
    TextAdd(&Text, ", replies and events for nobody ");
    TextAddDecimal(&Text, Store->Client.stray_replies);
    TextAdd(&Text, " ");
    TextAddDecimal(&Text, Store->Client.stray_events);
    TextAdd(&Text, ", watches lost ");
    TextAddDecimal(&Text, Store->Client.lost_watches);
    StoreUnlock(Store, Irql);
    Sink->Write(Sink, Text.Buffer);
}

/* --- Life. */

static VOID Free(_In_ PXENBUS_STORE Store)
{
    KeFlushQueuedDpcs();
    if (Store->Page)
        MmUnmapIoSpace(Store->Page, PAGE_SIZE);
    PoolFree(Store, POOL_TAG_STORE);
}

static PXENBUS_STORE Allocate(_In_ PXENBUS_PARTS Parts)
{
    PXENBUS_STORE New = PoolAllocate(sizeof(*New), POOL_TAG_STORE);

    if (!New)
        return NULL;
    New->Parts = Parts;
    New->SuspendCount = SuspendGetCount(Parts);
    KeInitializeSpinLock(&New->Lock);
    KeInitializeDpc(&New->Dpc, OnDpc, New);
    InitializeListHead(&New->Watches);
    return New;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    StoreCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_STORE *Store)
{
    PXENBUS_STORE New = Allocate(Parts);
    struct xs_client_tables Tables;
    NTSTATUS Status;

    *Store = NULL;
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    Tables = (struct xs_client_tables){.slots = New->Slots,
                                       .watches = New->WatchTable,
                                       .slot_count = STORE_SLOTS,
                                       .watch_count = STORE_WATCHES};
    Status = MapRing(New);
    if (!NT_SUCCESS(Status))
        goto free;
    xs_client_init(&New->Client, New->Page, &Tables,
                   (ULONG)KeQueryPerformanceCounter(NULL).QuadPart);
    Status = SuspendRegister(Parts, XenbusSuspendLate, XENBUS_SUSPEND_ORDER_STORE, OnResume, New,
                             &New->Late);
    if (!NT_SUCCESS(Status))
        goto free;
    Status = DebugRegister(Parts, "store", OnDump, New, &New->Dump);
    if (!NT_SUCCESS(Status))
        goto deregister;
    Status = OpenChannel(New);
    if (!NT_SUCCESS(Status))
        goto remove;
    *Store = New;
    return STATUS_SUCCESS;

remove:
    DebugDeregister(Parts, New->Dump);
deregister:
    SuspendDeregister(Parts, New->Late);
free:
    Free(New);
    return Status;
}

/* What is under way (watches being removed) is answered first, so that the ring is left without
 * half a message; but a xenstored that does not answer does not hold us. */
static VOID Drain(_Inout_ PXENBUS_STORE Store)
{
    LARGE_INTEGER Timeout = {.QuadPart = -(LONGLONG)STORE_DRAIN_MS * 10000};
    KEVENT Drained;
    KIRQL Irql;

    KeInitializeEvent(&Drained, NotificationEvent, FALSE);
    StoreLock(Store, &Irql);
    Store->Drained = &Drained;
    StoreUnlock(Store, Irql);
    StorePumpSoon(Store);
    if (KeWaitForSingleObject(&Drained, Executive, KernelMode, FALSE, &Timeout) != STATUS_SUCCESS)
        LogLine(LogWarning, "xenstored does not answer the last requests");
    StoreLock(Store, &Irql);
    Store->Drained = NULL;
    xs_client_shut_down(&Store->Client);
    StoreUnlock(Store, Irql);
    StorePumpSoon(Store); /* what is left comes back, and is freed */
    KeFlushQueuedDpcs();
    while (!IsListEmpty(&Store->Watches)) /* of a child that forgot to remove it */
        PoolFree(CONTAINING_RECORD(RemoveHeadList(&Store->Watches), XENBUS_STORE_WATCH, Link),
                 POOL_TAG_STORE);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID StoreDestroy(_In_ PXENBUS_STORE Store)
{
    Drain(Store);
    CloseChannel(Store);
    DebugDeregister(Store->Parts, Store->Dump);
    SuspendDeregister(Store->Parts, Store->Late);
    Free(Store);
}
