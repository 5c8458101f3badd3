/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The function device on the platform's PCI device: it starts and ends the bus as the PnP manager
 * says. Starting waits for nobody: no balloon, no xenstored.
 *
 * Stop and removal end the bus only when no child holds an interface any more; a query-stop is
 * refused while one does. A surprise removal stops looking for children; Xen itself has not gone,
 * so the children's own removal still finds it.
 */
#include "device.h"
#include "../common/log.h"
#include "../common/pool.h"

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS NTAPI
    FdoAdd(_In_ PDRIVER_OBJECT DriverObject, _In_ PDEVICE_OBJECT Pdo)
{
    PXENBUS_DRIVER Driver = IoGetDriverObjectExtension(DriverObject, (PVOID)DriverOf);
    PDEVICE_OBJECT DeviceObject;
    PXENBUS_FDO Fdo;
    NTSTATUS Status;

    if (!Driver->Unplug) {
        LogLine(LogWarning, "this machine does not run on Xen");
        return STATUS_NO_SUCH_DEVICE;
    }
    Status = IoCreateDevice(DriverObject, sizeof(XENBUS_FDO), NULL, FILE_DEVICE_BUS_EXTENDER,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Fdo = DeviceObject->DeviceExtension;
    RtlZeroMemory(Fdo, sizeof(*Fdo));
    Fdo->Kind = XenbusFunction;
    Fdo->DeviceObject = DeviceObject;
    Fdo->Pdo = Pdo;
    Fdo->PowerState = PowerDeviceD3;
    IoInitializeRemoveLock(&Fdo->RemoveLock, POOL_TAG_XENBUS, 0, 0);
    KeInitializeSpinLock(&Fdo->BusLock);
    KeInitializeMutex(&Fdo->ChildrenLock, 0);
    InitializeListHead(&Fdo->Children);
    EnumerateInit(Fdo);

    Status = STATUS_INSUFFICIENT_RESOURCES;
    Fdo->PowerWork = IoAllocateWorkItem(DeviceObject);
    if (!Fdo->PowerWork)
        goto delete;
    Fdo->Enumerator.Work = IoAllocateWorkItem(DeviceObject);
    if (!Fdo->Enumerator.Work)
        goto power;
    Status = STATUS_NO_SUCH_DEVICE;
    Fdo->Lower = IoAttachDeviceToDeviceStack(DeviceObject, Pdo);
    if (!Fdo->Lower)
        goto enumerator;

    /* A machine may have a 5853:0001 and a 5853:0002: one of them drives Xen. */
    Fdo->Active = InterlockedCompareExchange(&Driver->ActiveDevices, 1, 0) == 0;
    if (!Fdo->Active)
        LogLine(LogInfo, "a second platform device: left alone");
    DeviceObject->Flags |= Fdo->Lower->Flags & (DO_POWER_PAGABLE | DO_POWER_INRUSH);
    DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;

enumerator:
    IoFreeWorkItem(Fdo->Enumerator.Work);
power:
    IoFreeWorkItem(Fdo->PowerWork);
    delete : IoDeleteDevice(DeviceObject);
    return Status;
}

NTSTATUS FdoComplete(_Inout_ PIRP Irp, _In_ NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI OnForwarded(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                                  _In_opt_ PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned)
        (VOID) KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    FdoForwardAndWait(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    KEVENT Done;
    NTSTATUS Status;

    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, OnForwarded, &Done, TRUE, TRUE, TRUE);
    Status = IoCallDriver(Fdo->Lower, Irp);
    if (Status == STATUS_PENDING) {
        (VOID) KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
        Status = Irp->IoStatus.Status;
    }
    return Status;
}

/* --- The bus. --- */

PXENBUS_BUS FdoAcquireBus(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_BUS Bus;
    KIRQL Irql;

    KeAcquireSpinLock(&Fdo->BusLock, &Irql);
    Bus = Fdo->Bus;
    if (Bus)
        BusReference(Bus);
    KeReleaseSpinLock(&Fdo->BusLock, Irql);
    return Bus;
}

static PXENBUS_BUS ExchangeBus(_In_ PXENBUS_FDO Fdo, _In_opt_ PXENBUS_BUS New)
{
    PXENBUS_BUS Old;
    KIRQL Irql;

    KeAcquireSpinLock(&Fdo->BusLock, &Irql);
    Old = Fdo->Bus;
    Fdo->Bus = New;
    KeReleaseSpinLock(&Fdo->BusLock, Irql);
    return Old;
}

static NTSTATUS StartBus(_In_ PXENBUS_FDO Fdo, _In_ PIO_STACK_LOCATION Stack)
{
    PXENBUS_DRIVER Driver = DriverOf(Fdo->DeviceObject);
    PXENBUS_BUS Bus;
    NTSTATUS Status;

    Status = BusCreate(Fdo->DeviceObject, Fdo->Pdo, Driver->Unplug, &Driver->BusAlive,
                       Stack->Parameters.StartDevice.AllocatedResources,
                       Stack->Parameters.StartDevice.AllocatedResourcesTranslated, &Bus);
    if (!NT_SUCCESS(Status))
        return Status;
    (VOID) ExchangeBus(Fdo, Bus);
    EnumerateStart(Fdo);
    return STATUS_SUCCESS;
}

static VOID StopBus(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_BUS Bus;

    EnumerateStop(Fdo);
    Bus = ExchangeBus(Fdo, NULL);
    if (Bus)
        BusRelease(Bus);
}

static BOOLEAN ChildrenHoldInterfaces(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_BUS Bus = FdoAcquireBus(Fdo);
    BOOLEAN Held = FALSE;

    if (Bus) {
        Held = Bus->References > 2; /* the device's own, and this one */
        BusDereference(Bus);
    }
    return Held;
}

/* --- PnP. Each returns what the request is completed with, unless it sent it on. --- */

static VOID Enter(_In_ PXENBUS_FDO Fdo, _In_ XENBUS_PNP_STATE State)
{
    Fdo->StateBefore = Fdo->State;
    Fdo->State = State;
}

static NTSTATUS PassDown(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    NTSTATUS Status;

    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Fdo->Lower, Irp);
    IoReleaseRemoveLock(&Fdo->RemoveLock, Irp);
    return Status;
}

