/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host layer's second part: views of the machine's memory at other addresses, as page tables
 * make them. A place is address space with nothing in it; a view shows one page of memory there.
 */
#ifndef NT_MODEL_HOST_VIEW_H
#define NT_MODEL_HOST_VIEW_H

#include <stdbool.h>
#include <stddef.h>

enum { HOST_VIEW_NONE, HOST_VIEW_READ, HOST_VIEW_WRITE };

/* Address space of its own, whole pages. at: where (user addresses), or NULL: anywhere. Does not
 * fail: a host without it ends the run. */
void *host_place_reserve(void *at, size_t bytes);
void host_place_release(void *place, size_t bytes);
/* From now on the page at `at` shows the memory that is at `page` now. False: none is there. */
bool host_view_map(void *at, const void *page, int access);
void host_view_protect(void *at, size_t bytes, int access);
/* Nothing is there again. */
void host_view_unmap(void *at, size_t bytes);

#endif
