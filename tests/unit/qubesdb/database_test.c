/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves core/qubesdb: what local clients may ask and what they hear; that dom0's side and a
 * qube's side, joined by a wire that cuts their bytes anywhere, have the same keys after any
 * change; that a new connection brings the keys up to date and watchers hear only what differs;
 * that each kind of bad message ends that one connection and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/qubesdb/database.h"

static int allocations_left = -1; /* -1: no limit */

static void *allocate(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return malloc(size);
}

static const struct qdb_memory memory = {allocate, free};

static void ask(struct qdb_database *database, struct qdb_client *client, uint8_t type,
                const char *path, const char *data)
{
    uint8_t bytes[QDB_MESSAGE_BYTES];
    size_t length = qdb_message_write(bytes, type, path, data, (uint32_t)strlen(data)), taken;

    qdb_client_feed(database, client, bytes, length, &taken);
    if (client->problem == NULL)
        assert_int_equal(taken, length);
}

/* The next message in a queue, its data as text. */
static uint8_t next(struct qdb_queue *queue, char *path, char *data)
{
    static struct qdb_assembler assembler;
    struct qdb_message message;
    const char *problem;
    size_t taken;

    assert_int_equal(qdb_assembler_feed(&assembler, queue->bytes + queue->start, queue->length,
                                        &taken, &message, &problem),
                     QDB_ASSEMBLED_MESSAGE);
    strcpy(path, message.path);
    memcpy(data, message.data, message.data_length);
    data[message.data_length] = '\0';
    qdb_queue_sent(queue, taken);
    return message.type;
}

static void expect(struct qdb_client *client, uint8_t type, const char *path, const char *data)
{
    char found_path[QDB_PATH_BYTES], found[QDB_DATA_BYTES + 1];

    assert_int_equal(next(&client->output, found_path, found), type);
    assert_string_equal(found_path, path);
    assert_string_equal(found, data);
}

static void a_client_reads_lists_writes_and_removes(void **state)
{
    struct qdb_database database;
    struct qdb_client *client = malloc(sizeof(*client));

    qdb_database_init(&database, &memory, true);
    qdb_client_add(&database, client, true);
    ask(&database, client, QDB_READ, "/name", "");
    expect(client, QDB_ERROR_NOENT, "/name", "");
    ask(&database, client, QDB_WRITE, "/name", "work");
    expect(client, QDB_OK, "/name", "");
    ask(&database, client, QDB_WRITE, "/a/2", "two");
    ask(&database, client, QDB_WRITE, "/a/1", "");
    expect(client, QDB_OK, "/a/2", "");
    expect(client, QDB_OK, "/a/1", "");
    ask(&database, client, QDB_READ, "/name", "");
    expect(client, QDB_ANSWER_READ, "/name", "work");
    ask(&database, client, QDB_MULTIREAD, "/a/", "");
    expect(client, QDB_ANSWER_MULTIREAD, "/a/1", "");
    expect(client, QDB_ANSWER_MULTIREAD, "/a/2", "two");
    expect(client, QDB_ANSWER_MULTIREAD, "", "");
    ask(&database, client, QDB_LIST, "", "");
    expect(client, QDB_ANSWER_LIST, "/a/1", "");
    expect(client, QDB_ANSWER_LIST, "/a/2", "");
    expect(client, QDB_ANSWER_LIST, "/name", "");
    expect(client, QDB_ANSWER_LIST, "", "");
    ask(&database, client, QDB_RM, "/a/", "");
    expect(client, QDB_OK, "/a/", "");
    ask(&database, client, QDB_RM, "/a/", "");
    expect(client, QDB_ERROR_NOENT, "/a/", "");
    ask(&database, client, QDB_WRITE, "/a/", "no key");
    expect(client, QDB_ERROR, "/a/", "");
    assert_int_equal(database.store.count, 1);
    assert_null(client->problem);
    qdb_client_remove(&database, client);
    qdb_database_free(&database);
    free(client);
}

static void a_client_without_the_right_changes_nothing(void **state)
{
    struct qdb_database database;
    struct qdb_client *client = malloc(sizeof(*client));

    qdb_database_init(&database, &memory, true);
    qdb_database_write(&database, "/k", "v", 1);
    qdb_client_add(&database, client, false);
    ask(&database, client, QDB_WRITE, "/k", "evil");
    expect(client, QDB_ERROR, "/k", "");
    ask(&database, client, QDB_RM, "/k", "");
    expect(client, QDB_ERROR, "/k", "");
    ask(&database, client, QDB_READ, "/k", "");
    expect(client, QDB_ANSWER_READ, "/k", "v");
    qdb_client_remove(&database, client);
    qdb_database_free(&database);
    free(client);
}

