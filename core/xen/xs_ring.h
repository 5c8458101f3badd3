/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's end of its XenStore ring (xen/include/public/io/xs_wire.h): one shared page, requests
 * go out, replies and watch events come in, as streams of bytes. The peer can change every byte at
 * any time: indexes are read once and checked, data is copied. After each move that returns more
 * than 0 the peer wants a notification.
 */
#ifndef CORE_XEN_XS_RING_H
#define CORE_XEN_XS_RING_H

#include <stdint.h>

enum { XS_RING_BYTES = 1024 };

struct xs_ring_page {
    uint8_t request[XS_RING_BYTES];
    uint8_t reply[XS_RING_BYTES];
    uint32_t request_consumer, request_producer;
    uint32_t reply_consumer, reply_producer;
    uint32_t server_features;
    uint32_t connection;
    uint32_t error;
};
_Static_assert(sizeof(struct xs_ring_page) == 2 * XS_RING_BYTES + 28,
               "struct xenstore_domain_interface");

/* Bytes moved, or XS_RING_BROKEN: the peer's index is further away than the ring is long. */
enum { XS_RING_BROKEN = -1 };
int xs_ring_write(struct xs_ring_page *page, const uint8_t *bytes, uint32_t length);
int xs_ring_read(struct xs_ring_page *page, uint8_t *bytes, uint32_t length);

#endif
