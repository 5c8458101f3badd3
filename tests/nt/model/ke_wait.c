/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for dispatcher objects: KeWaitForSingleObject and its kin, time limits, alerts.
 *
 * Waiting threads stand in one list, in the order in which they began; when an object's state
 * changes, those that wait for it are tried in that order.
 */
#include "model/machine.h"

RULE(wait_irql, "A wait that may block is called below DISPATCH_LEVEL",
     "KeWaitForSingleObject function (wdm.h)");
RULE(wait_object, "A wait is for an initialised dispatcher object",
     "Introduction to Kernel Dispatcher Objects");
RULE(wait_count,
     "More than THREAD_WAIT_OBJECTS need wait blocks from the caller, and nobody waits "
     "for more than MAXIMUM_WAIT_OBJECTS",
     "KeWaitForMultipleObjects function (wdm.h)");
RULE(wait_stack, "An object on the stack is only waited for in KernelMode",
     "KeWaitForSingleObject function (wdm.h)");
RULE(wait_freed, "The memory of an object that a thread waits for is not released",
     "Defining and Using an Event Object");
RULE(wait_all_twice, "A wait for all names each object once",
     "KeWaitForMultipleObjects function (wdm.h)");
RULE(wait_paged, "Dispatcher objects are in nonpaged memory", "Defining and Using an Event Object");

void timer_replan(void);

static bool valid(const DISPATCHER_HEADER *header)
{
    return header->Type >= KIND_EVENT_NOTIFICATION && header->Type <= KIND_PROCESS &&
           header->Type != KIND_DPC && header->Type != KIND_DPC_THREADED;
}

static bool signalled_for(PKTHREAD thread, PVOID object)
{
    PDISPATCHER_HEADER header = object;

    if (header->Type == KIND_MUTEX)
        return header->SignalState > 0 || ((PKMUTANT)object)->OwnerThread == thread;
    return header->SignalState > 0;
}

/* What a satisfied wait does to the object. */
static NTSTATUS consume(PKTHREAD thread, PVOID object)
{
    PDISPATCHER_HEADER header = object;
    PKMUTANT mutex = object;
    NTSTATUS status = STATUS_SUCCESS;

    switch (header->Type) {
    case KIND_EVENT_SYNCHRONIZATION:
    case KIND_TIMER_SYNCHRONIZATION:
        header->SignalState = 0;
        break;
    case KIND_SEMAPHORE:
        header->SignalState--;
        break;
    case KIND_MUTEX:
        if (--header->SignalState == 0) {
            mutex->OwnerThread = thread;
            thread->mutexes_held++;
            thread->critical_region += mutex->ApcDisable;
        }
        if (mutex->Abandoned) {
            mutex->Abandoned = FALSE;
            status = STATUS_ABANDONED;
        }
        break;
    }
    return status;
}

static bool satisfy_any(PKTHREAD thread, NTSTATUS *status)
{
    for (ULONG i = 0; i < thread->wait_count; i++)
        if (signalled_for(thread, thread->wait_objects[i])) {
            *status = consume(thread, thread->wait_objects[i]) + (NTSTATUS)i;
            return true;
        }
    return false;
}

static bool satisfy_all(PKTHREAD thread, NTSTATUS *status)
{
    for (ULONG i = 0; i < thread->wait_count; i++)
        if (!signalled_for(thread, thread->wait_objects[i]))
            return false;
    *status = STATUS_SUCCESS;
    for (ULONG i = 0; i < thread->wait_count; i++) {
        NTSTATUS one = consume(thread, thread->wait_objects[i]);

        if (one != STATUS_SUCCESS)
            *status = one;
    }
    return true;
}

static bool satisfy(PKTHREAD thread, NTSTATUS *status)
{
    if (thread->wait_count == 0)
        return false;
    return thread->wait_type == WaitAny ? satisfy_any(thread, status) : satisfy_all(thread, status);
}

static void wake(PKTHREAD thread, NTSTATUS status)
{
    RemoveEntryList(&thread->wait_queue);
    thread->wait_status = status;
    sched_ready(thread);
}

static bool waits_for(const KTHREAD *thread, const void *object)
{
    for (ULONG i = 0; i < thread->wait_count; i++)
        if (thread->wait_objects[i] == object)
            return true;
    return false;
}

void wait_test(PVOID object)
{
    PLIST_ENTRY at = machine.waiting.Flink;

    while (at != &machine.waiting) {
        PKTHREAD thread = CONTAINING_RECORD(at, KTHREAD, wait_queue);
        NTSTATUS status;

        at = at->Flink;
        if (waits_for(thread, object) && satisfy(thread, &status))
            wake(thread, status);
    }
}

void wait_timeouts(void)
{
    PLIST_ENTRY at = machine.waiting.Flink;

    while (at != &machine.waiting) {
        PKTHREAD thread = CONTAINING_RECORD(at, KTHREAD, wait_queue);

        at = at->Flink;
        if (thread->wait_deadline <= sched_time())
            wake(thread, thread->wait_count ? STATUS_TIMEOUT : STATUS_SUCCESS);
    }
}

uint64_t wait_next_deadline(void)
{
    uint64_t next = UINT64_MAX;

    for (PLIST_ENTRY at = machine.waiting.Flink; at != &machine.waiting; at = at->Flink)
        next = min(next, CONTAINING_RECORD(at, KTHREAD, wait_queue)->wait_deadline);
    return next;
}

