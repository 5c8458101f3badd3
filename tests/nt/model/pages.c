/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's RAM by page (pages.h): next fit over a map of owned pages. */
#include "model/machine.h"
#include "model/pages.h"

RULE(pages_owner, "Only pages that are owned are freed", "MmFreeContiguousMemory function (wdm.h)");

static struct {
    char *base;
    uint64_t pfn_first;
    size_t count, free, next;
    unsigned char *owned;
} ram;

static struct {
    void *base;
    size_t bytes;
} prepared;

void *pages_prepare(size_t bytes)
{
    if (prepared.bytes != bytes) {
        prepared.base = host_ram_map(bytes);
        prepared.bytes = bytes;
        host_memory_poison(prepared.base, bytes);
    }
    return prepared.base;
}

void pages_init(void *base, uint64_t pfn_first, size_t pages)
{
    ram.base = base;
    ram.pfn_first = pfn_first;
    ram.count = ram.free = pages;
    ram.next = 0;
    ram.owned = host_alloc(pages);
    if (base != prepared.base)
        host_memory_poison(base, pages * PAGES_SIZE);
}

bool pages_ready(void)
{
    return ram.base != NULL;
}

static bool fits(size_t at, size_t count)
{
    if (at + count > ram.count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (ram.owned[at + i])
            return false;
    return true;
}

void *pages_alloc(size_t count)
{
    if (count == 0 || count > ram.free)
        return NULL;
    for (size_t tried = 0; tried < ram.count; tried++) {
        size_t at = (ram.next + tried) % ram.count;

        if (!fits(at, count))
            continue;
        memset(&ram.owned[at], 1, count);
        ram.free -= count;
        ram.next = at + count;
        host_memory_unpoison(ram.base + at * PAGES_SIZE, count * PAGES_SIZE);
        return ram.base + at * PAGES_SIZE;
    }
    return NULL;
}

void pages_free(void *pages, size_t count)
{
    size_t at = (size_t)((char *)pages - ram.base) / PAGES_SIZE;

    for (size_t i = 0; i < count; i++)
        if (!pages_is_ram(pages) || at + i >= ram.count || !ram.owned[at + i])
            rule_broken(&pages_owner, "%p, page %u of %u", pages, (unsigned)i, (unsigned)count);
    memset(&ram.owned[at], 0, count);
    ram.free += count;
    host_memory_poison(pages, count * PAGES_SIZE);
}

size_t pages_free_count(void)
{
    return ram.free;
}

size_t pages_count(void)
{
    return ram.count;
}

uint64_t pages_first_pfn(void)
{
    return ram.pfn_first;
}

void *pages_address(uint64_t pfn)
{
    if (pfn < ram.pfn_first || pfn - ram.pfn_first >= ram.count)
        return NULL;
    return ram.base + (pfn - ram.pfn_first) * PAGES_SIZE;
}

uint64_t pages_pfn(const void *address)
{
    return ram.pfn_first + (uint64_t)((const char *)address - ram.base) / PAGES_SIZE;
}

bool pages_is_ram(const void *address)
{
    const char *at = address;

    return ram.base && at >= ram.base && at < ram.base + ram.count * PAGES_SIZE;
}
