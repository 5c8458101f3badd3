/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's granted pages as a backend sees them: mapped one by one and kept (persistent grants:
 * the guest uses the same ones again), or for one request. With Xen's libxengnttab.
 */
#ifndef DOM0_DISK_PAGES_H
#define DOM0_DISK_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include <xengnttab.h>

enum { PAGES_KEPT_MAX = 8192 }; /* 32 MiB; above, pages are mapped for a request only */

struct kept_page {
    uint32_t ref;
    void *bytes; /* NULL: the place is free */
};

struct pages {
    xengnttab_handle *grants;
    uint32_t domid;
    bool keep;
    struct kept_page *kept; /* a hash table, open addressing; never shrinks while connected */
    uint32_t kept_count;
    uint64_t maps; /* how many were made, for a look */
};

/* False: no memory, or no Xen. */
bool pages_open(struct pages *pages, uint32_t domid, bool keep);
/* Unmaps all that is kept. */
void pages_close(struct pages *pages);

/* A page's address, or NULL: the guest does not grant it (errno). pages_done() with each. */
void *pages_map(struct pages *pages, uint32_t ref, bool write);
void pages_done(struct pages *pages, uint32_t ref, void *bytes);

#endif
