/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that a program's IOCTLs reach a right driver by each method and come back, that pending
 * ones are cancelled by the program, its thread's end and its death, that only those whom the
 * device's security lets in get in; and that each rule about IRPs, files and handles catches the
 * driver that breaks it.
 */
#include <ntifs.h>
#include <windows/kernel/common/usercopy.h>

#include "harness.h"
#include "model/device.h"
#include "model/fault.h"
#include "model/irp.h"
#include "model/process.h"
#include "model/security.h"
#include "model/user.h"

enum {
    ECHO = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS),
    ECHO_DIRECT = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_OUT_DIRECT, FILE_ANY_ACCESS),
    ECHO_NEITHER = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_NEITHER, FILE_ANY_ACCESS),
    STAY = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_BUFFERED, FILE_ANY_ACCESS),
    WRITE_ONLY = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_WRITE_ACCESS),
    SIGNAL = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_ANY_ACCESS),
    BAD = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x806, METHOD_BUFFERED, FILE_ANY_ACCESS),
    NO_EXECUTE = 0x40000000,
    TAG = 'tseT',
};

/* --- The driver: one device with a cancel-safe queue. */

typedef NTSTATUS bad_fn(PDEVICE_OBJECT device, PIRP irp);

static struct {
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    IO_CSQ queue;
    LIST_ENTRY irps;
    KSPIN_LOCK lock;
    ULONG opens, cleanups, closes, cancelled;
    bad_fn *bad;
} Toy;

static NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI queue_insert(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&Toy.irps, &irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI queue_remove(PIO_CSQ csq, PIRP irp)
{
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI queue_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp == NULL ? Toy.irps.Flink : irp->Tail.Overlay.ListEntry.Flink;

    return next == &Toy.irps ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID NTAPI queue_lock(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&Toy.lock, irql);
}

static VOID NTAPI queue_unlock(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&Toy.lock, irql);
}

static VOID NTAPI queue_cancelled(PIO_CSQ csq, PIRP irp)
{
    Toy.cancelled++;
    finish(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI toy_create(PDEVICE_OBJECT device, PIRP irp)
{
    Toy.opens++;
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI toy_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    Toy.cleanups++;
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI toy_close(PDEVICE_OBJECT device, PIRP irp)
{
    Toy.closes++;
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS echo_direct(PIRP irp, ULONG bytes)
{
    PVOID out =
        irp->MdlAddress == NULL
            ? NULL
            : MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority | NO_EXECUTE);

    if (out == NULL)
        return finish(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlCopyMemory(out, irp->AssociatedIrp.SystemBuffer, bytes);
    return finish(irp, STATUS_SUCCESS, bytes);
}

static NTSTATUS echo_neither(PIRP irp, PIO_STACK_LOCATION location, ULONG bytes)
{
    UCHAR copy[64];
    NTSTATUS status = bytes > sizeof(copy) ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;

    if (NT_SUCCESS(status))
        status = UserCopyIn(copy, location->Parameters.DeviceIoControl.Type3InputBuffer, bytes,
                            irp->RequestorMode);
    if (NT_SUCCESS(status))
        status = UserCopyOut(irp->UserBuffer, copy, bytes, irp->RequestorMode);
    return finish(irp, status, NT_SUCCESS(status) ? bytes : 0);
}

static NTSTATUS signal(PIRP irp, PIO_STACK_LOCATION location)
{
    PKEVENT event;
    NTSTATUS status;

    if (location->Parameters.DeviceIoControl.InputBufferLength != sizeof(HANDLE))
        return finish(irp, STATUS_INVALID_BUFFER_SIZE, 0);
    status =
        ObReferenceObjectByHandle(*(HANDLE *)irp->AssociatedIrp.SystemBuffer, EVENT_MODIFY_STATE,
                                  *ExEventObjectType, irp->RequestorMode, (PVOID *)&event, NULL);
    if (!NT_SUCCESS(status))
        return finish(irp, status, 0);
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    ObDereferenceObject(event);
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI toy_control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG bytes = min(location->Parameters.DeviceIoControl.InputBufferLength,
                      location->Parameters.DeviceIoControl.OutputBufferLength);

    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case ECHO: /* in and out are one buffer */
    case WRITE_ONLY:
        return finish(irp, STATUS_SUCCESS, bytes);
    case ECHO_DIRECT:
        return echo_direct(irp, bytes);
    case ECHO_NEITHER:
        return echo_neither(irp, location, bytes);
    case STAY:
        IoCsqInsertIrp(&Toy.queue, irp, NULL);
        return STATUS_PENDING;
    case SIGNAL:
        return signal(irp, location);
    case BAD:
        return Toy.bad(device, irp);
    default:
        return finish(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI toy_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    return STATUS_NO_SUCH_DEVICE;
}

static VOID NTAPI toy_unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Toy");

    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Toy.device);
}

static NTSTATUS NTAPI toy_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Toy");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Toy");

    driver->MajorFunction[IRP_MJ_CREATE] = toy_create;
    driver->MajorFunction[IRP_MJ_CLEANUP] = toy_cleanup;
    driver->MajorFunction[IRP_MJ_CLOSE] = toy_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = toy_control;
    driver->DriverExtension->AddDevice = toy_add;
    driver->DriverUnload = toy_unload;
    InitializeListHead(&Toy.irps);
    KeInitializeSpinLock(&Toy.lock);
    IoCsqInitialize(&Toy.queue, queue_insert, queue_remove, queue_peek, queue_lock, queue_unlock,
                    queue_cancelled);
    IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                   &Toy.device);
    Toy.device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return IoCreateSymbolicLink(&link, &name);
}

