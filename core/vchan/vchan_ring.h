/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vchan ring protocol: a control page with two byte rings, shared by the two domains of a
 * channel. This is the whole of what either side may read or write there (Xen's public
 * io/libxenvchan.h): layout, ring sizes, indices, requests to be notified, liveness.
 *
 * Here are the page, its set-up and its end; vchan_move.h moves bytes. Nothing waits, notifies or
 * maps. The caller owns the mappings and keeps them until it drops the struct.
 *
 * Trust: whatever the peer can write is loaded once, checked, then used. This side's own indices
 * are kept in private memory and are only ever stored to the page. Threads: one at a time on a
 * struct vchan_ring; the peer runs at any time.
 */
#ifndef VCHAN_RING_H
#define VCHAN_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VCHAN_PAGE_BYTES     4096u
#define VCHAN_PAGE_ORDER     12
#define VCHAN_SMALL_ORDER    10 /* a ring of 1 KiB, in the control page */
#define VCHAN_LARGE_ORDER    11 /* a ring of 2 KiB, in the control page */
#define VCHAN_MAX_ORDER      20
#define VCHAN_MAX_PAGES      (1u << (VCHAN_MAX_ORDER - VCHAN_PAGE_ORDER))
#define VCHAN_MAX_RING_BYTES (1u << VCHAN_MAX_ORDER)
#define VCHAN_SMALL_RING_AT  1024u
#define VCHAN_LARGE_RING_AT  2048u

/* A request to be notified: when the peer has written, when it has read. */
#define VCHAN_ON_WRITE 1u
#define VCHAN_ON_READ  2u

/* Free-running; prod - cons is what the ring holds. */
struct vchan_indices {
    uint32_t cons, prod;
};

/* left: the client writes, the server reads. right: the other way. */
struct vchan_page {
    struct vchan_indices left, right;
    uint16_t left_order, right_order;
    uint8_t cli_live, srv_live;
    uint8_t cli_notify; /* what the server wants the client to notify of */
    uint8_t srv_notify; /* what the client wants the server to notify of */
    uint32_t grants[];  /* of the left ring's pages, then the right ring's */
};
_Static_assert(offsetof(struct vchan_page, left) == 0, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_page, right) == 8, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_indices, prod) == 4, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_page, left_order) == 16, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_page, right_order) == 18, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_page, cli_live) == 20, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_page, srv_live) == 21, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_page, cli_notify) == 22, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_page, srv_notify) == 23, "Xen's public io/libxenvchan.h");
_Static_assert(offsetof(struct vchan_page, grants) == 24, "Xen's public io/libxenvchan.h");
_Static_assert(sizeof(struct vchan_page) + 4u * 2u * VCHAN_MAX_PAGES <= VCHAN_PAGE_BYTES,
               "the grants of two rings of the largest order fit");
_Static_assert(sizeof(struct vchan_page) + 4u * VCHAN_MAX_PAGES <= VCHAN_LARGE_RING_AT,
               "one ring of the largest order beside one of 2 KiB in the page");

/* Values of cli_live and srv_live. */
enum vchan_live {
    VCHAN_LIVE_GONE = 0,
    VCHAN_LIVE_CONNECTED = 1,
    VCHAN_LIVE_WAITING = 2, /* cli_live only: no client has come yet */
};

struct vchan_orders {
    uint8_t left, right;
};

/* The server's choice for rings of at least these sizes; false: more than 1 MiB was asked. */
bool vchan_orders_choose(size_t left_min_bytes, size_t right_min_bytes, struct vchan_orders *out);
/* May two rings of these orders share one control page? */
bool vchan_orders_valid(struct vchan_orders orders);
/* Pages outside the control page; 0 for orders 10 and 11. */
uint32_t vchan_order_pages(uint8_t order);

enum vchan_fault {
    VCHAN_NO_FAULT = 0,
    VCHAN_FAULT_READ_INDEX,  /* the peer's producer index says more than the ring holds */
    VCHAN_FAULT_WRITE_INDEX, /* the peer's consumer index passed our producer index */
};

/* In static words; NULL: no fault. */
const char *vchan_fault_text(enum vchan_fault fault);

struct vchan_ring_half {
    struct vchan_indices *shared;
    uint8_t *bytes;
    uint32_t size;      /* a power of two */
    uint32_t own;       /* our index: cons for reading, prod for writing */
    uint32_t stored;    /* reading: own, as the peer sees it */
    uint32_t held_back; /* reading: how far stored may be behind */
    uint32_t other;     /* the peer's index as last loaded and checked */
};

struct vchan_ring {
    struct vchan_page *page;
    struct vchan_ring_half rx, tx;
    uint8_t *request_byte; /* what we want to be notified of */
    uint8_t *demand_byte;  /* what the peer wants to be notified of */
    uint8_t *own_live, *peer_live;
    enum vchan_fault fault; /* sticky: from here on the ring moves nothing */
};

/* Server: gives a zeroed control page its first content, without grants. Before anybody else can
 * see the page. */
void vchan_page_init(struct vchan_page *page, struct vchan_orders orders);
/* Client: loads the orders once; false when they are not valid. */
bool vchan_page_orders(const struct vchan_page *page, struct vchan_orders *out);

/* left_bytes, right_bytes: the mapped ring pages, NULL for a ring in the control page. Continues
 * at the page's indices (a client may follow another one). Call vchan_ring_announce() next. */
void vchan_ring_attach(struct vchan_ring *ring, struct vchan_page *page, bool is_server,
                       struct vchan_orders orders, void *left_bytes, void *right_bytes);
/* Client: says that it is connected and wants to know of data. The server is to be notified. */
void vchan_ring_announce(struct vchan_ring *ring);
/* Says that this side is gone. The peer is to be notified; what was written stays readable. */
void vchan_ring_leave(struct vchan_ring *ring);
/* What the peer's live byte says; a value that it may not have counts as gone. */
enum vchan_live vchan_ring_peer(const struct vchan_ring *ring);

/* A decimal number from the peer's part of xenstore, 1 to UINT32_MAX; false for anything else. */
bool vchan_parse_key(const char *text, size_t length, uint32_t *out);

#endif
