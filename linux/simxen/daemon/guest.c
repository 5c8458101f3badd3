/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains whose kernel is a program (linux/simxen/guest.h): what Xen keeps about such a guest. Its
 * physical-to-machine table says which page of the memory file, or of another domain's, a frame
 * shows; its grant table is memory that the guest writes and this file reads; its grant mappings
 * are rows of a table with small numbers, as Xen's maptrack.
 *
 * The kernel program maps the memory file itself, after each change that it asked for here.
 */
#include "instance.h"
#include "core/xen/abi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, GRANT_BYTES = SX_GUEST_GRANT_FRAMES * PAGE, SLACK_FRAMES = 256 };

enum place { PLACE_NONE, PLACE_RAM, PLACE_XEN, PLACE_FOREIGN };

struct p2m_entry {
    uint8_t place;
    bool burnt;     /* the page of this number is not this frame's any more */
    uint16_t owner; /* PLACE_FOREIGN */
    uint32_t page;
};

struct maptrack { /* one grant mapping of the guest */
    struct domain *owner;
    uint32_t ref, page;
    bool readonly;
};

struct guest {
    struct connection *kernel; /* NULL: does not run */
    uint32_t store_port, console_port;
    uint64_t ram_frames, frames, frames_max; /* RAM there is now, and may be */
    struct p2m_entry *p2m;                   /* SX_GUEST_FRAMES */
    uint32_t next_spare;
    struct xen_grant_entry *grant_table; /* all frames that it may have */
    uint32_t grant_frames;
    uint32_t shared_frame, grant_frame[SX_GUEST_GRANT_FRAMES]; /* where they show, or NOWHERE */
    struct maptrack *maptrack;
    uint32_t maptrack_room, foreign_frames;
};

#define NOWHERE UINT32_MAX

static void *map_private(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void grant_table_empty(struct guest *guest)
{
    static const uint32_t frame[] = {SX_GUEST_CONSOLE_FRAME, SX_GUEST_STORE_FRAME};
    memset(guest->grant_table, 0, GRANT_BYTES);
    for (uint32_t ref = 0; ref < 2; ref++) /* XEN_GNTTAB_RESERVED_CONSOLE, _XENSTORE */
        guest->grant_table[ref] =
            (struct xen_grant_entry){.flags = XEN_GTF_PERMIT_ACCESS, .frame = frame[ref]};
    guest->grant_frames = 1;
    guest->shared_frame = NOWHERE;
    for (uint32_t i = 0; i < SX_GUEST_GRANT_FRAMES; i++)
        guest->grant_frame[i] = NOWHERE;
}

static void add_ram(struct guest *guest, uint32_t first, uint32_t count)
{
    for (uint32_t frame = first; frame < first + count; frame++)
        guest->p2m[frame] = (struct p2m_entry){.place = PLACE_RAM, .page = frame};
    guest->frames += count;
}

int guest_start(struct domain *domain)
{
    struct guest *guest = calloc(1, sizeof(*guest));
    if (!guest)
        return -ENOMEM;
    domain->guest = guest;
    guest->next_spare = SX_GUEST_SPARE_PAGE;
    guest->p2m = map_private(SX_GUEST_FRAMES * sizeof(struct p2m_entry));
    if (ftruncate(domain->memory_fd, (off_t)SX_GUEST_FILE_PAGES * PAGE) < 0)
        return -errno;
    void *table = mmap(NULL, GRANT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, domain->memory_fd,
                       (off_t)SX_GUEST_GRANT_PAGE * PAGE);
    guest->grant_table = table == MAP_FAILED ? NULL : table;
    if (!guest->p2m || !guest->grant_table)
        return -ENOMEM;
    grant_table_empty(guest);
    add_ram(guest, SX_GUEST_SPECIAL_FRAME, SX_GUEST_SPECIAL_FRAMES);
    int store = port_bind_unbound(domain, NULL, 0);
    int console = port_bind_unbound(domain, NULL, 0);
    if (store < 0 || console < 0)
        return -ENOSPC;
    guest->store_port = (uint32_t)store;
    guest->console_port = (uint32_t)console;
    return 0;
}

void guest_free(struct domain *domain)
{
    struct guest *guest = domain->guest;
    if (!guest)
        return;
    if (guest->p2m)
        munmap(guest->p2m, SX_GUEST_FRAMES * sizeof(struct p2m_entry));
    if (guest->grant_table)
        munmap(guest->grant_table, GRANT_BYTES);
    free(guest->maptrack);
    free(guest);
    domain->guest = NULL;
}

uint32_t guest_store_port(const struct domain *domain)
{
    return domain->guest->store_port;
}

struct xen_grant_entry *guest_grant_entry(const struct domain *domain, uint32_t ref)
{
    const struct guest *guest = domain->guest;
    return ref < guest->grant_frames * XEN_GNTTAB_V1_PER_PAGE ? &guest->grant_table[ref] : NULL;
}

bool guest_frame_page(const struct domain *domain, uint64_t frame, uint32_t *page)
{
    if (frame >= SX_GUEST_FRAMES)
        return false;
    const struct p2m_entry *entry = &domain->guest->p2m[frame];
    *page = entry->page;
    return entry->place == PLACE_RAM || entry->place == PLACE_XEN;
}

static int attach(struct connection *connection, const struct sx_request *request,
                  struct sx_reply *reply, int *fd)
{
    struct domain *domain = connection->domain;
    struct guest *guest = domain->guest;
    struct handle *handle = connection->handles;
    if (guest->kernel)
        return -EBUSY;
    while (handle && handle->id != request->handle)
        handle = handle->next;
    if (!handle || (!guest->ram_frames && (!request->count || request->count > SX_GUEST_MAX_RAM)))
        return -EINVAL;
    if (!guest->ram_frames) {
        guest->ram_frames = request->count;
        add_ram(guest, 0, request->count);
        guest->frames_max = guest->frames + SLACK_FRAMES;
    }
    guest->kernel = connection;
    port_adopt(domain, guest->store_port, handle);
    port_adopt(domain, guest->console_port, handle);
    reply->value = (uint32_t)guest->ram_frames;
    reply->count = 2;
    reply->data[0] = guest->store_port;
    reply->data[1] = guest->console_port;
    *fd = domain->memory_fd;
    return 0;
}

/* --- Frames */

static bool page_is_pinned(const struct domain *domain, uint32_t page)
{
    if (domain->foreign_maps)
        for (uint32_t ref = 0; ref < SX_MAX_GRANTS; ref++)
            if (domain->grants[ref].readers && domain->grants[ref].frame == page)
                return true;
    return false;
}

static void drop_page(const struct domain *domain, uint32_t page)
{
    if (fallocate(domain->memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)page * PAGE,
                  PAGE) < 0)
        perror("simxen: guest memory");
}

