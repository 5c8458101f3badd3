/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One queue of a PV disk: see queue.h. Of the ring's page only response_prod, request_event and the
 * responses are ever read, each once.
 */
#include "core/block/queue.h"

#include <string.h>

/* --- Lists of requests. */

static void append(struct blk_request_list *list, struct blk_request *request)
{
    request->next = NULL;
    request->previous = list->last;
    if (list->last)
        list->last->next = request;
    else
        list->first = request;
    list->last = request;
}

static void unlink_request(struct blk_request_list *list, struct blk_request *request)
{
    if (request->previous)
        request->previous->next = request->next;
    else
        list->first = request->next;
    if (request->next)
        request->next->previous = request->previous;
    else
        list->last = request->previous;
}

static void finish(struct blk_queue *queue, struct blk_request *request, enum blk_status status)
{
    if (queue->waiting == request)
        queue->waiting = request->next;
    unlink_request(&queue->open, request);
    request->status = status;
    append(&queue->done, request);
}

/* As it was submitted. */
static void rewind_request(struct blk_request *request)
{
    request->cursor = (struct blk_cursor){0};
    request->issued_bytes = 0;
    request->parts = 0;
    request->issued = false;
    request->flushing = false;
    request->status = BLK_OK;
}

/* --- Slots and pages. */

static void free_slots(struct blk_queue *queue)
{
    queue->slot_free = BLK_NO_PAGE;
    for (uint32_t i = queue->slot_count; i-- > 0;) {
        queue->slots[i].request = NULL;
        queue->slots[i].generation++;
        queue->slots[i].next = queue->slot_free;
        queue->slot_free = i;
    }
    queue->on_ring = 0;
}

static void free_pages(struct blk_queue *queue)
{
    queue->page_free = BLK_NO_PAGE;
    for (uint32_t i = queue->page_count; i-- > 0;) {
        queue->pages[i].next = queue->page_free;
        queue->page_free = i;
    }
    queue->pages_left = queue->page_count;
}

/* The most recently used page, which the backend is likeliest to have mapped and the CPU in its
 * cache. The caller has counted. */
static uint32_t take_page(struct blk_queue *queue, uint32_t **link)
{
    uint32_t index = queue->page_free;
    struct blk_page *page = &queue->pages[index];
    queue->page_free = page->next;
    queue->pages_left--;
    page->next = BLK_NO_PAGE;
    **link = index;
    *link = &page->next;
    return index;
}

static void give_page(struct blk_queue *queue, uint32_t index)
{
    queue->pages[index].next = queue->page_free;
    queue->page_free = index;
    queue->pages_left++;
}

void blk_queue_init(struct blk_queue *queue, struct blk_slot *slots, uint32_t slot_count,
                    struct blk_page *pages, uint32_t page_count)
{
    memset(queue, 0, sizeof(*queue));
    queue->slots = slots;
    queue->slot_count = slot_count;
    queue->pages = pages;
    queue->page_count = page_count;
    free_slots(queue);
    free_pages(queue);
}

/* --- Copying between a request's pieces and a page. */

static void copy(const struct blk_request *request, struct blk_cursor *at, uint8_t *page,
                 uint32_t length, bool to_page)
{
    while (length) {
        const struct blk_piece *piece = &request->pieces[at->piece];
        uint32_t count = piece->length - at->offset;
        if (count > length)
            count = length;
        uint8_t *bytes = (uint8_t *)piece->bytes + at->offset;
        memcpy(to_page ? page : bytes, to_page ? bytes : page, count);
        page += count;
        length -= count;
        at->offset += count;
        if (at->offset == piece->length)
            *at = (struct blk_cursor){.piece = at->piece + 1};
    }
}

static void advance(const struct blk_request *request, struct blk_cursor *at, uint32_t length)
{
    while (length) {
        uint32_t count = request->pieces[at->piece].length - at->offset;
        if (count > length)
            count = length;
        length -= count;
        at->offset += count;
        if (at->offset == request->pieces[at->piece].length)
            *at = (struct blk_cursor){.piece = at->piece + 1};
    }
}

/* --- Requests onto the ring. */

static union blk_wire_request *next_entry(struct blk_queue *queue)
{
    return &queue->ring->entries[queue->request_prod++ & (queue->entry_count - 1)].request;
}

