/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk's thread. It alone drives the frontend of core/block: takes its actions, asks XenStore,
 * makes and drops rings. Others tell it what happened by an event.
 *
 * It wakes each second while it lives, because a backend that does nothing sends no event: then a
 * wait for its next state ends, and so does the patience with a request that it does not answer.
 */
#include "adapter.h"
#include "../common/event_log.h"
#include "../common/log.h"
#include "../common/text.h"

enum { TICK_MS = 1000, STORE_LIMIT_MS = 10000 };

ULONG64 NowMs(VOID)
{
    return KeQueryInterruptTime() / 10000;
}

/* <= DISPATCH_LEVEL */
static VOID Say(_In_ PVBD_ADAPTER Adapter, _In_ LOG_LEVEL Level, _In_ PCSTR What)
{
    TEXT Text;

    TextInit(&Text, Adapter->Folder);
    TextAdd(&Text, ": ");
    TextAdd(&Text, What);
    LogLine(Level, Text.Buffer);
    CALL(&Adapter->Services, Debug, Log, Text.Buffer);
}

/* --- Events. --- */

VOID DiskWake(_In_ PVBD_ADAPTER Adapter, _In_ LONG Event)
{
    (VOID) InterlockedOr(&Adapter->Events, Event);
    (VOID) KeSetEvent(&Adapter->Wake, IO_NO_INCREMENT, FALSE);
}

VOID DiskFault(_In_ PVBD_ADAPTER Adapter, _In_ enum blk_fault Fault)
{
    (VOID) InterlockedExchange(&Adapter->Fault, Fault);
    DiskWake(Adapter, VBD_EVENT_FAULT);
}

static VOID NTAPI OnWatch(_In_opt_ PVOID Argument, _In_ PCSTR Path)
{
    UNREFERENCED_PARAMETER(Path);
    DiskWake(Argument, VBD_EVENT_WATCH);
}

static VOID NTAPI OnResume(_In_opt_ PVOID Argument)
{
    DiskWake(Argument, VBD_EVENT_RESUMED);
}

/* --- XenStore. --- */

static enum blk_answer AnswerOf(_In_ NTSTATUS Status)
{
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND)
        return BLK_ABSENT;
    return NT_SUCCESS(Status) ? BLK_DONE : BLK_REFUSED;
}

/* The machine was suspended, and what we know is of the past: answers, watches, faults. XenStore
 * may not be back yet; OnResume() says when. */
static BOOLEAN Stale(_In_ PVBD_ADAPTER Adapter)
{
    return CALL(&Adapter->Services, Suspend, GetCount) != Adapter->SuspendCount;
}

static VOID AskStore(_In_ PVBD_ADAPTER Adapter, _In_ const struct blk_action *Action)
{
    BOOLEAN Back = Action->what == BLK_DO_READ_BACK;
    XENBUS_STORE_COMMAND Command = {
        .Operation = Action->what == BLK_DO_WRITE    ? XENBUS_STORE_WRITE
                     : Action->what == BLK_DO_REMOVE ? XENBUS_STORE_REMOVE
                                                     : XENBUS_STORE_READ,
        .Prefix = Back ? Adapter->Front.backend_path : Adapter->Folder,
        .Node = Action->node,
        .Answer = Adapter->Answer,
        .AnswerRoom = sizeof(Adapter->Answer),
    };
    ULONG Length = 0;
    NTSTATUS Status;

    if (Action->what == BLK_DO_WRITE) {
        Command.Value = Action->text;
        Command.ValueLength = (ULONG)strlen(Action->text);
    }
    Status = CALL(&Adapter->Services, Store, Execute, &Command, STORE_LIMIT_MS, &Length);
    if (Status == STATUS_BUFFER_OVERFLOW) { /* longer than anything that makes sense */
        Status = STATUS_SUCCESS;
        Length = sizeof(Adapter->Answer);
    }
    if (!Stale(Adapter))
        blk_front_answer(&Adapter->Front, AnswerOf(Status), Adapter->Answer,
                         Length < sizeof(Adapter->Answer) ? Length : sizeof(Adapter->Answer));
}

