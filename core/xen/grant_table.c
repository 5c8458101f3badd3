/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's grant table: see grant_table.h. Xen changes only the in-use bits of an entry, and only
 * while it is valid; the guest changes flags by compare and swap, so that the moment at which the
 * peer maps the page and the moment at which we take it back cannot be the same.
 */
#include "core/xen/grant_table.h"

#include <string.h>

/* An entry changes while it is looked at only when the peer maps or unmaps it at that moment. */
enum { REVOKE_TRIES = 16, IN_USE = XEN_GTF_READING | XEN_GTF_WRITING };

static struct grant_slot *slot_of(const struct grant_table *table, uint32_t ref)
{
    uint32_t frame = ref / XEN_GNTTAB_V1_PER_PAGE;
    return frame < table->frame_count ? &table->frames[frame]->slots[ref % XEN_GNTTAB_V1_PER_PAGE]
                                      : NULL;
}

static struct xen_grant_entry *entry_of(const struct grant_table *table, uint32_t ref)
{
    return &table->frames[ref / XEN_GNTTAB_V1_PER_PAGE]->entries[ref % XEN_GNTTAB_V1_PER_PAGE];
}

static uint16_t flags_of(const struct grant_table *table, uint32_t ref)
{
    return __atomic_load_n(&entry_of(table, ref)->flags, __ATOMIC_SEQ_CST);
}

static struct grant_slot *slot_in(const struct grant_table *table, uint32_t ref, uint32_t state)
{
    struct grant_slot *slot = slot_of(table, ref);
    return slot && slot->state == state ? slot : NULL;
}

void grant_table_init(struct grant_table *table)
{
    memset(table, 0, sizeof(*table));
}

static void put_free(struct grant_table *table, uint32_t ref, struct grant_slot *slot)
{
    slot->state = GRANT_FREE;
    slot->next = table->free_first;
    table->free_first = ref;
    table->free_count++;
}

