/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spin locks: owners, order, how long. A lock's word holds the owner's CPU number + 1. Each order
 * in which two locks were nested is remembered; the opposite order is a deadlock that has not
 * happened yet.
 */
#include "model/machine.h"

RULE(spinlock_recursive, "A spin lock is not acquired again by the processor that holds it",
     "Introduction to Spin Locks");
RULE(spinlock_owner, "A spin lock is released by the processor that acquired it",
     "KeReleaseSpinLock function (wdm.h)");
RULE(spinlock_kind,
     "A queued spin lock is not mixed with an ordinary one, and each is released by "
     "the counterpart of what acquired it",
     "Queued Spin Locks");
RULE(spinlock_order, "Spin locks are nested in one order everywhere", "Introduction to Spin Locks");
RULE(spinlock_long, "A spin lock is held for at most 25 microseconds",
     "KeAcquireSpinLock macro (wdm.h)");
RULE(spinlock_level, "The spin lock of DISPATCH_LEVEL is taken and released at DISPATCH_LEVEL",
     "KeAcquireSpinLockAtDpcLevel macro (wdm.h)");
RULE(spinlock_held,
     "No spin lock is held where code waits, is preempted or returns below "
     "DISPATCH_LEVEL",
     "Introduction to Spin Locks");
RULE(spinlock_valid, "A spin lock is initialised before it is used",
     "KeInitializeSpinLock function (wdm.h)");

enum { HELD_LIMIT_NS = 25000, ORDERS_MAX = 4096 };

/* A lock that was taken while another was held. */
static struct order {
    const void *outer, *inner;
} orders[ORDERS_MAX];

static size_t order_slot(const void *outer, const void *inner)
{
    size_t slot = ((ULONG_PTR)outer * 31 + (ULONG_PTR)inner) / 8 % ORDERS_MAX;

    while (orders[slot].outer && (orders[slot].outer != outer || orders[slot].inner != inner))
        slot = (slot + 1) % ORDERS_MAX;
    return slot;
}

static bool order_known(const void *outer, const void *inner)
{
    return orders[order_slot(outer, inner)].inner != NULL;
}

static unsigned order_count;
static bool
    pages_with_locks[4096]; /* by page number: most memory that is freed holds none of them */

static bool *page_of(const void *address)
{
    return &pages_with_locks[((ULONG_PTR)address >> PAGE_SHIFT) % RTL_NUMBER_OF(pages_with_locks)];
}

static bool may_hold_locks(const void *memory, size_t bytes)
{
    const char *at = memory, *end = at + bytes;

    for (; at < end; at += PAGE_SIZE)
        if (*page_of(at))
            return true;
    return bytes && *page_of(end - 1);
}

static void order_note(const void *outer, const void *inner)
{
    size_t slot = order_slot(outer, inner);

    if (orders[slot].outer)
        return;
    if (order_count > ORDERS_MAX / 2) { /* a forgetful table is no wrong one */
        memset(orders, 0, sizeof(orders));
        order_count = 0;
        slot = order_slot(outer, inner);
    }
    orders[slot] = (struct order){outer, inner};
    order_count++;
    *page_of(outer) = *page_of(inner) = true;
}

void spinlock_forget(const void *memory, size_t bytes)
{
    const char *begin = memory, *end = begin + bytes;
    bool any = false;

    if (!order_count || !may_hold_locks(memory, bytes))
        return;
    for (size_t i = 0; i < ORDERS_MAX; i++) {
        const char *outer = orders[i].outer, *inner = orders[i].inner;

        any |= outer && ((outer >= begin && outer < end) || (inner >= begin && inner < end));
    }
    if (any) {
        static struct order kept[ORDERS_MAX];

        memcpy(kept, orders, sizeof(orders));
        memset(orders, 0, sizeof(orders));
        order_count = 0;
        for (size_t i = 0; i < ORDERS_MAX; i++) {
            const char *outer = kept[i].outer, *inner = kept[i].inner;

            if (outer && !(outer >= begin && outer < end) && !(inner >= begin && inner < end))
                order_note(outer, inner);
        }
    }
}

static bool is_free(const void *lock)
{
    return *(const volatile KSPIN_LOCK *)lock == 0;
}

static bool held_here(const struct cpu *cpu, const void *lock)
{
    for (unsigned i = 0; i < cpu->held_count; i++)
        if (cpu->held[i].lock == lock)
            return true;
    return false;
}

void spinlock_take(PKSPIN_LOCK lock, const char *kind, bool dpc_level, bool queued)
{
    struct cpu *cpu = this_cpu();

    if (held_here(cpu, lock))
        rule_broken(&spinlock_recursive, "lock %p", lock);
    if (*lock > machine.cpus)
        rule_broken(&spinlock_valid, "lock %p holds %p", lock, (void *)*lock);
    for (unsigned i = 0; i < cpu->held_count; i++) {
        if (order_known(lock, cpu->held[i].lock))
            rule_broken(&spinlock_order,
                        "%p is held and %p is taken; elsewhere the other way round",
                        cpu->held[i].lock, lock);
        order_note(cpu->held[i].lock, lock);
    }
    if (!is_free(lock))
        sched_spin(lock, is_free);
    *lock = cpu->number + 1;
    if (cpu->held_count == CPU_LOCKS_MAX)
        rule_broken(&spinlock_held, "more than %u at once", CPU_LOCKS_MAX);
    cpu->held[cpu->held_count++] = (struct held_lock){lock, kind, cpu->ran, dpc_level, queued};
}