static VOID DropWatch(_In_ PVBD_ADAPTER Adapter)
{
    if (Adapter->Watch)
        CALL(&Adapter->Services, Store, RemoveWatch, Adapter->Watch);
    Adapter->Watch = NULL;
}

static VOID SetWatch(_In_ PVBD_ADAPTER Adapter, _In_ const struct blk_action *Action)
{
    NTSTATUS Status;

    DropWatch(Adapter);
    Status = CALL(&Adapter->Services, Store, AddWatch, Adapter->Front.backend_path, Action->node,
                  OnWatch, Adapter, &Adapter->Watch);
    if (!NT_SUCCESS(Status))
        Adapter->Watch = NULL;
    if (!Stale(Adapter))
        blk_front_answer(&Adapter->Front, AnswerOf(Status), NULL, 0);
}

/* --- The rings, and the disk. --- */

static VOID MakeRings(_In_ PVBD_ADAPTER Adapter)
{
    struct blk_queue_grants Grants[BLK_QUEUES_MAX];
    NTSTATUS Status = RingsMake(Adapter, Grants);

    if (!Stale(Adapter))
        blk_front_rings(&Adapter->Front, NT_SUCCESS(Status) ? Grants : NULL);
    else
        RingsDrop(Adapter);
}

static VOID DropRings(_In_ PVBD_ADAPTER Adapter)
{
    RingsDrop(Adapter);
    if (!Stale(Adapter))
        blk_front_answer(&Adapter->Front, BLK_DONE, NULL, 0);
}

VOID UnitOf(_In_ const struct blk_disk *Disk, _In_ ULONG Number, _Out_ struct scsi_disk *Unit)
{
    ULONG Bytes = Disk->cdrom ? SCSI_CD_BLOCK_BYTES : Disk->sector_bytes;

    if (Bytes < Disk->sector_bytes)
        Bytes = Disk->sector_bytes;
    *Unit = (struct scsi_disk){
        .blocks = Disk->sector_count / (Bytes / BLK_SECTOR_BYTES),
        .block_bytes = Bytes,
        .physical_bytes = Disk->physical_sector_bytes > Bytes ? Disk->physical_sector_bytes : Bytes,
        .transfer_max_blocks = VBD_TRANSFER_MAX_BYTES / Bytes,
        .number = Number,
        .cdrom = Disk->cdrom,
        .removable = Disk->removable,
        .read_only = Disk->read_only,
        .write_cache = Disk->flush != BLK_FLUSH_NONE,
        .discard = Disk->discard && !Disk->cdrom,
        .discard_granularity_blocks = Disk->discard_granularity_bytes / Bytes,
        .discard_alignment_blocks = Disk->discard_alignment_bytes / Bytes,
    };
}

/* The connection's first queue, for a dump. */
static VOID OfferDump(_In_ PVBD_ADAPTER Adapter)
{
    PVBD_QUEUE Queue = &Adapter->Queues[0];
    PVBD_DUMP Dump = &Adapter->Dump;

    Dump->Usable = FALSE;
    Dump->Ring = Queue->Core.ring;
    Dump->RingOrder = Adapter->Front.plan.ring_order;
    Dump->Port = Adapter->Front.grants[0].port;
    Dump->Number = Adapter->Number;
    Dump->Slots = Queue->Slots;
    Dump->Pages = Queue->Pages;
    Dump->PageCount = VBD_POOL_PAGES;
    Dump->Disk = Adapter->Front.disk;
    Dump->Unit = Queue->Unit;
    Dump->TakenOver = FALSE;
    Dump->Signature = VBD_DUMP_SIGNATURE;
    Dump->Usable = TRUE;
}