static void load(void)
{
    CHECK_EQ(driver_load("toy", toy_entry, &Toy.driver), STATUS_SUCCESS);
}

/* --- The program. */

static NTSTATUS open(ACCESS_MASK access, HANDLE *handle)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\??\\Toy");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return NtCreateFile(handle, access, &attributes, &result, NULL, 0, 0, FILE_OPEN, 0, NULL, 0);
}

static NTSTATUS call(HANDLE handle, ULONG code, PVOID in, ULONG in_bytes, PVOID out, ULONG bytes)
{
    return user_fire_ioctl(handle, code, in, in_bytes, out, bytes);
}

static void run(process_main_fn *main)
{
    PEPROCESS process = process_create("a program", &security_user);

    process_run(process, main, NULL);
    process_end(process);
    process_release(process);
}

/* --- Good ways. */

static void echoes(void *context)
{
    static const ULONG codes[] = {ECHO, ECHO_DIRECT, ECHO_NEITHER};
    char *in = user_alloc(PAGE_SIZE), *out = user_alloc(2 * PAGE_SIZE);
    HANDLE handle;

    CHECK_EQ(open(GENERIC_READ, &handle), STATUS_SUCCESS);
    for (ULONG i = 0; i < RTL_NUMBER_OF(codes); i++) {
        memcpy(in, "hello", 6);
        out[PAGE_SIZE - 2] = 0;
        CHECK_EQ(call(handle, codes[i], in, 6, out + PAGE_SIZE - 2, 6), STATUS_SUCCESS);
        CHECK(memcmp(out + PAGE_SIZE - 2, "hello", 6) == 0);
        CHECK_EQ(call(handle, codes[i], (PVOID)16, 6, out, 6), STATUS_ACCESS_VIOLATION);
        CHECK_EQ(call(handle, codes[i], in, 6, (PVOID)16, 6), STATUS_ACCESS_VIOLATION);
        CHECK_EQ(call(handle, codes[i], in, 6, (PVOID)-64, 6), STATUS_ACCESS_VIOLATION);
    }
    CHECK_EQ(call(handle, WRITE_ONLY, in, 1, out, 1), STATUS_ACCESS_DENIED);
    CHECK_EQ(call((HANDLE)0x44, ECHO, in, 1, out, 1), STATUS_INVALID_HANDLE);
    CHECK_EQ(NtClose(handle), STATUS_SUCCESS);
}

