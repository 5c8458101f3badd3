/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Granting this domain's pages and mapping others'. The daemon keeps the grant tables; a domain's
 * memory is a file that both sides map. Regions are remembered by address until they end.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static size_t bytes_of(uint32_t pages)
{
    return (size_t)pages * SIMXEN_PAGE_BYTES;
}

static void set_notify(struct sx_request *request, const struct simxen_unmap_notify *notify)
{
    if (!notify)
        return;
    if (notify->offset_bytes != SIMXEN_NO_NOTIFY) {
        request->flags |= SX_FLAG_NOTIFY_BYTE;
        request->notify_offset = notify->offset_bytes;
    }
    if (notify->port != SIMXEN_NO_NOTIFY) {
        request->flags |= SX_FLAG_NOTIFY_EVENT;
        request->notify_port = notify->port;
    }
}

static struct page_region *region_new(uint32_t page_count, uint32_t id_room)
{
    struct page_region *region = calloc(1, sizeof(*region) + id_room * sizeof(uint32_t));
    if (region)
        region->page_count = page_count;
    return region;
}

static void region_keep(struct simxen *sx, struct page_region *region)
{
    region->next = sx->regions;
    sx->regions = region;
}

static struct page_region *region_take(struct simxen *sx, void *address, bool mapped)
{
    for (struct page_region **link = &sx->regions; *link; link = &(*link)->next) {
        struct page_region *region = *link;
        if (region->address == address && region->mapped == mapped) {
            *link = region->next;
            return region;
        }
    }
    return NULL;
}

static void end_ids(struct simxen *sx, uint32_t op, const struct page_region *region)
{
    struct sx_reply reply;
    for (uint32_t i = 0; i < region->id_count; i++) {
        struct sx_request request = {.op = op, .handle = region->ids[i]};
        simxen_call(sx, &request, NULL, 0, &reply, NULL, 0, NULL);
    }
}

/* Asks for frames and references; on success region->ids[0] is the grant and *view the pages. */
static int grant_frames(struct simxen *sx, struct page_region *region, struct sx_request *request,
                        uint32_t *refs, void **view)
{
    uint32_t count = request->count;
    struct sx_reply reply;
    int fd = -1;
    uint32_t *answer = malloc((count + 1) * sizeof(uint32_t));
    if (!answer)
        return -LX_ENOMEM;
    int error = simxen_call(sx, request, NULL, 0, &reply, answer, count + 1, &fd);
    if (!error && (reply.count != count + 1 || fd < 0))
        error = -LX_EPROTO;
    if (!error) {
        region->ids[0] = reply.value;
        region->id_count = 1;
        memcpy(refs, answer + 1, count * sizeof(uint32_t));
        *view = lx_mmap(NULL, bytes_of(count), LX_PROT_READ | LX_PROT_WRITE, LX_MAP_SHARED, fd,
                        (uint64_t)answer[0] * SIMXEN_PAGE_BYTES);
        if (lx_mmap_failed(*view)) {
            end_ids(sx, SX_REVOKE, region);
            error = -LX_ENOMEM;
        }
    }
    if (fd >= 0)
        lx_close(fd);
    free(answer);
    return error;
}

int simxen_grant(struct simxen *sx, uint32_t domid, uint32_t count, uint32_t flags,
                 const struct simxen_unmap_notify *notify, uint32_t *refs, void **address)
{
    struct sx_request request = {.op = SX_GRANT, .domid = domid, .count = count};
    if (count == 0 || count > SX_MAX_COUNT)
        return -LX_EINVAL;
    struct page_region *region = region_new(count, 1);
    if (!region)
        return -LX_ENOMEM;
    request.flags = flags & SIMXEN_GRANT_READONLY;
    set_notify(&request, notify);
    lx_lock(&sx->lock);
    int error = grant_frames(sx, region, &request, refs, &region->address);
    if (!error) {
        *address = region->address;
        region_keep(sx, region);
    }
    lx_unlock(&sx->lock);
    if (error)
        free(region);
    return error;
}

/* Puts the file's pages, which are mapped at view, where the caller's own pages are. mremap()
 * would do it in one step but Wine's books would not like the hole. */
