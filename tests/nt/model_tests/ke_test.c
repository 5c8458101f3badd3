/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that the model's IRQL, spin locks, DPCs, timers, waits and threads do what the
 * documentation says for good code on any number of CPUs, and that each rule's breach is reported
 * by its name.
 */
#include <ntifs.h>

#include "harness.h"
#include "model/sched.h"
#include "model_tests/driver_thread.h"

static VOID NTAPI count_dpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    (void)Dpc;
    (void)One;
    (void)Two;
    InterlockedIncrement((volatile LONG *)Context);
}

/* --- Good code --- */

NT_TEST(dpc_runs_once_below_dispatch, .cpus = 2, .seeds = 10)
{
    volatile LONG ran = 0;
    KIRQL irql;
    KDPC dpc;

    KeInitializeDpc(&dpc, count_dpc, (PVOID)&ran);
    KeSetTargetProcessorDpc(&dpc, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL));
    KeLowerIrql(irql);
    KeFlushQueuedDpcs();
    CHECK_EQ(ran, 1);
}

struct shared {
    KSPIN_LOCK lock;
    LONG counter;
    KEVENT go;
};

static VOID NTAPI add_thousand(PVOID Context)
{
    struct shared *shared = Context;
    KIRQL irql;

    KeWaitForSingleObject(&shared->go, Executive, KernelMode, FALSE, NULL);
    for (unsigned i = 0; i < 1000; i++) {
        LONG read;

        KeAcquireSpinLock(&shared->lock, &irql);
        read = shared->counter;
        KeGetCurrentProcessorNumber();
        shared->counter = read + 1;
        KeReleaseSpinLock(&shared->lock, irql);
    }
}

NT_TEST(spin_lock_excludes, .seeds = 20)
{
    struct shared shared = {0};
    PKTHREAD threads[3];

    KeInitializeSpinLock(&shared.lock);
    KeInitializeEvent(&shared.go, NotificationEvent, FALSE);
    for (unsigned i = 0; i < 3; i++)
        threads[i] = start(add_thousand, &shared);
    KeSetEvent(&shared.go, 0, FALSE);
    for (unsigned i = 0; i < 3; i++)
        join(threads[i]);
    CHECK_EQ(shared.counter, 3000);
}

NT_TEST(wait_ends_after_its_limit_and_not_before, .seeds = 4)
{
    LARGE_INTEGER limit = {.QuadPart = -10 * 1000 * 1000}; /* 1 s */
    ULONGLONG before = KeQueryInterruptTime();
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &limit), STATUS_TIMEOUT);
    CHECK(KeQueryInterruptTime() - before >= 10 * 1000 * 1000);
    limit.QuadPart = 0;
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &limit), STATUS_TIMEOUT);
}

NT_TEST(periodic_timer_fires_until_cancelled, .seeds = 4)
{
    LARGE_INTEGER due = {.QuadPart = -10000}, second = {.QuadPart = -10500000};
    volatile LONG ran = 0;
    KTIMER timer;
    KDPC dpc;

    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(&dpc, count_dpc, (PVOID)&ran);
    KeSetTimerEx(&timer, due, 100, &dpc);
    KeDelayExecutionThread(KernelMode, FALSE, &second);
    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
    CHECK(ran >= 10 && ran <= 11);
}

static VOID NTAPI set_event(PVOID Context)
{
    KeSetEvent(Context, 0, FALSE);
}

NT_TEST(wait_for_any_and_all, .seeds = 10)
{
    KEVENT events[3];
    PVOID objects[3] = {&events[0], &events[1], &events[2]};
    PKTHREAD threads[3];

    for (unsigned i = 0; i < 3; i++)
        KeInitializeEvent(&events[i], SynchronizationEvent, FALSE);
    for (unsigned i = 0; i < 3; i++)
        threads[i] = start(set_event, &events[i]);
    CHECK_EQ(
        KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_SUCCESS);
    for (unsigned i = 0; i < 3; i++)
        join(threads[i]);
    KeSetEvent(&events[1], 0, FALSE);
    CHECK_EQ(
        KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_WAIT_1);
}

