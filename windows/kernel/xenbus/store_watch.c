/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches: see store.h. A watch that its owner has removed is freed when the client gives it back,
 * which is after its callback has returned: the pump does one thing at a time.
 */
#include "store.h"
#include "../common/pool.h"

static PXENBUS_STORE StoreOf(_In_ PVOID Context)
{
    return ((PXENBUS_PARTS)Context)->Store;
}

VOID StoreWatchFire(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch, _In_ PCSTR Path)
{
    PKEVENT Idle;
    KIRQL Irql;

    Watch->Callback(Watch->Argument, Path);
    StoreLock(Store, &Irql);
    Watch->Running = FALSE;
    Idle = Watch->Idle;
    Watch->Idle = NULL;
    StoreUnlock(Store, Irql);
    if (Idle)
        (VOID) KeSetEvent(Idle, IO_NO_INCREMENT, FALSE);
}

VOID StoreWatchAdded(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch,
                     _In_ NTSTATUS Status)
{
    PKEVENT Added;
    KIRQL Irql;

    StoreLock(Store, &Irql);
    Watch->Status = Status;
    Added = Watch->Added;
    Watch->Added = NULL;
    StoreUnlock(Store, Irql);
    /* The watch may be gone once somebody knows. */
    if (Added)
        (VOID) KeSetEvent(Added, IO_NO_INCREMENT, FALSE);
}

BOOLEAN StoreWatchRemoved(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch)
{
    UNREFERENCED_PARAMETER(Store);
    if (!Watch->Removed) /* xenbus.sys is being stopped */
        return FALSE;
    RemoveEntryList(&Watch->Link);
    return TRUE;
}

/* The lock is held. TRUE: its callback is running, and sets Idle at its end. */
static BOOLEAN StartRemoval(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch,
                            _In_ PKEVENT Idle)
{
    BOOLEAN Running = Watch->Running;

    Watch->Removed = TRUE;
    Watch->Added = NULL;
    if (Running)
        Watch->Idle = Idle;
    xs_watch_remove(&Store->Client, &Watch->Core);
    return Running;
}

VOID NTAPI StoreRemoveWatch(_In_ PVOID Context, _In_ PXENBUS_STORE_WATCH Watch)
{
    PXENBUS_STORE Store = StoreOf(Context);
    BOOLEAN Running;
    KEVENT Idle;
    KIRQL Irql;

    KeInitializeEvent(&Idle, NotificationEvent, FALSE);
    StoreLock(Store, &Irql);
    Running = StartRemoval(Store, Watch, &Idle);
    StoreUnlock(Store, Irql);
    StorePumpSoon(Store);
    if (Running)
        (VOID) KeWaitForSingleObject(&Idle, Executive, KernelMode, FALSE, NULL);
}

/* --- Adding. */

/* xenstored has not answered in time. FALSE: it just has. */
static BOOLEAN GiveUp(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch)
{
    BOOLEAN Running = FALSE, InTime;
    KEVENT Idle;
    KIRQL Irql;

    KeInitializeEvent(&Idle, NotificationEvent, FALSE);
    StoreLock(Store, &Irql);
    InTime = Watch->Added == NULL;
    if (!InTime)
        Running = StartRemoval(Store, Watch, &Idle);
    StoreUnlock(Store, Irql);
    if (InTime)
        return FALSE;
    StorePumpSoon(Store);
    if (Running)
        (VOID) KeWaitForSingleObject(&Idle, Executive, KernelMode, FALSE, NULL);
    return TRUE;
}

static NTSTATUS WaitUntilAdded(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch,
                               _In_ PKEVENT Added)
{
    LARGE_INTEGER Timeout = {.QuadPart = -(LONGLONG)XENBUS_STORE_TIMEOUT_DEFAULT_MS * 10000};
    NTSTATUS Status;
    KIRQL Irql;

    if (KeWaitForSingleObject(Added, Executive, KernelMode, FALSE, &Timeout) != STATUS_SUCCESS) {
        if (GiveUp(Store, Watch))
            return STATUS_IO_TIMEOUT;
        (VOID) KeWaitForSingleObject(Added, Executive, KernelMode, FALSE, NULL);
    }
    Status = Watch->Status;
    if (!NT_SUCCESS(Status)) { /* the client has given it back */
        StoreLock(Store, &Irql);
        RemoveEntryList(&Watch->Link);
        StoreUnlock(Store, Irql);
        PoolFree(Watch, POOL_TAG_STORE);
    }
    return Status;
}

NTSTATUS NTAPI StoreAddWatch(_In_ PVOID Context, _In_opt_ PCSTR Prefix, _In_ PCSTR Node,
                             _In_ XENBUS_STORE_WATCH_CALLBACK *Callback, _In_opt_ PVOID Argument,
                             _Out_ PXENBUS_STORE_WATCH *Watch)
{
    PXENBUS_STORE Store = StoreOf(Context);
    ULONG Bytes = StorePathBytes(Prefix, Node);
    PXENBUS_STORE_WATCH New;
    BOOLEAN Room;
    KEVENT Added;
    NTSTATUS Status;
    KIRQL Irql;

    *Watch = NULL;
    if (!Bytes || !Callback)
        return STATUS_INVALID_PARAMETER;
    New = PoolAllocate(FIELD_OFFSET(struct _XENBUS_STORE_WATCH, Path) + Bytes, POOL_TAG_STORE);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    StorePathWrite(New->Path, Prefix, Node);
    New->Core.path = New->Path;
    New->Callback = Callback;
    New->Argument = Argument;
    New->Added = &Added;
    KeInitializeEvent(&Added, NotificationEvent, FALSE);
    StoreLock(Store, &Irql);
    Room = xs_watch_add(&Store->Client, &New->Core);
    if (Room)
        InsertTailList(&Store->Watches, &New->Link);
    StoreUnlock(Store, Irql);
    if (!Room) {
        PoolFree(New, POOL_TAG_STORE);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    StorePumpSoon(Store);
    Status = WaitUntilAdded(Store, New, &Added);
    if (NT_SUCCESS(Status))
        *Watch = New;
    return Status;
}
