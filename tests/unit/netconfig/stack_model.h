/* SPDX-License-Identifier: BSD-2-Clause */
/* A network that does what netconfig_plan() says, for its unit test and its fuzzer. */
#ifndef STACK_MODEL_H
#define STACK_MODEL_H

#include <stdlib.h>
#include <string.h>

#include "core/netconfig/plan.h"

static inline bool model_same_route(const struct netconfig_route *left,
                                    const struct netconfig_route *right)
{
    return left->prefix == right->prefix && ip_same(&left->destination, &right->destination) &&
           ip_same(&left->next_hop, &right->next_hop);
}

/* Removing what is not there, or adding beyond the room, ends the program. */
static inline void model_change(struct netconfig_state *state,
                                const struct netconfig_change *change,
                                const struct netconfig_wanted *wanted)
{
    size_t i = 0;

    switch (change->action) {
    case NETCONFIG_STOP_DHCP:
        state->dhcp = false;
        break;
    case NETCONFIG_REMOVE_ROUTE:
        while (i < state->route_count && !model_same_route(&state->routes[i], &change->route))
            i++;
        if (i == state->route_count)
            abort();
        state->routes[i] = state->routes[--state->route_count];
        break;
    case NETCONFIG_REMOVE_ADDRESS:
        while (i < state->address_count &&
               !(ip_same(&state->addresses[i].ip, &change->address.ip) &&
                 state->addresses[i].prefix == change->address.prefix))
            i++;
        if (i == state->address_count)
            abort();
        state->addresses[i] = state->addresses[--state->address_count];
        break;
    case NETCONFIG_ADD_ADDRESS:
        if (state->address_count < NETCONFIG_ADDRESSES)
            state->addresses[state->address_count++] = change->address;
        break;
    case NETCONFIG_ADD_ROUTE:
        if (state->route_count < NETCONFIG_ROUTES)
            state->routes[state->route_count++] = change->route;
        break;
    case NETCONFIG_SET_DNS:
        memset(state->dns, 0, sizeof(state->dns));
        memcpy(state->dns, wanted->dns, sizeof(wanted->dns));
        state->dns_count = wanted->dns_count;
        break;
    }
}

#endif
