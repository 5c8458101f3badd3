/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring protocol on one control page: ring sizes, every wrap of the rings and of the indices,
 * who is notified when, what a peer that writes nonsense into the page can do (end its own
 * channel, nothing else), and which texts pass as numbers in the xenstore.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/vchan/vchan_move.h"

/* The bytes come first, aligned as malloc() aligns. */
struct pair {
    uint8_t bytes[VCHAN_PAGE_BYTES];
    uint8_t left[1 << 13], right[1 << 13];
    struct vchan_page *page; /* = bytes */
    struct vchan_ring server, client;
};

static void pair_init_at(struct pair *pair, struct vchan_orders orders, uint32_t start)
{
    memset(pair, 0, sizeof(*pair));
    pair->page = (struct vchan_page *)(void *)pair->bytes;
    vchan_page_init(pair->page, orders);
    pair->page->left.cons = pair->page->left.prod = start;
    pair->page->right.cons = pair->page->right.prod = start;
    vchan_ring_attach(&pair->server, pair->page, true, orders, pair->left, pair->right);
    vchan_ring_attach(&pair->client, pair->page, false, orders, pair->left, pair->right);
    vchan_ring_announce(&pair->client);
}

static void pair_init(struct pair *pair, struct vchan_orders orders)
{
    pair_init_at(pair, orders, 0);
}

static const struct vchan_orders in_page = {.left = 10, .right = 11};
static const struct vchan_orders paged = {.left = 12, .right = 13};

static void orders_follow_the_rule_of_xen(void **state)
{
    static const struct {
        size_t left, right;
        uint8_t left_order, right_order;
    } cases[] = {
        {0, 0, 10, 11},       {1024, 2048, 10, 11}, {2048, 1024, 11, 10},
        {1025, 1025, 11, 12}, {2048, 2048, 11, 12}, {1, 4096, 11, 12},
        {4096, 1, 12, 11},    {4096, 4096, 12, 12}, {4097, 65536, 13, 16},
        {2049, 2049, 12, 12}, {1048576, 1, 20, 11}, {1048576, 1048576, 20, 20},
    };
    struct vchan_orders orders;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(vchan_orders_choose(cases[i].left, cases[i].right, &orders));
        assert_int_equal(orders.left, cases[i].left_order);
        assert_int_equal(orders.right, cases[i].right_order);
        assert_true(vchan_orders_valid(orders));
    }
    assert_false(vchan_orders_choose(1048577, 1, &orders));
    assert_false(vchan_orders_choose(1, SIZE_MAX, &orders));
}

static void a_client_refuses_orders_that_cannot_be(void **state)
{
    struct vchan_page page = {0};
    struct vchan_orders orders;

    for (uint32_t left = 0; left < 40; left++) {
        for (uint32_t right = 0; right < 40; right++) {
            bool fits = left >= 10 && left <= 20 && right >= 10 && right <= 20 &&
                        !(left == right && left < 12);
            page.left_order = (uint16_t)left;
            page.right_order = (uint16_t)right;
            assert_int_equal(vchan_page_orders(&page, &orders), fits);
        }
    }
    page.left_order = 256 + 12; /* must not be cut to a byte */
    page.right_order = 12;
    assert_false(vchan_page_orders(&page, &orders));
}

static void move(struct vchan_ring *from, struct vchan_ring *to, uint32_t size, uint8_t seed)
{
    uint8_t sent[1 << 13], got[1 << 13];

    for (uint32_t i = 0; i < size; i++)
        sent[i] = (uint8_t)(seed + i * 7);
    assert_true(vchan_ring_writable(from, size) >= size);
    vchan_ring_put(from, sent, size);
    assert_int_equal(vchan_ring_readable(to, size), size);
    vchan_ring_peek(to, 0, got, size);
    assert_memory_equal(sent, got, size);
    vchan_ring_consume(to, size);
    assert_int_equal(vchan_ring_readable(to, 1), 0);
}

static void content_survives_every_wrap(void **state)
{
    static const struct vchan_orders all[] = {{10, 11}, {11, 10}, {11, 12}, {12, 11}, {12, 13}};
    struct pair *pair = malloc(sizeof(*pair));

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        /* Also across the wrap of the 32-bit indices. */
        pair_init_at(pair, all[i], UINT32_MAX - 5000);
        for (uint32_t size = 1; size <= 1u << all[i].left; size += 13)
            move(&pair->client, &pair->server, size, (uint8_t)size);
        for (uint32_t size = 1; size <= 1u << all[i].right; size += 29)
            move(&pair->server, &pair->client, size, (uint8_t)size);
        move(&pair->client, &pair->server, 1u << all[i].left, 3);
        move(&pair->server, &pair->client, 1u << all[i].right, 3);
    }
    free(pair);
}

