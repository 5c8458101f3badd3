/* SPDX-License-Identifier: BSD-2-Clause */
/* One queue of a disk's backend: see ring.h. */
#include "ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/xen.h>

enum { PAGE_BYTES = 4096, SECTOR_BYTES = 512, PAGE_SECTORS = PAGE_BYTES / SECTOR_BYTES };
enum { SEGMENTS_PER_PAGE = PAGE_BYTES / sizeof(struct blkif_request_segment) };
/* What Xen's ring.h leaves to its user. */
#define mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

int ring_connect(struct ring *ring, struct backing *backing, xenevtchn_handle *events,
                 uint32_t domid, uint32_t *refs, uint32_t page_count, uint32_t remote_port,
                 bool keep_pages)
{
    memset(ring, 0, sizeof(*ring));
    ring->backing = backing;
    if (!pages_open(&ring->pages, domid, keep_pages))
        return -ENOMEM;
    ring->page_count = page_count;
    ring->shared = xengnttab_map_domain_grant_refs(ring->pages.grants, page_count, domid, refs,
                                                   PROT_READ | PROT_WRITE);
    int port = ring->shared ? xenevtchn_bind_interdomain(events, domid, remote_port) : -1;
    if (port < 0) {
        int error = errno ? errno : EIO;
        ring_disconnect(ring, events);
        return -error;
    }
    ring->port = (evtchn_port_t)port;
    BACK_RING_INIT(&ring->back, ring->shared, (size_t)PAGE_BYTES * page_count);
    return 0;
}

void ring_disconnect(struct ring *ring, xenevtchn_handle *events)
{
    if (ring->port)
        xenevtchn_unbind(events, ring->port);
    if (ring->shared)
        xengnttab_unmap(ring->pages.grants, ring->shared, ring->page_count);
    pages_close(&ring->pages);
    ring->shared = NULL;
    ring->port = 0;
}

/* --- One request. */

struct transfer {
    uint64_t sector;
    uint32_t count;
    struct blkif_request_segment segments[SEGMENTS_MAX];
    struct iovec iov[SEGMENTS_MAX];
};

/* Are the segments possible, and inside the disk? */
static bool segments_valid(const struct ring *ring, const struct transfer *transfer)
{
    uint64_t sectors = 0;
    for (uint32_t i = 0; i < transfer->count; i++) {
        const struct blkif_request_segment *segment = &transfer->segments[i];
        if (segment->last_sect >= PAGE_SECTORS || segment->first_sect > segment->last_sect)
            return false;
        sectors += segment->last_sect - segment->first_sect + 1u;
    }
    return transfer->sector <= ring->backing->sector_count &&
           sectors <= ring->backing->sector_count - transfer->sector;
}

static void unmap(struct ring *ring, struct transfer *transfer, uint32_t count, void *const *pages)
{
    for (uint32_t i = 0; i < count; i++)
        pages_done(&ring->pages, transfer->segments[i].gref, pages[i]);
}

static int move(struct ring *ring, struct transfer *transfer, bool write)
{
    void *pages[SEGMENTS_MAX];
    uint32_t mapped = 0;
    int error = 0;
    if (!segments_valid(ring, transfer))
        return -EINVAL;
    for (; mapped < transfer->count; mapped++) {
        const struct blkif_request_segment *segment = &transfer->segments[mapped];
        pages[mapped] = pages_map(&ring->pages, segment->gref, !write);
        if (!pages[mapped]) {
            error = -EFAULT;
            break;
        }
        transfer->iov[mapped] =
            (struct iovec){(uint8_t *)pages[mapped] + segment->first_sect * SECTOR_BYTES,
                           (segment->last_sect - segment->first_sect + 1u) * SECTOR_BYTES};
    }
    if (!error)
        error = backing_move(ring->backing, write, transfer->sector, transfer->iov,
                             (int)transfer->count);
    unmap(ring, transfer, mapped, pages);
    return error;
}

/* The segments of an indirect request, copied out of the guest's table. */
static bool take_table(struct ring *ring, const blkif_request_indirect_t *request,
                       struct transfer *transfer)
{
    if (request->nr_segments > SEGMENTS_MAX)
        return false;
    transfer->sector = request->sector_number;
    for (uint32_t first = 0; first < request->nr_segments; first += SEGMENTS_PER_PAGE) {
        uint32_t ref = request->indirect_grefs[first / SEGMENTS_PER_PAGE];
        uint32_t count = request->nr_segments - first;
        void *table = pages_map(&ring->pages, ref, false);
        if (!table)
            return false;
        if (count > SEGMENTS_PER_PAGE)
            count = SEGMENTS_PER_PAGE;
        memcpy(transfer->segments + first, table, count * sizeof(transfer->segments[0]));
        pages_done(&ring->pages, ref, table);
    }
    transfer->count = request->nr_segments;
    return true;
}

