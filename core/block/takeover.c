/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking over a ring: see takeover.h. */
#include "core/block/takeover.h"

bool blk_queue_take_over(struct blk_queue *queue, struct blk_wire_ring *ring, uint32_t order)
{
    /* Only this end writes it, so it is what the former owner sent last, whatever it knew of it. */
    uint32_t sent = __atomic_load_n(&ring->request_prod, __ATOMIC_RELAXED);

    if (__atomic_load_n(&ring->response_prod, __ATOMIC_ACQUIRE) != sent)
        return false;
    queue->ring = ring;
    queue->entry_count = blk_wire_ring_entries(order);
    queue->request_prod = queue->response_cons = sent;
    __atomic_store_n(&ring->response_event, sent + 1, __ATOMIC_RELAXED);
    return true;
}
