/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One channel, both ends in this process on a fake port: set-up and every way it can fail without
 * leaving anything behind, what each call gives at the edges (empty, full, too big, gone), close
 * with data still to drain, and waits that end when the peer dies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/vchan/vchan_channel.h"
#include "tests/unit/vchan/fake_port.h"

struct both {
    struct fake_world world;
    struct vchan_port server_port, client_port;
    struct vchan_channel server, client;
};

static void open_both(struct both *both, size_t left, size_t right)
{
    fake_world_init(&both->world);
    both->server_port = fake_port(&both->world);
    both->client_port = fake_port(&both->world);
    assert_int_equal(vchan_channel_serve(&both->server, &both->server_port, 1, "p", left, right),
                     VCHAN_OK);
    assert_int_equal(vchan_channel_state(&both->server), VCHAN_STATE_WAITING);
    assert_int_equal(vchan_channel_join(&both->client, &both->client_port, 0, "p"), VCHAN_OK);
    assert_int_equal(vchan_channel_state(&both->server), VCHAN_STATE_CONNECTED);
    assert_int_equal(vchan_channel_state(&both->client), VCHAN_STATE_CONNECTED);
    /* Both heard of the connection. */
    both->server_port.pending = both->client_port.pending = 0;
}

static void close_both(struct both *both)
{
    vchan_channel_close(&both->client);
    vchan_channel_close(&both->server);
    fake_world_end(&both->world);
}

static void streams_move_what_fits(void **state)
{
    struct both both;
    char data[8192] = "stream", got[8192];

    open_both(&both, 4096, 4096);
    assert_int_equal(vchan_channel_read(&both.server, got, 10, false), 0);
    assert_int_equal(vchan_channel_write(&both.client, data, 8192, false), 4096);
    assert_int_equal(vchan_channel_write(&both.client, data, 1, false), 0);
    assert_int_equal(vchan_channel_buffer_space(&both.client), 0);
    assert_int_equal(vchan_channel_data_ready(&both.server), 4096);
    assert_int_equal(vchan_channel_read(&both.server, got, 100, false), 100);
    assert_int_equal(vchan_channel_buffer_space(&both.client), 100);
    assert_int_equal(vchan_channel_read(&both.server, got, 8192, true), 3996);
    assert_int_equal(vchan_channel_write(&both.client, data, 0, true), 0);
    assert_int_equal(vchan_channel_read(&both.server, got, 0, true), 0);
    close_both(&both);
}

static void packets_move_whole_or_not(void **state)
{
    struct both both;
    char data[4096] = "packet", got[4096];

    open_both(&both, 4096, 4096);
    assert_int_equal(vchan_channel_send(&both.client, data, 3000, false), 3000);
    assert_int_equal(vchan_channel_send(&both.client, data, 3000, false), 0);
    assert_int_equal(vchan_channel_recv(&both.server, got, 3001, false), 0);
    assert_int_equal(vchan_channel_recv(&both.server, got, 3000, true), 3000);
    assert_memory_equal(data, got, 3000);
    assert_int_equal(vchan_channel_send(&both.client, data, 4096, true), 4096);
    close_both(&both);
}

/* A hostile server that changes its keys faster than they are read keeps nobody. */
static void an_offer_that_never_rests_is_no_offer(void **state)
{
    struct both both;

    fake_world_init(&both.world);
    both.server_port = fake_port(&both.world);
    both.client_port = fake_port(&both.world);
    assert_int_equal(vchan_channel_serve(&both.server, &both.server_port, 1, "p", 4096, 4096),
                     VCHAN_OK);
    both.world.restless = 1;
    assert_int_equal(vchan_channel_join(&both.client, &both.client_port, 0, "p"), VCHAN_NO_SERVER);
    vchan_channel_close(&both.server);
    fake_world_end(&both.world);
}

