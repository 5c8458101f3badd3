/* SPDX-License-Identifier: BSD-2-Clause */
/* Fast mutexes (and guarded mutexes, which are the same since Windows 8). */
#include "model/machine.h"

RULE(fast_mutex_recursive, "A fast mutex is not acquired by the thread that owns it",
     "Fast Mutexes and Guarded Mutexes");
RULE(fast_mutex_owner, "A fast mutex is released by its owner, at APC_LEVEL",
     "ExReleaseFastMutex function (wdm.h)");
RULE(fast_mutex_unsafe, "The unsafe functions are called with APCs disabled",
     "ExAcquireFastMutexUnsafe function (wdm.h)");

/* wdm.h's ExInitializeFastMutex sets Count to 1, Owner to NULL and makes the event. */

static void take(PFAST_MUTEX mutex)
{
    PKTHREAD self = this_thread();

    if (mutex->Owner == self)
        rule_broken(&fast_mutex_recursive, "%p", mutex);
    while (mutex->Count != 1) {
        mutex->Contention++;
        KeWaitForSingleObject(&mutex->Event, Executive, KernelMode, FALSE, NULL);
        mutex->Contention--;
    }
    mutex->Count = 0;
    mutex->Owner = self;
    self->fast_mutexes_held++;
}

static void give(PFAST_MUTEX mutex)
{
    PKTHREAD self = this_thread();

    if (mutex->Owner != self)
        rule_broken(&fast_mutex_owner, "%p: the owner is %p", mutex, mutex->Owner);
    mutex->Owner = NULL;
    mutex->Count = 1;
    self->fast_mutexes_held--;
    if (mutex->Contention) {
        mutex->Event.Header.SignalState = 1;
        wait_test(&mutex->Event);
    }
}

VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL before;

    MODEL_CALL(ExAcquireFastMutex, PASSIVE_LEVEL, APC_LEVEL, "ExAcquireFastMutex function (wdm.h)");
    before = irql_now();
    irql_set(APC_LEVEL);
    take(FastMutex);
    FastMutex->OldIrql = before;
}

VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL before = (KIRQL)FastMutex->OldIrql;

    if (irql_now() != APC_LEVEL)
        rule_broken(&fast_mutex_owner, "%p is released at IRQL %u", FastMutex, irql_now());
    BenchSchedulePoint();
    give(FastMutex);
    irql_set(before);
    BenchSchedulePoint();
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL before;

    MODEL_CALL(ExTryToAcquireFastMutex, PASSIVE_LEVEL, APC_LEVEL,
               "ExTryToAcquireFastMutex function (wdm.h)");
    if (FastMutex->Count != 1)
        return FALSE;
    before = irql_now();
    irql_set(APC_LEVEL);
    take(FastMutex);
    FastMutex->OldIrql = before;
    return TRUE;
}

static void need_no_apcs(const char *function)
{
    if (irql_now() != APC_LEVEL && !this_thread()->critical_region &&
        !this_thread()->guarded_region)
        rule_broken(&fast_mutex_unsafe, "%s at IRQL %u", function, irql_now());
}

VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    MODEL_CALL(ExAcquireFastMutexUnsafe, PASSIVE_LEVEL, APC_LEVEL,
               "ExAcquireFastMutexUnsafe function (wdm.h)");
    need_no_apcs("ExAcquireFastMutexUnsafe");
    take(FastMutex);
}

VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    MODEL_CALL(ExReleaseFastMutexUnsafe, PASSIVE_LEVEL, APC_LEVEL,
               "ExReleaseFastMutexUnsafe function (wdm.h)");
    need_no_apcs("ExReleaseFastMutexUnsafe");
    give(FastMutex);
}
