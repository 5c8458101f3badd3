/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that MDLs, mappings, contiguous memory and user memory work for a right driver, in a
 * user's process and after its death, and that each wrong use is reported by its rule.
 */
#include <ntifs.h>
#include <windows/kernel/common/seh.h>
#include <windows/kernel/common/usercopy.h>

#include "harness.h"
#include "model/fault.h"
#include "model/mm.h"
#include "model/process.h"
#include "model/security.h"
#include "model/user_memory.h"

enum { NO_EXECUTE = 0x40000000 };

static const PHYSICAL_ADDRESS Zero = {.QuadPart = 0}, Any = {.QuadPart = -1};

static PMDL pages(ULONG count)
{
    return MmAllocatePagesForMdlEx(Zero, Any, Zero, (SIZE_T)count * PAGE_SIZE, MmCached,
                                   MM_ALLOCATE_FULLY_REQUIRED);
}

static PVOID map(PMDL mdl)
{
    return MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE,
                                        NormalPagePriority | NO_EXECUTE);
}

static void free_pages(PMDL mdl)
{
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

/* --- Good ways. */

NT_TEST(pages_are_mapped_and_freed, .seeds = 3, .faults = true)
{
    PMDL mdl = pages(5);
    UCHAR *at;

    if (mdl == NULL) {
        CHECK(fault_injected());
        return;
    }
    at = map(mdl);
    if (at != NULL) {
        CHECK_EQ(at[0], 0);
        at[4 * PAGE_SIZE + 7] = 9;
        CHECK_EQ(((UCHAR *)mm_frame(MmGetMdlPfnArray(mdl)[4]))[7], 9);
        CHECK_EQ(MmGetPhysicalAddress(at + PAGE_SIZE).QuadPart >> PAGE_SHIFT,
                 MmGetMdlPfnArray(mdl)[1]);
        MmUnmapLockedPages(at, mdl);
    }
    free_pages(mdl);
}

NT_TEST(contiguous_memory_is_contiguous)
{
    UCHAR *at = MmAllocateContiguousMemory(3 * PAGE_SIZE, Any);

    CHECK(at != NULL);
    CHECK_EQ(MmGetPhysicalAddress(at + 2 * PAGE_SIZE).QuadPart,
             MmGetPhysicalAddress(at).QuadPart + 2 * PAGE_SIZE);
    MmFreeContiguousMemory(at);
}

static void copies(void *context)
{
    char *at = user_alloc(2 * PAGE_SIZE), here[8] = {0};

    at[PAGE_SIZE - 1] = 'x';
    process_in_system(TRUE);
    CHECK_EQ(UserCopyIn(here, at + PAGE_SIZE - 1, 2, UserMode), STATUS_SUCCESS);
    CHECK_EQ(here[0], 'x');
    CHECK_EQ(UserCopyOut(at, "abc", 4, UserMode), STATUS_SUCCESS);
    CHECK_EQ(UserCopyIn(here, at + 2 * PAGE_SIZE - 1, 2, UserMode), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(UserCopyIn(here, (PVOID)8, 2, UserMode), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(UserCopyIn(here, NULL, 2, UserMode), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(UserCopyOut(NULL, here, 2, UserMode), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(UserCopyIn(here, here, 2, UserMode), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(UserCopyIn(here, (PVOID)-8, 16, UserMode), STATUS_ACCESS_VIOLATION);
    process_in_system(FALSE);
    CHECK(at[1] == 'b');
    user_protect(at, FALSE);
    process_in_system(TRUE);
    CHECK_EQ(UserCopyOut(at, "abc", 4, UserMode), STATUS_ACCESS_VIOLATION);
    process_in_system(FALSE);
}

NT_TEST(user_memory_is_copied_or_refused, .seeds = 5)
{
    PEPROCESS process = process_create("a program", &security_user);

    process_run(process, copies, NULL);
    process_release(process);
}

static void locks(void *context)
{
    char *at = user_alloc(3 * PAGE_SIZE), *seen;
    PMDL mdl = IoAllocateMdl(at + 100, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    at[100] = 'u';
    process_in_system(TRUE);
    CHECK_EQ(UserLockPages(mdl, UserMode, IoWriteAccess), STATUS_SUCCESS);
    seen = map(mdl);
    CHECK_EQ(seen[0], 'u');
    seen[1] = 's';
    process_in_system(FALSE);
    CHECK_EQ(at[101], 's');
    user_free(at); /* the locked pages stay until they are unlocked */
    CHECK_EQ(seen[0], 'u');
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

NT_TEST(user_pages_are_locked_and_mapped, .seeds = 5)
{
    PEPROCESS process = process_create("a program", &security_user);

    process_run(process, locks, NULL);
    process_release(process);
}

static void maps(void *context)
{
    PMDL mdl = pages(2);
    PVOID at;

    process_in_system(TRUE);
    CHECK_EQ(UserMapPages(mdl, MmCached, NormalPagePriority, &at), STATUS_SUCCESS);
    process_in_system(FALSE);
    ((char *)at)[PAGE_SIZE] = 'm';
    CHECK_EQ(*(char *)mm_frame(MmGetMdlPfnArray(mdl)[1]), 'm');
    MmUnmapLockedPages(at, mdl);
    free_pages(mdl);
}

NT_TEST(system_pages_are_mapped_to_a_user, .seeds = 5)
{
    PEPROCESS process = process_create("a program", &security_user);

    process_run(process, maps, NULL);
    process_release(process);
}

/* --- Bad drivers. */

NT_TEST_BREAKS(mapping_used_after_unmap, view_gone)
{
    PMDL mdl = pages(1);
    volatile char *at = map(mdl);

    MmUnmapLockedPages((PVOID)at, mdl);
    at[0] = 1;
}

NT_TEST_BREAKS(mapped_twice, mdl_mapped_twice)
{
    PMDL mdl = pages(1);

    map(mdl);
    map(mdl);
}

NT_TEST_BREAKS(mapping_executable, mdl_mapping_executable, .windows = WINDOWS_10_2004)
{
    MmMapLockedPagesSpecifyCache(pages(1), KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
}

NT_TEST_BREAKS(unlocked_mdl_mapped, mdl_not_ready)
{
    char buffer[8];

    map(IoAllocateMdl(buffer, sizeof(buffer), FALSE, FALSE, NULL));
}

NT_TEST_BREAKS(pages_freed_while_mapped, mdl_pages_mapped)
{
    PMDL mdl = pages(1);

    map(mdl);
    MmFreePagesFromMdl(mdl);
}

NT_TEST_BREAKS(pages_leaked, mdl_leaked)
{
    pages(1);
}

NT_TEST_BREAKS(contiguous_not_freed, contiguous_leaked)
{
    MmAllocateContiguousMemory(PAGE_SIZE, Any);
}

NT_TEST_BREAKS(ram_mapped_as_io_space, io_space_of_ram)
{
    MmMapIoSpace(MmGetPhysicalAddress(MmAllocateContiguousMemory(PAGE_SIZE, Any)), PAGE_SIZE,
                 MmNonCached);
}

static void touches(void *context)
{
    char *at = user_alloc(PAGE_SIZE);

    process_in_system(TRUE);
    *(volatile char *)at = 1;
}

NT_TEST_BREAKS(user_memory_touched_without_try, user_memory_bare)
{
    process_run(process_create("a program", &security_user), touches, NULL);
}

static void probes(void *context)
{
    process_in_system(TRUE);
    ProbeForRead(user_alloc(PAGE_SIZE), 1, 1);
}

NT_TEST_BREAKS(probed_without_try, probe_bare)
{
    process_run(process_create("a program", &security_user), probes, NULL);
}

static void leaves_locked(void *context)
{
    process_in_system(TRUE);
    UserLockPages(IoAllocateMdl(user_alloc(PAGE_SIZE), 8, FALSE, FALSE, NULL), UserMode,
                  IoReadAccess);
    process_in_system(FALSE);
}

NT_TEST_BREAKS(process_dies_with_locked_pages, process_has_locked_pages)
{
    PEPROCESS process = process_create("a program", &security_user);

    process_run(process, leaves_locked, NULL);
    process_end(process);
}

static void leaves_mapped(void *context)
{
    PVOID at;

    process_in_system(TRUE);
    UserMapPages(pages(1), MmCached, NormalPagePriority, &at);
    process_in_system(FALSE);
}

NT_TEST_BREAKS(process_dies_with_driver_pages_mapped, process_has_locked_pages)
{
    PEPROCESS process = process_create("a program", &security_user);

    process_run(process, leaves_mapped, NULL);
    process_end(process);
}

/* --- The order of an MDL's life. */

static PMDL locked_system(void)
{
    static UCHAR buffer[64];
    PMDL mdl = IoAllocateMdl(buffer, sizeof(buffer), FALSE, FALSE, NULL);

    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    return mdl;
}

NT_TEST(system_memory_is_locked_and_mapped)
{
    PMDL mdl = locked_system();

    CHECK(map(mdl) != NULL || TRUE); /* the bench's own memory may not be mappable */
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

NT_TEST_BREAKS(mapping_must_not_fail, mdl_bugcheck_on_failure)
{
    MmMapLockedPagesSpecifyCache(pages(1), KernelMode, MmCached, NULL, TRUE,
                                 NormalPagePriority | NO_EXECUTE);
}

NT_TEST_BREAKS(freed_while_locked, mdl_freed_locked)
{
    IoFreeMdl(locked_system());
}

NT_TEST_BREAKS(freed_with_the_wrong_routine, mdl_is_live)
{
    IoFreeMdl(pages(1));
}

NT_TEST_BREAKS(locked_twice, mdl_locked_twice)
{
    MmProbeAndLockPages(locked_system(), KernelMode, IoReadAccess);
}

NT_TEST_BREAKS(unlocked_without_lock, mdl_not_locked)
{
    MmUnlockPages(pages(1));
}

NT_TEST_BREAKS(unmapped_elsewhere_than_mapped, mdl_not_mapped)
{
    PMDL one = pages(1), other = pages(1);
    PVOID at = map(one);

    map(other);
    MmUnmapLockedPages(at, other);
}

NT_TEST_BREAKS(paged_pool_as_nonpaged, mdl_paged_pool)
{
    PVOID buffer = ExAllocatePoolWithTag(PagedPool, 64, 'tseT');

    MmBuildMdlForNonPagedPool(IoAllocateMdl(buffer, 64, FALSE, FALSE, NULL));
}

NT_TEST_BREAKS(pages_of_another_kind_freed, mdl_pages_not_its_own)
{
    MmFreePagesFromMdl(locked_system());
}

NT_TEST_BREAKS(paged_pool_has_no_fixed_place, physical_address_of)
{
    MmGetPhysicalAddress(ExAllocatePoolWithTag(PagedPool, 64, 'tseT'));
}

NT_TEST_BREAKS(contiguous_memory_freed_twice, contiguous_owner)
{
    PVOID at = MmAllocateContiguousMemory(PAGE_SIZE, Any);

    MmFreeContiguousMemory(at);
    MmFreeContiguousMemory(at);
}

static PVOID io_space(void)
{
    PHYSICAL_ADDRESS bar = {.QuadPart = 0xf2000000};

    return MmMapIoSpace(bar, 2 * PAGE_SIZE, MmNonCached);
}

NT_TEST(io_space_is_mapped)
{
    UCHAR *at = io_space();

    CHECK(at != NULL);
    at[PAGE_SIZE] = 1;
    MmUnmapIoSpace(at, 2 * PAGE_SIZE);
}

NT_TEST_BREAKS(io_space_unmapped_with_another_size, io_space_owner)
{
    MmUnmapIoSpace(io_space(), PAGE_SIZE);
}

NT_TEST_BREAKS(io_space_left, io_space_leaked)
{
    io_space();
}

static NTSTATUS lock_as_kernel(PVOID context)
{
    MmProbeAndLockPages(context, KernelMode, IoReadAccess);
    return STATUS_SUCCESS;
}

static void locks_as_kernel(void *context)
{
    PMDL mdl = IoAllocateMdl(user_alloc(PAGE_SIZE), 8, FALSE, FALSE, NULL);

    process_in_system(TRUE);
    SehCall(lock_as_kernel, mdl);
}

NT_TEST_BREAKS(user_memory_locked_as_the_kernels, mdl_probe_kernel_mode)
{
    process_run(process_create("a program", &security_user), locks_as_kernel, NULL);
}

static void locks_bare(void *context)
{
    PMDL mdl = IoAllocateMdl(user_alloc(PAGE_SIZE), 8, FALSE, FALSE, NULL);

    process_in_system(TRUE);
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
}

NT_TEST_BREAKS(locked_without_try, mdl_probe_bare)
{
    process_run(process_create("a program", &security_user), locks_bare, NULL);
}

static PMDL Mapped;
static PVOID MappedAt;

static void maps_for_others(void *context)
{
    Mapped = pages(1);
    process_in_system(TRUE);
    UserMapPages(Mapped, MmCached, NormalPagePriority, &MappedAt);
    process_in_system(FALSE);
}

NT_TEST_BREAKS(unmapped_in_another_process, mdl_unmapped_elsewhere)
{
    process_run(process_create("a program", &security_user), maps_for_others, NULL);
    MmUnmapLockedPages(MappedAt, Mapped);
}

NT_TEST(unmapped_while_attached, .seeds = 5)
{
    PEPROCESS process = process_create("a program", &security_user);
    KAPC_STATE state;

    process_run(process, maps_for_others, NULL);
    KeStackAttachProcess((PKPROCESS)process, &state);
    MmUnmapLockedPages(MappedAt, Mapped);
    KeUnstackDetachProcess(&state);
    free_pages(Mapped);
    process_release(process);
}

static void locks_and_maps(void *context)
{
    PMDL mdl = IoAllocateMdl(user_alloc(PAGE_SIZE), 8, FALSE, FALSE, NULL);
    PVOID at;

    process_in_system(TRUE);
    UserLockPages(mdl, UserMode, IoReadAccess);
    UserMapPages(mdl, MmCached, NormalPagePriority, &at);
    MmUnlockPages(mdl);
}

NT_TEST_BREAKS(unlocked_while_a_user_maps_it, mdl_user_mapping_left)
{
    process_run(process_create("a program", &security_user), locks_and_maps, NULL);
}

static NTSTATUS touch_at_dispatch(PVOID context)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    *(volatile char *)context = 1;
    return STATUS_SUCCESS;
}

static void touches_at_dispatch(void *context)
{
    PVOID at = user_alloc(PAGE_SIZE);

    process_in_system(TRUE);
    SehCall(touch_at_dispatch, at);
}

NT_TEST_BREAKS(user_memory_at_dispatch, user_memory_irql)
{
    process_run(process_create("a program", &security_user), touches_at_dispatch, NULL);
}