/* A page that somebody still refers to is abandoned: its number is not used again. */
static int frame_empty(struct domain *domain, uint32_t frame, bool keep)
{
    struct guest *guest = domain->guest;
    struct p2m_entry *entry = &guest->p2m[frame];
    if (entry->place == PLACE_FOREIGN)
        return -EPERM;
    if (entry->place == PLACE_NONE)
        return -ENOENT;
    if (entry->place == PLACE_RAM) {
        guest->frames--;
        if (!keep && !page_is_pinned(domain, entry->page))
            drop_page(domain, entry->page);
        else if (entry->page == frame)
            entry->burnt = true;
    } else if (frame == guest->shared_frame) {
        guest->shared_frame = NOWHERE;
    } else {
        guest->grant_frame[entry->page - SX_GUEST_GRANT_PAGE] = NOWHERE;
    }
    entry->place = PLACE_NONE;
    return 0;
}

static int frame_populate(struct domain *domain, uint32_t frame)
{
    struct guest *guest = domain->guest;
    struct p2m_entry *entry = &guest->p2m[frame];
    bool own_page_is_used = entry->burnt || (entry->place == PLACE_RAM && entry->page == frame);
    if (entry->place == PLACE_FOREIGN)
        return -EPERM;
    if (guest->frames >= guest->frames_max ||
        (own_page_is_used && guest->next_spare >= SX_GUEST_FILE_PAGES))
        return -ENOMEM;
    if (entry->place != PLACE_NONE)
        frame_empty(domain, frame, true);
    entry->page = own_page_is_used ? guest->next_spare++ : frame;
    entry->place = PLACE_RAM;
    guest->frames++;
    return 0;
}

/* A page of the hypervisor's shows at one frame at a time, and takes the place of what was there.
 */
static int show_xen_page(struct domain *domain, uint32_t frame, uint32_t page, uint32_t *where)
{
    struct guest *guest = domain->guest;
    if (guest->p2m[frame].place == PLACE_FOREIGN)
        return -EPERM;
    if (guest->p2m[frame].place != PLACE_NONE)
        frame_empty(domain, frame, false);
    if (*where != NOWHERE)
        guest->p2m[*where].place = PLACE_NONE;
    *where = frame;
    guest->p2m[frame].place = PLACE_XEN;
    guest->p2m[frame].page = page;
    return 0;
}