static int replace_pages(void *address, void *view, size_t bytes, int fd, uint64_t offset)
{
    memcpy(view, address, bytes);
    void *at = lx_mmap(address, bytes, LX_PROT_READ | LX_PROT_WRITE, LX_MAP_SHARED | LX_MAP_FIXED,
                       fd, offset);
    return lx_mmap_failed(at) ? -LX_ENOMEM : 0;
}

int simxen_grant_existing(struct simxen *sx, uint32_t domid, void *address, uint32_t count,
                          uint32_t flags, const struct simxen_unmap_notify *notify, uint32_t *refs)
{
    struct sx_request request = {.op = SX_GRANT, .domid = domid, .count = count};
    struct sx_reply reply;
    int fd = -1;
    if (count == 0 || count > SX_MAX_COUNT || (uintptr_t)address % SIMXEN_PAGE_BYTES)
        return -LX_EINVAL;
    request.flags = flags & SIMXEN_GRANT_READONLY;
    set_notify(&request, notify);
    struct page_region *region = region_new(count, 1);
    uint32_t *answer = malloc((count + 1) * sizeof(uint32_t));
    if (!region || !answer) {
        free(region);
        free(answer);
        return -LX_ENOMEM;
    }
    lx_lock(&sx->lock);
    int error = simxen_call(sx, &request, NULL, 0, &reply, answer, count + 1, &fd);
    if (!error) {
        uint64_t offset = (uint64_t)answer[0] * SIMXEN_PAGE_BYTES;
        void *view =
            lx_mmap(NULL, bytes_of(count), LX_PROT_READ | LX_PROT_WRITE, LX_MAP_SHARED, fd, offset);
        region->ids[0] = reply.value;
        region->id_count = 1;
        region->address = address;
        region->existing = true;
        error = lx_mmap_failed(view) ? -LX_ENOMEM
                                     : replace_pages(address, view, bytes_of(count), fd, offset);
        if (!lx_mmap_failed(view))
            lx_munmap(view, bytes_of(count));
        if (error)
            end_ids(sx, SX_REVOKE, region);
        memcpy(refs, answer + 1, count * sizeof(uint32_t));
    }
    if (!error)
        region_keep(sx, region);
    lx_unlock(&sx->lock);
    if (fd >= 0)
        lx_close(fd);
    if (error)
        free(region);
    free(answer);
    return error;
}

/* Gives the caller private pages again, with the content of the shared ones. */
static int restore_pages(void *address, size_t bytes)
{
    int prot = LX_PROT_READ | LX_PROT_WRITE, flags = LX_MAP_PRIVATE | LX_MAP_ANONYMOUS;
    void *copy = lx_mmap(NULL, bytes, prot, flags, -1, 0);
    if (lx_mmap_failed(copy))
        return -LX_ENOMEM;
    memcpy(copy, address, bytes);
    void *at = lx_mmap(address, bytes, prot, flags | LX_MAP_FIXED, -1, 0);
    if (!lx_mmap_failed(at))
        memcpy(address, copy, bytes);
    lx_munmap(copy, bytes);
    return lx_mmap_failed(at) ? -LX_ENOMEM : 0;
}

/* Takes a granted region's pages away from this process's view. */
static int region_hide(const struct page_region *region)
{
    size_t bytes = bytes_of(region->page_count);
    if (region->existing)
        return restore_pages(region->address, bytes);
    lx_munmap(region->address, bytes);
    return 0;
}

void simxen_regions_forget(struct simxen *sx)
{
    while (sx->regions) {
        struct page_region *region = sx->regions;
        sx->regions = region->next;
        region_hide(region);
        free(region);
    }
}

int simxen_revoke(struct simxen *sx, void *address)
{
    int error = -LX_EINVAL;
    lx_lock(&sx->lock);
    struct page_region *region = region_take(sx, address, false);
    if (region) {
        error = region_hide(region);
        if (error)
            region_keep(sx, region); /* still granted: the pages must not be used again */
        else
            end_ids(sx, SX_REVOKE, region);
    }
    lx_unlock(&sx->lock);
    if (!error)
        free(region);
    return error;
}

/* Maps frames of one domain at `at`, a system call for each run of neighbours. */
static int place_frames(uint8_t *at, const uint32_t *frames, uint32_t count, int protection, int fd)
{
    for (uint32_t done = 0; done < count;) {
        uint32_t run = 1;
        while (done + run < count && frames[done + run] == frames[done] + run)
            run++;
        void *placed =
            lx_mmap(at + bytes_of(done), bytes_of(run), protection, LX_MAP_SHARED | LX_MAP_FIXED,
                    fd, (uint64_t)frames[done] * SIMXEN_PAGE_BYTES);
        if (lx_mmap_failed(placed))
            return -LX_ENOMEM;
        done += run;
    }
    return 0;
}

