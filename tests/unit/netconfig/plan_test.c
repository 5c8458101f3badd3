/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves core/netconfig: which texts are addresses, and which changes lead from any state of an
 * adapter to what dom0 wants (qwt-today.md 1.5 "network", #10459: a qube that loses its network
 * loses its addresses).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/netconfig/stack_model.h"

/* --- Texts */

static void good_addresses(void **state)
{
    static const struct {
        const char *text, *printed;
    } good[] = {
        {"10.137.0.5", "10.137.0.5"},
        {"255.255.255.255", "255.255.255.255"},
        {"0.0.0.0", "0.0.0.0"},
        {"fd09:24ef:4179::a89:5", "fd09:24ef:4179:0:0:0:a89:5"},
        {"::", "0:0:0:0:0:0:0:0"},
        {"::1", "0:0:0:0:0:0:0:1"},
        {"fe80::", "fe80:0:0:0:0:0:0:0"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
        {"ABCD:EF01:2345:6789:abcd:ef01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
    };
    char printed[IP_TEXT_BYTES];
    struct ip ip;

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        bool v6 = strchr(good[i].text, ':') != NULL;
        assert_true(v6 ? ip_parse_v6(good[i].text, &ip) : ip_parse_v4(good[i].text, &ip));
        assert_int_equal(ip.v6, v6);
        ip_print(&ip, printed);
        assert_string_equal(printed, good[i].printed);
    }
}

static void what_is_no_address(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.",
        ".1.2.3",
        "1..2.3",
        "256.1.1.1",
        "1.2.3.256",
        "010.1.1.1",
        "1.2.3.00",
        "0x7f.1.1.1",
        "1.2.3.1e1",
        "-1.2.3.4",
        "1.2.3.4/24",
        "1.2.3.4\n",
        "1.2.3.4444444444",
        "4294967297.1.1.1",
        "1.2.3.4;calc",
        ":",
        ":::",
        "1",
        "1:2",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8",
        "1::2::3",
        "1:::2",
        ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:",
        "12345::",
        "g::",
        "fe80::1%eth0",
        "::1.2.3.4",
        "::1/128",
        " ::1",
        "::1\n",
        "[::1]",
    };
    struct ip ip;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(ip_parse_v4(bad[i], &ip));
        assert_false(ip.set);
        assert_false(ip_parse_v6(bad[i], &ip));
        assert_false(ip.set);
    }
}

static void macs_and_netmasks(void **state)
{
    static const char *const bad_macs[] = {"",
                                           "00:16:3e:5e:6c",
                                           "00:16:3e:5e:6c:00:00",
                                           "00-16-3e-5e-6c-00",
                                           "0:16:3e:5e:6c:00",
                                           "01:00:5e:00:00:01",
                                           "ff:ff:ff:ff:ff:ff",
                                           "00:16:3e:5e:6c:0g",
                                           "00:16:3e:5e:6c:00 "};
    static const char *const bad_masks[] = {"",   "255.0.255.0", "0.255.255.255", "255.255.255.253",
                                            "24", "255.255.255"};
    uint8_t mac[MAC_BYTES], prefix;

    assert_true(mac_parse("00:16:3E:5e:6c:01", mac));
    assert_memory_equal(mac, "\x00\x16\x3e\x5e\x6c\x01", MAC_BYTES);
    for (size_t i = 0; i < sizeof(bad_macs) / sizeof(*bad_macs); i++)
        assert_false(mac_parse(bad_macs[i], mac));
    assert_true(ip_parse_netmask("255.255.255.255", &prefix) && prefix == 32);
    assert_true(ip_parse_netmask("255.255.254.0", &prefix) && prefix == 23);
    assert_true(ip_parse_netmask("0.0.0.0", &prefix) && prefix == 0);
    for (size_t i = 0; i < sizeof(bad_masks) / sizeof(*bad_masks); i++)
        assert_false(ip_parse_netmask(bad_masks[i], &prefix));
}

/* --- Keys */

static const char *const usual[NETCONFIG_KEYS] = {
    [NETCONFIG_MAC] = "00:16:3e:5e:6c:00",     [NETCONFIG_IP] = "10.137.0.5",
    [NETCONFIG_NETMASK] = "255.255.255.255",   [NETCONFIG_GATEWAY] = "10.138.1.1",
    [NETCONFIG_DNS_1] = "10.139.1.1",          [NETCONFIG_DNS_2] = "10.139.1.2",
    [NETCONFIG_IP6] = "fd09:24ef:4179::a89:5", [NETCONFIG_GATEWAY6] = "fe80::fcff:ffff:feff:ffff",
};

static struct netconfig_wanted wanted_with(enum netconfig_key key, const char *value)
{
    const char *values[NETCONFIG_KEYS];
    struct netconfig_wanted wanted;

    memcpy(values, usual, sizeof(values));
    if (key < NETCONFIG_KEYS)
        values[key] = value;
    netconfig_want(values, &wanted);
    return wanted;
}

