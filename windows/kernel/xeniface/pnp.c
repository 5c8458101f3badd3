/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plug and play: the device is added, started, stopped, removed with or without warning. What a
 * handle owns ends with the device that it is on; the handle itself may stay open, and works again
 * when the device is started again.
 */
#include <initguid.h>

#include <ntddk.h>

#include "handle.h"
#include "contract.h"
#include "suspend.h"
#include "windows/kernel/common/log.h"
#include "windows/kernel/common/pool.h"
#include "windows/kernel/common/text.h"

/* --- Start and stop */

/* What the dump says of this driver: who holds what. */
static VOID NTAPI DeviceDump(PVOID Argument, PXENBUS_DEBUG_SINK Sink)
{
    PXENIFACE_DEVICE Device = Argument;
    TEXT Line;

    HandlesLock(Device);
    for (PLIST_ENTRY Entry = Device->Handles.Flink; Entry != &Device->Handles;
         Entry = Entry->Flink) {
        PXENIFACE_HANDLE Handle = CONTAINING_RECORD(Entry, XENIFACE_HANDLE, Link);

        TextInit(&Line, "handle: ports ");
        TextAddDecimal(&Line, Handle->PortCount);
        TextAdd(&Line, ", watches ");
        TextAddDecimal(&Line, Handle->WatchCount);
        TextAdd(&Line, ", sharings ");
        TextAddDecimal(&Line, Handle->SharingCount);
        TextAdd(&Line, ", shared pages ");
        TextAddDecimal(&Line, Handle->SharedPages);
        Sink->Write(Sink, Line.Buffer);
    }
    HandlesUnlock(Device);
}

static VOID SetState(_Inout_ PXENIFACE_DEVICE Device, _In_ XENIFACE_STATE State)
{
    HandlesLock(Device);
    Device->State = State;
    HandlesUnlock(Device);
}

/* Registrations with the bus: all or none. */
static NTSTATUS DeviceRegister(_Inout_ PXENIFACE_DEVICE Device)
{
    PXENIFACE_SERVICES Services = &Device->Services;
    NTSTATUS Status = CALL(Services, Suspend, Register, XenbusSuspendLate,
                           XENBUS_SUSPEND_ORDER_CHILD, DeviceResumed, Device, &Device->Suspend);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = CALL(Services, Debug, Register, "xeniface", DeviceDump, Device, &Device->Dump);
    if (NT_SUCCESS(Status)) {
        Status = ShutdownWatchStart(&Device->Shutdown, Device->Self, Device->Pdo, Services);
        if (NT_SUCCESS(Status))
            return STATUS_SUCCESS;
        CALL(Services, Debug, Deregister, Device->Dump);
    }
    CALL(Services, Suspend, Deregister, Device->Suspend);
    return Status;
}

static VOID DeviceDeregister(_Inout_ PXENIFACE_DEVICE Device)
{
    ShutdownWatchStop(&Device->Shutdown);
    CALL(&Device->Services, Debug, Deregister, Device->Dump);
    CALL(&Device->Services, Suspend, Deregister, Device->Suspend);
}

/* The device below is started. */
static NTSTATUS DeviceStart(_Inout_ PXENIFACE_DEVICE Device)
{
    NTSTATUS Status = ServicesAcquire(Device->Lower, &Device->Services);

    if (NT_SUCCESS(Status)) {
        Status = DeviceRegister(Device);
        if (!NT_SUCCESS(Status))
            ServicesRelease(&Device->Services);
    }
    if (!NT_SUCCESS(Status)) {
        LogStatus(LogError, "the device does not start", Status);
        return Status;
    }
    GateOpen(&Device->Gate);
    SetState(Device, XenifaceStarted);
    Status = IoSetDeviceInterfaceState(&Device->Interface, TRUE);
    /* Enabled already: started, stopped for a rebalance and started again. */
    return Status == STATUS_OBJECT_NAME_EXISTS ? STATUS_SUCCESS : Status;
}

/* Everything that handles own ends here. State: what comes next. */
static VOID DeviceStop(_Inout_ PXENIFACE_DEVICE Device, _In_ XENIFACE_STATE State)
{
    BOOLEAN Running = Device->State == XenifaceStarted || Device->State == XenifaceRemovePending;

    SetState(Device, State);
    if (!Running)
        return;
    GateClose(&Device->Gate);
    DeviceDeregister(Device);
    HandlesLock(Device);
    for (PLIST_ENTRY Entry = Device->Handles.Flink; Entry != &Device->Handles; Entry = Entry->Flink)
        HandleDrain(CONTAINING_RECORD(Entry, XENIFACE_HANDLE, Link));
    HandlesUnlock(Device);
    ServicesRelease(&Device->Services);
}

/* --- Add and remove */

/* What AddDevice made, as far as it came. */
static VOID DeviceDelete(_In_ PXENIFACE_DEVICE Device)
{
    if (Device->Interface.Buffer != NULL)
        RtlFreeUnicodeString(&Device->Interface);
    if (Device->Lower != NULL)
        IoDetachDevice(Device->Lower);
    ExDeleteResourceLite(&Device->HandlesResource);
    IoDeleteDevice(Device->Self);
}