static void in_page_rings_do_not_touch_the_control_fields(void **state)
{
    static const struct vchan_orders both[] = {{10, 11}, {11, 10}};
    struct pair *pair = malloc(sizeof(*pair));
    uint8_t full[2048];

    memset(full, 0xff, sizeof(full));
    for (int i = 0; i < 2; i++) {
        pair_init(pair, both[i]);
        vchan_ring_put(&pair->client, full, 1u << both[i].left);
        vchan_ring_put(&pair->server, full, 1u << both[i].right);
        for (uint32_t at = 24; at < 1024; at++)
            assert_int_equal(pair->bytes[at], 0);
        assert_int_equal(vchan_ring_readable(&pair->server, 1), 1u << both[i].left);
        assert_int_equal(vchan_ring_readable(&pair->client, 1), 1u << both[i].right);
    }
    free(pair);
}

static void the_peer_is_notified_once_and_only_when_it_asked(void **state)
{
    struct pair *pair = malloc(sizeof(*pair));
    uint8_t byte = 1;

    pair_init(pair, paged);
    /* A new channel: both want to know of data. */
    assert_true(vchan_ring_put(&pair->client, &byte, 1));
    assert_false(vchan_ring_put(&pair->client, &byte, 1));
    assert_true(vchan_ring_put(&pair->server, &byte, 1));
    assert_false(vchan_ring_put(&pair->server, &byte, 1));

    assert_int_equal(vchan_ring_readable(&pair->server, 2), 2);
    assert_false(vchan_ring_consume(&pair->server, 1));
    vchan_ring_request(&pair->client, VCHAN_ON_READ);
    vchan_ring_request(&pair->client, VCHAN_ON_WRITE);
    assert_true(vchan_ring_consume(&pair->server, 1)); /* takes ON_READ and leaves ON_WRITE */
    assert_true(vchan_ring_put(&pair->server, &byte, 1));
    assert_false(vchan_ring_put(&pair->server, &byte, 1));

    vchan_ring_request(&pair->client, VCHAN_ON_WRITE);
    assert_true(vchan_ring_peer_awaits_write(&pair->server));
    vchan_ring_unrequest(&pair->client, VCHAN_ON_WRITE);
    assert_false(vchan_ring_peer_awaits_write(&pair->server));
    assert_false(vchan_ring_put(&pair->server, &byte, 1));
    free(pair);
}

/* While more is known to be there and nobody waits, room is given back a quarter at a time. */
static void room_is_given_back_in_time(void **state)
{
    struct pair *pair = malloc(sizeof(*pair));
    uint8_t data[4096] = {0};

    pair_init(pair, paged);
    assert_int_equal(vchan_ring_writable(&pair->client, 4096), 4096);
    vchan_ring_put(&pair->client, data, 4096);
    assert_int_equal(vchan_ring_readable(&pair->server, 1), 4096);
    assert_false(vchan_ring_consume(&pair->server, 1000));
    assert_int_equal(vchan_ring_writable(&pair->client, 4096), 0);
    assert_false(vchan_ring_consume(&pair->server, 24)); /* a quarter */
    assert_int_equal(vchan_ring_writable(&pair->client, 4096), 1024);
    assert_false(vchan_ring_consume(&pair->server, 10));
    assert_false(vchan_ring_give_back(&pair->server));
    assert_int_equal(vchan_ring_writable(&pair->client, 4096), 1034);
    for (int i = 0; i < 2; i++)
        vchan_ring_consume(&pair->server, 1023);
    vchan_ring_consume(&pair->server, 4096 - 1034 - 2046); /* all that is known */
    assert_int_equal(vchan_ring_writable(&pair->client, 4096), 4096);
    free(pair);
}

static void who_waits_at_a_full_ring_is_told_of_each_byte(void **state)
{
    struct pair *pair = malloc(sizeof(*pair));
    uint8_t data[4096] = {0};

    pair_init(pair, paged);
    assert_int_equal(vchan_ring_writable(&pair->client, 4096), 4096);
    vchan_ring_put(&pair->client, data, 4096);
    assert_int_equal(vchan_ring_readable(&pair->server, 1), 4096);
    vchan_ring_request(&pair->client, VCHAN_ON_READ);
    assert_true(vchan_ring_consume(&pair->server, 1));
    assert_int_equal(vchan_ring_writable(&pair->client, 1), 1);
    free(pair);
}

static void a_producer_index_beyond_the_ring_is_a_fault(void **state)
{
    struct pair *pair = malloc(sizeof(*pair));

    pair_init(pair, paged);
    pair->page->left.prod = 4096; /* full: legal */
    assert_int_equal(vchan_ring_readable(&pair->server, 1), 4096);
    pair->page->left.prod = 4097;
    assert_int_equal(vchan_ring_readable(&pair->server, 8000), 0);
    assert_int_equal(pair->server.fault, VCHAN_FAULT_READ_INDEX);
    /* For good, and for both directions. */
    pair->page->left.prod = 10;
    assert_int_equal(vchan_ring_readable(&pair->server, 8000), 0);
    assert_int_equal(vchan_ring_writable(&pair->server, 1), 0);
    free(pair);
}

