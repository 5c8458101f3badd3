/* SPDX-License-Identifier: BSD-2-Clause */
/* See vchan_queue.h. */
#include "vchan_queue.h"

#include <stdlib.h>
#include <string.h>

bool vchan_queue_add(struct vchan_queue *queue, const void *bytes, size_t size)
{
    if (queue->count + size > queue->room) {
        size_t room = 2 * queue->room + size + 4096;
        uint8_t *grown = realloc(queue->bytes, room);
        if (grown == NULL)
            return false;
        queue->bytes = grown;
        queue->room = room;
    }
    memcpy(queue->bytes + queue->count, bytes, size);
    queue->count += size;
    return true;
}

bool vchan_queue_flush(struct vchan_queue *queue, libvchan_t *vchan)
{
    while (queue->count > 0) {
        int sent = libvchan_write(vchan, queue->bytes, queue->count);
        if (sent < 0)
            return false;
        if (sent == 0) {
            /* Asks to be told about room; some may have come meanwhile. */
            if (libvchan_buffer_space(vchan) <= 0)
                return true;
            continue;
        }
        queue->count -= (size_t)sent;
        memmove(queue->bytes, queue->bytes + sent, queue->count);
    }
    return true;
}

void vchan_queue_free(struct vchan_queue *queue)
{
    free(queue->bytes);
    *queue = (struct vchan_queue){0};
}
