/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages (a bitmap, first fit) and page tables (four levels, 2 MiB leaves split when a part needs
 * rights of its own). Page tables themselves are never given back.
 */
#include "apic.h"
#include "cpu.h"
#include "memory.h"
#include "print.h"
#include "smp.h"
#include <string.h>
#include "trap.h"

enum {
    ENTRY_PRESENT = 1,
    ENTRY_WRITABLE = 2,
    ENTRY_UNCACHED = 0x18, /* PCD, PWT */
    ENTRY_LARGE = 0x80,
    ENTRIES = 512,
    LARGE_BYTES = 1 << 21,
    RAM_PAGES_MAX = 1 << 18, /* 1 GiB: what the bitmap covers */
};
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS    0x000ffffffffff000ull

#define FOUR_GIB (4ull << 30)
/* Above these guests' RAM, below the firmware's devices. Higher up `xl save` would be slow: it
 * looks at each page number up to the highest that is used. */
#define HOLES_START 0xe0000000ull
#define WINDOW      0xffff900000000000ull

extern uint8_t image_start[], rodata_start[], data_start[], image_end[];

static struct lock page_lock, tables_lock;
static uint64_t taken[RAM_PAGES_MAX / 64]; /* a bit each page: not RAM, or in use */
static size_t free_pages, search_from;
static uint64_t *root;
static uint64_t next_hole = HOLES_START, next_window = WINDOW;
static volatile uint32_t shootdown_wanted;

static bool page_taken(size_t page)
{
    return taken[page / 64] >> page % 64 & 1;
}

static void page_mark(size_t page, bool in_use)
{
    if (page >= RAM_PAGES_MAX || page_taken(page) == in_use)
        return;
    taken[page / 64] ^= 1ull << page % 64;
    free_pages += in_use ? -1ul : 1ul;
}

static void range_mark(uint64_t start, uint64_t end, bool in_use)
{
    /* A page that is partly something else counts as that. */
    size_t first = in_use ? start >> PAGE_SHIFT : (start + PAGE_BYTES - 1) >> PAGE_SHIFT;
    size_t last = in_use ? (end + PAGE_BYTES - 1) >> PAGE_SHIFT : end >> PAGE_SHIFT;

    for (size_t page = first; page < last && page < RAM_PAGES_MAX; page++)
        page_mark(page, in_use);
}

static size_t run_find(size_t from, size_t count)
{
    size_t run = 0;

    for (size_t page = from; page < RAM_PAGES_MAX; page++) {
        run = page_taken(page) ? 0 : run + 1;
        if (run == count)
            return page + 1 - count;
    }
    return 0;
}

void *page_new(size_t count)
{
    bool on = lock_acquire(&page_lock);
    size_t first = run_find(search_from, count);
    void *result;

    if (!first)
        first = run_find(1, count);
    if (!first)
        panic("out of memory: %zu pages wanted, %zu left", count, free_pages);
    for (size_t i = 0; i < count; i++)
        page_mark(first + i, true);
    if (count == 1)
        search_from = first;
    lock_release(&page_lock, on);
    result = (void *)(first << PAGE_SHIFT);
    memset(result, 0, count << PAGE_SHIFT);
    return result;
}

void page_free(void *pages, size_t count)
{
    size_t first = (uintptr_t)pages >> PAGE_SHIFT;
    bool on = lock_acquire(&page_lock);

    for (size_t i = 0; i < count; i++) {
        if (!page_taken(first + i))
            panic("page %p is given back twice", (char *)pages + (i << PAGE_SHIFT));
        page_mark(first + i, false);
    }
    if (first < search_from)
        search_from = first;
    lock_release(&page_lock, on);
}

size_t page_left(void)
{
    return free_pages;
}

