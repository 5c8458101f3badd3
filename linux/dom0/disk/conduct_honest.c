/* SPDX-License-Identifier: BSD-2-Clause */
/* A backend that says and does what is the case: see conduct.h. */
#include "conduct.h"

void conduct_node(const char *name, char *value, size_t room)
{
}

bool conduct_request(const blkif_request_t *request)
{
    return true;
}

void conduct_response(blkif_response_t *response)
{
}

bool conduct_ring(blkif_back_ring_t *ring)
{
    return false;
}