NT_TEST(buffers_go_in_and_out, .seeds = 10)
{
    load();
    run(echoes);
    CHECK_EQ(Toy.opens, 1);
    CHECK_EQ(Toy.cleanups, 1);
    CHECK_EQ(Toy.closes, 1);
    driver_unload(Toy.driver);
}

static void stays(void *context)
{
    PIO_STATUS_BLOCK first = user_alloc(PAGE_SIZE), second = first + 1;
    IO_STATUS_BLOCK result;
    HANDLE handle;

    CHECK_EQ(open(GENERIC_READ, &handle), STATUS_SUCCESS);
    CHECK_EQ(NtDeviceIoControlFile(handle, NULL, NULL, NULL, first, STAY, NULL, 0, NULL, 0),
             STATUS_PENDING);
    CHECK_EQ(NtDeviceIoControlFile(handle, NULL, NULL, NULL, second, STAY, NULL, 0, NULL, 0),
             STATUS_PENDING);
    CHECK_EQ(NtCancelIoFileEx(handle, first, &result), STATUS_SUCCESS);
    CHECK_EQ(first->Status, STATUS_CANCELLED);
    CHECK_EQ(NtCancelIoFileEx(handle, first, &result), STATUS_NOT_FOUND);
}

NT_TEST(a_dying_program_cancels_its_requests, .seeds = 20)
{
    load();
    run(stays);
    CHECK_EQ(Toy.cancelled, 2);
    CHECK_EQ(Toy.closes, 1);
    driver_unload(Toy.driver);
}

