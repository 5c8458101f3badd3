/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages on their way out, as bytes: what a slow reader has not taken yet. Memory comes from the
 * owner's functions. One thread at a time.
 */
#ifndef CASEMENT_QUBESDB_QUEUE_H
#define CASEMENT_QUBESDB_QUEUE_H

#include "core/qubesdb/store.h"

struct qdb_queue {
    const struct qdb_memory *memory;
    uint8_t *bytes; /* what is to be sent begins at bytes + start */
    size_t start, length, capacity;
};

void qdb_queue_init(struct qdb_queue *queue, const struct qdb_memory *memory);
void qdb_queue_free(struct qdb_queue *queue);

/* False: no memory; the queue is as before. path and data are valid. */
bool qdb_queue_message(struct qdb_queue *queue, uint8_t type, const char *path, const void *data,
                       uint32_t data_length);

/* count of the first bytes were sent. */
void qdb_queue_sent(struct qdb_queue *queue, size_t count);

#endif
