/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that the clients of one XenStore ring cannot tell that they share it, that what they
 * leave is cleaned up, and that a peer which breaks the protocol is named and ends the mux, never
 * the program. The test plays both the clients and, at the ring's other end, xenstored.
 */
#include "core/xen/xs_mux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENTS = 4, REQUESTS = 4, WATCHES = 4, TRANSACTIONS = 2, GOT_BYTES = 64 * 1024 };

struct message {
    struct xs_header header;
    uint8_t payload[XS_PAYLOAD_MAX_BYTES + 1];
};

struct bench {
    struct xs_ring_page page;
    struct xs_mux mux;
    struct xs_mux_client clients[CLIENTS];
    struct xs_mux_request requests[REQUESTS];
    struct xs_mux_watch watches[WATCHES];
    struct xs_mux_transaction transactions[TRANSACTIONS];
    uint8_t got[CLIENTS][GOT_BYTES]; /* sent to each client, not yet looked at */
    uint32_t got_length[CLIENTS];
    int notified;
    const char *broken;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    struct xs_mux_tables tables = {b->clients, b->requests, b->watches, b->transactions,
                                   CLIENTS,    REQUESTS,    WATCHES,    TRANSACTIONS};
    xs_mux_init(&b->mux, &b->page, &tables);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* --- The platform. */

static void pump(struct bench *b)
{
    struct xs_mux_action action;
    for (xs_mux_next(&b->mux, &action); action.kind != XS_MUX_NONE; xs_mux_next(&b->mux, &action)) {
        if (action.kind == XS_MUX_BROKEN) {
            b->broken = action.reason;
            return;
        }
        if (action.kind == XS_MUX_NOTIFY) {
            b->notified++;
            continue;
        }
        assert_int_equal(action.kind, XS_MUX_SEND);
        assert_true(action.client < CLIENTS && b->clients[action.client].id);
        assert_true(b->got_length[action.client] + action.length <= GOT_BYTES);
        memcpy(b->got[action.client] + b->got_length[action.client], action.bytes, action.length);
        b->got_length[action.client] += action.length;
    }
}

/* --- The clients. */

static uint32_t open_client(struct bench *b)
{
    int slot = xs_mux_open(&b->mux);
    assert_true(slot >= 0);
    b->got_length[slot] = 0;
    return (uint32_t)slot;
}

static void send_bytes(struct bench *b, uint32_t slot, const uint8_t *bytes, size_t length)
{
    while (length) {
        uint32_t room = xs_mux_room(&b->mux, slot);
        assert_true(room > 0);
        if (room > length)
            room = (uint32_t)length;
        assert_true(xs_mux_feed(&b->mux, slot, bytes, room));
        bytes += room;
        length -= room;
    }
}

static void request_bytes(struct bench *b, uint32_t slot, uint32_t type, uint32_t number,
                          uint32_t transaction, const void *payload, uint32_t length)
{
    uint8_t bytes[XS_MESSAGE_MAX_BYTES];
    struct xs_header header = {type, number, transaction, length};
    send_bytes(b, slot, bytes, xs_message_write(bytes, &header, payload));
    pump(b);
}

#define REQUEST(b, slot, type, number, transaction, literal)                                       \
    request_bytes(b, slot, type, number, transaction, literal, sizeof(literal))

/* The oldest message that the client got. */
static struct message *receive(struct bench *b, uint32_t slot)
{
    static struct message message;
    assert_true(b->got_length[slot] >= XS_HEADER_BYTES);
    xs_header_read(&message.header, b->got[slot]);
    uint32_t length = XS_HEADER_BYTES + message.header.length_bytes;
    assert_true(b->got_length[slot] >= length);
    memcpy(message.payload, b->got[slot] + XS_HEADER_BYTES, message.header.length_bytes);
    message.payload[message.header.length_bytes] = 0;
    b->got_length[slot] -= length;
    memmove(b->got[slot], b->got[slot] + length, b->got_length[slot]);
    return &message;
}

static void expect(struct bench *b, uint32_t slot, uint32_t type, uint32_t number,
                   const char *payload)
{
    struct message *message = receive(b, slot);
    assert_int_equal(message->header.type, type);
    assert_int_equal(message->header.request, number);
    assert_string_equal((char *)message->payload, payload);
}

static void expect_nothing(struct bench *b, uint32_t slot)
{
    assert_int_equal(b->got_length[slot], 0);
}

/* --- xenstored. */

static bool ring_byte(struct bench *b, uint8_t *byte)
{
    if (b->page.request_consumer == b->page.request_producer) {
        pump(b); /* there may be more behind a full ring */
        if (b->page.request_consumer == b->page.request_producer)
            return false;
    }
    *byte = b->page.request[b->page.request_consumer++ % XS_RING_BYTES];
    return true;
}

static bool ring_next(struct bench *b, struct message *message)
{
    uint8_t bytes[XS_HEADER_BYTES];
    for (int i = 0; i < XS_HEADER_BYTES; i++)
        if (!ring_byte(b, &bytes[i])) {
            assert_int_equal(i, 0); /* whole messages only */
            return false;
        }
    xs_header_read(&message->header, bytes);
    assert_true(message->header.length_bytes <= XS_PAYLOAD_MAX_BYTES);
    for (uint32_t i = 0; i < message->header.length_bytes; i++)
        assert_true(ring_byte(b, &message->payload[i]));
    message->payload[message->header.length_bytes] = 0;
    return true;
}

static void ring_answer_bytes(struct bench *b, const void *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (b->page.reply_producer - b->page.reply_consumer == XS_RING_BYTES)
            pump(b);
        b->page.reply[b->page.reply_producer++ % XS_RING_BYTES] = ((const uint8_t *)bytes)[i];
    }
    pump(b);
}