static int frame_move(struct domain *domain, uint32_t from, uint32_t to)
{
    struct guest *guest = domain->guest;
    if (from >= SX_GUEST_FRAMES || guest->p2m[from].place != PLACE_RAM)
        return -EINVAL;
    if (guest->p2m[to].place == PLACE_FOREIGN)
        return -EPERM;
    if (from == to)
        return 0;
    if (guest->p2m[to].place != PLACE_NONE)
        frame_empty(domain, to, false);
    uint32_t page = guest->p2m[from].page;
    guest->p2m[from].place = PLACE_NONE;
    guest->p2m[from].burnt = true;
    guest->p2m[to].place = PLACE_RAM;
    guest->p2m[to].page = page;
    return 0;
}

static int p2m_request(struct domain *domain, const struct sx_request *request,
                       struct sx_reply *reply)
{
    struct guest *guest = domain->guest;
    uint32_t frame = request->handle;
    int error = -EINVAL;
    if (frame >= SX_GUEST_FRAMES)
        return -EINVAL;
    switch (request->flags) {
    case SX_P2M_SHARED_INFO:
        error = show_xen_page(domain, frame, SX_GUEST_SHARED_INFO_PAGE, &guest->shared_frame);
        break;
    case SX_P2M_GRANT_TABLE:
        if (request->port < guest->grant_frames)
            error = show_xen_page(domain, frame, SX_GUEST_GRANT_PAGE + request->port,
                                  &guest->grant_frame[request->port]);
        break;
    case SX_P2M_MOVE:
        error = frame_move(domain, request->port, frame);
        break;
    case SX_P2M_REMOVE:
    case SX_P2M_REMOVE_KEEP:
        error = frame_empty(domain, frame, request->flags == SX_P2M_REMOVE_KEEP);
        break;
    case SX_P2M_POPULATE:
        error = frame_populate(domain, frame);
        break;
    }
    reply->value = guest->p2m[frame].page;
    return error;
}

/* --- Grants of others, used by this guest */

static int maptrack_find(struct guest *guest)
{
    for (uint32_t handle = 0; handle < guest->maptrack_room; handle++)
        if (!guest->maptrack[handle].owner)
            return (int)handle;
    uint32_t before = guest->maptrack_room, room = before ? before * 2 : 64;
    if (room > SX_MAX_MAPPED_PAGES)
        return -ENOSPC;
    struct maptrack *larger = realloc(guest->maptrack, room * sizeof(*larger));
    if (!larger)
        return -ENOMEM;
    memset(larger + before, 0, (room - before) * sizeof(*larger));
    guest->maptrack = larger;
    guest->maptrack_room = room;
    return (int)before;
}

static void answer_status(struct sx_reply *reply, int status, uint32_t page)
{
    reply->count = 2;
    reply->data[0] = (uint32_t)status;
    reply->data[1] = page;
}

/* The order of the checks is Xen's, so that a call with two faults gets its answer. */
static int map_grant(struct instance *in, struct domain *mapper, const struct sx_request *request,
                     struct sx_reply *reply, int *fd)
{
    struct guest *guest = mapper->guest;
    struct domain *owner = domain_find(in, request->domid);
    bool readonly = request->flags & SX_FLAG_READONLY;
    uint32_t page, frame = request->handle;
    answer_status(reply, XEN_GNTST_BAD_DOMAIN, 0);
    if (!owner)
        return 0;
    int handle = maptrack_find(guest);
    answer_status(reply, XEN_GNTST_NO_DEVICE_SPACE, 0);
    if (handle < 0)
        return 0;
    int status = owner->dying ? XEN_GNTST_GENERAL_ERROR
                              : grant_pin(owner, request->port, mapper->domid, readonly, &page);
    if (!status && (frame >= SX_GUEST_FRAMES || guest->p2m[frame].place == PLACE_FOREIGN)) {
        grant_unpin(owner, request->port, readonly);
        answer_status(reply, XEN_GNTST_GENERAL_ERROR, frame < SX_GUEST_FRAMES);
        return 0;
    }
    answer_status(reply, status, status ? 0 : page);
    if (status)
        return 0;
    if (guest->p2m[frame].place != PLACE_NONE)
        frame_empty(mapper, frame, true);
    struct p2m_entry *entry = &guest->p2m[frame];
    entry->place = PLACE_FOREIGN;
    guest->foreign_frames++;
    entry->owner = (uint16_t)owner->domid;
    entry->page = page;
    guest->maptrack[handle] = (struct maptrack){owner, request->port, page, readonly};
    mapper->mapped_pages++;
    owner->foreign_maps++;
    reply->value = (uint32_t)handle;
    *fd = readonly ? owner->memory_ro_fd : owner->memory_fd;
    return 0;
}