/* qwt-today.md 1.6 item 13: a send of more than the ring holds waited for ever. */
static void qwt_13_a_send_larger_than_the_ring_fails_at_once(void **state)
{
    struct both both;
    static char data[1 << 20];

    open_both(&both, 4096, 8192);
    assert_int_equal(vchan_channel_send(&both.client, data, 4097, true), VCHAN_TOO_BIG);
    assert_int_equal(vchan_channel_send(&both.client, data, 4097, false), VCHAN_TOO_BIG);
    assert_int_equal(vchan_channel_send(&both.server, data, 8193, true), VCHAN_TOO_BIG);
    assert_int_equal(vchan_channel_recv(&both.server, data, 4097, true), VCHAN_TOO_BIG);
    assert_int_equal(vchan_channel_recv(&both.client, data, SIZE_MAX, true), VCHAN_TOO_BIG);
    close_both(&both);
}

static void what_was_written_survives_the_close(void **state)
{
    struct both both;
    char got[64];

    open_both(&both, 4096, 4096);
    assert_int_equal(vchan_channel_write(&both.client, "last words", 10, true), 10);
    vchan_channel_close(&both.client);
    assert_int_equal(vchan_channel_state(&both.server), VCHAN_STATE_GONE);
    assert_int_equal(vchan_channel_write(&both.server, "x", 1, true), VCHAN_GONE);
    assert_int_equal(vchan_channel_send(&both.server, "x", 1, false), VCHAN_GONE);
    /* A packet that will never be complete is refused, and its part stays readable. */
    assert_int_equal(vchan_channel_recv(&both.server, got, 11, true), VCHAN_GONE);
    assert_int_equal(vchan_channel_recv(&both.server, got, 4, true), 4);
    assert_int_equal(vchan_channel_read(&both.server, got, 64, true), 6);
    assert_memory_equal(got, " words", 6);
    assert_int_equal(vchan_channel_read(&both.server, got, 64, true), VCHAN_GONE);
    assert_int_equal(vchan_channel_read(&both.server, got, 64, false), VCHAN_GONE);
    close_both(&both);
}

/* The caller may poll after any call that moved less than it asked for. */
static void a_short_call_asks_to_be_notified(void **state)
{
    struct both both;
    char data[4096] = "", got[64];

    open_both(&both, 4096, 4096);
    assert_int_equal(vchan_channel_write(&both.client, data, 10, false), 10);
    assert_int_equal(vchan_channel_read(&both.server, got, 64, true), 10);
    both.server_port.pending = 0;
    assert_int_equal(vchan_channel_write(&both.client, data, 10, false), 10);
    assert_int_equal(both.server_port.pending, 1);
    /* A read that got all it wanted need not be told of more. */
    assert_int_equal(vchan_channel_read(&both.server, got, 10, true), 10);
    assert_int_equal(vchan_channel_write(&both.client, data, 4096, false), 4096);
    assert_int_equal(both.server_port.pending, 1);

    assert_int_equal(vchan_channel_write(&both.client, data, 1, false), 0);
    assert_int_equal(vchan_channel_read(&both.server, got, 1, true), 1);
    assert_int_equal(both.client_port.pending, 1);
    close_both(&both);
}

static void a_peer_that_breaks_the_protocol_ends_its_channel(void **state)
{
    struct both both;
    char got[64];

    open_both(&both, 4096, 4096);
    both.server.page->left.prod += 5000;
    assert_int_equal(vchan_channel_read(&both.server, got, 64, true), VCHAN_BAD_PEER);
    assert_int_equal(vchan_channel_recv(&both.server, got, 64, false), VCHAN_BAD_PEER);
    assert_int_equal(vchan_channel_write(&both.server, got, 64, true), VCHAN_BAD_PEER);
    assert_int_equal(vchan_channel_data_ready(&both.server), VCHAN_BAD_PEER);
    assert_int_equal(vchan_channel_buffer_space(&both.server), VCHAN_BAD_PEER);
    assert_int_equal(vchan_channel_state(&both.server), VCHAN_STATE_GONE);
    close_both(&both);
}

static void a_client_that_was_there_cannot_be_awaited_again(void **state)
{
    struct both both;

    open_both(&both, 4096, 4096);
    both.server.page->cli_live = VCHAN_LIVE_WAITING;
    assert_int_equal(vchan_channel_state(&both.server), VCHAN_STATE_GONE);
    close_both(&both);
}

