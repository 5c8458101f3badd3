/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network addresses as QubesDB has them in text: IPv4 in four decimal numbers, IPv6 as RFC 4291
 * section 2.2 writes it (forms 1 and 2; no zone, no IPv4 inside), MAC addresses in six hexadecimal
 * ones. Nothing is guessed: no leading zeros, no blanks, no missing parts.
 */
#ifndef CASEMENT_NETCONFIG_ADDRESS_H
#define CASEMENT_NETCONFIG_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum { IP_BYTES_V4 = 4, IP_BYTES_V6 = 16, MAC_BYTES = 6, IP_TEXT_BYTES = 46 };

/* All zero: none. */
struct ip {
    bool set, v6;
    uint8_t bytes[IP_BYTES_V6]; /* in network order; of IPv4 the first four, the others are 0 */
};

/* False: that is no such text; *out is none. */
bool ip_parse_v4(const char *text, struct ip *out);
bool ip_parse_v6(const char *text, struct ip *out);
bool mac_parse(const char *text, uint8_t out[MAC_BYTES]);
/* A netmask, whose set bits come first. *prefix: how many, 0 to 32. */
bool ip_parse_netmask(const char *text, uint8_t *prefix);

bool ip_same(const struct ip *left, const struct ip *right);
/* One host can have it: not unspecified, loopback, multicast, broadcast, or IPv4 in IPv6. */
bool ip_is_host(const struct ip *ip);
/* 169.254.0.0/16 and fe80::/10: valid on one link alone, made by the system itself. */
bool ip_is_link_local(const struct ip *ip);

/* For people: text has IP_TEXT_BYTES; "-" for none. IPv6 without "::". */
void ip_print(const struct ip *ip, char *text);

#endif
