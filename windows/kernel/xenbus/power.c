/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power of the function device, whose power policy we own: a system state asks for the device
 * state that fits, and waking up gives the bus its chance before any child wakes. After hibernation
 * the machine is in a new domain and Xen knows nothing of us: that is a resume. After a sleep Xen
 * still knows everything but may have forgotten where our interrupts go.
 *
 * No request is waited for: a request that must be continued at PASSIVE_LEVEL goes to a work item.
 */
#include "device.h"
#include "interrupts.h"
#include "suspend.h"
#include "../common/log.h"

static NTSTATUS PassDown(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    NTSTATUS Status;

    IoSkipCurrentIrpStackLocation(Irp);
    Status = PoCallDriver(Fdo->Lower, Irp);
    IoReleaseRemoveLock(&Fdo->RemoveLock, Irp);
    return Status;
}

/* --- Device states. --- */

static VOID Wake(_In_ PXENBUS_FDO Fdo)
{
    PXENBUS_BUS Bus = FdoAcquireBus(Fdo);

    if (!Bus)
        return;
    if (Fdo->Hibernated)
        (VOID) SuspendAfterHibernation(&Bus->Parts);
    else
        InterruptsResume(Bus->Parts.Interrupts);
    Fdo->Hibernated = FALSE;
    BusDereference(Bus);
}

static VOID NTAPI FinishWaking(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID Context)
{
    POWER_STATE Power = {.DeviceState = PowerDeviceD0};
    PXENBUS_FDO Fdo = Context;
    PIRP Irp = Fdo->PowerIrp;

    Wake(Fdo);
    Fdo->PowerState = PowerDeviceD0;
    (VOID) PoSetPowerState(DeviceObject, DevicePowerState, Power);
    PoStartNextPowerIrp(Irp);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Fdo->RemoveLock, Irp);
}

/* The lower devices are in D0. */
static NTSTATUS NTAPI OnAwake(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                              _In_opt_ PVOID Context)
{
    PXENBUS_FDO Fdo = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (!NT_SUCCESS(Irp->IoStatus.Status)) {
        PoStartNextPowerIrp(Irp);
        IoReleaseRemoveLock(&Fdo->RemoveLock, Irp);
        return STATUS_CONTINUE_COMPLETION;
    }
    Fdo->PowerIrp = Irp; /* NT has one device power request under way */
    IoQueueWorkItem(Fdo->PowerWork, FinishWaking, CriticalWorkQueue, Fdo);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SetDevicePower(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp, _In_ POWER_STATE Power)
{
    if (Power.DeviceState != PowerDeviceD0) {
        (VOID) PoSetPowerState(Fdo->DeviceObject, DevicePowerState, Power);
        Fdo->PowerState = Power.DeviceState;
        PoStartNextPowerIrp(Irp);
        return PassDown(Fdo, Irp);
    }
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, OnAwake, Fdo, TRUE, TRUE, TRUE);
    IoMarkIrpPending(Irp);
    (VOID) PoCallDriver(Fdo->Lower, Irp);
    return STATUS_PENDING;
}

/* --- System states. --- */

static VOID NTAPI OnDevicePower(_In_ PDEVICE_OBJECT DeviceObject, _In_ UCHAR MinorFunction,
                                _In_ POWER_STATE PowerState, _In_opt_ PVOID Context,
                                _In_ PIO_STATUS_BLOCK IoStatus)
{
    PIRP SystemIrp = Context;
    PXENBUS_FDO Fdo = IoGetCurrentIrpStackLocation(SystemIrp)->DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(MinorFunction);
    UNREFERENCED_PARAMETER(PowerState);
    SystemIrp->IoStatus.Status = IoStatus->Status;
    PoStartNextPowerIrp(SystemIrp);
    IoCompleteRequest(SystemIrp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Fdo->RemoveLock, SystemIrp);
}

/* The lower devices have seen the system state: ask for ours. */
static NTSTATUS NTAPI OnSystemPower(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                                    _In_opt_ PVOID Context)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    POWER_STATE Power;
    PXENBUS_FDO Fdo = Context;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (!NT_SUCCESS(Irp->IoStatus.Status)) {
        PoStartNextPowerIrp(Irp);
        IoReleaseRemoveLock(&Fdo->RemoveLock, Irp);
        return STATUS_CONTINUE_COMPLETION;
    }
    Power.DeviceState = Stack->Parameters.Power.State.SystemState == PowerSystemWorking
                            ? PowerDeviceD0
                            : PowerDeviceD3;
    Status = PoRequestPowerIrp(Fdo->Pdo, IRP_MN_SET_POWER, Power, OnDevicePower, Irp, NULL);
    if (!NT_SUCCESS(Status)) {
        Irp->IoStatus.Status = Status;
        PoStartNextPowerIrp(Irp);
        IoReleaseRemoveLock(&Fdo->RemoveLock, Irp);
        return STATUS_CONTINUE_COMPLETION;
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SetSystemPower(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp, _In_ POWER_STATE Power)
{
    if (Power.SystemState == PowerSystemHibernate)
        Fdo->Hibernated = TRUE;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, OnSystemPower, Fdo, TRUE, TRUE, TRUE);
    IoMarkIrpPending(Irp);
    (VOID) PoCallDriver(Fdo->Lower, Irp);
    return STATUS_PENDING;
}

NTSTATUS FdoPower(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Fdo->RemoveLock, Irp);

    if (!NT_SUCCESS(Status)) {
        PoStartNextPowerIrp(Irp);
        return FdoComplete(Irp, Status);
    }
    if (Stack->MinorFunction != IRP_MN_SET_POWER) {
        PoStartNextPowerIrp(Irp);
        return PassDown(Fdo, Irp);
    }
    if (Stack->Parameters.Power.Type == SystemPowerState)
        return SetSystemPower(Fdo, Irp, Stack->Parameters.Power.State);
    return SetDevicePower(Fdo, Irp, Stack->Parameters.Power.State);
}
