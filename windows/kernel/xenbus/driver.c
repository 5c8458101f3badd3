/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's entry: what stands for the whole machine (hypercalls, unplugging of emulated
 * devices) is set up here, before any device exists, because the emulated disks' drivers start
 * soon.
 */
#include "device.h"
#include "hypercall.h"
#include "unplug.h"
#include "../common/log.h"
#include "../common/pool.h"

static DRIVER_DISPATCH DispatchPnp, DispatchPower, DispatchSystemControl;
static DRIVER_UNLOAD Unload;

PXENBUS_DRIVER DriverOf(_In_ PDEVICE_OBJECT DeviceObject)
{
    return IoGetDriverObjectExtension(DeviceObject->DriverObject, (PVOID)DriverOf);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath)
{
    PXENBUS_DRIVER Driver;
    NTSTATUS Status;

    PoolInitialize();
    Status = IoAllocateDriverObjectExtension(DriverObject, (PVOID)DriverOf, sizeof(*Driver),
                                             (PVOID *)&Driver);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(Driver, sizeof(*Driver));

    /* Off Xen the driver loads and refuses its devices, so that a disk image that moved to another
     * hypervisor still boots. */
    if (NT_SUCCESS(XenHypercallInitialize())) {
        Status = UnplugCreate(DriverObject, RegistryPath, &Driver->Unplug);
        if (!NT_SUCCESS(Status))
            return Status;
    }

    DriverObject->DriverExtension->AddDevice = FdoAdd;
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = DispatchPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = DispatchSystemControl;
    LogLine(LogInfo, "loaded");
    return STATUS_SUCCESS;
}

static VOID NTAPI Unload(_In_ PDRIVER_OBJECT DriverObject)
{
    PXENBUS_DRIVER Driver = IoGetDriverObjectExtension(DriverObject, (PVOID)DriverOf);

    if (Driver->Unplug)
        UnplugDestroy(Driver->Unplug);
}

static NTSTATUS NTAPI DispatchPnp(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp)
{
    if (*(XENBUS_DEVICE_KIND *)DeviceObject->DeviceExtension == XenbusFunction)
        return FdoPnp(DeviceObject->DeviceExtension, Irp);
    return PdoPnp(DeviceObject->DeviceExtension, Irp);
}

static NTSTATUS NTAPI DispatchPower(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp)
{
    if (*(XENBUS_DEVICE_KIND *)DeviceObject->DeviceExtension == XenbusFunction)
        return FdoPower(DeviceObject->DeviceExtension, Irp);
    return PdoPower(DeviceObject->DeviceExtension, Irp);
}

/* WMI: not ours, neither here nor for a child. */
static NTSTATUS NTAPI DispatchSystemControl(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp)
{
    PXENBUS_FDO Fdo = DeviceObject->DeviceExtension;
    NTSTATUS Status;

    if (Fdo->Kind != XenbusFunction)
        return FdoComplete(Irp, Irp->IoStatus.Status);
    Status = IoAcquireRemoveLock(&Fdo->RemoveLock, Irp);
    if (!NT_SUCCESS(Status))
        return FdoComplete(Irp, Status);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Fdo->Lower, Irp);
    IoReleaseRemoveLock(&Fdo->RemoveLock, Irp);
    return Status;
}
