/* SPDX-License-Identifier: BSD-2-Clause */
/* See plan.h. */
#include "core/netconfig/plan.h"

#include <string.h>

const char *const netconfig_paths[NETCONFIG_KEYS + 1] = {
    [NETCONFIG_MAC] = "/qubes-mac",           [NETCONFIG_IP] = "/qubes-ip",
    [NETCONFIG_NETMASK] = "/qubes-netmask",   [NETCONFIG_GATEWAY] = "/qubes-gateway",
    [NETCONFIG_DNS_1] = "/qubes-primary-dns", [NETCONFIG_DNS_2] = "/qubes-secondary-dns",
    [NETCONFIG_IP6] = "/qubes-ip6",           [NETCONFIG_GATEWAY6] = "/qubes-gateway6",
};

/* --- From the keys */

/* A key that is missing or empty (dom0 writes "" for what does not apply) is no fault. */
static bool is_there(const char *value)
{
    return value != NULL && *value != '\0';
}

static void want_ip(const char *const *values, enum netconfig_key key, bool v6, struct ip *out,
                    struct netconfig_wanted *wanted)
{
    memset(out, 0, sizeof(*out));
    if (!is_there(values[key]))
        return;
    if ((v6 ? ip_parse_v6(values[key], out) : ip_parse_v4(values[key], out)) && ip_is_host(out))
        return;
    memset(out, 0, sizeof(*out));
    wanted->bad |= 1u << key;
}

static void want_family(const char *const *values, bool v6, struct netconfig_family *family,
                        struct netconfig_wanted *wanted)
{
    enum netconfig_key address = v6 ? NETCONFIG_IP6 : NETCONFIG_IP;

    want_ip(values, address, v6, &family->address, wanted);
    want_ip(values, v6 ? NETCONFIG_GATEWAY6 : NETCONFIG_GATEWAY, v6, &family->gateway, wanted);
    if (family->address.set && ip_is_link_local(&family->address)) {
        memset(&family->address, 0, sizeof(family->address));
        wanted->bad |= 1u << address;
    }
    if (!family->address.set || ip_same(&family->address, &family->gateway))
        memset(&family->gateway, 0, sizeof(family->gateway));
    family->prefix = v6 ? 128 : 32;
}

void netconfig_want(const char *const values[NETCONFIG_KEYS], struct netconfig_wanted *wanted)
{
    uint8_t prefix;

    memset(wanted, 0, sizeof(*wanted));
    if (is_there(values[NETCONFIG_MAC])) {
        wanted->mac_set = mac_parse(values[NETCONFIG_MAC], wanted->mac);
        wanted->bad |= wanted->mac_set ? 0 : 1u << NETCONFIG_MAC;
    }
    want_family(values, false, &wanted->v4, wanted);
    want_family(values, true, &wanted->v6, wanted);
    if (is_there(values[NETCONFIG_NETMASK])) {
        if (ip_parse_netmask(values[NETCONFIG_NETMASK], &prefix) && prefix > 0)
            wanted->v4.prefix = prefix;
        else
            wanted->bad |= 1u << NETCONFIG_NETMASK;
    }
    for (int i = 0; i < 2; i++) {
        struct ip *server = &wanted->dns[wanted->dns_count];

        want_ip(values, (enum netconfig_key)(NETCONFIG_DNS_1 + i), false, server, wanted);
        if (server->set && wanted->v4.address.set &&
            !(wanted->dns_count > 0 && ip_same(&wanted->dns[0], server)))
            wanted->dns_count++;
        else
            memset(server, 0, sizeof(*server));
    }
}

void netconfig_want_nothing(struct netconfig_wanted *wanted)
{
    memset(&wanted->v4, 0, sizeof(wanted->v4));
    memset(&wanted->v6, 0, sizeof(wanted->v6));
    memset(wanted->dns, 0, sizeof(wanted->dns));
    wanted->dns_count = 0;
}

/* --- To the changes */

struct plan {
    const struct netconfig_wanted *wanted, *before;
    const struct netconfig_state *state;
    struct netconfig_change *changes;
    size_t count;
};

static struct netconfig_change *add_change(struct plan *plan, enum netconfig_action action)
{
    struct netconfig_change *change = &plan->changes[plan->count++];

    memset(change, 0, sizeof(*change));
    change->action = action;
    return change;
}

static const struct netconfig_family *family_of(const struct netconfig_wanted *wanted, bool v6)
{
    return v6 ? &wanted->v6 : &wanted->v4;
}

static bool is_zero(const struct ip *ip)
{
    static const uint8_t zeros[IP_BYTES_V6];

    return memcmp(ip->bytes, zeros, IP_BYTES_V6) == 0;
}