/* One request: pages of one domain, first..first+count of the region. */
static int map_run(struct simxen *sx, struct page_region *region, uint32_t first, uint32_t count,
                   uint32_t domid, const uint32_t *refs, uint32_t flags,
                   const struct simxen_unmap_notify *notify, uint32_t *frames)
{
    struct sx_request request = {.op = SX_MAP, .domid = domid, .count = count, .flags = flags};
    struct simxen_unmap_notify here;
    struct sx_reply reply;
    int fd = -1;
    if (notify) {
        uint32_t offset = notify->offset_bytes;
        uint32_t page = offset == SIMXEN_NO_NOTIFY ? 0 : offset / SIMXEN_PAGE_BYTES;
        if (page >= first && page < first + count) {
            here = *notify;
            if (offset != SIMXEN_NO_NOTIFY)
                here.offset_bytes -= first * SIMXEN_PAGE_BYTES;
            set_notify(&request, &here);
        }
    }
    int error = simxen_call(sx, &request, refs + first, count, &reply, frames, count, &fd);
    if (!error && (reply.count != count || fd < 0))
        error = -LX_EPROTO;
    if (!error) {
        region->ids[region->id_count++] = reply.value;
        int protection = LX_PROT_READ | (flags & SX_FLAG_READONLY ? 0 : LX_PROT_WRITE);
        error = place_frames((uint8_t *)region->address + bytes_of(first), frames, count,
                             protection, fd);
    }
    if (fd >= 0)
        lx_close(fd);
    return error;
}

static int map_runs(struct simxen *sx, struct page_region *region, const uint32_t *domids,
                    bool one_domid, const uint32_t *refs, uint32_t flags,
                    const struct simxen_unmap_notify *notify, uint32_t *frames)
{
    uint32_t count = region->page_count;
    if (notify && notify->offset_bytes != SIMXEN_NO_NOTIFY &&
        notify->offset_bytes >= bytes_of(count))
        return -LX_EINVAL;
    for (uint32_t done = 0; done < count;) {
        uint32_t run = 1;
        while (done + run < count && (one_domid || domids[done + run] == domids[done]))
            run++;
        int error = map_run(sx, region, done, run, domids[one_domid ? 0 : done], refs, flags,
                            notify, frames);
        if (error)
            return error;
        done += run;
    }
    return 0;
}

int simxen_map(struct simxen *sx, uint32_t count, const uint32_t *domids, bool one_domid,
               const uint32_t *refs, uint32_t flags, const struct simxen_unmap_notify *notify,
               void **address)
{
    if (count == 0 || count > SX_MAX_COUNT)
        return -LX_EINVAL;
    struct page_region *region = region_new(count, one_domid ? 1 : count);
    uint32_t *frames = malloc(count * sizeof(uint32_t));
    int error = region && frames ? 0 : -LX_ENOMEM;
    if (!error) {
        region->mapped = true;
        region->address =
            lx_mmap(NULL, bytes_of(count), LX_PROT_NONE, LX_MAP_PRIVATE | LX_MAP_ANONYMOUS, -1, 0);
        if (lx_mmap_failed(region->address))
            error = -LX_ENOMEM;
    }
    if (!error) {
        lx_lock(&sx->lock);
        error = map_runs(sx, region, domids, one_domid, refs, flags & SIMXEN_GRANT_READONLY, notify,
                         frames);
        if (!error) {
            *address = region->address;
            region_keep(sx, region);
        } else {
            lx_munmap(region->address, bytes_of(count));
            end_ids(sx, SX_UNMAP, region);
        }
        lx_unlock(&sx->lock);
    }
    free(frames);
    if (error)
        free(region);
    return error;
}

int simxen_unmap(struct simxen *sx, void *address)
{
    lx_lock(&sx->lock);
    struct page_region *region = region_take(sx, address, true);
    if (region) {
        lx_munmap(address, bytes_of(region->page_count));
        end_ids(sx, SX_UNMAP, region);
    }
    lx_unlock(&sx->lock);
    if (!region)
        return -LX_EINVAL;
    free(region);
    return 0;
}
