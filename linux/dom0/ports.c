/* SPDX-License-Identifier: BSD-2-Clause */
/* Data ports by pair of domains (ports.h): a bitmap for each pair that has a call. */
#include "ports.h"

#include <stdlib.h>

enum { PORT_COUNT = PORT_LAST - PORT_FIRST + 1 };

struct pair {
    struct pair *next;
    uint32_t low, high;    /* domain ids */
    uint32_t taken, start; /* how many; where the next search begins */
    bool used[PORT_COUNT];
};

struct ports {
    struct pair *pairs;
};

struct ports *ports_new(void)
{
    return calloc(1, sizeof(struct ports));
}

void ports_free(struct ports *ports)
{
    while (ports != NULL && ports->pairs != NULL) {
        struct pair *pair = ports->pairs;
        ports->pairs = pair->next;
        free(pair);
    }
    free(ports);
}

static struct pair *find(const struct ports *ports, uint32_t a, uint32_t b)
{
    uint32_t low = a < b ? a : b, high = a < b ? b : a;
    struct pair *pair = ports->pairs;
    while (pair != NULL && (pair->low != low || pair->high != high))
        pair = pair->next;
    return pair;
}

uint32_t ports_take(struct ports *ports, uint32_t domain_a, uint32_t domain_b)
{
    struct pair *pair = find(ports, domain_a, domain_b);
    if (pair == NULL) {
        pair = calloc(1, sizeof *pair);
        if (pair == NULL)
            return 0;
        pair->low = domain_a < domain_b ? domain_a : domain_b;
        pair->high = domain_a < domain_b ? domain_b : domain_a;
        pair->next = ports->pairs;
        ports->pairs = pair;
    }
    if (pair->taken == PORT_COUNT)
        return 0;
    uint32_t slot = pair->start;
    while (pair->used[slot])
        slot = (slot + 1) % PORT_COUNT;
    pair->used[slot] = true;
    pair->taken++;
    pair->start = (slot + 1) % PORT_COUNT;
    return PORT_FIRST + slot;
}

bool ports_taken(const struct ports *ports, uint32_t domain_a, uint32_t domain_b, uint32_t port)
{
    const struct pair *pair = find(ports, domain_a, domain_b);
    return pair != NULL && port >= PORT_FIRST && port <= PORT_LAST && pair->used[port - PORT_FIRST];
}

bool ports_give(struct ports *ports, uint32_t domain_a, uint32_t domain_b, uint32_t port)
{
    if (!ports_taken(ports, domain_a, domain_b, port))
        return false;
    struct pair *pair = find(ports, domain_a, domain_b);
    pair->used[port - PORT_FIRST] = false;
    pair->taken--;
    return true;
}