static bool take_segments(const blkif_request_t *request, struct transfer *transfer)
{
    if (request->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
        return false;
    transfer->sector = request->sector_number;
    transfer->count = request->nr_segments;
    memcpy(transfer->segments, request->seg, request->nr_segments * sizeof(request->seg[0]));
    return true;
}

static int read_or_write(struct ring *ring, const blkif_request_t *request, bool write)
{
    struct transfer transfer;
    const blkif_request_indirect_t *indirect = (const void *)request;
    bool taken = request->operation == BLKIF_OP_INDIRECT ? take_table(ring, indirect, &transfer)
                                                         : take_segments(request, &transfer);
    if (!taken || !transfer.count)
        return -EINVAL;
    return write && ring->backing->read_only ? -EROFS : move(ring, &transfer, write);
}

static int barrier(struct ring *ring, const blkif_request_t *request)
{
    int error = backing_flush(ring->backing);
    if (!error && request->nr_segments)
        error = read_or_write(ring, request, true);
    return error ? error : backing_flush(ring->backing);
}

static int discard(struct ring *ring, const blkif_request_discard_t *request)
{
    uint64_t size = ring->backing->sector_count;
    if (request->sector_number > size || request->nr_sectors > size - request->sector_number)
        return -EINVAL;
    return backing_discard(ring->backing, request->sector_number, request->nr_sectors);
}

static int perform(struct ring *ring, const blkif_request_t *request, uint8_t operation)
{
    switch (operation) {
    case BLKIF_OP_READ:
        return read_or_write(ring, request, false);
    case BLKIF_OP_WRITE:
        return read_or_write(ring, request, true);
    case BLKIF_OP_WRITE_BARRIER:
        return barrier(ring, request);
    case BLKIF_OP_FLUSH_DISKCACHE:
        return backing_flush(ring->backing);
    case BLKIF_OP_DISCARD:
        return discard(ring, (const void *)request);
    default:
        return -EOPNOTSUPP;
    }
}

static void answer(struct ring *ring, const blkif_request_t *request)
{
    const blkif_request_indirect_t *indirect = (const void *)request;
    bool is_indirect = request->operation == BLKIF_OP_INDIRECT;
    uint8_t operation = is_indirect ? indirect->indirect_op : request->operation;
    bool movable = operation == BLKIF_OP_READ || operation == BLKIF_OP_WRITE;
    int error = is_indirect && !movable ? -EINVAL : perform(ring, request, operation);
    blkif_response_t response = {.id = is_indirect ? indirect->id : request->id,
                                 .operation = operation,
                                 .status = error == -EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP
                                           : error              ? BLKIF_RSP_ERROR
                                                                : BLKIF_RSP_OKAY};
    ring->requests++;
    ring->errors += error != 0;
    conduct_response(&response);
    memcpy(RING_GET_RESPONSE(&ring->back, ring->back.rsp_prod_pvt), &response, sizeof(response));
    ring->back.rsp_prod_pvt++;
}

/* --- All that are there. */

static void publish(struct ring *ring, xenevtchn_handle *events)
{
    int notify;
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&ring->back, notify);
    if (conduct_ring(&ring->back) || notify)
        xenevtchn_notify(events, ring->port);
}

bool ring_serve(struct ring *ring, xenevtchn_handle *events)
{
    int more = 1;
    while (more) {
        RING_IDX prod = __atomic_load_n(&ring->shared->req_prod, __ATOMIC_ACQUIRE);
        if (RING_REQUEST_PROD_OVERFLOW(&ring->back, prod))
            return false;
        while (ring->back.req_cons != prod &&
               !RING_REQUEST_CONS_OVERFLOW(&ring->back, ring->back.req_cons)) {
            blkif_request_t request;
            RING_COPY_REQUEST(&ring->back, ring->back.req_cons, &request);
            ring->back.req_cons++;
            if (conduct_request(&request))
                answer(ring, &request);
        }
        publish(ring, events);
        RING_FINAL_CHECK_FOR_REQUESTS(&ring->back, more);
    }
    return true;
}
