/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's end of its XenStore ring: see xs_ring.h. */
#include "xs_ring.h"

#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

int xs_ring_write(struct xs_ring_page *page, const uint8_t *bytes, uint32_t length)
{
    uint32_t consumer = __atomic_load_n(&page->request_consumer, __ATOMIC_ACQUIRE);
    uint32_t producer = __atomic_load_n(&page->request_producer, __ATOMIC_RELAXED);
    if (producer - consumer > XS_RING_BYTES)
        return XS_RING_BROKEN;
    length = least(length, XS_RING_BYTES - (producer - consumer));
    uint32_t at = producer % XS_RING_BYTES;
    uint32_t head = least(length, XS_RING_BYTES - at);
    memcpy(page->request + at, bytes, head);
    memcpy(page->request, bytes + head, length - head);
    __atomic_store_n(&page->request_producer, producer + length, __ATOMIC_SEQ_CST);
    return (int)length;
}

int xs_ring_read(struct xs_ring_page *page, uint8_t *bytes, uint32_t length)
{
    uint32_t producer = __atomic_load_n(&page->reply_producer, __ATOMIC_ACQUIRE);
    uint32_t consumer = __atomic_load_n(&page->reply_consumer, __ATOMIC_RELAXED);
    if (producer - consumer > XS_RING_BYTES)
        return XS_RING_BROKEN;
    length = least(length, producer - consumer);
    uint32_t at = consumer % XS_RING_BYTES;
    uint32_t head = least(length, XS_RING_BYTES - at);
    memcpy(bytes, page->reply + at, head);
    memcpy(bytes + head, page->reply, length - head);
    __atomic_store_n(&page->reply_consumer, consumer + length, __ATOMIC_SEQ_CST);
    return (int)length;
}
