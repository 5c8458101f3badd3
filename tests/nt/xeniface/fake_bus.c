/* SPDX-License-Identifier: BSD-2-Clause */
/* See fake_bus.h. */
#include <initguid.h>

#include "fake_bus.h"

#include <xenbus/children.h>
#include <xenbus/debug.h>
#include <xenbus/evtchn.h>
#include <xenbus/gnttab.h>
#include <xenbus/shared_info.h>
#include <xenbus/store.h>
#include <xenbus/suspend.h>

#include "bus_grants.h"
#include "child_bus.h"
#include "harness.h"
#include "model/device.h"
#include "model/fault.h"
#include "model/pnp.h"
#include "model/sched.h"
#include "windows/kernel/common/pool.h"

#define TAG 0x656b6146 /* Fake */

enum { MAPPING_NO_EXECUTE = 0x40000000 };

FAKE_BUS Bus;

static KSPIN_LOCK
    Lock; /* everything; held while a callback runs, as quiescence is the bus's duty */

/* --- Event channels */

struct _XENBUS_EVTCHN_CHANNEL {
    BOOLEAN Open, Masked, Pending, Dead, Peer;
    XENBUS_EVTCHN_CALLBACK *Callback;
    PVOID Argument;
};

static struct _XENBUS_EVTCHN_CHANNEL Channels[FAKE_PORTS]; /* by port; 0 is none */

static NTSTATUS NTAPI EvtchnOpen(PVOID Context, const XENBUS_EVTCHN_PARAMETERS *Parameters,
                                 XENBUS_EVTCHN_CALLBACK *Callback, PVOID Argument,
                                 PXENBUS_EVTCHN_CHANNEL *Channel)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    KIRQL Irql;

    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(Context == &Bus && Callback != NULL);
    CHECK(Parameters->Type == XENBUS_EVTCHN_UNBOUND ||
          Parameters->Type == XENBUS_EVTCHN_INTERDOMAIN);
    if (!NT_SUCCESS(Bus.OpenFailure))
        return Bus.OpenFailure;
    KeAcquireSpinLock(&Lock, &Irql);
    for (ULONG Port = 1; Port < FAKE_PORTS; Port++) {
        if (Channels[Port].Open)
            continue;
        Channels[Port] = (struct _XENBUS_EVTCHN_CHANNEL){
            .Open = TRUE, .Masked = TRUE, .Callback = Callback, .Argument = Argument};
        *Channel = &Channels[Port];
        Bus.Ports++;
        Status = STATUS_SUCCESS;
        break;
    }
    KeReleaseSpinLock(&Lock, Irql);
    return Status;
}

static VOID NTAPI EvtchnClose(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    KIRQL Irql;

    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(Context == &Bus && Channel->Open);
    KeAcquireSpinLock(&Lock, &Irql);
    RtlZeroMemory(Channel, sizeof(*Channel));
    Bus.Ports--;
    KeReleaseSpinLock(&Lock, Irql);
}

static VOID NTAPI EvtchnMask(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    CHECK(Context == &Bus && Channel->Open);
    Channel->Masked = TRUE;
}

static VOID NTAPI EvtchnUnmask(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    KIRQL Irql;

    CHECK(Context == &Bus && Channel->Open);
    KeAcquireSpinLock(&Lock, &Irql);
    Channel->Masked = FALSE;
    if (Channel->Pending) {
        Channel->Pending = FALSE;
        Channel->Callback(Channel->Argument);
    }
    KeReleaseSpinLock(&Lock, Irql);
}

static NTSTATUS NTAPI EvtchnSend(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    CHECK(Context == &Bus && Channel->Open);
    if (Channel->Dead)
        return STATUS_DEVICE_NOT_CONNECTED;
    Bus.Sends++;
    Bus.LastSend = (ULONG)(Channel - Channels);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI EvtchnBindCpu(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel, ULONG Cpu)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Cpu);
    return STATUS_NOT_SUPPORTED;
}

static VOID NTAPI EvtchnGetState(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel,
                                 PXENBUS_EVTCHN_STATE State)
{
    CHECK(Context == &Bus && Channel->Open);
    *State = (XENBUS_EVTCHN_STATE){
        .LocalPort = (ULONG)(Channel - Channels), .Masked = Channel->Masked, .Dead = Channel->Dead};
}

