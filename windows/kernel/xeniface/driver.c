/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver: its entry, and the dispatch table. xeniface.sys lets user mode use Xen: event
 * channels, grants, foreign pages and XenStore, through the IOCTLs of include/xeniface_ioctls.h,
 * which are those of the Xen Project's driver.
 */
#include <ntddk.h>

#include "windows/kernel/common/log.h"
#include "windows/kernel/common/pool.h"
#include "device.h"

const CHAR LogDriverName[] = "xeniface";

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD XenifaceUnload;

NTSTATUS CompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* Every device is gone: there is nothing left. */
static VOID NTAPI XenifaceUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    PoolInitialize();
    DriverObject->DriverExtension->AddDevice = XenifaceAddDevice;
    DriverObject->DriverUnload = XenifaceUnload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = XenifaceCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = XenifaceCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = XenifaceClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = XenifaceDeviceControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = XenifacePnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = XenifacePower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = XenifaceSystemControl;
    return STATUS_SUCCESS;
}