static uint64_t entry_bits(unsigned rights)
{
    if (!(rights & PAGE_READ))
        return 0;
    return ENTRY_PRESENT | (rights & PAGE_WRITE ? ENTRY_WRITABLE : 0) |
           (rights & PAGE_EXECUTE ? 0 : ENTRY_NO_EXECUTE) |
           (rights & PAGE_UNCACHED ? ENTRY_UNCACHED : 0);
}

static unsigned entry_rights(uint64_t entry)
{
    if (!(entry & ENTRY_PRESENT))
        return PAGE_NONE;
    return PAGE_READ | (entry & ENTRY_WRITABLE ? PAGE_WRITE : 0) |
           (entry & ENTRY_NO_EXECUTE ? 0 : PAGE_EXECUTE) |
           (entry & ENTRY_UNCACHED ? PAGE_UNCACHED : 0);
}

static uint64_t *table_below(uint64_t *entry)
{
    return (uint64_t *)(*entry & ENTRY_ADDRESS);
}

/* The entry of the next level down, which is made when there is none. */
static void table_ensure(uint64_t *entry)
{
    if (*entry & ENTRY_PRESENT)
        return;
    *entry = (uintptr_t)page_new(1) | ENTRY_PRESENT | ENTRY_WRITABLE;
}

static uint64_t *large_entry(uint64_t address, bool make)
{
    uint64_t *entry = &root[address >> 39 & 511];

    for (unsigned shift = 30; shift >= 21; shift -= 9) {
        if (make)
            table_ensure(entry);
        else if (!(*entry & ENTRY_PRESENT))
            return NULL;
        entry = &table_below(entry)[address >> shift & 511];
    }
    return entry;
}

static void large_split(uint64_t *entry)
{
    uint64_t *table = page_new(1), old = *entry;

    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = (old & ~(uint64_t)ENTRY_LARGE) + ((uint64_t)i << PAGE_SHIFT);
    *entry = (uintptr_t)table | ENTRY_PRESENT | ENTRY_WRITABLE;
}

static uint64_t *small_entry(uint64_t address)
{
    uint64_t *entry = large_entry(address, true);

    if (*entry & ENTRY_LARGE && *entry & ENTRY_PRESENT)
        large_split(entry);
    table_ensure(entry);
    return &table_below(entry)[address >> PAGE_SHIFT & 511];
}

static void flush(void)
{
    write_cr3(read_cr3());
}

void memory_shootdown_answer(void)
{
    struct cpu *cpu = cpu_current();
    uint32_t wanted = __atomic_load_n(&shootdown_wanted, __ATOMIC_ACQUIRE);

    flush();
    __atomic_store_n(&cpu->shootdown_seen, wanted, __ATOMIC_RELEASE);
}

/* With the tables' lock held. A CPU that waits for that lock has interrupts off: it would not
 * answer, so waiting for it is left to the lock (it flushes when it gets it). */
static void shootdown(void)
{
    uint32_t wanted = __atomic_add_fetch(&shootdown_wanted, 1, __ATOMIC_SEQ_CST);

    memory_shootdown_answer();
    smp_shootdown(wanted);
}

static bool tables_acquire(void)
{
    bool on = interrupts_off();

    while (__atomic_exchange_n(&tables_lock.taken, 1, __ATOMIC_ACQUIRE)) {
        memory_shootdown_answer();
        cpu_relax();
    }
    return on;
}

void memory_map(void *address, uint64_t physical, size_t bytes, unsigned rights)
{
    uint64_t bits = entry_bits(rights);
    bool on = tables_acquire(), replaced = false;

    for (size_t done = 0; done < bytes; done += PAGE_BYTES) {
        uint64_t *entry = small_entry((uintptr_t)address + done);

        replaced |= *entry & ENTRY_PRESENT;
        *entry = bits ? (physical + done) | bits : 0;
    }
    if (replaced)
        shootdown();
    lock_release(&tables_lock, on);
}

