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

/* Makes the children of Class those that are listed; TRUE: something changed. */
static BOOLEAN Compare(_In_ PXENBUS_FDO Fdo, _In_ XENBUS_CHILD_CLASS Class,
                       _In_ const uint32_t *Numbers, _In_ SIZE_T Count)
{
    BOOLEAN Changed = FALSE;
    PLIST_ENTRY Entry, Next;

    Acquire(&Fdo->ChildrenLock);
    for (Entry = Fdo->Children.Flink; Entry != &Fdo->Children; Entry = Next) {
        PXENBUS_PDO Pdo = CONTAINING_RECORD(Entry, XENBUS_PDO, Link);
        Next = Entry->Flink;
        if (Pdo->Class != Class || !Pdo->Present || Listed(Numbers, Count, Pdo->Number))
            continue;
        LogChild("gone: ", Class, Pdo->Number);
        Pdo->Present = FALSE;
        Changed = TRUE;
        if (!Pdo->Reported)
            PdoDelete(Pdo); /* nobody ever knew it */
    }
    for (SIZE_T i = 0; i < Count; i++) {
        if (Find(Fdo, Class, Numbers[i]))
            continue; /* there, or an old one still to be removed: then its end scans again */
        if (!NT_SUCCESS(PdoCreate(Fdo, Class, Numbers[i]))) {
            LogLine(LogError, "no memory for a child");
            break;
        }
        LogChild("found: ", Class, Numbers[i]);
        Changed = TRUE;
    }
    Release(&Fdo->ChildrenLock);
    return Changed;
}

/* TRUE: something changed. */
static BOOLEAN ScanClass(_In_ PXENBUS_FDO Fdo, _In_ XENBUS_CHILD_CLASS Class, _In_ PCHAR Answer,
                         _Out_writes_(XEN_CHILDREN_MAX) uint32_t *Numbers)
{
    XENBUS_STORE_INTERFACE_V1 *Store = &Fdo->Enumerator.Store;
    XENBUS_STORE_COMMAND Command = {.Operation = XENBUS_STORE_DIRECTORY,
                                    .Node = Lists[Class],
                                    .Answer = Answer,
                                    .AnswerRoom = LIST_BYTES};
    ULONG Length = 0;
    NTSTATUS Status = Store->Execute(Store->Interface.Context, &Command, LIST_LIMIT_MS, &Length);

    if (Status == STATUS_OBJECT_NAME_NOT_FOUND)
        Length = 0;
    else if (!NT_SUCCESS(Status) || Length > LIST_BYTES) {
        LogStatus(LogWarning, "xenstore does not list the devices:", Status);
        return FALSE;
    }
    return Compare(Fdo, Class, Numbers, xen_children_parse(Answer, Length, Numbers));
}

/* PASSIVE_LEVEL. The caller holds a reference of the running bus. TRUE: something changed. */
static BOOLEAN Scan(_In_ PXENBUS_FDO Fdo)
{
    struct {
        uint32_t Numbers[XEN_CHILDREN_MAX];
        CHAR Answer[LIST_BYTES];
    } *Room = PoolAllocate(sizeof(*Room), POOL_TAG_XENBUS);
    BOOLEAN Changed = FALSE;

    if (!Room) {
        LogLine(LogError, "no memory to look for children");
        return FALSE;
    }
    Acquire(&Fdo->Enumerator.Scan);
    Changed |= ScanClass(Fdo, XenbusVbd, Room->Answer, Room->Numbers);
    Changed |= ScanClass(Fdo, XenbusVif, Room->Answer, Room->Numbers);
    Fdo->Enumerator.Scanned = TRUE;
    Release(&Fdo->Enumerator.Scan);
    PoolFree(Room, POOL_TAG_XENBUS);
    return Changed;
}

/* --- Who asks for scans. --- */

