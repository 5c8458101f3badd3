/* SPDX-License-Identifier: BSD-2-Clause */
/* See queue.h. */
#include "core/qubesdb/queue.h"

enum { FIRST_CAPACITY = 8192 };

void qdb_queue_init(struct qdb_queue *queue, const struct qdb_memory *memory)
{
    __builtin_memset(queue, 0, sizeof(*queue));
    queue->memory = memory;
}

void qdb_queue_free(struct qdb_queue *queue)
{
    queue->memory->release(queue->bytes);
    qdb_queue_init(queue, queue->memory);
}

/* Room for one more message behind the last. */
static bool make_room(struct qdb_queue *queue)
{
    size_t capacity = queue->capacity;
    uint8_t *bytes;

    if (queue->start + queue->length + QDB_MESSAGE_BYTES <= capacity)
        return true;
    if (queue->length + QDB_MESSAGE_BYTES > capacity / 2)
        capacity = capacity == 0 ? FIRST_CAPACITY : 2 * capacity;
    bytes = queue->memory->allocate(capacity);
    if (bytes == NULL)
        return false;
    if (queue->length > 0)
        __builtin_memcpy(bytes, queue->bytes + queue->start, queue->length);
    queue->memory->release(queue->bytes);
    queue->bytes = bytes;
    queue->start = 0;
    queue->capacity = capacity;
    return true;
}

bool qdb_queue_message(struct qdb_queue *queue, uint8_t type, const char *path, const void *data,
                       uint32_t data_length)
{
    if (!make_room(queue))
        return false;
    queue->length += qdb_message_write(queue->bytes + queue->start + queue->length, type, path,
                                       data, data_length);
    return true;
}

void qdb_queue_sent(struct qdb_queue *queue, size_t count)
{
    queue->start += count;
    queue->length -= count;
    if (queue->length == 0)
        qdb_queue_free(queue);
}
