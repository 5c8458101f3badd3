/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pool memory, in the machine's RAM. Every byte that is not a live allocation is poisoned: red
 * zones around each, and freed memory for as long as it waits in quarantine. Records of allocations
 * are kept outside of the RAM.
 *
 * Small allocations share pages by size class; larger ones have pages of their own and a guard page
 * behind. As documented, less than a page never crosses a page boundary and has 16-byte alignment,
 * a page or more begins on a page.
 *
 * Paged memory is poisoned as well while the running CPU is at DISPATCH_LEVEL or above.
 */
#include "model/fault.h"
#include "model/machine.h"
#include "model/pages.h"
#include "model/print.h"
#include "model/windows.h"

RULE(pool_nx, "Pool memory is not executable (NonPagedPoolNx from Windows 8 on)",
     "NX and execute pool types");
RULE(pool_size, "An allocation has at least one byte", "ExAllocatePoolWithTag function (wdm.h)");
RULE(pool_tag, "An allocation has a tag of one to four characters",
     "ExAllocatePoolWithTag function (wdm.h)");
RULE(pool_free, "ExFreePool frees what ExAllocatePool returned, once",
     "ExFreePoolWithTag function (wdm.h)");
RULE(pool_free_tag, "Memory is freed with the tag of its allocation",
     "ExFreePoolWithTag function (wdm.h)");
RULE(pool_leak, "All pool memory of a driver is freed when it is gone",
     "ExFreePoolWithTag function (wdm.h)");
RULE(pool_overrun, "A driver stays inside of its allocation", "Allocating System-Space Memory");
RULE(pool_freed_use, "Freed memory is not used", "ExFreePoolWithTag function (wdm.h)");
RULE(pool_uninitialized, "Freed or foreign pages are not touched",
     "Allocating System-Space Memory");
RULE(paged_at_dispatch, "Paged memory is not touched at DISPATCH_LEVEL or above",
     "Managing Hardware Priorities");

enum {
    CLASS_COUNT = 6,
    LEFT_ZONE = 16,
    SLOT_LEAST = 64, /* << class: up to 2048 */
    SLOTS_MAX = PAGES_SIZE / SLOT_LEAST,
    STACK_DEPTH = 10,
    QUARANTINE_BYTES = 4 << 20,
};

#define POOL_FLAG_UNINITIALIZED_  0x2u
#define POOL_FLAG_RAISE_          0x20u
#define POOL_FLAG_NON_PAGED_      0x40u
#define POOL_FLAG_NON_PAGED_EXEC_ 0x80u
#define POOL_FLAG_PAGED_          0x100u

struct block {
    LIST_ENTRY list; /* live, or quarantine */
    char *memory;
    size_t size;
    ULONG tag;
    bool paged, freed;
    char *pages; /* large: its pages, guard included */
    size_t page_count;
    struct page *page; /* small: where */
    unsigned slot;
    uintptr_t allocated_by[STACK_DEPTH], freed_by[STACK_DEPTH];
};

struct page {
    char *base;
    unsigned slot_bytes;
    unsigned free;
    struct block *slots[SLOTS_MAX];
    struct page *next; /* of its class */
    struct block *large;
};

static struct {
    LIST_ENTRY live, quarantine;
    size_t quarantine_bytes;
    struct page *classes[CLASS_COUNT];
    struct page **by_pfn; /* from first_pfn */
    uint64_t first_pfn;
    size_t pfn_count;
    bool hidden;
    bool any_paged;
} pool;

void pool_start(void)
{
    InitializeListHead(&pool.live);
    InitializeListHead(&pool.quarantine);
}

static struct page **page_slot(const void *address)
{
    if (!pages_is_ram(address))
        return NULL;
    if (!pool.by_pfn) {
        pool.first_pfn = pages_first_pfn();
        pool.pfn_count = pages_count();
        pool.by_pfn = host_alloc(pool.pfn_count * sizeof(pool.by_pfn[0]));
    }
    return &pool.by_pfn[pages_pfn(address) - pool.first_pfn];
}

static struct page *page_make(char *base)
{
    struct page *page = host_alloc(sizeof(*page));

    page->base = base;
    *page_slot(base) = page;
    return page;
}

static void page_drop(char *base)
{
    host_free(*page_slot(base));
    *page_slot(base) = NULL;
}

/* --- Placing --- */

static bool place_small(struct block *block)
{
    unsigned class = 0;
    struct page *page;

    while (((size_t)SLOT_LEAST << class) < block->size + LEFT_ZONE)
        class ++;
    for (page = pool.classes[class]; page && !page->free; page = page->next)
        ;
    if (!page) {
        char *base = pages_alloc(1);

        if (!base)
            return false;
        host_memory_poison(base, PAGES_SIZE);
        page = page_make(base);
        page->slot_bytes = (unsigned)SLOT_LEAST << class;
        page->free = PAGES_SIZE / page->slot_bytes;
        page->next = pool.classes[class];
        pool.classes[class] = page;
    }
    while (page->slots[block->slot])
        block->slot++;
    page->slots[block->slot] = block;
    page->free--;
    block->page = page;
    block->memory = page->base + block->slot * page->slot_bytes + LEFT_ZONE;
    return true;
}

