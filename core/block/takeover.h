/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue for a machine that has stopped: a crash dump is written through a ring that another queue
 * used until then, whose requests nobody waits for any more. Nothing of that queue is read but its
 * memory: the ring, and the pages with their grants.
 */
#ifndef CORE_BLOCK_TAKEOVER_H
#define CORE_BLOCK_TAKEOVER_H

#include "core/block/queue.h"

/* queue: after blk_queue_init() with the former queue's slots and pages. False: the backend still
 * works on requests of the former owner, and may write into the pages; try again. True: the queue
 * is attached where the ring stands now; blk_queue_connect() is next. */
bool blk_queue_take_over(struct blk_queue *queue, struct blk_wire_ring *ring, uint32_t order);

#endif