static void ring_answer(struct bench *b, uint32_t type, uint32_t number, const void *payload,
                        uint32_t length)
{
    uint8_t bytes[XS_MESSAGE_MAX_BYTES];
    struct xs_header header = {type, number, 0, length};
    ring_answer_bytes(b, bytes, (uint32_t)xs_message_write(bytes, &header, payload));
}

#define ANSWER(b, message, literal)                                                                \
    ring_answer(b, (message)->header.type, (message)->header.request, literal, sizeof(literal))

/* Takes the next request, which must be of that type, and answers it. */
static void serve(struct bench *b, uint32_t type, const char *answer)
{
    struct message message;
    assert_true(ring_next(b, &message));
    assert_int_equal(message.header.type, type);
    ring_answer(b, type, message.header.request, answer, (uint32_t)strlen(answer) + 1);
}

static void ring_is_idle(struct bench *b)
{
    struct message message;
    assert_false(ring_next(b, &message));
}

/* A watch that works: returns the ring's token. */
static void make_watch(struct bench *b, uint32_t slot, const char *path, const char *token,
                       char *ring_token)
{
    struct message message;
    char payload[256];
    int length = snprintf(payload, sizeof(payload), "%s%c%s", path, 0, token) + 1;
    request_bytes(b, slot, XS_TYPE_WATCH, 50, 0, payload, (uint32_t)length);
    assert_true(ring_next(b, &message));
    assert_int_equal(message.header.type, XS_TYPE_WATCH);
    assert_string_equal((char *)message.payload, path);
    strcpy(ring_token, (char *)message.payload + strlen(path) + 1);
    ANSWER(b, &message, "OK");
    expect(b, slot, XS_TYPE_WATCH, 50, "OK");
}

static void fire(struct bench *b, const char *path, const char *token)
{
    char payload[256];
    int length = snprintf(payload, sizeof(payload), "%s%c%s", path, 0, token) + 1;
    ring_answer(b, XS_TYPE_WATCH_EVENT, 0, payload, (uint32_t)length);
}

