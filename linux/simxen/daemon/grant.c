/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grant tables: version 1 entries, one table a domain. Sharing allocates frames and references
 * together; a frame or a reference is used again only when nobody maps it. Mapping obeys Xen's
 * checks and gives the error that Linux's gntdev gives for any of them: EINVAL.
 *
 * A mapping or grant ends by request or with its connection; either way its notification (a byte
 * cleared, a port fired) happens, as gntdev and gntalloc do at the close of their file.
 */
#include "instance.h"
#include "core/xen/abi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096 };

static bool frame_used(const struct domain *domain, uint32_t frame)
{
    return domain->frames_used[frame / 64] >> (frame % 64) & 1;
}

static void frame_mark(struct domain *domain, uint32_t frame, bool used)
{
    uint64_t bit = 1ull << (frame % 64);
    if (used)
        domain->frames_used[frame / 64] |= bit;
    else
        domain->frames_used[frame / 64] &= ~bit;
}

/* The first run of count free frames, or 0 (frame 0 is XenStore's). */
static uint32_t frames_find(const struct domain *domain, uint32_t count)
{
    uint32_t run = 0;
    for (uint32_t frame = 1; frame < SX_MAX_FRAMES; frame++) {
        if (frame % 64 == 0 && domain->frames_used[frame / 64] == UINT64_MAX) {
            run = 0;
            frame += 63;
            continue;
        }
        run = frame_used(domain, frame) ? 0 : run + 1;
        if (run == count)
            return frame - count + 1;
    }
    return 0;
}

/* Frames come back zeroed when they are used again. */
static void frames_drop(struct domain *domain, uint32_t first, uint32_t count)
{
    if (fallocate(domain->memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)first * PAGE, (off_t)count * PAGE) < 0)
        perror("simxen: domain memory");
    for (uint32_t i = 0; i < count; i++)
        frame_mark(domain, first + i, false);
}

static void entry_free(struct domain *domain, struct grant_entry *entry)
{
    frames_drop(domain, entry->frame, 1);
    *entry = (struct grant_entry){0};
    domain->grant_count--;
}

/* References are handed out in a circle, so that a stale one is noticed. */
static uint32_t ref_find(struct domain *domain)
{
    for (uint32_t tried = 0; tried < SX_MAX_GRANTS; tried++) {
        uint32_t ref = domain->next_ref;
        domain->next_ref = ref + 1 < SX_MAX_GRANTS ? ref + 1 : SX_RESERVED_GRANTS;
        if (!domain->grants[ref].flags)
            return ref;
    }
    return 0;
}

static int notify_take(struct domain *domain, const struct sx_request *request,
                       struct unmap_notify *notify)
{
    *notify = (struct unmap_notify){.clear_byte = request->flags & SX_FLAG_NOTIFY_BYTE,
                                    .fire_port = request->flags & SX_FLAG_NOTIFY_EVENT,
                                    .offset = request->notify_offset,
                                    .port = request->notify_port};
    if (notify->clear_byte && notify->offset >= (uint64_t)request->count * PAGE)
        return -EINVAL;
    return notify->fire_port ? port_hold(domain, notify->port) : 0;
}

/* What a kernel does for its process. That of a domain that is destroyed does not run any more, and
 * Xen itself tells nobody. */
static void notify_now(struct instance *in, struct domain *notifier, struct domain *owner,
                       const struct unmap_notify *notify, const uint32_t *refs)
{
    if (notify->clear_byte && !notifier->dying) {
        uint32_t frame = owner->grants[refs[notify->offset / PAGE]].frame;
        char zero = 0;
        if (pwrite(owner->memory_fd, &zero, 1, (off_t)frame * PAGE + notify->offset % PAGE) != 1)
            perror("simxen: domain memory");
    }
    if (notify->fire_port) {
        if (!notifier->dying)
            port_notify(in, notifier, notify->port);
        port_release(in, notifier, notify->port);
    }
}

int grant_make(struct instance *in, struct connection *connection, const struct sx_request *request,
               struct grant **out)
{
    struct domain *domain = connection->domain;
    uint32_t count = request->count;
    uint32_t peer = request->domid == SX_DOMID_SELF ? domain->domid : request->domid;
    if (count == 0 || count > SX_MAX_COUNT || peer >= SX_FIRST_RESERVED_DOMID || domain->guest)
        return -EINVAL;
    if (domain->grant_count + count > SX_MAX_GRANTS - SX_RESERVED_GRANTS)
        return -ENOSPC;
    uint32_t first = frames_find(domain, count);
    struct grant *grant = first ? calloc(1, sizeof(*grant) + count * sizeof(uint32_t)) : NULL;
    if (!grant)
        return -ENOMEM;
    int error = notify_take(domain, request, &grant->notify);
    if (error) {
        free(grant);
        return error;
    }
    grant->id = ++in->next_id;
    grant->count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t ref = ref_find(domain);
        uint16_t flags = GRANT_PERMIT | (request->flags & SX_FLAG_READONLY ? GRANT_READONLY : 0);
        grant->refs[i] = ref;
        domain->grants[ref] =
            (struct grant_entry){.flags = flags, .domid = (uint16_t)peer, .frame = first + i};
        frame_mark(domain, first + i, true);
    }
    domain->grant_count += count;
    grant->next = connection->grants;
    connection->grants = grant;
    *out = grant;
    return 0;
}