/* True: the entry is invalid now. */
static bool try_to_revoke(struct grant_table *table, uint32_t ref)
{
    struct xen_grant_entry *entry = entry_of(table, ref);
    uint16_t flags = __atomic_load_n(&entry->flags, __ATOMIC_SEQ_CST);
    for (int i = 0; i < REVOKE_TRIES && !(flags & IN_USE); i++)
        if (__atomic_compare_exchange_n(&entry->flags, &flags, (uint16_t)XEN_GTF_INVALID, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return true;
    return false;
}

static void defer(struct grant_table *table, uint32_t ref, struct grant_slot *slot)
{
    slot->state = GRANT_DEFERRED;
    slot->next = GRANT_NONE;
    if (table->deferred_count++)
        slot_of(table, table->deferred_last)->next = ref;
    else
        table->deferred_first = ref;
    table->deferred_last = ref;
}

bool grant_table_add_frame(struct grant_table *table, struct grant_frame *frame,
                           struct xen_grant_entry *entries)
{
    if (table->frame_count == GRANT_FRAMES_MAX)
        return false;
    uint32_t first = table->frame_count * XEN_GNTTAB_V1_PER_PAGE;
    frame->entries = entries;
    table->frames[table->frame_count] = frame;
    /* permit and revoke read the count without a lock. */
    __atomic_store_n(&table->frame_count, table->frame_count + 1, __ATOMIC_RELEASE);
    for (uint32_t i = XEN_GNTTAB_V1_PER_PAGE; i-- > 0;) {
        uint32_t ref = first + i;
        frame->slots[i].state = GRANT_RESERVED;
        if (ref < XEN_GNTTAB_RESERVED_ENTRIES)
            continue;
        if (try_to_revoke(table, ref))
            put_free(table, ref, &frame->slots[i]);
        else
            defer(table, ref, &frame->slots[i]);
    }
    return true;
}

uint32_t grant_take(struct grant_table *table)
{
    uint32_t ref = table->free_first;
    if (ref == GRANT_NONE)
        return GRANT_NONE;
    struct grant_slot *slot = slot_of(table, ref);
    table->free_first = slot->next;
    table->free_count--;
    slot->state = GRANT_TAKEN;
    return ref;
}

bool grant_give(struct grant_table *table, uint32_t ref)
{
    struct grant_slot *slot = slot_in(table, ref, GRANT_TAKEN);
    if (!slot || flags_of(table, ref) != XEN_GTF_INVALID)
        return false;
    put_free(table, ref, slot);
    return true;
}

/* --- Caches. */

uint32_t grant_cache_fill(struct grant_table *table, struct grant_cache *cache, uint32_t count)
{
    uint32_t moved = 0;
    for (uint32_t ref; moved < count && (ref = grant_take(table)) != GRANT_NONE; moved++) {
        struct grant_slot *slot = slot_of(table, ref);
        slot->state = GRANT_CACHED;
        slot->next = cache->first;
        cache->first = ref;
        cache->count++;
    }
    return moved;
}

uint32_t grant_cache_take(struct grant_table *table, struct grant_cache *cache)
{
    uint32_t ref = cache->first;
    if (ref == GRANT_NONE)
        return GRANT_NONE;
    struct grant_slot *slot = slot_of(table, ref);
    cache->first = slot->next;
    cache->count--;
    slot->state = GRANT_TAKEN;
    return ref;
}

bool grant_cache_give(struct grant_table *table, struct grant_cache *cache, uint32_t ref)
{
    struct grant_slot *slot = slot_in(table, ref, GRANT_TAKEN);
    if (!slot || flags_of(table, ref) != XEN_GTF_INVALID)
        return false;
    slot->state = GRANT_CACHED;
    slot->next = cache->first;
    cache->first = ref;
    cache->count++;
    return true;
}

void grant_cache_drain(struct grant_table *table, struct grant_cache *cache, uint32_t count)
{
    for (uint32_t ref; count && (ref = grant_cache_take(table, cache)) != GRANT_NONE; count--)
        put_free(table, ref, slot_of(table, ref));
}

/* --- Entries. */

bool grant_permit(struct grant_table *table, uint32_t ref, xen_domid domid, uint32_t frame,
                  bool readonly)
{
    if (!slot_in(table, ref, GRANT_TAKEN) || flags_of(table, ref) != XEN_GTF_INVALID)
        return false;
    struct xen_grant_entry *entry = entry_of(table, ref);
    entry->domid = domid;
    entry->frame = frame;
    /* The flags make the entry valid: last. */
    __atomic_store_n(&entry->flags,
                     (uint16_t)(XEN_GTF_PERMIT_ACCESS | (readonly ? XEN_GTF_READONLY : 0)),
                     __ATOMIC_SEQ_CST);
    return true;
}

enum grant_revoked grant_revoke(struct grant_table *table, uint32_t ref)
{
    if (!slot_in(table, ref, GRANT_TAKEN))
        return GRANT_BAD_REF;
    return try_to_revoke(table, ref) ? GRANT_REVOKED : GRANT_IN_USE;
}

/* --- References in use whose owner has left them to us. */

bool grant_defer(struct grant_table *table, uint32_t ref, uint64_t cookie)
{
    struct grant_slot *slot = slot_in(table, ref, GRANT_TAKEN);
    if (!slot)
        return false;
    slot->cookie = cookie;
    defer(table, ref, slot);
    return true;
}

bool grant_retry(struct grant_table *table, uint32_t *tries, uint64_t *cookie)
{
    while (*tries && table->deferred_count) {
        uint32_t ref = table->deferred_first;
        struct grant_slot *slot = slot_of(table, ref);
        table->deferred_first = slot->next;
        table->deferred_count--;
        --*tries;
        if (try_to_revoke(table, ref)) {
            *cookie = slot->cookie;
            put_free(table, ref, slot);
            return true;
        }
        defer(table, ref, slot);
    }
    return false;
}

struct xen_grant_entry grant_look(const struct grant_table *table, uint32_t ref)
{
    struct xen_grant_entry none = {0};
    if (!slot_of(table, ref))
        return none;
    const struct xen_grant_entry *entry = entry_of(table, ref);
    none.flags = __atomic_load_n(&entry->flags, __ATOMIC_SEQ_CST);
    none.domid = __atomic_load_n(&entry->domid, __ATOMIC_RELAXED);
    none.frame = __atomic_load_n(&entry->frame, __ATOMIC_RELAXED);
    return none;
}
