/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The children of the bus, found in xenstore: a watch on "device" asks for a scan, a scan compares
 * what is listed with what we have, and the PnP manager is told when that changed. A list that
 * cannot be read changes nothing: an xenstored that is slow or gone takes no disk away.
 *
 * A device that went and came back under the same number gets a new physical device only when the
 * old one has been deleted, because the PnP manager must never see two of one name.
 */
#include "device.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/text.h"
#include <core/xen/children.h>

enum {
    LIST_BYTES = 16384, /* more than XEN_CHILDREN_MAX names need */
    LIST_LIMIT_MS = 2000,
    RETRY_FIRST_MS = 1000,
    RETRY_LONGEST_MS = 32000,
};

static const PCSTR Lists[XenbusClasses] = {[XenbusVbd] = "device/vbd", [XenbusVif] = "device/vif"};

static VOID Acquire(_In_ PKMUTEX Mutex)
{
    (VOID) KeWaitForSingleObject(Mutex, Executive, KernelMode, FALSE, NULL);
}

static VOID Release(_In_ PKMUTEX Mutex)
{
    (VOID) KeReleaseMutex(Mutex, FALSE);
}

/* --- Scans. --- */

static PXENBUS_PDO Find(_In_ PXENBUS_FDO Fdo, _In_ XENBUS_CHILD_CLASS Class, _In_ ULONG Number)
{
    for (PLIST_ENTRY Entry = Fdo->Children.Flink; Entry != &Fdo->Children; Entry = Entry->Flink) {
        PXENBUS_PDO Pdo = CONTAINING_RECORD(Entry, XENBUS_PDO, Link);
        if (Pdo->Class == Class && Pdo->Number == Number)
            return Pdo;
    }
    return NULL;
}

static BOOLEAN Listed(_In_ const uint32_t *Numbers, _In_ SIZE_T Count, _In_ ULONG Number)
{
    for (SIZE_T i = 0; i < Count; i++)
        if (Numbers[i] == Number)
            return TRUE;
    return FALSE;
}

static VOID LogChild(_In_ PCSTR What, _In_ XENBUS_CHILD_CLASS Class, _In_ ULONG Number)
{
    TEXT Text;

    TextInit(&Text, What);
    TextAdd(&Text, Lists[Class] ? Lists[Class] : "iface");
    TextAdd(&Text, "/");
    TextAddDecimal(&Text, Number);
    LogLine(LogInfo, Text.Buffer);
}

/* What a look at the store came to. */
typedef struct _OUTCOME {
    BOOLEAN Changed; /* children came or went */
    BOOLEAN Failed;  /* something is to be tried again */
} OUTCOME, *POUTCOME;

/* Makes the children of Class those that are listed. */
static VOID Compare(_In_ PXENBUS_FDO Fdo, _In_ XENBUS_CHILD_CLASS Class,
                    _In_ const uint32_t *Numbers, _In_ SIZE_T Count, _Inout_ POUTCOME Outcome)
{
    PLIST_ENTRY Entry, Next;

    Acquire(&Fdo->ChildrenLock);
    for (Entry = Fdo->Children.Flink; Entry != &Fdo->Children; Entry = Next) {
        PXENBUS_PDO Pdo = CONTAINING_RECORD(Entry, XENBUS_PDO, Link);
        Next = Entry->Flink;
        if (Pdo->Class != Class || !Pdo->Present || Listed(Numbers, Count, Pdo->Number))
            continue;
        LogChild("gone: ", Class, Pdo->Number);
        Pdo->Present = FALSE;
        Outcome->Changed = TRUE;
        if (!Pdo->Reported)
            PdoDelete(Pdo); /* nobody ever knew it */
    }
    for (SIZE_T i = 0; i < Count; i++) {
        if (Find(Fdo, Class, Numbers[i]))
            continue; /* there, or an old one still to be removed: then its end scans again */
        if (!NT_SUCCESS(PdoCreate(Fdo, Class, Numbers[i]))) {
            LogLine(LogError, "no memory for a child");
            Outcome->Failed = TRUE;
            break;
        }
        LogChild("found: ", Class, Numbers[i]);
        Outcome->Changed = TRUE;
    }
    Release(&Fdo->ChildrenLock);
}

