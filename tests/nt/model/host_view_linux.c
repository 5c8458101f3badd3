/* SPDX-License-Identifier: BSD-2-Clause */
/* See host_view.h: views are shared mappings of the pages that the RAM's mapping has. */
#include "model/host_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096 };

static void give_up(const char *what)
{
    perror(what);
    abort();
}

void *host_place_reserve(void *at, size_t bytes)
{
    void *place =
        mmap(at, bytes, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at != NULL ? MAP_FIXED_NOREPLACE : 0),
             -1, 0);

    if (place == MAP_FAILED || (at != NULL && place != at))
        give_up("host: place");
    return place;
}

void host_place_release(void *place, size_t bytes)
{
    munmap(place, bytes);
}

static int protection(int access)
{
    return access == HOST_VIEW_WRITE  ? PROT_READ | PROT_WRITE
           : access == HOST_VIEW_READ ? PROT_READ
                                      : PROT_NONE;
}

bool host_view_map(void *at, const void *page, int access)
{
    /* An old size of 0 duplicates a shared mapping. What is no mapping of memory cannot be. */
    void *view = mremap((void *)page, 0, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, at);

    if (view == MAP_FAILED) {
        host_view_unmap(at, PAGE_BYTES);
        return false;
    }
    /* A page that is read-only itself stays so: its file was opened that way. */
    if (access != HOST_VIEW_WRITE)
        mprotect(at, PAGE_BYTES, protection(access));
    return true;
}

void host_view_protect(void *at, size_t bytes, int access)
{
    if (mprotect(at, bytes, protection(access)) != 0 && access != HOST_VIEW_NONE)
        mprotect(at, bytes, PROT_READ);
}

void host_view_unmap(void *at, size_t bytes)
{
    if (mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
             0) == MAP_FAILED)
        give_up("host: view");
}
