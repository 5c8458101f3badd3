/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames and views, see mm.h. */
#include "model/mm.h"
#include "model/host.h"
#include "model/host_view.h"
#include "model/pages.h"
#include "model/rule.h"

RULE(view_gone, "A mapping is not touched after it was unmapped",
     "MmUnmapLockedPages function (wdm.h)");
RULE(view_hole, "A frame is touched only while Xen has memory behind it",
     "XENMEM_decrease_reservation (xen/include/public/memory.h)");

#define OTHER_FRAMES (1ull << 40) /* the first number of memory that is not of the RAM */
enum { USES_BUCKETS = 1024, DEAD_VIEWS_MAX = 512 };

struct view {
    struct view *next;
    char *at;
    ULONG count;
    int access;
    PFN_NUMBER *frames;
};

struct use {
    struct use *next;
    ULONG64 frame;
    ULONG uses;
};

static struct {
    char *base;
    ULONG64 frames;
    BOOLEAN (*present)(ULONG64 frame);
} Physical;
static struct view *Views;
static struct {
    char *at;
    ULONG pages;
} Dead[DEAD_VIEWS_MAX];
static ULONG DeadNext;
static struct use *Uses[USES_BUCKETS];

void mm_set_physical(void *base, ULONG64 frames, BOOLEAN (*present)(ULONG64 frame))
{
    Physical.base = base;
    Physical.frames = frames;
    Physical.present = present;
}

/* Memory of devices when there is no hypervisor below: a page each, made when first asked for. */
static void *device_memory(ULONG64 frame)
{
    static struct device_page {
        struct device_page *next;
        ULONG64 frame;
        void *page;
    } * pages;
    struct device_page *one;

    for (one = pages; one != NULL; one = one->next)
        if (one->frame == frame)
            return one->page;
    one = host_alloc(sizeof(*one));
    one->frame = frame;
    one->page = host_ram_map(PAGE_SIZE);
    one->next = pages;
    pages = one;
    return one->page;
}

void *mm_frame(ULONG64 frame)
{
    if (frame >= OTHER_FRAMES)
        return (void *)((frame - OTHER_FRAMES) << PAGE_SHIFT);
    if (Physical.base != NULL)
        return frame < Physical.frames ? Physical.base + (frame << PAGE_SHIFT) : NULL;
    return pages_address(frame) != NULL ? pages_address(frame) : device_memory(frame);
}

BOOLEAN mm_frame_present(ULONG64 frame)
{
    return frame >= OTHER_FRAMES || Physical.present == NULL || Physical.present(frame);
}

static struct view *view_at(const void *address)
{
    for (struct view *view = Views; view != NULL; view = view->next)
        if ((char *)address >= view->at && (char *)address < view->at + view->count * PAGE_SIZE)
            return view;
    return NULL;
}

ULONG64 mm_frame_of(const void *address)
{
    struct view *view;

    if (pages_is_ram(address))
        return pages_pfn(address);
    if (Physical.base != NULL && (char *)address >= Physical.base &&
        (char *)address < Physical.base + (Physical.frames << PAGE_SHIFT))
        return (ULONG64)((char *)address - Physical.base) >> PAGE_SHIFT;
    view = view_at(address);
    if (view != NULL)
        return view->frames[((char *)address - view->at) >> PAGE_SHIFT];
    return OTHER_FRAMES + ((ULONG_PTR)address >> PAGE_SHIFT);
}

/* --- Who uses a frame. */

static struct use **use_of(ULONG64 frame)
{
    struct use **link = &Uses[frame % USES_BUCKETS];

    while (*link != NULL && (*link)->frame != frame)
        link = &(*link)->next;
    return link;
}

void mm_frame_use(ULONG64 frame)
{
    struct use **link = use_of(frame);

    if (*link == NULL) {
        *link = host_alloc(sizeof(**link));
        (*link)->frame = frame;
    }
    (*link)->uses++;
}

BOOLEAN mm_frame_is_shared(ULONG64 frame)
{
    return *use_of(frame) != NULL;
}

void mm_frame_unuse(ULONG64 frame)
{
    struct use **link = use_of(frame), *use = *link;

    if (--use->uses != 0)
        return;
    *link = use->next;
    host_free(use);
    if (pages_address(frame) != NULL)
        pages_free(pages_address(frame), 1);
}

/* --- Views. */

static BOOLEAN view_page(struct view *view, ULONG page)
{
    char *at = view->at + (SIZE_T)page * PAGE_SIZE;
    void *memory = mm_frame(view->frames[page]);

    if (memory == NULL || !mm_frame_present(view->frames[page])) {
        host_view_unmap(at, PAGE_SIZE);
        return memory != NULL;
    }
    return host_view_map(at, memory, view->access);
}

void *mm_view_create(const PFN_NUMBER *frames, ULONG count, int access)
{
    struct view *view = host_alloc(sizeof(*view));
    BOOLEAN fits = TRUE;

    view->count = count;
    view->access = access;
    view->frames = host_alloc(count * sizeof(*frames));
    RtlCopyMemory(view->frames, frames, count * sizeof(*frames));
    view->at = host_place_reserve(NULL, (SIZE_T)(count + 1) * PAGE_SIZE); /* and a guard page */
    for (ULONG page = 0; page < count && fits; page++)
        fits = view_page(view, page);
    view->next = Views;
    Views = view;
    if (fits)
        return view->at;
    mm_view_destroy(view->at, count);
    return NULL;
}

static void bury(char *at, ULONG pages)
{
    if (Dead[DeadNext].at != NULL)
        host_place_release(Dead[DeadNext].at, (SIZE_T)(Dead[DeadNext].pages + 1) * PAGE_SIZE);
    Dead[DeadNext].at = at;
    Dead[DeadNext].pages = pages;
    DeadNext = (DeadNext + 1) % DEAD_VIEWS_MAX;
}

void mm_view_destroy(void *at, ULONG pages)
{
    struct view **link = &Views, *view;

    while ((*link)->at != at)
        link = &(*link)->next;
    view = *link;
    *link = view->next;
    host_view_unmap(view->at, (SIZE_T)view->count * PAGE_SIZE);
    bury(view->at, view->count);
    host_free(view->frames);
    host_free(view);
}

BOOLEAN mm_view_is(const void *address)
{
    return view_at(address) != NULL;
}

void mm_frames_changed(void)
{
    for (struct view *view = Views; view != NULL; view = view->next)
        for (ULONG page = 0; page < view->count; page++)
            view_page(view, page);
}

void mm_explain_fault(const void *address)
{
    struct view *view = view_at(address);

    if (view != NULL)
        rule_broken(&view_hole, "%p, frame %lx", address,
                    (unsigned long)view->frames[((char *)address - view->at) >> PAGE_SHIFT]);
    for (ULONG i = 0; i < DEAD_VIEWS_MAX; i++)
        if (Dead[i].at != NULL && (char *)address >= Dead[i].at &&
            (char *)address < Dead[i].at + (SIZE_T)(Dead[i].pages + 1) * PAGE_SIZE)
            rule_broken(&view_gone, "%p", address);
}