static void watches_hear_their_keys_and_only_those(void **state)
{
    struct qdb_database database;
    struct qdb_client *client = malloc(sizeof(*client));

    qdb_database_init(&database, &memory, true);
    qdb_client_add(&database, client, false);
    ask(&database, client, QDB_WATCH, "/net/", "");
    ask(&database, client, QDB_WATCH, "/name", "");
    expect(client, QDB_OK, "/net/", "");
    expect(client, QDB_OK, "/name", "");
    qdb_database_write(&database, "/net/ip", "10.0.0.1", 8);
    qdb_database_write(&database, "/names", "x", 1);
    qdb_database_write(&database, "/name", "work", 4);
    expect(client, QDB_ANSWER_WATCH, "/net/ip", "");
    expect(client, QDB_ANSWER_WATCH, "/name", "");
    ask(&database, client, QDB_UNWATCH, "/name", "");
    expect(client, QDB_OK, "/name", "");
    ask(&database, client, QDB_UNWATCH, "/name", "");
    expect(client, QDB_ERROR_NOENT, "/name", "");
    qdb_database_write(&database, "/name", "again", 5);
    assert_int_equal(client->output.length, 0);
    for (int i = 1; i < QDB_CLIENT_WATCHES; i++) {
        ask(&database, client, QDB_WATCH, "/same", "");
        expect(client, QDB_OK, "/same", "");
    }
    ask(&database, client, QDB_WATCH, "/one-too-many", "");
    expect(client, QDB_ERROR, "/one-too-many", "");
    qdb_client_remove(&database, client);
    qdb_database_free(&database);
    free(client);
}

static void a_client_that_never_reads_is_closed_and_no_other(void **state)
{
    struct qdb_database database;
    struct qdb_client *lazy = malloc(sizeof(*lazy)), *other = malloc(sizeof(*other));

    qdb_database_init(&database, &memory, true);
    qdb_client_add(&database, lazy, false);
    qdb_client_add(&database, other, false);
    ask(&database, lazy, QDB_WATCH, "/k", "");
    for (int i = 0; i < 100000 && lazy->problem == NULL; i++)
        qdb_database_write(&database, "/k", "v", 1);
    assert_non_null(lazy->problem);
    assert_true(lazy->output.length < 2 * QDB_WATCH_BACKLOG);
    ask(&database, other, QDB_READ, "/k", "");
    expect(other, QDB_ANSWER_READ, "/k", "v");
    qdb_client_remove(&database, lazy);
    qdb_client_remove(&database, other);
    qdb_database_free(&database);
    free(lazy);
    free(other);
}

/* --- Both sides */

struct pair {
    struct qdb_database dom0, qube;
};

/* Moves bytes of one side to the other, at most so many at once. True: something moved. */
static bool carry(struct qdb_database *from, struct qdb_database *to, size_t step)
{
    struct qdb_queue *queue = &from->link.output;
    size_t length = queue->length < step ? queue->length : step, taken;

    if (length == 0)
        return false;
    assert_null(qdb_link_feed(to, queue->bytes + queue->start, length, &taken));
    qdb_queue_sent(queue, taken);
    return true;
}

static void settle(struct pair *pair, size_t step)
{
    bool moved = true;

    while (moved) {
        moved = carry(&pair->dom0, &pair->qube, step);
        moved |= carry(&pair->qube, &pair->dom0, step);
    }
    assert_int_equal(pair->qube.link.state, QDB_LINK_UP);
    assert_int_equal(pair->qube.link.unanswered, 0);
    assert_int_equal(pair->dom0.link.unanswered, 0);
}

static void assert_same(const struct pair *pair)
{
    assert_int_equal(pair->dom0.store.count, pair->qube.store.count);
    for (uint32_t i = 0; i < pair->dom0.store.count; i++) {
        const struct qdb_entry *a = pair->dom0.store.entries[i], *b = pair->qube.store.entries[i];

        assert_string_equal(a->path, b->path);
        assert_int_equal(a->length, b->length);
        assert_memory_equal(a->data, b->data, a->length);
    }
}

static void connect_pair(struct pair *pair)
{
    qdb_link_connected(&pair->dom0);
    qdb_link_connected(&pair->qube);
}

static void start_pair(struct pair *pair)
{
    qdb_database_init(&pair->dom0, &memory, true);
    qdb_database_init(&pair->qube, &memory, false);
}

static void end_pair(struct pair *pair)
{
    qdb_database_free(&pair->dom0);
    qdb_database_free(&pair->qube);
}

