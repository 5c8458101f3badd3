/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that requests go down and up a device stack as documented, that cancelling and cancel-safe
 * queues lose no race, and that each rule of IRPs and remove locks names the driver that breaks it.
 */
#include "model_tests/small_driver.h"
#include "model_tests/driver_thread.h"
#include "model/sched.h"

/* --- Right drivers --- */

static LONG completions;

static NTSTATUS NTAPI count_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    completions++;
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS NTAPI pass_and_count(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, count_completion, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(Small.lower, irp);
}

static PIRP kept_irp;
static KEVENT kept;

static NTSTATUS NTAPI keep(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    kept_irp = irp;
    KeSetEvent(&kept, IO_NO_INCREMENT, FALSE);
    return STATUS_PENDING;
}

static VOID NTAPI complete_kept(PVOID context)
{
    (void)context;
    KeWaitForSingleObject(&kept, Executive, KernelMode, FALSE, NULL);
    small_complete(kept_irp, STATUS_DEVICE_BUSY);
}

NT_TEST(request_passes_a_stack, .seeds = 10)
{
    small_driver_stack(pass_and_count, small_succeed);
    CHECK_EQ(small_request(IRP_MJ_DEVICE_CONTROL, 0), STATUS_SUCCESS);
    CHECK_EQ(completions, 1);
    small_driver_gone();
}

NT_TEST(request_is_completed_later, .seeds = 20)
{
    PKTHREAD thread;

    KeInitializeEvent(&kept, SynchronizationEvent, FALSE);
    small_driver_stack(pass_and_count, keep);
    thread = start(complete_kept, NULL);
    CHECK_EQ(small_request(IRP_MJ_DEVICE_CONTROL, 0), STATUS_DEVICE_BUSY);
    CHECK_EQ(completions, 1);
    join(thread);
    sched_settle();
    small_driver_gone();
}

/* --- A driver's own IRPs --- */

static NTSTATUS NTAPI stop_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP own_irp(PKEVENT done)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    KeInitializeEvent(done, NotificationEvent, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, stop_completion, done, TRUE, TRUE, TRUE);
    return irp;
}

NT_TEST(own_irp_comes_back_and_is_freed, .seeds = 4)
{
    KEVENT done;
    PIRP irp;

    small_driver(small_succeed);
    irp = own_irp(&done);
    CHECK_EQ(IoCallDriver(Small.lower, irp), STATUS_SUCCESS);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(irp);
    small_driver_gone();
}

NT_TEST_BREAKS(own_irp_used_after_free, irp_is_live)
{
    KEVENT done;
    PIRP irp;

    small_driver(small_succeed);
    irp = own_irp(&done);
    IoFreeIrp(irp);
    IoFreeIrp(irp);
}

NT_TEST_BREAKS(own_irp_never_freed, irp_leaked)
{
    KEVENT done;

    small_driver(small_succeed);
    own_irp(&done);
    small_driver_gone();
}

