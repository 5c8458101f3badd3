/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Granting own pages (core/xen's grant table with the guest's lock and frames) and mapping those of
 * others. Neither may be used in an interrupt.
 */
#ifndef GUEST_GRANTS_H
#define GUEST_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/xen/abi.h"
#include "core/xen/grant_table.h"

/* Maps the table's first frame; the rest as needed. Nothing at a second call. */
void grants_start(void);
/* After a resume: the table is a new one, and empty. What was granted is not any more; its
 * references stay taken until their owners end them. */
void grants_resume(void);
struct grant_table *grants_table(void);

/* Lets domid use a page of ours. GRANT_NONE: Xen gives the table no more frames. */
uint32_t grant_page(xen_domid domid, const void *page, bool readonly);
/* False: it is still mapped, and stays as it is. */
bool grant_end(uint32_t ref);
/* Frees the page now or when its last user has gone (grants_collect). */
void grant_end_and_free(uint32_t ref, void *page);
/* Tries what is still mapped once more; returns how many pages are waited for. */
uint32_t grants_collect(void);

/* --- Pages of others, one after the other in the window. */

struct foreign {
    uint8_t *bytes; /* NULL: not mapped */
    uint32_t pages;
    xen_grant_handle *handles; /* one each page */
    uint64_t hole;
};

/* XEN_GNTST_OKAY, or the status of the first page that could not be mapped; then none is. */
int foreign_map(struct foreign *foreign, xen_domid domid, const uint32_t *refs, uint32_t pages,
                bool readonly);
/* The same for the unmapping; the address range is free in any case. */
int foreign_unmap(struct foreign *foreign);

#endif