/* A free slot, taken for a part of the request; *id is what the wire calls it. */
static struct blk_slot *take_slot(struct blk_queue *queue, struct blk_request *request,
                                  uint8_t operation, uint64_t *id)
{
    uint32_t index = queue->slot_free;
    struct blk_slot *slot = &queue->slots[index];
    queue->slot_free = slot->next;
    queue->on_ring++;
    queue->requests_sent++;
    slot->request = request;
    slot->operation = operation;
    slot->page = BLK_NO_PAGE;
    slot->length_bytes = 0;
    request->parts++;
    *id = (uint64_t)slot->generation << 32 | index;
    return slot;
}

static uint64_t data_bytes(const struct blk_request *request)
{
    return request->sector_count * BLK_SECTOR_BYTES;
}

/* Fills the segments' table with length bytes of the request's data, and gives them pages. */
static void put_segments(struct blk_queue *queue, struct blk_request *request,
                         struct blk_slot *slot, struct blk_wire_segment *table, uint32_t **link)
{
    for (uint32_t done = 0; done < slot->length_bytes; done += BLK_PAGE_BYTES) {
        uint32_t length = slot->length_bytes - done;
        if (length > BLK_PAGE_BYTES)
            length = BLK_PAGE_BYTES;
        const struct blk_page *page = &queue->pages[take_page(queue, link)];
        if (request->op == BLK_WRITE)
            copy(request, &request->cursor, page->bytes, length, true);
        *table++ = (struct blk_wire_segment){
            .ref = page->ref,
            .last_sector = (uint8_t)(length / BLK_SECTOR_BYTES - 1),
        };
    }
    if (request->op == BLK_READ)
        advance(request, &request->cursor, slot->length_bytes);
}

static void put_direct(struct blk_queue *queue, struct blk_request *request, struct blk_slot *slot,
                       uint64_t id, uint32_t segments)
{
    union blk_wire_request *entry = next_entry(queue);
    uint32_t *link = &slot->page;
    entry->rw.operation = slot->operation;
    entry->rw.segment_count = (uint8_t)segments;
    entry->rw.handle = queue->handle;
    entry->rw.id = id;
    entry->rw.sector = request->sector + request->issued_bytes / BLK_SECTOR_BYTES;
    put_segments(queue, request, slot, entry->rw.segments, &link);
}

static void put_indirect(struct blk_queue *queue, struct blk_request *request,
                         struct blk_slot *slot, uint64_t id, uint32_t segments)
{
    union blk_wire_request *entry = next_entry(queue);
    uint32_t *link = &slot->page;
    const struct blk_page *table = &queue->pages[take_page(queue, &link)];
    entry->indirect.operation = BLK_WIRE_INDIRECT;
    entry->indirect.indirect_operation = slot->operation;
    entry->indirect.segment_count = (uint16_t)segments;
    entry->indirect.id = id;
    entry->indirect.sector = request->sector + request->issued_bytes / BLK_SECTOR_BYTES;
    entry->indirect.handle = queue->handle;
    entry->indirect.refs[0] = table->ref;
    put_segments(queue, request, slot, (struct blk_wire_segment *)(void *)table->bytes, &link);
}

/* The next part of a read or write. False: there is no room for it yet. */
static bool put_part(struct blk_queue *queue, struct blk_request *request)
{
    uint64_t left = data_bytes(request) - request->issued_bytes;
    uint32_t max = queue->disk.segments_max;
    if (max >= queue->page_count) /* a small pool: one page for the table */
        max = queue->page_count - 1;
    uint64_t length = left < (uint64_t)max * BLK_PAGE_BYTES ? left : (uint64_t)max * BLK_PAGE_BYTES;
    uint32_t segments = (uint32_t)((length + BLK_PAGE_BYTES - 1) / BLK_PAGE_BYTES);
    bool indirect = segments > BLK_WIRE_SEGMENTS;
    if (segments + indirect > queue->pages_left)
        return false;

    uint64_t id;
    struct blk_slot *slot =
        take_slot(queue, request, request->op == BLK_READ ? BLK_WIRE_READ : BLK_WIRE_WRITE, &id);
    slot->length_bytes = (uint32_t)length;
    slot->cursor = request->cursor;
    if (indirect)
        put_indirect(queue, request, slot, id, segments);
    else
        put_direct(queue, request, slot, id, segments);
    request->issued_bytes += length;
    request->issued = request->issued_bytes == data_bytes(request);
    return true;
}