static void hostile_values_count_as_missing(void **state)
{
    static const struct {
        enum netconfig_key key;
        const char *value;
    } hostile[] = {
        {NETCONFIG_IP, "127.0.0.1"},          {NETCONFIG_IP, "0.0.0.0"},
        {NETCONFIG_IP, "224.0.0.1"},          {NETCONFIG_IP, "255.255.255.255"},
        {NETCONFIG_IP, "169.254.1.1"},        {NETCONFIG_IP, "10.137.0.5 & calc"},
        {NETCONFIG_GATEWAY, "127.0.0.1"},     {NETCONFIG_GATEWAY, "239.1.1.1"},
        {NETCONFIG_GATEWAY, "10.138.1"},      {NETCONFIG_DNS_1, "127.0.0.53"},
        {NETCONFIG_DNS_2, "fd09::1"},         {NETCONFIG_NETMASK, "0.0.0.0"},
        {NETCONFIG_NETMASK, "255.0.255.0"},   {NETCONFIG_IP6, "::1"},
        {NETCONFIG_IP6, "::ffff:a89:5"},      {NETCONFIG_IP6, "ff02::1"},
        {NETCONFIG_IP6, "fe80::1"},           {NETCONFIG_GATEWAY6, "::"},
        {NETCONFIG_MAC, "ff:ff:ff:ff:ff:ff"},
    };

    assert_int_equal(wanted_with(NETCONFIG_KEYS, NULL).bad, 0);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
        struct netconfig_wanted wanted = wanted_with(hostile[i].key, hostile[i].value);
        struct netconfig_wanted without = wanted_with(hostile[i].key, NULL);

        assert_int_equal(wanted.bad, 1u << hostile[i].key);
        wanted.bad = 0;
        assert_int_equal(without.bad, 0);
        assert_memory_equal(&wanted, &without, sizeof(wanted));
    }
}

static void an_empty_key_is_no_fault(void **state)
{
    struct netconfig_wanted wanted = wanted_with(NETCONFIG_IP6, "");

    assert_int_equal(wanted.bad, 0);
    assert_false(wanted.v6.address.set);
    assert_false(wanted.v6.gateway.set); /* no use without an address */
    assert_int_equal(wanted_with(NETCONFIG_DNS_1, "").dns_count, 1);
    assert_int_equal(wanted_with(NETCONFIG_DNS_2, "10.139.1.1").dns_count, 1); /* twice the same */
}

/* --- Plans */

static struct ip ip_of(const char *text)
{
    struct ip ip;

    assert_true(strchr(text, ':') ? ip_parse_v6(text, &ip) : ip_parse_v4(text, &ip));
    return ip;
}

static void have_address(struct netconfig_state *state, const char *text, uint8_t prefix,
                         enum netconfig_origin origin)
{
    state->addresses[state->address_count++] =
        (struct netconfig_address){.ip = ip_of(text), .prefix = prefix, .origin = origin};
}

static void have_route(struct netconfig_state *state, const char *to, uint8_t prefix,
                       const char *next_hop, enum netconfig_origin origin)
{
    state->routes[state->route_count++] = (struct netconfig_route){
        .destination = ip_of(to), .next_hop = ip_of(next_hop), .prefix = prefix, .origin = origin};
}

/* Makes the plan; then nothing is left to do. Returns how many changes, *by_hand of them. */
static size_t carry_out(const struct netconfig_wanted *wanted,
                        const struct netconfig_wanted *before, struct netconfig_state *state,
                        size_t *by_hand)
{
    struct netconfig_change changes[NETCONFIG_CHANGES];
    size_t count = netconfig_plan(wanted, before, state, changes);

    *by_hand = 0;
    for (size_t i = 0; i < count; i++) {
        model_change(state, &changes[i], wanted);
        *by_hand += changes[i].by_hand;
    }
    assert_int_equal(netconfig_plan(wanted, before, state, changes), 0);
    return count;
}

static bool has_route(const struct netconfig_state *state, const char *to, uint8_t prefix,
                      const char *next_hop)
{
    const struct netconfig_route route = {
        .destination = ip_of(to), .next_hop = ip_of(next_hop), .prefix = prefix};

    for (size_t i = 0; i < state->route_count; i++) {
        if (model_same_route(&state->routes[i], &route))
            return true;
    }
    return false;
}

static const struct netconfig_wanted nothing_before;

static void a_fresh_adapter(void **unused)
{
    struct netconfig_wanted wanted = wanted_with(NETCONFIG_KEYS, NULL);
    struct netconfig_state state = {.dhcp = true};
    struct netconfig_change changes[NETCONFIG_CHANGES];
    size_t by_hand;

    /* The order: nobody undoes it, the address first, then who is on the link, then the rest. */
    assert_int_equal(netconfig_plan(&wanted, &nothing_before, &state, changes), 8);
    assert_int_equal(changes[0].action, NETCONFIG_STOP_DHCP);
    assert_int_equal(changes[1].action, NETCONFIG_ADD_ADDRESS);
    assert_int_equal(changes[1].address.prefix, 32);
    assert_int_equal(changes[2].route.prefix, 32);
    assert_int_equal(changes[3].route.prefix, 0);
    assert_int_equal(changes[4].address.prefix, 128);
    carry_out(&wanted, &nothing_before, &state, &by_hand);
    assert_int_equal(by_hand, 0);
    assert_true(has_route(&state, "10.138.1.1", 32, "0.0.0.0"));
    assert_true(has_route(&state, "0.0.0.0", 0, "10.138.1.1"));
    assert_true(has_route(&state, "fe80::fcff:ffff:feff:ffff", 128, "::"));
    assert_true(has_route(&state, "::", 0, "fe80::fcff:ffff:feff:ffff"));
    assert_int_equal(state.address_count, 2);
    assert_int_equal(state.dns_count, 2);
}