static void both_sides_agree_however_their_bytes_are_cut(void **state)
{
    static const size_t steps[] = {1, 7, 71, 72, 73, 4096, 1 << 20};

    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        struct pair pair;
        char value[QDB_DATA_BYTES + 1];

        memset(value, 'v', sizeof(value));
        start_pair(&pair);
        qdb_database_write(&pair.dom0, "/name", "work", 4);
        qdb_database_write(&pair.dom0, "/long", value, QDB_DATA_BYTES);
        qdb_database_write(&pair.dom0, "/empty", "", 0);
        connect_pair(&pair);
        settle(&pair, steps[i]);
        assert_same(&pair);
        assert_int_equal(pair.qube.store.count, 3);
        assert_true(qdb_database_write(&pair.qube, "/qubes-tools/os", "Windows", 7));
        assert_true(qdb_database_write(&pair.dom0, "/net/ip", "10.137.0.5", 10));
        assert_true(qdb_database_write(&pair.dom0, "/net/gw", "10.137.0.1", 10));
        settle(&pair, steps[i]);
        assert_same(&pair);
        assert_int_equal(qdb_database_remove(&pair.dom0, "/net/"), 2);
        assert_int_equal(qdb_database_remove(&pair.dom0, "/net/"), 0);
        assert_int_equal(qdb_database_remove(&pair.qube, "/empty"), 1);
        settle(&pair, steps[i]);
        assert_same(&pair);
        assert_int_equal(pair.qube.store.count, 3);
        end_pair(&pair);
    }
}

static void a_new_connection_tells_watchers_what_differs(void **state)
{
    struct pair pair;
    struct qdb_client *client = malloc(sizeof(*client));

    start_pair(&pair);
    qdb_database_write(&pair.dom0, "/kept", "1", 1);
    qdb_database_write(&pair.dom0, "/changed", "old", 3);
    qdb_database_write(&pair.dom0, "/gone", "1", 1);
    connect_pair(&pair);
    settle(&pair, 100);
    qdb_client_add(&pair.qube, client, true);
    ask(&pair.qube, client, QDB_WATCH, "/", "");
    expect(client, QDB_OK, "/", "");
    qdb_link_disconnected(&pair.dom0);
    qdb_link_disconnected(&pair.qube);
    ask(&pair.qube, client, QDB_WRITE, "/mine", "lost"); /* nobody would keep it */
    expect(client, QDB_ERROR, "/mine", "");
    ask(&pair.qube, client, QDB_READ, "/kept", "");
    expect(client, QDB_ANSWER_READ, "/kept", "1"); /* what is known is known */
    qdb_database_write(&pair.dom0, "/changed", "new", 3);
    qdb_database_remove(&pair.dom0, "/gone");
    qdb_database_write(&pair.dom0, "/new", "1", 1);
    connect_pair(&pair);
    settle(&pair, 100);
    assert_same(&pair);
    expect(client, QDB_ANSWER_WATCH, "/changed", "");
    expect(client, QDB_ANSWER_WATCH, "/gone", "");
    expect(client, QDB_ANSWER_WATCH, "/new", "");
    assert_int_equal(client->output.length, 0);
    qdb_client_remove(&pair.qube, client);
    free(client);
    end_pair(&pair);
}

static void a_change_on_the_way_before_the_keys_is_not_lost(void **state)
{
    struct pair pair;

    start_pair(&pair);
    qdb_database_write(&pair.dom0, "/a", "1", 1);
    qdb_database_write(&pair.dom0, "/b", "1", 1);
    connect_pair(&pair);
    qdb_database_write(&pair.dom0, "/a", "2", 1);
    qdb_database_remove(&pair.dom0, "/b");
    settle(&pair, 10);
    assert_same(&pair);
    assert_int_equal(pair.qube.store.count, 1);
    end_pair(&pair);
}

static void ten_thousand_keys_take_one_question(void **state)
{
    struct pair pair;
    char path[QDB_PATH_BYTES];
    size_t asked;

    start_pair(&pair);
    for (int i = 0; i < 10000; i++) {
        snprintf(path, sizeof(path), "/vm-config/key%05d", (i * 7919) % 10000);
        assert_true(qdb_database_write(&pair.dom0, path, path, (uint32_t)strlen(path)));
    }
    connect_pair(&pair);
    asked = pair.qube.link.output.length;
    assert_int_equal(asked, QDB_HEADER_BYTES);
    assert_true(carry(&pair.qube, &pair.dom0, asked));
    while (carry(&pair.dom0, &pair.qube, 4096))
        assert_int_equal(pair.qube.link.output.length, 0);
    assert_int_equal(pair.qube.link.state, QDB_LINK_UP);
    assert_same(&pair);
    end_pair(&pair);
}

/* --- Bad peers */

struct bad {
    bool to_dom0;
    const char *what;
    uint8_t bytes[QDB_HEADER_BYTES + 4];
    size_t length;
};