static VOID ScanClass(_In_ PXENBUS_FDO Fdo, _In_ XENBUS_CHILD_CLASS Class, _In_ PCHAR Answer,
                      _Out_writes_(XEN_CHILDREN_MAX) uint32_t *Numbers, _Inout_ POUTCOME Outcome)
{
    XENBUS_STORE_INTERFACE_V1 *Store = &Fdo->Enumerator.Store;
    XENBUS_STORE_COMMAND Command = {.Operation = XENBUS_STORE_DIRECTORY,
                                    .Node = Lists[Class],
                                    .Answer = Answer,
                                    .AnswerRoom = LIST_BYTES};
    ULONG Length = 0;
    NTSTATUS Status = Store->Execute(Store->Interface.Context, &Command, LIST_LIMIT_MS, &Length);

    if (Status == STATUS_OBJECT_NAME_NOT_FOUND) {
        Length = 0;
    } else if (!NT_SUCCESS(Status) || Length > LIST_BYTES) {
        LogStatus(LogWarning, "xenstore does not list the devices:", Status);
        Outcome->Failed = TRUE;
        return;
    }
    Compare(Fdo, Class, Numbers, xen_children_parse(Answer, Length, Numbers), Outcome);
}

/* PASSIVE_LEVEL. The caller holds a reference of the running bus. */
static VOID Scan(_In_ PXENBUS_FDO Fdo, _Inout_ POUTCOME Outcome)
{
    static const uint32_t Iface[] = {0}; /* always there */
    struct {
        uint32_t Numbers[XEN_CHILDREN_MAX];
        CHAR Answer[LIST_BYTES];
    } *Room = PoolAllocate(sizeof(*Room), POOL_TAG_XENBUS);

    Acquire(&Fdo->Enumerator.Scan);
    Compare(Fdo, XenbusIface, Iface, RTL_NUMBER_OF(Iface), Outcome);
    if (Room) {
        ScanClass(Fdo, XenbusVbd, Room->Answer, Room->Numbers, Outcome);
        ScanClass(Fdo, XenbusVif, Room->Answer, Room->Numbers, Outcome);
        Fdo->Enumerator.Scanned = TRUE;
    } else {
        LogLine(LogError, "no memory to look for children");
        Outcome->Failed = TRUE;
    }
    Release(&Fdo->Enumerator.Scan);
    PoolFree(Room, POOL_TAG_XENBUS);
}

/* --- Who asks for scans. --- */

static VOID NTAPI OnWatch(_In_opt_ PVOID Argument, _In_ PCSTR Path)
{
    UNREFERENCED_PARAMETER(Path);
    EnumerateAgain(Argument);
}

/* The watch comes before the first scan: no change is missed. */
static VOID WatchAndScan(_In_ PXENBUS_FDO Fdo, _In_ PXENBUS_BUS Bus, _Inout_ POUTCOME Outcome)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;
    NTSTATUS Status = STATUS_SUCCESS;

    if (!Enumerator->Watch)
        Status = Enumerator->Store.AddWatch(Bus, NULL, "device", OnWatch, Fdo, &Enumerator->Watch);
    if (!NT_SUCCESS(Status)) {
        LogStatus(LogWarning, "xenstore takes no watch:", Status);
        Enumerator->Watch = NULL;
        Outcome->Failed = TRUE;
    }
    Scan(Fdo, Outcome);
}

/* The caller holds the enumerator's lock. */
static VOID RetryLater(_Inout_ PXENBUS_ENUMERATOR Enumerator)
{
    LARGE_INTEGER Due;

    if (Enumerator->Stopping)
        return;
    if (!Enumerator->RetryMs)
        Enumerator->RetryMs = RETRY_FIRST_MS;
    else if (Enumerator->RetryMs < RETRY_LONGEST_MS)
        Enumerator->RetryMs *= 2;
    Due.QuadPart = -(LONG64)Enumerator->RetryMs * 10000;
    (VOID) KeSetTimer(&Enumerator->Retry, Due, &Enumerator->RetryDpc);
}

static VOID NTAPI OnRetry(_In_ PKDPC Dpc, _In_opt_ PVOID Context, _In_opt_ PVOID A,
                          _In_opt_ PVOID B)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(A);
    UNREFERENCED_PARAMETER(B);
    EnumerateAgain(Context);
}

/* One round of the work item has ended; TRUE: another is asked for. */
static BOOLEAN EndRound(_In_ PXENBUS_FDO Fdo, _In_ const OUTCOME *Outcome)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;
    BOOLEAN Again;
    KIRQL Irql;

    KeAcquireSpinLock(&Enumerator->Lock, &Irql);
    Again = Enumerator->Again && !Enumerator->Stopping;
    Enumerator->Again = FALSE;
    if (!Again) {
        if (Outcome->Failed)
            RetryLater(Enumerator);
        else
            Enumerator->RetryMs = 0;
        if ((Outcome->Changed || Enumerator->Untold) && !Enumerator->Stopping) {
            Enumerator->Untold = FALSE;
            IoInvalidateDeviceRelations(Fdo->Pdo, BusRelations);
        }
        Enumerator->Queued = FALSE;
    }
    KeReleaseSpinLock(&Enumerator->Lock, Irql);
    return Again;
}

