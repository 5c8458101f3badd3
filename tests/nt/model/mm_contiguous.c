/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contiguous memory, I/O space, and the questions about addresses.
 */
#include "model/device.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/host_view.h"
#include "model/machine.h"
#include "model/mm.h"
#include "model/pages.h"
#include "model/process.h"
#include "model/user_memory.h"
#include "model/windows.h"

RULE(contiguous_owner, "MmFreeContiguousMemory frees what was allocated as such, once",
     "MmFreeContiguousMemory function (wdm.h)");
RULE(contiguous_leaked, "Contiguous memory is freed", "MmFreeContiguousMemory function (wdm.h)");
RULE(io_space_of_ram, "MmMapIoSpace maps no memory that the system manages",
     "MmMapIoSpace function (wdm.h)");
RULE(io_space_owner, "MmUnmapIoSpace unmaps what MmMapIoSpace mapped, once, with its size",
     "MmUnmapIoSpace function (wdm.h)");
RULE(io_space_leaked, "I/O space is unmapped", "MmUnmapIoSpace function (wdm.h)");
RULE(physical_address_of, "MmGetPhysicalAddress is asked about resident system memory",
     "MmGetPhysicalAddress function (wdm.h)");

struct block {
    struct block *next;
    void *at; /* as the driver knows it */
    void *view;
    SIZE_T bytes;
    ULONG pages;
};

static struct block *Contiguous, *IoSpaces;

static void add(struct block **list, void *at, void *view, SIZE_T bytes, ULONG pages)
{
    struct block *block = host_alloc(sizeof(*block));

    *block = (struct block){*list, at, view, bytes, pages};
    *list = block;
}

static BOOLEAN take(struct block **list, void *at, struct block *out)
{
    for (struct block **link = list, *block; (block = *link) != NULL; link = &block->next) {
        if (block->at != at)
            continue;
        *out = *block;
        *link = block->next;
        host_free(block);
        return TRUE;
    }
    return FALSE;
}

/* --- Contiguous memory. */

static PVOID contiguous(SIZE_T bytes, ULONG64 lowest, ULONG64 highest)
{
    ULONG pages = (ULONG)BYTES_TO_PAGES(bytes);
    void *at;

    if (bytes == 0 || fault_here("contiguous memory"))
        return NULL;
    at = pages_alloc(pages);
    if (at == NULL)
        return NULL;
    if (pages_pfn(at) < lowest >> PAGE_SHIFT || pages_pfn(at) + pages - 1 > highest >> PAGE_SHIFT) {
        pages_free(at, pages);
        return NULL;
    }
    RtlFillMemory(at, (SIZE_T)pages * PAGE_SIZE, 0xcd);
    add(&Contiguous, at, NULL, bytes, pages);
    return at;
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
                                                   PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   MEMORY_CACHING_TYPE CacheType)
{
    MODEL_CALL(MmAllocateContiguousMemorySpecifyCache, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "MmAllocateContiguousMemorySpecifyCache function (wdm.h)");
    return contiguous(NumberOfBytes, (ULONG64)LowestAcceptableAddress.QuadPart,
                      (ULONG64)HighestAcceptableAddress.QuadPart);
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T NumberOfBytes,
                                                       PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                       PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                       PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                       MEMORY_CACHING_TYPE CacheType,
                                                       NODE_REQUIREMENT PreferredNode)
{
    return MmAllocateContiguousMemorySpecifyCache(NumberOfBytes, LowestAcceptableAddress,
                                                  HighestAcceptableAddress, BoundaryAddressMultiple,
                                                  CacheType);
}

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes,
                                       PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    MODEL_CALL(MmAllocateContiguousMemory, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "MmAllocateContiguousMemory function (wdm.h)");
    return contiguous(NumberOfBytes, 0, (ULONG64)HighestAcceptableAddress.QuadPart);
}

VOID NTAPI MmFreeContiguousMemory(PVOID BaseAddress)
{
    struct block block;

    MODEL_CALL(MmFreeContiguousMemory, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "MmFreeContiguousMemory function (wdm.h)");
    if (!take(&Contiguous, BaseAddress, &block))
        rule_broken(&contiguous_owner, "%p", BaseAddress);
    pages_free(block.at, block.pages);
}

