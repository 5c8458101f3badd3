/* SPDX-License-Identifier: BSD-2-Clause */
/* See vbd_bus.h: the services, and the child's device. The backend is in vbd_backend.c. */
#include <initguid.h>

#include "vbd_bus.h"
#include "vbd_backend.h"

#include <xenbus/children.h>
#include <xenbus/debug.h>
#include <xenbus/gnttab.h>
#include <xenbus/store.h>
#include <xenbus/suspend.h>
#include <xenbus/unplug.h>

#include "bus_grants.h"
#include "child_bus.h"
#include "harness.h"
#include "model/device.h"
#include "model/fault.h"
#include "model/pages.h"
#include "model/pnp.h"
#include "model/sched.h"
#include "model/storport.h"
#include "windows/kernel/common/pool.h"

#define TAG 0x42646256 /* VbdB */

VBD_BUS VbdBus = {.QueuesMax = 4, .RingOrderMax = 4};

static KSPIN_LOCK Lock; /* everything */

static VOID Take(PKIRQL Irql)
{
    KeAcquireSpinLock(&Lock, Irql);
}

static VOID Give(KIRQL Irql)
{
    KeReleaseSpinLock(&Lock, Irql);
}

/* --- Event channels. A callback runs without the lock, never twice at a time, and not after Close.
 */

enum { CHANNELS = 64 };

struct _XENBUS_EVTCHN_CHANNEL {
    BOOLEAN Open, Masked, Pending, Running, Dead;
    XENBUS_EVTCHN_CALLBACK *Callback;
    PVOID Argument;
};
static struct _XENBUS_EVTCHN_CHANNEL Channels[CHANNELS];

static NTSTATUS NTAPI EvtchnOpen(PVOID Context, const XENBUS_EVTCHN_PARAMETERS *Parameters,
                                 XENBUS_EVTCHN_CALLBACK *Callback, PVOID Argument,
                                 PXENBUS_EVTCHN_CHANNEL *Channel)
{
    KIRQL Irql;

    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK_EQ(Parameters->Type, XENBUS_EVTCHN_UNBOUND);
    CHECK_EQ(Parameters->RemoteDomain, VBD_BACKEND_DOMAIN);
    if (fault_here("event channel"))
        return STATUS_INSUFFICIENT_RESOURCES;
    Take(&Irql);
    for (ULONG i = 1; i < CHANNELS; i++) {
        if (Channels[i].Open)
            continue;
        Channels[i] = (struct _XENBUS_EVTCHN_CHANNEL){
            .Open = TRUE, .Masked = TRUE, .Callback = Callback, .Argument = Argument};
        VbdBus.Channels++;
        *Channel = &Channels[i];
        Give(Irql);
        return STATUS_SUCCESS;
    }
    Give(Irql);
    return STATUS_INSUFFICIENT_RESOURCES;
}

/* Runs the callback as long as events are pending. */
static VOID Deliver(PXENBUS_EVTCHN_CHANNEL Channel)
{
    KIRQL Irql;

    Take(&Irql);
    while (Channel->Open && Channel->Pending && !Channel->Masked && !Channel->Running) {
        Channel->Pending = FALSE;
        Channel->Running = TRUE;
        KeReleaseSpinLockFromDpcLevel(&Lock);
        Channel->Callback(Channel->Argument);
        KeAcquireSpinLockAtDpcLevel(&Lock);
        Channel->Running = FALSE;
    }
    Give(Irql);
}

VOID VbdBusFire(ULONG Port)
{
    KIRQL Irql;

    if (Port == 0 || Port >= CHANNELS)
        return;
    Take(&Irql);
    Channels[Port].Pending = Channels[Port].Open && !Channels[Port].Dead;
    Give(Irql);
    Deliver(&Channels[Port]);
}

static BOOLEAN Closing(PXENBUS_EVTCHN_CHANNEL Channel)
{
    BOOLEAN Running;
    KIRQL Irql;

    Take(&Irql);
    Channel->Masked = TRUE;
    Running = Channel->Running;
    if (!Running) {
        RtlZeroMemory(Channel, sizeof(*Channel));
        VbdBus.Channels--;
    }
    Give(Irql);
    return Running;
}