static ULONG_PTR NTAPI count_cpu(ULONG_PTR Argument)
{
    CHECK_EQ(KeGetCurrentIrql(), IPI_LEVEL);
    InterlockedIncrement((volatile LONG *)Argument);
    return 7;
}

NT_TEST(ipi_runs_on_every_processor, .seeds = 10)
{
    volatile LONG ran = 0;

    CHECK_EQ(KeIpiGenericCall(count_cpu, (ULONG_PTR)&ran), 7);
    CHECK_EQ(ran, KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS));
}

/* --- Bad drivers --- */

NT_TEST_BREAKS(wait_at_dispatch, wait_irql)
{
    KEVENT event;
    KIRQL irql;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

NT_TEST_BREAKS(event_set_above_dispatch, irql)
{
    KEVENT event;
    KIRQL irql;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(5, &irql);
    KeSetEvent(&event, 0, FALSE);
}

NT_TEST_BREAKS(irql_lowered_by_raise, irql_raise)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeRaiseIrql(APC_LEVEL, &irql);
}

NT_TEST_BREAKS(irql_raised_by_lower, irql_lower)
{
    KeLowerIrql(DISPATCH_LEVEL);
}

NT_TEST_BREAKS(case_that_forgets_its_irql, check)
{
    KIRQL irql;

    KeRaiseIrql(APC_LEVEL, &irql);
}

NT_TEST_BREAKS(lock_taken_twice, spinlock_recursive)
{
    KSPIN_LOCK lock;
    KIRQL irql;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    KeAcquireSpinLock(&lock, &irql);
}

NT_TEST_BREAKS(lock_released_unheld, spinlock_owner)
{
    KSPIN_LOCK lock;
    KIRQL irql;

    KeInitializeSpinLock(&lock);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeReleaseSpinLock(&lock, irql);
}

NT_TEST_BREAKS(lock_never_initialised, spinlock_valid)
{
    KSPIN_LOCK lock = 0xcdcdcdcd;
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
}

NT_TEST_BREAKS(locks_in_two_orders, spinlock_order)
{
    KSPIN_LOCK a, b;
    KIRQL irql;

    KeInitializeSpinLock(&a);
    KeInitializeSpinLock(&b);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&a);
    KeAcquireSpinLockAtDpcLevel(&b);
    KeReleaseSpinLockFromDpcLevel(&b);
    KeReleaseSpinLockFromDpcLevel(&a);
    KeAcquireSpinLockAtDpcLevel(&b);
    KeAcquireSpinLockAtDpcLevel(&a);
}

NT_TEST_BREAKS(lock_held_for_long, spinlock_long)
{
    KSPIN_LOCK lock;
    KIRQL irql;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    KeStallExecutionProcessor(30);
    KeReleaseSpinLock(&lock, irql);
}

NT_TEST_BREAKS(dpc_level_lock_below_dispatch, spinlock_level)
{
    KSPIN_LOCK lock;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
}

NT_TEST_BREAKS(irql_lowered_under_lock, spinlock_held)
{
    KSPIN_LOCK lock;
    KIRQL irql;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    KeLowerIrql(irql);
}

NT_TEST_BREAKS(queued_lock_released_as_plain, spinlock_kind)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;

    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
}

NT_TEST_BREAKS(stall_of_a_millisecond, stall_long)
{
    KeStallExecutionProcessor(1000);
}

NT_TEST_BREAKS(wait_that_never_ends, nothing_can_run)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

NT_TEST_BREAKS(poll_that_never_ends, spin_for_ever)
{
    volatile LONG never = 0;

    while (!never)
        YieldProcessor();
}

NT_TEST_BREAKS(event_never_initialised, object_kind)
{
    KEVENT event;

    RtlZeroMemory(&event, sizeof(event));
    KeSetEvent(&event, 0, FALSE);
}