static void fires(void *context)
{
    HANDLE handle;

    CHECK_EQ(open(GENERIC_READ, &handle), STATUS_SUCCESS);
    for (ULONG i = 0; i < 5; i++) {
        NTSTATUS status = call(handle, STAY, NULL, 0, NULL, 0);

        CHECK(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
    }
}

/* A request is taken from the queue on one CPU while it is cancelled on another. */
static VOID NTAPI taker(PVOID context)
{
    PIRP irp;

    for (ULONG tries = 0; tries < 20; tries++) {
        irp = IoCsqRemoveNextIrp(&Toy.queue, NULL);
        if (irp != NULL)
            finish(irp, STATUS_SUCCESS, 0);
        BenchYieldProcessor();
    }
}

NT_TEST(cancel_races_with_completion, .cpus = 2, .seeds = 60)
{
    HANDLE thread;

    load();
    CHECK_EQ(PsCreateSystemThread(&thread, SYNCHRONIZE, NULL, NULL, NULL, taker, NULL),
             STATUS_SUCCESS);
    run(fires);
    ZwWaitForSingleObject(thread, FALSE, NULL);
    ZwClose(thread);
    driver_unload(Toy.driver);
}

static void events(void *context)
{
    HANDLE handle, event, *in = user_alloc(PAGE_SIZE);

    CHECK_EQ(open(GENERIC_READ, &handle), STATUS_SUCCESS);
    CHECK_EQ(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
             STATUS_SUCCESS);
    *in = event;
    CHECK_EQ(call(handle, SIGNAL, in, sizeof(*in), NULL, 0), STATUS_SUCCESS);
    CHECK_EQ(NtWaitForSingleObject(event, FALSE, NULL), STATUS_SUCCESS);
    *in = handle; /* not an event */
    CHECK_EQ(call(handle, SIGNAL, in, sizeof(*in), NULL, 0), STATUS_OBJECT_TYPE_MISMATCH);
    *in = (HANDLE)0xFFFFFFFF80000004; /* a kernel handle */
    CHECK_EQ(call(handle, SIGNAL, in, sizeof(*in), NULL, 0), STATUS_INVALID_HANDLE);
    CHECK_EQ(NtCreateEvent(&event, SYNCHRONIZE, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    *in = event; /* opened for waiting only */
    CHECK_EQ(call(handle, SIGNAL, in, sizeof(*in), NULL, 0), STATUS_ACCESS_DENIED);
}

NT_TEST(user_handles_are_checked, .seeds = 5)
{
    load();
    run(events);
    driver_unload(Toy.driver);
}

static void refused(void *context)
{
    HANDLE handle;

    CHECK_EQ(open(GENERIC_READ, &handle), STATUS_ACCESS_DENIED);
}

static void admitted(void *context)
{
    HANDLE handle;

    CHECK_EQ(open(GENERIC_READ | GENERIC_WRITE, &handle), STATUS_SUCCESS);
}

NT_TEST(a_descriptor_guards_the_device)
{
    UNICODE_STRING sddl = RTL_CONSTANT_STRING(L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
    PEPROCESS administrator = process_create("an administrator", &security_administrator);

    load();
    security_free(Toy.device->SecurityDescriptor);
    CHECK_EQ(security_from_sddl(&sddl, &Toy.device->SecurityDescriptor), STATUS_SUCCESS);
    run(refused);
    process_run(administrator, admitted, NULL);
    process_release(administrator);
    driver_unload(Toy.driver);
}

/* --- Bad drivers. */

static void fires_bad(void *context)
{
    HANDLE handle;
    PVOID memory = user_alloc(PAGE_SIZE);

    CHECK_EQ(open(GENERIC_READ, &handle), STATUS_SUCCESS);
    *(HANDLE *)memory = handle;
    call(handle, BAD, memory, 8, memory, 64);
}

static void run_bad(bad_fn *bad)
{
    Toy.bad = bad;
    load();
    run(fires_bad);
    driver_unload(Toy.driver);
}

static NTSTATUS returns_too_much_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    RtlZeroMemory(irp->AssociatedIrp.SystemBuffer, 64);
    return finish(irp, STATUS_SUCCESS, 65);
}

NT_TEST_BREAKS(returns_too_much, ioctl_information)
{
    run_bad(returns_too_much_dispatch);
}

static NTSTATUS returns_what_it_never_wrote_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    return finish(irp, STATUS_SUCCESS, 64);
}

NT_TEST_BREAKS(returns_what_it_never_wrote, ioctl_output_unwritten)
{
    run_bad(returns_what_it_never_wrote_dispatch);
}

static NTSTATUS completes_twice_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoMarkIrpPending(irp);
    irp->CurrentLocation++; /* as after a completion that was stopped above */
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_PENDING;
}

NT_TEST_BREAKS(completes_twice, irp_completed_twice)
{
    run_bad(completes_twice_dispatch);
}

static NTSTATUS completes_and_completes_again_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    finish(irp, STATUS_SUCCESS, 0);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(completes_and_completes_again, irp_is_live)
{
    run_bad(completes_and_completes_again_dispatch);
}

static NTSTATUS pends_unmarked_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    return STATUS_PENDING;
}

NT_TEST_BREAKS(pends_unmarked, irp_pending_unmarked)
{
    run_bad(pends_unmarked_dispatch);
}

static NTSTATUS marks_and_returns_success_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(marks_and_returns_success, irp_marked_not_pending)
{
    run_bad(marks_and_returns_success_dispatch);
}

static NTSTATUS drops_the_request_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(drops_the_request, irp_dropped)
{
    run_bad(drops_the_request_dispatch);
}

static NTSTATUS returns_another_status_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    finish(irp, STATUS_UNSUCCESSFUL, 0);
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(returns_another_status, irp_status_differs)
{
    run_bad(returns_another_status_dispatch);
}

static NTSTATUS completes_as_pending_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    return finish(irp, STATUS_PENDING, 0);
}

NT_TEST_BREAKS(completes_as_pending, irp_completed_pending)
{
    run_bad(completes_as_pending_dispatch);
}

static VOID NTAPI bad_cancel(PDEVICE_OBJECT device, PIRP irp)
{
}

static NTSTATUS completes_with_cancel_routine_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, bad_cancel);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(completes_with_cancel_routine, irp_cancel_routine_done)
{
    run_bad(completes_with_cancel_routine_dispatch);
}