static VOID NTAPI ScanSoon(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID Context)
{
    PXENBUS_FDO Fdo = Context;
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;
    BOOLEAN Changed = FALSE, Again;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    do {
        PXENBUS_BUS Bus = FdoAcquireBus(Fdo);
        if (Bus) {
            Changed |= Scan(Fdo);
            BusDereference(Bus);
        }
        KeAcquireSpinLock(&Enumerator->Lock, &Irql);
        Again = Enumerator->Again && !Enumerator->Stopping;
        Enumerator->Again = FALSE;
        if (!Again) {
            Enumerator->Queued = FALSE;
            /* Before Idle: afterwards the device may go. */
            if (Changed && !Enumerator->Stopping)
                IoInvalidateDeviceRelations(Fdo->Pdo, BusRelations);
            (VOID) KeSetEvent(&Enumerator->Idle, IO_NO_INCREMENT, FALSE);
        }
        KeReleaseSpinLock(&Enumerator->Lock, Irql);
    } while (Again);
}

VOID EnumerateAgain(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;
    KIRQL Irql;

    KeAcquireSpinLock(&Enumerator->Lock, &Irql);
    if (Enumerator->Stopping) {
        /* nobody looks any more */
    } else if (Enumerator->Queued) {
        Enumerator->Again = TRUE;
    } else {
        Enumerator->Queued = TRUE;
        KeClearEvent(&Enumerator->Idle);
        IoQueueWorkItem(Enumerator->Work, ScanSoon, DelayedWorkQueue, Fdo);
    }
    KeReleaseSpinLock(&Enumerator->Lock, Irql);
}

static VOID NTAPI OnWatch(_In_opt_ PVOID Argument, _In_ PCSTR Path)
{
    UNREFERENCED_PARAMETER(Path);
    EnumerateAgain(Argument);
}

/* --- Life. --- */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID EnumerateStart(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;
    NTSTATUS Status;

    Enumerator->Store.Interface.Context = Fdo->Bus;
    StoreService.Fill(XENBUS_STORE_VERSION, &Enumerator->Store.Interface);

    Acquire(&Fdo->ChildrenLock);
    if (!Find(Fdo, XenbusIface, 0) && !NT_SUCCESS(PdoCreate(Fdo, XenbusIface, 0)))
        LogLine(LogError, "no memory for the interface device");
    Release(&Fdo->ChildrenLock);

    Enumerator->Scanned = FALSE;
    Enumerator->Stopping = FALSE;
    Status = Enumerator->Store.AddWatch(Fdo->Bus, NULL, "device", OnWatch, Fdo, &Enumerator->Watch);
    if (!NT_SUCCESS(Status)) {
        Enumerator->Watch = NULL;
        LogStatus(LogError, "no hot plug: xenstore takes no watch:", Status);
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID EnumerateStop(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_ENUMERATOR Enumerator = &Fdo->Enumerator;
    KIRQL Irql;

    KeAcquireSpinLock(&Enumerator->Lock, &Irql);
    Enumerator->Stopping = TRUE;
    KeReleaseSpinLock(&Enumerator->Lock, Irql);
    if (Enumerator->Watch)
        Enumerator->Store.RemoveWatch(Fdo->Bus, Enumerator->Watch);
    Enumerator->Watch = NULL;

    (VOID) KeWaitForSingleObject(&Enumerator->Idle, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&Enumerator->Lock, &Irql); /* who set Idle has let go */
    KeReleaseSpinLock(&Enumerator->Lock, Irql);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    EnumerateRelations(_In_ PXENBUS_FDO Fdo, _In_opt_ PDEVICE_RELATIONS Old,
                       _Out_ PDEVICE_RELATIONS *New)
{
    ULONG Count = Old ? Old->Count : 0;
    PDEVICE_RELATIONS Relations;
    PXENBUS_BUS Bus;

    /* The first question of a boot: the boot disk should be in the answer. The wait is bounded. */
    if (!Fdo->Enumerator.Scanned && (Bus = FdoAcquireBus(Fdo)) != NULL) {
        (VOID) Scan(Fdo);
        BusDereference(Bus);
    }

    Acquire(&Fdo->ChildrenLock);
    for (PLIST_ENTRY Entry = Fdo->Children.Flink; Entry != &Fdo->Children; Entry = Entry->Flink)
        Count++;
    Relations = PoolAllocate(sizeof(*Relations) + Count * sizeof(PDEVICE_OBJECT), POOL_TAG_XENBUS);
    if (!Relations) {
        Release(&Fdo->ChildrenLock);
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