static uint32_t begin(struct bench *b, uint32_t slot, const char *number)
{
    REQUEST(b, slot, XS_TYPE_TRANSACTION_START, 60, 0, "");
    serve(b, XS_TYPE_TRANSACTION_START, number);
    expect(b, slot, XS_TYPE_TRANSACTION_START, 60, number);
    return (uint32_t)atoi(number);
}

/* --- The tests. */

static void replies_find_their_client_in_any_order(void **state)
{
    struct bench *b = *state;
    struct message first, second;
    uint32_t one = open_client(b), two = open_client(b);
    REQUEST(b, one, XS_TYPE_READ, 7, 0, "a");
    REQUEST(b, two, XS_TYPE_READ, 7, 0, "b");
    assert_true(b->notified > 0);
    assert_true(ring_next(b, &first) && ring_next(b, &second));
    assert_int_not_equal(first.header.request, second.header.request);
    assert_string_equal((char *)second.payload, "b");
    ANSWER(b, &second, "for two");
    ANSWER(b, &first, "for one");
    expect(b, one, XS_TYPE_READ, 7, "for one");
    expect(b, two, XS_TYPE_READ, 7, "for two");
}

static void an_error_keeps_the_request_number(void **state)
{
    struct bench *b = *state;
    struct message message;
    uint32_t one = open_client(b);
    REQUEST(b, one, XS_TYPE_WRITE, 0xdeadbeef, 0, "a");
    assert_true(ring_next(b, &message));
    ring_answer(b, XS_TYPE_ERROR, message.header.request, "EACCES", 7);
    expect(b, one, XS_TYPE_ERROR, 0xdeadbeef, "EACCES");
}

/* pv-drivers 3.1 item 2, the legal half. */
static void a_legal_4096_byte_reply_arrives(void **state)
{
    struct bench *b = *state;
    static uint8_t payload[XS_PAYLOAD_MAX_BYTES];
    struct message message;
    uint32_t one = open_client(b);
    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 13 + 1);
    request_bytes(b, one, XS_TYPE_WRITE, 1, 0, payload, sizeof(payload));
    assert_true(ring_next(b, &message)); /* four times the ring, in pieces */
    assert_memory_equal(message.payload, payload, sizeof(payload));
    ring_answer(b, XS_TYPE_WRITE, message.header.request, payload, sizeof(payload));
    assert_memory_equal(receive(b, one)->payload, payload, sizeof(payload));
}

/* pv-drivers 3.1 item 2, the illegal half. */
static void a_reply_longer_than_4096_bytes_ends_the_mux(void **state)
{
    struct bench *b = *state;
    struct message message;
    uint8_t bytes[XS_HEADER_BYTES];
    uint32_t one = open_client(b);
    REQUEST(b, one, XS_TYPE_READ, 1, 0, "a");
    assert_true(ring_next(b, &message));
    struct xs_header header = {XS_TYPE_READ, message.header.request, 0, XS_PAYLOAD_MAX_BYTES + 1};
    xs_header_write(bytes, &header);
    ring_answer_bytes(b, bytes, sizeof(bytes));
    assert_string_equal(b->broken, "a reply longer than 4096 bytes");
    expect_nothing(b, one);
    b->broken = NULL;
    pump(b);
    assert_non_null(b->broken); /* and stays so */
}

