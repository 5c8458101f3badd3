/* SPDX-License-Identifier: BSD-2-Clause */
/* Dispatcher objects that drivers signal: events, semaphores, mutexes. */
#include "model/machine.h"

RULE(object_kind, "Each dispatcher object is used by its own functions, after its initialisation",
     "Introduction to Kernel Dispatcher Objects");
RULE(signal_wait, "Wait TRUE is followed at once by a wait, below DISPATCH_LEVEL",
     "KeSetEvent function (wdm.h)");
RULE(semaphore_limit, "A semaphore's count does not pass its limit",
     "KeReleaseSemaphore function (wdm.h)");
RULE(mutex_owner, "A mutex is released by the thread that owns it",
     "KeReleaseMutex function (wdm.h)");

static void need(const void *object, unsigned kind, unsigned or_kind, const char *function)
{
    const DISPATCHER_HEADER *header = object;

    if (header->Type != kind && header->Type != or_kind)
        rule_broken(&object_kind, "%s(%p): type %u", function, object, header->Type);
}

static void need_event(PRKEVENT event, const char *function)
{
    need(event, KIND_EVENT_NOTIFICATION, KIND_EVENT_SYNCHRONIZATION, function);
}

static void check_wait(BOOLEAN wait)
{
    if (wait && irql_now() > APC_LEVEL)
        rule_broken(&signal_wait, "at IRQL %u", irql_now());
}

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    memory_released(Event, sizeof(*Event)); /* nobody may be waiting on it now */
    memset(Event, 0, sizeof(*Event));
    Event->Header.Type =
        Type == NotificationEvent ? KIND_EVENT_NOTIFICATION : KIND_EVENT_SYNCHRONIZATION;
    Event->Header.SignalState = State != FALSE;
    InitializeListHead(&Event->Header.WaitListHead);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG before;

    (void)Increment;
    MODEL_CALL(KeSetEvent, PASSIVE_LEVEL, DISPATCH_LEVEL, "KeSetEvent function (wdm.h)");
    need_event(Event, "KeSetEvent");
    check_wait(Wait);
    before = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    wait_test(Event);
    /* Not a point: the event's memory may be gone once a waiter runs, and it was ours until here.
     */
    return before;
}

LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    LONG before;

    MODEL_CALL(KeResetEvent, PASSIVE_LEVEL, DISPATCH_LEVEL, "KeResetEvent function (wdm.h)");
    need_event(Event, "KeResetEvent");
    before = Event->Header.SignalState;
    Event->Header.SignalState = 0;
    return before;
}

VOID NTAPI KeClearEvent(PRKEVENT Event)
{
    MODEL_CALL(KeClearEvent, PASSIVE_LEVEL, DISPATCH_LEVEL, "KeClearEvent function (wdm.h)");
    need_event(Event, "KeClearEvent");
    Event->Header.SignalState = 0;
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    MODEL_CALL(KeReadStateEvent, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "KeReadStateEvent function (wdm.h)");
    need_event(Event, "KeReadStateEvent");
    return Event->Header.SignalState;
}

LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG before = KeSetEvent(Event, Increment, Wait);

    Event->Header.SignalState = 0;
    return before;
}

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    memory_released(Semaphore, sizeof(*Semaphore));
    memset(Semaphore, 0, sizeof(*Semaphore));
    Semaphore->Header.Type = KIND_SEMAPHORE;
    Semaphore->Header.SignalState = Count;
    Semaphore->Limit = Limit;
    InitializeListHead(&Semaphore->Header.WaitListHead);
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                              BOOLEAN Wait)
{
    LONG before;

    (void)Increment;
    MODEL_CALL(KeReleaseSemaphore, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "KeReleaseSemaphore function (wdm.h)");
    need(Semaphore, KIND_SEMAPHORE, KIND_SEMAPHORE, "KeReleaseSemaphore");
    check_wait(Wait);
    before = Semaphore->Header.SignalState;
    if (Adjustment <= 0 || Adjustment > Semaphore->Limit - before)
        rule_broken(&semaphore_limit, "%d + %d, limit %d", before, Adjustment, Semaphore->Limit);
    Semaphore->Header.SignalState = before + Adjustment;
    wait_test(Semaphore);
    return before;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    MODEL_CALL(KeReadStateSemaphore, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "KeReadStateSemaphore function (wdm.h)");
    need(Semaphore, KIND_SEMAPHORE, KIND_SEMAPHORE, "KeReadStateSemaphore");
    return Semaphore->Header.SignalState;
}

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    (void)Level;
    memory_released(Mutex, sizeof(*Mutex));
    memset(Mutex, 0, sizeof(*Mutex));
    Mutex->Header.Type = KIND_MUTEX;
    Mutex->Header.SignalState = 1;
    Mutex->ApcDisable = 1;
    InitializeListHead(&Mutex->Header.WaitListHead);
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    LONG before;

    MODEL_CALL(KeReleaseMutex, PASSIVE_LEVEL, DISPATCH_LEVEL, "KeReleaseMutex function (wdm.h)");
    need(Mutex, KIND_MUTEX, KIND_MUTEX, "KeReleaseMutex");
    check_wait(Wait);
    if (Mutex->OwnerThread != this_thread())
        rule_broken(&mutex_owner, "%p: the owner is \"%s\"", Mutex,
                    Mutex->OwnerThread ? Mutex->OwnerThread->name : "nobody");
    before = Mutex->Header.SignalState++;
    if (Mutex->Header.SignalState == 1) {
        Mutex->OwnerThread->mutexes_held--;
        Mutex->OwnerThread->critical_region -= Mutex->ApcDisable;
        Mutex->OwnerThread = NULL;
        wait_test(Mutex);
    }
    return before;
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    MODEL_CALL(KeReadStateMutex, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "KeReadStateMutex function (wdm.h)");
    need(Mutex, KIND_MUTEX, KIND_MUTEX, "KeReadStateMutex");
    return Mutex->Header.SignalState;
}