static VOID Open(_In_ PVBD_ADAPTER Adapter)
{
    struct blk_front *Front = &Adapter->Front;

    for (ULONG i = 0; i < Front->plan.queue_count; i++) {
        PVBD_QUEUE Queue = &Adapter->Queues[i];
        KIRQL Irql;

        KeAcquireSpinLock(&Queue->Lock, &Irql);
        UnitOf(&Front->disk, Adapter->Number, &Queue->Unit);
        blk_queue_connect(&Queue->Core, &Front->disk, Adapter->Number);
        KeReleaseSpinLock(&Queue->Lock, Irql);
    }
    OfferDump(Adapter);
    (VOID) InterlockedExchange(&Adapter->State, VbdOpen);
    for (ULONG i = 0; i < Front->plan.queue_count; i++) {
        CALL(&Adapter->Services, Evtchn, Unmask, Adapter->Queues[i].Channel);
        QueuePush(&Adapter->Queues[i]); /* what waited for the connection */
    }
    (VOID) CALL(&Adapter->Services, Unplug, AnnounceDisk, L"xenvbd", Adapter->Number);
    Say(Adapter, LogInfo, "connected");
    (VOID) KeSetEvent(&Adapter->Settled, IO_NO_INCREMENT, FALSE);
}

/* StorPort knows the adapter when it has been found. */
static VOID TellBus(_In_ PVBD_ADAPTER Adapter)
{
    if (Adapter->Made)
        StorPortNotification(BusChangeDetected, Adapter, 0);
}

/* Windows asks for the capacity again when it is told at its next command, and looks at the bus. */
static VOID Grown(_In_ PVBD_ADAPTER Adapter)
{
    for (ULONG i = 0; i < Adapter->Front.plan.queue_count; i++) {
        PVBD_QUEUE Queue = &Adapter->Queues[i];
        KIRQL Irql;

        KeAcquireSpinLock(&Queue->Lock, &Irql);
        blk_queue_change(&Queue->Core, &Adapter->Front.disk);
        UnitOf(&Adapter->Front.disk, Adapter->Number, &Queue->Unit);
        KeReleaseSpinLock(&Queue->Lock, Irql);
    }
    (VOID) InterlockedOr(&Adapter->Attentions, SCSI_ATTENTION_CAPACITY);
    Say(Adapter, LogInfo, "the disk has grown");
    TellBus(Adapter);
}

static VOID Fail(_In_ PVBD_ADAPTER Adapter)
{
    TEXT Text;

    (VOID) InterlockedExchange(&Adapter->State, VbdFailed);
    Adapter->Dump.Usable = FALSE;
    QueuesFail(Adapter);
    Say(Adapter, LogError, blk_fault_text(Adapter->Front.fault));
    TextInit(&Text, Adapter->Folder);
    TextAdd(&Text, ": ");
    EventLogWrite(Adapter->Device, Text.Buffer, blk_fault_text(Adapter->Front.fault));
    (VOID) KeSetEvent(&Adapter->Settled, IO_NO_INCREMENT, FALSE);
    TellBus(Adapter);
}

/* The parting has ended: of a reset, then the disk is connected anew. TRUE: go on. */
static BOOLEAN Closed(_In_ PVBD_ADAPTER Adapter)
{
    DropWatch(Adapter);
    if (Adapter->State == VbdResetting && !Adapter->Ending) {
        blk_front_restart(&Adapter->Front, NowMs());
        return TRUE;
    }
    (VOID) KeSetEvent(&Adapter->Settled, IO_NO_INCREMENT, FALSE);
    return FALSE;
}

/* dom0 wants the disk back. Windows decides: its user may have files open on it. */
static VOID CloseAsked(_In_ PVBD_ADAPTER Adapter)
{
    Say(Adapter, LogInfo, "the backend asks for the disk's removal");
    IoRequestDeviceEject(Adapter->Pdo);
}