static NTSTATUS cancel_routine_keeps_the_lock_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, bad_cancel);
    return STATUS_PENDING;
}

NT_TEST_BREAKS(cancel_routine_keeps_the_lock, cancel_lock_kept)
{
    run_bad(cancel_routine_keeps_the_lock_dispatch);
}

static VOID NTAPI forgetful_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

static NTSTATUS never_completes_what_was_cancelled_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, forgetful_cancel);
    return STATUS_PENDING;
}

NT_TEST_BREAKS(never_completes_what_was_cancelled, process_request_stuck)
{
    run_bad(never_completes_what_was_cancelled_dispatch);
}

static NTSTATUS returns_at_another_irql_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(returns_at_another_irql, irql_restored)
{
    run_bad(returns_at_another_irql_dispatch);
}

static NTSTATUS trusts_a_user_handle_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PVOID object;

    ObReferenceObjectByHandle(*(HANDLE *)irp->AssociatedIrp.SystemBuffer, 0, *IoFileObjectType,
                              KernelMode, &object, NULL);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(trusts_a_user_handle, handle_of_user_trusted)
{
    run_bad(trusts_a_user_handle_dispatch);
}

static NTSTATUS takes_any_type_of_handle_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PVOID object;

    ObReferenceObjectByHandle(*(HANDLE *)irp->AssociatedIrp.SystemBuffer, 0, NULL, UserMode,
                              &object, NULL);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(takes_any_type_of_handle, handle_without_type)
{
    run_bad(takes_any_type_of_handle_dispatch);
}

static NTSTATUS forgets_a_reference_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PVOID object;

    ObReferenceObjectByHandle(*(HANDLE *)irp->AssociatedIrp.SystemBuffer, 0, *IoFileObjectType,
                              UserMode, &object, NULL);
    ObDereferenceObject(object);
    ObReferenceObject(device->DriverObject);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(forgets_a_reference, object_reference_leak)
{
    run_bad(forgets_a_reference_dispatch);
}

static NTSTATUS gives_back_too_much_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    ObDereferenceObject(device);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(gives_back_too_much, object_reference_owned)
{
    run_bad(gives_back_too_much_dispatch);
}

static NTSTATUS frees_the_requests_irp_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(frees_the_requests_irp, irp_freed_by_other)
{
    run_bad(frees_the_requests_irp_dispatch);
}

static NTSTATUS leaks_an_irp_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    IoAllocateIrp(1, FALSE);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(leaks_an_irp, irp_leaked)
{
    run_bad(leaks_an_irp_dispatch);
}

static NTSTATUS sends_without_a_location_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    IoCallDriver(device, IoAllocateIrp(0, FALSE));
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(sends_without_a_location, irp_stack_location_left)
{
    run_bad(sends_without_a_location_dispatch);
}

static NTSTATUS overruns_the_buffer_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    ((volatile UCHAR *)irp->AssociatedIrp.SystemBuffer)[64] = 1;
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(overruns_the_buffer, pool_overrun)
{
    run_bad(overruns_the_buffer_dispatch);
}

static NTSTATUS sends_what_is_over_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    KEVENT event;
    IO_STATUS_BLOCK result;
    PIRP own =
        IoBuildDeviceIoControlRequest(ECHO, device, NULL, 0, NULL, 0, FALSE, &event, &result);

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp_hold(own); /* as a thread that still looks at it would see it */
    IoCallDriver(device, own);
    own->CurrentLocation = 2;
    IoCallDriver(device, own);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(sends_what_is_over, irp_is_live)
{
    run_bad(sends_what_is_over_dispatch);
}

static NTSTATUS completes_under_its_lock_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql;

    KeAcquireSpinLock(&Toy.lock, &irql);
    return finish(irp, STATUS_SUCCESS, 0);
}

NT_TEST_BREAKS(completes_under_its_lock, irp_completed_locked)
{
    run_bad(completes_under_its_lock_dispatch);
}
