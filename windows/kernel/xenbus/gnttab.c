/* SPDX-License-Identifier: BSD-2-Clause */
/* The grant table's life, growth, deferred references, suspend and dump: see gnttab.h. */
#include "gnttab.h"
#include "hypercall.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/text.h"

static VOID FillInterface(_In_ USHORT Version, _Out_ PINTERFACE Interface)
{
    PXENBUS_GNTTAB_INTERFACE_V1 Functions = (PXENBUS_GNTTAB_INTERFACE_V1)Interface;

    UNREFERENCED_PARAMETER(Version);
    Functions->CreateClient = GnttabCreateClient;
    Functions->DestroyClient = GnttabDestroyClient;
    Functions->Permit = GnttabPermit;
    Functions->Revoke = GnttabRevoke;
    Functions->RevokeLater = GnttabRevokeLater;
    Functions->Map = GnttabMap;
    Functions->GetMapping = GnttabGetMapping;
    Functions->Unmap = GnttabUnmap;
    Functions->GetState = GnttabGetState;
}

static const USHORT Sizes[] = {sizeof(XENBUS_GNTTAB_INTERFACE_V1)};
const XENBUS_SERVICE GnttabService = {
    .Guid = &GUID_XENBUS_GNTTAB,
    .NewestVersion = XENBUS_GNTTAB_VERSION,
    .Sizes = Sizes,
    .Fill = FillInterface,
};

static LONG_PTR GrantHypercall(_In_ ULONG Operation, _In_ PVOID Argument)
{
    return XenHypercall(XEN_HYPERCALL_GRANT_TABLE_OP, Operation, (ULONG_PTR)Argument, 1, 0, 0);
}

PGNTTAB_RECORD GnttabRecord(_In_ PXENBUS_GNTTAB Gnttab, _In_ ULONG Reference)
{
    ULONG Frame = Reference / XEN_GNTTAB_V1_PER_PAGE;

    if (Frame >= __atomic_load_n(&Gnttab->Table.frame_count, __ATOMIC_ACQUIRE))
        return NULL;
    return &Gnttab->Frames[Frame]->Records[Reference % XEN_GNTTAB_V1_PER_PAGE];
}

/* --- Growth. */

/* Any IRQL. Xen's grant frame Index appears in the hole. */
static LONG_PTR PlaceFrame(_In_ const XENBUS_HOLE *Hole, _In_ ULONG Index)
{
    struct xen_memory_add_to_physmap Op = {.domid = XEN_DOMID_SELF,
                                           .space = XEN_MAPSPACE_GRANT_TABLE,
                                           .idx = Index,
                                           .frame = MemoryHoleFrame(Hole, 0)};

    return XenHypercall(XEN_HYPERCALL_MEMORY_OP, XEN_MEMORY_ADD_TO_PHYSMAP, (ULONG_PTR)&Op, 0, 0,
                        0);
}

/* Growth is held. */
static NTSTATUS GrowLocked(_Inout_ PXENBUS_GNTTAB Gnttab)
{
    ULONG Index = Gnttab->Table.frame_count;
    PGNTTAB_FRAME Frame;
    NTSTATUS Status;
    KIRQL Irql;

    if (Index >= Gnttab->FramesMaximum)
        return STATUS_INSUFFICIENT_RESOURCES;
    Frame = PoolAllocate(sizeof(*Frame), POOL_TAG_GNTTAB);
    if (!Frame)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = MemoryHoleCreate(Gnttab->Parts->Memory, 1, &Frame->Hole);
    if (!NT_SUCCESS(Status))
        goto free;
    Status = STATUS_INSUFFICIENT_RESOURCES;
    if (PlaceFrame(&Frame->Hole, Index) != 0)
        goto fill;
    Gnttab->Frames[Index] = Frame;
    KeAcquireSpinLock(&Gnttab->Lock, &Irql);
    (VOID) grant_table_add_frame(&Gnttab->Table, &Frame->Core, Frame->Hole.Va);
    if (Gnttab->Table.deferred_count)
        GnttabRetryLater(Gnttab);
    KeReleaseSpinLock(&Gnttab->Lock, Irql);
    return STATUS_SUCCESS;

fill:
    MemoryHoleDestroy(Gnttab->Parts->Memory, &Frame->Hole, FALSE);
free:
    PoolFree(Frame, POOL_TAG_GNTTAB);
    return Status;
}

