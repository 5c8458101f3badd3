/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bus with one child, for tests of a driver on it: the child's device says yes to everything, has
 * the ids and the services that the test gives it, and is deleted when it was pulled out and then
 * removed. One bus a machine; all calls at PASSIVE_LEVEL.
 */
#ifndef TESTS_NT_CHILD_BUS_H
#define TESTS_NT_CHILD_BUS_H

#include <ntddk.h>

#include "harness.h"
#include "model/device.h"
#include "model/machine.h"
#include "model/pnp.h"

static struct child_bus {
    /* The test's. */
    const WCHAR *id, *instance;
    ULONG address;
    NTSTATUS (*query_interface)(PIO_STACK_LOCATION stack); /* NULL: there are no services */
    /* The bus's. */
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT child; /* NULL: deleted */
    BOOLEAN gone;         /* pulled out */
    struct pnp_node *node;
} ChildBus;

struct child_service {
    const GUID *guid;
    const VOID *table; /* begins with an INTERFACE */
};

/* For query_interface. Missing: the service that is not there, or NULL. */
static inline NTSTATUS child_bus_service(PIO_STACK_LOCATION stack,
                                         const struct child_service *services, ULONG count,
                                         const GUID *missing)
{
    for (ULONG i = 0; i < count; i++) {
        const INTERFACE *head = services[i].table;

        if (!IsEqualGUID(stack->Parameters.QueryInterface.InterfaceType, services[i].guid))
            continue;
        if (services[i].guid == missing ||
            stack->Parameters.QueryInterface.Version != head->Version ||
            stack->Parameters.QueryInterface.Size < head->Size)
            return STATUS_NOT_SUPPORTED;
        memcpy(stack->Parameters.QueryInterface.Interface, head, head->Size);
        head->InterfaceReference(head->Context);
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS child_bus_id(PIRP irp, BUS_QUERY_ID_TYPE type)
{
    const WCHAR *text = type == BusQueryInstanceID ? ChildBus.instance : ChildBus.id;
    SIZE_T bytes = (wcslen(text) + 2) * sizeof(WCHAR); /* one string, or a list of one */
    PWSTR copy;

    if (type != BusQueryInstanceID && type != BusQueryDeviceID && type != BusQueryHardwareIDs)
        return irp->IoStatus.Status;
    copy = pool_allocate(bytes, 'suBC', false, true);
    wcscpy(copy, text);
    irp->IoStatus.Information = (ULONG_PTR)copy;
    return STATUS_SUCCESS;
}

static NTSTATUS child_bus_answer(PIRP irp, PIO_STACK_LOCATION stack)
{
    switch (stack->MinorFunction) {
    case IRP_MN_QUERY_INTERFACE:
        return ChildBus.query_interface ? ChildBus.query_interface(stack) : irp->IoStatus.Status;
    case IRP_MN_QUERY_ID:
        return child_bus_id(irp, stack->Parameters.QueryId.IdType);
    case IRP_MN_QUERY_CAPABILITIES:
        stack->Parameters.DeviceCapabilities.Capabilities->UniqueID = TRUE;
        stack->Parameters.DeviceCapabilities.Capabilities->Address = ChildBus.address;
        return STATUS_SUCCESS;
    case IRP_MN_SURPRISE_REMOVAL:
        ChildBus.gone = TRUE;
        return STATUS_SUCCESS;
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
        return STATUS_SUCCESS;
    }
    return irp->IoStatus.Status;
}

static NTSTATUS NTAPI child_bus_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = child_bus_answer(irp, stack);

    if (stack->MinorFunction == IRP_MN_REMOVE_DEVICE && ChildBus.gone) {
        ChildBus.child = NULL;
        IoDeleteDevice(device);
    }
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI child_bus_power(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI child_bus_wmi(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = irp->IoStatus.Status;

    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI child_bus_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    return STATUS_NOT_SUPPORTED;
}

static VOID NTAPI child_bus_unload(PDRIVER_OBJECT driver)
{
}

static NTSTATUS NTAPI child_bus_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverExtension->AddDevice = child_bus_add;
    driver->DriverUnload = child_bus_unload;
    driver->MajorFunction[IRP_MJ_PNP] = child_bus_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = child_bus_power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = child_bus_wmi;
    return STATUS_SUCCESS;
}

/* Makes the bus and the child's node; start it with pnp_start(). Faults are paused. */
static struct pnp_node *child_bus_make(const char *name)
{
    CHECK(NT_SUCCESS(driver_load(name, child_bus_entry, &ChildBus.driver)));
    CHECK(NT_SUCCESS(IoCreateDevice(ChildBus.driver, 0, NULL, FILE_DEVICE_BUS_EXTENDER,
                                    FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &ChildBus.child)));
    ChildBus.child->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    ChildBus.node = pnp_add_root(ChildBus.child);
    return ChildBus.node;
}

/* No driver is on the child any more. */
static void child_bus_end(void)
{
    if (ChildBus.child)
        IoDeleteDevice(ChildBus.child);
    driver_unload(ChildBus.driver);
}

#endif