static void a_consumer_index_ahead_of_ours_is_a_fault(void **state)
{
    struct pair *pair = malloc(sizeof(*pair));

    pair_init(pair, paged);
    pair->page->left.cons = 1;
    assert_int_equal(vchan_ring_writable(&pair->client, 1), 0);
    assert_int_equal(pair->client.fault, VCHAN_FAULT_WRITE_INDEX);
    free(pair);
}

static void own_indices_are_not_read_back(void **state)
{
    struct pair *pair = malloc(sizeof(*pair));

    pair_init(pair, paged);
    move(&pair->client, &pair->server, 100, 0);
    /* The client tampers with the server's consumer index, the server with the client's producer
     * index: neither makes the other copy from or to elsewhere. */
    pair->page->left.cons = 4000;
    pair->page->left.prod = 100;
    assert_int_equal(vchan_ring_readable(&pair->server, 1), 0);
    assert_int_equal(pair->server.rx.own, 100);
    pair->page->left.cons = 100;
    pair->page->left.prod = 77777;
    assert_int_equal(vchan_ring_writable(&pair->client, 1 << 20), 4096);
    move(&pair->client, &pair->server, 100, 9);
    free(pair);
}

static void only_a_client_can_be_awaited(void **state)
{
    struct pair *pair = malloc(sizeof(*pair));

    pair_init(pair, in_page);
    for (int value = 0; value < 256; value++) {
        pair->page->cli_live = pair->page->srv_live = (uint8_t)value;
        assert_int_equal(vchan_ring_peer(&pair->server), value <= 2 ? value : VCHAN_LIVE_GONE);
        assert_int_equal(vchan_ring_peer(&pair->client), value == 1 ? 1 : VCHAN_LIVE_GONE);
    }
    pair_init(pair, in_page);
    vchan_ring_leave(&pair->client);
    assert_int_equal(vchan_ring_peer(&pair->server), VCHAN_LIVE_GONE);
    vchan_ring_leave(&pair->server);
    assert_int_equal(vchan_ring_peer(&pair->client), VCHAN_LIVE_GONE);
    free(pair);
}

static void a_second_client_continues_where_the_first_left(void **state)
{
    struct pair *pair = malloc(sizeof(*pair));
    struct vchan_ring second;

    pair_init(pair, paged);
    move(&pair->client, &pair->server, 1000, 1);
    move(&pair->server, &pair->client, 500, 2);
    vchan_ring_leave(&pair->client);
    vchan_ring_attach(&second, pair->page, false, paged, pair->left, pair->right);
    vchan_ring_announce(&second);
    assert_int_equal(vchan_ring_peer(&pair->server), VCHAN_LIVE_CONNECTED);
    move(&second, &pair->server, 4096, 3);
    move(&pair->server, &second, 8192, 4);
    free(pair);
}

static void keys_are_plain_decimal_numbers(void **state)
{
    static const char *bad[] = {"",    "0",          "-1",  "+1",          " 1",   "1 ", "0x10",
                                "1e3", "4294967296", "12a", "99999999999", "\xff", "1\n"};
    uint32_t value;

    assert_true(vchan_parse_key("1", 1, &value) && value == 1);
    assert_true(vchan_parse_key("4294967295", 10, &value) && value == UINT32_MAX);
    assert_true(vchan_parse_key("0008", 4, &value) && value == 8);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(vchan_parse_key(bad[i], strlen(bad[i]), &value));
    assert_false(vchan_parse_key("1\0002", 3, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_follow_the_rule_of_xen),
        cmocka_unit_test(a_client_refuses_orders_that_cannot_be),
        cmocka_unit_test(content_survives_every_wrap),
        cmocka_unit_test(in_page_rings_do_not_touch_the_control_fields),
        cmocka_unit_test(the_peer_is_notified_once_and_only_when_it_asked),
        cmocka_unit_test(room_is_given_back_in_time),
        cmocka_unit_test(who_waits_at_a_full_ring_is_told_of_each_byte),
        cmocka_unit_test(a_producer_index_beyond_the_ring_is_a_fault),
        cmocka_unit_test(a_consumer_index_ahead_of_ours_is_a_fault),
        cmocka_unit_test(own_indices_are_not_read_back),
        cmocka_unit_test(only_a_client_can_be_awaited),
        cmocka_unit_test(a_second_client_continues_where_the_first_left),
        cmocka_unit_test(keys_are_plain_decimal_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
