/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "cpu.h"
#include "grants.h"
#include "memory.h"
#include "trap.h"
#include "xen.h"

static struct lock lock;
static struct grant_table table;
static uint64_t table_hole; /* where Xen's frames appear */
static bool started;

static bool add_frame(void)
{
    uint32_t index = table.frame_count;
    uint64_t physical = table_hole + ((uint64_t)index << PAGE_SHIFT);
    void *address = window_new(1);
    struct grant_frame *frame;

    if (xen_add_to_physmap(XEN_MAPSPACE_GRANT_TABLE, index, physical >> PAGE_SHIFT))
        return false;
    memory_map(address, physical, PAGE_BYTES, PAGE_RW);
    frame = page_new((sizeof *frame + PAGE_BYTES - 1) / PAGE_BYTES);
    return grant_table_add_frame(&table, frame, address);
}

void grants_start(void)
{
    if (started)
        return;
    started = true;
    table_hole = hole_new(GRANT_FRAMES_MAX);
    grant_table_init(&table);
    if (!add_frame())
        panic("no grant table");
}

struct grant_table *grants_table(void)
{
    return &table;
}

void grants_resume(void)
{
    for (uint32_t i = 0; i < table.frame_count; i++)
        if (xen_add_to_physmap(XEN_MAPSPACE_GRANT_TABLE, i, (table_hole >> PAGE_SHIFT) + i))
            panic("no grant table after the resume");
}

uint32_t grant_page(xen_domid domid, const void *page, bool readonly)
{
    uint32_t frame = (uint32_t)frame_of(page), ref;
    bool on;

    grants_start();
    on = lock_acquire(&lock);
    ref = grant_take(&table);
    if (ref == GRANT_NONE && add_frame())
        ref = grant_take(&table);
    lock_release(&lock, on);
    if (ref != GRANT_NONE && !grant_permit(&table, ref, domid, frame, readonly))
        panic("grant %u is not ours", ref);
    return ref;
}

bool grant_end(uint32_t ref)
{
    enum grant_revoked revoked = grant_revoke(&table, ref);
    bool on;

    if (revoked == GRANT_BAD_REF)
        panic("grant %u is not ours", ref);
    if (revoked == GRANT_IN_USE)
        return false;
    on = lock_acquire(&lock);
    if (!grant_give(&table, ref))
        panic("grant %u cannot be given back", ref);
    lock_release(&lock, on);
    return true;
}

void grant_end_and_free(uint32_t ref, void *page)
{
    bool on;

    if (grant_end(ref)) {
        page_free(page, 1);
        return;
    }
    on = lock_acquire(&lock);
    if (!grant_defer(&table, ref, (uintptr_t)page))
        panic("grant %u cannot be deferred", ref);
    lock_release(&lock, on);
}

uint32_t grants_collect(void)
{
    bool on = lock_acquire(&lock);
    uint32_t tries = table.deferred_count, left;
    uint64_t page;

    while (grant_retry(&table, &tries, &page))
        page_free((void *)page, 1);
    left = table.deferred_count;
    lock_release(&lock, on);
    return left;
}

static int unmap_one(uint64_t host_address, xen_grant_handle handle)
{
    struct xen_gnttab_unmap_grant_ref unmap = {.host_addr = host_address, .handle = handle};

    if (gnttab_op(XEN_GNTTABOP_UNMAP_GRANT_REF, &unmap, 1))
        return XEN_GNTST_GENERAL_ERROR;
    return unmap.status;
}

static uint32_t handle_pages(uint32_t pages)
{
    return (uint32_t)((pages * sizeof(xen_grant_handle) + PAGE_BYTES - 1) / PAGE_BYTES);
}

static int unmap_first(struct foreign *foreign, uint32_t pages)
{
    int status = XEN_GNTST_OKAY;

    for (uint32_t i = 0; i < pages; i++) {
        int one = unmap_one(foreign->hole + ((uint64_t)i << PAGE_SHIFT), foreign->handles[i]);

        if (one != XEN_GNTST_OKAY && status == XEN_GNTST_OKAY)
            status = one;
    }
    page_free(foreign->handles, handle_pages(foreign->pages));
    return status;
}

int foreign_map(struct foreign *foreign, xen_domid domid, const uint32_t *refs, uint32_t pages,
                bool readonly)
{
    uint32_t flags = XEN_GNTMAP_HOST_MAP | (readonly ? XEN_GNTMAP_READONLY : 0);

    *foreign = (struct foreign){
        .pages = pages,
        .handles = page_new(handle_pages(pages)),
        .hole = hole_new(pages),
    };
    for (uint32_t i = 0; i < pages; i++) {
        struct xen_gnttab_map_grant_ref map = {
            .host_addr = foreign->hole + ((uint64_t)i << PAGE_SHIFT),
            .flags = flags,
            .ref = refs[i],
            .domid = domid,
        };
        long error = gnttab_op(XEN_GNTTABOP_MAP_GRANT_REF, &map, 1);

        if (error || map.status != XEN_GNTST_OKAY) {
            unmap_first(foreign, i);
            return error ? XEN_GNTST_GENERAL_ERROR : map.status;
        }
        foreign->handles[i] = map.handle;
    }
    foreign->bytes = window_new(pages);
    memory_map(foreign->bytes, foreign->hole, (size_t)pages << PAGE_SHIFT,
               readonly ? PAGE_READ : PAGE_RW);
    return XEN_GNTST_OKAY;
}

int foreign_unmap(struct foreign *foreign)
{
    memory_unmap(foreign->bytes, (size_t)foreign->pages << PAGE_SHIFT);
    foreign->bytes = NULL;
    return unmap_first(foreign, foreign->pages);
}
