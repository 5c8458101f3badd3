/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory. All of the first 4 GiB is mapped one to one (an address is its physical
 * address): RAM writable and not executable, the image by its sections (nothing is writable and
 * executable), page 0 not at all, what is no RAM uncached. A window above is for mappings that
 * need an address or rights of their own. Guest-physical "holes" are page numbers without RAM, for
 * what Xen puts there: granted pages of others, the shared info page.
 *
 * Safe at any time from any CPU, but not from an interrupt handler.
 */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE_BYTES = 4096, PAGE_SHIFT = 12 };

enum {
    PAGE_NONE = 0, /* not mapped */
    PAGE_READ = 1,
    PAGE_WRITE = 2,
    PAGE_EXECUTE = 4,
    PAGE_UNCACHED = 8,
    PAGE_RW = PAGE_READ | PAGE_WRITE,
    PAGE_RX = PAGE_READ | PAGE_EXECUTE,
};

struct memory_range {
    uint64_t start, end; /* bytes; end exclusive */
};

/* ram: the usable ranges below 4 GiB; kept: what is not to be given out (start info, modules). */
void memory_init(const struct memory_range *ram, unsigned ram_count,
                 const struct memory_range *kept, unsigned kept_count);

/* Zeroed pages that lie one after the other, at their physical address. Never NULL: a guest
 * without memory stops. */
void *page_new(size_t count);
void page_free(void *pages, size_t count);
size_t page_left(void);

/* A stack between two pages that are not mapped; returns its end. For ever. */
void *stack_new(size_t pages);

/* Guest-physical address of pages without RAM. For ever. */
uint64_t hole_new(size_t pages);

/* An address range in the window, nothing mapped. For ever. */
void *window_new(size_t pages);

/* Gives [address, address + bytes) these rights onto physical memory. Whole pages. All CPUs see it
 * on return; other CPUs take an interrupt for that. */
void memory_map(void *address, uint64_t physical, size_t bytes, unsigned rights);
/* Changes the rights of what is mapped; PAGE_NONE remembers what is there. */
void memory_protect(void *address, size_t bytes, unsigned rights);
void memory_unmap(void *address, size_t bytes);

/* False: not mapped. rights may be NULL. */
bool memory_lookup(const void *address, uint64_t *physical, unsigned *rights);

/* The first 4 GiB once more, above all user addresses: for hosts to whom a low address is a
 * program's. */
#define MEMORY_ALIAS 0xffffa00000000000ull
void memory_alias(void);

/* The page number of mapped memory. */
uint64_t frame_of(const void *address);

/* smp.c: another CPU answers a shootdown. */
void memory_shootdown_answer(void);

#endif
