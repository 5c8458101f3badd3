/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The asynchronous XenStore client against a xenstored that this file plays: requests come back
 * answered or failed, each once, whatever the peer does; watches fire while they are set; what a
 * cancelled request leaves behind is cleaned up; a new connection gets everything again but
 * transactions.
 */
#include "core/xen/xs_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SLOTS = 4, WATCHES = 3, TOLD = 64 };

struct told {
    enum xs_client_kind kind;
    void *subject;
    enum xs_error error;
    char path[64];
};

struct bench {
    struct xs_ring_page page;
    struct xs_client client;
    struct xs_client_slot slots[SLOTS];
    struct xs_watch *watches[WATCHES];
    struct told told[TOLD];
    uint32_t told_count;
    /* The peer. */
    struct xs_assembler peer;
    struct xs_header asked; /* the request taken last */
    uint8_t payload[XS_PAYLOAD_MAX_BYTES];
};

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct xs_client_tables tables = {.slots = bench->slots,
                                      .watches = bench->watches,
                                      .slot_count = SLOTS,
                                      .watch_count = WATCHES};
    xs_client_init(&bench->client, &bench->page, &tables, 0xfffffffd);
    return bench;
}

/* Everything that there is to do now. */
static void run(struct bench *bench)
{
    struct xs_client_action action;
    for (xs_client_next(&bench->client, &action); action.kind != XS_CLIENT_NONE;
         xs_client_next(&bench->client, &action)) {
        if (action.kind == XS_CLIENT_NOTIFY || action.kind == XS_CLIENT_YIELD)
            continue;
        struct told *told = &bench->told[bench->told_count++ % TOLD];
        memset(told, 0, sizeof(*told));
        told->kind = action.kind;
        told->error = action.error;
        told->subject = action.request ? (void *)action.request : (void *)action.watch;
        if (action.request)
            told->error = action.request->error;
        if (action.path)
            strncpy(told->path, action.path, sizeof(told->path) - 1);
    }
}

static void expect(struct bench *bench, enum xs_client_kind kind, void *subject,
                   enum xs_error error)
{
    run(bench);
    assert_int_equal(bench->told_count, 1);
    assert_int_equal(bench->told[0].kind, kind);
    assert_ptr_equal(bench->told[0].subject, subject);
    assert_int_equal(bench->told[0].error, error);
    bench->told_count = 0;
}

static void expect_nothing(struct bench *bench)
{
    run(bench);
    assert_int_equal(bench->told_count, 0);
}

/* --- The peer's side. */

static bool peer_takes(struct bench *bench)
{
    for (;;) {
        run(bench); /* the ring is shorter than a message may be */
        uint32_t room = xs_assembler_room(&bench->peer);
        uint32_t have = bench->page.request_producer - bench->page.request_consumer;
        if (!room || !have)
            break;
        for (uint32_t i = 0; i < room && i < have; i++) {
            uint8_t byte = bench->page.request[bench->page.request_consumer++ % XS_RING_BYTES];
            assert_true(xs_assembler_feed(&bench->peer, &byte, 1));
        }
    }
    if (!xs_assembler_complete(&bench->peer, &bench->asked))
        return false;
    memcpy(bench->payload, bench->peer.bytes + XS_HEADER_BYTES, bench->asked.length_bytes);
    xs_assembler_reset(&bench->peer);
    return true;
}

static void peer_takes_type(struct bench *bench, uint32_t type)
{
    assert_true(peer_takes(bench));
    assert_int_equal(bench->asked.type, type);
}

static void peer_says(struct bench *bench, const void *bytes, uint32_t length)
{
    const uint8_t *from = bytes;
    while (length) {
        if (bench->page.reply_producer - bench->page.reply_consumer == XS_RING_BYTES)
            run(bench);
        assert_int_not_equal(bench->page.reply_producer - bench->page.reply_consumer,
                             XS_RING_BYTES);
        bench->page.reply[bench->page.reply_producer++ % XS_RING_BYTES] = *from++;
        length--;
    }
}

static void peer_answers_as(struct bench *bench, struct xs_header header, const void *payload,
                            uint32_t length)
{
    uint8_t bytes[XS_HEADER_BYTES];
    header.length_bytes = length;
    xs_header_write(bytes, &header);
    peer_says(bench, bytes, sizeof(bytes));
    peer_says(bench, payload, length);
}

static void peer_answers(struct bench *bench, const void *payload, uint32_t length)
{
    peer_answers_as(bench, bench->asked, payload, length);
}

static void peer_refuses(struct bench *bench, const char *word)
{
    struct xs_header header = bench->asked;
    header.type = XS_TYPE_ERROR;
    peer_answers_as(bench, header, word, (uint32_t)strlen(word) + 1);
}

