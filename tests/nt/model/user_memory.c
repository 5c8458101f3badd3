/* SPDX-License-Identifier: BSD-2-Clause */
/* A process's user addresses, see user_memory.h. */
#include "model/user_memory.h"
#include "model/fault.h"
#include "model/host_view.h"
#include "model/machine.h"
#include "model/mm.h"
#include "model/pages.h"
#include "model/process.h"
#include "model/seh.h"

RULE(user_memory_bare, "A driver touches user memory only inside __try", "Buffer Handling");
RULE(user_memory_irql, "User memory is touched below DISPATCH_LEVEL only", "Buffer Handling");
RULE(probe_bare, "ProbeForRead and ProbeForWrite are called inside __try",
     "ProbeForRead function (wdm.h)");

#define USER_FIRST 0x10000000ull
#define USER_EACH  0x02000000ull
#define USER_LIMIT 0x7fff0000ull
enum { USER_RANGES = 55 };

struct user_region {
    struct user_region *next;
    char *at;
    ULONG pages;
    BOOLEAN writable;
    BOOLEAN of_driver; /* user_memory_map's */
    PFN_NUMBER *frames;
};

PVOID MmHighestUserAddress = (PVOID)(USER_LIMIT - 1);
ULONG64 MmUserProbeAddress = USER_LIMIT;
static PEPROCESS Shown; /* whose pages can be touched now */
static BOOLEAN Taken[USER_RANGES];

BOOLEAN user_memory_is(const void *address)
{
    return (ULONG_PTR)address < USER_LIMIT;
}

static struct user_region *region_at(PEPROCESS process, const void *address)
{
    for (struct user_region *region = process->regions; region != NULL; region = region->next)
        if ((char *)address >= region->at &&
            (char *)address < region->at + (SIZE_T)region->pages * PAGE_SIZE)
            return region;
    return NULL;
}

/* --- What can be touched. */

void user_memory_hide(void)
{
    if (Shown == NULL)
        return;
    host_view_protect((void *)Shown->user_base, Shown->user_bytes, HOST_VIEW_NONE);
    Shown = NULL;
}

void user_memory_switched(void)
{
    if (Shown != NULL && (process_current() != Shown || irql_now() >= DISPATCH_LEVEL))
        user_memory_hide();
}

static void show(PEPROCESS process)
{
    for (struct user_region *region = process->regions; region != NULL; region = region->next)
        host_view_protect(region->at, (SIZE_T)region->pages * PAGE_SIZE,
                          region->writable ? HOST_VIEW_WRITE : HOST_VIEW_READ);
    Shown = process;
}

static bool on_trap(const void *address, bool is_write)
{
    PEPROCESS process = process_current();
    struct user_region *region;

    if (!machine.running)
        return false;
    if (!user_memory_is(address)) {
        mm_explain_fault(address);
        return false;
    }
    region = region_at(process, address);
    if (!process_is_user_code()) {
        if (irql_now() >= DISPATCH_LEVEL)
            rule_broken(&user_memory_irql, "%p at IRQL %u", address, irql_now());
        if (!seh_guarded())
            rule_broken(&user_memory_bare, "%p", address);
        if (region == NULL || (is_write && !region->writable))
            seh_raise(STATUS_ACCESS_VIOLATION);
    }
    if (region == NULL || Shown == process)
        return false; /* the user program's own fault */
    user_memory_hide();
    show(process);
    return true;
}

void user_memory_start(void)
{
    host_on_trap(on_trap);
}

/* --- Regions. */

void user_memory_reserve(PEPROCESS process)
{
    static ULONG next;
    ULONG tried = 0;

    while (Taken[next % USER_RANGES] && tried++ < USER_RANGES)
        next++;
    Taken[next % USER_RANGES] = TRUE;
    process->user_base = USER_FIRST + (next++ % USER_RANGES) * USER_EACH;
    process->user_bytes = USER_EACH;
    host_place_reserve((void *)process->user_base, process->user_bytes);
}

static char *find_room(PEPROCESS process, ULONG pages)
{
    char *at = (char *)process->user_base, *end = at + process->user_bytes;

    for (;;) {
        struct user_region *in_the_way = NULL;
        char *until = at + (SIZE_T)(pages + 1) * PAGE_SIZE; /* and a guard page */

        if (until > end)
            return NULL;
        for (struct user_region *region = process->regions; region != NULL; region = region->next)
            if (region->at < until && region->at + (SIZE_T)(region->pages + 1) * PAGE_SIZE > at)
                in_the_way = region;
        if (in_the_way == NULL)
            return at;
        at = in_the_way->at + (SIZE_T)(in_the_way->pages + 1) * PAGE_SIZE;
    }
}

static struct user_region *region_create(PEPROCESS process, ULONG pages)
{
    char *at = find_room(process, pages);
    struct user_region *region;

    if (at == NULL)
        return NULL;
    region = host_alloc(sizeof(*region));
    region->at = at;
    region->pages = pages;
    region->writable = TRUE;
    region->frames = host_alloc(pages * sizeof(*region->frames));
    region->next = process->regions;
    process->regions = region;
    return region;
}

static void region_destroy(PEPROCESS process, struct user_region *region)
{
    struct user_region **link = &process->regions;

    while (*link != region)
        link = &(*link)->next;
    *link = region->next;
    host_view_unmap(region->at, (SIZE_T)region->pages * PAGE_SIZE);
    for (ULONG page = 0; page < region->pages && !region->of_driver; page++)
        mm_frame_unuse(region->frames[page]);
    host_free(region->frames);
    host_free(region);
}