NT_TEST_BREAKS(wait_for_no_object, wait_object)
{
    KEVENT event;

    RtlZeroMemory(&event, sizeof(event));
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

NT_TEST_BREAKS(wait_for_four_without_blocks, wait_count)
{
    PVOID objects[4] = {NULL};

    KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

NT_TEST_BREAKS(user_mode_wait_on_the_stack, wait_stack)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForSingleObject(&event, Executive, UserMode, FALSE, NULL);
}

NT_TEST_BREAKS(mutex_released_by_another, mutex_owner)
{
    KMUTEX mutex;

    KeInitializeMutex(&mutex, 0);
    KeReleaseMutex(&mutex, FALSE);
}

NT_TEST_BREAKS(semaphore_over_its_limit, semaphore_limit)
{
    KSEMAPHORE semaphore;

    KeInitializeSemaphore(&semaphore, 1, 1);
    KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
}

static KTIMER forgotten_timer;

NT_TEST_BREAKS(timer_left_set, timer_left)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};

    KeInitializeTimer(&forgotten_timer);
    KeSetTimer(&forgotten_timer, due, NULL);
}

NT_TEST_BREAKS(timer_never_initialised, timer_valid)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};
    KTIMER timer;

    RtlZeroMemory(&timer, sizeof(timer));
    KeSetTimer(&timer, due, NULL);
}

NT_TEST_BREAKS(dpc_never_initialised, dpc_valid)
{
    KDPC dpc;

    RtlZeroMemory(&dpc, sizeof(dpc));
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static VOID NTAPI slow_dpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    (void)Dpc;
    (void)Context;
    (void)One;
    (void)Two;
    for (unsigned i = 0; i < 4; i++)
        KeStallExecutionProcessor(40);
}

