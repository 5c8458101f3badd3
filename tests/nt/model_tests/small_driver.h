/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver with one or two devices whose dispatch routine each case chooses. */
#ifndef NT_MODEL_TESTS_SMALL_DRIVER_H
#define NT_MODEL_TESTS_SMALL_DRIVER_H

#include <ntifs.h>

#include "harness.h"
#include "model/device.h"
#include "model/irp.h"

static struct {
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT lower, upper; /* upper: only after small_driver_stack() */
    PDRIVER_DISPATCH on_lower, on_upper;
} Small;

static NTSTATUS small_complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI small_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return small_complete(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI small_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == Small.lower)
        return Small.on_lower(device, irp);
    if (Small.on_upper)
        return Small.on_upper(device, irp);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(Small.lower, irp);
}

static VOID NTAPI small_unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static NTSTATUS NTAPI small_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    (void)driver;
    (void)pdo;
    return STATUS_NO_SUCH_DEVICE;
}

static NTSTATUS NTAPI small_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = small_dispatch;
    driver->DriverUnload = small_unload;
    driver->DriverExtension->AddDevice = small_add;
    return STATUS_SUCCESS;
}

static inline PDEVICE_OBJECT small_device(void)
{
    PDEVICE_OBJECT device;

    CHECK(NT_SUCCESS(IoCreateDevice(Small.driver, 0, NULL, FILE_DEVICE_UNKNOWN,
                                    FILE_DEVICE_SECURE_OPEN, FALSE, &device)));
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return device;
}

/* One device, which answers with `dispatch`. */
static inline void small_driver(PDRIVER_DISPATCH dispatch)
{
    CHECK(NT_SUCCESS(driver_load("small", small_entry, &Small.driver)));
    Small.on_lower = dispatch;
    Small.lower = small_device();
}

/* And one above it, with `above`. */
static inline void small_driver_stack(PDRIVER_DISPATCH above, PDRIVER_DISPATCH below)
{
    small_driver(below);
    Small.on_upper = above;
    Small.upper = small_device();
    CHECK(IoAttachDeviceToDeviceStack(Small.upper, Small.lower) == Small.lower);
}

static inline void small_driver_gone(void)
{
    if (Small.upper) {
        IoDetachDevice(Small.lower);
        IoDeleteDevice(Small.upper);
    }
    IoDeleteDevice(Small.lower);
    driver_unload(Small.driver);
}

/* A request of the system to the stack's top, and its end. */
static inline NTSTATUS small_request(UCHAR major, UCHAR minor)
{
    IO_STACK_LOCATION location = {.MajorFunction = major, .MinorFunction = minor};

    return irp_send_and_wait(Small.lower, &location, STATUS_NOT_SUPPORTED, NULL);
}

#endif
