/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of a queue: a backend with a disk in memory, one step at a time. It sees of the
 * frontend what a real one sees: the ring, and the pages that its references name.
 */
#ifndef TESTS_UNIT_BLOCK_FAKE_BACKEND_H
#define TESTS_UNIT_BLOCK_FAKE_BACKEND_H

#include "core/block/queue.h"

enum { FAKE_FIRST_REF = 100, FAKE_DISK_SECTORS = 20480 };

struct fake_backend {
    struct blk_wire_ring *ring;
    uint32_t entry_count, request_cons, response_prod;
    const struct blk_page *pages; /* reference FAKE_FIRST_REF is the first one's */
    uint32_t page_count;
    uint8_t *disk; /* FAKE_DISK_SECTORS */
    uint32_t flushes, discards;
    uint32_t largest_segments;
};

void fake_init(struct fake_backend *backend, struct blk_wire_ring *ring, uint32_t order,
               const struct blk_page *pages, uint32_t page_count, uint8_t *disk);
/* The next request, copied; false: there is none, and the backend asked to be told of the next. */
bool fake_take(struct fake_backend *backend, union blk_wire_request *request);
/* What a response to it has to say. */
uint64_t fake_id(const union blk_wire_request *request);
uint8_t fake_operation(const union blk_wire_request *request);
/* Moves the data; the status to answer with. It checks as a good backend does. */
int16_t fake_execute(struct fake_backend *backend, const union blk_wire_request *request);
/* True: the frontend asked to be told. */
bool fake_answer(struct fake_backend *backend, uint64_t id, uint8_t operation, int16_t status);
/* Does and answers up to count requests; returns how many. */
uint32_t fake_serve(struct fake_backend *backend, uint32_t count);

#endif