static void what_only_a_broken_peer_sends_is_named(void **state)
{
    static const struct {
        uint32_t type, number_change;
        const char *payload;
        uint32_t length;
        const char *reason;
    } cases[] = {
        {XS_TYPE_READ, 1, "x", 2, "a reply to a request that nobody made"},
        {XS_TYPE_READ, 0x10000, "x", 2, "a reply to a request that nobody made"},
        {XS_TYPE_READ, 0xfff0, "x", 2, "a reply to a request that nobody made"},
        {XS_TYPE_WRITE, 0, "x", 2, "a reply of another type than its request"},
        {XS_TYPE_WATCH_EVENT, 0, "path", 5, "a watch event that is not a path and a token"},
        {XS_TYPE_WATCH_EVENT, 0, "", 0, "a watch event that is not a path and a token"},
        {XS_TYPE_WATCH_EVENT, 0, "a\0b\0c", 6, "a watch event that is not a path and a token"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b;
        struct message message;
        set_up((void **)&b);
        uint32_t one = open_client(b);
        REQUEST(b, one, XS_TYPE_READ, 1, 0, "a");
        assert_true(ring_next(b, &message));
        ring_answer(b, cases[i].type, message.header.request + cases[i].number_change,
                    cases[i].payload, cases[i].length);
        assert_non_null(b->broken);
        assert_string_equal(b->broken, cases[i].reason);
        expect_nothing(b, one);
        tear_down((void **)&b);
    }
    (void)state;
}

static void impossible_indexes_end_the_mux(void **state)
{
    struct bench *b = *state;
    uint32_t one = open_client(b);
    b->page.reply_producer = 1025;
    pump(b);
    assert_string_equal(b->broken, "the reply ring's indexes are too far apart");
    tear_down(state);
    set_up(state);
    b = *state;
    one = open_client(b);
    b->page.request_consumer = 1;
    REQUEST(b, one, XS_TYPE_READ, 1, 0, "a");
    assert_string_equal(b->broken, "the request ring's indexes are too far apart");
}

static void the_same_watch_of_two_clients(void **state)
{
    struct bench *b = *state;
    char first[32], second[32];
    uint32_t one = open_client(b), two = open_client(b);
    make_watch(b, one, "/a", "token", first);
    make_watch(b, two, "/a", "token", second);
    assert_string_not_equal(first, second);
    fire(b, "/a/below", second);
    expect_nothing(b, one);
    expect(b, two, XS_TYPE_WATCH_EVENT, 0, "/a/below");
    fire(b, "/a", first);
    struct message *message = receive(b, one);
    assert_string_equal((char *)message->payload + 3, "token");
    fire(b, "/a", "nonsense");
    fire(b, "/a", "ffff0001");
    fire(b, "/a", "00000099");
    expect_nothing(b, one);
    expect_nothing(b, two);
    assert_null(b->broken);
    /* One ends its watch: the other keeps its own. */
    REQUEST(b, one, XS_TYPE_UNWATCH, 3, 0, "/a\0token");
    struct message unwatch;
    assert_true(ring_next(b, &unwatch));
    assert_string_equal((char *)unwatch.payload + 3, first);
    ANSWER(b, &unwatch, "OK");
    expect(b, one, XS_TYPE_UNWATCH, 3, "OK");
    fire(b, "/a", first);
    fire(b, "/a", second);
    expect_nothing(b, one);
    expect(b, two, XS_TYPE_WATCH_EVENT, 0, "/a");
}

static void wrong_watches_are_refused_here(void **state)
{
    struct bench *b = *state;
    char token[32];
    static char path[XS_PAYLOAD_MAX_BYTES];
    uint32_t one = open_client(b), two = open_client(b);
    make_watch(b, one, "/a", "t", token);
    REQUEST(b, one, XS_TYPE_WATCH, 1, 0, "/a\0t");
    expect(b, one, XS_TYPE_ERROR, 1, "EEXIST");
    REQUEST(b, two, XS_TYPE_UNWATCH, 2, 0, "/a\0t"); /* another's */
    expect(b, two, XS_TYPE_ERROR, 2, "ENOENT");
    REQUEST(b, one, XS_TYPE_UNWATCH, 3, 0, "/a");
    expect(b, one, XS_TYPE_ERROR, 3, "EINVAL");
    REQUEST(b, one, XS_TYPE_WATCH, 4, 0, "/a\0t\0more");
    expect(b, one, XS_TYPE_ERROR, 4, "EINVAL");
    request_bytes(b, one, XS_TYPE_WATCH, 5, 0, "", 0);
    expect(b, one, XS_TYPE_ERROR, 5, "EINVAL");
    memset(path, 'p', sizeof(path));
    path[4093] = path[4095] = 0;
    request_bytes(b, one, XS_TYPE_WATCH, 6, 0, path, sizeof(path));
    expect(b, one, XS_TYPE_ERROR, 6, "E2BIG");
    make_watch(b, two, "/b", "t", token);
    make_watch(b, two, "/c", "t", token);
    make_watch(b, two, "/d", "t", token);
    REQUEST(b, two, XS_TYPE_WATCH, 7, 0, "/e\0t");
    expect(b, two, XS_TYPE_ERROR, 7, "ENOSPC");
    ring_is_idle(b);
}

/* The ring has no room for an event as long as the client's own token makes it. */
static void an_event_too_long_for_its_token_is_dropped(void **state)
{
    struct bench *b = *state;
    char token[2000], ring_token[32];
    static char payload[XS_PAYLOAD_MAX_BYTES];
    struct message message;
    uint32_t one = open_client(b);
    memset(token, 't', sizeof(token));
    memcpy(payload, "/a", 3);
    memcpy(payload + 3, token, sizeof(token));
    payload[3 + sizeof(token)] = 0;
    request_bytes(b, one, XS_TYPE_WATCH, 1, 0, payload, 4 + sizeof(token));
    assert_true(ring_next(b, &message));
    strcpy(ring_token, (char *)message.payload + 3);
    ANSWER(b, &message, "OK");
    expect(b, one, XS_TYPE_WATCH, 1, "OK");
    memset(payload, 'p', 3000);
    payload[3000] = 0;
    strcpy(payload + 3001, ring_token);
    ring_answer(b, XS_TYPE_WATCH_EVENT, 0, payload, 3001 + 9);
    expect_nothing(b, one);
    assert_null(b->broken);
}

static void a_transaction_belongs_to_its_client(void **state)
{
    struct bench *b = *state;
    struct message message;
    uint32_t one = open_client(b), two = open_client(b);
    uint32_t number = begin(b, one, "31");
    REQUEST(b, two, XS_TYPE_WRITE, 1, number, "a");
    expect(b, two, XS_TYPE_ERROR, 1, "ENOENT");
    REQUEST(b, two, XS_TYPE_TRANSACTION_END, 2, number, "T");
    expect(b, two, XS_TYPE_ERROR, 2, "ENOENT");
    ring_is_idle(b);
    REQUEST(b, one, XS_TYPE_WRITE, 3, number, "a");
    assert_true(ring_next(b, &message));
    assert_int_equal(message.header.transaction, 31);
    ANSWER(b, &message, "OK");
    expect(b, one, XS_TYPE_WRITE, 3, "OK");
    begin(b, two, "32");
    REQUEST(b, two, XS_TYPE_TRANSACTION_START, 4, 0, "");
    expect(b, two, XS_TYPE_ERROR, 4, "ENOSPC"); /* both slots are taken */
    REQUEST(b, one, XS_TYPE_TRANSACTION_END, 5, number, "T");
    assert_true(ring_next(b, &message));
    ring_answer(b, XS_TYPE_ERROR, message.header.request, "EAGAIN", 7);
    expect(b, one, XS_TYPE_ERROR, 5, "EAGAIN"); /* ended all the same */
    REQUEST(b, one, XS_TYPE_WRITE, 6, number, "a");
    expect(b, one, XS_TYPE_ERROR, 6, "ENOENT");
    begin(b, two, "33");
}

static void a_refused_start_leaves_no_transaction(void **state)
{
    struct bench *b = *state;
    struct message message;
    uint32_t one = open_client(b);
    for (uint32_t i = 0; i < 3 * TRANSACTIONS; i++) {
        REQUEST(b, one, XS_TYPE_TRANSACTION_START, i, 0, "");
        assert_true(ring_next(b, &message));
        ring_answer(b, XS_TYPE_ERROR, message.header.request, "ENOSPC", 7);
        expect(b, one, XS_TYPE_ERROR, i, "ENOSPC");
    }
    /* xenstored refuses one within another, which stays */
    uint32_t number = begin(b, one, "8");
    REQUEST(b, one, XS_TYPE_TRANSACTION_START, 1, number, "");
    assert_true(ring_next(b, &message));
    ring_answer(b, XS_TYPE_ERROR, message.header.request, "EBUSY", 6);
    expect(b, one, XS_TYPE_ERROR, 1, "EBUSY");
    REQUEST(b, one, XS_TYPE_READ, 2, number, "a");
    serve(b, XS_TYPE_READ, "1");
}

static void a_transaction_without_a_number_ends_the_mux(void **state)
{
    struct bench *b = *state;
    uint32_t one = open_client(b);
    REQUEST(b, one, XS_TYPE_TRANSACTION_START, 1, 0, "");
    serve(b, XS_TYPE_TRANSACTION_START, "none");
    assert_string_equal(b->broken, "a transaction without a number");
}

/* The end of a client ends its watches and transactions, also those that were being made. */
static void a_client_that_goes_is_cleaned_up(void **state)
{
    struct bench *b = *state;
    char token[32];
    struct message watch, start, message;
    uint32_t one = open_client(b);
    begin(b, one, "5");
    make_watch(b, one, "/a", "t", token);
    REQUEST(b, one, XS_TYPE_WATCH, 1, 0, "/b\0t");
    REQUEST(b, one, XS_TYPE_TRANSACTION_START, 2, 0, "");
    assert_true(ring_next(b, &watch) && ring_next(b, &start));
    xs_mux_close(&b->mux, one);
    pump(b);
    uint32_t two = open_client(b); /* the same slot */
    assert_int_equal(two, one);
    assert_true(ring_next(b, &message));
    assert_int_equal(message.header.type, XS_TYPE_UNWATCH);
    assert_string_equal((char *)message.payload, "/a");
    assert_string_equal((char *)message.payload + 3, token);
    ANSWER(b, &message, "OK");
    assert_true(ring_next(b, &message));
    assert_int_equal(message.header.type, XS_TYPE_TRANSACTION_END);
    assert_int_equal(message.header.transaction, 5);
    assert_string_equal((char *)message.payload, "F");
    ANSWER(b, &message, "OK");
    ANSWER(b, &watch, "OK");
    ANSWER(b, &start, "6");
    serve(b, XS_TYPE_UNWATCH, "OK");
    assert_true(ring_next(b, &message));
    assert_int_equal(message.header.transaction, 6);
    ANSWER(b, &message, "OK");
    ring_is_idle(b);
    expect_nothing(b, two); /* nothing of all this reached the slot's new client */
    assert_null(b->broken);
    for (int i = 0; i < WATCHES; i++)
        assert_int_equal(b->watches[i].life, XS_MUX_FREE);
    for (int i = 0; i < TRANSACTIONS; i++)
        assert_int_equal(b->transactions[i].life, XS_MUX_FREE);
    for (int i = 0; i < REQUESTS; i++)
        assert_false(b->requests[i].used);
}

static void reset_watches_is_for_ones_own(void **state)
{
    struct bench *b = *state;
    char first[32], second[32];
    uint32_t one = open_client(b), two = open_client(b);
    make_watch(b, one, "/a", "t", first);
    make_watch(b, two, "/a", "t", second);
    REQUEST(b, one, XS_TYPE_RESET_WATCHES, 1, 0, "");
    expect(b, one, XS_TYPE_RESET_WATCHES, 1, "OK");
    serve(b, XS_TYPE_UNWATCH, "OK");
    ring_is_idle(b);
    fire(b, "/a", second);
    expect(b, two, XS_TYPE_WATCH_EVENT, 0, "/a");
    make_watch(b, one, "/a", "t", first);
}

/* More requests than the ring may carry: the client waits, in order, and others have their turn. */
static void requests_wait_for_their_turn(void **state)
{
    struct bench *b = *state;
    struct message messages[REQUESTS], more;
    uint32_t one = open_client(b), two = open_client(b);
    for (uint32_t i = 0; i < REQUESTS; i++)
        REQUEST(b, one, XS_TYPE_READ, i, 0, "a");
    REQUEST(b, one, XS_TYPE_READ, 100, 0, "a");
    assert_int_equal(xs_mux_room(&b->mux, one), 0);
    REQUEST(b, two, XS_TYPE_READ, 200, 0, "a");
    assert_int_equal(xs_mux_room(&b->mux, two), 0);
    for (int i = 0; i < REQUESTS; i++)
        assert_true(ring_next(b, &messages[i]));
    ring_is_idle(b);
    ANSWER(b, &messages[0], "0");
    ANSWER(b, &messages[1], "1");
    assert_true(xs_mux_room(&b->mux, one) > 0 && xs_mux_room(&b->mux, two) > 0);
    assert_true(ring_next(b, &more));
    ANSWER(b, &more, "more");
    assert_true(ring_next(b, &more));
    ANSWER(b, &more, "more");
    expect(b, two, XS_TYPE_READ, 200, "more");
    expect(b, one, XS_TYPE_READ, 0, "0");
    expect(b, one, XS_TYPE_READ, 1, "1");
    expect(b, one, XS_TYPE_READ, 100, "more");
}

static void a_session_may_be_cut_at_every_byte(void **state)
{
    uint8_t session[256];
    struct xs_header watch = {XS_TYPE_WATCH, 1, 0, 5}, start = {XS_TYPE_TRANSACTION_START, 2, 0, 1};
    size_t length = xs_message_write(session, &watch, "/a\0t");
    length += xs_message_write(session + length, &start, "");
    for (size_t cut = 0; cut <= length; cut++) {
        struct bench *b;
        struct message message;
        set_up((void **)&b);
        uint32_t one = open_client(b);
        for (size_t i = 0; i < cut; i++) {
            send_bytes(b, one, session + i, 1);
            pump(b);
        }
        xs_mux_close(&b->mux, one);
        pump(b);
        while (ring_next(b, &message))
            ring_answer(b, message.header.type, message.header.request,
                        message.header.type == XS_TYPE_TRANSACTION_START ? "9" : "OK", 2);
        assert_null(b->broken);
        for (int i = 0; i < WATCHES; i++)
            assert_int_equal(b->watches[i].life, XS_MUX_FREE);
        for (int i = 0; i < TRANSACTIONS; i++)
            assert_int_equal(b->transactions[i].life, XS_MUX_FREE);
        tear_down((void **)&b);
    }
    (void)state;
}

static void slots_run_out_and_come_back(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < CLIENTS; i++)
        open_client(b);
    assert_int_equal(xs_mux_open(&b->mux), -1);
    xs_mux_close(&b->mux, 2);
    assert_int_equal(xs_mux_open(&b->mux), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replies_find_their_client_in_any_order),
        TEST(an_error_keeps_the_request_number),
        TEST(a_legal_4096_byte_reply_arrives),
        TEST(a_reply_longer_than_4096_bytes_ends_the_mux),
        cmocka_unit_test(what_only_a_broken_peer_sends_is_named),
        TEST(impossible_indexes_end_the_mux),
        TEST(the_same_watch_of_two_clients),
        TEST(wrong_watches_are_refused_here),
        TEST(an_event_too_long_for_its_token_is_dropped),
        TEST(a_transaction_belongs_to_its_client),
        TEST(a_refused_start_leaves_no_transaction),
        TEST(a_transaction_without_a_number_ends_the_mux),
        TEST(a_client_that_goes_is_cleaned_up),
        TEST(reset_watches_is_for_ones_own),
        TEST(requests_wait_for_their_turn),
        cmocka_unit_test(a_session_may_be_cut_at_every_byte),
        TEST(slots_run_out_and_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