static NTSTATUS Finish(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp, _In_ NTSTATUS Status)
{
    (VOID) FdoComplete(Irp, Status);
    IoReleaseRemoveLock(&Fdo->RemoveLock, Irp);
    return Status;
}

static NTSTATUS Start(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    POWER_STATE Power = {.DeviceState = PowerDeviceD0};
    NTSTATUS Status = FdoForwardAndWait(Fdo, Irp);

    if (NT_SUCCESS(Status) && Fdo->Active)
        Status = StartBus(Fdo, IoGetCurrentIrpStackLocation(Irp));
    if (NT_SUCCESS(Status)) {
        (VOID) PoSetPowerState(Fdo->DeviceObject, DevicePowerState, Power);
        Fdo->PowerState = PowerDeviceD0;
        Enter(Fdo, XenbusStarted);
    }
    return Finish(Fdo, Irp, Status);
}

static NTSTATUS Remove(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    PDEVICE_OBJECT DeviceObject = Fdo->DeviceObject;
    NTSTATUS Status;

    StopBus(Fdo);
    (VOID) KeWaitForSingleObject(&Fdo->ChildrenLock, Executive, KernelMode, FALSE, NULL);
    while (!IsListEmpty(&Fdo->Children))
        PdoDelete(CONTAINING_RECORD(Fdo->Children.Flink, XENBUS_PDO, Link));
    (VOID) KeReleaseMutex(&Fdo->ChildrenLock, FALSE);
    Enter(Fdo, XenbusRemoved);

    IoReleaseRemoveLockAndWait(&Fdo->RemoveLock, Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Fdo->Lower, Irp);
    IoDetachDevice(Fdo->Lower);
    IoFreeWorkItem(Fdo->Enumerator.Work);
    IoFreeWorkItem(Fdo->PowerWork);
    if (Fdo->Active)
        InterlockedExchange(&DriverOf(DeviceObject)->ActiveDevices, 0);
    IoDeleteDevice(DeviceObject);
    return Status;
}

