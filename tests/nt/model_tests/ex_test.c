/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the executive's parts: fast mutexes, resources, rundown protection, lists, lookaside
 * lists, work items, exceptions, routines by name; and that each of their rules names a bad driver.
 */
#include <ntifs.h>
#include <ntstrsafe.h>

#include "harness.h"
#include "model/device.h"
#include "model/machine.h"
#include "model_tests/driver_thread.h"
#include "model/seh.h"
#include "windows/kernel/common/seh.h"

enum { TAG = 'T' | 'e' << 8 | 's' << 16 | 't' << 24 };

/* --- Locks of threads --- */

struct counted {
    FAST_MUTEX mutex;
    ERESOURCE resource;
    LONG value;
};

static VOID NTAPI count_with_mutex(PVOID Context)
{
    struct counted *counted = Context;

    for (unsigned i = 0; i < 200; i++) {
        LONG read;

        ExAcquireFastMutex(&counted->mutex);
        read = counted->value;
        KeGetCurrentProcessorNumber();
        counted->value = read + 1;
        ExReleaseFastMutex(&counted->mutex);
    }
}

NT_TEST(fast_mutex_excludes, .seeds = 20)
{
    struct counted counted = {0};
    PKTHREAD threads[3];

    ExInitializeFastMutex(&counted.mutex);
    for (unsigned i = 0; i < 3; i++)
        threads[i] = start(count_with_mutex, &counted);
    for (unsigned i = 0; i < 3; i++)
        join(threads[i]);
    CHECK_EQ(counted.value, 600);
}

static VOID NTAPI count_with_resource(PVOID Context)
{
    struct counted *counted = Context;

    for (unsigned i = 0; i < 200; i++) {
        LONG read;

        KeEnterCriticalRegion();
        ExAcquireResourceSharedLite(&counted->resource, TRUE);
        CHECK(counted->value >= 0);
        ExReleaseResourceLite(&counted->resource);
        ExAcquireResourceExclusiveLite(&counted->resource, TRUE);
        read = counted->value;
        KeGetCurrentProcessorNumber();
        counted->value = read + 1;
        ExReleaseResourceLite(&counted->resource);
        KeLeaveCriticalRegion();
    }
}

NT_TEST(resource_excludes, .seeds = 20)
{
    struct counted counted = {0};
    PKTHREAD threads[3];

    ExInitializeResourceLite(&counted.resource);
    for (unsigned i = 0; i < 3; i++)
        threads[i] = start(count_with_resource, &counted);
    for (unsigned i = 0; i < 3; i++)
        join(threads[i]);
    CHECK_EQ(counted.value, 600);
    ExDeleteResourceLite(&counted.resource);
}

NT_TEST_BREAKS(fast_mutex_taken_twice, fast_mutex_recursive)
{
    FAST_MUTEX mutex;

    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
}

NT_TEST_BREAKS(fast_mutex_of_nobody, fast_mutex_owner)
{
    FAST_MUTEX mutex;
    KIRQL irql;

    ExInitializeFastMutex(&mutex);
    KeRaiseIrql(APC_LEVEL, &irql);
    ExReleaseFastMutex(&mutex);
}

NT_TEST_BREAKS(unsafe_mutex_with_apcs, fast_mutex_unsafe)
{
    FAST_MUTEX mutex;

    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutexUnsafe(&mutex);
}

NT_TEST_BREAKS(resource_outside_of_region, resource_region)
{
    static ERESOURCE resource;

    ExInitializeResourceLite(&resource);
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}

NT_TEST_BREAKS(resource_never_initialised, resource_valid)
{
    static ERESOURCE resource;

    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}

NT_TEST_BREAKS(resource_of_nobody, resource_owner)
{
    static ERESOURCE resource;

    ExInitializeResourceLite(&resource);
    ExReleaseResourceLite(&resource);
}

NT_TEST_BREAKS(resource_never_deleted, resource_left)
{
    static ERESOURCE resource;

    ExInitializeResourceLite(&resource);
}

/* --- Rundown protection --- */

static VOID NTAPI use_then_release(PVOID Context)
{
    LARGE_INTEGER little = {.QuadPart = -50000};

    KeDelayExecutionThread(KernelMode, FALSE, &little);
    ExReleaseRundownProtection(Context);
}

NT_TEST(rundown_waits_for_uses, .seeds = 10)
{
    EX_RUNDOWN_REF rundown;
    PKTHREAD thread;
    ULONGLONG before = KeQueryInterruptTime();

    ExInitializeRundownProtection(&rundown);
    CHECK(ExAcquireRundownProtection(&rundown));
    thread = start(use_then_release, &rundown);
    ExWaitForRundownProtectionRelease(&rundown);
    CHECK(KeQueryInterruptTime() - before >= 50000);
    CHECK(!ExAcquireRundownProtection(&rundown));
    join(thread);
}