void memory_protect(void *address, size_t bytes, unsigned rights)
{
    uint64_t bits = entry_bits(rights);
    bool on = tables_acquire();

    for (size_t done = 0; done < bytes; done += PAGE_BYTES) {
        uint64_t *entry = small_entry((uintptr_t)address + done);

        if (*entry & ENTRY_ADDRESS) /* where nothing ever was, nothing is */
            *entry = (*entry & ENTRY_ADDRESS) | bits;
    }
    shootdown();
    lock_release(&tables_lock, on);
}

void memory_unmap(void *address, size_t bytes)
{
    memory_map(address, 0, bytes, PAGE_NONE);
}

bool memory_lookup(const void *address, uint64_t *physical, unsigned *rights)
{
    uint64_t at = (uintptr_t)address, *entry = large_entry(at, false), low = LARGE_BYTES - 1;

    if (!entry || !(*entry & ENTRY_PRESENT))
        return false;
    if (!(*entry & ENTRY_LARGE)) {
        entry = &table_below(entry)[at >> PAGE_SHIFT & 511];
        low = PAGE_BYTES - 1;
    }
    if (!(*entry & ENTRY_PRESENT))
        return false;
    *physical = (*entry & ENTRY_ADDRESS & ~low) | (at & low);
    if (rights)
        *rights = entry_rights(*entry);
    return true;
}

uint64_t frame_of(const void *address)
{
    uint64_t physical;

    if (!memory_lookup(address, &physical, NULL))
        panic("%p is not mapped", address);
    return physical >> PAGE_SHIFT;
}

void *window_new(size_t pages)
{
    /* A page that stays unmapped follows each range. */
    return (void *)__atomic_fetch_add(&next_window, (pages + 1) << PAGE_SHIFT, __ATOMIC_RELAXED);
}

uint64_t hole_new(size_t pages)
{
    return __atomic_fetch_add(&next_hole, pages << PAGE_SHIFT, __ATOMIC_RELAXED);
}

void *stack_new(size_t pages)
{
    uint8_t *low = window_new(pages + 1);

    low += PAGE_BYTES;
    memory_map(low, (uintptr_t)page_new(pages), pages << PAGE_SHIFT, PAGE_RW);
    return low + (pages << PAGE_SHIFT);
}

void memory_alias(void)
{
    root[MEMORY_ALIAS >> 39 & 511] = root[0];
}

static void protect_image(const uint8_t *start, const uint8_t *end, unsigned rights)
{
    for (const uint8_t *at = start; at < end; at += PAGE_BYTES)
        *small_entry((uintptr_t)at) = (uintptr_t)at | entry_bits(rights);
}

/* RAM writable, the rest uncached, nothing executable; then the exceptions. */
static void map_low(const struct memory_range *ram, unsigned ram_count)
{
    for (uint64_t at = 0; at < FOUR_GIB; at += LARGE_BYTES) {
        unsigned rights = PAGE_RW | PAGE_UNCACHED;

        for (unsigned i = 0; i < ram_count; i++)
            if (at < ram[i].end && at + LARGE_BYTES > ram[i].start)
                rights = PAGE_RW;
        *large_entry(at, true) = at | entry_bits(rights) | ENTRY_LARGE;
    }
    *small_entry(0) = 0;
    protect_image(image_start, rodata_start, PAGE_RX);
    protect_image(rodata_start, data_start, PAGE_READ);
    protect_image(data_start, image_end, PAGE_RW);
}

void memory_init(const struct memory_range *ram, unsigned ram_count,
                 const struct memory_range *kept, unsigned kept_count)
{
    memset(taken, 0xff, sizeof taken);
    for (unsigned i = 0; i < ram_count; i++)
        range_mark(ram[i].start, ram[i].end, false);
    range_mark(0, (uintptr_t)image_end, true); /* the image, and the BIOS's first MiB */
    for (unsigned i = 0; i < kept_count; i++)
        range_mark(kept[i].start, kept[i].end, true);
    search_from = 1;
    root = page_new(1);
    map_low(ram, ram_count);
    write_cr3((uintptr_t)root);
}
