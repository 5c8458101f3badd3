/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the backend behaves where it speaks to the guest. conduct_honest.c is what ships: nothing of
 * this changes anything. tests/simxen/disk/conduct_hostile.c stands in its place in the tests'
 * backend, and lies, fails and delays on demand.
 */
#ifndef DOM0_DISK_CONDUCT_H
#define DOM0_DISK_CONDUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/grant_table.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>

/* Before a node of the backend's is written; value has room for `room` bytes. */
void conduct_node(const char *name, char *value, size_t room);
/* Before a request is done. False: it will never be answered. */
bool conduct_request(const blkif_request_t *request);
/* Before a response is written. */
void conduct_response(blkif_response_t *response);
/* After responses were published. True: notify the guest whatever it asked for. */
bool conduct_ring(blkif_back_ring_t *ring);

#endif