NT_TEST_BREAKS(rundown_released_too_often, rundown_release)
{
    EX_RUNDOWN_REF rundown;

    ExInitializeRundownProtection(&rundown);
    ExReleaseRundownProtection(&rundown);
}

NT_TEST_BREAKS(rundown_waited_twice, rundown_after)
{
    EX_RUNDOWN_REF rundown;

    ExInitializeRundownProtection(&rundown);
    ExWaitForRundownProtectionRelease(&rundown);
    ExWaitForRundownProtectionRelease(&rundown);
}

/* --- Lists --- */

NT_TEST(slist_is_last_in_first_out)
{
    static SLIST_HEADER head;
    static SLIST_ENTRY entries[3];

    InitializeSListHead(&head);
    for (unsigned i = 0; i < 3; i++)
        InterlockedPushEntrySList(&head, &entries[i]);
    CHECK_EQ(QueryDepthSList(&head), 3);
    CHECK(InterlockedPopEntrySList(&head) == &entries[2]);
    CHECK(InterlockedFlushSList(&head) == &entries[1]);
    CHECK(InterlockedPopEntrySList(&head) == NULL);
}

NT_TEST_BREAKS(interlocked_list_with_a_held_lock, interlocked_lock)
{
    LIST_ENTRY head, entry;
    KSPIN_LOCK lock;
    KIRQL irql;

    InitializeListHead(&head);
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    ExInterlockedInsertTailList(&head, &entry, &lock);
}

NT_TEST(lookaside_entries_are_pool_memory, .faults = true)
{
    static NPAGED_LOOKASIDE_LIST list;
    PVOID entry;

    ExInitializeNPagedLookasideList(&list, NULL, NULL, 512, 48, TAG, 0);
    entry = ExAllocateFromNPagedLookasideList(&list);
    if (entry) {
        RtlFillMemory(entry, 48, 1);
        ExFreeToNPagedLookasideList(&list, entry);
    }
    ExDeleteNPagedLookasideList(&list);
}

NT_TEST_BREAKS(lookaside_entry_used_after_free, pool_freed_use)
{
    static NPAGED_LOOKASIDE_LIST list;
    UCHAR *entry;

    ExInitializeNPagedLookasideList(&list, NULL, NULL, 512, 48, TAG, 0);
    entry = ExAllocateFromNPagedLookasideList(&list);
    ExFreeToNPagedLookasideList(&list, entry);
    entry[20] = 1;
}

NT_TEST_BREAKS(lookaside_list_left, lookaside_left)
{
    static NPAGED_LOOKASIDE_LIST list;

    ExInitializeNPagedLookasideList(&list, NULL, NULL, 512, 48, TAG, 0);
}

NT_TEST_BREAKS(lookaside_list_deleted_twice, lookaside_valid)
{
    static NPAGED_LOOKASIDE_LIST list;

    ExInitializeNPagedLookasideList(&list, NULL, NULL, 512, 48, TAG, 0);
    ExDeleteNPagedLookasideList(&list);
    ExDeleteNPagedLookasideList(&list);
}

/* --- Work items --- */

static VOID NTAPI plain_work(PVOID Context)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeSetEvent(Context, 0, FALSE);
}

NT_TEST(work_runs_at_passive_level, .seeds = 10)
{
    WORK_QUEUE_ITEM item;
    KEVENT done;
    KIRQL irql;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, plain_work, &done);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeLowerIrql(irql);
    CHECK_EQ(KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

static VOID NTAPI work_that_forgets(PVOID Context)
{
    KeEnterCriticalRegion();
    KeSetEvent(Context, 0, FALSE);
}

NT_TEST_BREAKS(work_returns_in_a_region, work_returns)
{
    WORK_QUEUE_ITEM item;
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, work_that_forgets, &done);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    sched_settle();
}

static PDEVICE_OBJECT work_device;
static PDRIVER_OBJECT work_driver;

static VOID NTAPI work_unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static NTSTATUS NTAPI work_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    (void)driver;
    (void)pdo;
    return STATUS_NO_SUCH_DEVICE;
}

static NTSTATUS NTAPI work_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = work_unload;
    driver->DriverExtension->AddDevice = work_add_device;
    return IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                          &work_device);
}

static PIO_WORKITEM work_item(void)
{
    CHECK(NT_SUCCESS(driver_load("work", work_entry, &work_driver)));
    return IoAllocateWorkItem(work_device);
}

static VOID NTAPI item_work(PDEVICE_OBJECT device, PVOID context)
{
    CHECK(device == work_device);
    KeSetEvent(context, 0, FALSE);
}

NT_TEST(work_item_runs_with_its_device, .seeds = 10)
{
    PIO_WORKITEM item = work_item();
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoQueueWorkItem(item, item_work, DelayedWorkQueue, &done);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    IoFreeWorkItem(item);
    sched_settle(); /* the routine's last instructions, then the device may go */
    IoDeleteDevice(work_device);
    driver_unload(work_driver);
}