static NTSTATUS NTAPI EvtchnQueryPeer(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    CHECK(Context == &Bus && Channel->Open);
    return Channel->Peer && !Channel->Dead ? STATUS_SUCCESS : STATUS_DEVICE_NOT_CONNECTED;
}

VOID FakePortPeer(ULONG Port, BOOLEAN There)
{
    CHECK(Port < FAKE_PORTS && Channels[Port].Open);
    Channels[Port].Peer = There;
}

BOOLEAN FakePortFire(ULONG Port)
{
    BOOLEAN Fired = FALSE;
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    if (Port < FAKE_PORTS && Channels[Port].Open) {
        if (Channels[Port].Masked) {
            Channels[Port].Pending = TRUE;
        } else {
            Fired = TRUE;
            Channels[Port].Callback(Channels[Port].Argument);
        }
    }
    KeReleaseSpinLock(&Lock, Irql);
    return Fired;
}

BOOLEAN FakePortIsMasked(ULONG Port)
{
    CHECK(Channels[Port].Open);
    return Channels[Port].Masked;
}

/* --- Grants */

static NTSTATUS NTAPI GnttabPermit(PVOID Context, PXENBUS_GNTTAB_CLIENT Client, USHORT Domain,
                                   PFN_NUMBER Page, BOOLEAN ReadOnly, PULONG Reference)
{
    CHECK(Context == &Bus && Client != NULL);
    if (!NT_SUCCESS(Bus.PermitFailure) && Bus.PermitsLeft-- == 0)
        return Bus.PermitFailure;
    return BusGrantPermit(Domain, Page, ReadOnly, Reference);
}

BOOLEAN FakePeerMap(ULONG Reference, USHORT Domain)
{
    const BUS_GRANT *Grant = BusGrantFind(Reference);

    return Grant != NULL && Grant->Domain == Domain && BusGrantMap(Reference);
}

struct _XENBUS_GNTTAB_MAPPING {
    PMDL Mdl;
    PVOID System;
    ULONG Count;
};

static PXENBUS_GNTTAB_MAPPING LastMapping;

