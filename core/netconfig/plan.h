/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to change on this qube's network adapter: from the keys of QubesDB and from what the adapter
 * has now to a list of single changes. Pure: reads its arguments and fills its results. After the
 * changes were made, the list is empty.
 *
 * Qubes' network has no subnet: the address has a prefix of 32 (128), and the gateway is reached
 * by a route of its own on the link before the default route goes through it.
 */
#ifndef CASEMENT_NETCONFIG_PLAN_H
#define CASEMENT_NETCONFIG_PLAN_H

#include <stddef.h>

#include "core/netconfig/address.h"

/* --- What dom0 wants */

enum netconfig_key { /* in the order of netconfig_paths */
                     NETCONFIG_MAC,
                     NETCONFIG_IP,
                     NETCONFIG_NETMASK,
                     NETCONFIG_GATEWAY,
                     NETCONFIG_DNS_1,
                     NETCONFIG_DNS_2,
                     NETCONFIG_IP6,
                     NETCONFIG_GATEWAY6,
                     NETCONFIG_KEYS
};
extern const char *const netconfig_paths[NETCONFIG_KEYS + 1]; /* NULL at the end */

struct netconfig_family {
    struct ip address, gateway; /* perhaps none; a gateway only with an address */
    uint8_t prefix;
};

struct netconfig_wanted {
    bool mac_set;
    uint8_t mac[MAC_BYTES];
    struct netconfig_family v4, v6;
    struct ip dns[2];
    size_t dns_count;
    uint32_t bad; /* 1 << key: its value is none that can be used, and counts as missing */
};

/* values: one text for each key, NULL: there is no such key. */
void netconfig_want(const char *const values[NETCONFIG_KEYS], struct netconfig_wanted *wanted);
/* The qube has no network (no vif): only the adapter stays, without addresses. */
void netconfig_want_nothing(struct netconfig_wanted *wanted);

/* --- What the adapter has */

enum { NETCONFIG_ADDRESSES = 32, NETCONFIG_ROUTES = 64, NETCONFIG_SERVERS = 8 };

enum netconfig_origin {
    NETCONFIG_MANUAL, /* set by a person or a program */
    NETCONFIG_DHCP,
    NETCONFIG_SYSTEM, /* made by the system itself, and made again when it is removed */
};

struct netconfig_address {
    struct ip ip;
    uint8_t prefix;
    enum netconfig_origin origin;
};

struct netconfig_route {
    struct ip destination; /* 0.0.0.0 or :: with prefix 0: the default route */
    struct ip next_hop;    /* all bytes 0: on the link */
    uint8_t prefix;
    enum netconfig_origin origin;
};

/* What does not fit is left out by who fills this in; it is seen after the first changes. */
struct netconfig_state {
    bool dhcp; /* the DHCP client looks after this adapter */
    size_t address_count, route_count, dns_count;
    struct netconfig_address addresses[NETCONFIG_ADDRESSES];
    struct netconfig_route routes[NETCONFIG_ROUTES];
    struct ip dns[NETCONFIG_SERVERS]; /* IPv4, as set for this adapter */
};

/* --- What to do */

enum netconfig_action {
    NETCONFIG_STOP_DHCP,
    NETCONFIG_REMOVE_ROUTE,
    NETCONFIG_REMOVE_ADDRESS,
    NETCONFIG_ADD_ADDRESS,
    NETCONFIG_ADD_ROUTE,
    NETCONFIG_SET_DNS, /* to wanted->dns, perhaps none */
};

struct netconfig_change {
    enum netconfig_action action;
    struct netconfig_address address; /* of the two about addresses */
    struct netconfig_route route;     /* of the two about routes */
    bool by_hand;                     /* takes away what neither dom0 nor DHCP had set */
};

enum { NETCONFIG_CHANGES = NETCONFIG_ADDRESSES + NETCONFIG_ROUTES + 8 };

/* before: what was wanted the last time (all zero at first), which is not "by hand". Returns how
 * many of changes (NETCONFIG_CHANGES of them) are to be made, in this order. */
size_t netconfig_plan(const struct netconfig_wanted *wanted, const struct netconfig_wanted *before,
                      const struct netconfig_state *state, struct netconfig_change *changes);

#endif