NTSTATUS NTAPI XenifaceAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT Self;
    PXENIFACE_DEVICE Device;
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(*Device), NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &Self);

    if (!NT_SUCCESS(Status))
        return Status;
    Device = Self->DeviceExtension;
    RtlZeroMemory(Device, sizeof(*Device));
    Device->Self = Self;
    Device->Pdo = Pdo;
    Device->ValidateAccess = ValidateAccessLookUp();
    GateInitialize(&Device->Gate);
    InitializeListHead(&Device->Handles);
    IoInitializeRemoveLock(&Device->RemoveLock, POOL_TAG_XENIFACE, 0, 0);
    Status = ExInitializeResourceLite(&Device->HandlesResource);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Self);
        return Status;
    }
    Status = OpenerRuleBuild(&Device->OpenerRule);
    if (NT_SUCCESS(Status))
        Status = IoRegisterDeviceInterface(Pdo, &GUID_INTERFACE_XENIFACE, NULL, &Device->Interface);
    if (NT_SUCCESS(Status)) {
        Device->Lower = IoAttachDeviceToDeviceStack(Self, Pdo);
        if (Device->Lower == NULL)
            Status = STATUS_NO_SUCH_DEVICE;
    }
    if (!NT_SUCCESS(Status)) {
        DeviceDelete(Device);
        return Status;
    }
    Self->Flags |= Device->Lower->Flags & DO_POWER_PAGABLE;
    Self->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* --- The IRPs. Each handler ends its IRP and the hold of the remove lock. */

static NTSTATUS PnpPass(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    NTSTATUS Status;

    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

/* This driver's part is done: the drivers below hear of it as a success. */
static NTSTATUS PnpAgree(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    Irp->IoStatus.Status = STATUS_SUCCESS;
    return PnpPass(Device, Irp);
}

static NTSTATUS PnpEnd(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp, _In_ NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI PnpBelowDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Done)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Passes it down and waits for what the drivers below say; it is to be completed then. */
static NTSTATUS PnpPassAndWait(_In_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    KEVENT Done;

    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, PnpBelowDone, &Done, TRUE, TRUE, TRUE);
    if (IoCallDriver(Device->Lower, Irp) == STATUS_PENDING)
        (VOID) KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    return Irp->IoStatus.Status;
}

static NTSTATUS PnpStart(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    NTSTATUS Status = PnpPassAndWait(Device, Irp);

    if (NT_SUCCESS(Status))
        Status = DeviceStart(Device);
    return PnpEnd(Device, Irp, Status);
}

/* Programs hold what would end. */
static NTSTATUS PnpQueryStop(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    BOOLEAN Used;

    HandlesLock(Device);
    Used = Device->HandleCount != 0;
    HandlesUnlock(Device);
    return Used ? PnpEnd(Device, Irp, STATUS_DEVICE_BUSY) : PnpAgree(Device, Irp);
}

/* From here on nobody opens it, until it is removed or the removal is taken back. */
static NTSTATUS PnpQueryRemove(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    BOOLEAN Used;

    HandlesLock(Device);
    Used = Device->HandleCount != 0;
    if (!Used && Device->State == XenifaceStarted)
        Device->State = XenifaceRemovePending;
    HandlesUnlock(Device);
    return Used ? PnpEnd(Device, Irp, STATUS_DEVICE_BUSY) : PnpAgree(Device, Irp);
}

static NTSTATUS PnpCancelRemove(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    Irp->IoStatus.Status = STATUS_SUCCESS;
    (VOID) PnpPassAndWait(Device, Irp);
    HandlesLock(Device);
    if (Device->State == XenifaceRemovePending)
        Device->State = XenifaceStarted;
    HandlesUnlock(Device);
    return PnpEnd(Device, Irp, STATUS_SUCCESS);
}

static NTSTATUS PnpStop(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    DeviceStop(Device, XenifaceStopped);
    return PnpAgree(Device, Irp);
}

static NTSTATUS PnpSurpriseRemoval(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    (VOID) IoSetDeviceInterfaceState(&Device->Interface, FALSE);
    DeviceStop(Device, XenifaceRemoved);
    return PnpAgree(Device, Irp);
}

static NTSTATUS PnpRemove(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp)
{
    NTSTATUS Status;

    if (Device->State != XenifaceRemoved)
        (VOID) IoSetDeviceInterfaceState(&Device->Interface, FALSE);
    DeviceStop(Device, XenifaceRemoved);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLockAndWait(&Device->RemoveLock, Irp);
    DeviceDelete(Device);
    return Status;
}

NTSTATUS NTAPI XenifacePnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PXENIFACE_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return CompleteIrp(Irp, Status, 0);
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return PnpStart(Device, Irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        return PnpQueryStop(Device, Irp);
    case IRP_MN_STOP_DEVICE:
        return PnpStop(Device, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return PnpQueryRemove(Device, Irp);
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return PnpCancelRemove(Device, Irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return PnpAgree(Device, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        return PnpSurpriseRemoval(Device, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return PnpRemove(Device, Irp);
    default:
        return PnpPass(Device, Irp);
    }
}