static void peer_fires(struct bench *bench, const char *path, const char *token)
{
    uint8_t text[256];
    struct xs_header header = {.type = XS_TYPE_WATCH_EVENT};
    size_t path_bytes = strlen(path) + 1, token_bytes = strlen(token) + 1;
    memcpy(text, path, path_bytes);
    memcpy(text + path_bytes, token, token_bytes);
    peer_answers_as(bench, header, text, (uint32_t)(path_bytes + token_bytes));
}

/* --- Requests. */

static void make_read(struct xs_request *request, const char *path, void *reply, uint32_t room)
{
    memset(request, 0, sizeof(*request));
    request->type = XS_TYPE_READ;
    request->pieces[0] = (struct xs_piece){path, (uint32_t)strlen(path) + 1};
    request->reply = reply;
    request->reply_room = room;
}

static void a_read_is_answered(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request;
    uint8_t reply[8];
    make_read(&request, "domid", reply, sizeof(reply));
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_READ);
    assert_int_equal(bench->asked.length_bytes, 6);
    assert_string_equal((char *)bench->payload, "domid");
    expect_nothing(bench);
    peer_answers(bench, "17", 2);
    expect(bench, XS_CLIENT_DONE, &request, XS_OK);
    assert_int_equal(request.reply_length, 2);
    assert_memory_equal(reply, "17", 2);
    free(bench);
}

static void a_payload_of_three_pieces(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request = {.type = XS_TYPE_WRITE,
                                 .pieces = {{"data/", 5}, {"key", 4}, {"value", 5}}};
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_WRITE);
    assert_int_equal(bench->asked.length_bytes, 14);
    assert_memory_equal(bench->payload, "data/key\0value", 14);
    peer_answers(bench, "OK", 3);
    expect(bench, XS_CLIENT_DONE, &request, XS_OK);
    free(bench);
}

static void answers_find_their_questions_in_any_order(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request requests[SLOTS + 2];
    struct xs_header asked[SLOTS];
    uint8_t reply[SLOTS + 2][2];
    for (int i = 0; i < SLOTS + 2; i++) {
        make_read(&requests[i], "x", reply[i], 2);
        xs_client_submit(&bench->client, &requests[i]);
    }
    for (int i = 0; i < SLOTS; i++) {
        peer_takes_type(bench, XS_TYPE_READ);
        asked[i] = bench->asked;
    }
    assert_false(peer_takes(bench)); /* no more than the slots at a time */
    for (int i = SLOTS - 1; i >= 0; i--) {
        char text = (char)('a' + i);
        peer_answers_as(bench, asked[i], &text, 1);
        expect(bench, XS_CLIENT_DONE, &requests[i], XS_OK);
        assert_int_equal(reply[i][0], text);
    }
    for (int i = SLOTS; i < SLOTS + 2; i++) {
        peer_takes_type(bench, XS_TYPE_READ);
        peer_answers(bench, "z", 1);
        expect(bench, XS_CLIENT_DONE, &requests[i], XS_OK);
    }
    free(bench);
}

static void xenstoreds_errors(void **state)
{
    static const struct {
        const char *word;
        enum xs_error error;
    } cases[] = {{"ENOENT", XS_ERROR_NOT_FOUND},
                 {"EACCES", XS_ERROR_ACCESS},
                 {"EAGAIN", XS_ERROR_AGAIN},
                 {"ENOSPC", XS_ERROR_NO_SPACE},
                 {"E2BIG", XS_ERROR_TOO_BIG},
                 {"ENOTEMPTY", XS_ERROR_NOT_EMPTY},
                 {"", XS_ERROR_IO},
                 {"ENOENTX", XS_ERROR_IO}};
    struct bench *bench = bench_new();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct xs_request request;
        make_read(&request, "x", NULL, 0);
        xs_client_submit(&bench->client, &request);
        peer_takes_type(bench, XS_TYPE_READ);
        peer_refuses(bench, cases[i].word);
        expect(bench, XS_CLIENT_DONE, &request, cases[i].error);
    }
    assert_int_equal(xs_error_of_word("ENOENT", 6), XS_ERROR_IO); /* without its NUL */
    free(bench);
}

/* Defect 2 of the field's drivers: the length in a reply's header was not checked, and the check
 * that was meant to be there refused a legal reply of 4096 bytes. */
static void a_reply_of_4096_bytes_is_legal(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request;
    uint8_t value[XS_PAYLOAD_MAX_BYTES], reply[XS_PAYLOAD_MAX_BYTES];
    memset(value, 'v', sizeof(value));
    make_read(&request, "x", reply, sizeof(reply));
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_READ);
    peer_answers(bench, value, sizeof(value));
    expect(bench, XS_CLIENT_DONE, &request, XS_OK);
    assert_int_equal(request.reply_length, sizeof(value));
    assert_memory_equal(reply, value, sizeof(value));
    free(bench);
}

