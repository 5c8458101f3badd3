/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's RAM by page: pool, MDLs and contiguous memory all come from here. Physical address
 * and virtual address are in one linear mapping, so a PFN's page is always visible to the model. A
 * page that nobody owns is poisoned.
 */
#ifndef NT_MODEL_PAGES_H
#define NT_MODEL_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGES_SHIFT = 12, PAGES_SIZE = 1 << PAGES_SHIFT };

/* The RAM: from a simxen guest (pfn_first is the guest frame number of `base`) or host_ram_map().
   Set once, before the machine starts, in nt_test.set_up; else the harness does it. */
void pages_init(void *base, uint64_t pfn_first, size_t pages);
bool pages_ready(void);
/* Memory for pages_init(), poisoned before the runs of a series branch off: that is dear. */
void *pages_prepare(size_t bytes);

/* `count` contiguous pages, or NULL. The content is not defined. Not a failure point by itself. */
void *pages_alloc(size_t count);
void pages_free(void *pages, size_t count);
size_t pages_free_count(void);
size_t pages_count(void);
uint64_t pages_first_pfn(void);

void *pages_address(uint64_t pfn);
/* Any address in RAM; pages_is_ram() first. */
uint64_t pages_pfn(const void *address);
bool pages_is_ram(const void *address);

#endif
