/* SPDX-License-Identifier: BSD-2-Clause */
/* The NT model's views of memory (tests/nt/model/host_view.h) by page tables. */
#include "memory.h"
#include "tests/nt/model/host_view.h"

static unsigned rights_of(int access)
{
    return access == HOST_VIEW_WRITE ? PAGE_RW : access == HOST_VIEW_READ ? PAGE_READ : PAGE_NONE;
}

void *host_place_reserve(void *at, size_t bytes)
{
    if (!at)
        return window_new(bytes / PAGE_BYTES);
    memory_unmap(at, bytes);
    return at;
}

void host_place_release(void *place, size_t bytes)
{
    memory_unmap(place, bytes);
}

bool host_view_map(void *at, const void *page, int access)
{
    uint64_t physical;
    unsigned rights;

    if (!memory_lookup(page, &physical, &rights))
        return false;
    memory_map(at, physical, PAGE_BYTES, rights_of(access) & (rights | PAGE_UNCACHED));
    return true;
}

void host_view_protect(void *at, size_t bytes, int access)
{
    memory_protect(at, bytes, rights_of(access));
}

void host_view_unmap(void *at, size_t bytes)
{
    memory_unmap(at, bytes);
}