/* One action. FALSE: there is none. */
static BOOLEAN Act(_In_ PVBD_ADAPTER Adapter, _Out_ PBOOLEAN Ended)
{
    struct blk_action Action;

    blk_front_next(&Adapter->Front, &Action);
    switch (Action.what) {
    case BLK_DO_NOTHING:
        return FALSE;
    case BLK_DO_READ_FRONT:
    case BLK_DO_READ_BACK:
    case BLK_DO_WRITE:
    case BLK_DO_REMOVE:
        AskStore(Adapter, &Action);
        break;
    case BLK_DO_WATCH:
        SetWatch(Adapter, &Action);
        break;
    case BLK_DO_MAKE_RINGS:
        MakeRings(Adapter);
        break;
    case BLK_DO_DROP_RINGS:
        DropRings(Adapter);
        break;
    case BLK_DO_OPEN:
        Open(Adapter);
        break;
    case BLK_DO_GROWN:
        Grown(Adapter);
        break;
    case BLK_DO_CLOSE_ASKED:
        CloseAsked(Adapter);
        break;
    case BLK_DO_FAIL:
        Fail(Adapter);
        break;
    case BLK_DO_CLOSED:
        *Ended = !Closed(Adapter);
        break;
    }
    return TRUE;
}

/* --- The thread. --- */

static VOID LookForSilence(_In_ PVBD_ADAPTER Adapter)
{
    for (ULONG i = 0; i < Adapter->QueuesMade; i++) {
        PVBD_QUEUE Queue = &Adapter->Queues[i];
        uint64_t Since;
        BOOLEAN Waits;
        KIRQL Irql;

        KeAcquireSpinLock(&Queue->Lock, &Irql);
        Waits = blk_queue_oldest(&Queue->Core, &Since);
        KeReleaseSpinLock(&Queue->Lock, Irql);
        if (Waits && NowMs() - Since >= VBD_SILENCE_MS)
            blk_front_fault(&Adapter->Front, BLK_FAULT_SILENT);
    }
}

static VOID ConnectAgain(_In_ PVBD_ADAPTER Adapter)
{
    Adapter->SuspendCount = CALL(&Adapter->Services, Suspend, GetCount);
    (VOID) InterlockedCompareExchange(&Adapter->State, VbdConnecting, VbdOpen);
    RingsDrop(Adapter);
    (VOID) InterlockedAnd(&Adapter->Events, ~VBD_EVENT_FAULT); /* of the old rings */
    blk_front_resume(&Adapter->Front, NowMs());
}

static VOID TakeEvents(_In_ PVBD_ADAPTER Adapter, _Inout_ PBOOLEAN Ended)
{
    LONG Events = InterlockedExchange(&Adapter->Events, 0);

    if (Events & VBD_EVENT_RESUMED)
        ConnectAgain(Adapter);
    if ((Events & VBD_EVENT_WATCH) && !Stale(Adapter))
        blk_front_backend_moved(&Adapter->Front);
    if ((Events & VBD_EVENT_FAULT) && !(Events & VBD_EVENT_RESUMED) && !Stale(Adapter))
        blk_front_fault(&Adapter->Front, (enum blk_fault)Adapter->Fault);
    if (Events & VBD_EVENT_RESET) {
        /* Open() may have been about to say the contrary. */
        (VOID) InterlockedCompareExchange(&Adapter->State, VbdResetting, VbdOpen);
        (VOID) InterlockedCompareExchange(&Adapter->State, VbdResetting, VbdConnecting);
        blk_front_close(&Adapter->Front);
        if (*Ended && Adapter->State == VbdResetting)
            *Ended = !Closed(Adapter);
    }
    if (Events & VBD_EVENT_END) {
        Adapter->Ending = TRUE;
        blk_front_close(&Adapter->Front);
    }
    if (Stale(Adapter))
        return;
    LookForSilence(Adapter);
    blk_front_tick(&Adapter->Front, NowMs());
}

static VOID NTAPI Run(_In_ PVOID Context)
{
    LARGE_INTEGER Tick = {.QuadPart = -(LONG64)TICK_MS * 10000};
    PVBD_ADAPTER Adapter = Context;
    BOOLEAN Ended = FALSE;

    Adapter->Thread = KeGetCurrentThread(); /* before Settled is set */
    ObReferenceObject(Adapter->Thread);
    while (!(Ended && Adapter->Ending)) {
        TakeEvents(Adapter, &Ended);
        while (!Stale(Adapter) && Act(Adapter, &Ended))
            ;
        if (!(Ended && Adapter->Ending))
            (VOID) KeWaitForSingleObject(&Adapter->Wake, Executive, KernelMode, FALSE, &Tick);
    }
    DropWatch(Adapter);
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS StartThread(_In_ PVBD_ADAPTER Adapter)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Thread;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    Status =
        PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, &Attributes, NULL, NULL, Run, Adapter);
    if (NT_SUCCESS(Status))
        (VOID) ZwClose(Thread);
    return Status;
}