static NTSTATUS NTAPI GnttabMap(PVOID Context, USHORT Domain, ULONG Count, const ULONG *References,
                                BOOLEAN ReadOnly, PXENBUS_GNTTAB_MAPPING *Mapping)
{
    PHYSICAL_ADDRESS Low = {.QuadPart = 0}, High = {.QuadPart = MAXLONG64};
    PXENBUS_GNTTAB_MAPPING New;

    UNREFERENCED_PARAMETER(ReadOnly);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(Context == &Bus && Count > 0);
    if (!NT_SUCCESS(Bus.MapFailure))
        return Bus.MapFailure;
    /* Domain 7 grants the references from 100 on. */
    for (ULONG Index = 0; Index < Count; Index++)
        if (Domain != 7 || References[Index] < 100)
            return STATUS_ACCESS_DENIED;
    New = PoolAllocate(sizeof(*New), TAG);
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Count = Count;
    New->Mdl = MmAllocatePagesForMdlEx(Low, High, Low, (SIZE_T)Count * PAGE_SIZE, MmCached, 0);
    if (New->Mdl != NULL && MmGetMdlByteCount(New->Mdl) != Count * PAGE_SIZE) {
        MmFreePagesFromMdl(New->Mdl);
        ExFreePool(New->Mdl);
        New->Mdl = NULL;
    }
    New->System = New->Mdl == NULL
                      ? NULL
                      : MmMapLockedPagesSpecifyCache(New->Mdl, KernelMode, MmCached, NULL, FALSE,
                                                     NormalPagePriority | MAPPING_NO_EXECUTE);
    if (New->System == NULL) {
        if (New->Mdl != NULL) {
            MmFreePagesFromMdl(New->Mdl);
            ExFreePool(New->Mdl);
        }
        PoolFree(New, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Bus.Mappings++;
    Bus.MappedPages += (LONG)Count;
    LastMapping = *Mapping = New;
    return STATUS_SUCCESS;
}

static VOID NTAPI GnttabGetMapping(PVOID Context, PXENBUS_GNTTAB_MAPPING Mapping, PVOID *System,
                                   PMDL *Mdl)
{
    CHECK(Context == &Bus);
    *System = Mapping->System;
    *Mdl = Mapping->Mdl;
}

static VOID NTAPI GnttabUnmap(PVOID Context, PXENBUS_GNTTAB_MAPPING Mapping)
{
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(Context == &Bus);
    Bus.Mappings--;
    Bus.MappedPages -= (LONG)Mapping->Count;
    if (LastMapping == Mapping)
        LastMapping = NULL;
    MmUnmapLockedPages(Mapping->System, Mapping->Mdl);
    MmFreePagesFromMdl(Mapping->Mdl);
    ExFreePool(Mapping->Mdl);
    PoolFree(Mapping, TAG);
}

PUCHAR FakeForeignPage(ULONG Index)
{
    CHECK(LastMapping != NULL && Index < LastMapping->Count);
    return (PUCHAR)LastMapping->System + Index * PAGE_SIZE;
}

/* --- The store: a few keys, no directories but by the first letters */

typedef struct _FAKE_KEY {
    CHAR Path[64];
    CHAR Value[FAKE_TEXT + 1];
    ULONG Length;
    XENBUS_STORE_PERMISSION Permissions[256];
    ULONG PermissionCount;
} FAKE_KEY;

struct _XENBUS_STORE_WATCH {
    LIST_ENTRY Link;
    XENBUS_STORE_WATCH_CALLBACK *Callback;
    PVOID Argument;
    CHAR Path[64];
};

static FAKE_KEY Keys[FAKE_KEYS];
static LIST_ENTRY Watches;

static FAKE_KEY *KeyFind(PCSTR Path)
{
    for (ULONG Index = 0; Index < FAKE_KEYS; Index++)
        if (Keys[Index].Path[0] != '\0' && strcmp(Keys[Index].Path, Path) == 0)
            return &Keys[Index];
    return NULL;
}

static NTSTATUS KeySet(PCSTR Path, const VOID *Value, ULONG Length)
{
    FAKE_KEY *Key = KeyFind(Path);

    if (strlen(Path) >= sizeof(Key->Path) || Length > FAKE_TEXT)
        return STATUS_INVALID_PARAMETER;
    for (ULONG Index = 0; Key == NULL && Index < FAKE_KEYS; Index++)
        if (Keys[Index].Path[0] == '\0')
            Key = &Keys[Index];
    if (Key == NULL)
        return STATUS_DISK_FULL;
    strcpy(Key->Path, Path);
    memcpy(Key->Value, Value, Length);
    Key->Value[Length] = '\0';
    Key->Length = Length;
    return STATUS_SUCCESS;
}

static VOID FireWatches(PCSTR Path)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    for (PLIST_ENTRY Entry = Watches.Flink; Entry != &Watches; Entry = Entry->Flink) {
        PXENBUS_STORE_WATCH Watch = CONTAINING_RECORD(Entry, XENBUS_STORE_WATCH, Link);

        if (strncmp(Path, Watch->Path, strlen(Watch->Path)) == 0)
            Watch->Callback(Watch->Argument, Path);
    }
    KeReleaseSpinLock(&Lock, Irql);
}

static NTSTATUS Answer(const XENBUS_STORE_COMMAND *Command, const VOID *Bytes, ULONG Length,
                       PULONG AnswerLength)
{
    if (AnswerLength != NULL)
        *AnswerLength = Length;
    if (Length > Command->AnswerRoom)
        return STATUS_BUFFER_OVERFLOW;
    memcpy(Command->Answer, Bytes, Length);
    return STATUS_SUCCESS;
}

static NTSTATUS List(const XENBUS_STORE_COMMAND *Command, PULONG AnswerLength)
{
    CHAR Names[FAKE_KEYS * 64];
    ULONG Length = 0;
    SIZE_T Prefix = strlen(Command->Node);

    for (ULONG Index = 0; Index < FAKE_KEYS; Index++) {
        PCSTR Path = Keys[Index].Path;

        if (strncmp(Path, Command->Node, Prefix) != 0 || Path[Prefix] != '/')
            continue;
        strcpy(Names + Length, Path + Prefix + 1);
        Length += (ULONG)strlen(Path + Prefix + 1) + 1;
    }
    if (Length == 0 && KeyFind(Command->Node) == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return Answer(Command, Names, Length, AnswerLength);
}

static NTSTATUS NTAPI StoreExecute(PVOID Context, const XENBUS_STORE_COMMAND *Command,
                                   ULONG TimeoutMs, PULONG AnswerLength)
{
    FAKE_KEY *Key;
    NTSTATUS Status;

    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(Context == &Bus && TimeoutMs > 0);
    if (!NT_SUCCESS(Bus.StoreFailure))
        return Bus.StoreFailure;
    Key = KeyFind(Command->Node);
    switch (Command->Operation) {
    case XENBUS_STORE_READ:
        return Key == NULL ? STATUS_OBJECT_NAME_NOT_FOUND
                           : Answer(Command, Key->Value, Key->Length, AnswerLength);
    case XENBUS_STORE_WRITE:
        Status = KeySet(Command->Node, Command->Value, Command->ValueLength);
        if (NT_SUCCESS(Status))
            FireWatches(Command->Node);
        return Status;
    case XENBUS_STORE_REMOVE:
        if (Key == NULL)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        Key->Path[0] = '\0';
        FireWatches(Command->Node);
        return STATUS_SUCCESS;
    case XENBUS_STORE_DIRECTORY:
        return List(Command, AnswerLength);
    case XENBUS_STORE_SET_PERMISSIONS:
        if (Key == NULL)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        CHECK(Command->ValueLength <= sizeof(Key->Permissions));
        memcpy(Key->Permissions, Command->Value, Command->ValueLength);
        Key->PermissionCount = Command->ValueLength / sizeof(Key->Permissions[0]);
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static NTSTATUS NTAPI StoreSubmit(PVOID Context, const XENBUS_STORE_COMMAND *Command,
                                  XENBUS_STORE_COMPLETED *Completed, PVOID Argument,
                                  PXENBUS_STORE_REQUEST *Request)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Command);
    UNREFERENCED_PARAMETER(Completed);
    UNREFERENCED_PARAMETER(Argument);
    UNREFERENCED_PARAMETER(Request);
    return STATUS_NOT_SUPPORTED;
}

static BOOLEAN NTAPI StoreCancel(PVOID Context, PXENBUS_STORE_REQUEST Request)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Request);
    return FALSE;
}