void user_memory_release(PEPROCESS process)
{
    user_memory_hide();
    mdl_check_process(process);
    while (process->regions != NULL)
        region_destroy(process, process->regions);
    host_place_release((void *)process->user_base, process->user_bytes);
    Taken[(process->user_base - USER_FIRST) / USER_EACH] = FALSE;
}

void *user_memory_map(PEPROCESS process, const PFN_NUMBER *frames, ULONG count, BOOLEAN write)
{
    struct user_region *region = region_create(process, count);

    if (region == NULL)
        return NULL;
    region->of_driver = TRUE;
    region->writable = write;
    RtlCopyMemory(region->frames, frames, count * sizeof(*frames));
    for (ULONG page = 0; page < count; page++)
        host_view_map(region->at + (SIZE_T)page * PAGE_SIZE, mm_frame(frames[page]),
                      write ? HOST_VIEW_WRITE : HOST_VIEW_READ);
    Shown = process; /* what was just mapped can be touched: hide it with the rest */
    user_memory_hide();
    return region->at;
}

void user_memory_unmap(PEPROCESS process, void *address)
{
    region_destroy(process, region_at(process, address));
}

BOOLEAN user_memory_frame(PEPROCESS process, const void *address, BOOLEAN write, ULONG64 *frame)
{
    struct user_region *region = region_at(process, address);

    if (region == NULL || (write && !region->writable))
        return FALSE;
    *frame = region->frames[((char *)address - region->at) >> PAGE_SHIFT];
    return TRUE;
}

static BOOLEAN copy(PEPROCESS process, ULONG_PTR user, char *system, SIZE_T bytes, BOOLEAN write)
{
    while (bytes != 0) {
        SIZE_T now = min(bytes, PAGE_SIZE - (user & (PAGE_SIZE - 1)));
        ULONG64 frame;
        char *page;

        if (!user_memory_frame(process, (void *)user, write, &frame))
            return FALSE;
        page = (char *)mm_frame(frame) + (user & (PAGE_SIZE - 1));
        RtlCopyMemory(write ? page : system, write ? system : page, now);
        user += now;
        system += now;
        bytes -= now;
    }
    return TRUE;
}

BOOLEAN user_memory_read(PEPROCESS process, void *to, const void *from, SIZE_T bytes)
{
    return copy(process, (ULONG_PTR)from, to, bytes, FALSE);
}

BOOLEAN user_memory_write(PEPROCESS process, void *to, const void *from, SIZE_T bytes)
{
    return copy(process, (ULONG_PTR)to, (char *)from, bytes, TRUE);
}

/* --- A user program's own memory. */

void *user_alloc(SIZE_T bytes)
{
    PEPROCESS process = process_current();
    struct user_region *region = region_create(process, (ULONG)BYTES_TO_PAGES(bytes));

    if (region == NULL)
        return NULL;
    for (ULONG page = 0; page < region->pages; page++) {
        void *memory = pages_alloc(1);

        RtlZeroMemory(memory, PAGE_SIZE);
        region->frames[page] = (PFN_NUMBER)pages_pfn(memory);
        mm_frame_use(region->frames[page]);
        host_view_map(region->at + (SIZE_T)page * PAGE_SIZE, memory, HOST_VIEW_WRITE);
    }
    Shown = process;
    user_memory_hide();
    return region->at;
}

void user_free(void *address)
{
    region_destroy(process_current(), region_at(process_current(), address));
}

void user_protect(void *address, BOOLEAN writable)
{
    region_at(process_current(), address)->writable = writable;
    user_memory_hide();
}

/* --- Probing. */

static void probe(const void *address, SIZE_T length, ULONG alignment, const char *what)
{
    if (length == 0)
        return;
    if (!seh_guarded())
        rule_broken(&probe_bare, "%s(%p)", what, address);
    if ((ULONG_PTR)address & (alignment - 1))
        seh_raise(STATUS_DATATYPE_MISALIGNMENT);
    if ((ULONG_PTR)address + length < (ULONG_PTR)address ||
        (ULONG_PTR)address + length > USER_LIMIT)
        seh_raise(STATUS_ACCESS_VIOLATION);
}

VOID NTAPI ProbeForRead(CONST VOID *Address, SIZE_T Length, ULONG Alignment)
{
    MODEL_CALL(ProbeForRead, PASSIVE_LEVEL, APC_LEVEL, "ProbeForRead function (wdm.h)");
    probe(Address, Length, Alignment, "ProbeForRead");
}

VOID NTAPI ProbeForWrite(PVOID Address, SIZE_T Length, ULONG Alignment)
{
    PEPROCESS process = process_current();

    MODEL_CALL(ProbeForWrite, PASSIVE_LEVEL, APC_LEVEL, "ProbeForWrite function (wdm.h)");
    probe(Address, Length, Alignment, "ProbeForWrite");
    for (ULONG_PTR page = (ULONG_PTR)Address & ~(ULONG_PTR)(PAGE_SIZE - 1);
         Length != 0 && page < (ULONG_PTR)Address + Length; page += PAGE_SIZE) {
        ULONG64 frame;

        if (!user_memory_frame(process, (void *)page, TRUE, &frame))
            seh_raise(STATUS_ACCESS_VIOLATION);
    }
}