static void a_reply_of_4097_bytes_ends_the_connection(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request, other;
    uint8_t bytes[XS_HEADER_BYTES];
    make_read(&request, "x", NULL, 0);
    make_read(&other, "y", NULL, 0);
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_READ);
    bench->asked.length_bytes = XS_PAYLOAD_MAX_BYTES + 1;
    xs_header_write(bytes, &bench->asked);
    peer_says(bench, bytes, sizeof(bytes));
    run(bench);
    assert_int_equal(bench->told_count, 2);
    assert_int_equal(bench->told[0].kind, XS_CLIENT_DONE);
    assert_int_equal(bench->told[0].error, XS_ERROR_IO);
    assert_int_equal(bench->told[1].kind, XS_CLIENT_BROKEN);
    bench->told_count = 0;
    xs_client_submit(&bench->client, &other);
    expect(bench, XS_CLIENT_DONE, &other, XS_ERROR_IO);
    free(bench);
}

static void a_reply_longer_than_its_room(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request;
    uint8_t reply[4] = "abc";
    make_read(&request, "x", reply, 3);
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_READ);
    peer_answers(bench, "1234", 4);
    expect(bench, XS_CLIENT_DONE, &request, XS_ERROR_TOO_BIG);
    assert_int_equal(request.reply_length, 4);
    assert_string_equal((char *)reply, "abc");
    free(bench);
}

static void a_wrong_answer_fails_its_request_alone(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request;
    make_read(&request, "x", NULL, 0);
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_READ);
    struct xs_header header = bench->asked;
    header.request ^= 0x10000; /* a former life's number */
    peer_answers_as(bench, header, "1", 1);
    header.request = 0xffff;
    peer_answers_as(bench, header, "1", 1);
    expect_nothing(bench);
    assert_int_equal(bench->client.stray_replies, 2);
    header = bench->asked;
    header.type = XS_TYPE_DIRECTORY;
    peer_answers_as(bench, header, "1", 1);
    expect(bench, XS_CLIENT_DONE, &request, XS_ERROR_IO);
    peer_answers(bench, "1", 1); /* again: nobody asks any more */
    expect_nothing(bench);
    assert_int_equal(bench->client.stray_replies, 3);
    free(bench);
}

static void indexes_out_of_range(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct bench *bench = bench_new();
        struct xs_request request;
        make_read(&request, "x", NULL, 0);
        xs_client_submit(&bench->client, &request);
        if (i)
            bench->page.reply_producer = XS_RING_BYTES + 1;
        else
            bench->page.request_consumer = 1;
        run(bench);
        assert_int_equal(bench->told_count, 2);
        assert_int_equal(bench->told[0].error, XS_ERROR_IO);
        assert_int_equal(bench->told[1].kind, XS_CLIENT_BROKEN);
        free(bench);
    }
}

static void a_payload_that_is_too_long(void **state)
{
    struct bench *bench = bench_new();
    static uint8_t bytes[XS_PAYLOAD_MAX_BYTES];
    struct xs_request request = {.type = XS_TYPE_WRITE, .pieces = {{"x", 2}, {bytes, 4095}}};
    xs_client_submit(&bench->client, &request);
    expect(bench, XS_CLIENT_DONE, &request, XS_ERROR_TOO_BIG);
    request.pieces[1].length = UINT32_MAX;
    xs_client_submit(&bench->client, &request);
    expect(bench, XS_CLIENT_DONE, &request, XS_ERROR_TOO_BIG);
    request.pieces[1].length = 4094;
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_WRITE);
    assert_int_equal(bench->asked.length_bytes, XS_PAYLOAD_MAX_BYTES);
    free(bench);
}

/* --- Cancel. */

static void a_cancelled_request_is_forgotten(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request queued, sent, done;
    make_read(&queued, "x", NULL, 0);
    xs_client_submit(&bench->client, &queued);
    assert_true(xs_client_cancel(&bench->client, &queued));
    assert_false(xs_client_cancel(&bench->client, &queued));
    assert_false(peer_takes(bench));

    uint8_t *reply = malloc(4);
    make_read(&sent, "x", reply, 4);
    xs_client_submit(&bench->client, &sent);
    peer_takes_type(bench, XS_TYPE_READ);
    assert_true(xs_client_cancel(&bench->client, &sent));
    free(reply);
    memset(&sent, 0xee, sizeof(sent));
    peer_answers(bench, "1234", 4);
    expect_nothing(bench);
    assert_int_equal(bench->client.slots_used, 0);

    done = (struct xs_request){.type = XS_TYPE_WRITE, .pieces = {{"x", 2}, {"y", 5000}}};
    xs_client_submit(&bench->client, &done);
    assert_false(xs_client_cancel(&bench->client, &done)); /* it is on its way back */
    expect(bench, XS_CLIENT_DONE, &done, XS_ERROR_TOO_BIG);
    free(bench);
}