static void put_flush(struct blk_queue *queue, struct blk_request *request)
{
    uint64_t id;
    struct blk_slot *slot =
        take_slot(queue, request,
                  queue->disk.flush == BLK_FLUSH_COMMAND ? BLK_WIRE_FLUSH : BLK_WIRE_BARRIER, &id);
    union blk_wire_request *entry = next_entry(queue);
    entry->rw.operation = slot->operation;
    entry->rw.segment_count = 0;
    entry->rw.handle = queue->handle;
    entry->rw.id = id;
    entry->rw.sector = 0;
    request->issued = true;
}

static void put_discard(struct blk_queue *queue, struct blk_request *request)
{
    uint64_t id;
    take_slot(queue, request, BLK_WIRE_DISCARD, &id);
    union blk_wire_request *entry = next_entry(queue);
    entry->discard.operation = BLK_WIRE_DISCARD;
    entry->discard.flags = request->secure ? BLK_WIRE_DISCARD_SECURE : 0;
    entry->discard.handle = queue->handle;
    entry->discard.id = id;
    entry->discard.sector = request->sector;
    entry->discard.sector_count = request->sector_count;
    request->issued = true;
}

static bool in_range(const struct blk_queue *queue, const struct blk_request *request)
{
    uint64_t mask = queue->disk.sector_bytes / BLK_SECTOR_BYTES - 1;
    return request->sector_count && request->sector <= queue->disk.sector_count &&
           request->sector_count <= queue->disk.sector_count - request->sector &&
           !((request->sector | request->sector_count) & mask);
}

static bool pieces_fit(const struct blk_request *request)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < request->piece_count; i++) {
        if (!request->pieces[i].length)
            return false;
        bytes += request->pieces[i].length;
    }
    return bytes == data_bytes(request);
}

/* BLK_OK: it may go to this disk. */
static enum blk_status admit(const struct blk_queue *queue, const struct blk_request *request)
{
    const struct blk_disk *disk = &queue->disk;
    if (request->op == BLK_FLUSH)
        return disk->flush == BLK_FLUSH_NONE ? BLK_NOT_SUPPORTED : BLK_OK;
    if (request->op != BLK_READ && disk->read_only)
        return BLK_READ_ONLY_DISK;
    if (!in_range(queue, request))
        return BLK_OUT_OF_RANGE;
    if (request->op == BLK_DISCARD) {
        bool has = request->secure ? disk->discard_secure : disk->discard;
        return has ? BLK_OK : BLK_NOT_SUPPORTED;
    }
    return pieces_fit(request) ? BLK_OK : BLK_OUT_OF_RANGE;
}

/* One step of the request. False: there is no room. */
static bool put(struct blk_queue *queue, struct blk_request *request, uint64_t now_ms)
{
    if (request->op == BLK_FLUSH || request->flushing)
        put_flush(queue, request);
    else if (request->op == BLK_DISCARD)
        put_discard(queue, request);
    else if (!put_part(queue, request))
        return false;
    request->progress_ms = now_ms;
    return true;
}

static bool has_room(const struct blk_queue *queue)
{
    return queue->slot_free != BLK_NO_PAGE && queue->on_ring < queue->entry_count;
}

static void put_all(struct blk_queue *queue, uint64_t now_ms)
{
    struct blk_request *request;
    while ((request = queue->waiting) && has_room(queue)) {
        if (!request->issued_bytes && !request->flushing) {
            enum blk_status status = admit(queue, request);
            if (status != BLK_OK) {
                finish(queue, request, status);
                continue;
            }
        }
        if (!put(queue, request, now_ms))
            return;
        if (request->issued)
            queue->waiting = request->next;
    }
}