static void maptrack_end(struct instance *in, struct domain *mapper, struct maptrack *track)
{
    struct domain *owner = track->owner;
    grant_unpin(owner, track->ref, track->readonly);
    track->owner = NULL;
    mapper->mapped_pages--;
    owner->foreign_maps--;
    domain_settle(in, owner);
}

static int unmap_grant(struct instance *in, struct domain *mapper, const struct sx_request *request,
                       struct sx_reply *reply)
{
    struct guest *guest = mapper->guest;
    struct maptrack *track =
        request->handle < guest->maptrack_room ? &guest->maptrack[request->handle] : NULL;
    uint32_t frame = request->port;
    answer_status(reply, XEN_GNTST_BAD_HANDLE, 0);
    if (!track || !track->owner)
        return 0;
    answer_status(reply, XEN_GNTST_OKAY, track->page);
    if (!request->flags)
        return 0;
    answer_status(reply, XEN_GNTST_GENERAL_ERROR, 0);
    if (frame >= SX_GUEST_FRAMES)
        return 0;
    struct p2m_entry *entry = &guest->p2m[frame];
    if (entry->place != PLACE_FOREIGN || entry->owner != track->owner->domid ||
        entry->page != track->page)
        return 0;
    entry->place = PLACE_NONE;
    guest->foreign_frames--;
    maptrack_end(in, mapper, track);
    answer_status(reply, XEN_GNTST_OKAY, frame);
    return 0;
}

struct copy_end { /* one side of a copy while it runs */
    struct domain *domain;
    uint32_t page;
    bool pinned;
};

static int copy_claim(struct instance *in, struct domain *caller,
                      const struct xen_gnttab_copy_side *side, bool by_ref, bool readonly,
                      struct copy_end *end)
{
    if (by_ref) {
        int status = grant_pin(end->domain, side->u.ref, caller->domid, readonly, &end->page);
        end->pinned = !status;
        return status;
    }
    return guest_frame_page(end->domain, side->u.frame, &end->page) ? 0 : XEN_GNTST_BAD_PAGE;
}

static int copy_bytes(const struct xen_gnttab_copy *op, const struct copy_end *from,
                      const struct copy_end *to)
{
    uint8_t bytes[PAGE];
    if (op->source.offset + op->length > PAGE || op->dest.offset + op->length > PAGE)
        return XEN_GNTST_BAD_COPY_ARG;
    if (pread(from->domain->memory_fd, bytes, op->length,
              (off_t)from->page * PAGE + op->source.offset) != op->length ||
        pwrite(to->domain->memory_fd, bytes, op->length,
               (off_t)to->page * PAGE + op->dest.offset) != op->length)
        return XEN_GNTST_GENERAL_ERROR;
    return XEN_GNTST_OKAY;
}

/* Only the caller's own memory may be named by frame. */
static int copy_domain(struct instance *in, struct domain *caller,
                       const struct xen_gnttab_copy_side *side, bool by_ref, struct copy_end *end)
{
    if (side->domid == XEN_DOMID_SELF)
        end->domain = caller;
    else if (!by_ref)
        return XEN_GNTST_PERMISSION_DENIED;
    else
        end->domain = domain_find(in, side->domid);
    return end->domain && !end->domain->dying ? 0 : XEN_GNTST_BAD_DOMAIN;
}

static int copy_one(struct instance *in, struct domain *caller, const struct xen_gnttab_copy *op)
{
    struct copy_end from = {0}, to = {0};
    bool from_ref = op->flags & XEN_GNTCOPY_SOURCE_GREF, to_ref = op->flags & XEN_GNTCOPY_DEST_GREF;
    int status = copy_domain(in, caller, &op->source, from_ref, &from);
    if (!status)
        status = copy_domain(in, caller, &op->dest, to_ref, &to);
    if (!status)
        status = copy_claim(in, caller, &op->source, from_ref, true, &from);
    if (!status)
        status = copy_claim(in, caller, &op->dest, to_ref, false, &to);
    if (!status)
        status = copy_bytes(op, &from, &to);
    if (from.pinned)
        grant_unpin(from.domain, op->source.u.ref, true);
    if (to.pinned)
        grant_unpin(to.domain, op->dest.u.ref, false);
    return status;
}

/* --- The kernel's life */