static NTSTATUS QueryRelations(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    PDEVICE_RELATIONS Old = (PDEVICE_RELATIONS)Irp->IoStatus.Information, New;
    NTSTATUS Status;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.QueryDeviceRelations.Type != BusRelations ||
        !Fdo->Active)
        return PassDown(Fdo, Irp);
    Status = EnumerateRelations(Fdo, Old, &New);
    if (!NT_SUCCESS(Status))
        return Finish(Fdo, Irp, Status);
    if (Old)
        ExFreePool(Old);
    Irp->IoStatus.Information = (ULONG_PTR)New;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    return PassDown(Fdo, Irp);
}

static NTSTATUS FilterRequirements(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    PIO_RESOURCE_REQUIREMENTS_LIST Old, New;
    NTSTATUS Status = FdoForwardAndWait(Fdo, Irp);

    /* A bus driver that leaves the request alone completes it with the status that it came with. */
    if (!NT_SUCCESS(Status) && Status != STATUS_NOT_SUPPORTED)
        return Finish(Fdo, Irp, Status);
    Old = (PIO_RESOURCE_REQUIREMENTS_LIST)Irp->IoStatus.Information;
    if (!Old || !Fdo->Active)
        return Finish(Fdo, Irp, Status);
    if (!NT_SUCCESS(ResourcesAddVectors(Old, &New))) {
        LogLine(LogWarning, "no memory to ask for event vectors; the line interrupt will serve");
        return Finish(Fdo, Irp, Status);
    }
    ExFreePool(Old);
    Irp->IoStatus.Information = (ULONG_PTR)New;
    return Finish(Fdo, Irp, STATUS_SUCCESS);
}

static NTSTATUS UsageNotification(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    BOOLEAN InPath = IoGetCurrentIrpStackLocation(Irp)->Parameters.UsageNotification.InPath;
    NTSTATUS Status = FdoForwardAndWait(Fdo, Irp);

    if (NT_SUCCESS(Status)) {
        if (InPath)
            InterlockedIncrement(&Fdo->Usage);
        else
            InterlockedDecrement(&Fdo->Usage);
        IoInvalidateDeviceState(Fdo->Pdo);
    }
    return Finish(Fdo, Irp, Status);
}

NTSTATUS FdoPnp(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    NTSTATUS Status = IoAcquireRemoveLock(&Fdo->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return FdoComplete(Irp, Status);
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(Fdo, Irp);

    case IRP_MN_QUERY_STOP_DEVICE:
        if (Fdo->Usage || ChildrenHoldInterfaces(Fdo))
            return Finish(Fdo, Irp, STATUS_DEVICE_BUSY);
        Enter(Fdo, XenbusStopPending);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return PassDown(Fdo, Irp);

    case IRP_MN_QUERY_REMOVE_DEVICE:
        if (Fdo->Usage)
            return Finish(Fdo, Irp, STATUS_DEVICE_BUSY);
        Enter(Fdo, XenbusRemovePending);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return PassDown(Fdo, Irp);

    case IRP_MN_CANCEL_STOP_DEVICE:
        Status = FdoForwardAndWait(Fdo, Irp);
        if (Fdo->State == XenbusStopPending)
            Fdo->State = Fdo->StateBefore;
        return Finish(Fdo, Irp, Status);

    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Status = FdoForwardAndWait(Fdo, Irp);
        if (Fdo->State == XenbusRemovePending)
            Fdo->State = Fdo->StateBefore;
        return Finish(Fdo, Irp, Status);

    case IRP_MN_STOP_DEVICE:
        StopBus(Fdo);
        Enter(Fdo, XenbusStopped);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return PassDown(Fdo, Irp);

    case IRP_MN_SURPRISE_REMOVAL:
        EnumerateStop(Fdo);
        Enter(Fdo, XenbusSurpriseRemoved);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return PassDown(Fdo, Irp);

    case IRP_MN_REMOVE_DEVICE:
        return Remove(Fdo, Irp);

    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return QueryRelations(Fdo, Irp);

    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        return FilterRequirements(Fdo, Irp);

    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return UsageNotification(Fdo, Irp);

    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        if (Fdo->Usage)
            Irp->IoStatus.Information |= PNP_DEVICE_NOT_DISABLEABLE;
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return PassDown(Fdo, Irp);

    default:
        return PassDown(Fdo, Irp);
    }
}