/* The frames of one grant are neighbours: those that nobody maps are dropped in runs. */
static void grant_finish(struct instance *in, struct domain *domain, struct grant *grant)
{
    uint32_t run = 0, first = domain->grants[grant->refs[0]].frame;
    notify_now(in, domain, domain, &grant->notify, grant->refs);
    for (uint32_t i = 0; i < grant->count; i++) {
        struct grant_entry *entry = &domain->grants[grant->refs[i]];
        if (!entry->readers) {
            *entry = (struct grant_entry){0};
            domain->grant_count--;
            run++;
            continue;
        }
        entry->flags = (entry->flags & ~GRANT_PERMIT) | GRANT_ENDING;
        if (run)
            frames_drop(domain, first + i - run, run);
        run = 0;
    }
    if (run)
        frames_drop(domain, first + grant->count - run, run);
    free(grant);
}

int grant_end(struct instance *in, struct connection *connection, uint32_t id)
{
    for (struct grant **link = &connection->grants; *link; link = &(*link)->next)
        if ((*link)->id == id) {
            struct grant *grant = *link;
            *link = grant->next;
            grant_finish(in, connection->domain, grant);
            return 0;
        }
    return -EINVAL;
}

/* The reference as its owner offers it: version 1 entries, the guest's own memory or these books.
 */
static int check_plain(const struct domain *owner, uint32_t ref, uint32_t mapper, bool readonly,
                       uint32_t *page)
{
    if (ref >= SX_MAX_GRANTS)
        return XEN_GNTST_BAD_GNTREF;
    const struct grant_entry *entry = &owner->grants[ref];
    *page = entry->frame;
    return (entry->flags & GRANT_PERMIT) && entry->domid == mapper &&
                   (readonly || !(entry->flags & GRANT_READONLY))
               ? XEN_GNTST_OKAY
               : XEN_GNTST_GENERAL_ERROR;
}