/* The server has heard of the client by writing to it, nothing else. */
static void a_client_that_was_written_to_was_there(void **state)
{
    struct both both;

    fake_world_init(&both.world);
    both.server_port = both.client_port = fake_port(&both.world);
    assert_int_equal(vchan_channel_serve(&both.server, &both.server_port, 1, "p", 64, 64),
                     VCHAN_OK);
    assert_int_equal(vchan_channel_join(&both.client, &both.client_port, 0, "p"), VCHAN_OK);
    assert_int_equal(vchan_channel_send(&both.server, "x", 1, true), 1);
    both.server.page->cli_live = VCHAN_LIVE_WAITING;
    assert_int_equal(vchan_channel_state(&both.server), VCHAN_STATE_GONE);
    close_both(&both);
}

static void write_and_die(void *context)
{
    struct both *both = context;

    assert_int_equal(vchan_channel_send(&both->client, "last", 4, false), 4);
    both->world.domain_died = true;
}

/* The ring was empty when the reader looked first, and the peer is gone when it looks at that. */
static void what_is_written_between_two_looks_is_read(void **state)
{
    struct both both;
    char got[4];

    for (int packets = 0; packets < 2; packets++) {
        open_both(&both, 64, 64);
        both.world.acts = write_and_die;
        both.world.context = &both;
        assert_int_equal(packets ? vchan_channel_recv(&both.server, got, 4, true)
                                 : vchan_channel_read(&both.server, got, 4, true),
                         4);
        assert_memory_equal(got, "last", 4);
        assert_int_equal(vchan_channel_read(&both.server, got, 4, true), VCHAN_GONE);
        close_both(&both);
    }
}

static void a_persistent_server_takes_the_next_client(void **state)
{
    struct both both;
    char got[4];

    open_both(&both, 4096, 4096);
    both.server.persistent = true;
    assert_int_equal(vchan_channel_write(&both.client, "one", 3, true), 3);
    vchan_channel_close(&both.client);
    assert_int_equal(vchan_channel_state(&both.server), VCHAN_STATE_CONNECTED);
    assert_int_equal(vchan_channel_join(&both.client, &both.client_port, 0, "p"), VCHAN_OK);
    assert_int_equal(vchan_channel_write(&both.client, "two", 3, true), 3);
    assert_int_equal(vchan_channel_recv(&both.server, got, 3, true), 3);
    assert_memory_equal(got, "one", 3);
    assert_int_equal(vchan_channel_recv(&both.server, got, 3, true), 3);
    assert_memory_equal(got, "two", 3);
    close_both(&both);
}

static void hostile_offers_are_refused(void **state)
{
    static const struct {
        const char *ring_ref, *event_channel;
        int status;
    } offers[] = {
        {"1", "x", VCHAN_BAD_PEER},          {"-1", "7", VCHAN_BAD_PEER},
        {"1x", "7", VCHAN_BAD_PEER},         {"0", "7", VCHAN_BAD_PEER},
        {"1", "", VCHAN_NO_SERVER},          {"", "7", VCHAN_NO_SERVER},
        {"999", "7", VCHAN_NO_SERVER},       {"1", "8", VCHAN_NO_SERVER},
        {"4294967296", "7", VCHAN_BAD_PEER}, {"1", "00000000000000000000007", VCHAN_BAD_PEER},
        {"1", "7 ", VCHAN_BAD_PEER},
    };
    struct both both;

    open_both(&both, 4096, 4096);
    vchan_channel_close(&both.client);
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        strcpy(both.world.ring_ref, offers[i].ring_ref);
        strcpy(both.world.event_channel, offers[i].event_channel);
        assert_int_equal(vchan_channel_join(&both.client, &both.client_port, 0, "p"),
                         offers[i].status);
        assert_int_equal(both.world.events, 1);
        assert_int_equal(both.world.mapped, 0);
    }
    close_both(&both);
}

static void hostile_pages_are_refused(void **state)
{
    struct both both;

    open_both(&both, 4096, 8192);
    vchan_channel_close(&both.client);
    both.server.page->left_order = 21;
    assert_int_equal(vchan_channel_join(&both.client, &both.client_port, 0, "p"), VCHAN_BAD_PEER);
    both.server.page->left_order = 12;
    both.server.page->grants[2] = 900;
    assert_int_equal(vchan_channel_join(&both.client, &both.client_port, 0, "p"), VCHAN_NO_SERVER);
    assert_int_equal(both.world.mapped, 0);
    assert_int_equal(both.world.events, 1);
    close_both(&both);
}