static void a_request_cancelled_halfway_stays_a_whole_message(void **state)
{
    struct bench *bench = bench_new();
    uint8_t *value = malloc(3000);
    memset(value, 'v', 3000);
    struct xs_request request = {.type = XS_TYPE_WRITE, .pieces = {{"x", 2}, {value, 3000}}};
    xs_client_submit(&bench->client, &request);
    run(bench); /* the ring is full of its beginning */
    assert_true(xs_client_cancel(&bench->client, &request));
    free(value);
    peer_takes_type(bench, XS_TYPE_WRITE);
    assert_int_equal(bench->asked.length_bytes, 3002);
    assert_int_equal(bench->payload[3001], 'v');
    free(bench);
}

static void a_cancelled_transaction_is_ended(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request = {.type = XS_TYPE_TRANSACTION_START, .pieces = {{"", 1}}};
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_TRANSACTION_START);
    assert_true(xs_client_cancel(&bench->client, &request));
    peer_answers(bench, "9", 2);
    peer_takes_type(bench, XS_TYPE_TRANSACTION_END);
    assert_int_equal(bench->asked.transaction, 9);
    assert_memory_equal(bench->payload, "F", 2);
    assert_int_equal(bench->client.slots_used, 1);
    peer_answers(bench, "OK", 3);
    expect_nothing(bench);
    assert_int_equal(bench->client.slots_used, 0);
    free(bench);
}

/* --- Transactions. */

static void begin(struct bench *bench, struct xs_transaction *transaction)
{
    struct xs_request request = {.type = XS_TYPE_TRANSACTION_START, .pieces = {{"", 1}}};
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_TRANSACTION_START);
    peer_answers(bench, "12", 3);
    expect(bench, XS_CLIENT_DONE, &request, XS_OK);
    *transaction = request.transaction;
    assert_int_equal(transaction->number, 12);
}

static void requests_of_a_transaction_carry_its_number(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request;
    make_read(&request, "x", NULL, 0);
    begin(bench, &request.transaction);
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_READ);
    assert_int_equal(bench->asked.transaction, 12);
    free(bench);
}

static void a_transaction_number_that_is_none(void **state)
{
    struct bench *bench = bench_new();
    const char *wrong[] = {"", "0", "x", "99999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct xs_request request = {.type = XS_TYPE_TRANSACTION_START, .pieces = {{"", 1}}};
        xs_client_submit(&bench->client, &request);
        peer_takes_type(bench, XS_TYPE_TRANSACTION_START);
        peer_answers(bench, wrong[i], (uint32_t)strlen(wrong[i]) + 1);
        expect(bench, XS_CLIENT_DONE, &request, XS_ERROR_IO);
    }
    free(bench);
}

/* --- Directories. */

static void make_directory(struct xs_request *request, void *reply, uint32_t room)
{
    make_read(request, "many", reply, room);
    request->type = XS_TYPE_DIRECTORY;
}

static void a_large_directory_comes_in_parts(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request;
    uint8_t reply[16];
    make_directory(&request, reply, sizeof(reply));
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_DIRECTORY);
    peer_refuses(bench, "E2BIG");
    peer_takes_type(bench, XS_TYPE_DIRECTORY_PART);
    assert_memory_equal(bench->payload,
                        "many\0"
                        "0",
                        7);
    peer_answers(bench, "77\0aa\0bb", 9); /* with its NUL */
    peer_takes_type(bench, XS_TYPE_DIRECTORY_PART);
    assert_memory_equal(bench->payload,
                        "many\0"
                        "6",
                        7);
    /* It changed: from the beginning. */
    peer_answers(bench, "78\0dd\0", 7);
    peer_takes_type(bench, XS_TYPE_DIRECTORY_PART);
    assert_memory_equal(bench->payload,
                        "many\0"
                        "0",
                        7);
    peer_answers(bench, "78\0cc", 6);
    peer_takes_type(bench, XS_TYPE_DIRECTORY_PART);
    assert_memory_equal(bench->payload,
                        "many\0"
                        "3",
                        7);
    peer_answers(bench, "78\0dd\0", 7);
    expect(bench, XS_CLIENT_DONE, &request, XS_OK);
    assert_int_equal(request.reply_length, 6);
    assert_memory_equal(reply, "cc\0dd", 6);
    free(bench);
}

static void a_large_directory_and_little_room(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request;
    uint8_t reply[4] = "...";
    make_directory(&request, reply, 3);
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_DIRECTORY);
    peer_refuses(bench, "E2BIG");
    peer_takes_type(bench, XS_TYPE_DIRECTORY_PART);
    peer_answers(bench, "78\0cc", 6);
    peer_takes_type(bench, XS_TYPE_DIRECTORY_PART);
    peer_answers(bench, "78\0dd\0", 7);
    expect(bench, XS_CLIENT_DONE, &request, XS_ERROR_TOO_BIG);
    assert_int_equal(request.reply_length, 6);
    assert_int_equal(reply[3], 0);
    free(bench);
}