NTSTATUS GnttabGrow(_Inout_ PXENBUS_GNTTAB Gnttab)
{
    NTSTATUS Status;

    (VOID) KeWaitForSingleObject(&Gnttab->Growth, Executive, KernelMode, FALSE, NULL);
    /* Another thread may have made room while this one waited; one frame more does no harm. */
    Status = GrowLocked(Gnttab);
    (VOID) KeReleaseMutex(&Gnttab->Growth, FALSE);
    return Status;
}

static VOID NTAPI OnGrowWork(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID Context)
{
    PXENBUS_GNTTAB Gnttab = Context;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    (VOID) GnttabGrow(Gnttab);
    KeAcquireSpinLock(&Gnttab->Lock, &Irql);
    Gnttab->GrowthQueued = FALSE;
    (VOID) KeSetEvent(&Gnttab->NotGrowing, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&Gnttab->Lock, Irql);
}

VOID GnttabGrowSoon(_Inout_ PXENBUS_GNTTAB Gnttab)
{
    BOOLEAN Queue;
    KIRQL Irql;

    KeAcquireSpinLock(&Gnttab->Lock, &Irql);
    Queue = !Gnttab->GrowthQueued && !Gnttab->Ending &&
            Gnttab->Table.frame_count < Gnttab->FramesMaximum;
    if (Queue) {
        Gnttab->GrowthQueued = TRUE;
        KeClearEvent(&Gnttab->NotGrowing);
        IoQueueWorkItem(Gnttab->Work, OnGrowWork, DelayedWorkQueue, Gnttab);
    }
    KeReleaseSpinLock(&Gnttab->Lock, Irql);
}

/* --- Deferred references. */

VOID GnttabRetryLater(_Inout_ PXENBUS_GNTTAB Gnttab)
{
    LARGE_INTEGER Wait = {.QuadPart = -(LONGLONG)GNTTAB_RETRY_MS * 10000};

    (VOID) KeSetTimer(&Gnttab->Timer, Wait, &Gnttab->TimerDpc);
}

/* One that has become free, if any. Its record is read while nobody else can have it. */
static BOOLEAN RetryOne(_Inout_ PXENBUS_GNTTAB Gnttab, _Inout_ PULONG Tries,
                        _Out_ PGNTTAB_RECORD Record)
{
    uint32_t Left = *Tries;
    uint64_t Reference;
    BOOLEAN Found;

    KeAcquireSpinLockAtDpcLevel(&Gnttab->Lock);
    Found = grant_retry(&Gnttab->Table, &Left, &Reference);
    RtlZeroMemory(Record, sizeof(*Record));
    if (Found && Reference != GRANT_NONE)
        *Record = *GnttabRecord(Gnttab, (ULONG)Reference);
    KeReleaseSpinLockFromDpcLevel(&Gnttab->Lock);
    *Tries = Left;
    return Found;
}

static VOID NTAPI OnRetryTimer(_In_ PKDPC Dpc, _In_opt_ PVOID Context, _In_opt_ PVOID A,
                               _In_opt_ PVOID B)
{
    PXENBUS_GNTTAB Gnttab = Context;
    ULONG Tries = GNTTAB_RETRIES;
    GNTTAB_RECORD Record;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(A);
    UNREFERENCED_PARAMETER(B);
    while (RetryOne(Gnttab, &Tries, &Record))
        if (Record.Revoked)
            Record.Revoked(Record.Argument);
    KeAcquireSpinLockAtDpcLevel(&Gnttab->Lock);
    if (Gnttab->Table.deferred_count && !Gnttab->Ending)
        GnttabRetryLater(Gnttab);
    KeReleaseSpinLockFromDpcLevel(&Gnttab->Lock);
}

