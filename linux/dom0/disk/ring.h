/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One queue of a disk's backend: Xen's blkif ring (xen/io/blkif.h, x86-64 layout), mapped from the
 * guest, and an event channel. Requests are copied once, checked, done and answered one after the
 * other, so a barrier needs nothing but its flushes.
 *
 * The guest is not trusted: what is wrong with a request is its own error; an impossible index ends
 * the connection (ring_serve).
 */
#ifndef DOM0_DISK_RING_H
#define DOM0_DISK_RING_H

#include "backing.h"
#include "conduct.h"
#include "pages.h"

#include <xenevtchn.h>

enum { RING_PAGES_MAX = 16, SEGMENTS_MAX = 256 };

struct ring {
    blkif_back_ring_t back;
    blkif_sring_t *shared; /* NULL: not connected */
    uint32_t page_count;
    evtchn_port_t port;
    struct pages pages;
    struct backing *backing;
    uint64_t requests, errors;
};

/* -errno: the pages or the port are not the guest's to give. */
int ring_connect(struct ring *ring, struct backing *backing, xenevtchn_handle *events,
                 uint32_t domid, uint32_t *refs, uint32_t page_count, uint32_t remote_port,
                 bool keep_pages);
void ring_disconnect(struct ring *ring, xenevtchn_handle *events);
/* Does what is there. False: the guest's index is impossible. */
bool ring_serve(struct ring *ring, xenevtchn_handle *events);

#endif