VOID NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes,
                                              MEMORY_CACHING_TYPE CacheType)
{
    MmFreeContiguousMemory(BaseAddress);
}

void contiguous_check_end(void)
{
    if (Contiguous != NULL)
        rule_broken(&contiguous_leaked, "%p, %lu bytes", Contiguous->at,
                    (unsigned long)Contiguous->bytes);
}

/* --- I/O space. */

static PVOID map_io_space(PHYSICAL_ADDRESS physical, SIZE_T bytes, int access)
{
    ULONG offset = BYTE_OFFSET((ULONG_PTR)physical.QuadPart), pages;
    PFN_NUMBER *frames;
    void *view = NULL;

    pages = (ULONG)ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)offset, bytes);
    if (bytes == 0 || fault_here("io space"))
        return NULL;
    frames = host_alloc(pages * sizeof(*frames));
    for (ULONG page = 0; page < pages; page++) {
        frames[page] = (PFN_NUMBER)((ULONG64)physical.QuadPart >> PAGE_SHIFT) + page;
        if (pages_address(frames[page]) != NULL)
            rule_broken(&io_space_of_ram, "frame %lx", (unsigned long)frames[page]);
    }
    view = mm_view_create(frames, pages, access);
    host_free(frames);
    if (view == NULL)
        return NULL;
    add(&IoSpaces, (char *)view + offset, view, bytes, pages);
    return (char *)view + offset;
}

PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                         MEMORY_CACHING_TYPE CacheType)
{
    MODEL_CALL(MmMapIoSpace, PASSIVE_LEVEL, DISPATCH_LEVEL, "MmMapIoSpace function (wdm.h)");
    return map_io_space(PhysicalAddress, NumberOfBytes, HOST_VIEW_WRITE);
}

PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect);
PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    MODEL_CALL(MmMapIoSpaceEx, PASSIVE_LEVEL, DISPATCH_LEVEL, "MmMapIoSpaceEx function (wdm.h)");
    return map_io_space(PhysicalAddress, NumberOfBytes,
                        (Protect & 0xff) == PAGE_READONLY ? HOST_VIEW_READ : HOST_VIEW_WRITE);
}

SYSTEM_ROUTINE(MmMapIoSpaceEx, WINDOWS_10_1607);

VOID NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    struct block block;

    MODEL_CALL(MmUnmapIoSpace, PASSIVE_LEVEL, DISPATCH_LEVEL, "MmUnmapIoSpace function (wdm.h)");
    if (!take(&IoSpaces, BaseAddress, &block) || block.bytes != NumberOfBytes)
        rule_broken(&io_space_owner, "%p, %lu bytes", BaseAddress, (unsigned long)NumberOfBytes);
    mm_view_destroy(block.view, block.pages);
}

void io_space_check_end(void)
{
    if (IoSpaces != NULL)
        rule_broken(&io_space_leaked, "%p, %lu bytes", IoSpaces->at,
                    (unsigned long)IoSpaces->bytes);
}

/* --- Addresses. */

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress)
{
    PHYSICAL_ADDRESS physical;
    ULONG64 frame;

    MODEL_CHECK(MmGetPhysicalAddress, PASSIVE_LEVEL, HIGH_LEVEL,
                "MmGetPhysicalAddress function (ntddk.h)");
    if (user_memory_is(BaseAddress)) {
        if (!user_memory_frame(process_current(), BaseAddress, FALSE, &frame))
            return (PHYSICAL_ADDRESS){.QuadPart = 0};
    } else {
        if (pool_is_paged(BaseAddress))
            rule_broken(&physical_address_of, "%p is paged pool", BaseAddress);
        frame = mm_frame_of(BaseAddress);
    }
    physical.QuadPart = (LONGLONG)(frame << PAGE_SHIFT | BYTE_OFFSET(BaseAddress));
    return physical;
}

BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress)
{
    ULONG64 frame;

    MODEL_CHECK(MmIsAddressValid, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "MmIsAddressValid function (ntddk.h)");
    if (user_memory_is(VirtualAddress))
        return user_memory_frame(process_current(), VirtualAddress, FALSE, &frame);
    return pages_is_ram(VirtualAddress) || mm_view_is(VirtualAddress);
}