static void a_directory_that_always_changes_ends(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request request;
    uint8_t reply[16];
    make_directory(&request, reply, sizeof(reply));
    xs_client_submit(&bench->client, &request);
    peer_takes_type(bench, XS_TYPE_DIRECTORY);
    peer_refuses(bench, "E2BIG");
    for (int i = 0; i < 1000 && peer_takes(bench); i++) {
        char part[8] = {'a', (char)('a' + i % 26), 0, 'c', 'c', 0};
        peer_answers(bench, part, 6);
        run(bench);
    }
    expect(bench, XS_CLIENT_DONE, &request, XS_ERROR_BUSY);
    free(bench);
}

static void parts_that_make_no_sense(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t length;
    } cases[] = {{"", 0}, {"7", 1}, {"7", 2}, {"7\0aa", 4}, {"123456789012345678901234\0a", 27}};
    struct bench *bench = bench_new();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct xs_request request;
        make_directory(&request, NULL, 0);
        xs_client_submit(&bench->client, &request);
        peer_takes_type(bench, XS_TYPE_DIRECTORY);
        peer_refuses(bench, "E2BIG");
        peer_takes_type(bench, XS_TYPE_DIRECTORY_PART);
        peer_answers(bench, cases[i].bytes, cases[i].length);
        expect(bench, XS_CLIENT_DONE, &request, XS_ERROR_IO);
    }
    free(bench);
}

/* --- Watches. */

static void add(struct bench *bench, struct xs_watch *watch, const char *path)
{
    memset(watch, 0, sizeof(*watch));
    watch->path = path;
    assert_true(xs_watch_add(&bench->client, watch));
    peer_takes_type(bench, XS_TYPE_WATCH);
    assert_string_equal((char *)bench->payload, path);
    peer_answers(bench, "OK", 3);
    expect(bench, XS_CLIENT_ADDED, watch, XS_OK);
}

static void a_watch_fires_until_it_is_removed(void **state)
{
    struct bench *bench = bench_new();
    struct xs_watch watch, other;
    char token[XS_TOKEN_BYTES];
    add(bench, &watch, "device");
    add(bench, &other, "device");
    assert_string_not_equal(watch.token, other.token);
    assert_false(xs_watch_add(&bench->client, &watch));
    peer_fires(bench, "device/vif", watch.token);
    expect(bench, XS_CLIENT_WATCH, &watch, XS_OK);
    assert_string_equal(bench->told[0].path, "device/vif");
    peer_fires(bench, "device", other.token);
    expect(bench, XS_CLIENT_WATCH, &other, XS_OK);
    memcpy(token, watch.token, sizeof(token));
    xs_watch_remove(&bench->client, &watch);
    peer_fires(bench, "device", token);
    peer_takes_type(bench, XS_TYPE_UNWATCH);
    peer_fires(bench, "device", token);
    expect_nothing(bench);
    peer_answers(bench, "OK", 3);
    expect(bench, XS_CLIENT_REMOVED, &watch, XS_OK);
    peer_fires(bench, "device", token);
    expect_nothing(bench);
    add(bench, &watch, "device"); /* the same slot of the table */
    peer_fires(bench, "device", token);
    expect_nothing(bench);
    free(bench);
}

static void a_watch_removed_before_it_was_set(void **state)
{
    struct bench *bench = bench_new();
    struct xs_watch watch = {.path = "x"};
    assert_true(xs_watch_add(&bench->client, &watch)); /* never sent */
    xs_watch_remove(&bench->client, &watch);
    expect(bench, XS_CLIENT_REMOVED, &watch, XS_OK);
    assert_false(peer_takes(bench));

    assert_true(xs_watch_add(&bench->client, &watch)); /* set meanwhile */
    peer_takes_type(bench, XS_TYPE_WATCH);
    xs_watch_remove(&bench->client, &watch);
    peer_fires(bench, "x", watch.token);
    peer_answers(bench, "OK", 3);
    peer_takes_type(bench, XS_TYPE_UNWATCH);
    expect_nothing(bench);
    peer_answers(bench, "OK", 3);
    expect(bench, XS_CLIENT_REMOVED, &watch, XS_OK);

    assert_true(xs_watch_add(&bench->client, &watch)); /* refused meanwhile */
    peer_takes_type(bench, XS_TYPE_WATCH);
    xs_watch_remove(&bench->client, &watch);
    peer_refuses(bench, "ENOSPC");
    expect(bench, XS_CLIENT_REMOVED, &watch, XS_ERROR_NO_SPACE);
    assert_null(bench->watches[0]);
    free(bench);
}