NT_TEST_BREAKS(work_item_queued_twice, work_twice, .cpus = 1)
{
    PIO_WORKITEM item = work_item();
    KIRQL irql;
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoQueueWorkItem(item, item_work, DelayedWorkQueue, &done);
    IoQueueWorkItem(item, item_work, DelayedWorkQueue, &done);
}

NT_TEST_BREAKS(work_item_freed_while_queued, work_freed, .cpus = 1)
{
    PIO_WORKITEM item = work_item();
    KIRQL irql;
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoQueueWorkItem(item, item_work, DelayedWorkQueue, &done);
    IoFreeWorkItem(item);
}

NT_TEST_BREAKS(work_item_never_freed, work_left)
{
    work_item();
    IoDeleteDevice(work_device);
    driver_unload(work_driver);
}

/* --- Exceptions --- */

static NTSTATUS raises(PVOID Context)
{
    if (Context)
        ExRaiseStatus(STATUS_ACCESS_VIOLATION);
    return STATUS_PENDING;
}

static NTSTATUS nested(PVOID Context)
{
    CHECK_EQ(SehCall(raises, Context), STATUS_ACCESS_VIOLATION);
    ExRaiseStatus(STATUS_NO_MEMORY);
}

NT_TEST(exceptions_become_statuses, .seeds = 4)
{
    CHECK_EQ(SehCall(raises, NULL), STATUS_PENDING);
    CHECK_EQ(SehCall(raises, &raises), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(SehCall(nested, &raises), STATUS_NO_MEMORY);
}

static NTSTATUS touches(PVOID Context)
{
    return *(volatile UCHAR *)Context;
}

NT_TEST_BREAKS(fault_on_a_kernel_address, memory_access)
{
    SehCall(touches, (PVOID)0x123456789000);
}

NT_TEST_BREAKS(exception_of_nobody, exception_unhandled)
{
    ExRaiseStatus(STATUS_NO_MEMORY);
}

static NTSTATUS raises_under_lock(PVOID Context)
{
    KIRQL irql;

    KeAcquireSpinLock(Context, &irql);
    ExRaiseStatus(STATUS_NO_MEMORY);
}

NT_TEST_BREAKS(exception_under_a_lock, exception_unwinds)
{
    KSPIN_LOCK lock;

    KeInitializeSpinLock(&lock);
    SehCall(raises_under_lock, &lock);
}

/* --- Strings, versions --- */

NT_TEST(text_is_formatted_as_on_windows)
{
    UNICODE_STRING unicode;
    char text[64];
    WCHAR wide[64];

    RtlInitUnicodeString(&unicode, L"wide");
    CHECK_EQ(unicode.Length, 8);
    CHECK_EQ(unicode.MaximumLength, 10);
    CHECK(NT_SUCCESS(RtlStringCbPrintfA(text, sizeof(text), "%d %5u|%-5x|%05d %I64x %wZ %ws %p", -3,
                                        7u, 0xabu, -42, 0x123456789abcull, &unicode, L"x",
                                        (PVOID)0x1f)));
    CHECK_EQ(strcmp(text, "-3     7|ab   |-0042 123456789abc wide x 000000000000001F"), 0);
    CHECK(NT_SUCCESS(RtlStringCbPrintfW(wide, sizeof(wide), L"%s-%S-%u", L"a", "b", 5u)));
    CHECK_EQ(wcscmp(wide, L"a-b-5"), 0);
    CHECK_EQ(RtlStringCbPrintfA(text, 4, "12345"), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(strcmp(text, "123"), 0);
}

NT_TEST_BREAKS(string_longer_than_its_maximum, unicode_valid)
{
    WCHAR text[4] = L"abc", out[8];
    UNICODE_STRING bad = {.Length = 8, .MaximumLength = 6, .Buffer = text};
    UNICODE_STRING copy = {.Length = 0, .MaximumLength = sizeof(out), .Buffer = out};

    RtlCopyUnicodeString(&copy, &bad);
}

NT_TEST_BREAKS(bit_outside_of_its_map, bitmap_range)
{
    ULONG bits[2] = {0};
    RTL_BITMAP map;

    RtlInitializeBitMap(&map, bits, 40);
    RtlSetBits(&map, 38, 4);
}

static PVOID find(PCWSTR name)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    return MmGetSystemRoutineAddress(&string);
}

NT_TEST(old_windows_lacks_new_routines, .windows = WINDOWS_7)
{
    CHECK(!find(L"ExAllocatePool2"));
    CHECK(!find(L"KeQuerySystemTimePrecise"));
}

NT_TEST(new_windows_has_new_routines, .windows = WINDOWS_11)
{
    CHECK(find(L"ExAllocatePool2"));
    CHECK(!find(L"NoSuchRoutine"));
}
