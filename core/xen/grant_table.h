/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's grant table, version 1 entries (grant_table.h): which references are free, who has the
 * others, and when one may be used again. A reference is never free while Xen shows the entry in
 * use: what cannot be revoked yet goes on a list that is tried again and again, oldest first, and
 * the page behind it stays its owner's until then.
 *
 * Free references are a list threaded through the slots: taking and giving back costs the same with
 * 256 references or with 32768. A cache is a client's own short list, so that most grants need only
 * the client's lock, and a client that filled it beforehand cannot fail.
 *
 * Nothing here waits, allocates, or calls Xen. Locks: the table's; but grant_cache_take() and
 * grant_cache_give() need the cache's alone (fill and drain: both), and grant_permit() and
 * grant_revoke() none, as each reference has one owner.
 */
#ifndef CORE_XEN_GRANT_TABLE_H
#define CORE_XEN_GRANT_TABLE_H

#include "core/xen/abi.h"

#include <stdbool.h>

enum {
    GRANT_NONE = 0, /* no reference: the first XEN_GNTTAB_RESERVED_ENTRIES are the toolstack's */
    GRANT_FRAMES_MAX = 512, /* 262144 references; Xen's default limit is 64 frames */
};

struct grant_slot {
    uint32_t next;   /* on a list; GRANT_NONE: the last */
    uint32_t state;  /* enum grant_state */
    uint64_t cookie; /* deferred: what the owner wants back */
};

enum grant_state {
    GRANT_RESERVED, /* not ours */
    GRANT_FREE,
    GRANT_CACHED,
    GRANT_TAKEN,
    GRANT_DEFERRED,
};

struct grant_frame {                 /* ours, one for each frame of the table */
    struct xen_grant_entry *entries; /* shared with Xen: XEN_GNTTAB_V1_PER_PAGE of them */
    struct grant_slot slots[XEN_GNTTAB_V1_PER_PAGE];
};

struct grant_table {
    uint32_t frame_count;
    uint32_t free_first, free_count;
    uint32_t deferred_first, deferred_last, deferred_count;
    struct grant_frame *frames[GRANT_FRAMES_MAX];
};

struct grant_cache { /* all zero: empty */
    uint32_t first, count;
};

void grant_table_init(struct grant_table *table);

/* The table has one more frame, whose entries are Xen's. What a former user of the table (firmware,
 * a driver's former life) left valid there is revoked, now or when its peer lets go: such entries
 * are deferred with cookie 0. frame is zeroed and lives as long as the table. False:
 * GRANT_FRAMES_MAX are there. */
bool grant_table_add_frame(struct grant_table *table, struct grant_frame *frame,
                           struct xen_grant_entry *entries);

/* GRANT_NONE: all are taken; add a frame, or wait for a deferred one. */
uint32_t grant_take(struct grant_table *table);
/* Gives a reference back whose entry is invalid. False: it is not taken, or not yet revoked; it
 * stays as it is. */
bool grant_give(struct grant_table *table, uint32_t ref);

/* Moves up to count references from the table into the cache; returns how many. */
uint32_t grant_cache_fill(struct grant_table *table, struct grant_cache *cache, uint32_t count);
/* Moves up to count references from the cache into the table. */
void grant_cache_drain(struct grant_table *table, struct grant_cache *cache, uint32_t count);
uint32_t grant_cache_take(struct grant_table *table, struct grant_cache *cache);
/* As grant_give(), into the cache. Needs the cache's lock only. */
bool grant_cache_give(struct grant_table *table, struct grant_cache *cache, uint32_t ref);

/* Lets domid use the page. ref is taken and its entry invalid. False: it is not; nothing changed.
 */
bool grant_permit(struct grant_table *table, uint32_t ref, xen_domid domid, uint32_t frame,
                  bool readonly);

enum grant_revoked {
    GRANT_REVOKED, /* the entry is invalid: give the reference back, use the page */
    GRANT_IN_USE,  /* the peer has it mapped: nothing changed */
    GRANT_BAD_REF, /* not a reference that is taken */
};
enum grant_revoked grant_revoke(struct grant_table *table, uint32_t ref);

/* Hands a reference in use over to the table, which revokes it when that becomes possible. False:
 * it is not taken. */
bool grant_defer(struct grant_table *table, uint32_t ref, uint64_t cookie);
/* Tries the deferred references, at most `tries` of them, oldest first and going round. True: one
 * is revoked and its reference free again; its owner gets the cookie, and the page is its own.
 * False: none, in that many tries. *tries is counted down. */
bool grant_retry(struct grant_table *table, uint32_t *tries, uint64_t *cookie);

/* For a dump: an entry as the peer sees it. */
struct xen_grant_entry grant_look(const struct grant_table *table, uint32_t ref);

#endif
