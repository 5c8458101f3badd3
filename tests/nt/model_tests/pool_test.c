/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that pool memory behaves as documented (alignment, zeroing, failure) and that each misuse
 * is reported by its rule: overruns, use after free, wrong frees, leaks, paged memory at
 * DISPATCH_LEVEL.
 */
#include <ntifs.h>

#include "harness.h"
#include "model/fault.h"
#include "model/pages.h"
#include "model/sched.h"
#include "model_tests/driver_thread.h"

enum { TAG = 'T' | 'e' << 8 | 's' << 16 | 't' << 24 };

static volatile UCHAR sink;

static UCHAR *take(SIZE_T bytes)
{
    return ExAllocatePoolWithTag((POOL_TYPE)512, bytes, TAG); /* NonPagedPoolNx */
}

NT_TEST(allocations_are_aligned_and_whole)
{
    static const SIZE_T sizes[] = {1,    15,   16,   100,  2000, 2032,
                                   2033, 4000, 4095, 4096, 5000, 100000};

    for (unsigned i = 0; i < RTL_NUMBER_OF(sizes); i++) {
        UCHAR *memory = take(sizes[i]);

        CHECK(memory);
        CHECK_EQ((ULONG_PTR)memory % (sizes[i] >= PAGE_SIZE ? PAGE_SIZE : 16), 0);
        if (sizes[i] < PAGE_SIZE)
            CHECK_EQ((ULONG_PTR)memory / PAGE_SIZE, ((ULONG_PTR)memory + sizes[i] - 1) / PAGE_SIZE);
        RtlFillMemory(memory, sizes[i], 0x5a);
        ExFreePoolWithTag(memory, TAG);
    }
}

NT_TEST(many_come_and_go)
{
    UCHAR *kept[64] = {0};

    for (unsigned i = 0; i < 20000; i++) {
        unsigned at = i * 7 % 64;

        if (kept[at])
            ExFreePoolWithTag(kept[at], TAG);
        kept[at] = take(1 + i % 3000);
        CHECK(kept[at]);
    }
    for (unsigned i = 0; i < 64; i++)
        ExFreePoolWithTag(kept[i], TAG);
}

/* Each of the three allocations fails once, and a run in which nothing fails ends the series. */
NT_TEST(every_allocation_fails_once, .faults = true)
{
    UCHAR *first = take(10), *second = take(20), *third = take(30);
    unsigned missing = !first + !second + !third;

    CHECK(missing == (fault_injected() ? 1 : 0));
    if (first)
        ExFreePool(first);
    if (second)
        ExFreePool(second);
    if (third)
        ExFreePool(third);
}

NT_TEST_BREAKS(overrun_by_one, pool_overrun)
{
    take(100)[100] = 1;
}

NT_TEST_BREAKS(overrun_of_a_page, pool_overrun)
{
    sink = take(PAGE_SIZE)[PAGE_SIZE];
}

NT_TEST_BREAKS(overrun_of_most_of_a_page, pool_overrun)
{
    take(4001)[4001] = 1;
}

NT_TEST_BREAKS(underrun, pool_overrun)
{
    sink = take(100)[-1];
}

NT_TEST_BREAKS(use_after_free, pool_freed_use)
{
    UCHAR *memory = take(64);

    ExFreePoolWithTag(memory, TAG);
    sink = memory[3];
}

NT_TEST_BREAKS(use_after_free_of_pages, pool_freed_use)
{
    UCHAR *memory = take(3 * PAGE_SIZE);

    ExFreePoolWithTag(memory, TAG);
    memory[PAGE_SIZE + 1] = 1;
}

NT_TEST_BREAKS(foreign_page, pool_uninitialized)
{
    sink = take(100)[40 * PAGE_SIZE];
}

NT_TEST_BREAKS(freed_twice, pool_free)
{
    UCHAR *memory = take(64);

    ExFreePoolWithTag(memory, TAG);
    ExFreePoolWithTag(memory, TAG);
}

NT_TEST_BREAKS(freed_in_the_middle, pool_free)
{
    ExFreePoolWithTag(take(64) + 16, TAG);
}

NT_TEST_BREAKS(freed_with_another_tag, pool_free_tag)
{
    ExFreePoolWithTag(take(64), TAG + 1);
}

NT_TEST_BREAKS(never_freed, pool_leak)
{
    take(64);
}

NT_TEST_BREAKS(executable_memory, pool_nx, .windows = WINDOWS_10_1607)
{
    ExAllocatePoolWithTag(NonPagedPool, 64, TAG);
}

NT_TEST_BREAKS(no_bytes, pool_size)
{
    take(0);
}

NT_TEST_BREAKS(no_tag, pool_tag)
{
    ExAllocatePoolWithTag(PagedPool, 64, 0);
}

NT_TEST_BREAKS(paged_allocation_at_dispatch, irql)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExAllocatePoolWithTag(PagedPool, 64, TAG);
}

NT_TEST_BREAKS(paged_memory_at_dispatch, paged_at_dispatch)
{
    UCHAR *memory = ExAllocatePoolWithTag(PagedPool, 64, TAG);
    KIRQL irql;

    memory[0] = 1;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    memory[0] = 2;
}

NT_TEST_BREAKS(event_in_paged_memory, wait_paged)
{
    PKEVENT event = ExAllocatePoolWithTag(PagedPool, sizeof(KEVENT), TAG);

    KeInitializeEvent(event, NotificationEvent, TRUE);
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

NT_TEST_BREAKS(timer_freed_while_set, timer_freed)
{
    LARGE_INTEGER due = {.QuadPart = -10000};
    PKTIMER timer = (PKTIMER)take(sizeof(KTIMER));

    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    ExFreePool(timer);
}

static VOID NTAPI waits(PVOID Context)
{
    KeWaitForSingleObject(Context, Executive, KernelMode, FALSE, NULL);
}

NT_TEST_BREAKS(event_freed_while_awaited, wait_freed)
{
    PKEVENT event = (PKEVENT)take(sizeof(KEVENT));

    KeInitializeEvent(event, NotificationEvent, FALSE);
    start(waits, event);
    sched_settle();
    ExFreePool(event);
}

NT_TEST_BREAKS(pages_freed_twice, pages_owner)
{
    void *pages = pages_alloc(2);

    pages_free(pages, 2);
    pages_free(pages, 2);
}
