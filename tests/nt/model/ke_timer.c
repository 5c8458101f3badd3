/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers on virtual time, and the clock interrupt that finds them due. */
#include "model/machine.h"

RULE(timer_valid, "A timer is initialised before it is used",
     "KeInitializeTimerEx function (wdm.h)");
RULE(timer_freed, "The memory of a timer that is set is not released",
     "KeCancelTimer function (wdm.h)");
RULE(timer_left, "No timer is set when the driver is gone", "KeCancelTimer function (wdm.h)");

static LIST_ENTRY armed;

static void ready_list(void)
{
    if (!armed.Flink)
        InitializeListHead(&armed);
}

static PKTIMER checked(PKTIMER timer)
{
    if (timer->Header.Type != KIND_TIMER_NOTIFICATION &&
        timer->Header.Type != KIND_TIMER_SYNCHRONIZATION)
        rule_broken(&timer_valid, "timer %p has type %u", timer, timer->Header.Type);
    return timer;
}

static void plan(void)
{
    uint64_t next = wait_next_deadline();

    ready_list();
    for (PLIST_ENTRY at = armed.Flink; at != &armed; at = at->Flink)
        next = min(next, CONTAINING_RECORD(at, KTIMER, TimerListEntry)->DueTime.QuadPart);
    machine.next_timer = next;
}

void timer_replan(void);
void timer_replan(void)
{
    plan();
}

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    memset(Timer, 0, sizeof(*Timer));
    Timer->Header.Type =
        Type == NotificationTimer ? KIND_TIMER_NOTIFICATION : KIND_TIMER_SYNCHRONIZATION;
    InitializeListHead(&Timer->Header.WaitListHead);
}

VOID NTAPI KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

static BOOLEAN disarm(PKTIMER timer)
{
    if (!timer->Header.Inserted)
        return FALSE;
    RemoveEntryList(&timer->TimerListEntry);
    timer->Header.Inserted = FALSE;
    return TRUE;
}

static uint64_t due_time(LARGE_INTEGER due)
{
    LARGE_INTEGER system;

    if (due.QuadPart < 0)
        return sched_time() + (uint64_t)-due.QuadPart;
    KeQuerySystemTime(&system);
    return due.QuadPart <= system.QuadPart
               ? sched_time()
               : sched_time() + (uint64_t)(due.QuadPart - system.QuadPart);
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    BOOLEAN was;

    MODEL_CALL(KeSetTimerEx, PASSIVE_LEVEL, DISPATCH_LEVEL, "KeSetTimerEx function (wdm.h)");
    ready_list();
    was = disarm(checked(Timer));
    Timer->Header.SignalState = 0;
    Timer->Dpc = Dpc;
    Timer->Period = (ULONG)Period;
    Timer->DueTime.QuadPart = due_time(DueTime);
    Timer->Header.Inserted = TRUE;
    InsertTailList(&armed, &Timer->TimerListEntry);
    plan();
    return was;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    return KeSetTimerEx(Timer, DueTime, 0, Dpc);
}

BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                                    ULONG TolerableDelay, PKDPC Dpc)
{
    /* Late by up to the tolerance, as the system likes. */
    if (TolerableDelay && DueTime.QuadPart < 0)
        DueTime.QuadPart -= (LONGLONG)sched_random(TolerableDelay) * 10000;
    return KeSetTimerEx(Timer, DueTime, (LONG)Period, Dpc);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    BOOLEAN was;

    MODEL_CALL(KeCancelTimer, PASSIVE_LEVEL, DISPATCH_LEVEL, "KeCancelTimer function (wdm.h)");
    was = disarm(checked(Timer));
    if (was)
        plan();
    return was;
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer)
{
    MODEL_CALL(KeReadStateTimer, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "KeReadStateTimer function (wdm.h)");
    return checked(Timer)->Header.SignalState != 0;
}

void timer_clock(void)
{
    machine.next_timer = UINT64_MAX; /* until timer_run_due plans again */
    machine.cpu[sched_random(machine.cpus)].timers_due = true;
}

static PKTIMER next_due(void)
{
    for (PLIST_ENTRY at = armed.Flink; at != &armed; at = at->Flink) {
        PKTIMER timer = CONTAINING_RECORD(at, KTIMER, TimerListEntry);

        if (timer->DueTime.QuadPart <= sched_time())
            return timer;
    }
    return NULL;
}

static void expire(PKTIMER timer)
{
    PKDPC dpc = timer->Dpc;

    disarm(timer);
    timer->Header.SignalState = 1;
    if (timer->Period) {
        timer->DueTime.QuadPart = sched_time() + (uint64_t)timer->Period * 10000;
        timer->Header.Inserted = TRUE;
        InsertTailList(&armed, &timer->TimerListEntry);
    }
    wait_test(timer);
    if (dpc)
        KeInsertQueueDpc(dpc, NULL, NULL);
}

void timer_run_due(void)
{
    PKTIMER timer;

    ready_list();
    while ((timer = next_due()))
        expire(timer);
    wait_timeouts();
    plan();
}

bool timer_advance(void)
{
    for (unsigned i = 0; i < machine.cpus; i++)
        if (machine.cpu[i].timers_due)
            return true;
    if (machine.next_timer == UINT64_MAX)
        return false;
    if (machine.next_timer > sched_time())
        machine.time_ns = machine.next_timer * 100;
    timer_clock();
    return true;
}

void timer_released(const void *memory, size_t bytes)
{
    const char *begin = memory;

    ready_list();
    for (PLIST_ENTRY at = armed.Flink; at != &armed; at = at->Flink)
        if ((char *)at >= begin && (char *)at < begin + bytes)
            rule_broken(&timer_freed, "timer %p", CONTAINING_RECORD(at, KTIMER, TimerListEntry));
}

void timer_check_end(void)
{
    ready_list();
    if (!IsListEmpty(&armed))
        rule_broken(&timer_left, "timer %p",
                    CONTAINING_RECORD(armed.Flink, KTIMER, TimerListEntry));
}