static bool is_wanted_address(const struct netconfig_wanted *wanted,
                              const struct netconfig_address *address)
{
    const struct netconfig_family *family = family_of(wanted, address->ip.v6);

    return ip_same(&family->address, &address->ip) && family->prefix == address->prefix;
}

static bool is_default(const struct netconfig_route *route)
{
    return route->prefix == 0;
}

static bool is_on_link_host(const struct netconfig_route *route)
{
    return is_zero(&route->next_hop) && route->prefix == (route->destination.v6 ? 128 : 32);
}

static bool is_wanted_route(const struct netconfig_wanted *wanted,
                            const struct netconfig_route *route)
{
    const struct netconfig_family *family = family_of(wanted, route->destination.v6);

    if (!family->gateway.set)
        return false;
    if (is_default(route))
        return ip_same(&route->next_hop, &family->gateway);
    return is_on_link_host(route) && ip_same(&route->destination, &family->gateway);
}

/* With a network, other routes than those that compete with ours are the user's own business. */
static bool is_in_the_way(const struct netconfig_wanted *wanted,
                          const struct netconfig_route *route)
{
    if (route->origin == NETCONFIG_SYSTEM || is_wanted_route(wanted, route))
        return false;
    return is_default(route) || is_on_link_host(route) ||
           !family_of(wanted, route->destination.v6)->address.set;
}

static void take_away(struct plan *plan)
{
    const struct netconfig_state *state = plan->state;

    for (size_t i = 0; i < state->route_count; i++) {
        const struct netconfig_route *route = &state->routes[i];

        if (!is_in_the_way(plan->wanted, route))
            continue;
        struct netconfig_change *change = add_change(plan, NETCONFIG_REMOVE_ROUTE);
        change->route = *route;
        change->by_hand =
            route->origin == NETCONFIG_MANUAL && !is_wanted_route(plan->before, route);
    }
    for (size_t i = 0; i < state->address_count; i++) {
        const struct netconfig_address *address = &state->addresses[i];

        if (address->origin == NETCONFIG_SYSTEM || is_wanted_address(plan->wanted, address))
            continue;
        struct netconfig_change *change = add_change(plan, NETCONFIG_REMOVE_ADDRESS);
        change->address = *address;
        change->by_hand =
            address->origin == NETCONFIG_MANUAL && !is_wanted_address(plan->before, address);
    }
}

static void add_route(struct plan *plan, const struct ip *destination, uint8_t prefix,
                      const struct ip *next_hop)
{
    struct netconfig_route route = {
        .destination = *destination, .prefix = prefix, .next_hop = *next_hop};

    for (size_t i = 0; i < plan->state->route_count; i++) {
        const struct netconfig_route *other = &plan->state->routes[i];

        if (other->prefix == prefix && ip_same(&other->destination, destination) &&
            ip_same(&other->next_hop, next_hop))
            return;
    }
    add_change(plan, NETCONFIG_ADD_ROUTE)->route = route;
}

static void add_family(struct plan *plan, const struct netconfig_family *family)
{
    const struct ip zero = {.set = true, .v6 = family->address.v6};
    const struct netconfig_address address = {.ip = family->address, .prefix = family->prefix};
    bool there = false;

    if (!family->address.set)
        return;
    for (size_t i = 0; i < plan->state->address_count; i++)
        there |= plan->state->addresses[i].prefix == family->prefix &&
                 ip_same(&plan->state->addresses[i].ip, &family->address);
    if (!there)
        add_change(plan, NETCONFIG_ADD_ADDRESS)->address = address;
    if (!family->gateway.set)
        return;
    add_route(plan, &family->gateway, family->address.v6 ? 128 : 32, &zero);
    add_route(plan, &zero, 0, &family->gateway);
}

static bool servers_are(const struct ip *servers, size_t count, const struct netconfig_state *state)
{
    if (count != state->dns_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!ip_same(&servers[i], &state->dns[i]))
            return false;
    }
    return true;
}

size_t netconfig_plan(const struct netconfig_wanted *wanted, const struct netconfig_wanted *before,
                      const struct netconfig_state *state, struct netconfig_change *changes)
{
    struct plan plan = {wanted, before, state, changes, 0};

    /* Or it would bring back what is taken away. */
    if (state->dhcp)
        add_change(&plan, NETCONFIG_STOP_DHCP);
    take_away(&plan);
    add_family(&plan, &wanted->v4);
    add_family(&plan, &wanted->v6);
    if (!servers_are(wanted->dns, wanted->dns_count, state))
        add_change(&plan, NETCONFIG_SET_DNS)->by_hand =
            state->dns_count > 0 && !servers_are(before->dns, before->dns_count, state);
    return plan.count;
}
