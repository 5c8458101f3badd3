/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving bytes through the rings of vchan_ring.h, and the requests to be notified. It does not
 * wait or notify: functions that say "notify the peer" leave that to the caller. Inline, because
 * the work for a small message is a few dozen instructions, and calls would double them.
 *
 * Every access to the control page is an atomic one of the field's own width, so that the compiler
 * can neither repeat nor split it.
 *
 * The order that makes notifications safe, on either side: the one who moves an index stores it
 * and then loads the other's request; the one who goes to sleep stores its request and then loads
 * the index. Each store must be visible before the load that follows it, which on x86 takes a
 * locked operation: both are sequentially consistent here, and no other fence is needed.
 */
#ifndef VCHAN_MOVE_H
#define VCHAN_MOVE_H

#include "core/vchan/vchan_ring.h"

/* --- Reading */

/* Bytes that can be read now. wanted: an answer of at least this need not be fresh. 0 with a fault
 * set when the peer's index is impossible. */
static inline uint32_t vchan_ring_readable(struct vchan_ring *ring, uint32_t wanted)
{
    struct vchan_ring_half *rx = &ring->rx;
    uint32_t known = rx->other - rx->own;

    if (ring->fault)
        return 0;
    if (known >= wanted)
        return known;
    uint32_t prod = __atomic_load_n(&rx->shared->prod, __ATOMIC_SEQ_CST);
    /* The peer may fill what was given back, and cannot take back what was there. */
    if (prod - rx->stored > rx->size || prod - rx->own > rx->size) {
        ring->fault = VCHAN_FAULT_READ_INDEX;
        return 0;
    }
    rx->other = prod;
    return prod - rx->own;
}

/* Copies size bytes that begin skip bytes after the oldest one; they stay in the ring. The call
 * above must have granted skip + size. */
static inline void vchan_ring_peek(const struct vchan_ring *ring, uint32_t skip, void *data,
                                   uint32_t size)
{
    const struct vchan_ring_half *rx = &ring->rx;
    uint32_t at = (rx->own + skip) & (rx->size - 1);
    uint32_t first = rx->size - at < size ? rx->size - at : size;

    __builtin_memcpy(data, rx->bytes + at, first);
    if (first < size)
        __builtin_memcpy((uint8_t *)data + first, rx->bytes, size - first);
}

/* Takes the peer's request for what, if it stands: true. Loads before the locked operation: most of
 * the time there is nothing to clear, and the line need not be taken from the peer's cache. A peer
 * that takes its request back in between gets a notification that it no longer needs. */
static inline bool vchan_ring_take_demand(struct vchan_ring *ring, uint8_t what)
{
    uint8_t *demand = ring->demand_byte;

    if (!(__atomic_load_n(demand, __ATOMIC_SEQ_CST) & what))
        return false;
    __atomic_fetch_and(demand, (uint8_t)~what, __ATOMIC_SEQ_CST);
    return true;
}

/* Gives all room back that was not yet. True: notify the peer. */
static inline bool vchan_ring_give_back(struct vchan_ring *ring)
{
    struct vchan_ring_half *rx = &ring->rx;

    if (rx->stored == rx->own)
        return false;
    rx->stored = rx->own;
    __atomic_store_n(&rx->shared->cons, rx->own, __ATOMIC_SEQ_CST);
    return vchan_ring_take_demand(ring, VCHAN_ON_READ);
}

/* Does the peer wait for room in a ring that was nearly full when last looked at? */
static inline bool vchan_ring_room_is_wanted(const struct vchan_ring *ring)
{
    const struct vchan_ring_half *rx = &ring->rx;

    return rx->other - rx->stored > rx->size - rx->size / 4 &&
           (__atomic_load_n(ring->demand_byte, __ATOMIC_RELAXED) & VCHAN_ON_READ);
}

/* Drops the oldest size bytes. True: notify the peer. While more is known to be in the ring and the
 * peer is not known to wait for room, up to a quarter of the ring (and 16 KiB) of room is held
 * back, until vchan_ring_give_back() at the latest: the cache line of the indices then stays with
 * the writer. */
static inline bool vchan_ring_consume(struct vchan_ring *ring, uint32_t size)
{
    struct vchan_ring_half *rx = &ring->rx;

    rx->own += size;
    if (rx->own != rx->other && rx->own - rx->stored < rx->held_back &&
        !vchan_ring_room_is_wanted(ring))
        return false;
    return vchan_ring_give_back(ring);
}

/* --- Writing */

/* Room to write now; wanted and faults as in vchan_ring_readable(). */
static inline uint32_t vchan_ring_writable(struct vchan_ring *ring, uint32_t wanted)
{
    struct vchan_ring_half *tx = &ring->tx;
    uint32_t known = tx->size - (tx->own - tx->other);

    if (ring->fault)
        return 0;
    if (known >= wanted)
        return known;
    uint32_t cons = __atomic_load_n(&tx->shared->cons, __ATOMIC_SEQ_CST);
    if (tx->own - cons > tx->size) {
        ring->fault = VCHAN_FAULT_WRITE_INDEX;
        return 0;
    }
    tx->other = cons;
    return tx->size - (tx->own - cons);
}

/* Appends size bytes, for which there must be room. True: notify the peer. */
static inline bool vchan_ring_put(struct vchan_ring *ring, const void *data, uint32_t size)
{
    struct vchan_ring_half *tx = &ring->tx;
    uint32_t at = tx->own & (tx->size - 1);
    uint32_t first = tx->size - at < size ? tx->size - at : size;

    __builtin_memcpy(tx->bytes + at, data, first);
    if (first < size)
        __builtin_memcpy(tx->bytes, (const uint8_t *)data + first, size - first);
    tx->own += size;
    __atomic_store_n(&tx->shared->prod, tx->own, __ATOMIC_SEQ_CST);
    return vchan_ring_take_demand(ring, VCHAN_ON_WRITE);
}

/* Does the peer sleep until we write? (A hint.) */
static inline bool vchan_ring_peer_awaits_write(const struct vchan_ring *ring)
{
    return __atomic_load_n(ring->demand_byte, __ATOMIC_RELAXED) & VCHAN_ON_WRITE;
}

/* --- Requests */

/* Asks to be notified (one of VCHAN_ON_*). Look at readable/writable again before sleeping: what
 * the peer did before it could see the request brings no notification. */
static inline void vchan_ring_request(struct vchan_ring *ring, uint8_t what)
{
    uint8_t *request = ring->request_byte;

    /* Still standing from last time: the peer will see it after whatever it does next. */
    if (!(__atomic_load_n(request, __ATOMIC_SEQ_CST) & what))
        __atomic_fetch_or(request, what, __ATOMIC_SEQ_CST);
}

/* Takes a request back. A notification may be on its way already. */
static inline void vchan_ring_unrequest(struct vchan_ring *ring, uint8_t what)
{
    if (__atomic_load_n(ring->request_byte, __ATOMIC_RELAXED) & what)
        __atomic_fetch_and(ring->request_byte, (uint8_t)~what, __ATOMIC_SEQ_CST);
}

#endif
