/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of the model: their life, critical regions, priority and processor. */
#include "model/machine.h"

RULE(thread_end_clean, "A thread ends and returns with no lock, mutex or critical region held",
     "PsTerminateSystemThread function (ntddk.h)");
RULE(thread_end_irql, "A system thread ends at PASSIVE_LEVEL",
     "PsTerminateSystemThread function (ntddk.h)");
RULE(thread_left, "Every thread that a driver created has ended when the driver is gone",
     "PsCreateSystemThread function (wdm.h)");
RULE(critical_region, "KeLeaveCriticalRegion follows KeEnterCriticalRegion",
     "KeEnterCriticalRegion function (ntddk.h)");

PKTHREAD NTAPI KeGetCurrentThread(VOID)
{
    return this_thread();
}

static void check_clean(PKTHREAD thread)
{
    if (irql_now() != PASSIVE_LEVEL)
        rule_broken(&thread_end_irql, "\"%s\" at IRQL %u", thread->name, irql_now());
    if (thread->mutexes_held || thread->critical_region || thread->guarded_region ||
        thread->fast_mutexes_held || thread->resources_held)
        rule_broken(&thread_end_clean,
                    "\"%s\": %u mutexes, %u fast mutexes, %u resources, %u critical and %u guarded "
                    "regions",
                    thread->name, thread->mutexes_held, thread->fast_mutexes_held,
                    thread->resources_held, thread->critical_region, thread->guarded_region);
}

static void __attribute__((noreturn)) thread_end(NTSTATUS status)
{
    PKTHREAD self = this_thread();

    check_clean(self);
    self->exit_status = status;
    self->state = THREAD_ENDED;
    self->Header.SignalState = 1;
    RemoveEntryList(&self->all);
    wait_test(self);
    sched_switch_away();
    __builtin_unreachable();
}

static void thread_run(void *argument)
{
    PKTHREAD self = argument;

    sched_thread_started();
    self->stack_floor = __builtin_frame_address(0);
    sched_stack_floor(self->stack_floor);
    sched_deliver();
    BenchSchedulePoint();
    self->start(self->start_context);
    thread_end(STATUS_SUCCESS);
}

static PKTHREAD thread_make(const char *name, void (*entry)(void *))
{
    PKTHREAD thread = host_alloc(sizeof(struct _ETHREAD));

    thread->Header.Type = KIND_THREAD;
    InitializeListHead(&thread->Header.WaitListHead);
    thread->name = name;
    thread->priority = 8;
    thread->affinity = ~(KAFFINITY)0;
    thread->wait_deadline = UINT64_MAX;
    thread->context = host_context_create(entry, thread, STACK_BYTES);
    return thread;
}

PKTHREAD thread_create(const char *name, PKSTART_ROUTINE start, PVOID context, PEPROCESS process)
{
    PKTHREAD thread = thread_make(name, thread_run);

    thread->start = start;
    thread->start_context = context;
    thread->process = process;
    InsertTailList(&machine.threads, &thread->all);
    sched_ready(thread);
    return thread;
}

PKTHREAD thread_create_idle(unsigned cpu, void (*loop)(void *))
{
    PKTHREAD thread = thread_make("idle", loop);

    thread->is_idle = true;
    thread->state = THREAD_RUNNING;
    thread->affinity = (KAFFINITY)1 << cpu;
    return thread;
}

static thread_gone_fn *gone;

void thread_on_gone(thread_gone_fn *handler)
{
    gone = handler;
}

void thread_reap(PKTHREAD thread)
{
    host_context_destroy(thread->context);
    thread->context = NULL;
    if (gone)
        gone(thread);
}

void thread_check_end(void)
{
    for (PLIST_ENTRY at = machine.threads.Flink; at != &machine.threads; at = at->Flink) {
        PKTHREAD thread = CONTAINING_RECORD(at, KTHREAD, all);

        if (thread != this_thread() && !thread->of_model)
            rule_broken(&thread_left, "\"%s\", started at %p", thread->name,
                        (PVOID)(ULONG_PTR)thread->start);
    }
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    MODEL_CALL(PsTerminateSystemThread, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "PsTerminateSystemThread function (ntddk.h)");
    thread_end(ExitStatus);
}

VOID NTAPI KeEnterCriticalRegion(VOID)
{
    MODEL_CALL(KeEnterCriticalRegion, PASSIVE_LEVEL, APC_LEVEL,
               "KeEnterCriticalRegion function (ntddk.h)");
    this_thread()->critical_region++;
}

VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    MODEL_CALL(KeLeaveCriticalRegion, PASSIVE_LEVEL, APC_LEVEL,
               "KeLeaveCriticalRegion function (ntddk.h)");
    if (!this_thread()->critical_region)
        rule_broken(&critical_region, "thread \"%s\" is in none", this_thread()->name);
    this_thread()->critical_region--;
}

VOID NTAPI KeEnterGuardedRegion(VOID)
{
    MODEL_CALL(KeEnterGuardedRegion, PASSIVE_LEVEL, APC_LEVEL,
               "KeEnterGuardedRegion function (wdm.h)");
    this_thread()->guarded_region++;
}

VOID NTAPI KeLeaveGuardedRegion(VOID)
{
    MODEL_CALL(KeLeaveGuardedRegion, PASSIVE_LEVEL, APC_LEVEL,
               "KeLeaveGuardedRegion function (wdm.h)");
    if (!this_thread()->guarded_region)
        rule_broken(&critical_region, "thread \"%s\" is in no guarded region", this_thread()->name);
    this_thread()->guarded_region--;
}

BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    return this_thread()->critical_region || this_thread()->guarded_region ||
           irql_now() >= APC_LEVEL;
}

BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    return this_thread()->guarded_region || irql_now() >= APC_LEVEL;
}

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    KPRIORITY before = Thread->priority;

    MODEL_CALL(KeSetPriorityThread, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "KeSetPriorityThread function (wdm.h)");
    Thread->priority = Priority;
    return before;
}

KPRIORITY NTAPI KeQueryPriorityThread(PRKTHREAD Thread)
{
    MODEL_CALL(KeQueryPriorityThread, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "KeQueryPriorityThread function (wdm.h)");
    return Thread->priority;
}

BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode);
BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode)
{
    BOOLEAN before = Thread->alerted[(int)AlertMode];

    wait_alert(Thread, AlertMode);
    return before;
}

/* The running thread moves if its CPU is no longer among those that it may use. */
void thread_set_affinity(KAFFINITY affinity)
{
    PKTHREAD self = this_thread();

    self->affinity = affinity;
    if (affinity & ((KAFFINITY)1 << machine.now))
        return;
    sched_ready(self);
    sched_switch_away();
}
