/* SPDX-License-Identifier: BSD-2-Clause */
/* See address.h. */
#include "core/netconfig/address.h"

#include <stddef.h>
#include <string.h>

enum { GROUPS = 8 };

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Moves *at behind 1 to digits_max digits of base. False: there are none, or too many. */
static bool take_number(const char **at, int base, int digits_max, uint32_t *value)
{
    int count = 0;

    *value = 0;
    for (; digit_of(**at) < base; (*at)++) {
        if (++count > digits_max)
            return false;
        *value = *value * (uint32_t)base + (uint32_t)digit_of(**at);
    }
    return count > 0;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

bool ip_parse_v4(const char *text, struct ip *out)
{
    struct ip ip = {.set = true};
    uint32_t value;

    memset(out, 0, sizeof(*out));
    for (int i = 0; i < IP_BYTES_V4; i++) {
        if (i > 0 && !take_char(&text, '.'))
            return false;
        if (text[0] == '0' && digit_of(text[1]) < 10) /* octal to some */
            return false;
        if (!take_number(&text, 10, 3, &value) || value > 255)
            return false;
        ip.bytes[i] = (uint8_t)value;
    }
    if (*text != '\0')
        return false;
    *out = ip;
    return true;
}

/* Groups of four hexadecimal digits up to the end or "::". Returns how many, or -1. */
static int take_groups(const char **at, uint16_t groups[GROUPS])
{
    uint32_t value;
    int count = 0;

    if (**at == '\0' || **at == ':')
        return 0;
    for (;;) {
        if (count == GROUPS || !take_number(at, 16, 4, &value))
            return -1;
        groups[count++] = (uint16_t)value;
        if (**at == '\0' || ((*at)[0] == ':' && (*at)[1] == ':'))
            return count;
        if (!take_char(at, ':'))
            return -1;
    }
}

bool ip_parse_v6(const char *text, struct ip *out)
{
    struct ip ip = {.set = true, .v6 = true};
    uint16_t head[GROUPS], tail[GROUPS];
    int heads, tails = 0;

    memset(out, 0, sizeof(*out));
    heads = take_groups(&text, head);
    if (*text == ':') { /* "::" stands for one group of zeros or more */
        text++;
        if (!take_char(&text, ':'))
            return false;
        tails = take_groups(&text, tail);
        if (heads < 0 || tails < 0 || heads + tails >= GROUPS)
            return false;
    } else if (heads != GROUPS) {
        return false;
    }
    if (*text != '\0')
        return false;
    for (int i = 0; i < heads; i++) {
        ip.bytes[2 * i] = (uint8_t)(head[i] >> 8);
        ip.bytes[2 * i + 1] = (uint8_t)head[i];
    }
    for (int i = 0; i < tails; i++) {
        ip.bytes[2 * (GROUPS - tails + i)] = (uint8_t)(tail[i] >> 8);
        ip.bytes[2 * (GROUPS - tails + i) + 1] = (uint8_t)tail[i];
    }
    *out = ip;
    return true;
}

bool mac_parse(const char *text, uint8_t out[MAC_BYTES])
{
    uint8_t mac[MAC_BYTES];

    for (int i = 0; i < MAC_BYTES; i++) {
        if ((i > 0 && !take_char(&text, ':')) || digit_of(text[0]) > 15 || digit_of(text[1]) > 15)
            return false;
        mac[i] = (uint8_t)(digit_of(text[0]) * 16 + digit_of(text[1]));
        text += 2;
    }
    if (*text != '\0' || (mac[0] & 1)) /* a group's, no adapter's */
        return false;
    memcpy(out, mac, MAC_BYTES);
    return true;
}

bool ip_parse_netmask(const char *text, uint8_t *prefix)
{
    struct ip ip;
    uint32_t mask;

    if (!ip_parse_v4(text, &ip))
        return false;
    mask = (uint32_t)ip.bytes[0] << 24 | (uint32_t)ip.bytes[1] << 16 | (uint32_t)ip.bytes[2] << 8 |
           ip.bytes[3];
    for (*prefix = 0; mask & 0x80000000u; mask <<= 1)
        (*prefix)++;
    return mask == 0;
}

bool ip_same(const struct ip *left, const struct ip *right)
{
    return left->set == right->set && left->v6 == right->v6 &&
           memcmp(left->bytes, right->bytes, IP_BYTES_V6) == 0;
}

bool ip_is_host(const struct ip *ip)
{
    static const uint8_t zeros[IP_BYTES_V6];

    if (!ip->set)
        return false;
    if (!ip->v6)
        return ip->bytes[0] != 0 && ip->bytes[0] != 127 && ip->bytes[0] < 224;
    /* ::/80 holds the unspecified address, loopback and both forms of IPv4. */
    return ip->bytes[0] != 0xff && memcmp(ip->bytes, zeros, 10) != 0;
}

bool ip_is_link_local(const struct ip *ip)
{
    return ip->v6 ? ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80
                  : ip->bytes[0] == 169 && ip->bytes[1] == 254;
}

static char *print_number(char *at, uint32_t value, uint32_t base)
{
    if (value >= base)
        at = print_number(at, value / base, base);
    *at = "0123456789abcdef"[value % base];
    return at + 1;
}

void ip_print(const struct ip *ip, char *text)
{
    if (!ip->set)
        *text++ = '-';
    for (int i = 0; ip->set && i < (ip->v6 ? GROUPS : IP_BYTES_V4); i++) {
        if (i > 0)
            *text++ = ip->v6 ? ':' : '.';
        text = ip->v6
                   ? print_number(text, (uint32_t)ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1], 16)
                   : print_number(text, ip->bytes[i], 10);
    }
    *text = '\0';
}
