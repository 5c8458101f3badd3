/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory descriptor lists: what they describe, locking it, and mapping it. Beside each MDL the
 * model keeps what the driver did with it, so that a wrong order or a forgotten undo is told.
 */
#include "model/fault.h"
#include "model/host.h"
#include "model/host_view.h"
#include "model/machine.h"
#include "model/mm.h"
#include "model/pages.h"
#include "model/process.h"
#include "model/rule.h"
#include "model/seh.h"
#include "model/user_memory.h"
#include "model/windows.h"

RULE(mdl_is_live, "Only an MDL that exists is used", "Using MDLs");
RULE(mdl_not_ready, "An MDL's pages are mapped only when they are locked or nonpaged",
     "MmMapLockedPagesSpecifyCache function (wdm.h)");
RULE(mdl_mapped_twice, "An MDL is mapped into system space once",
     "MmMapLockedPagesSpecifyCache function (wdm.h)");
RULE(mdl_bugcheck_on_failure, "BugCheckOnFailure is FALSE",
     "MmMapLockedPagesSpecifyCache function (wdm.h)");
RULE(mdl_mapping_executable, "A system mapping of an MDL is not executable (MdlMappingNoExecute)",
     "Bug Check 0xC4: DRIVER_VERIFIER_DETECTED_VIOLATION");
RULE(mdl_not_mapped, "Only a mapping of this MDL is unmapped",
     "MmUnmapLockedPages function (wdm.h)");
RULE(mdl_unmapped_elsewhere, "A user mapping is unmapped in the process that it is in",
     "MmUnmapLockedPages function (wdm.h)");
RULE(mdl_locked_twice, "An MDL's pages are locked once", "MmProbeAndLockPages function (wdm.h)");
RULE(mdl_not_locked, "Only locked pages are unlocked", "MmUnlockPages function (wdm.h)");
RULE(mdl_user_mapping_left, "A user mapping is taken away before the pages are unlocked or freed",
     "MmUnlockPages function (wdm.h)");
RULE(mdl_freed_locked, "An MDL is unlocked before it is freed", "IoFreeMdl function (wdm.h)");
RULE(mdl_paged_pool, "MmBuildMdlForNonPagedPool is for nonpaged memory",
     "MmBuildMdlForNonPagedPool function (wdm.h)");
RULE(mdl_probe_bare, "MmProbeAndLockPages of user memory is called inside __try",
     "MmProbeAndLockPages function (wdm.h)");
RULE(mdl_probe_kernel_mode, "User memory is locked with UserMode",
     "MmProbeAndLockPages function (wdm.h)");
RULE(mdl_pages_not_its_own, "MmFreePagesFromMdl frees pages of MmAllocatePagesForMdlEx",
     "MmFreePagesFromMdl function (wdm.h)");
RULE(mdl_pages_mapped, "Pages are freed only when they are mapped nowhere",
     "MmFreePagesFromMdl function (wdm.h)");
RULE(mdl_pages_empty, "Pages that are given back have their memory",
     "XENMEM_populate_physmap (xen/include/public/memory.h)");
RULE(mdl_leaked, "Every MDL is freed", "IoFreeMdl function (wdm.h)");
RULE(process_has_locked_pages, "When a process ends, no driver has its pages locked or mapped",
     "Bug Check 0x76: PROCESS_HAS_LOCKED_PAGES");

enum { MDL_TAG = 0x206c644d /* "Mdl " */, MDL_PAGES_OWNED = 1, MDL_NO_EXECUTE = 0x40000000 };
#define MDL_NO_WRITE 0x80000000u

struct user_mapping {
    struct user_mapping *next;
    PEPROCESS process;
    void *at;
};

struct mdl_record {
    struct mdl_record *next;
    PMDL mdl;
    ULONG pages;
    BOOLEAN owns_pages; /* MmAllocatePagesForMdlEx */
    BOOLEAN from_pool;  /* the driver frees the MDL with ExFreePool */
    BOOLEAN probed;     /* MmProbeAndLockPages */
    BOOLEAN *held;      /* by page: the lock holds a use of the frame */
    PEPROCESS process;  /* whose pages are locked */
    void *view;
    struct user_mapping *user;
};

static struct mdl_record *Mdls;

static PPFN_NUMBER frames_of(PMDL mdl)
{
    return (PPFN_NUMBER)(mdl + 1);
}

static struct mdl_record *find(const MDL *mdl)
{
    for (struct mdl_record *record = Mdls; record != NULL; record = record->next)
        if (record->mdl == mdl)
            return record;
    return NULL;
}