static void what_a_user_set_is_replaced_and_told(void **unused)
{
    struct netconfig_wanted wanted = wanted_with(NETCONFIG_KEYS, NULL);
    struct netconfig_state state = {.dns_count = 1, .dns = {ip_of("8.8.8.8")}};
    size_t by_hand;

    have_address(&state, "192.168.1.7", 24, NETCONFIG_MANUAL);
    have_address(&state, "fe80::1234", 64, NETCONFIG_SYSTEM);
    have_address(&state, "169.254.9.9", 16, NETCONFIG_SYSTEM);
    have_route(&state, "0.0.0.0", 0, "192.168.1.1", NETCONFIG_MANUAL);
    have_route(&state, "172.16.0.0", 12, "10.138.1.1", NETCONFIG_MANUAL); /* stays: no rival */
    have_route(&state, "224.0.0.0", 4, "0.0.0.0", NETCONFIG_SYSTEM);
    carry_out(&wanted, &nothing_before, &state, &by_hand);
    assert_int_equal(by_hand, 3);
    assert_false(has_route(&state, "0.0.0.0", 0, "192.168.1.1"));
    assert_true(has_route(&state, "172.16.0.0", 12, "10.138.1.1"));
    assert_true(has_route(&state, "224.0.0.0", 4, "0.0.0.0"));
    assert_int_equal(state.address_count, 4);
}

static void qwt_10459_no_network_no_addresses(void **unused)
{
    struct netconfig_wanted before = wanted_with(NETCONFIG_KEYS, NULL), wanted = before;
    struct netconfig_state state = {0};
    size_t by_hand;

    have_address(&state, "fe80::1234", 64, NETCONFIG_SYSTEM);
    carry_out(&before, &nothing_before, &state, &by_hand);
    have_address(&state, "192.168.1.7", 24, NETCONFIG_DHCP);
    have_route(&state, "172.16.0.0", 12, "10.138.1.1", NETCONFIG_MANUAL);
    netconfig_want_nothing(&wanted);
    carry_out(&wanted, &before, &state, &by_hand);
    assert_int_equal(by_hand, 1); /* the route to 172.16.0.0 */
    assert_int_equal(state.address_count, 1);
    assert_int_equal(state.route_count, 0);
    assert_int_equal(state.dns_count, 0);
}

static void another_network(void **unused)
{
    struct netconfig_wanted before = wanted_with(NETCONFIG_KEYS, NULL);
    struct netconfig_wanted wanted = wanted_with(NETCONFIG_GATEWAY, "10.138.9.9");
    struct netconfig_state state = {0};
    size_t by_hand;

    carry_out(&before, &nothing_before, &state, &by_hand);
    assert_int_equal(carry_out(&wanted, &before, &state, &by_hand), 4); /* two routes */
    assert_int_equal(by_hand, 0);
    assert_false(has_route(&state, "10.138.1.1", 32, "0.0.0.0"));
    assert_true(has_route(&state, "0.0.0.0", 0, "10.138.9.9"));
    wanted = wanted_with(NETCONFIG_IP, "10.137.0.6");
    before = wanted_with(NETCONFIG_GATEWAY, "10.138.9.9");
    assert_int_equal(carry_out(&wanted, &before, &state, &by_hand), 6); /* and the address */
    assert_int_equal(by_hand, 0);
    wanted = wanted_with(NETCONFIG_IP, "10.137.0.6");
    assert_int_equal(carry_out(&wanted, &wanted, &state, &by_hand), 0);
}

static void another_prefix_of_the_same_address(void **unused)
{
    struct netconfig_wanted wanted = wanted_with(NETCONFIG_KEYS, NULL);
    struct netconfig_state state = {0};
    size_t by_hand;

    have_address(&state, "10.137.0.5", 8, NETCONFIG_MANUAL);
    carry_out(&wanted, &nothing_before, &state, &by_hand);
    assert_int_equal(by_hand, 1);
    assert_int_equal(state.address_count, 2);
    assert_int_equal(state.addresses[0].prefix, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses),
        cmocka_unit_test(what_is_no_address),
        cmocka_unit_test(macs_and_netmasks),
        cmocka_unit_test(hostile_values_count_as_missing),
        cmocka_unit_test(an_empty_key_is_no_fault),
        cmocka_unit_test(a_fresh_adapter),
        cmocka_unit_test(what_a_user_set_is_replaced_and_told),
        cmocka_unit_test(qwt_10459_no_network_no_addresses),
        cmocka_unit_test(another_network),
        cmocka_unit_test(another_prefix_of_the_same_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