static NTSTATUS NTAPI StoreAddWatch(PVOID Context, PCSTR Prefix, PCSTR Node,
                                    XENBUS_STORE_WATCH_CALLBACK *Callback, PVOID Argument,
                                    PXENBUS_STORE_WATCH *Watch)
{
    PXENBUS_STORE_WATCH New;
    KIRQL Irql;

    CHECK(Context == &Bus && Prefix == NULL);
    if (strlen(Node) >= sizeof(New->Path))
        return STATUS_INVALID_PARAMETER;
    New = PoolAllocate(sizeof(*New), TAG);
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Callback = Callback;
    New->Argument = Argument;
    strcpy(New->Path, Node);
    KeAcquireSpinLock(&Lock, &Irql);
    InsertTailList(&Watches, &New->Link);
    Bus.Watches++;
    *Watch = New;
    Callback(Argument, Node);
    KeReleaseSpinLock(&Lock, Irql);
    return STATUS_SUCCESS;
}

static VOID NTAPI StoreRemoveWatch(PVOID Context, PXENBUS_STORE_WATCH Watch)
{
    KIRQL Irql;

    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(Context == &Bus);
    KeAcquireSpinLock(&Lock, &Irql);
    RemoveEntryList(&Watch->Link);
    Bus.Watches--;
    KeReleaseSpinLock(&Lock, Irql);
    PoolFree(Watch, TAG);
}

VOID FakeStoreSet(PCSTR Path, PCSTR Value)
{
    if (Value == NULL) {
        FAKE_KEY *Key = KeyFind(Path);

        if (Key != NULL)
            Key->Path[0] = '\0';
    } else {
        CHECK(NT_SUCCESS(KeySet(Path, Value, (ULONG)strlen(Value))));
    }
    FireWatches(Path);
}

PCSTR FakeStoreGet(PCSTR Path)
{
    FAKE_KEY *Key = KeyFind(Path);

    return Key == NULL ? NULL : Key->Value;
}

ULONG FakeStorePermissions(PCSTR Path, ULONG Index, USHORT *Domain)
{
    FAKE_KEY *Key = KeyFind(Path);

    CHECK(Key != NULL && Index < Key->PermissionCount);
    *Domain = Key->Permissions[Index].Domain;
    return Key->Permissions[Index].Access;
}

/* --- Suspend, clock, debug */