/* Any part that is missing when the disk is asked for is said here. */
static VOID NTAPI Dump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink)
{
    PVBD_ADAPTER Adapter = Argument;
    TEXT Text;

    TextInit(&Text, Adapter->Folder);
    TextAdd(&Text, " state ");
    TextAddDecimal(&Text, (ULONG)Adapter->State);
    TextAdd(&Text, ", ");
    TextAdd(&Text, blk_fault_text(Adapter->Front.fault));
    Sink->Write(Sink, Text.Buffer);
    for (ULONG i = 0; i < (ULONG)Adapter->QueueCount; i++) {
        PVBD_QUEUE Queue = &Adapter->Queues[i];
        KIRQL Irql;

        TextInit(&Text, "queue ");
        TextAddDecimal(&Text, i);
        KeAcquireSpinLock(&Queue->Lock, &Irql);
        TextAdd(&Text, ": on the ring ");
        TextAddDecimal(&Text, Queue->Core.on_ring);
        TextAdd(&Text, ", sent ");
        TextAddDecimal(&Text, Queue->Core.requests_sent);
        TextAdd(&Text, ", events ");
        TextAddDecimal(&Text, Queue->Core.events);
        KeReleaseSpinLock(&Queue->Lock, Irql);
        Sink->Write(Sink, Text.Buffer);
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS DiskStart(_In_ PVBD_ADAPTER Adapter)
{
    struct blk_front_config Config = {.handle = Adapter->Number,
                                      .cpu_count = Adapter->QueuesMade,
                                      .queues_max = BLK_QUEUES_MAX,
                                      .ring_order_max = VBD_RING_ORDER,
                                      .patience_ms = VBD_PATIENCE_MS};
    NTSTATUS Status;

    KeInitializeEvent(&Adapter->Wake, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Adapter->Settled, NotificationEvent, FALSE);
    Adapter->SuspendCount = CALL(&Adapter->Services, Suspend, GetCount);
    (VOID) InterlockedExchange(&Adapter->State, VbdConnecting);
    blk_front_init(&Adapter->Front, &Config, NowMs());
    Status = CALL(&Adapter->Services, Suspend, Register, XenbusSuspendLate,
                  XENBUS_SUSPEND_ORDER_CHILD, OnResume, Adapter, &Adapter->Resume);
    if (!NT_SUCCESS(Status))
        return Status;
    if (!NT_SUCCESS(CALL(&Adapter->Services, Debug, Register, Adapter->Folder, Dump, Adapter,
                         &Adapter->Debug)))
        Adapter->Debug = NULL; /* it works without */
    Status = StartThread(Adapter);
    if (NT_SUCCESS(Status)) {
        /* The frontend bounds each of its waits. */
        (VOID) KeWaitForSingleObject(&Adapter->Settled, Executive, KernelMode, FALSE, NULL);
        return STATUS_SUCCESS;
    }
    if (Adapter->Debug)
        CALL(&Adapter->Services, Debug, Deregister, Adapter->Debug);
    CALL(&Adapter->Services, Suspend, Deregister, Adapter->Resume);
    return Status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID DiskStop(_In_ PVBD_ADAPTER Adapter)
{
    if (Adapter->Debug)
        CALL(&Adapter->Services, Debug, Deregister, Adapter->Debug);
    DiskWake(Adapter, VBD_EVENT_END);
    (VOID) KeWaitForSingleObject(Adapter->Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Adapter->Thread);
    CALL(&Adapter->Services, Suspend, Deregister, Adapter->Resume);
    QueuesFail(Adapter); /* StorPort has none left; if it had, they would end here */
}