NT_TEST_BREAKS(own_irp_not_stopped, irp_own_not_stopped)
{
    PIRP irp;

    small_driver(small_succeed);
    irp = IoAllocateIrp(1, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    IoCallDriver(Small.lower, irp);
}

NT_TEST_BREAKS(own_irp_freed_in_flight, irp_freed_in_flight)
{
    KEVENT done;
    PIRP irp;

    KeInitializeEvent(&kept, SynchronizationEvent, FALSE);
    small_driver(keep);
    irp = own_irp(&done);
    IoCallDriver(Small.lower, irp);
    IoFreeIrp(irp);
}

static NTSTATUS NTAPI free_it(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(foreign_irp_freed, irp_freed_by_other)
{
    small_driver(free_it);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static NTSTATUS NTAPI send_as_it_is(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return IoCallDriver(Small.lower, irp);
}

NT_TEST_BREAKS(irp_without_a_location_left, irp_stack_location_left)
{
    KEVENT done;
    PIRP irp;

    small_driver_stack(send_as_it_is, small_succeed);
    irp = own_irp(&done);
    IoCallDriver(Small.upper, irp);
}

NT_TEST_BREAKS(irp_to_a_deleted_device, irp_device_gone)
{
    KEVENT done;
    PIRP irp;

    small_driver(small_succeed);
    irp = own_irp(&done);
    IoDeleteDevice(Small.lower);
    IoCallDriver(Small.lower, irp);
}

/* --- Wrong ends --- */

static NTSTATUS NTAPI complete_twice(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp_hold(irp); /* else the second call finds no IRP: irp_is_live */
    small_complete(irp, STATUS_SUCCESS);
    return small_complete(irp, STATUS_SUCCESS);
}

NT_TEST_BREAKS(request_completed_twice, irp_is_live)
{
    small_driver(complete_twice);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static NTSTATUS NTAPI complete_a_finished_one(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return small_complete(irp, STATUS_SUCCESS);
}

NT_TEST_BREAKS(own_irp_completed_by_its_maker, irp_completed_twice)
{
    KEVENT done;
    PIRP irp;

    small_driver(complete_a_finished_one);
    irp = own_irp(&done);
    IoCallDriver(Small.lower, irp);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI complete_with_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return small_complete(irp, STATUS_PENDING);
}

NT_TEST_BREAKS(request_completed_with_pending, irp_completed_pending)
{
    small_driver(complete_with_pending);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static NTSTATUS NTAPI pending_unmarked(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    return STATUS_PENDING;
}

NT_TEST_BREAKS(pending_without_mark, irp_pending_unmarked)
{
    small_driver(pending_unmarked);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static NTSTATUS NTAPI marked_not_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    return small_complete(irp, STATUS_SUCCESS);
}

NT_TEST_BREAKS(mark_without_pending, irp_marked_not_pending)
{
    small_driver(marked_not_pending);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static NTSTATUS NTAPI drop(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(request_dropped, irp_dropped)
{
    small_driver(drop);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static NTSTATUS NTAPI another_status(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    small_complete(irp, STATUS_DEVICE_BUSY);
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(another_status_returned, irp_status_differs)
{
    small_driver(another_status);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

/* --- Wrong ways down --- */

static NTSTATUS NTAPI send_again(PDEVICE_OBJECT device, PIRP irp)
{
    irp_hold(irp);
    (void)device;
    IoSkipCurrentIrpStackLocation(irp);
    IoCallDriver(Small.lower, irp);
    return IoCallDriver(Small.lower, irp);
}

NT_TEST_BREAKS(request_sent_after_its_end, irp_is_live)
{
    small_driver_stack(send_again, small_succeed);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static VOID NTAPI never_cancels(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
}

static NTSTATUS NTAPI send_with_cancel_routine(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoSetCancelRoutine(irp, never_cancels);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(Small.lower, irp);
}

NT_TEST_BREAKS(sent_with_a_cancel_routine, irp_cancel_routine_down)
{
    small_driver_stack(send_with_cancel_routine, small_succeed);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static NTSTATUS NTAPI complete_with_cancel_routine(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoSetCancelRoutine(irp, never_cancels);
    return small_complete(irp, STATUS_SUCCESS);
}

NT_TEST_BREAKS(completed_with_a_cancel_routine, irp_cancel_routine_done)
{
    small_driver(complete_with_cancel_routine);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static NTSTATUS NTAPI change_minor(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_STOP_DEVICE;
    return IoCallDriver(Small.lower, irp);
}

NT_TEST_BREAKS(pnp_function_changed, irp_pnp_changed)
{
    small_driver_stack(change_minor, small_succeed);
    small_request(IRP_MJ_PNP, IRP_MN_START_DEVICE);
}

static NTSTATUS NTAPI fail_and_pass(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_DEVICE_BUSY;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(Small.lower, irp);
}

NT_TEST_BREAKS(failed_pnp_request_passed_down, irp_pnp_failed_down)
{
    small_driver_stack(fail_and_pass, small_succeed);
    small_request(IRP_MJ_PNP, IRP_MN_QUERY_STOP_DEVICE);
}

/* --- Cancelling --- */

static struct queue {
    IO_CSQ csq;
    KSPIN_LOCK lock;
    LIST_ENTRY irps;
} queue;

static VOID NTAPI queue_insert(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    InsertTailList(&queue.irps, &irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI queue_remove(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI queue_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp ? irp->Tail.Overlay.ListEntry.Flink : queue.irps.Flink;

    (void)csq;
    (void)context;
    return next == &queue.irps ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID NTAPI queue_acquire(PIO_CSQ csq, PKIRQL irql)
{
    (void)csq;
    KeAcquireSpinLock(&queue.lock, irql);
}

static VOID NTAPI queue_release(PIO_CSQ csq, KIRQL irql)
{
    (void)csq;
    KeReleaseSpinLock(&queue.lock, irql);
}

static VOID NTAPI queue_cancelled(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    small_complete(irp, STATUS_CANCELLED);
}

static NTSTATUS NTAPI enqueue(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    kept_irp = irp;
    IoCsqInsertIrp(&queue.csq, irp, NULL);
    KeSetEvent(&kept, IO_NO_INCREMENT, FALSE);
    return STATUS_PENDING;
}

static void queue_set_up(void)
{
    KeInitializeEvent(&kept, SynchronizationEvent, FALSE);
    KeInitializeSpinLock(&queue.lock);
    InitializeListHead(&queue.irps);
    IoCsqInitialize(&queue.csq, queue_insert, queue_remove, queue_peek, queue_acquire,
                    queue_release, queue_cancelled);
}

static VOID NTAPI finish_next(PVOID context)
{
    PIRP irp;

    (void)context;
    KeWaitForSingleObject(&kept, Executive, KernelMode, FALSE, NULL);
    irp = IoCsqRemoveNextIrp(&queue.csq, NULL);
    if (irp)
        small_complete(irp, STATUS_SUCCESS);
}

static VOID NTAPI cancel_kept(PVOID context)
{
    IoCancelIrp(context);
}

/* The request is completed or cancelled, never both, whoever comes first. */
NT_TEST(cancel_races_with_completion, .seeds = 60)
{
    PKTHREAD threads[2];
    NTSTATUS status;
    KEVENT done;
    PIRP irp;

    queue_set_up();
    small_driver(enqueue);
    irp = own_irp(&done);
    threads[0] = start(finish_next, NULL);
    CHECK_EQ(IoCallDriver(Small.lower, irp), STATUS_PENDING);
    threads[1] = start(cancel_kept, irp);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    status = irp->IoStatus.Status;
    CHECK(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
    join(threads[0]);
    join(threads[1]);
    IoFreeIrp(irp);
    small_driver_gone();
}

NT_TEST_BREAKS(queue_never_initialised, csq_initialized)
{
    static IO_CSQ none;

    IoCsqRemoveNextIrp(&none, NULL);
}

static NTSTATUS NTAPI enqueue_twice(PDEVICE_OBJECT device, PIRP irp)
{
    enqueue(device, irp);
    return enqueue(device, irp);
}

NT_TEST_BREAKS(queued_twice, csq_inserted_twice)
{
    queue_set_up();
    small_driver(enqueue_twice);
    small_request(IRP_MJ_DEVICE_CONTROL, 0);
}

static PDRIVER_CANCEL cancel_routine;

static NTSTATUS NTAPI keep_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, cancel_routine);
    return keep(device, irp);
}

static void cancel_with(PDRIVER_CANCEL routine)
{
    KEVENT done;
    PIRP irp;

    cancel_routine = routine;
    KeInitializeEvent(&kept, SynchronizationEvent, FALSE);
    small_driver(keep_cancelable);
    irp = own_irp(&done);
    IoCallDriver(Small.lower, irp);
    IoCancelIrp(irp);
}

NT_TEST_BREAKS(cancel_routine_keeps_the_lock, cancel_lock_kept)
{
    cancel_with(never_cancels);
}

static VOID NTAPI cancels_to_apc_level(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    IoReleaseCancelSpinLock(APC_LEVEL);
}

NT_TEST_BREAKS(cancel_routine_returns_raised, cancel_lock_irql)
{
    cancel_with(cancels_to_apc_level);
}

NT_TEST_BREAKS(cancel_lock_released_unheld, cancel_lock_not_held)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoReleaseCancelSpinLock(irql);
}

/* --- Remove locks --- */

static IO_REMOVE_LOCK remove_lock;

static VOID NTAPI use_remove_lock(PVOID context)
{
    LARGE_INTEGER little = {.QuadPart = -10000};

    KeDelayExecutionThread(KernelMode, FALSE, &little);
    IoReleaseRemoveLock(&remove_lock, context);
}

NT_TEST(remove_waits_for_users, .seeds = 10)
{
    PKTHREAD thread;
    int use, remove;

    IoInitializeRemoveLock(&remove_lock, 'tseT', 0, 0);
    CHECK(NT_SUCCESS(IoAcquireRemoveLock(&remove_lock, &use)));
    CHECK(NT_SUCCESS(IoAcquireRemoveLock(&remove_lock, &remove)));
    thread = start(use_remove_lock, &use);
    IoReleaseRemoveLockAndWait(&remove_lock, &remove);
    CHECK(KeQueryInterruptTime() >= 10000);
    CHECK_EQ(IoAcquireRemoveLock(&remove_lock, &use), STATUS_DELETE_PENDING);
    join(thread);
}

NT_TEST_BREAKS(remove_lock_never_initialised, remove_lock_initialized)
{
    CHECK(NT_SUCCESS(IoAcquireRemoveLock(&remove_lock, NULL)));
}

NT_TEST_BREAKS(remove_lock_with_another_tag, remove_lock_tag)
{
    int one, other;

    IoInitializeRemoveLock(&remove_lock, 'tseT', 0, 0);
    CHECK(NT_SUCCESS(IoAcquireRemoveLock(&remove_lock, &one)));
    IoReleaseRemoveLock(&remove_lock, &other);
}

NT_TEST_BREAKS(remove_wait_without_a_hold, remove_lock_waited_without)
{
    IoInitializeRemoveLock(&remove_lock, 'tseT', 0, 0);
    IoReleaseRemoveLockAndWait(&remove_lock, NULL);
}

NT_TEST_BREAKS(remove_waited_for_twice, remove_lock_waited_twice)
{
    IoInitializeRemoveLock(&remove_lock, 'tseT', 0, 0);
    CHECK(NT_SUCCESS(IoAcquireRemoveLock(&remove_lock, NULL)));
    IoReleaseRemoveLockAndWait(&remove_lock, NULL);
    IoReleaseRemoveLockAndWait(&remove_lock, NULL);
}
