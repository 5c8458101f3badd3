/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend that lies, fails or delays, as the environment says (linux/dom0/disk/conduct.h):
 *
 *   CONDUCT=node:NAME=VALUE     that node has that value
 *   CONDUCT=id | generation | operation | twice | error | silent | index | index-back
 *   CONDUCT=slow                each request takes 20 ms
 *   CONDUCT_AFTER=N             the first N requests are served honestly
 */
#include "linux/dom0/disk/conduct.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned requests;

static bool conducts(const char *what)
{
    const char *conduct = getenv("CONDUCT"), *after = getenv("CONDUCT_AFTER");
    return conduct && strcmp(conduct, what) == 0 && requests > (after ? (unsigned)atoi(after) : 0u);
}

void conduct_node(const char *name, char *value, size_t room)
{
    const char *conduct = getenv("CONDUCT");
    size_t length = strlen(name);
    if (!conduct || strncmp(conduct, "node:", 5) != 0 || strncmp(conduct + 5, name, length) != 0 ||
        conduct[5 + length] != '=')
        return;
    strncpy(value, conduct + 5 + length + 1, room - 1);
    value[room - 1] = 0;
}

bool conduct_request(const blkif_request_t *request)
{
    requests++;
    if (conducts("slow"))
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    return !conducts("silent");
}

void conduct_response(blkif_response_t *response)
{
    static blkif_response_t before;
    if (conducts("id"))
        response->id ^= 0x1f5;
    if (conducts("generation"))
        response->id ^= (uint64_t)7 << 32;
    if (conducts("operation"))
        response->operation ^= 1;
    if (conducts("error"))
        response->status = BLKIF_RSP_ERROR;
    if (conducts("twice"))
        response->id = before.id;
    before = *response;
}

bool conduct_ring(blkif_back_ring_t *ring)
{
    if (conducts("index"))
        ring->sring->rsp_prod += 600;
    else if (conducts("index-back"))
        ring->sring->rsp_prod -= 100;
    else
        return false;
    return true;
}