/* Each call that can fail does, one after the other, until the set-up passes. */
static void a_failed_set_up_leaves_nothing(void **state)
{
    int failures = 0;

    for (int fail_at = 1;; fail_at++) {
        struct both both = {0};
        int status;

        fake_world_init(&both.world);
        both.server_port = fake_port(&both.world);
        both.client_port = fake_port(&both.world);
        both.world.fail_at = fail_at;
        status = vchan_channel_serve(&both.server, &both.server_port, 1, "p", 8192, 4096);
        if (status == VCHAN_OK)
            status = vchan_channel_join(&both.client, &both.client_port, 0, "p");
        vchan_channel_close(&both.client);
        vchan_channel_close(&both.server);
        fake_world_end(&both.world);
        if (status == VCHAN_OK)
            break;
        failures++;
    }
    /* Server: event, page, two rings, keys. Client: event, page, two rings. */
    assert_int_equal(failures, 9);
}

struct waiter {
    struct both both;
    int (*call)(struct vchan_channel *, char *);
    int result;
};

static int waits_to_read(struct vchan_channel *channel, char *data)
{
    return vchan_channel_read(channel, data, 1, true);
}

static int waits_to_recv(struct vchan_channel *channel, char *data)
{
    return vchan_channel_recv(channel, data, 4096, true);
}

static int waits_to_write(struct vchan_channel *channel, char *data)
{
    vchan_channel_write(channel, data, 4096, true);
    return vchan_channel_write(channel, data, 1, true);
}

static int waits_to_send(struct vchan_channel *channel, char *data)
{
    vchan_channel_write(channel, data, 1, true);
    return vchan_channel_send(channel, data, 4096, true);
}

static void *wait_in_thread(void *argument)
{
    struct waiter *waiter = argument;
    char data[4096] = "";

    waiter->result = waiter->call(&waiter->both.server, data);
    return NULL;
}

/* qwt-today.md 1.6 items 13 and 15: waits that did not end when the peer died. */
static void qwt_13_15_waits_end_with_the_peer(void **state)
{
    int (*const calls[])(struct vchan_channel *, char *) = {waits_to_read, waits_to_recv,
                                                            waits_to_write, waits_to_send};

    for (size_t i = 0; i < 8; i++) {
        struct waiter waiter = {.call = calls[i / 2]};
        pthread_t thread;

        open_both(&waiter.both, 4096, 4096);
        assert_int_equal(pthread_create(&thread, NULL, wait_in_thread, &waiter), 0);
        if (i % 2) {
            /* The whole domain: the port has news, the page says nothing. */
            __atomic_store_n(&waiter.both.world.domain_died, true, __ATOMIC_SEQ_CST);
            vchan_port_notify(&waiter.both.client_port);
        } else {
            fake_kill(&waiter.both.world, &waiter.both.server_port,
                      &waiter.both.server.page->cli_live);
        }
        pthread_join(thread, NULL);
        assert_int_equal(waiter.result, VCHAN_GONE);
        assert_int_equal(vchan_channel_state(&waiter.both.server), VCHAN_STATE_GONE);
        close_both(&waiter.both);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_move_what_fits),
        cmocka_unit_test(packets_move_whole_or_not),
        cmocka_unit_test(an_offer_that_never_rests_is_no_offer),
        cmocka_unit_test(qwt_13_a_send_larger_than_the_ring_fails_at_once),
        cmocka_unit_test(what_was_written_survives_the_close),
        cmocka_unit_test(a_short_call_asks_to_be_notified),
        cmocka_unit_test(a_peer_that_breaks_the_protocol_ends_its_channel),
        cmocka_unit_test(a_client_that_was_there_cannot_be_awaited_again),
        cmocka_unit_test(a_client_that_was_written_to_was_there),
        cmocka_unit_test(what_is_written_between_two_looks_is_read),
        cmocka_unit_test(a_persistent_server_takes_the_next_client),
        cmocka_unit_test(hostile_offers_are_refused),
        cmocka_unit_test(hostile_pages_are_refused),
        cmocka_unit_test(a_failed_set_up_leaves_nothing),
        cmocka_unit_test(qwt_13_15_waits_end_with_the_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
