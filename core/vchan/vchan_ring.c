/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring protocol of vchan_ring.h. Every access to the control page is an atomic one of the
 * field's own width, so that the compiler can neither repeat nor split it.
 *
 * The order that makes notifications safe, on either side: the one who moves an index stores it
 * and then loads the other's request; the one who goes to sleep stores its request and then loads
 * the index. Each store must be visible before the load that follows it, which on x86 takes a
 * locked operation: both are sequentially consistent here, and no other fence is needed.
 */
#include "core/vchan/vchan_ring.h"

static uint32_t load_index(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_SEQ_CST);
}

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

static void attach_half(struct vchan_ring_half *half, struct vchan_indices *shared, uint8_t *bytes,
                        uint8_t order, bool reads)
{
    half->shared = shared;
    half->bytes = bytes;
    half->size = 1u << order;
    half->own = half->stored = load_index(reads ? &shared->cons : &shared->prod);
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

/* --- Moving bytes */

uint32_t vchan_ring_readable(struct vchan_ring *ring, uint32_t wanted)
{
    struct vchan_ring_half *rx = &ring->rx;
    uint32_t known = rx->other - rx->own;

    if (ring->fault)
        return 0;
    if (known >= wanted && known > 0)
        return known;
    uint32_t prod = load_index(&rx->shared->prod);
    /* The peer may fill what was given back, and cannot take back what was there. */
    if (prod - rx->stored > rx->size || prod - rx->own > rx->size) {
        ring->fault = VCHAN_FAULT_READ_INDEX;
        return 0;
    }
    rx->other = prod;
    return prod - rx->own;
}

uint32_t vchan_ring_writable(struct vchan_ring *ring, uint32_t wanted)
{
    struct vchan_ring_half *tx = &ring->tx;
    uint32_t known = tx->size - (tx->own - tx->other);

    if (ring->fault)
        return 0;
    if (known >= wanted && known > 0)
        return known;
    uint32_t cons = load_index(&tx->shared->cons);
    if (tx->own - cons > tx->size) {
        ring->fault = VCHAN_FAULT_WRITE_INDEX;
        return 0;
    }
    tx->other = cons;
    return tx->size - (tx->own - cons);
}

/* Loads before the locked operation: most of the time there is nothing to clear, and the line
 * need not be taken from the peer's cache. */
static bool take_demand(struct vchan_ring *ring, uint8_t what)
{
    if (!(__atomic_load_n(ring->demand_byte, __ATOMIC_SEQ_CST) & what))
        return false;
    return __atomic_fetch_and(ring->demand_byte, (uint8_t)~what, __ATOMIC_SEQ_CST) & what;
}

void vchan_ring_peek(const struct vchan_ring *ring, uint32_t skip, void *data, uint32_t size)
{
    const struct vchan_ring_half *rx = &ring->rx;
    uint32_t at = (rx->own + skip) & (rx->size - 1);
    uint32_t first = rx->size - at < size ? rx->size - at : size;

    __builtin_memcpy(data, rx->bytes + at, first);
    if (first < size)
        __builtin_memcpy((uint8_t *)data + first, rx->bytes, size - first);
}

bool vchan_ring_give_back(struct vchan_ring *ring)
{
    struct vchan_ring_half *rx = &ring->rx;

    if (rx->stored == rx->own)
        return false;
    rx->stored = rx->own;
    __atomic_store_n(&rx->shared->cons, rx->own, __ATOMIC_SEQ_CST);
    return take_demand(ring, VCHAN_ON_READ);
}

/* So much room may be held back: enough to spare most of the stores, too little to be missed. */
enum { HELD_BACK_BYTES = 16 * 1024 };

static uint32_t held_back_at_most(const struct vchan_ring_half *rx)
{
    return rx->size / 4 < HELD_BACK_BYTES ? rx->size / 4 : HELD_BACK_BYTES;
}

/* Does the peer wait for room in a ring that was nearly full when last looked at? */
static bool room_is_wanted(const struct vchan_ring *ring)
{
    const struct vchan_ring_half *rx = &ring->rx;

    return rx->other - rx->stored > rx->size - rx->size / 4 &&
           (__atomic_load_n(ring->demand_byte, __ATOMIC_RELAXED) & VCHAN_ON_READ);
}

bool vchan_ring_consume(struct vchan_ring *ring, uint32_t size)
{
    struct vchan_ring_half *rx = &ring->rx;

    rx->own += size;
    if (rx->own != rx->other && rx->own - rx->stored < held_back_at_most(rx) &&
        !room_is_wanted(ring))
        return false;
    return vchan_ring_give_back(ring);
}

bool vchan_ring_put(struct vchan_ring *ring, const void *data, uint32_t size)
{
    struct vchan_ring_half *tx = &ring->tx;
    uint32_t at = tx->own & (tx->size - 1);
    uint32_t first = tx->size - at < size ? tx->size - at : size;

    __builtin_memcpy(tx->bytes + at, data, first);
    if (first < size)
        __builtin_memcpy(tx->bytes, (const uint8_t *)data + first, size - first);
    tx->own = tx->stored = tx->own + size;
    __atomic_store_n(&tx->shared->prod, tx->own, __ATOMIC_SEQ_CST);
    return take_demand(ring, VCHAN_ON_WRITE);
}

/* --- Notifications */

bool vchan_ring_peer_awaits_write(const struct vchan_ring *ring)
{
    return __atomic_load_n(ring->demand_byte, __ATOMIC_RELAXED) & VCHAN_ON_WRITE;
}

void vchan_ring_request(struct vchan_ring *ring, uint8_t what)
{
    /* Still standing from last time: the peer will see it after whatever it does next. */
    if ((__atomic_load_n(ring->request_byte, __ATOMIC_SEQ_CST) & what) == what)
        return;
    __atomic_fetch_or(ring->request_byte, what, __ATOMIC_SEQ_CST);
}

void vchan_ring_unrequest(struct vchan_ring *ring, uint8_t what)
{
    if (__atomic_load_n(ring->request_byte, __ATOMIC_RELAXED) & what)
        __atomic_fetch_and(ring->request_byte, (uint8_t)~what, __ATOMIC_SEQ_CST);
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