/* Why a wait may end although no object is signalled; STATUS_SUCCESS: it may not. */
static NTSTATUS interrupted(PKTHREAD thread)
{
    if (thread->wait_mode == UserMode && thread->terminating)
        return STATUS_USER_APC;
    if (!thread->wait_alertable)
        return STATUS_SUCCESS;
    for (int mode = KernelMode; mode <= thread->wait_mode; mode++)
        if (thread->alerted[mode]) {
            thread->alerted[mode] = FALSE;
            return STATUS_ALERTED;
        }
    return STATUS_SUCCESS;
}

static void interrupt(PKTHREAD thread)
{
    NTSTATUS status;

    if (thread->state != THREAD_WAITING || thread == machine.settler)
        return;
    status = interrupted(thread);
    if (status != STATUS_SUCCESS)
        wake(thread, status);
}

void wait_alert(PKTHREAD thread, KPROCESSOR_MODE mode)
{
    thread->alerted[(int)mode] = TRUE;
    interrupt(thread);
}

void wait_terminate(PKTHREAD thread)
{
    thread->terminating = TRUE;
    interrupt(thread);
}

static uint64_t deadline(const LARGE_INTEGER *timeout)
{
    LARGE_INTEGER system;

    if (!timeout)
        return UINT64_MAX;
    if (timeout->QuadPart <= 0)
        return sched_time() + (uint64_t)-timeout->QuadPart;
    KeQuerySystemTime(&system);
    return timeout->QuadPart <= system.QuadPart
               ? sched_time()
               : sched_time() + (uint64_t)(timeout->QuadPart - system.QuadPart);
}

static void check_objects(ULONG count, PVOID objects[], WAIT_TYPE type, KPROCESSOR_MODE mode)
{
    for (ULONG i = 0; i < count; i++) {
        if (!valid(objects[i]))
            rule_broken(&wait_object, "%p", objects[i]);
        if (pool_is_paged(objects[i]))
            rule_broken(&wait_paged, "%p", objects[i]);
        if (mode == UserMode && host_context_holds(this_thread()->context, objects[i]))
            rule_broken(&wait_stack, "%p", objects[i]);
        for (ULONG j = 0; type == WaitAll && j < i; j++)
            if (objects[i] == objects[j])
                rule_broken(&wait_all_twice, "%p", objects[i]);
    }
}

static NTSTATUS wait(const char *function, ULONG count, PVOID objects[], WAIT_TYPE type,
                     KPROCESSOR_MODE mode, BOOLEAN alertable, const LARGE_INTEGER *timeout)
{
    bool may_block = !timeout || timeout->QuadPart != 0;
    KIRQL irql = irql_now();
    PKTHREAD self;
    NTSTATUS status;

    if (irql > DISPATCH_LEVEL || (may_block && irql > APC_LEVEL))
        rule_broken(&wait_irql, "%s at IRQL %u, %s", function, irql,
                    may_block ? "and it may block" : "with a time limit of 0");
    BenchSchedulePoint();
    check_objects(count, objects, type, mode);
    self = this_thread();
    self->wait_count = count;
    self->wait_type = type;
    self->wait_mode = mode;
    self->wait_alertable = alertable;
    for (ULONG i = 0; i < count; i++)
        self->wait_objects[i] = objects[i];
    if (satisfy(self, &status))
        return status;
    status = interrupted(self);
    if (status != STATUS_SUCCESS)
        return status;
    if (!may_block)
        return STATUS_TIMEOUT;
    self->wait_deadline = deadline(timeout);
    self->state = THREAD_WAITING;
    InsertTailList(&machine.waiting, &self->wait_queue);
    timer_replan();
    sched_switch_away();
    sched_deliver();
    return self->wait_status;
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout)
{
    (void)WaitReason;
    return wait("KeWaitForSingleObject", 1, &Object, WaitAny, WaitMode, Alertable, Timeout);
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray)
{
    (void)WaitReason;
    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS ||
        (Count > THREAD_WAIT_OBJECTS && !WaitBlockArray))
        rule_broken(&wait_count, "%u objects", Count);
    return wait("KeWaitForMultipleObjects", Count, Object, WaitType, WaitMode, Alertable, Timeout);
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval)
{
    NTSTATUS status;
    LARGE_INTEGER least = {.QuadPart = -1};

    MODEL_CHECK(KeDelayExecutionThread, PASSIVE_LEVEL, APC_LEVEL,
                "KeDelayExecutionThread function (wdm.h)");
    status = wait("KeDelayExecutionThread", 0, NULL, WaitAny, WaitMode, Alertable,
                  Interval->QuadPart ? Interval : &least);
    return status;
}

void wait_released(const void *memory, size_t bytes)
{
    const char *begin = memory;

    for (PLIST_ENTRY at = machine.waiting.Flink; at != &machine.waiting; at = at->Flink) {
        const KTHREAD *thread = CONTAINING_RECORD(at, KTHREAD, wait_queue);

        for (ULONG i = 0; i < thread->wait_count; i++) {
            const char *object = thread->wait_objects[i];

            if (object >= begin && object < begin + bytes)
                rule_broken(&wait_freed, "object %p, thread \"%s\"", object, thread->name);
        }
    }
}

void memory_released(const void *memory, size_t bytes)
{
    wait_released(memory, bytes);
    timer_released(memory, bytes);
    dpc_released(memory, bytes);
    spinlock_forget(memory, bytes);
}