/* --- After a suspend the table is a new one, and empty: its frames are placed where they were. */

static VOID NTAPI OnResume(_In_opt_ PVOID Argument)
{
    PXENBUS_GNTTAB Gnttab = Argument;

    for (ULONG i = 0; i < Gnttab->Table.frame_count; i++)
        if (PlaceFrame(&Gnttab->Frames[i]->Hole, i) != 0)
            LogLine(LogError, "a frame of the grant table is lost after a resume");
}

/* --- Dump. */

VOID NTAPI GnttabGetState(_In_ PVOID Context, _In_opt_ PXENBUS_GNTTAB_CLIENT Client,
                          _Out_ PXENBUS_GNTTAB_STATE State)
{
    PXENBUS_GNTTAB Gnttab = ((PXENBUS_PARTS)Context)->Gnttab;
    KIRQL Irql;

    RtlZeroMemory(State, sizeof(*State));
    if (Client) {
        KeAcquireSpinLock(&Client->Lock, &Irql);
        State->ClientCached = Client->Cache.count;
        State->ClientTaken = Client->Taken;
        KeReleaseSpinLock(&Client->Lock, Irql);
    }
    KeAcquireSpinLock(&Gnttab->Lock, &Irql);
    State->Frames = Gnttab->Table.frame_count;
    State->FramesMaximum = Gnttab->FramesMaximum;
    State->Free = Gnttab->Table.free_count;
    State->Deferred = Gnttab->Table.deferred_count;
    KeReleaseSpinLock(&Gnttab->Lock, Irql);
}

static VOID DumpClients(_In_ PXENBUS_GNTTAB Gnttab, _In_ PXENBUS_DEBUG_SINK Sink)
{
    TEXT Text;
    KIRQL Irql;

    /* One line holds them: the sink is not called with the lock held. */
    TextInit(&Text, "clients (taken/cached):");
    KeAcquireSpinLock(&Gnttab->Lock, &Irql);
    for (PLIST_ENTRY Entry = Gnttab->Clients.Flink; Entry != &Gnttab->Clients;
         Entry = Entry->Flink) {
        PXENBUS_GNTTAB_CLIENT Client = CONTAINING_RECORD(Entry, XENBUS_GNTTAB_CLIENT, Link);
        TextAdd(&Text, " ");
        TextAdd(&Text, Client->Name);
        TextAdd(&Text, " ");
        TextAddDecimal(&Text, Client->Taken);
        TextAdd(&Text, "/");
        TextAddDecimal(&Text, Client->Cache.count);
    }
    KeReleaseSpinLock(&Gnttab->Lock, Irql);
    Sink->Write(Sink, Text.Buffer);
}

static VOID NTAPI OnDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink)
{
    PXENBUS_GNTTAB Gnttab = Argument;
    XENBUS_GNTTAB_STATE State;
    TEXT Text;

    GnttabGetState(Gnttab->Parts, NULL, &State);
    TextInit(&Text, "frames ");
    TextAddDecimal(&Text, State.Frames);
    TextAdd(&Text, " of ");
    TextAddDecimal(&Text, State.FramesMaximum);
    TextAdd(&Text, ", free references ");
    TextAddDecimal(&Text, State.Free);
    TextAdd(&Text, ", wait for their peers ");
    TextAddDecimal(&Text, State.Deferred);
    Sink->Write(Sink, Text.Buffer);
    DumpClients(Gnttab, Sink);
}

/* --- Life. */