static VOID NTAPI ScanSoon(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID Context)
{
    PXENBUS_FDO Fdo = Context;
    OUTCOME Outcome = {FALSE, FALSE};

    UNREFERENCED_PARAMETER(DeviceObject);
    do {
        PXENBUS_BUS Bus = FdoAcquireBus(Fdo);
        Outcome.Failed = FALSE;
        if (Bus) {
            WatchAndScan(Fdo, Bus, &Outcome);
            BusDereference(Bus);
        }
    } while (EndRound(Fdo, &Outcome));
    GateLeave(&Fdo->Enumerator.Gate); /* the last thing: afterwards the device may go */
}

VOID EnumerateAgain(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;
    KIRQL Irql;

    KeAcquireSpinLock(&Enumerator->Lock, &Irql);
    if (Enumerator->Queued) {
        Enumerator->Again = TRUE;
    } else if (GateEnter(&Enumerator->Gate)) {
        Enumerator->Queued = TRUE;
        IoQueueWorkItem(Enumerator->Work, ScanSoon, DelayedWorkQueue, Fdo);
    }
    KeReleaseSpinLock(&Enumerator->Lock, Irql);
}

/* --- Life. --- */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID EnumerateInit(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;

    KeInitializeSpinLock(&Enumerator->Lock);
    GateInitialize(&Enumerator->Gate);
    KeInitializeMutex(&Enumerator->Scan, 0);
    KeInitializeTimer(&Enumerator->Retry);
    KeInitializeDpc(&Enumerator->RetryDpc, OnRetry, Fdo);
    Enumerator->Stopping = TRUE;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID EnumerateStart(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;

    Enumerator->Store.Interface.Context = Fdo->Bus;
    StoreService.Fill(XENBUS_STORE_VERSION, &Enumerator->Store.Interface);
    Enumerator->Scanned = FALSE;
    Enumerator->RetryMs = 0;
    Enumerator->Stopping = FALSE;
    GateOpen(&Enumerator->Gate);
    EnumerateAgain(Fdo);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID EnumerateStop(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;
    KIRQL Irql;

    KeAcquireSpinLock(&Enumerator->Lock, &Irql);
    Enumerator->Stopping = TRUE;
    KeReleaseSpinLock(&Enumerator->Lock, Irql);
    (VOID) KeCancelTimer(&Enumerator->Retry);
    KeFlushQueuedDpcs();
    GateClose(&Enumerator->Gate);

    if (Enumerator->Watch)
        Enumerator->Store.RemoveWatch(Fdo->Bus, Enumerator->Watch);
    Enumerator->Watch = NULL;
}

/* The PnP manager did not get its answer, and will not ask again by itself. */
static VOID AskAgainLater(_In_ PXENBUS_FDO Fdo)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Fdo->Enumerator.Lock, &Irql);
    Fdo->Enumerator.Untold = TRUE;
    RetryLater(&Fdo->Enumerator);
    KeReleaseSpinLock(&Fdo->Enumerator.Lock, Irql);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    EnumerateRelations(_In_ PXENBUS_FDO Fdo, _In_opt_ PDEVICE_RELATIONS Old,
                       _Out_ PDEVICE_RELATIONS *New)
{
    ULONG Count = Old ? Old->Count : 0;
    OUTCOME Outcome = {FALSE, FALSE}; /* the work item, which follows, tries again */
    PDEVICE_RELATIONS Relations;
    PXENBUS_BUS Bus;

    /* The first question of a boot: the boot disk should be in the answer. The wait is bounded. */
    if (!Fdo->Enumerator.Scanned && (Bus = FdoAcquireBus(Fdo)) != NULL) {
        Scan(Fdo, &Outcome);
        BusDereference(Bus);
    }

    Acquire(&Fdo->ChildrenLock);
    for (PLIST_ENTRY Entry = Fdo->Children.Flink; Entry != &Fdo->Children; Entry = Entry->Flink)
        Count++;
    Relations = PoolAllocate(sizeof(*Relations) + Count * sizeof(PDEVICE_OBJECT), POOL_TAG_XENBUS);
    if (!Relations) {
        Release(&Fdo->ChildrenLock);
        AskAgainLater(Fdo);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (ULONG i = 0; Old && i < Old->Count; i++)
        Relations->Objects[Relations->Count++] = Old->Objects[i];
    for (PLIST_ENTRY Entry = Fdo->Children.Flink; Entry != &Fdo->Children; Entry = Entry->Flink) {
        PXENBUS_PDO Pdo = CONTAINING_RECORD(Entry, XENBUS_PDO, Link);
        Pdo->Reported = Pdo->Present;
        if (!Pdo->Present)
            continue; /* it will be removed now, and deleted then */
        ObReferenceObject(Pdo->DeviceObject);
        Relations->Objects[Relations->Count++] = Pdo->DeviceObject;
    }
    Release(&Fdo->ChildrenLock);
    *New = Relations;
    return STATUS_SUCCESS;
}