static void a_refused_watch_is_its_owners_again(void **state)
{
    struct bench *bench = bench_new();
    struct xs_watch watches[WATCHES + 1] = {{0}};
    watches[0].path = "x";
    assert_true(xs_watch_add(&bench->client, &watches[0]));
    peer_takes_type(bench, XS_TYPE_WATCH);
    peer_refuses(bench, "EACCES");
    expect(bench, XS_CLIENT_ADDED, &watches[0], XS_ERROR_ACCESS);
    for (int i = 0; i < WATCHES; i++)
        add(bench, &watches[i], "y");
    watches[WATCHES].path = "z";
    assert_false(xs_watch_add(&bench->client, &watches[WATCHES]));
    free(bench);
}

static void events_for_nobody(void **state)
{
    struct bench *bench = bench_new();
    struct xs_watch watch;
    add(bench, &watch, "x");
    const char *tokens[] = {"", "0000", "zzzzzzzz", "00020000", "ffffffff", "000000000"};
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        peer_fires(bench, "x", tokens[i]);
    struct xs_header header = {.type = XS_TYPE_WATCH_EVENT};
    peer_answers_as(bench, header, "no nul", 6);
    peer_answers_as(bench, header, "", 0);
    expect_nothing(bench);
    assert_int_equal(bench->client.stray_events, 8);
    peer_fires(bench, "x", watch.token);
    expect(bench, XS_CLIENT_WATCH, &watch, XS_OK);
    free(bench);
}

/* --- A new connection. */

static void suspend(struct bench *bench)
{
    memset(&bench->page, 0, sizeof(bench->page));
    xs_assembler_reset(&bench->peer);
    xs_client_reconnect(&bench->client, &bench->page);
}

static void after_a_suspend_requests_are_asked_again_in_order(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request requests[3];
    const char *paths[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        make_read(&requests[i], paths[i], NULL, 0);
        xs_client_submit(&bench->client, &requests[i]);
    }
    peer_takes_type(bench, XS_TYPE_READ);
    peer_takes_type(bench, XS_TYPE_READ);
    peer_says(bench, "half", 4); /* of an answer that never ends */
    run(bench);
    suspend(bench);
    for (int i = 0; i < 3; i++) {
        peer_takes_type(bench, XS_TYPE_READ);
        assert_string_equal((char *)bench->payload, paths[i]);
        peer_answers(bench, "1", 1);
        expect(bench, XS_CLIENT_DONE, &requests[i], XS_OK);
    }
    free(bench);
}

static void after_a_suspend_transactions_fail_with_again(void **state)
{
    struct bench *bench = bench_new();
    struct xs_request sent, queued, end = {.type = XS_TYPE_TRANSACTION_END, .pieces = {{"T", 2}}};
    make_read(&sent, "x", NULL, 0);
    make_read(&queued, "x", NULL, 0);
    begin(bench, &sent.transaction);
    queued.transaction = end.transaction = sent.transaction;
    xs_client_submit(&bench->client, &sent);
    peer_takes_type(bench, XS_TYPE_READ);
    xs_client_submit(&bench->client, &queued);
    suspend(bench);
    xs_client_submit(&bench->client, &end);
    run(bench);
    assert_int_equal(bench->told_count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bench->told[i].error, XS_ERROR_AGAIN);
    bench->told_count = 0;
    assert_false(peer_takes(bench));
    begin(bench, &sent.transaction);
    xs_client_submit(&bench->client, &sent);
    peer_takes_type(bench, XS_TYPE_READ);
    free(bench);
}

static void after_a_suspend_watches_are_set_again(void **state)
{
    struct bench *bench = bench_new();
    struct xs_watch active, adding = {.path = "b"}, removing;
    add(bench, &active, "a");
    add(bench, &removing, "c");
    xs_watch_remove(&bench->client, &removing);
    peer_takes_type(bench, XS_TYPE_UNWATCH);
    assert_true(xs_watch_add(&bench->client, &adding));
    peer_takes_type(bench, XS_TYPE_WATCH);
    suspend(bench);
    expect(bench, XS_CLIENT_REMOVED, &removing, XS_OK);
    for (int i = 0; i < 2; i++) {
        peer_takes_type(bench, XS_TYPE_WATCH);
        peer_answers(bench, "OK", 3);
    }
    expect(bench, XS_CLIENT_ADDED, &adding, XS_OK); /* the other's owner is not bothered */
    assert_false(peer_takes(bench));
    peer_fires(bench, "a", active.token);
    expect(bench, XS_CLIENT_WATCH, &active, XS_OK);
    /* Refused this time: the owner may still remove it. */
    suspend(bench);
    peer_takes_type(bench, XS_TYPE_WATCH);
    peer_refuses(bench, "ENOSPC");
    expect_nothing(bench);
    assert_int_equal(bench->client.lost_watches, 1);
    xs_watch_remove(&bench->client, &active);
    peer_takes_type(bench, XS_TYPE_WATCH); /* of adding */
    peer_answers(bench, "OK", 3);
    peer_takes_type(bench, XS_TYPE_UNWATCH);
    peer_refuses(bench, "ENOENT");
    expect(bench, XS_CLIENT_REMOVED, &active, XS_ERROR_NOT_FOUND);
    free(bench);
}