NT_TEST_BREAKS(dpc_that_runs_for_long, dpc_long)
{
    KDPC dpc;

    KeInitializeDpc(&dpc, slow_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static VOID NTAPI raising_dpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    KIRQL irql;

    (void)Dpc;
    (void)Context;
    (void)One;
    (void)Two;
    KeRaiseIrql(HIGH_LEVEL, &irql);
}

NT_TEST_BREAKS(dpc_that_returns_raised, dpc_irql)
{
    KDPC dpc;

    KeInitializeDpc(&dpc, raising_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static VOID NTAPI waits_for_ever(PVOID Context)
{
    KeWaitForSingleObject(Context, Executive, KernelMode, FALSE, NULL);
}

static KEVENT never_set;

NT_TEST_BREAKS(thread_left_behind, thread_left)
{
    KeInitializeEvent(&never_set, NotificationEvent, FALSE);
    start(waits_for_ever, &never_set);
}

static VOID NTAPI ends_in_region(PVOID Context)
{
    (void)Context;
    KeEnterCriticalRegion();
}

NT_TEST_BREAKS(thread_ends_in_critical_region, thread_end_clean)
{
    join(start(ends_in_region, NULL));
}

static VOID NTAPI ends_raised(PVOID Context)
{
    KIRQL irql;

    (void)Context;
    KeRaiseIrql(APC_LEVEL, &irql);
}

NT_TEST_BREAKS(thread_ends_at_apc_level, thread_end_irql)
{
    join(start(ends_raised, NULL));
}

NT_TEST_BREAKS(region_left_twice, critical_region)
{
    KeLeaveCriticalRegion();
}

NT_TEST_BREAKS(machine_is_stopped, bugcheck)
{
    KeBugCheckEx(0xdead, 1, 2, 3, 4);
}

NT_TEST_BREAKS(assertion_fails, assertion)
{
    ASSERT(KeGetCurrentIrql() == DISPATCH_LEVEL);
}

NT_TEST_BREAKS(wide_text_at_dispatch, print_wide)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    DbgPrint("%ws\n", L"text");
}

NT_TEST_BREAKS(paged_code_at_dispatch, paged_code)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    PAGED_CODE();
}

static KSPIN_LOCK second_lock;

static VOID NTAPI lock_one_way(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    (void)Dpc;
    (void)Context;
    (void)One;
    (void)Two;
    KeAcquireSpinLockAtDpcLevel(&second_lock);
    for (unsigned i = 0; i < 200; i++)
        KeGetCurrentProcessorNumber();
    KeReleaseSpinLockFromDpcLevel(&second_lock);
}

/* A lock that a DPC takes while the interrupted code on the same CPU holds it at PASSIVE is what
   the raise to DISPATCH_LEVEL prevents; here the DPC waits for a CPU that waits for it. */
NT_TEST_BREAKS(processors_wait_in_a_circle, spin_deadlock, .cpus = 2)
{
    KDPC dpc;
    KIRQL irql;

    KeInitializeSpinLock(&second_lock);
    KeSetSystemAffinityThreadEx(1);
    KeInitializeDpc(&dpc, lock_one_way, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    second_lock = 1; /* taken by CPU 0 behind the model's back, and never released */
    KeInsertQueueDpc(&dpc, NULL, NULL);
    for (;;)
        KeAcquireSpinLockAtDpcLevel(&second_lock);
}

NT_TEST_BREAKS(wait_for_all_of_one_object, wait_all_twice)
{
    KEVENT event;
    PVOID objects[2] = {&event, &event};

    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
}

NT_TEST_BREAKS(set_with_wait_at_dispatch, signal_wait)
{
    KEVENT event;
    KIRQL irql;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetEvent(&event, 0, TRUE);
}

static KDPC other_dpc;

NT_TEST_BREAKS(dpc_initialised_while_queued, dpc_freed)
{
    KIRQL irql;

    KeInitializeDpc(&other_dpc, slow_dpc, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeInsertQueueDpc(&other_dpc, NULL, NULL);
    KeInitializeDpc(&other_dpc, slow_dpc, NULL);
}

NT_TEST_BREAKS(dpc_left_queued, dpc_queued_at_end, .cpus = 2)
{
    KeSetSystemAffinityThreadEx(1);
    KeInitializeDpc(&other_dpc, slow_dpc, NULL);
    KeSetTargetProcessorDpc(&other_dpc, 1);
    KeInsertQueueDpc(&other_dpc, NULL, NULL);
}

static void raising_interrupt(void *context)
{
    KIRQL irql;

    (void)context;
    KeRaiseIrql(HIGH_LEVEL, &irql);
}

NT_TEST_BREAKS(interrupt_that_returns_raised, interrupt_irql, .cpus = 1)
{
    sched_interrupt(0, 8, raising_interrupt, NULL);
    KeGetCurrentProcessorNumber();
}

static bool never(void *context)
{
    (void)context;
    return false;
}

NT_TEST_BREAKS(test_that_waits_for_nothing, no_end)
{
    test_run_until(never, NULL, 1000);
}

static bool arrives_never(void *context)
{
    (void)context;
    return false;
}

static bool always_outstanding(void *context)
{
    (void)context;
    return true;
}

NT_TEST_BREAKS(counterpart_that_never_answers, outside_silent)
{
    static struct host_source source = {
        .fd = -1, .pump = arrives_never, .outstanding = always_outstanding};

    sched_outside_limit_ms(20);
    host_source_add(&source);
    sched_settle();
}

/* An answer from outside comes before the time limit that virtual time would jump to. */
static unsigned asked;

static bool arrives_later(void *context)
{
    if (++asked < 3)
        return false;
    asked = 0x80000000;
    KeSetEvent(context, 0, FALSE);
    return true;
}

static bool until_arrived(void *context)
{
    (void)context;
    return asked < 0x80000000;
}

NT_TEST(answers_come_before_time_limits, .seeds = 4)
{
    LARGE_INTEGER limit = {.QuadPart = -10 * 1000 * 1000};
    KEVENT answer;
    struct host_source source = {
        .fd = 0, .pump = arrives_later, .outstanding = until_arrived, .context = &answer};

    KeInitializeEvent(&answer, NotificationEvent, FALSE);
    host_source_add(&source);
    CHECK_EQ(KeWaitForSingleObject(&answer, Executive, KernelMode, FALSE, &limit), STATUS_SUCCESS);
    host_source_remove(&source);
}