static bool place_large(struct block *block)
{
    size_t count = (block->size + PAGES_SIZE - 1) / PAGES_SIZE;

    block->page_count = count + 1;
    block->pages = pages_alloc(block->page_count);
    if (!block->pages)
        return false;
    host_memory_poison(block->pages, block->page_count * PAGES_SIZE);
    for (size_t i = 0; i < block->page_count; i++)
        page_make(block->pages + i * PAGES_SIZE)->large = block;
    block->memory = block->pages;
    if (block->size < PAGES_SIZE) /* at the page's end, so that the guard is near */
        block->memory += (PAGES_SIZE - block->size) & ~(size_t)15;
    return true;
}

static void unplace(struct block *block)
{
    if (block->page) {
        block->page->slots[block->slot] = NULL;
        block->page->free++;
    } else {
        for (size_t i = 0; i < block->page_count; i++)
            page_drop(block->pages + i * PAGES_SIZE);
        pages_free(block->pages, block->page_count);
    }
}

static void quarantine_shrink(size_t limit)
{
    while (pool.quarantine_bytes > limit && !IsListEmpty(&pool.quarantine)) {
        struct block *block =
            CONTAINING_RECORD(RemoveHeadList(&pool.quarantine), struct block, list);

        pool.quarantine_bytes -= block->size;
        unplace(block);
        host_free(block);
    }
}

static bool place(struct block *block)
{
    bool small = block->size <= (SLOT_LEAST << (CLASS_COUNT - 1)) - LEFT_ZONE;

    if (small ? place_small(block) : place_large(block))
        return true;
    quarantine_shrink(0);
    return small ? place_small(block) : place_large(block);
}

static struct block *block_at(const void *address)
{
    struct page **slot = page_slot(address);
    struct page *page = slot ? *slot : NULL;

    if (!page)
        return NULL;
    if (page->large)
        return page->large;
    return page->slots[(size_t)((const char *)address - page->base) / page->slot_bytes];
}

/* --- Allocating and freeing --- */

static void check_tag(ULONG tag)
{
    ULONG rest = tag;

    for (; rest; rest >>= 8)
        if ((rest & 0xff) < 0x20 || (rest & 0xff) > 0x7e)
            rule_broken(&pool_tag, "tag 0x%x", tag);
    if (!tag)
        rule_broken(&pool_tag, "tag 0");
}

void *pool_allocate(size_t size, ULONG tag, bool paged, bool zero)
{
    struct block *block = host_alloc(sizeof(*block));

    block->size = size;
    block->tag = tag;
    block->paged = paged;
    if (size > pages_count() * PAGES_SIZE || !place(block)) {
        host_free(block);
        return NULL;
    }
    host_stack(block->allocated_by, STACK_DEPTH, this_cpu()->stack_floor);
    InsertTailList(&pool.live, &block->list);
    pool.any_paged |= paged;
    host_memory_unpoison(block->memory, size);
    memset(block->memory, zero ? 0 : 0xcd, size);
    return block->memory;
}

static void *allocate(const char *function, size_t size, ULONG tag, bool paged, bool zero)
{
    if (irql_now() > (paged ? APC_LEVEL : DISPATCH_LEVEL)) {
        static const struct model_function paged_call = {"ExAllocatePool (paged)", PASSIVE_LEVEL,
                                                         APC_LEVEL,
                                                         "ExAllocatePoolWithTag function (wdm.h)"};
        static const struct model_function nonpaged_call = {
            "ExAllocatePool (nonpaged)", PASSIVE_LEVEL, DISPATCH_LEVEL,
            "ExAllocatePoolWithTag function (wdm.h)"};

        model_check(paged ? &paged_call : &nonpaged_call);
    }
    BenchSchedulePoint();
    if (size == 0)
        rule_broken(&pool_size, "%s", function);
    check_tag(tag);
    if (fault_here("pool"))
        return NULL;
    return pool_allocate(size, tag, paged, zero);
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    unsigned type = (unsigned)PoolType;
    bool paged = (type & 1) != 0;

    if (!paged && !(type & 512) && windows_version() >= WINDOWS_8)
        rule_broken(&pool_nx, "pool type %u", type);
    return allocate("ExAllocatePoolWithTag", NumberOfBytes, Tag, paged, false);
}

