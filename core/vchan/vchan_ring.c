/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control page of a vchan: ring sizes, its first content, both sides' coming and going. What is
 * done for each message is in vchan_move.h.
 */
#include "core/vchan/vchan_ring.h"

/* --- Ring sizes */

static uint8_t page_order_for(size_t bytes)
{
    uint8_t order = VCHAN_PAGE_ORDER;

    while (((size_t)1 << order) < bytes)
        order++;
    return order;
}

bool vchan_orders_choose(size_t left_min_bytes, size_t right_min_bytes, struct vchan_orders *out)
{
    const size_t small = (size_t)1 << VCHAN_SMALL_ORDER, large = (size_t)1 << VCHAN_LARGE_ORDER;

    if (left_min_bytes > VCHAN_MAX_RING_BYTES || right_min_bytes > VCHAN_MAX_RING_BYTES)
        return false;
    out->left = page_order_for(left_min_bytes);
    out->right = page_order_for(right_min_bytes);
    if (left_min_bytes <= small && right_min_bytes <= large) {
        out->left = VCHAN_SMALL_ORDER;
        out->right = VCHAN_LARGE_ORDER;
    } else if (left_min_bytes <= large && right_min_bytes <= small) {
        out->left = VCHAN_LARGE_ORDER;
        out->right = VCHAN_SMALL_ORDER;
    } else if (left_min_bytes <= large) {
        out->left = VCHAN_LARGE_ORDER;
    } else if (right_min_bytes <= large) {
        out->right = VCHAN_LARGE_ORDER;
    }
    return true;
}

bool vchan_orders_valid(struct vchan_orders orders)
{
    if (orders.left < VCHAN_SMALL_ORDER || orders.left > VCHAN_MAX_ORDER)
        return false;
    if (orders.right < VCHAN_SMALL_ORDER || orders.right > VCHAN_MAX_ORDER)
        return false;
    return orders.left != orders.right || orders.left >= VCHAN_PAGE_ORDER;
}

uint32_t vchan_order_pages(uint8_t order)
{
    return order < VCHAN_PAGE_ORDER ? 0 : 1u << (order - VCHAN_PAGE_ORDER);
}

/* --- Set-up and end */

const char *vchan_fault_text(enum vchan_fault fault)
{
    switch (fault) {
    case VCHAN_NO_FAULT:
        return NULL;
    case VCHAN_FAULT_READ_INDEX:
        return "an index that says more was written than the ring holds";
    case VCHAN_FAULT_WRITE_INDEX:
        return "an index that says more was read than was written";
    }
    return NULL;
}

void vchan_page_init(struct vchan_page *page, struct vchan_orders orders)
{
    page->left_order = orders.left;
    page->right_order = orders.right;
    page->cli_live = VCHAN_LIVE_WAITING;
    page->srv_live = VCHAN_LIVE_CONNECTED;
    page->cli_notify = VCHAN_ON_WRITE;
    page->srv_notify = 0;
}

bool vchan_page_orders(const struct vchan_page *page, struct vchan_orders *out)
{
    uint16_t left = __atomic_load_n(&page->left_order, __ATOMIC_RELAXED);
    uint16_t right = __atomic_load_n(&page->right_order, __ATOMIC_RELAXED);

    if (left > VCHAN_MAX_ORDER || right > VCHAN_MAX_ORDER)
        return false;
    out->left = (uint8_t)left;
    out->right = (uint8_t)right;
    return vchan_orders_valid(*out);
}

static uint8_t *ring_bytes(struct vchan_page *page, uint8_t order, void *pages)
{
    if (order == VCHAN_SMALL_ORDER)
        return (uint8_t *)page + VCHAN_SMALL_RING_AT;
    if (order == VCHAN_LARGE_ORDER)
        return (uint8_t *)page + VCHAN_LARGE_RING_AT;
    return pages;
}

/* So much room may be held back: enough to spare most of the stores, too little to be missed. */
enum { HELD_BACK_BYTES = 16 * 1024 };

static void attach_half(struct vchan_ring_half *half, struct vchan_indices *shared, uint8_t *bytes,
                        uint8_t order, bool reads)
{
    half->shared = shared;
    half->bytes = bytes;
    half->size = 1u << order;
    half->held_back = half->size / 4 < HELD_BACK_BYTES ? half->size / 4 : HELD_BACK_BYTES;
    half->own = half->stored =
        __atomic_load_n(reads ? &shared->cons : &shared->prod, __ATOMIC_SEQ_CST);
    /* Whatever the peer's index says is looked at, and checked, at first use. */
    half->other = reads ? half->own : half->own - half->size;
}

void vchan_ring_attach(struct vchan_ring *ring, struct vchan_page *page, bool is_server,
                       struct vchan_orders orders, void *left_bytes, void *right_bytes)
{
    struct vchan_ring_half *left = is_server ? &ring->rx : &ring->tx;
    struct vchan_ring_half *right = is_server ? &ring->tx : &ring->rx;

    ring->page = page;
    ring->fault = VCHAN_NO_FAULT;
    attach_half(left, &page->left, ring_bytes(page, orders.left, left_bytes), orders.left,
                is_server);
    attach_half(right, &page->right, ring_bytes(page, orders.right, right_bytes), orders.right,
                !is_server);
    ring->request_byte = is_server ? &page->cli_notify : &page->srv_notify;
    ring->demand_byte = is_server ? &page->srv_notify : &page->cli_notify;
    ring->own_live = is_server ? &page->srv_live : &page->cli_live;
    ring->peer_live = is_server ? &page->cli_live : &page->srv_live;
}

void vchan_ring_announce(struct vchan_ring *ring)
{
    __atomic_store_n(ring->own_live, VCHAN_LIVE_CONNECTED, __ATOMIC_SEQ_CST);
    __atomic_store_n(ring->request_byte, VCHAN_ON_WRITE, __ATOMIC_SEQ_CST);
}

void vchan_ring_leave(struct vchan_ring *ring)
{
    __atomic_store_n(ring->own_live, VCHAN_LIVE_GONE, __ATOMIC_SEQ_CST);
}

enum vchan_live vchan_ring_peer(const struct vchan_ring *ring)
{
    uint8_t live = __atomic_load_n(ring->peer_live, __ATOMIC_SEQ_CST);

    if (live == VCHAN_LIVE_CONNECTED)
        return VCHAN_LIVE_CONNECTED;
    /* Only the client can be awaited. */
    if (live == VCHAN_LIVE_WAITING && ring->peer_live == &ring->page->cli_live)
        return VCHAN_LIVE_WAITING;
    return VCHAN_LIVE_GONE;
}

bool vchan_parse_key(const char *text, size_t length, uint32_t *out)
{
    uint64_t value = 0;

    if (length == 0 || length > 10)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    if (value == 0 || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}