static void bad_messages_end_the_link_with_a_reason(void **state)
{
    struct bad bad[] = {
        {true, "type 14", {14}, QDB_HEADER_BYTES},
        {true, "a path without /", {QDB_WRITE, 'a'}, QDB_HEADER_BYTES},
        {true, "a blank in a path", {QDB_WRITE, '/', ' '}, QDB_HEADER_BYTES},
        {true, "a path without an end", {QDB_WRITE}, QDB_HEADER_BYTES},
        {true, "too much data", {QDB_WRITE, '/', 'a', [68] = 0x00, [69] = 0x0c}, QDB_HEADER_BYTES},
        {true, "4 GiB of data", {QDB_WRITE, '/', 'a', [71] = 0xff}, QDB_HEADER_BYTES},
        {true, "a NUL in a value", {QDB_WRITE, '/', 'a', [68] = 1}, QDB_HEADER_BYTES + 1},
        {true, "a write of no key", {QDB_WRITE}, QDB_HEADER_BYTES},
        {true, "a write of a folder", {QDB_WRITE, '/', 'a', '/'}, QDB_HEADER_BYTES},
        {true, "an answer to nothing", {QDB_OK}, QDB_HEADER_BYTES},
        {true, "a local request", {QDB_READ, '/', 'a'}, QDB_HEADER_BYTES},
        {true, "half of the keys asked for", {QDB_MULTIREAD, '/', 'a'}, QDB_HEADER_BYTES},
        {true, "keys for dom0", {QDB_ANSWER_MULTIREAD, '/', 'a'}, QDB_HEADER_BYTES},
        {false, "dom0 asks", {QDB_MULTIREAD}, QDB_HEADER_BYTES},
        {false, "an answer to nothing", {QDB_ERROR}, QDB_HEADER_BYTES},
    };

    memset(bad[3].bytes + 1, '/', 64);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct pair pair;
        struct qdb_database *victim = bad[i].to_dom0 ? &pair.dom0 : &pair.qube;
        size_t taken;
        const char *problem;

        start_pair(&pair);
        qdb_database_write(&pair.dom0, "/name", "work", 4);
        connect_pair(&pair);
        problem = qdb_link_feed(victim, bad[i].bytes, bad[i].length, &taken);
        if (problem == NULL)
            fail_msg("%s was taken", bad[i].what);
        assert_non_null(qdb_store_find(&pair.dom0.store, "/name"));
        assert_int_equal(pair.dom0.store.count, 1);
        connect_pair(&pair); /* the next connection works */
        settle(&pair, 50);
        assert_same(&pair);
        end_pair(&pair);
    }
}

static void a_peer_that_writes_without_end_is_stopped(void **state)
{
    struct pair pair;
    uint8_t bytes[QDB_MESSAGE_BYTES];
    char path[QDB_PATH_BYTES], value[QDB_DATA_BYTES];
    const char *problem = NULL;
    size_t taken;

    memset(value, 'v', sizeof(value));
    start_pair(&pair);
    connect_pair(&pair);
    for (int i = 0; problem == NULL && i < 100000; i++) {
        size_t length;

        snprintf(path, sizeof(path), "/%d", i);
        length = qdb_message_write(bytes, QDB_WRITE, path, value, sizeof(value));
        problem = qdb_link_feed(&pair.dom0, bytes, length, &taken);
        qdb_queue_free(&pair.dom0.link.output);
    }
    assert_non_null(problem);
    assert_true(pair.dom0.store.bytes <= QDB_STORE_BYTES);
    end_pair(&pair);
}

static void no_memory_is_an_error_and_loses_no_key(void **state)
{
    for (int limit = 0; limit < 40; limit++) {
        struct qdb_database database;
        struct qdb_client *client = malloc(sizeof(*client));

        qdb_database_init(&database, &memory, true);
        assert_true(qdb_database_write(&database, "/k", "old", 3));
        qdb_client_add(&database, client, true);
        allocations_left = limit;
        ask(&database, client, QDB_WRITE, "/k", "new");
        ask(&database, client, QDB_WRITE, "/l", "new");
        allocations_left = -1;
        assert_int_equal(qdb_store_find(&database.store, "/k")->length, 3);
        qdb_client_remove(&database, client);
        qdb_database_free(&database);
        free(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_reads_lists_writes_and_removes),
        cmocka_unit_test(a_client_without_the_right_changes_nothing),
        cmocka_unit_test(watches_hear_their_keys_and_only_those),
        cmocka_unit_test(a_client_that_never_reads_is_closed_and_no_other),
        cmocka_unit_test(both_sides_agree_however_their_bytes_are_cut),
        cmocka_unit_test(a_new_connection_tells_watchers_what_differs),
        cmocka_unit_test(a_change_on_the_way_before_the_keys_is_not_lost),
        cmocka_unit_test(ten_thousand_keys_take_one_question),
        cmocka_unit_test(bad_messages_end_the_link_with_a_reason),
        cmocka_unit_test(a_peer_that_writes_without_end_is_stopped),
        cmocka_unit_test(no_memory_is_an_error_and_loses_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