PVOID NTAPI ExAllocatePool2(ULONG64 Flags, SIZE_T NumberOfBytes, ULONG Tag);
PVOID NTAPI ExAllocatePool2(ULONG64 Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    bool paged = (Flags & POOL_FLAG_PAGED_) != 0;
    unsigned kinds = !!(Flags & POOL_FLAG_PAGED_) + !!(Flags & POOL_FLAG_NON_PAGED_) +
                     !!(Flags & POOL_FLAG_NON_PAGED_EXEC_);

    if (Flags & POOL_FLAG_NON_PAGED_EXEC_)
        rule_broken(&pool_nx, "flags 0x%llx", (unsigned long long)Flags);
    if (kinds != 1)
        return NULL;
    return allocate("ExAllocatePool2", NumberOfBytes, Tag, paged,
                    !(Flags & POOL_FLAG_UNINITIALIZED_));
}

SYSTEM_ROUTINE(ExAllocatePool2, WINDOWS_10_2004);

static void stack_print(const char *what, const uintptr_t *stack)
{
    model_log("    %s", what);
    for (unsigned i = 0; i < STACK_DEPTH && stack[i]; i++)
        host_print_address(stack[i]);
    model_log("\n");
}

static void release(PVOID memory, ULONG tag, bool with_tag)
{
    struct block *block = block_at(memory);

    if (!block || block->memory != memory)
        rule_broken(&pool_free, "%p is no allocation", memory);
    if (block->freed) {
        stack_print("first freed by", block->freed_by);
        rule_broken(&pool_free, "%p (tag %.4s) is freed again", memory, (char *)&block->tag);
    }
    if (block->paged && irql_now() > APC_LEVEL)
        rule_broken(&paged_at_dispatch, "%p is freed at IRQL %u", memory, irql_now());
    if (with_tag && tag && tag != block->tag)
        rule_broken(&pool_free_tag, "%p: allocated as %.4s, freed as %.4s", memory,
                    (char *)&block->tag, (char *)&tag);
    memory_released(memory, block->size);
    block->freed = true;
    host_stack(block->freed_by, STACK_DEPTH, this_cpu()->stack_floor);
    RemoveEntryList(&block->list);
    host_memory_unpoison(memory, block->size);
    memset(memory, 0xdd, block->size);
    host_memory_poison(memory, block->size);
    InsertTailList(&pool.quarantine, &block->list);
    pool.quarantine_bytes += block->size;
    quarantine_shrink(QUARANTINE_BYTES);
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    MODEL_CALL(ExFreePoolWithTag, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ExFreePoolWithTag function (wdm.h)");
    release(P, Tag, true);
}

VOID NTAPI ExFreePool(PVOID P)
{
    MODEL_CALL(ExFreePool, PASSIVE_LEVEL, DISPATCH_LEVEL, "ExFreePool macro (wdm.h)");
    release(P, 0, false);
}

void pool_release(void *memory)
{
    release(memory, 0, false);
}

/* --- Paged memory --- */

void pool_hide_paged(bool hide)
{
    if (!pool.any_paged || hide == pool.hidden)
        return;
    pool.hidden = hide;
    for (PLIST_ENTRY at = pool.live.Flink; at != &pool.live; at = at->Flink) {
        const struct block *block = CONTAINING_RECORD(at, struct block, list);

        if (block->paged && hide)
            host_memory_poison(block->memory, block->size);
        else if (block->paged)
            host_memory_unpoison(block->memory, block->size);
    }
}

bool pool_is_paged(const void *address)
{
    const struct block *block = block_at(address);

    return block && !block->freed && block->paged;
}

/* --- Reports --- */

const struct rule *pool_explain(const void *address, bool is_write, char *text, size_t size)
{
    const struct block *block = block_at(address);
    const char *verb = is_write ? "write" : "read";
    long offset;

    if (!pages_is_ram(address))
        return NULL;
    if (!block) {
        model_text(text, size, "%s of %p: no allocation is there", verb, address);
        return &pool_uninitialized;
    }
    offset = (long)((const char *)address - block->memory);
    model_text(text, size, "%s at offset %lld of an allocation of %zu bytes, tag %.4s, %p%s", verb,
               (long long)offset, block->size, (const char *)&block->tag, block->memory,
               block->freed ? ", freed" : "");
    stack_print("allocated by", block->allocated_by);
    if (block->freed) {
        stack_print("freed by", block->freed_by);
        return &pool_freed_use;
    }
    if (offset >= 0 && (size_t)offset < block->size)
        return block->paged ? &paged_at_dispatch : NULL;
    return &pool_overrun;
}

void pool_check_end(void)
{
    size_t count = 0;
    const struct block *first = NULL;

    for (PLIST_ENTRY at = pool.live.Flink; at != &pool.live; at = at->Flink) {
        const struct block *block = CONTAINING_RECORD(at, struct block, list);

        model_log("leak: %zu bytes, tag %.4s, %p", block->size, (const char *)&block->tag,
                  block->memory);
        stack_print("", block->allocated_by);
        first = first ? first : block;
        count++;
    }
    if (first)
        rule_broken(&pool_leak, "%zu allocations", count);
}
