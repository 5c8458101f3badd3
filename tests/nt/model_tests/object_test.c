/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that objects, handles, drivers and device objects live as documented, and that each of
 * their rules names the driver that breaks it.
 */
#include "model_tests/small_driver.h"
#include "model/machine.h"
#include "model/object.h"
#include "model/process.h"
#include "model/security.h"

/* --- References --- */

NT_TEST_BREAKS(reference_given_back_twice, object_reference_owned)
{
    small_driver(small_succeed);
    ObReferenceObject(Small.lower);
    ObDereferenceObject(Small.lower);
    ObDereferenceObject(Small.lower);
}

NT_TEST_BREAKS(reference_kept, object_reference_leak)
{
    small_driver(small_succeed);
    ObReferenceObject(Small.driver);
    small_driver_gone();
}

NT_TEST_BREAKS(no_object, object_is_live)
{
    static ULONG nothing[16];

    ObReferenceObject(nothing);
}

/* --- Handles --- */

static HANDLE directory_key(void)
{
    UNICODE_STRING path;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;

    RtlInitUnicodeString(&path, L"\\Registry\\Machine\\System\\CurrentControlSet\\Services");
    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    CHECK(NT_SUCCESS(
        ZwCreateKey(&handle, KEY_READ, &attributes, 0, NULL, REG_OPTION_NON_VOLATILE, NULL)));
    return handle;
}

NT_TEST_BREAKS(handle_kept, handle_leaked)
{
    directory_key();
}

NT_TEST_BREAKS(handle_closed_again, handle_closed_twice)
{
    HANDLE handle = directory_key();

    ZwClose(handle);
    ZwClose(handle);
}

static void run_as_user(process_main_fn *main)
{
    PEPROCESS process = process_create("user.exe", &security_administrator);

    process_run(process, main, NULL);
    process_end(process);
    process_release(process);
}

static void trusts_a_handle(void *context)
{
    PVOID object;

    (void)context;
    ObReferenceObjectByHandle((HANDLE)4, SYNCHRONIZE, *PsThreadType, KernelMode, &object, NULL);
}

NT_TEST_BREAKS(handle_of_a_user_taken_as_the_kernels, handle_of_user_trusted)
{
    run_as_user(trusts_a_handle);
}

static void takes_any_type(void *context)
{
    PVOID object;

    (void)context;
    ObReferenceObjectByHandle((HANDLE)4, SYNCHRONIZE, NULL, UserMode, &object, NULL);
}

NT_TEST_BREAKS(handle_of_a_user_without_type, handle_without_type)
{
    run_as_user(takes_any_type);
}

static void opens_a_user_handle(void *context)
{
    UNICODE_STRING path;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;

    (void)context;
    RtlInitUnicodeString(&path, L"\\Registry\\Machine\\System\\CurrentControlSet\\Services");
    InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE, NULL, NULL);
    ZwOpenKey(&handle, KEY_READ, &attributes);
}

NT_TEST_BREAKS(key_opened_for_a_user, key_handle_not_kernel)
{
    run_as_user(opens_a_user_handle);
}

/* --- Drivers --- */

static NTSTATUS NTAPI entry_pending(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_PENDING;
}

NT_TEST_BREAKS(driver_entry_pends, driver_entry_status)
{
    driver_load("bad", entry_pending, &Small.driver);
}

static NTSTATUS NTAPI entry_fails_with_device(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;

    (void)path;
    IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    return STATUS_UNSUCCESSFUL;
}

NT_TEST_BREAKS(driver_entry_fails_and_leaves_a_device, driver_entry_failed_with_device)
{
    driver_load("bad", entry_fails_with_device, &Small.driver);
}

static NTSTATUS NTAPI entry_without_add_device(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = small_unload;
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(driver_without_add_device, driver_no_add_device)
{
    driver_load("bad", entry_without_add_device, &Small.driver);
}

static NTSTATUS NTAPI entry_without_unload(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = small_add;
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(driver_without_unload, driver_no_unload)
{
    driver_load("bad", entry_without_unload, &Small.driver);
}

static VOID NTAPI unload_raised(PDRIVER_OBJECT driver)
{
    KIRQL irql;

    (void)driver;
    KeRaiseIrql(APC_LEVEL, &irql);
}

NT_TEST_BREAKS(driver_returns_raised, irql_restored)
{
    small_driver(small_succeed);
    Small.driver->DriverUnload = unload_raised;
    small_driver_gone();
}

/* --- Devices --- */

NT_TEST_BREAKS(device_kept, device_leaked)
{
    small_driver(small_succeed);
    driver_unload(Small.driver);
}

NT_TEST_BREAKS(device_deleted_again, device_is_live)
{
    small_driver(small_succeed);
    IoDeleteDevice(Small.lower);
    IoDeleteDevice(Small.lower);
}

NT_TEST_BREAKS(device_deleted_under_another, device_deleted_attached)
{
    small_driver_stack(NULL, small_succeed);
    IoDeleteDevice(Small.lower);
}

NT_TEST_BREAKS(device_deleted_in_its_stack, device_deleted_not_detached)
{
    small_driver_stack(NULL, small_succeed);
    IoDeleteDevice(Small.upper);
}

NT_TEST_BREAKS(device_detached_again, device_detached_twice)
{
    small_driver_stack(NULL, small_succeed);
    IoDetachDevice(Small.lower);
    IoDetachDevice(Small.lower);
}

/* --- Names and interfaces --- */

NT_TEST_BREAKS(symbolic_link_kept, symlink_leaked)
{
    UNICODE_STRING link, target;

    RtlInitUnicodeString(&link, L"\\DosDevices\\small");
    RtlInitUnicodeString(&target, L"\\Device\\small");
    CHECK(NT_SUCCESS(IoCreateSymbolicLink(&link, &target)));
}

static const GUID some_class = {0x12345678, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

NT_TEST_BREAKS(interface_on_a_function_device, interface_not_pdo)
{
    UNICODE_STRING name;

    small_driver(small_succeed);
    IoRegisterDeviceInterface(Small.lower, &some_class, NULL, &name);
}
