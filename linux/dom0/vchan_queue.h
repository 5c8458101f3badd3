/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes for the peer of a vchan that does not block, kept for as long as its ring has no room for
 * them. A zeroed struct is an empty queue; the owner limits what it holds.
 */
#ifndef CASEMENT_DOM0_VCHAN_QUEUE_H
#define CASEMENT_DOM0_VCHAN_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/libvchan.h"

struct vchan_queue {
    uint8_t *bytes;
    size_t count, room;
};

/* false: no memory; the queue is as before. */
bool vchan_queue_add(struct vchan_queue *queue, const void *bytes, size_t size);
/* Sends what there is room for; when some is left, the peer was asked to tell of more room. false:
 * the channel is broken. */
bool vchan_queue_flush(struct vchan_queue *queue, libvchan_t *vchan);
void vchan_queue_free(struct vchan_queue *queue);

#endif
