/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power: the device has no state of its own to save; the bus quiesces and re-establishes what is
 * Xen's. Power IRPs are passed down, and so are WMI's.
 */
#include "device.h"

/* Passes an IRP down that this driver does nothing with. */
static NTSTATUS PassDown(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIRP Irp, _In_ BOOLEAN Power)
{
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status)) {
        if (Power)
            PoStartNextPowerIrp(Irp);
        return CompleteIrp(Irp, Status, 0);
    }
    if (Power)
        PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = Power ? PoCallDriver(Device->Lower, Irp) : IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

NTSTATUS NTAPI XenifacePower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return PassDown(DeviceObject->DeviceExtension, Irp, TRUE);
}

NTSTATUS NTAPI XenifaceSystemControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return PassDown(DeviceObject->DeviceExtension, Irp, FALSE);
}