static int shutdown_request(struct instance *in, struct domain *domain, uint32_t reason)
{
    domain->shutdown = reason != SX_RUNNING;
    domain->shutdown_reason = domain->shutdown ? reason : 0;
    if (domain->shutdown)
        virq_raise(in->domains, SX_VIRQ_DOM_EXC);
    return 0;
}

void guest_kernel_ended(struct instance *in, struct connection *connection)
{
    struct domain *domain = connection->domain;
    struct guest *guest = domain->guest;
    if (!guest || guest->kernel != connection)
        return;
    guest->kernel = NULL;
    for (uint32_t handle = 0; handle < guest->maptrack_room; handle++)
        if (guest->maptrack[handle].owner)
            maptrack_end(in, domain, &guest->maptrack[handle]);
    for (uint32_t frame = 0; frame < SX_GUEST_FRAMES && guest->foreign_frames; frame++)
        if (guest->p2m[frame].place == PLACE_FOREIGN) {
            guest->p2m[frame].place = PLACE_NONE;
            guest->foreign_frames--;
        }
}

/* Moves one page's bytes; a page that was never touched stays so. */
static void copy_page(const struct domain *from, uint32_t from_page, const struct domain *to,
                      uint32_t to_page)
{
    uint8_t bytes[PAGE];
    off_t at = (off_t)from_page * PAGE;
    if (pread(from->memory_fd, bytes, PAGE, at) == PAGE)
        if (pwrite(to->memory_fd, bytes, PAGE, (off_t)to_page * PAGE) != PAGE)
            perror("simxen: guest memory");
}

static bool has_bytes(const struct domain *domain, uint32_t page, off_t *next_data)
{
    off_t at = (off_t)page * PAGE;
    if (*next_data < at)
        *next_data = lseek(domain->memory_fd, at, SEEK_DATA);
    if (*next_data < 0) /* none behind it */
        *next_data = (off_t)SX_GUEST_FILE_PAGES * PAGE;
    return *next_data < at + PAGE;
}

int guest_restore(struct instance *in, struct domain *from, const char *name, uint32_t flags)
{
    off_t next_data = -1;
    int domid = domain_create(in, name, flags | SX_FLAG_GUEST);
    if (domid < 0)
        return domid;
    struct domain *to = domain_find(in, (uint32_t)domid);
    struct guest *old = from->guest, *new = to->guest;
    memset(new->p2m + SX_GUEST_SPECIAL_FRAME, 0,
           SX_GUEST_SPECIAL_FRAMES * sizeof(struct p2m_entry));
    new->frames = 0;
    for (uint32_t frame = 0; frame < SX_GUEST_FRAMES; frame++)
        if (old->p2m[frame].place == PLACE_RAM) {
            add_ram(new, frame, 1);
            if (old->p2m[frame].page != frame || has_bytes(from, frame, &next_data))
                copy_page(from, old->p2m[frame].page, to, frame);
        }
    drop_page(to, SX_GUEST_STORE_FRAME); /* as libxc does: the other end starts anew */
    drop_page(to, SX_GUEST_CONSOLE_FRAME);
    new->ram_frames = old->ram_frames;
    new->frames_max = old->frames_max;
    domain_destroy(in, from);
    return domid;
}

int guest_request(struct instance *in, struct connection *connection,
                  const struct sx_request *request, struct sx_reply *reply, int *fd)
{
    struct domain *domain = connection->domain;
    struct guest *guest = domain->guest;
    struct xen_gnttab_copy copy;
    if (!guest)
        return -EINVAL;
    if (request->op == SX_GUEST_ATTACH)
        return attach(connection, request, reply, fd);
    if (guest->kernel != connection)
        return -EPERM;
    switch (request->op) {
    case SX_P2M:
        return p2m_request(domain, request, reply);
    case SX_GNTTAB_GROW:
        if (request->count > SX_GUEST_GRANT_FRAMES)
            return -EINVAL;
        if (request->count > guest->grant_frames)
            guest->grant_frames = request->count;
        reply->value = guest->grant_frames;
        return 0;
    case SX_GUEST_MAP:
        return map_grant(in, domain, request, reply, fd);
    case SX_GUEST_UNMAP:
        return unmap_grant(in, domain, request, reply);
    case SX_GUEST_COPY:
        if (request->count != sizeof(copy) / sizeof(uint32_t))
            return -EINVAL;
        memcpy(&copy, request->data, sizeof(copy));
        answer_status(reply, copy_one(in, domain, &copy), 0);
        return 0;
    default: /* SX_SHUTDOWN */
        return shutdown_request(in, domain, request->port);
    }
}
