/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that a right function driver goes through the PnP states in every legal order, and that
 * the PnP manager reports drivers that break its rules.
 */
#include <ntddk.h>

#include "harness.h"
#include "model/fault.h"
#include "model/pci.h"
#include "model/pnp.h"
#include "model/power.h"

/* --- A small function driver that does all right; the bad ones change one thing each. */

struct fdo {
    PDEVICE_OBJECT self, lower, pdo;
    IO_REMOVE_LOCK lock;
    ULONG starts;
};

static struct {
    BOOLEAN keep_initializing, keep_attached, fail_unknown, fail_surprise;
    ULONG starts, removes;
} Bad;

static NTSTATUS NTAPI wake(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS forward_and_wait(struct fdo *fdo, PIRP irp)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, wake, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(fdo->lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS pass_down(struct fdo *fdo, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(fdo->lower, irp);
}

static NTSTATUS remove(struct fdo *fdo, PIRP irp)
{
    NTSTATUS status;

    IoReleaseRemoveLockAndWait(&fdo->lock, irp);
    irp->IoStatus.Status = STATUS_SUCCESS;
    status = pass_down(fdo, irp);
    Bad.removes++;
    if (Bad.keep_attached)
        return status;
    IoDetachDevice(fdo->lower);
    IoDeleteDevice(fdo->self);
    return status;
}

static NTSTATUS NTAPI fdo_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct fdo *fdo = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status = IoAcquireRemoveLock(&fdo->lock, irp);

    if (!NT_SUCCESS(status))
        return complete(irp, status);
    switch (minor) {
    case IRP_MN_START_DEVICE:
        status = forward_and_wait(fdo, irp);
        if (NT_SUCCESS(status))
            Bad.starts++;
        status = complete(irp, status);
        break;
    case IRP_MN_REMOVE_DEVICE:
        return remove(fdo, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        if (Bad.fail_surprise && minor == IRP_MN_SURPRISE_REMOVAL) {
            status = complete(irp, STATUS_UNSUCCESSFUL);
            break;
        }
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass_down(fdo, irp);
        break;
    default:
        if (Bad.fail_unknown && minor == 0x3e)
            status = complete(irp, STATUS_INVALID_DEVICE_REQUEST);
        else
            status = pass_down(fdo, irp);
    }
    IoReleaseRemoveLock(&fdo->lock, irp);
    return status;
}

static NTSTATUS NTAPI fdo_power(PDEVICE_OBJECT device, PIRP irp)
{
    struct fdo *fdo = device->DeviceExtension;

    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(fdo->lower, irp);
}

static NTSTATUS NTAPI fdo_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    struct fdo *fdo;
    NTSTATUS status = IoCreateDevice(driver, sizeof(*fdo), NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    fdo = device->DeviceExtension;
    fdo->self = device;
    fdo->pdo = pdo;
    IoInitializeRemoveLock(&fdo->lock, 'tseT', 0, 0);
    fdo->lower = IoAttachDeviceToDeviceStack(device, pdo);
    if (fdo->lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_POWER_PAGABLE;
    if (!Bad.keep_initializing)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI fdo_unload(PDRIVER_OBJECT driver)
{
}

static NTSTATUS NTAPI fdo_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->MajorFunction[IRP_MJ_PNP] = fdo_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = fdo_power;
    driver->DriverExtension->AddDevice = fdo_add_device;
    driver->DriverUnload = fdo_unload;
    return STATUS_SUCCESS;
}

static const struct pnp_driver fdo_driver = {
    .name = "toy", .hardware_id = "PCI\\VEN_5853&DEV_0001", .entry = fdo_entry};

static struct pnp_node *plug_in(void)
{
    pnp_install(&fdo_driver);
    return pci_add(&pci_xen_platform);
}

/* --- Good ways. */

NT_TEST(start_and_uninstall, .seeds = 5, .faults = true)
{
    struct pnp_node *node = plug_in();
    NTSTATUS status = pnp_start(node);

    CHECK(fault_injected() || NT_SUCCESS(status));
    pnp_uninstall("toy");
}

NT_TEST(stop_and_restart, .seeds = 5)
{
    struct pnp_node *node = plug_in();

    CHECK_EQ(pnp_start(node), STATUS_SUCCESS);
    CHECK_EQ(pnp_query_stop(node), STATUS_SUCCESS);
    pnp_cancel_stop(node);
    CHECK_EQ(pnp_query_stop(node), STATUS_SUCCESS);
    pnp_stop(node);
    CHECK_EQ(pnp_start(node), STATUS_SUCCESS);
    CHECK_EQ(Bad.starts, 2);
    CHECK_EQ(pnp_query_remove(node), STATUS_SUCCESS);
    pnp_cancel_remove(node);
    CHECK_EQ(pnp_disable(node), STATUS_SUCCESS);
    CHECK_EQ(pnp_start(node), STATUS_SUCCESS);
    pnp_uninstall("toy");
    CHECK_EQ(Bad.removes, 2);
}

NT_TEST(surprise_removal, .seeds = 5)
{
    struct pnp_node *node = plug_in();

    CHECK_EQ(pnp_start(node), STATUS_SUCCESS);
    pci_unplug(node);
    CHECK_EQ(Bad.removes, 1);
    pnp_uninstall("toy");
}

NT_TEST(sleep_and_wake, .seeds = 5)
{
    CHECK_EQ(pnp_start(plug_in()), STATUS_SUCCESS);
    CHECK_EQ(power_sleep(PowerSystemSleeping3), STATUS_SUCCESS);
    power_wake();
    pnp_uninstall("toy");
}

/* --- Bad drivers. */

NT_TEST_BREAKS(initializing_flag_left, add_device_initializing)
{
    Bad.keep_initializing = TRUE;
    pnp_start(plug_in());
}

NT_TEST_BREAKS(device_left_at_remove, pnp_remove_left_attached)
{
    Bad.keep_attached = TRUE;
    pnp_start(plug_in());
    pnp_uninstall("toy");
}

NT_TEST_BREAKS(unknown_minor_failed, pnp_unknown_changed)
{
    Bad.fail_unknown = TRUE;
    pnp_start(plug_in());
}

NT_TEST_BREAKS(surprise_refused, pnp_must_succeed)
{
    struct pnp_node *node = plug_in();

    Bad.fail_surprise = TRUE;
    pnp_start(node);
    pci_unplug(node);
}