void spinlock_give(PKSPIN_LOCK lock, const char *kind, bool queued)
{
    struct cpu *cpu = this_cpu();
    unsigned i = 0;

    while (i < cpu->held_count && cpu->held[i].lock != lock)
        i++;
    if (i == cpu->held_count)
        rule_broken(&spinlock_owner, "%s %p is released, and is not held by this processor", kind,
                    lock);
    if (cpu->held[i].queued != queued)
        rule_broken(&spinlock_kind, "%s %p was acquired as a %s", kind, lock, cpu->held[i].kind);
    if (cpu->ran - cpu->held[i].since > HELD_LIMIT_NS)
        rule_broken(&spinlock_long, "%s %p was held for %u us of this processor's time", kind, lock,
                    (unsigned)((cpu->ran - cpu->held[i].since) / 1000));
    memmove(&cpu->held[i], &cpu->held[i + 1], (cpu->held_count - i - 1) * sizeof(cpu->held[0]));
    cpu->held_count--;
    *lock = 0;
    sched_progress();
}

void spinlock_none_held(const char *doing)
{
    const struct cpu *cpu = this_cpu();

    if (cpu->held_count)
        rule_broken(&spinlock_held, "%s, and %s %p is held", doing, cpu->held[0].kind,
                    cpu->held[0].lock);
}

void spinlock_check_end(void)
{
    for (unsigned i = 0; i < machine.cpus; i++)
        if (machine.cpu[i].held_count)
            rule_broken(&spinlock_held, "at the end CPU %u holds %p", i,
                        machine.cpu[i].held[0].lock);
}

static void need_dispatch(const char *function)
{
    if (irql_now() < DISPATCH_LEVEL)
        rule_broken(&spinlock_level, "%s at IRQL %u", function, irql_now());
}

static void release_to(KIRQL irql, const char *function)
{
    if (irql > DISPATCH_LEVEL)
        rule_broken(&spinlock_level, "%s to IRQL %u", function, irql);
    irql_set(irql);
    BenchSchedulePoint();
}

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    spinlock_forget(SpinLock, sizeof(*SpinLock));
    *SpinLock = 0;
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    KIRQL before;

    MODEL_CALL(KeAcquireSpinLock, PASSIVE_LEVEL, DISPATCH_LEVEL, "KeAcquireSpinLock macro (wdm.h)");
    before = irql_now();
    irql_set(DISPATCH_LEVEL);
    spinlock_take(SpinLock, "spin lock", false, false);
    return before;
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    need_dispatch("KeReleaseSpinLock");
    spinlock_give(SpinLock, "spin lock", false);
    release_to(NewIrql, "KeReleaseSpinLock");
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    need_dispatch("KeAcquireSpinLockAtDpcLevel");
    BenchSchedulePoint();
    spinlock_take(SpinLock, "spin lock", true, false);
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    need_dispatch("KeReleaseSpinLockFromDpcLevel");
    spinlock_give(SpinLock, "spin lock", false);
    BenchSchedulePoint();
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    need_dispatch("KeTryToAcquireSpinLockAtDpcLevel");
    BenchSchedulePoint();
    if (!is_free(SpinLock))
        return FALSE;
    spinlock_take(SpinLock, "spin lock", true, false);
    return TRUE;
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    BenchSchedulePoint();
    return is_free(SpinLock);
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    MODEL_CALL(KeAcquireInStackQueuedSpinLock, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "KeAcquireInStackQueuedSpinLock function (wdm.h)");
    LockHandle->LockQueue.Lock = SpinLock;
    LockHandle->OldIrql = irql_now();
    irql_set(DISPATCH_LEVEL);
    spinlock_take(SpinLock, "queued spin lock", false, true);
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    need_dispatch("KeReleaseInStackQueuedSpinLock");
    spinlock_give((PKSPIN_LOCK)LockHandle->LockQueue.Lock, "queued spin lock", true);
    release_to(LockHandle->OldIrql, "KeReleaseInStackQueuedSpinLock");
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                    PKLOCK_QUEUE_HANDLE LockHandle)
{
    need_dispatch("KeAcquireInStackQueuedSpinLockAtDpcLevel");
    BenchSchedulePoint();
    LockHandle->LockQueue.Lock = SpinLock;
    LockHandle->OldIrql = irql_now();
    spinlock_take(SpinLock, "queued spin lock", true, true);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    need_dispatch("KeReleaseInStackQueuedSpinLockFromDpcLevel");
    spinlock_give((PKSPIN_LOCK)LockHandle->LockQueue.Lock, "queued spin lock", true);
    BenchSchedulePoint();
}