struct _XENBUS_SUSPEND_CALLBACK_ENTRY {
    XENBUS_SUSPEND_CALLBACK *Callback;
    PVOID Argument;
};
struct _XENBUS_DEBUG_CALLBACK_ENTRY {
    XENBUS_DEBUG_CALLBACK *Callback;
    PVOID Argument;
};

static struct _XENBUS_SUSPEND_CALLBACK_ENTRY Late;
static struct _XENBUS_DEBUG_CALLBACK_ENTRY Dump;

static NTSTATUS NTAPI SuspendRegister(PVOID Context, XENBUS_SUSPEND_PHASE Phase, ULONG Order,
                                      XENBUS_SUSPEND_CALLBACK *Callback, PVOID Argument,
                                      PXENBUS_SUSPEND_HANDLE *Handle)
{
    PVOID Memory = PoolAllocate(16, TAG); /* a chance to fail */

    CHECK(Context == &Bus && Phase == XenbusSuspendLate && Order >= XENBUS_SUSPEND_ORDER_CHILD);
    CHECK(Late.Callback == NULL);
    if (Memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    PoolFree(Memory, TAG);
    Late.Callback = Callback;
    Late.Argument = Argument;
    Bus.SuspendCallbacks++;
    *Handle = &Late;
    return STATUS_SUCCESS;
}

static VOID NTAPI SuspendDeregister(PVOID Context, PXENBUS_SUSPEND_HANDLE Handle)
{
    CHECK(Context == &Bus && Handle == &Late && Late.Callback != NULL);
    Late.Callback = NULL;
    Bus.SuspendCallbacks--;
}

static ULONG NTAPI SuspendGetCount(PVOID Context)
{
    CHECK(Context == &Bus);
    return Bus.ResumeCount;
}

static NTSTATUS NTAPI SuspendTrigger(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    return STATUS_CANCELLED;
}

VOID FakeResume(VOID)
{
    Bus.ResumeCount++;
    for (ULONG Port = 1; Port < FAKE_PORTS; Port++)
        Channels[Port].Dead = Channels[Port].Open;
    if (Late.Callback != NULL)
        Late.Callback(Late.Argument);
}

static NTSTATUS NTAPI GetTime(PVOID Context, PLARGE_INTEGER Time, PBOOLEAN Local)
{
    CHECK(Context == &Bus);
    Time->QuadPart = 0x0123456789abcdef;
    *Local = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI DebugRegister(PVOID Context, PCSTR Name, XENBUS_DEBUG_CALLBACK *Callback,
                                    PVOID Argument, PXENBUS_DEBUG_HANDLE *Handle)
{
    PVOID Memory = PoolAllocate(16, TAG);

    CHECK(Context == &Bus && Name != NULL && Dump.Callback == NULL);
    if (Memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    PoolFree(Memory, TAG);
    Dump.Callback = Callback;
    Dump.Argument = Argument;
    Bus.Dumps++;
    *Handle = &Dump;
    return STATUS_SUCCESS;
}

static VOID NTAPI DebugDeregister(PVOID Context, PXENBUS_DEBUG_HANDLE Handle)
{
    CHECK(Context == &Bus && Handle == &Dump && Dump.Callback != NULL);
    Dump.Callback = NULL;
    Bus.Dumps--;
}

static VOID NTAPI DebugTrigger(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static VOID NTAPI DebugLog(PVOID Context, PCSTR Line)
{
    CHECK(Context == &Bus && strlen(Line) < 256);
    strcpy(Bus.Log[Bus.LogLines++ % FAKE_LOG_LINES], Line);
}

static VOID NTAPI SinkWrite(PXENBUS_DEBUG_SINK Sink, PCSTR Line)
{
    UNREFERENCED_PARAMETER(Sink);
    CHECK(strlen(Line) < XENBUS_DEBUG_LINE_BYTES);
    Bus.DumpLines++;
}

VOID FakeDump(VOID)
{
    XENBUS_DEBUG_SINK Sink = {SinkWrite};

    CHECK(Dump.Callback != NULL);
    Dump.Callback(Dump.Argument, &Sink);
}

/* --- The services */

static VOID NTAPI InterfaceReference(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    InterlockedIncrement(&Bus.InterfaceReferences);
}

static VOID NTAPI InterfaceDereference(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    CHECK(InterlockedDecrement(&Bus.InterfaceReferences) >= 0);
}

#define HEAD(Type)                                                                                 \
    {                                                                                              \
        sizeof(XENBUS_##Type##_INTERFACE_V1), 1, &Bus, InterfaceReference, InterfaceDereference    \
    }

static const XENBUS_EVTCHN_INTERFACE_V1 Evtchn = {HEAD(EVTCHN),  EvtchnOpen,     EvtchnClose,
                                                  EvtchnMask,    EvtchnUnmask,   EvtchnSend,
                                                  EvtchnBindCpu, EvtchnGetState, EvtchnQueryPeer};
static const XENBUS_GNTTAB_INTERFACE_V1 Gnttab = {
    HEAD(GNTTAB),    BusGrantCreateClient, BusGrantDestroyClient,
    GnttabPermit,    BusGrantRevoke,       BusGrantRevokeLater,
    GnttabMap,       GnttabGetMapping,     GnttabUnmap,
    BusGrantGetState};
static const XENBUS_STORE_INTERFACE_V1 Store = {HEAD(STORE),  StoreSubmit,   StoreCancel,
                                                StoreExecute, StoreAddWatch, StoreRemoveWatch};
static const XENBUS_SUSPEND_INTERFACE_V1 Suspend = {
    HEAD(SUSPEND), SuspendRegister, SuspendDeregister, SuspendGetCount, SuspendTrigger};
static const XENBUS_SHARED_INFO_INTERFACE_V1 SharedInfo = {HEAD(SHARED_INFO), GetTime};
static const XENBUS_DEBUG_INTERFACE_V1 Debug = {HEAD(DEBUG), DebugRegister, DebugDeregister,
                                                DebugTrigger, DebugLog};

static const struct child_service Services[] = {
    {&GUID_XENBUS_EVTCHN, &Evtchn},
    {&GUID_XENBUS_GNTTAB, &Gnttab},
    {&GUID_XENBUS_STORE, &Store},
    {&GUID_XENBUS_SUSPEND, &Suspend},
    {&GUID_XENBUS_SHARED_INFO, &SharedInfo},
    {&GUID_XENBUS_DEBUG, &Debug},
};

static NTSTATUS QueryInterface(PIO_STACK_LOCATION Stack)
{
    return child_bus_service(Stack, Services, RTL_NUMBER_OF(Services), Bus.Missing);
}

/* --- Start and stop */

DRIVER_INITIALIZE XenifaceDriverEntry; /* the driver's DriverEntry, under this name in the bench */

static const struct pnp_driver Function = {
    .name = "xeniface",
    .hardware_id = "CASEMENT\\IFACE",
    .entry = XenifaceDriverEntry,
    .sddl = "D:P(A;;GA;;;SY)(A;;GA;;;BA)",
};

NTSTATUS FakeBusStart(VOID)
{
    NTSTATUS Status;

    fault_pause();
    PoolInitialize();
    KeInitializeSpinLock(&Lock);
    InitializeListHead(&Watches);
    BusGrantsBegin(&Bus);
    pnp_install(&Function);
    ChildBus = (struct child_bus){
        .id = XENBUS_CHILD_ID_IFACE, .instance = L"0", .query_interface = QueryInterface};
    child_bus_make("fakebus");
    fault_resume();
    Status = pnp_start(ChildBus.node);
    return Status;
}

struct pnp_node *FakeBusNode(VOID)
{
    return ChildBus.node;
}

VOID FakeBusStop(VOID)
{
    sched_settle(); /* a request that was cancelled may hold its file a moment longer than its
                       process */
    if (!ChildBus.gone && ChildBus.node->state == PNP_STARTED)
        CHECK(NT_SUCCESS(pnp_disable(ChildBus.node)));
    pnp_settle();
    CHECK_EQ(Bus.InterfaceReferences, 0);
    CHECK_EQ(Bus.Ports, 0);
    CHECK_EQ(BusGrants.Grants, BusGrants.Deferred);
    CHECK_EQ(Bus.Mappings, 0);
    CHECK_EQ(Bus.Watches, 0);
    CHECK_EQ(Bus.SuspendCallbacks, 0);
    CHECK_EQ(Bus.Dumps, 0);
    CHECK_EQ(BusGrants.Clients, 0);
    pnp_uninstall("xeniface");
    child_bus_end();
}
