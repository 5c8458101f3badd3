/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any keys and any state of an adapter: once the plan is carried out nothing is left to do, what
 * the system made itself is left alone, and no address is wanted that a host cannot have.
 *
 * Input: a line for each key in the order of netconfig_paths, then bytes that make up the state.
 */
#include "tests/unit/netconfig/stack_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at, *end;
};

static uint8_t take(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static void take_keys(struct input *input, struct netconfig_wanted *wanted)
{
    static char texts[NETCONFIG_KEYS][64];
    const char *values[NETCONFIG_KEYS];

    for (int i = 0; i < NETCONFIG_KEYS; i++) {
        size_t length = 0;

        for (uint8_t c; (c = take(input)) != '\n' && c != 0;) {
            if (length + 1 < sizeof(texts[i]))
                texts[i][length++] = (char)c;
        }
        texts[i][length] = '\0';
        values[i] = length > 0 ? texts[i] : NULL;
    }
    netconfig_want(values, wanted);
    if ((wanted->v4.address.set && !ip_is_host(&wanted->v4.address)) ||
        (wanted->v6.address.set && !ip_is_host(&wanted->v6.address)) || wanted->dns_count > 2)
        abort();
}

/* Few different ones, so that they meet those of the keys. */
static struct ip take_ip(struct input *input, const struct netconfig_wanted *wanted)
{
    const struct ip known[] = {wanted->v4.address, wanted->v4.gateway,       wanted->v6.address,
                               wanted->v6.gateway, wanted->dns[0],           wanted->dns[1],
                               {.set = true},      {.set = true, .v6 = true}};
    uint8_t which = take(input);
    struct ip ip = known[which % 8];

    if (!ip.set || which >= 128) {
        ip = (struct ip){.set = true, .v6 = which & 1};
        ip.bytes[0] = take(input);
        ip.bytes[3] = take(input);
    }
    return ip;
}

/* An adapter has each address and each route once. */
static bool is_new_address(const struct netconfig_state *state,
                           const struct netconfig_address *address)
{
    for (size_t i = 0; i < state->address_count; i++) {
        if (ip_same(&state->addresses[i].ip, &address->ip))
            return false;
    }
    return true;
}

static bool is_new_route(const struct netconfig_state *state, const struct netconfig_route *route)
{
    for (size_t i = 0; i < state->route_count; i++) {
        if (model_same_route(&state->routes[i], route))
            return false;
    }
    return true;
}

static void take_state(struct input *input, const struct netconfig_wanted *wanted,
                       struct netconfig_state *state)
{
    memset(state, 0, sizeof(*state));
    state->dhcp = take(input) & 1;
    /* Room for what is added: two addresses and four routes. */
    for (size_t n = take(input) % (NETCONFIG_ADDRESSES - 2); n > 0; n--) {
        struct netconfig_address *address = &state->addresses[state->address_count];
        address->ip = take_ip(input, wanted);
        address->prefix = take(input);
        address->origin = take(input) % 3;
        state->address_count += is_new_address(state, address);
    }
    for (size_t n = take(input) % (NETCONFIG_ROUTES - 4); n > 0; n--) {
        struct netconfig_route *route = &state->routes[state->route_count];
        route->destination = take_ip(input, wanted);
        route->next_hop = take_ip(input, wanted);
        route->prefix = take(input);
        route->origin = take(input) % 3;
        state->route_count += is_new_route(state, route);
    }
    for (size_t n = take(input) % NETCONFIG_SERVERS; n > 0; n--)
        state->dns[state->dns_count++] = take_ip(input, wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    struct netconfig_change changes[NETCONFIG_CHANGES];
    static const struct netconfig_wanted before;
    struct netconfig_wanted wanted;
    struct netconfig_state state;
    size_t count;

    take_keys(&input, &wanted);
    if (take(&input) & 1)
        netconfig_want_nothing(&wanted);
    take_state(&input, &wanted, &state);
    count = netconfig_plan(&wanted, &before, &state, changes);
    if (count > NETCONFIG_CHANGES)
        abort();
    for (size_t i = 0; i < count; i++) {
        if ((changes[i].action == NETCONFIG_REMOVE_ADDRESS &&
             changes[i].address.origin == NETCONFIG_SYSTEM) ||
            (changes[i].action == NETCONFIG_REMOVE_ROUTE &&
             changes[i].route.origin == NETCONFIG_SYSTEM))
            abort();
        model_change(&state, &changes[i], &wanted);
    }
    if (netconfig_plan(&wanted, &before, &state, changes) != 0)
        abort();
    return 0;
}