/* An MDL that the driver made itself (MmInitializeMdl) gets its record when it is first used. */
static struct mdl_record *record_of(PMDL mdl)
{
    struct mdl_record *record = find(mdl);

    if (record != NULL)
        return record;
    record = host_alloc(sizeof(*record));
    record->mdl = mdl;
    record->pages =
        ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->StartVa + mdl->ByteOffset, mdl->ByteCount);
    record->next = Mdls;
    Mdls = record;
    return record;
}

static void forget(struct mdl_record *record)
{
    struct mdl_record **link = &Mdls;

    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    host_free(record);
}

/* --- MDLs. */

SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length);
}

static PMDL mdl_create(PVOID address, SIZE_T bytes, BOOLEAN from_pool)
{
    SIZE_T size = MmSizeOfMdl(address, bytes);
    PMDL mdl = from_pool ? pool_allocate(size, MDL_TAG, false, true) : host_alloc(size);
    struct mdl_record *record;

    if (mdl == NULL)
        return NULL;
    MmInitializeMdl(mdl, address, bytes);
    record = record_of(mdl);
    record->from_pool = from_pool;
    return mdl;
}

PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
                         BOOLEAN ChargeQuota, PIRP Irp)
{
    PMDL mdl;

    MODEL_CALL(IoAllocateMdl, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoAllocateMdl function (wdm.h)");
    if (fault_here("mdl"))
        return NULL;
    mdl = mdl_create(VirtualAddress, Length, FALSE);
    if (Irp == NULL)
        return mdl;
    if (!SecondaryBuffer) {
        Irp->MdlAddress = mdl;
    } else {
        PMDL *link = &Irp->MdlAddress;

        while (*link != NULL)
            link = &(*link)->Next;
        *link = mdl;
    }
    return mdl;
}

static void unmap_system(struct mdl_record *record)
{
    mm_view_destroy(record->view, record->pages);
    record->view = NULL;
    record->mdl->MappedSystemVa = NULL;
    record->mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

VOID NTAPI IoFreeMdl(PMDL Mdl)
{
    struct mdl_record *record;

    MODEL_CALL(IoFreeMdl, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoFreeMdl function (wdm.h)");
    record = find(Mdl);
    if (record == NULL || record->from_pool)
        rule_broken(&mdl_is_live, "%p is not IoAllocateMdl's", Mdl);
    if (record->probed)
        rule_broken(&mdl_freed_locked, "%p", Mdl);
    if (record->user != NULL)
        rule_broken(&mdl_user_mapping_left, "MDL %p, at %p", Mdl, record->user->at);
    if (record->view != NULL && (Mdl->MdlFlags & MDL_PARTIAL))
        unmap_system(record);
    if (record->view != NULL)
        rule_broken(&mdl_freed_locked, "%p is mapped", Mdl);
    forget(record);
    host_free(Mdl);
}

VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    ULONG_PTR source, skip;

    MODEL_CALL(IoBuildPartialMdl, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoBuildPartialMdl function (wdm.h)");
    source = (ULONG_PTR)MmGetMdlVirtualAddress(SourceMdl);
    if (Length == 0)
        Length = (ULONG)(source + SourceMdl->ByteCount - (ULONG_PTR)VirtualAddress);
    skip = ((ULONG_PTR)PAGE_ALIGN(VirtualAddress) - (ULONG_PTR)SourceMdl->StartVa) >> PAGE_SHIFT;
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = Length;
    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->MdlFlags = MDL_PARTIAL | (SourceMdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
    record_of(TargetMdl)->pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, Length);
    RtlCopyMemory(frames_of(TargetMdl), frames_of(SourceMdl) + skip,
                  record_of(TargetMdl)->pages * sizeof(PFN_NUMBER));
    if (TargetMdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL)
        TargetMdl->MappedSystemVa = VirtualAddress;
}

VOID NTAPI MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    struct mdl_record *record;
    char *at;

    MODEL_CALL(MmBuildMdlForNonPagedPool, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "MmBuildMdlForNonPagedPool function (wdm.h)");
    record = record_of(MemoryDescriptorList);
    at = MemoryDescriptorList->StartVa;
    if (user_memory_is(at) || pool_is_paged(at + MemoryDescriptorList->ByteOffset))
        rule_broken(&mdl_paged_pool, "%p", at);
    for (ULONG page = 0; page < record->pages; page++)
        frames_of(MemoryDescriptorList)[page] =
            (PFN_NUMBER)mm_frame_of(at + (SIZE_T)page * PAGE_SIZE);
    MemoryDescriptorList->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    MemoryDescriptorList->MappedSystemVa = at + MemoryDescriptorList->ByteOffset;
}

/* --- Locking. */

static void unlock_frames(struct mdl_record *record)
{
    for (ULONG page = 0; page < record->pages; page++)
        if (record->held[page])
            mm_frame_unuse(frames_of(record->mdl)[page]);
    host_free(record->held);
    record->held = NULL;
}

static void lock_frame(struct mdl_record *record, ULONG page, ULONG64 frame)
{
    frames_of(record->mdl)[page] = (PFN_NUMBER)frame;
    mm_frame_use(frame);
    record->held[page] = TRUE;
}

static NTSTATUS lock_user(struct mdl_record *record, BOOLEAN write)
{
    char *at = record->mdl->StartVa;

    for (ULONG page = 0; page < record->pages; page++) {
        ULONG64 frame;

        if (!user_memory_frame(process_current(), at + (SIZE_T)page * PAGE_SIZE, write, &frame)) {
            unlock_frames(record);
            return STATUS_ACCESS_VIOLATION;
        }
        lock_frame(record, page, frame);
    }
    record->process = process_current();
    record->mdl->Process = record->process;
    return STATUS_SUCCESS;
}

/* System memory does not page out here; but a mapping's frames stay while they are locked, though
 * whose they were gives them up. */
static void lock_system(struct mdl_record *record)
{
    char *at = record->mdl->StartVa;

    for (ULONG page = 0; page < record->pages; page++) {
        ULONG64 frame = mm_frame_of(at + (SIZE_T)page * PAGE_SIZE);

        frames_of(record->mdl)[page] = (PFN_NUMBER)frame;
        if (mm_frame_is_shared(frame))
            lock_frame(record, page, frame);
    }
}

static BOOLEAN is_user_range(ULONG_PTR start, ULONG bytes)
{
    return start + bytes >= start && user_memory_is((PVOID)(start + bytes));
}

VOID NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation)
{
    PMDL mdl = MemoryDescriptorList;
    struct mdl_record *record;
    BOOLEAN is_user;
    NTSTATUS status = STATUS_SUCCESS;

    MODEL_CALL(MmProbeAndLockPages, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "MmProbeAndLockPages function (wdm.h)");
    record = record_of(mdl);
    is_user = is_user_range((ULONG_PTR)MmGetMdlVirtualAddress(mdl), mdl->ByteCount);
    if (record->probed)
        rule_broken(&mdl_locked_twice, "%p", mdl);
    if ((is_user || AccessMode == UserMode) && !seh_guarded())
        rule_broken(&mdl_probe_bare, "%p", mdl->StartVa);
    if (is_user && AccessMode == KernelMode)
        rule_broken(&mdl_probe_kernel_mode, "%p", mdl->StartVa);
    if (AccessMode == UserMode && !is_user)
        seh_raise(STATUS_ACCESS_VIOLATION);
    if (seh_guarded() && fault_here("locking pages"))
        seh_raise(STATUS_WORKING_SET_QUOTA);
    record->held = host_alloc(record->pages * sizeof(*record->held));
    if (is_user)
        status = lock_user(record, Operation != IoReadAccess);
    else
        lock_system(record);
    if (!NT_SUCCESS(status))
        seh_raise(status);
    record->probed = TRUE;
    mdl->MdlFlags |= MDL_PAGES_LOCKED | (Operation != IoReadAccess ? MDL_WRITE_OPERATION : 0);
}

VOID NTAPI MmUnlockPages(PMDL MemoryDescriptorList)
{
    struct mdl_record *record;

    MODEL_CALL(MmUnlockPages, PASSIVE_LEVEL, DISPATCH_LEVEL, "MmUnlockPages function (wdm.h)");
    record = find(MemoryDescriptorList);
    if (record == NULL || !record->probed)
        rule_broken(&mdl_not_locked, "%p", MemoryDescriptorList);
    if (record->user != NULL)
        rule_broken(&mdl_user_mapping_left, "MDL %p, at %p", record->mdl, record->user->at);
    if (record->view != NULL)
        unmap_system(record);
    unlock_frames(record);
    record->process = NULL;
    record->probed = FALSE;
    record->mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
}

/* --- Mapping. */

static PVOID map_system(struct mdl_record *record, ULONG priority)
{
    PMDL mdl = record->mdl;

    if (record->view != NULL)
        rule_broken(&mdl_mapped_twice, "%p", mdl);
    if (windows_version() >= WINDOWS_8 && !(priority & MDL_NO_EXECUTE))
        rule_broken(&mdl_mapping_executable, "%p", mdl);
    if (fault_here("mapping"))
        return NULL;
    record->view = mm_view_create(frames_of(mdl), record->pages,
                                  priority & MDL_NO_WRITE ? HOST_VIEW_READ : HOST_VIEW_WRITE);
    if (record->view == NULL)
        return NULL;
    mdl->MappedSystemVa = (char *)record->view + mdl->ByteOffset;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (mdl->MdlFlags & MDL_PARTIAL)
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return mdl->MappedSystemVa;
}

static PVOID map_user(struct mdl_record *record, ULONG priority)
{
    struct user_mapping *mapping;
    void *at;

    if (irql_now() > APC_LEVEL)
        rule_broken(&mdl_not_ready, "a user mapping at IRQL %u", irql_now());
    if (!seh_guarded())
        rule_broken(&mdl_probe_bare, "MmMapLockedPagesSpecifyCache of %p", record->mdl);
    if (fault_here("user mapping"))
        seh_raise(STATUS_INSUFFICIENT_RESOURCES);
    at = user_memory_map(process_current(), frames_of(record->mdl), record->pages,
                         windows_version() < WINDOWS_8 || !(priority & MDL_NO_WRITE));
    if (at == NULL)
        seh_raise(STATUS_INSUFFICIENT_RESOURCES);
    mapping = host_alloc(sizeof(*mapping));
    *mapping = (struct user_mapping){record->user, process_current(), at};
    record->user = mapping;
    return (char *)at + record->mdl->ByteOffset;
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE CacheType, PVOID BaseAddress,
                                         ULONG BugCheckOnFailure, ULONG Priority)
{
    struct mdl_record *record;
    CSHORT ready = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL;

    MODEL_CALL(MmMapLockedPagesSpecifyCache, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "MmMapLockedPagesSpecifyCache function (wdm.h)");
    record = record_of(MemoryDescriptorList);
    if (!(MemoryDescriptorList->MdlFlags & ready))
        rule_broken(&mdl_not_ready, "%p", MemoryDescriptorList);
    if (AccessMode == KernelMode && BugCheckOnFailure)
        rule_broken(&mdl_bugcheck_on_failure, "%p", MemoryDescriptorList);
    return AccessMode == KernelMode ? map_system(record, Priority) : map_user(record, Priority);
}

static void unmap_user(struct mdl_record *record, PVOID base)
{
    struct user_mapping **link = &record->user, *mapping;

    while (*link != NULL && (*link)->at != PAGE_ALIGN(base))
        link = &(*link)->next;
    mapping = *link;
    if (mapping == NULL)
        rule_broken(&mdl_not_mapped, "MDL %p, %p", record->mdl, base);
    if (mapping->process != process_current())
        rule_broken(&mdl_unmapped_elsewhere, "%p is in %s, this is %s", base,
                    mapping->process->name, process_current()->name);
    *link = mapping->next;
    user_memory_unmap(mapping->process, mapping->at);
    host_free(mapping);
}

VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    struct mdl_record *record;

    MODEL_CALL(MmUnmapLockedPages, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "MmUnmapLockedPages function (wdm.h)");
    record = find(MemoryDescriptorList);
    if (record == NULL)
        rule_broken(&mdl_is_live, "%p", MemoryDescriptorList);
    if (user_memory_is(BaseAddress)) {
        unmap_user(record, BaseAddress);
        return;
    }
    if (record->view == NULL || record->view != PAGE_ALIGN(BaseAddress))
        rule_broken(&mdl_not_mapped, "MDL %p, %p", MemoryDescriptorList, BaseAddress);
    unmap_system(record);
}

NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect)
{
    struct mdl_record *record;

    MODEL_CALL(MmProtectMdlSystemAddress, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "MmProtectMdlSystemAddress function (wdm.h)");
    record = find(MemoryDescriptorList);
    if (record == NULL || record->view == NULL)
        return STATUS_NOT_MAPPED_VIEW;
    host_view_protect(record->view, (SIZE_T)record->pages * PAGE_SIZE,
                      NewProtect == PAGE_READONLY   ? HOST_VIEW_READ
                      : NewProtect == PAGE_NOACCESS ? HOST_VIEW_NONE
                                                    : HOST_VIEW_WRITE);
    return STATUS_SUCCESS;
}

/* --- Pages for an MDL. */

static ULONG take_pages(PPFN_NUMBER frames, ULONG wanted, ULONG64 lowest, ULONG64 highest,
                        BOOLEAN zero)
{
    ULONG taken = 0;

    while (taken < wanted) {
        void *page = pages_alloc(1);

        if (page == NULL)
            break;
        if (pages_pfn(page) < lowest || pages_pfn(page) > highest) {
            pages_free(page, 1);
            break;
        }
        RtlFillMemory(page, PAGE_SIZE, zero ? 0 : 0xcd);
        frames[taken++] = (PFN_NUMBER)pages_pfn(page);
    }
    return taken;
}

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    ULONG wanted = (ULONG)BYTES_TO_PAGES(TotalBytes), got;
    struct mdl_record *record;
    PMDL mdl;

    MODEL_CALL(MmAllocatePagesForMdlEx, PASSIVE_LEVEL, APC_LEVEL,
               "MmAllocatePagesForMdlEx function (wdm.h)");
    if (wanted == 0 || fault_here("pages for an mdl"))
        return NULL;
    mdl = mdl_create(NULL, (SIZE_T)wanted * PAGE_SIZE, TRUE);
    if (mdl == NULL)
        return NULL;
    /* Fewer than asked for is a success too, unless the caller said otherwise. */
    if (!(Flags & MM_ALLOCATE_FULLY_REQUIRED) && wanted > 1 && fault_here("some of the pages"))
        wanted /= 2;
    got =
        take_pages(frames_of(mdl), wanted, (ULONG64)LowAddress.QuadPart >> PAGE_SHIFT,
                   (ULONG64)HighAddress.QuadPart >> PAGE_SHIFT, !(Flags & MM_DONT_ZERO_ALLOCATION));
    record = record_of(mdl);
    record->pages = got;
    if (got == 0 || (got < wanted && (Flags & MM_ALLOCATE_FULLY_REQUIRED))) {
        for (ULONG page = 0; page < got; page++)
            pages_free(pages_address(frames_of(mdl)[page]), 1);
        forget(record);
        pool_release(mdl);
        return NULL;
    }
    record->owns_pages = TRUE;
    for (ULONG page = 0; page < got; page++)
        mm_frame_use(frames_of(mdl)[page]);
    mdl->ByteCount = got * PAGE_SIZE;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    return mdl;
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes)
{
    return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, MmCached, 0);
}