/* The client has an answer, its caller does not know it yet: the watch belonged to the old
 * connection. */
static void a_suspend_while_an_answer_waits_to_be_told(void **state)
{
    struct bench *bench = bench_new();
    struct xs_client_action action;
    struct xs_watch watch = {.path = "a"};
    assert_true(xs_watch_add(&bench->client, &watch));
    peer_takes_type(bench, XS_TYPE_WATCH);
    struct xs_header asked = bench->asked;
    for (int i = 0; i < 15; i++)
        peer_answers_as(bench, (struct xs_header){.type = XS_TYPE_READ, .request = 1}, "", 0);
    peer_answers_as(bench, asked, "OK", 3);
    xs_client_next(&bench->client, &action);
    assert_int_equal(action.kind, XS_CLIENT_YIELD);
    assert_int_equal(watch.request.state, XS_REQUEST_DONE);
    suspend(bench);
    expect(bench, XS_CLIENT_ADDED, &watch, XS_OK);
    peer_takes_type(bench, XS_TYPE_WATCH);
    peer_answers(bench, "OK", 3);
    expect_nothing(bench);
    peer_fires(bench, "a", watch.token);
    expect(bench, XS_CLIENT_WATCH, &watch, XS_OK);
    free(bench);
}

/* The connection breaks while watches are set again, and is made anew before that is told. */
static void a_connection_that_breaks_twice(void **state)
{
    struct bench *bench = bench_new();
    struct xs_client_action action;
    struct xs_request request;
    struct xs_watch watch;
    add(bench, &watch, "a");
    make_read(&request, "x", NULL, 0);
    xs_client_submit(&bench->client, &request); /* it is told first */
    suspend(bench);
    bench->page.request_consumer = 5000;
    do
        xs_client_next(&bench->client, &action);
    while (action.kind == XS_CLIENT_NOTIFY);
    assert_ptr_equal(action.request, &request);
    assert_int_equal(watch.request.state, XS_REQUEST_DONE);
    suspend(bench);
    run(bench);
    bench->told_count = 0;
    peer_takes_type(bench, XS_TYPE_WATCH);
    peer_answers(bench, "OK", 3);
    run(bench);
    bench->told_count = 0;
    peer_fires(bench, "a", watch.token);
    expect(bench, XS_CLIENT_WATCH, &watch, XS_OK);
    free(bench);
}

static void a_broken_connection_can_be_made_anew(void **state)
{
    struct bench *bench = bench_new();
    struct xs_watch watch;
    add(bench, &watch, "a");
    bench->page.reply_producer += 5000;
    expect(bench, XS_CLIENT_BROKEN, NULL, XS_OK);
    suspend(bench);
    peer_takes_type(bench, XS_TYPE_WATCH);
    peer_answers(bench, "OK", 3);
    expect_nothing(bench);
    peer_fires(bench, "a", watch.token);
    expect(bench, XS_CLIENT_WATCH, &watch, XS_OK);
    free(bench);
}

static void shut_down_gives_everything_back(void **state)
{
    struct bench *bench = bench_new();
    struct xs_watch active, adding = {.path = "b"}, late = {.path = "c"};
    struct xs_request sent, queued;
    add(bench, &active, "a");
    make_read(&sent, "x", NULL, 0);
    make_read(&queued, "x", NULL, 0);
    xs_client_submit(&bench->client, &sent);
    peer_takes_type(bench, XS_TYPE_READ);
    assert_true(xs_watch_add(&bench->client, &adding));
    xs_client_submit(&bench->client, &queued);
    xs_client_shut_down(&bench->client);
    run(bench);
    assert_int_equal(bench->told_count, 4);
    bench->told_count = 0;
    for (int i = 0; i < WATCHES; i++)
        assert_null(bench->watches[i]);
    xs_client_submit(&bench->client, &sent);
    expect(bench, XS_CLIENT_DONE, &sent, XS_ERROR_CANCELLED);
    assert_false(xs_watch_add(&bench->client, &late));
    xs_client_reconnect(&bench->client, &bench->page);
    assert_false(peer_takes(bench));
    free(bench);
}