/* Version 1 entries, and how many frames Xen allows. */
static NTSTATUS AskXen(_Inout_ PXENBUS_GNTTAB Gnttab)
{
    struct xen_gnttab_get_version Version = {.domid = XEN_DOMID_SELF};
    struct xen_gnttab_set_version Wanted = {.version = 1};
    struct xen_gnttab_query_size Size = {.domid = XEN_DOMID_SELF};

    if (GrantHypercall(XEN_GNTTABOP_GET_VERSION, &Version) == 0 && Version.version != 1 &&
        GrantHypercall(XEN_GNTTABOP_SET_VERSION, &Wanted) != 0)
        return STATUS_NOT_SUPPORTED;
    if (GrantHypercall(XEN_GNTTABOP_QUERY_SIZE, &Size) != 0 || Size.status != XEN_GNTST_OKAY)
        return STATUS_UNSUCCESSFUL;
    Gnttab->FramesMaximum = min(Size.max_nr_frames, GRANT_FRAMES_MAX);
    return STATUS_SUCCESS;
}

static VOID Free(_In_ PXENBUS_GNTTAB Gnttab)
{
    for (ULONG i = Gnttab->Table.frame_count; i-- > 0;) {
        MemoryHoleDestroy(Gnttab->Parts->Memory, &Gnttab->Frames[i]->Hole, TRUE);
        PoolFree(Gnttab->Frames[i], POOL_TAG_GNTTAB);
    }
    if (Gnttab->Work)
        IoFreeWorkItem(Gnttab->Work);
    PoolFree(Gnttab, POOL_TAG_GNTTAB);
}

static PXENBUS_GNTTAB Allocate(_In_ PXENBUS_PARTS Parts)
{
    PXENBUS_GNTTAB New = PoolAllocate(sizeof(*New), POOL_TAG_GNTTAB);

    if (!New)
        return NULL;
    New->Parts = Parts;
    KeInitializeMutex(&New->Growth, 0);
    KeInitializeSpinLock(&New->Lock);
    KeInitializeEvent(&New->NotGrowing, NotificationEvent, TRUE);
    KeInitializeTimer(&New->Timer);
    KeInitializeDpc(&New->TimerDpc, OnRetryTimer, New);
    InitializeListHead(&New->Clients);
    grant_table_init(&New->Table);
    New->Work = IoAllocateWorkItem(Parts->DeviceObject);
    if (New->Work)
        return New;
    Free(New);
    return NULL;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    GnttabCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_GNTTAB *Gnttab)
{
    PXENBUS_GNTTAB New = Allocate(Parts);
    NTSTATUS Status;

    *Gnttab = NULL;
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = AskXen(New);
    if (NT_SUCCESS(Status))
        Status = GnttabGrow(New);
    if (!NT_SUCCESS(Status))
        goto free;
    Status = SuspendRegister(Parts, XenbusSuspendEarly, XENBUS_SUSPEND_ORDER_GNTTAB, OnResume, New,
                             &New->Early);
    if (!NT_SUCCESS(Status))
        goto free;
    Status = DebugRegister(Parts, "gnttab", OnDump, New, &New->Dump);
    if (!NT_SUCCESS(Status))
        goto deregister;
    *Gnttab = New;
    return STATUS_SUCCESS;

deregister:
    SuspendDeregister(Parts, New->Early);
free:
    (VOID) KeCancelTimer(&New->Timer);
    KeFlushQueuedDpcs();
    Free(New);
    return Status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID GnttabDestroy(_In_ PXENBUS_GNTTAB Gnttab)
{
    KIRQL Irql;

    DebugDeregister(Gnttab->Parts, Gnttab->Dump);
    SuspendDeregister(Gnttab->Parts, Gnttab->Early);
    KeAcquireSpinLock(&Gnttab->Lock, &Irql);
    Gnttab->Ending = TRUE;
    KeReleaseSpinLock(&Gnttab->Lock, Irql);
    (VOID) KeCancelTimer(&Gnttab->Timer);
    KeFlushQueuedDpcs();
    (VOID) KeWaitForSingleObject(&Gnttab->NotGrowing, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&Gnttab->Lock, &Irql); /* the worker that set it has let go */
    KeReleaseSpinLock(&Gnttab->Lock, Irql);
    /* Entries that a peer still uses stay in Xen's table; the next life defers them again. */
    if (Gnttab->Table.deferred_count)
        LogLine(LogWarning, "pages are still in use by another domain; their memory is lost");
    Free(Gnttab);
}