/* What the guest can change is read once and changed only if it is still so, a few times. */
static int claim_entry(struct xen_grant_entry *shared, const struct grant_entry *active,
                       uint32_t mapper, bool readonly)
{
    enum { TRIES = 5 };
    uint32_t *raw = (uint32_t *)(void *)shared, seen = __atomic_load_n(raw, __ATOMIC_SEQ_CST);
    for (int tried = 0; tried < TRIES; tried++) {
        uint32_t flags = seen & 0xffff, domid = seen >> 16;
        if (!active->readers &&
            ((flags & (XEN_GTF_TYPE_MASK | XEN_GTF_SUB_PAGE)) != XEN_GTF_PERMIT_ACCESS ||
             domid != mapper))
            return XEN_GNTST_GENERAL_ERROR;
        if (!readonly && (flags & XEN_GTF_READONLY))
            return XEN_GNTST_GENERAL_ERROR;
        uint32_t claimed = seen | XEN_GTF_READING | (readonly ? 0 : XEN_GTF_WRITING);
        if (__atomic_compare_exchange_n(raw, &seen, claimed, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return XEN_GNTST_OKAY;
    }
    return XEN_GNTST_GENERAL_ERROR;
}

static void show_flags(struct domain *owner, uint32_t ref, const struct grant_entry *active)
{
    struct xen_grant_entry *shared = guest_grant_entry(owner, ref);
    uint16_t gone =
        (active->readers ? 0 : XEN_GTF_READING) | (active->writers ? 0 : XEN_GTF_WRITING);
    __atomic_fetch_and(&shared->flags, (uint16_t)~gone, __ATOMIC_SEQ_CST);
}

/* While a reference is in use its page is the one of the first use, whatever the entry says. */
static int check_guest(struct domain *owner, uint32_t ref, uint32_t mapper, bool readonly,
                       uint32_t *page)
{
    struct xen_grant_entry *shared = guest_grant_entry(owner, ref);
    if (!shared)
        return XEN_GNTST_BAD_GNTREF;
    struct grant_entry *active = &owner->grants[ref];
    if (active->readers && active->domid != mapper)
        return XEN_GNTST_GENERAL_ERROR;
    *page = active->frame;
    if (active->readers && (readonly || active->writers))
        return XEN_GNTST_OKAY;
    int status = claim_entry(shared, active, mapper, readonly);
    if (status || active->readers)
        return status;
    active->domid = (uint16_t)mapper;
    if (!guest_frame_page(owner, __atomic_load_n(&shared->frame, __ATOMIC_RELAXED), page)) {
        show_flags(owner, ref, active);
        return XEN_GNTST_BAD_PAGE;
    }
    active->frame = *page;
    return XEN_GNTST_OKAY;
}

int grant_pin(struct domain *owner, uint32_t ref, uint32_t mapper, bool readonly, uint32_t *page)
{
    int status = owner->guest ? check_guest(owner, ref, mapper, readonly, page)
                              : check_plain(owner, ref, mapper, readonly, page);
    if (status)
        return status;
    struct grant_entry *entry = &owner->grants[ref];
    entry->readers++;
    entry->flags |= GRANT_READING;
    if (!readonly) {
        entry->writers++;
        entry->flags |= GRANT_WRITING;
    }
    return XEN_GNTST_OKAY;
}

void grant_unpin(struct domain *owner, uint32_t ref, bool readonly)
{
    struct grant_entry *entry = &owner->grants[ref];
    if (--entry->readers == 0)
        entry->flags &= ~GRANT_READING;
    if (!readonly && --entry->writers == 0)
        entry->flags &= ~GRANT_WRITING;
    if (owner->guest)
        show_flags(owner, ref, entry);
    else if (!entry->readers && (entry->flags & GRANT_ENDING))
        entry_free(owner, entry);
}

static void unpin_all(struct domain *owner, const uint32_t *refs, uint32_t count, bool readonly)
{
    for (uint32_t i = 0; i < count; i++)
        grant_unpin(owner, refs[i], readonly);
}

/* All of a request's references or none. */
static int pin_all(struct domain *owner, const struct sx_request *request, uint32_t mapper,
                   bool readonly, uint32_t *frames)
{
    for (uint32_t i = 0; i < request->count; i++)
        if (grant_pin(owner, request->data[i], mapper, readonly, &frames[i])) {
            unpin_all(owner, request->data, i, readonly);
            return -EINVAL;
        }
    return 0;
}

int mapping_make(struct instance *in, struct connection *connection,
                 const struct sx_request *request, struct mapping **out, uint32_t *frames)
{
    struct domain *mapper = connection->domain;
    uint32_t count = request->count;
    bool readonly = request->flags & SX_FLAG_READONLY;
    struct domain *owner =
        domain_find(in, request->domid == SX_DOMID_SELF ? mapper->domid : request->domid);
    if (!owner || owner->dying || count == 0 || count > SX_MAX_COUNT)
        return -EINVAL;
    if (mapper->mapped_pages + count > SX_MAX_MAPPED_PAGES)
        return -ENOSPC;
    if (readonly && (request->flags & SX_FLAG_NOTIFY_BYTE))
        return -EINVAL;
    struct mapping *mapping = calloc(1, sizeof(*mapping) + count * sizeof(uint32_t));
    if (!mapping)
        return -ENOMEM;
    int error = pin_all(owner, request, mapper->domid, readonly, frames);
    if (!error) {
        error = notify_take(mapper, request, &mapping->notify);
        if (error)
            unpin_all(owner, request->data, count, readonly);
    }
    if (error) {
        free(mapping);
        return error;
    }
    mapping->id = ++in->next_id;
    mapping->count = count;
    mapping->owner = owner;
    mapping->readonly = readonly;
    memcpy(mapping->refs, request->data, count * sizeof(uint32_t));
    mapper->mapped_pages += count;
    owner->foreign_maps += count;
    mapping->next = connection->mappings;
    connection->mappings = mapping;
    *out = mapping;
    return 0;
}

static void mapping_finish(struct instance *in, struct domain *mapper, struct mapping *mapping)
{
    struct domain *owner = mapping->owner;
    notify_now(in, mapper, owner, &mapping->notify, mapping->refs);
    unpin_all(owner, mapping->refs, mapping->count, mapping->readonly);
    mapper->mapped_pages -= mapping->count;
    owner->foreign_maps -= mapping->count;
    free(mapping);
    domain_settle(in, owner);
}

int mapping_end(struct instance *in, struct connection *connection, uint32_t id)
{
    for (struct mapping **link = &connection->mappings; *link; link = &(*link)->next)
        if ((*link)->id == id) {
            struct mapping *mapping = *link;
            *link = mapping->next;
            mapping_finish(in, connection->domain, mapping);
            return 0;
        }
    return -EINVAL;
}

void grants_end_all(struct instance *in, struct connection *connection)
{
    while (connection->mappings)
        mapping_end(in, connection, connection->mappings->id);
    while (connection->grants)
        grant_end(in, connection, connection->grants->id);
}

void grants_close_all(struct domain *domain)
{
    if (domain->guest)
        return; /* nobody maps of a dying domain, and its memory goes as a whole */
    for (uint32_t ref = 0; ref < SX_MAX_GRANTS; ref++) {
        struct grant_entry *entry = &domain->grants[ref];
        if (!entry->flags)
            continue;
        if (entry->readers)
            entry->flags = (entry->flags & ~GRANT_PERMIT) | GRANT_ENDING;
        else
            entry_free(domain, entry);
    }
}

void grant_xenstore(struct domain *domain)
{
    domain->grants[SX_XENSTORE_GRANT] = (struct grant_entry){.flags = GRANT_PERMIT};
    domain->grant_count++;
    frame_mark(domain, 0, true);
}
