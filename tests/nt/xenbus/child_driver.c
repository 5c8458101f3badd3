/* SPDX-License-Identifier: BSD-2-Clause */
/* A small function driver on xenbus's children: see child_driver.h. */
#include "child_driver.h"

#include <xenbus/debug.h>
#include <xenbus/suspend.h>

#include "harness.h"
#include "model/pnp.h"

enum { HOLDERS_MAX = 8, IDS_MAX = 3 };

struct child {
    PDEVICE_OBJECT self, lower, pdo;
    IO_REMOVE_LOCK lock;
    bool holds;
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    XENBUS_DEBUG_INTERFACE_V1 debug;
    PXENBUS_SUSPEND_HANDLE early, late;
    PXENBUS_DEBUG_HANDLE dump;
};

static struct child *Holders[HOLDERS_MAX];
static ULONG EarlyCalls, LateCalls, Dumps;
static struct pnp_driver Drivers[IDS_MAX];
static ULONG DriverCount;

static VOID NTAPI early(PVOID argument)
{
    CHECK_EQ(KeGetCurrentIrql(), HIGH_LEVEL);
    EarlyCalls++;
}

static VOID NTAPI late(PVOID argument)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(((struct child *)argument)->holds);
    LateCalls++;
}

static VOID NTAPI dump(PVOID argument, PXENBUS_DEBUG_SINK sink)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    Dumps++;
    sink->Write(sink, "alive");
}

static void hold(struct child *child)
{
    if (!NT_SUCCESS(pnp_query_interface(child->lower, &GUID_XENBUS_SUSPEND, sizeof(child->suspend),
                                        1, &child->suspend.Interface, NULL)))
        return;
    if (!NT_SUCCESS(pnp_query_interface(child->lower, &GUID_XENBUS_DEBUG, sizeof(child->debug), 1,
                                        &child->debug.Interface, NULL))) {
        child->suspend.Interface.InterfaceDereference(child->suspend.Interface.Context);
        return;
    }
    child->holds = true; /* callbacks come from here on */
    if (!NT_SUCCESS(child->suspend.Register(child->suspend.Interface.Context, XenbusSuspendEarly,
                                            XENBUS_SUSPEND_ORDER_CHILD, early, child,
                                            &child->early)))
        child->early = NULL;
    if (!NT_SUCCESS(child->suspend.Register(child->suspend.Interface.Context, XenbusSuspendLate,
                                            XENBUS_SUSPEND_ORDER_CHILD, late, child, &child->late)))
        child->late = NULL;
    if (!NT_SUCCESS(child->debug.Register(child->debug.Interface.Context, "child", dump, child,
                                          &child->dump)))
        child->dump = NULL;
    for (ULONG i = 0; i < HOLDERS_MAX; i++)
        if (!Holders[i]) {
            Holders[i] = child;
            break;
        }
}

static void let_go(struct child *child)
{
    if (!child->holds)
        return;
    for (ULONG i = 0; i < HOLDERS_MAX; i++)
        if (Holders[i] == child)
            Holders[i] = NULL;
    if (child->early)
        child->suspend.Deregister(child->suspend.Interface.Context, child->early);
    if (child->late)
        child->suspend.Deregister(child->suspend.Interface.Context, child->late);
    if (child->dump)
        child->debug.Deregister(child->debug.Interface.Context, child->dump);
    child->holds = false;
    child->suspend.Interface.InterfaceDereference(child->suspend.Interface.Context);
    child->debug.Interface.InterfaceDereference(child->debug.Interface.Context);
}

static NTSTATUS NTAPI wake(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS start(struct child *child, PIRP irp)
{
    NTSTATUS status;
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, wake, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(child->lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    status = irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        hold(child);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS pass_down(struct child *child, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(child->lower, irp);
}

static NTSTATUS NTAPI child_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct child *child = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&child->lock, irp);

    if (!NT_SUCCESS(status)) {
        irp->IoStatus.Status = status;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    }
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = start(child, irp);
        break;
    case IRP_MN_REMOVE_DEVICE:
        let_go(child);
        IoReleaseRemoveLockAndWait(&child->lock, irp);
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass_down(child, irp);
        IoDetachDevice(child->lower);
        IoDeleteDevice(child->self);
        return status;
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        let_go(child);
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass_down(child, irp);
        break;
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass_down(child, irp);
        break;
    default:
        status = pass_down(child, irp);
    }
    IoReleaseRemoveLock(&child->lock, irp);
    return status;
}

static NTSTATUS NTAPI child_power(PDEVICE_OBJECT device, PIRP irp)
{
    struct child *child = device->DeviceExtension;

    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(child->lower, irp);
}

static NTSTATUS NTAPI child_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    struct child *child;
    PDEVICE_OBJECT device;
    NTSTATUS status =
        IoCreateDevice(driver, sizeof(struct child), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    child = device->DeviceExtension;
    RtlZeroMemory(child, sizeof(*child));
    child->self = device;
    child->pdo = pdo;
    IoInitializeRemoveLock(&child->lock, 'dlhC', 0, 0);
    child->lower = IoAttachDeviceToDeviceStack(device, pdo);
    if (!child->lower) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= child->lower->Flags & DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI child_unload(PDRIVER_OBJECT driver)
{
}

static NTSTATUS NTAPI child_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverExtension->AddDevice = child_add;
    driver->DriverUnload = child_unload;
    driver->MajorFunction[IRP_MJ_PNP] = child_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = child_power;
    return STATUS_SUCCESS;
}

void child_driver_install(const char *hardware_id)
{
    static const char *const Names[IDS_MAX] = {"child0", "child1", "child2"};
    struct pnp_driver *driver = &Drivers[DriverCount];

    driver->name = Names[DriverCount++];
    driver->hardware_id = hardware_id;
    driver->entry = child_entry;
    pnp_install(driver);
}

void child_driver_uninstall(void)
{
    while (DriverCount)
        pnp_uninstall(Drivers[--DriverCount].name);
}

static struct child *holder(void)
{
    for (ULONG i = 0; i < HOLDERS_MAX; i++)
        if (Holders[i])
            return Holders[i];
    return NULL;
}

bool child_driver_holds(void)
{
    return holder() != NULL;
}

NTSTATUS child_driver_suspend(void)
{
    struct child *child = holder();
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    NTSTATUS status;

    if (!child)
        return STATUS_NO_SUCH_DEVICE;
    suspend = child->suspend; /* the child may go meanwhile */
    suspend.Interface.InterfaceReference(suspend.Interface.Context);
    status = suspend.Trigger(suspend.Interface.Context);
    suspend.Interface.InterfaceDereference(suspend.Interface.Context);
    return status;
}

ULONG child_driver_early_calls(void)
{
    return EarlyCalls;
}

ULONG child_driver_late_calls(void)
{
    return LateCalls;
}

ULONG child_driver_dumps(void)
{
    return Dumps;
}