/* A peer that floods the ring with messages for nobody does not keep the caller. */
static void a_flood_is_left_in_time(void **state)
{
    struct bench *bench = bench_new();
    struct xs_client_action action;
    for (int i = 0; i < 40; i++)
        peer_answers_as(bench, (struct xs_header){.type = XS_TYPE_READ, .request = 1}, "", 0);
    xs_client_next(&bench->client, &action);
    assert_int_equal(action.kind, XS_CLIENT_YIELD);
    assert_in_range(bench->client.stray_replies, 8, 32);
    run(bench);
    assert_int_equal(bench->client.stray_replies, 40);
    free(bench);
}

/* --- Texts. */

static void permissions(void **state)
{
    char text[XS_PERMISSION_MAX_BYTES];
    struct xs_permission read[3],
        write = {.domid = 65535, .access = XS_ACCESS_READ | XS_ACCESS_WRITE};
    uint32_t count;
    assert_int_equal(xs_permission_write(text, &write), 7);
    assert_string_equal(text, "b65535");
    write = (struct xs_permission){.domid = 0, .access = XS_ACCESS_NONE};
    assert_int_equal(xs_permission_write(text, &write), 3);
    assert_string_equal(text, "n0");
    assert_true(xs_permissions_read((const uint8_t *)"n0\0r5\0w65535", 13, read, 3, &count));
    assert_int_equal(count, 3);
    assert_int_equal(read[1].domid, 5);
    assert_int_equal(read[1].access, XS_ACCESS_READ);
    assert_int_equal(read[2].domid, 65535);
    assert_int_equal(read[2].access, XS_ACCESS_WRITE);
    assert_false(xs_permissions_read((const uint8_t *)"n0\0r5", 6, read, 1, &count));
    const char *wrong[] = {"", "n", "x0", "n65536", "n-1", "n0x", "n0000000"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(xs_permissions_read((const uint8_t *)wrong[i], (uint32_t)strlen(wrong[i]) + 1,
                                         read, 3, &count));
    assert_false(xs_permissions_read((const uint8_t *)"n0", 2, read, 3, &count)); /* no NUL */
}

static void paths(void **state)
{
    static char longest[3073];
    const char *right[] = {"/", "/local/domain/0", "device/vif-0_a@b", "@releaseDomain"};
    const char *wrong[] = {"", "//", "/a/", "a//b", "a b", "a\nb", "a.b"};
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        assert_true(xs_path_valid(right[i], (uint32_t)strlen(right[i])));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(xs_path_valid(wrong[i], (uint32_t)strlen(wrong[i])));
    assert_false(xs_path_valid("a\0b", 3));
    memset(longest, 'a', sizeof(longest));
    assert_true(xs_path_valid(longest, 2047));
    assert_false(xs_path_valid(longest, 2048));
    longest[0] = '/';
    assert_true(xs_path_valid(longest, 3071));
    assert_false(xs_path_valid(longest, 3072));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_is_answered),
        cmocka_unit_test(a_payload_of_three_pieces),
        cmocka_unit_test(answers_find_their_questions_in_any_order),
        cmocka_unit_test(xenstoreds_errors),
        cmocka_unit_test(a_reply_of_4096_bytes_is_legal),
        cmocka_unit_test(a_reply_of_4097_bytes_ends_the_connection),
        cmocka_unit_test(a_reply_longer_than_its_room),
        cmocka_unit_test(a_wrong_answer_fails_its_request_alone),
        cmocka_unit_test(indexes_out_of_range),
        cmocka_unit_test(a_payload_that_is_too_long),
        cmocka_unit_test(a_cancelled_request_is_forgotten),
        cmocka_unit_test(a_request_cancelled_halfway_stays_a_whole_message),
        cmocka_unit_test(a_cancelled_transaction_is_ended),
        cmocka_unit_test(requests_of_a_transaction_carry_its_number),
        cmocka_unit_test(a_transaction_number_that_is_none),
        cmocka_unit_test(a_large_directory_comes_in_parts),
        cmocka_unit_test(a_large_directory_and_little_room),
        cmocka_unit_test(a_directory_that_always_changes_ends),
        cmocka_unit_test(parts_that_make_no_sense),
        cmocka_unit_test(a_watch_fires_until_it_is_removed),
        cmocka_unit_test(a_watch_removed_before_it_was_set),
        cmocka_unit_test(a_refused_watch_is_its_owners_again),
        cmocka_unit_test(events_for_nobody),
        cmocka_unit_test(after_a_suspend_requests_are_asked_again_in_order),
        cmocka_unit_test(after_a_suspend_transactions_fail_with_again),
        cmocka_unit_test(after_a_suspend_watches_are_set_again),
        cmocka_unit_test(a_suspend_while_an_answer_waits_to_be_told),
        cmocka_unit_test(a_connection_that_breaks_twice),
        cmocka_unit_test(a_broken_connection_can_be_made_anew),
        cmocka_unit_test(shut_down_gives_everything_back),
        cmocka_unit_test(a_flood_is_left_in_time),
        cmocka_unit_test(permissions),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
