/* SPDX-License-Identifier: BSD-2-Clause */
/* See handle.h: opening, closing, and the lists. */
#include "handle.h"

#include "windows/kernel/common/pool.h"
#include "port.h"
#include "share.h"
#include "suspend.h"
#include "watch.h"

VOID HandlesLock(PXENIFACE_DEVICE Device)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&Device->HandlesResource, TRUE);
}

VOID HandlesUnlock(PXENIFACE_DEVICE Device)
{
    ExReleaseResourceLite(&Device->HandlesResource);
    KeLeaveCriticalRegion();
}

VOID HandleDrain(PXENIFACE_HANDLE Handle)
{
    SharingsDrain(Handle);
    PortsDrain(Handle);
    WatchesDrain(Handle);
    RegistrationsDrain(Handle);
}

static NTSTATUS HandleCreate(_Inout_ PXENIFACE_DEVICE Device, _Outptr_ PXENIFACE_HANDLE *Handle)
{
    PXENIFACE_HANDLE New = PoolAllocate(sizeof(*New), POOL_TAG_XENIFACE);
    NTSTATUS Status;

    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Device = Device;
    New->References = 1;
    ExInitializeFastMutex(&New->Mutex);
    InitializeListHead(&New->Ports);
    InitializeListHead(&New->Watches);
    InitializeListHead(&New->Registrations);
    Status = SharingsInitialize(New);
    if (!NT_SUCCESS(Status)) {
        PoolFree(New, POOL_TAG_XENIFACE);
        return Status;
    }
    *Handle = New;
    return STATUS_SUCCESS;
}

/* The handle is in the list, or the device does not take any. */
static NTSTATUS HandleEnter(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PXENIFACE_HANDLE Handle)
{
    NTSTATUS Status = STATUS_SUCCESS;

    HandlesLock(Device);
    if (Device->State == XenifaceRemovePending)
        Status = STATUS_DELETE_PENDING;
    else if (Device->State != XenifaceStarted)
        Status = STATUS_DEVICE_NOT_READY;
    else {
        InsertTailList(&Device->Handles, &Handle->Link);
        Device->HandleCount++;
    }
    HandlesUnlock(Device);
    return Status;
}

static NTSTATUS HandleOpen(_Inout_ PXENIFACE_DEVICE Device, _In_ PIRP Irp)
{
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PXENIFACE_HANDLE Handle;
    NTSTATUS Status;

    /* The structures hold pointers of 64 bits. */
    if (IoIs32bitProcess(Irp))
        return STATUS_INVALID_IMAGE_WIN_32;
    Status = OpenerCheck(&Device->OpenerRule, Irp);
    if (NT_SUCCESS(Status))
        Status = HandleCreate(Device, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = HandleEnter(Device, Handle);
    if (NT_SUCCESS(Status))
        FileObject->FsContext = Handle;
    else
        HandleDereference(Handle);
    return Status;
}

/* The remove lock: until it has a handle, nothing else keeps the device. */
NTSTATUS NTAPI XenifaceCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PXENIFACE_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (NT_SUCCESS(Status)) {
        Status = HandleOpen(Device, Irp);
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    }
    return CompleteIrp(Irp, Status, 0);
}

/* The last user handle is closed. */
NTSTATUS NTAPI XenifaceCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PXENIFACE_DEVICE Device = DeviceObject->DeviceExtension;
    PXENIFACE_HANDLE Handle = HANDLE_OF(IoGetCurrentIrpStackLocation(Irp)->FileObject);

    if (Handle != NULL) {
        ExAcquireFastMutex(&Handle->Mutex);
        Handle->Closing = TRUE;
        ExReleaseFastMutex(&Handle->Mutex);
        HandlesLock(Device);
        HandleDrain(Handle);
        HandlesUnlock(Device);
    }
    return CompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* No IRP of the file object is left. Cleanup came before; where it did not (an NT without it), its
 * work is done here. */
NTSTATUS NTAPI XenifaceClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PXENIFACE_DEVICE Device = DeviceObject->DeviceExtension;
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PXENIFACE_HANDLE Handle = HANDLE_OF(FileObject);

    if (Handle != NULL) {
        FileObject->FsContext = NULL;
        HandlesLock(Device);
        HandleDrain(Handle);
        RemoveEntryList(&Handle->Link);
        Device->HandleCount--;
        HandlesUnlock(Device);
        HandleDereference(Handle);
    }
    return CompleteIrp(Irp, STATUS_SUCCESS, 0);
}

VOID HandleReference(PXENIFACE_HANDLE Handle)
{
    InterlockedIncrement(&Handle->References);
}

VOID HandleDereference(PXENIFACE_HANDLE Handle)
{
    if (InterlockedDecrement(&Handle->References) == 0)
        PoolFree(Handle, POOL_TAG_XENIFACE);
}

NTSTATUS HandleAdd(PXENIFACE_HANDLE Handle, PLIST_ENTRY List, PULONG Count, ULONG Maximum,
                   PLIST_ENTRY Entry, PULONG64 OwnId, PULONG64 Id)
{
    NTSTATUS Status = STATUS_SUCCESS;

    ExAcquireFastMutex(&Handle->Mutex);
    if (Handle->Closing)
        Status = STATUS_FILE_CLOSED;
    else if (*Count >= Maximum)
        Status = STATUS_QUOTA_EXCEEDED;
    else {
        Handle->LastId++;
        if (OwnId != NULL)
            *OwnId = *Id = Handle->LastId;
        InsertTailList(List, Entry);
        (*Count)++;
    }
    ExReleaseFastMutex(&Handle->Mutex);
    return Status;
}

PLIST_ENTRY HandleTake(PXENIFACE_HANDLE Handle, PLIST_ENTRY List, PULONG Count, HANDLE_MATCH *Match,
                       ULONG64 Name)
{
    PLIST_ENTRY Found = NULL;

    ExAcquireFastMutex(&Handle->Mutex);
    for (PLIST_ENTRY Entry = List->Flink; Entry != List && Found == NULL; Entry = Entry->Flink)
        if (Match == NULL || Match(Entry, Name))
            Found = Entry;
    if (Found != NULL) {
        RemoveEntryList(Found);
        (*Count)--;
    }
    ExReleaseFastMutex(&Handle->Mutex);
    return Found;
}