static VOID NTAPI EvtchnClose(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    LARGE_INTEGER Moment = {.QuadPart = -10};

    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(Channel->Open);
    while (Closing(Channel))
        KeDelayExecutionThread(KernelMode, FALSE, &Moment);
}

static VOID NTAPI EvtchnMask(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    Channel->Masked = TRUE;
}

static VOID NTAPI EvtchnUnmask(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    CHECK(Channel->Open);
    Channel->Masked = FALSE;
    Deliver(Channel);
}

static NTSTATUS NTAPI EvtchnSend(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    CHECK(Channel->Open);
    if (Channel->Dead)
        return STATUS_DEVICE_NOT_CONNECTED;
    VbdBackendNotify();
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI EvtchnBindCpu(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel, ULONG Cpu)
{
    return STATUS_NOT_SUPPORTED;
}

static VOID NTAPI EvtchnGetState(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel,
                                 PXENBUS_EVTCHN_STATE State)
{
    *State = (XENBUS_EVTCHN_STATE){.LocalPort = (ULONG)(Channel - Channels)};
}

static NTSTATUS NTAPI EvtchnQueryPeer(PVOID Context, PXENBUS_EVTCHN_CHANNEL Channel)
{
    return STATUS_NOT_SUPPORTED;
}

/* --- Grants. */

static NTSTATUS NTAPI Permit(PVOID Context, PXENBUS_GNTTAB_CLIENT Client, USHORT Domain,
                             PFN_NUMBER Page, BOOLEAN ReadOnly, PULONG Reference)
{
    CHECK(Context == &VbdBus && Client);
    CHECK_EQ(Domain, VBD_BACKEND_DOMAIN);
    CHECK(!ReadOnly);
    if ((VbdBus.PermitsLeft && --VbdBus.PermitsLeft == 0) || fault_here("grant"))
        return STATUS_INSUFFICIENT_RESOURCES;
    return BusGrantPermit(Domain, Page, ReadOnly, Reference);
}

static NTSTATUS NTAPI MapForeign(PVOID Context, USHORT Domain, ULONG Count, const ULONG *References,
                                 BOOLEAN ReadOnly, PXENBUS_GNTTAB_MAPPING *Mapping)
{
    return STATUS_NOT_SUPPORTED;
}

static VOID NTAPI GetMapping(PVOID Context, PXENBUS_GNTTAB_MAPPING Mapping, PVOID *System,
                             PMDL *Mdl)
{
}

static VOID NTAPI UnmapForeign(PVOID Context, PXENBUS_GNTTAB_MAPPING Mapping)
{
}

PUCHAR VbdBusPage(ULONG Reference)
{
    const BUS_GRANT *Grant = BusGrantFind(Reference);

    return Grant ? pages_address(Grant->Frame) : NULL;
}

PUCHAR VbdBusMap(ULONG Reference)
{
    return BusGrantMap(Reference) ? VbdBusPage(Reference) : NULL;
}

VOID VbdBusUnmapAll(VOID)
{
    for (ULONG i = BUS_GRANT_FIRST; i < BUS_GRANTS; i++)
        (VOID) BusGrantUnmap(i);
}

/* --- XenStore: a few keys. */

enum { KEYS = 160, PATH = 96, VALUE = 80 };

static struct {
    CHAR Path[PATH], Value[VALUE];
} Keys[KEYS];

struct _XENBUS_STORE_WATCH {
    XENBUS_STORE_WATCH_CALLBACK *Callback;
    PVOID Argument;
    CHAR Path[PATH];
};
static struct _XENBUS_STORE_WATCH *Watch;

static VOID Join(PSTR Out, PCSTR Prefix, PCSTR Name)
{
    SIZE_T Length = Prefix ? strlen(Prefix) : 0;

    CHECK(Length + strlen(Name) + 2 <= PATH);
    if (Prefix) {
        memcpy(Out, Prefix, Length);
        Out[Length++] = '/';
    }
    strcpy(Out + Length, Name);
}

static PSTR Value(PCSTR Path)
{
    for (ULONG i = 0; i < KEYS; i++)
        if (strcmp(Keys[i].Path, Path) == 0)
            return Keys[i].Value;
    return NULL;
}

static VOID SetBytes(PCSTR Path, const VOID *Bytes, SIZE_T Length)
{
    PSTR Old = Value(Path);

    CHECK(Length < VALUE);
    for (ULONG i = 0; !Old && i < KEYS; i++)
        if (!Keys[i].Path[0]) {
            strcpy(Keys[i].Path, Path);
            Old = Keys[i].Value;
        }
    CHECK(Old != NULL);
    memcpy(Old, Bytes, Length);
    Old[Length] = 0;
}

static VOID Remove(PCSTR Path)
{
    for (ULONG i = 0; i < KEYS; i++)
        if (strcmp(Keys[i].Path, Path) == 0)
            Keys[i].Path[0] = 0;
}

VOID VbdBusSet(PCSTR Prefix, PCSTR Name, PCSTR Text)
{
    CHAR Path[PATH];
    KIRQL Irql;

    Join(Path, Prefix, Name);
    if (Text)
        SetBytes(Path, Text, strlen(Text));
    else
        Remove(Path);
    Take(&Irql);
    if (Watch && strcmp(Watch->Path, Path) == 0)
        Watch->Callback(Watch->Argument, Path);
    Give(Irql);
}

PCSTR VbdBusGet(PCSTR Prefix, PCSTR Name)
{
    CHAR Path[PATH];

    Join(Path, Prefix, Name);
    return Value(Path);
}

static NTSTATUS NTAPI Execute(PVOID Context, const XENBUS_STORE_COMMAND *Command, ULONG TimeoutMs,
                              PULONG AnswerLength)
{
    CHAR Path[PATH];
    PCSTR Text;

    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(TimeoutMs > 0);
    if (!NT_SUCCESS(VbdBus.StoreFailure))
        return VbdBus.StoreFailure;
    if (fault_here("xenstore"))
        return STATUS_IO_TIMEOUT;
    Join(Path, Command->Prefix, Command->Node);
    switch (Command->Operation) {
    case XENBUS_STORE_READ:
        Text = Value(Path);
        if (!Text)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        *AnswerLength = (ULONG)strlen(Text);
        if (*AnswerLength > Command->AnswerRoom)
            return STATUS_BUFFER_OVERFLOW;
        memcpy(Command->Answer, Text, *AnswerLength);
        return STATUS_SUCCESS;
    case XENBUS_STORE_WRITE:
        SetBytes(Path, Command->Value, Command->ValueLength);
        VbdBackendFollow(Command->Node);
        return STATUS_SUCCESS;
    case XENBUS_STORE_REMOVE:
        Remove(Path);
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static NTSTATUS NTAPI Submit(PVOID Context, const XENBUS_STORE_COMMAND *Command,
                             XENBUS_STORE_COMPLETED *Completed, PVOID Argument,
                             PXENBUS_STORE_REQUEST *Request)
{
    return STATUS_NOT_SUPPORTED;
}

static BOOLEAN NTAPI Cancel(PVOID Context, PXENBUS_STORE_REQUEST Request)
{
    return FALSE;
}

static NTSTATUS NTAPI AddWatch(PVOID Context, PCSTR Prefix, PCSTR Name,
                               XENBUS_STORE_WATCH_CALLBACK *Callback, PVOID Argument,
                               PXENBUS_STORE_WATCH *Out)
{
    PXENBUS_STORE_WATCH New = PoolAllocate(sizeof(*New), TAG);
    KIRQL Irql;

    CHECK(Watch == NULL);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Callback = Callback;
    New->Argument = Argument;
    Join(New->Path, Prefix, Name);
    *Out = New;
    Take(&Irql);
    Watch = New;
    VbdBus.Watches++;
    Callback(Argument, New->Path);
    Give(Irql);
    return STATUS_SUCCESS;
}

static VOID NTAPI RemoveWatch(PVOID Context, PXENBUS_STORE_WATCH Old)
{
    KIRQL Irql;

    CHECK(Old == Watch);
    Take(&Irql);
    Watch = NULL;
    VbdBus.Watches--;
    Give(Irql);
    PoolFree(Old, TAG);
}

/* --- Suspend, debug, unplug. */

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

static NTSTATUS NTAPI Register(PVOID Context, XENBUS_SUSPEND_PHASE Phase, ULONG Order,
                               XENBUS_SUSPEND_CALLBACK *Callback, PVOID Argument,
                               PXENBUS_SUSPEND_HANDLE *Handle)
{
    CHECK(Phase == XenbusSuspendLate && Order >= XENBUS_SUSPEND_ORDER_CHILD && !Late.Callback);
    if (fault_here("suspend callback"))
        return STATUS_INSUFFICIENT_RESOURCES;
    Late.Callback = Callback;
    Late.Argument = Argument;
    VbdBus.Callbacks++;
    *Handle = &Late;
    return STATUS_SUCCESS;
}

static VOID NTAPI Deregister(PVOID Context, PXENBUS_SUSPEND_HANDLE Handle)
{
    CHECK(Handle == &Late && Late.Callback);
    Late.Callback = NULL;
    VbdBus.Callbacks--;
}

static ULONG Resumes;

static ULONG NTAPI GetCount(PVOID Context)
{
    return Resumes;
}

static NTSTATUS NTAPI Trigger(PVOID Context)
{
    return STATUS_CANCELLED;
}

VOID VbdBusResume(VOID)
{
    KIRQL Irql;

    Resumes++;
    VbdBackendForget(); /* the watch tells before the late callback comes */
    Take(&Irql);
    for (ULONG i = 1; i < CHANNELS; i++)
        Channels[i].Dead = Channels[i].Open;
    Give(Irql);
    BusGrantsDie();
    if (Late.Callback)
        Late.Callback(Late.Argument);
}

static NTSTATUS NTAPI DebugRegister(PVOID Context, PCSTR Name, XENBUS_DEBUG_CALLBACK *Callback,
                                    PVOID Argument, PXENBUS_DEBUG_HANDLE *Handle)
{
    if (fault_here("debug callback"))
        return STATUS_INSUFFICIENT_RESOURCES;
    Dump.Callback = Callback;
    Dump.Argument = Argument;
    VbdBus.Dumps++;
    *Handle = &Dump;
    return STATUS_SUCCESS;
}

static VOID NTAPI DebugDeregister(PVOID Context, PXENBUS_DEBUG_HANDLE Handle)
{
    Dump.Callback = NULL;
    VbdBus.Dumps--;
}

static VOID NTAPI DebugTrigger(PVOID Context)
{
}

static VOID NTAPI DebugLog(PVOID Context, PCSTR Line)
{
    CHECK(strlen(Line) < sizeof(VbdBus.LastLog));
    strcpy(VbdBus.LastLog, Line);
}

static VOID NTAPI SinkWrite(PXENBUS_DEBUG_SINK Sink, PCSTR Line)
{
    CHECK(strlen(Line) < XENBUS_DEBUG_LINE_BYTES);
}

VOID VbdBusDump(VOID)
{
    XENBUS_DEBUG_SINK Sink = {SinkWrite};

    CHECK(Dump.Callback != NULL);
    Dump.Callback(Dump.Argument, &Sink);
}

static NTSTATUS NTAPI Announce(PVOID Context, XENBUS_UNPLUG_CLASS Class, PCWSTR Service,
                               BOOLEAN Live)
{
    return STATUS_SUCCESS;
}

static BOOLEAN NTAPI IsUnplugged(PVOID Context, XENBUS_UNPLUG_CLASS Class)
{
    return !VbdBus.NoUnplug;
}

static NTSTATUS NTAPI AnnounceDisk(PVOID Context, PCWSTR Service, ULONG Number)
{
    CHECK_EQ(Number, VBD_BUS_NUMBER);
    CHECK(wcscmp(Service, L"xenvbd") == 0);
    VbdBus.Announced++;
    return STATUS_SUCCESS;
}

/* --- The services. */

static VOID NTAPI InterfaceReference(PVOID Context)
{
    InterlockedIncrement(&VbdBus.References);
}

static VOID NTAPI InterfaceDereference(PVOID Context)
{
    CHECK(InterlockedDecrement(&VbdBus.References) >= 0);
}

#define HEAD(Type, Version)                                                                        \
    {                                                                                              \
        sizeof(XENBUS_##Type##_INTERFACE_V##Version), Version, &VbdBus, InterfaceReference,        \
            InterfaceDereference                                                                   \
    }
static const XENBUS_EVTCHN_INTERFACE_V1 Evtchn = {HEAD(EVTCHN, 1), EvtchnOpen,     EvtchnClose,
                                                  EvtchnMask,      EvtchnUnmask,   EvtchnSend,
                                                  EvtchnBindCpu,   EvtchnGetState, EvtchnQueryPeer};
static const XENBUS_GNTTAB_INTERFACE_V1 Gnttab = {
    HEAD(GNTTAB, 1), BusGrantCreateClient, BusGrantDestroyClient,
    Permit,          BusGrantRevoke,       BusGrantRevokeLater,
    MapForeign,      GetMapping,           UnmapForeign,
    BusGrantGetState};
static const XENBUS_STORE_INTERFACE_V1 Store = {HEAD(STORE, 1), Submit,   Cancel,
                                                Execute,        AddWatch, RemoveWatch};
static const XENBUS_SUSPEND_INTERFACE_V1 Suspend = {HEAD(SUSPEND, 1), Register, Deregister,
                                                    GetCount, Trigger};
static const XENBUS_DEBUG_INTERFACE_V1 Debug = {HEAD(DEBUG, 1), DebugRegister, DebugDeregister,
                                                DebugTrigger, DebugLog};
static const XENBUS_UNPLUG_INTERFACE_V2 Unplug = {HEAD(UNPLUG, 2), Announce, IsUnplugged,
                                                  AnnounceDisk};

static const struct child_service Services[] = {
    {&GUID_XENBUS_EVTCHN, &Evtchn}, {&GUID_XENBUS_GNTTAB, &Gnttab},
    {&GUID_XENBUS_STORE, &Store},   {&GUID_XENBUS_SUSPEND, &Suspend},
    {&GUID_XENBUS_DEBUG, &Debug},   {&GUID_XENBUS_UNPLUG, &Unplug},
};

static NTSTATUS QueryInterface(PIO_STACK_LOCATION Stack)
{
    return child_bus_service(Stack, Services, RTL_NUMBER_OF(Services), VbdBus.Missing);
}

/* --- Start and stop. */

DRIVER_INITIALIZE XenvbdDriverEntry;

static const struct pnp_driver Function = {
    .name = "xenvbd", .hardware_id = "CASEMENT\\VBD", .entry = XenvbdDriverEntry};

NTSTATUS VbdBusStart(VOID)
{
    fault_pause();
    PoolInitialize();
    KeInitializeSpinLock(&Lock);
    BusGrantsBegin(&VbdBus);
    VbdBackendBegin();
    pnp_install(&Function);
    ChildBus = (struct child_bus){.id = XENBUS_CHILD_ID_VBD,
                                  .instance = L"51712",
                                  .address = VBD_BUS_NUMBER,
                                  .query_interface = QueryInterface};
    child_bus_make("vbdbus");
    fault_resume();
    return pnp_start(ChildBus.node);
}

struct pnp_node *VbdBusNode(VOID)
{
    return ChildBus.node;
}

struct storport_adapter *VbdBusAdapter(VOID)
{
    return storport_of(ChildBus.node);
}

VOID VbdBusSurprise(VOID)
{
    pnp_surprise_remove(ChildBus.node);
    pnp_settle();
}

VOID VbdBusStop(VOID)
{
    sched_settle();
    pnp_settle();
    if (!ChildBus.gone && ChildBus.node->state == PNP_STARTED)
        CHECK(NT_SUCCESS(pnp_disable(ChildBus.node)));
    pnp_settle();
    CHECK_EQ(VbdBus.References, 0);
    CHECK_EQ(VbdBus.Channels, 0);
    CHECK_EQ(BusGrants.Grants, BusGrants.Deferred);
    CHECK_EQ(VbdBus.Watches, 0);
    CHECK_EQ(VbdBus.Callbacks, 0);
    CHECK_EQ(VbdBus.Dumps, 0);
    CHECK_EQ(BusGrants.Clients, 0);
    VbdBusUnmapAll();
    CHECK_EQ(BusGrants.Grants, 0);
    pnp_uninstall("xenvbd");
    child_bus_end();
    VbdBackendEnd();
}