VOID NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList)
{
    struct mdl_record *record;

    MODEL_CALL(MmFreePagesFromMdl, PASSIVE_LEVEL, APC_LEVEL, "MmFreePagesFromMdl function (wdm.h)");
    record = find(MemoryDescriptorList);
    if (record == NULL || !record->owns_pages)
        rule_broken(&mdl_pages_not_its_own, "%p", MemoryDescriptorList);
    if (record->view != NULL || record->user != NULL)
        rule_broken(&mdl_pages_mapped, "%p", MemoryDescriptorList);
    for (ULONG page = 0; page < record->pages; page++) {
        ULONG64 frame = frames_of(MemoryDescriptorList)[page];

        if (!mm_frame_present(frame))
            rule_broken(&mdl_pages_empty, "frame %lx", (unsigned long)frame);
        mm_frame_unuse(frame);
    }
    forget(record); /* the MDL itself is pool memory of the driver's now */
    MemoryDescriptorList->MdlFlags &= ~MDL_PAGES_LOCKED;
}

/* --- The end. */

void mdl_check_process(PEPROCESS process)
{
    for (struct mdl_record *record = Mdls; record != NULL; record = record->next) {
        if (record->process == process)
            rule_broken(&process_has_locked_pages, "%s: MDL %p, address %p", process->name,
                        record->mdl, record->mdl->StartVa);
        for (struct user_mapping *mapping = record->user; mapping != NULL; mapping = mapping->next)
            if (mapping->process == process)
                rule_broken(&process_has_locked_pages, "%s: MDL %p is mapped at %p", process->name,
                            record->mdl, mapping->at);
    }
}

void mdl_check_end(void)
{
    for (struct mdl_record *record = Mdls; record != NULL; record = record->next)
        if (record->probed || record->owns_pages || record->view != NULL || !record->from_pool)
            rule_broken(&mdl_leaked, "%p, %u pages%s%s", record->mdl, record->pages,
                        record->probed ? ", locked" : "", record->view != NULL ? ", mapped" : "");
}