bool blk_queue_push(struct blk_queue *queue, uint64_t now_ms)
{
    if (!queue->connected || queue->fault)
        return false;
    uint32_t before = queue->request_prod;
    put_all(queue, now_ms);
    uint32_t count = queue->request_prod - before;
    if (!count)
        return false;
    __atomic_store_n(&queue->ring->request_prod, queue->request_prod, __ATOMIC_RELEASE);
    /* The backend either sees the new index or has asked to be told of it. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint32_t event = __atomic_load_n(&queue->ring->request_event, __ATOMIC_RELAXED);
    return queue->request_prod - event < count;
}

void blk_queue_submit(struct blk_queue *queue, struct blk_request *request)
{
    rewind_request(request);
    append(&queue->open, request);
    if (queue->failed)
        finish(queue, request, queue->fail_status);
    else if (!queue->waiting)
        queue->waiting = request;
}

/* --- Responses. */

static void read_pages(struct blk_queue *queue, struct blk_slot *slot, uint32_t segments)
{
    struct blk_cursor at = slot->cursor;
    uint32_t page = slot->page, left = slot->length_bytes;
    if (segments > BLK_WIRE_SEGMENTS)
        page = queue->pages[page].next; /* the first was the table */
    for (; left; page = queue->pages[page].next) {
        uint32_t length = left < BLK_PAGE_BYTES ? left : BLK_PAGE_BYTES;
        copy(slot->request, &at, queue->pages[page].bytes, length, false);
        left -= length;
    }
}

static void release(struct blk_queue *queue, struct blk_slot *slot, uint32_t index)
{
    for (uint32_t page = slot->page, next; page != BLK_NO_PAGE; page = next) {
        next = queue->pages[page].next;
        give_page(queue, page);
    }
    slot->request = NULL;
    slot->generation++;
    slot->next = queue->slot_free;
    queue->slot_free = index;
    queue->on_ring--;
}

static enum blk_status status_of(int16_t status)
{
    return status == BLK_WIRE_OKAY
               ? BLK_OK
               : (status == BLK_WIRE_NOT_SUPPORTED ? BLK_NOT_SUPPORTED : BLK_ERROR);
}

/* What the backend offered and does not have: it is not asked again. */
static void learn_not_supported(struct blk_disk *disk, uint8_t operation)
{
    if (operation == BLK_WIRE_FLUSH || operation == BLK_WIRE_BARRIER)
        disk->flush = BLK_FLUSH_NONE;
    else if (operation == BLK_WIRE_DISCARD)
        disk->discard = disk->discard_secure = false;
}

/* What is left of a request that failed is not worth the way. */
static void give_up(struct blk_queue *queue, struct blk_request *request)
{
    if (queue->waiting == request)
        queue->waiting = request->next;
    request->issued = true;
}

/* All parts of a request are answered. */
static void end_request(struct blk_queue *queue, struct blk_request *request)
{
    enum blk_status status = request->status;
    bool flush = request->op == BLK_WRITE && request->fua && !request->flushing &&
                 status == BLK_OK && queue->disk.flush != BLK_FLUSH_NONE;
    if (!flush) {
        finish(queue, request, status);
        return;
    }
    /* It takes its place again behind those that are on the ring. */
    request->flushing = true;
    request->issued = false;
    unlink_request(&queue->open, request);
    struct blk_request *behind = queue->waiting;
    if (!behind) {
        append(&queue->open, request);
    } else {
        request->next = behind;
        request->previous = behind->previous;
        if (behind->previous)
            behind->previous->next = request;
        else
            queue->open.first = request;
        behind->previous = request;
    }
    queue->waiting = request;
}

static enum blk_fault take_response(struct blk_queue *queue,
                                    const struct blk_wire_response *response, uint64_t now_ms)
{
    uint32_t index = (uint32_t)response->id;
    if (index >= queue->slot_count)
        return BLK_FAULT_ID;
    struct blk_slot *slot = &queue->slots[index];
    struct blk_request *request = slot->request;
    if (!request || slot->generation != response->id >> 32)
        return BLK_FAULT_ID;
    if (response->operation != slot->operation)
        return BLK_FAULT_OPERATION;

    enum blk_status status = status_of(response->status);
    if (request->op == BLK_READ && status == BLK_OK)
        read_pages(queue, slot, (slot->length_bytes + BLK_PAGE_BYTES - 1) / BLK_PAGE_BYTES);
    if (status == BLK_NOT_SUPPORTED)
        learn_not_supported(&queue->disk, slot->operation);
    if (request->status == BLK_OK)
        request->status = status;
    if (request->status != BLK_OK && !request->issued)
        give_up(queue, request);
    release(queue, slot, index);
    request->parts--;
    request->progress_ms = now_ms;
    if (!request->parts && request->issued)
        end_request(queue, request);
    return BLK_NO_FAULT;
}

/* Takes what is there; *more: something came meanwhile. */
static enum blk_fault take_responses(struct blk_queue *queue, uint64_t now_ms)
{
    struct blk_wire_ring *ring = queue->ring;
    uint32_t prod = __atomic_load_n(&ring->response_prod, __ATOMIC_ACQUIRE);
    if (prod - queue->response_cons > queue->on_ring)
        return BLK_FAULT_INDEX;
    while (queue->response_cons != prod) {
        struct blk_wire_response response;
        const volatile struct blk_wire_response *shared =
            &ring->entries[queue->response_cons & (queue->entry_count - 1)].response;
        response.id = shared->id;
        response.operation = shared->operation;
        response.status = shared->status;
        queue->response_cons++;
        enum blk_fault fault = take_response(queue, &response, now_ms);
        if (fault)
            return fault;
    }
    return BLK_NO_FAULT;
}

enum blk_fault blk_queue_event(struct blk_queue *queue, uint64_t now_ms)
{
    if (!queue->connected || queue->fault)
        return queue->fault;
    queue->events++;
    do {
        queue->fault = take_responses(queue, now_ms);
        if (queue->fault)
            return queue->fault;
        __atomic_store_n(&queue->ring->response_event, queue->response_cons + 1, __ATOMIC_RELAXED);
        /* Either the backend sees that we want to be told, or we see what it wrote. */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        /* No more rounds than there are requests on the ring: nothing is pushed meanwhile. */
    } while (__atomic_load_n(&queue->ring->response_prod, __ATOMIC_RELAXED) !=
             queue->response_cons);
    return BLK_NO_FAULT;
}

struct blk_request *blk_queue_done(struct blk_queue *queue)
{
    struct blk_request *request = queue->done.first;
    if (request)
        unlink_request(&queue->done, request);
    return request;
}

/* --- The connection. */

void blk_queue_attach(struct blk_queue *queue, struct blk_wire_ring *ring, uint32_t order)
{
    blk_queue_detach(queue);
    memset(ring, 0, (size_t)BLK_PAGE_BYTES << order);
    ring->request_event = 1;
    ring->response_event = 1;
    queue->failed = false;
    queue->ring = ring;
    queue->entry_count = blk_wire_ring_entries(order);
}

void blk_queue_connect(struct blk_queue *queue, const struct blk_disk *disk, uint32_t handle)
{
    queue->disk = *disk;
    queue->handle = (uint16_t)handle;
    queue->connected = queue->ring != NULL;
}

void blk_queue_change(struct blk_queue *queue, const struct blk_disk *disk)
{
    queue->disk = *disk;
}

void blk_queue_detach(struct blk_queue *queue)
{
    queue->ring = NULL;
    queue->connected = false;
    queue->fault = BLK_NO_FAULT;
    queue->request_prod = queue->response_cons = 0;
    free_slots(queue);
    free_pages(queue);
    for (struct blk_request *request = queue->open.first; request; request = request->next)
        rewind_request(request);
    queue->waiting = queue->open.first;
}

void blk_queue_fail(struct blk_queue *queue, enum blk_status status)
{
    blk_queue_detach(queue);
    queue->failed = true;
    queue->fail_status = status;
    while (queue->open.first)
        finish(queue, queue->open.first, status);
}

void blk_queue_move(struct blk_queue *from, struct blk_queue *to)
{
    struct blk_request *request;
    while ((request = from->open.first)) {
        unlink_request(&from->open, request);
        append(&to->open, request);
    }
    from->waiting = NULL;
    to->waiting = to->open.first;
}

bool blk_queue_oldest(const struct blk_queue *queue, uint64_t *since_ms)
{
    if (!queue->on_ring)
        return false;
    *since_ms = queue->open.first->progress_ms;
    return true;
}

bool blk_queue_idle(const struct blk_queue *queue)
{
    return !queue->open.first;
}
