/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grant table against owners that do anything in any order and a peer that maps and unmaps at
 * any time. Each step is a byte that says what happens, and a byte for a reference:
 *   0 take      1 give       2 permit       3 revoke      4 defer       5 retry
 *   6 cache fill  7 cache take  8 cache give  9 cache drain  10 the peer maps  11 the peer unmaps
 *   12 a frame is added      13 the entry changes to anything that Xen could make of it
 * Whatever happens: a reference has one owner; none is handed out while its entry is valid; the
 * counts add up.
 */
#include "core/xen/grant_table.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES = 2, REFS = FRAMES * XEN_GNTTAB_V1_PER_PAGE };

struct bench {
    struct grant_table table;
    struct grant_cache cache;
    struct grant_frame frames[FRAMES];
    struct xen_grant_entry entries[REFS];
    bool ours[REFS];
    bool deferred[REFS];
    uint32_t last; /* taken */
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void taken(struct bench *bench, uint32_t ref)
{
    if (ref == GRANT_NONE)
        return;
    require(ref >= XEN_GNTTAB_RESERVED_ENTRIES && ref < REFS);
    require(!bench->ours[ref] && !bench->deferred[ref]);
    require(bench->entries[ref].flags == 0);
    bench->ours[ref] = true;
    bench->last = ref;
}

static void retry(struct bench *bench, uint32_t tries)
{
    uint64_t cookie;
    while (grant_retry(&bench->table, &tries, &cookie)) {
        require(cookie < REFS && bench->deferred[cookie]);
        require(bench->entries[cookie].flags == 0);
        bench->deferred[cookie] = false;
    }
}

static void add_frame(struct bench *bench)
{
    uint32_t count = bench->table.frame_count;
    if (count < FRAMES)
        require(grant_table_add_frame(&bench->table, &bench->frames[count],
                                      &bench->entries[count * XEN_GNTTAB_V1_PER_PAGE]));
}

static void step(struct bench *bench, uint8_t what, uint32_t ref)
{
    struct xen_grant_entry *entry = ref < REFS ? &bench->entries[ref] : NULL;
    bool ours = entry && bench->ours[ref], granted = entry && entry->flags;
    switch (what) {
    case 0:
        taken(bench, grant_take(&bench->table));
        break;
    case 1:
    case 8:
        require((what == 1
                     ? grant_give(&bench->table, ref)
                     : grant_cache_give(&bench->table, &bench->cache, ref)) == (ours && !granted));
        if (ours && !granted)
            bench->ours[ref] = false;
        break;
    case 2:
        require(grant_permit(&bench->table, ref, 7, ref, ref & 1) == (ours && !granted));
        break;
    case 3: {
        bool in_use = entry && (entry->flags & (XEN_GTF_READING | XEN_GTF_WRITING));
        require(grant_revoke(&bench->table, ref) == (!ours    ? GRANT_BAD_REF
                                                     : in_use ? GRANT_IN_USE
                                                              : GRANT_REVOKED));
        require(!ours || in_use || !entry->flags);
        break;
    }
    case 4:
        require(grant_defer(&bench->table, ref, ref) == ours);
        if (ours) {
            bench->ours[ref] = false;
            bench->deferred[ref] = true;
        }
        break;
    case 5:
        retry(bench, ref % 16);
        break;
    case 6:
        grant_cache_fill(&bench->table, &bench->cache, ref % 16);
        break;
    case 7:
        taken(bench, grant_cache_take(&bench->table, &bench->cache));
        break;
    case 9:
        grant_cache_drain(&bench->table, &bench->cache, ref % 16);
        break;
    case 10:
        if (granted)
            entry->flags |= XEN_GTF_READING | (ref & 1 ? XEN_GTF_WRITING : 0);
        break;
    case 11:
        if (granted)
            entry->flags &= (uint16_t) ~(XEN_GTF_READING | XEN_GTF_WRITING);
        break;
    case 12:
        add_frame(bench);
        break;
    default:
        if (granted)
            entry->flags ^= XEN_GTF_WRITING;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench bench;
    memset(&bench, 0, sizeof(bench));
    grant_table_init(&bench.table);
    for (size_t i = 0; i + 1 < size; i += 2) {
        uint8_t what = data[i] & 15;
        uint32_t ref = data[i] & 128 ? bench.last : (uint32_t)(data[i] & 112) << 4 | data[i + 1];
        step(&bench, what, ref);
    }
    uint32_t owned = 0, waiting = 0, reserved = bench.table.frame_count ? 8 : 0;
    for (uint32_t ref = 0; ref < REFS; ref++) {
        owned += bench.ours[ref];
        waiting += bench.deferred[ref];
    }
    require(waiting == bench.table.deferred_count);
    require(owned + waiting + bench.cache.count + bench.table.free_count + reserved ==
            bench.table.frame_count * XEN_GNTTAB_V1_PER_PAGE);
    return 0;
}
