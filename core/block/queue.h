/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One queue of a PV disk: requests go in, travel over one ring, and come back done, each exactly
 * once. A request may be as long as the caller likes: the queue cuts it into what the backend
 * takes.
 *
 *     blk_queue_submit(queue, request) ...          as many as there are
 *     if (blk_queue_push(queue, now)) notify the backend
 *     event: blk_queue_event(queue, now); then blk_queue_push() again, as there is room now
 *     while ((request = blk_queue_done(queue)))     it is its owner's again
 *
 * Data is copied between the request's memory and a pool of pages that are granted to the backend
 * for as long as it is connected (persistent grants): so no request costs a grant operation, no
 * memory of the guest's own is ever shared, nothing has to be aligned, and a backend that does not
 * know persistent grants is served in the same way. What a backend can see in the pool is data that
 * it was sent or sent itself. A request waits for its turn when the ring or the pool is full; turns
 * are taken in the order of submission.
 *
 * The backend is not trusted: indices and responses are copied once and checked; an identifier is
 * an index and a generation. A fault is sticky: nothing more goes to the ring or comes from it, and
 * the requests stay until blk_queue_fail() gives them back.
 *
 * Nothing here waits, allocates, or calls Xen. One caller at a time (the queue's lock, the
 * caller's; at any IRQL). Times are milliseconds of any clock that does not go back.
 */
#ifndef CORE_BLOCK_QUEUE_H
#define CORE_BLOCK_QUEUE_H

#include "core/block/disk.h"

enum blk_op { BLK_READ, BLK_WRITE, BLK_FLUSH, BLK_DISCARD };

enum blk_status {
    BLK_OK,
    BLK_ERROR,         /* the backend says so; what a write left on the disk is not known */
    BLK_NOT_SUPPORTED, /* the backend has no such operation (flush, discard, secure discard) */
    BLK_OUT_OF_RANGE,  /* beyond the end, or not whole sectors of the disk's size */
    BLK_READ_ONLY_DISK,
    BLK_FAILED, /* the disk failed or was closed; it may have been done or not */
};

struct blk_piece {
    void *bytes;
    uint32_t length;
};

struct blk_cursor { /* into the pieces */
    uint32_t piece, offset;
};

struct blk_request {
    /* In. Unchanged until it is done. */
    enum blk_op op;
    bool fua;    /* BLK_WRITE: done means on stable storage, where the disk has a cache */
    bool secure; /* BLK_DISCARD */
    uint64_t sector, sector_count;  /* of 512 bytes; BLK_FLUSH: neither */
    const struct blk_piece *pieces; /* read, write: sector_count * 512 bytes in all */
    uint32_t piece_count;
    void *owner; /* for the caller alone */
    /* Out, when done. */
    enum blk_status status;
    /* The queue's. */
    struct blk_request *previous, *next;
    struct blk_cursor cursor;
    uint64_t issued_bytes; /* of its data; the parts up to here are or were on the ring */
    uint64_t progress_ms;
    uint32_t parts; /* on the ring */
    bool issued;    /* all of it */
    bool flushing;  /* fua: the data is written */
};

struct blk_page {   /* of the pool */
    uint8_t *bytes; /* BLK_PAGE_BYTES, the owner's; zeroed before they are granted */
    uint32_t ref;   /* the grant that lets the backend read and write it */
    uint32_t next;  /* the queue's */
};

struct blk_slot {                /* a request on the ring: the queue's */
    struct blk_request *request; /* NULL: free */
    uint32_t generation;
    uint32_t next; /* free ones */
    uint32_t page; /* the first of a list */
    uint32_t length_bytes;
    struct blk_cursor cursor;
    uint8_t operation;
};

struct blk_request_list {
    struct blk_request *first, *last;
};

struct blk_queue {
    struct blk_wire_ring *ring; /* NULL: none */
    uint32_t entry_count;
    uint32_t request_prod, response_cons; /* ours; only ever stored to the ring */
    struct blk_slot *slots;
    uint32_t slot_count, slot_free, on_ring;
    struct blk_page *pages;
    uint32_t page_count, page_free, pages_left;
    struct blk_request_list open; /* in the order of submission: those on the ring come first */
    struct blk_request *waiting;  /* the first that is not issued to its end; NULL: none */
    struct blk_request_list done;
    struct blk_disk disk;
    bool connected, failed;
    enum blk_status fail_status;
    enum blk_fault fault;
    uint16_t handle;
    uint64_t requests_sent, events; /* counters for a dump */
};

enum { BLK_NO_PAGE = 0xffffffff, BLK_POOL_PAGES_MIN = BLK_WIRE_SEGMENTS + 1 };

/* slots: zeroed, one for each entry of the largest ring it will have (blk_wire_ring_entries), fewer
 * limit the requests at a time. pages: the pool, BLK_POOL_PAGES_MIN at least, or requests of more
 * than 44 KiB take several turns and need 257. Both live as long as the queue. */
void blk_queue_init(struct blk_queue *queue, struct blk_slot *slots, uint32_t slot_count,
                    struct blk_page *pages, uint32_t page_count);

/* ring: 2^order pages side by side, which it makes empty; before the backend knows of them.
 * Requests wait until blk_queue_connect(). */
void blk_queue_attach(struct blk_queue *queue, struct blk_wire_ring *ring, uint32_t order);
/* The backend answers from here on. handle: the number of the disk's folder in XenStore, of which
 * the wire has 16 bits. Every page's ref is valid. Call blk_queue_push(). */
void blk_queue_connect(struct blk_queue *queue, const struct blk_disk *disk, uint32_t handle);
/* The disk changed (grew) while connected. */
void blk_queue_change(struct blk_queue *queue, const struct blk_disk *disk);
/* The ring is gone (a suspend): what was not done will be done again on the next one, in the same
 * order. Also ends a fault. The pages are to be granted anew. */
void blk_queue_detach(struct blk_queue *queue);
/* Every request there is, and each that comes later, is done with status. The pages are the owner's
 * to revoke: what the backend still has mapped it can still change. */
void blk_queue_fail(struct blk_queue *queue, enum blk_status status);
/* For a queue that is not needed any more (fewer after a reconnect): its requests go behind those
 * of `to`. Neither is connected. */
void blk_queue_move(struct blk_queue *from, struct blk_queue *to);

/* Always accepted: it is done at once if it cannot be (blk_queue_push() says so). */
void blk_queue_submit(struct blk_queue *queue, struct blk_request *request);
/* Puts on the ring what has room. True: notify the backend. */
bool blk_queue_push(struct blk_queue *queue, uint64_t now_ms);
/* The event channel fired: takes the responses that are there. Call blk_queue_push() and
 * blk_queue_done() after it. Not BLK_NO_FAULT: the disk is to be failed (blk_front_fault). */
enum blk_fault blk_queue_event(struct blk_queue *queue, uint64_t now_ms);
/* The next request that is done, or NULL. */
struct blk_request *blk_queue_done(struct blk_queue *queue);

/* Since when the oldest request on the ring has seen no progress; false: there is none. Older than
 * the owner's patience: blk_front_fault(BLK_FAULT_SILENT). */
bool blk_queue_oldest(const struct blk_queue *queue, uint64_t *since_ms);
/* Nothing waits and nothing is on the ring. */
bool blk_queue_idle(const struct blk_queue *queue);

#endif
