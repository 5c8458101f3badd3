/* SPDX-License-Identifier: BSD-2-Clause */
/* A backend with a disk in memory: see fake_backend.h. */
#include "tests/unit/block/fake_backend.h"

#include <string.h>

void fake_init(struct fake_backend *backend, struct blk_wire_ring *ring, uint32_t order,
               const struct blk_page *pages, uint32_t page_count, uint8_t *disk)
{
    memset(backend, 0, sizeof(*backend));
    backend->ring = ring;
    backend->entry_count = blk_wire_ring_entries(order);
    backend->pages = pages;
    backend->page_count = page_count;
    backend->disk = disk;
}

bool fake_take(struct fake_backend *backend, union blk_wire_request *request)
{
    if (backend->request_cons == backend->ring->request_prod) {
        backend->ring->request_event = backend->request_cons + 1;
        return false;
    }
    *request = backend->ring->entries[backend->request_cons++ & (backend->entry_count - 1)].request;
    return true;
}

uint64_t fake_id(const union blk_wire_request *request)
{
    return request->rw.id; /* at the same place in all three */
}

uint8_t fake_operation(const union blk_wire_request *request)
{
    return request->rw.operation == BLK_WIRE_INDIRECT ? request->indirect.indirect_operation
                                                      : request->rw.operation;
}

static uint8_t *page_of(const struct fake_backend *backend, uint32_t ref)
{
    return ref - FAKE_FIRST_REF < backend->page_count ? backend->pages[ref - FAKE_FIRST_REF].bytes
                                                      : NULL;
}

static int16_t move(struct fake_backend *backend, bool write, uint64_t sector,
                    const struct blk_wire_segment *segments, uint32_t count)
{
    if (count > backend->largest_segments)
        backend->largest_segments = count;
    for (uint32_t i = 0; i < count; i++) {
        struct blk_wire_segment segment = segments[i];
        uint8_t *page = page_of(backend, segment.ref);
        uint32_t sectors = segment.last_sector - segment.first_sector + 1u;
        if (!page || segment.last_sector < segment.first_sector ||
            segment.last_sector >= BLK_PAGE_SECTORS || sector + sectors > FAKE_DISK_SECTORS)
            return BLK_WIRE_ERROR;
        uint8_t *data = page + segment.first_sector * BLK_SECTOR_BYTES;
        uint8_t *disk = backend->disk + sector * BLK_SECTOR_BYTES;
        memcpy(write ? disk : data, write ? data : disk, sectors * BLK_SECTOR_BYTES);
        sector += sectors;
    }
    return BLK_WIRE_OKAY;
}

static int16_t discard(struct fake_backend *backend, const union blk_wire_request *request)
{
    uint64_t sector = request->discard.sector, count = request->discard.sector_count;
    if (sector > FAKE_DISK_SECTORS || count > FAKE_DISK_SECTORS - sector)
        return BLK_WIRE_ERROR;
    memset(backend->disk + sector * BLK_SECTOR_BYTES, 0, count * BLK_SECTOR_BYTES);
    backend->discards++;
    return BLK_WIRE_OKAY;
}

static int16_t indirect(struct fake_backend *backend, const union blk_wire_request *request)
{
    const uint8_t *table = page_of(backend, request->indirect.refs[0]);
    uint32_t count = request->indirect.segment_count;
    if (!table || count > BLK_WIRE_SEGMENTS_PER_PAGE)
        return BLK_WIRE_ERROR;
    return move(backend, request->indirect.indirect_operation == BLK_WIRE_WRITE,
                request->indirect.sector, (const struct blk_wire_segment *)(const void *)table,
                count);
}

int16_t fake_execute(struct fake_backend *backend, const union blk_wire_request *request)
{
    switch (request->rw.operation) {
    case BLK_WIRE_READ:
    case BLK_WIRE_WRITE:
        return move(backend, request->rw.operation == BLK_WIRE_WRITE, request->rw.sector,
                    request->rw.segments, request->rw.segment_count);
    case BLK_WIRE_INDIRECT:
        return indirect(backend, request);
    case BLK_WIRE_FLUSH:
    case BLK_WIRE_BARRIER:
        backend->flushes++;
        return request->rw.segment_count ? BLK_WIRE_ERROR : BLK_WIRE_OKAY;
    case BLK_WIRE_DISCARD:
        return discard(backend, request);
    default:
        return BLK_WIRE_NOT_SUPPORTED;
    }
}

bool fake_answer(struct fake_backend *backend, uint64_t id, uint8_t operation, int16_t status)
{
    struct blk_wire_response *response =
        &backend->ring->entries[backend->response_prod++ & (backend->entry_count - 1)].response;
    *response = (struct blk_wire_response){.id = id, .operation = operation, .status = status};
    backend->ring->response_prod = backend->response_prod;
    return backend->response_prod - backend->ring->response_event < 1;
}

uint32_t fake_serve(struct fake_backend *backend, uint32_t count)
{
    union blk_wire_request request;
    uint32_t served = 0;
    while (served < count && fake_take(backend, &request)) {
        int16_t status = fake_execute(backend, &request);
        fake_answer(backend, fake_id(&request), fake_operation(&request), status);
        served++;
    }
    return served;
}
