/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casementd's QubesDB seen from both ends: this program plays the qube's daemon on port 111 (with
 * core/qubesdb, over vchan) and local programs of dom0 (with qubesdb-client.h). Keys go both ways,
 * watches fire on either side, a daemon that breaks the protocol or goes away is replaced by the
 * next, and what it did not do right changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/qubesdb/database.h"
#include "include/libvchan.h"
#include "include/qubesdb-client.h"

static const struct qdb_memory memory = {malloc, free};

struct qube {
    libvchan_t *vchan;
    struct qdb_database database;
};

static void qube_connect(struct qube *qube)
{
    qube->vchan = libvchan_client_init(0, QDB_VCHAN_PORT);
    assert_non_null(qube->vchan);
    qdb_link_connected(&qube->database);
}

static void qube_disconnect(struct qube *qube)
{
    libvchan_close(qube->vchan);
    qdb_link_disconnected(&qube->database);
}

static void qube_send(struct qube *qube)
{
    struct qdb_queue *output = &qube->database.link.output;

    while (output->length > 0) {
        int sent = libvchan_write(qube->vchan, output->bytes + output->start, output->length);
        assert_true(sent > 0);
        qdb_queue_sent(output, (size_t)sent);
    }
}

/* One piece of what dom0 sent. */
static void qube_take(struct qube *qube)
{
    uint8_t bytes[4096];
    size_t taken;
    int got = libvchan_read(qube->vchan, bytes, sizeof bytes);

    assert_true(got > 0);
    assert_null(qdb_link_feed(&qube->database, bytes, (size_t)got, &taken));
    assert_int_equal(taken, got);
    qube_send(qube);
}

static void qube_settle(struct qube *qube)
{
    qube_send(qube);
    while (qube->database.link.state != QDB_LINK_UP || qube->database.link.unanswered > 0)
        qube_take(qube);
}

static void assert_key(const struct qube *qube, const char *path, const char *value)
{
    const struct qdb_entry *entry = qdb_store_find(&qube->database.store, path);

    assert_non_null(entry);
    assert_int_equal(entry->length, strlen(value));
    assert_memory_equal(entry->data, value, entry->length);
}

static void keys_go_both_ways(void **state)
{
    struct qube qube;
    qdb_handle_t dom0 = qdb_open(NULL);
    unsigned length;
    char *value, *path;

    assert_non_null(dom0);
    qdb_database_init(&qube.database, &memory, false);
    assert_true(qdb_write(dom0, "/qubes-ip", "10.137.0.5", 10));
    qube_connect(&qube);
    qube_settle(&qube);
    assert_key(&qube, "/name", "win");
    assert_key(&qube, "/qubes-ip", "10.137.0.5");

    assert_true(qdb_watch(dom0, "/qubes-tools/"));
    assert_true(qdb_database_write(&qube.database, "/qubes-tools/os", "Windows", 7));
    qube_settle(&qube);
    path = qdb_read_watch(dom0);
    assert_string_equal(path, "/qubes-tools/os");
    value = qdb_read(dom0, "/qubes-tools/os", &length);
    assert_string_equal(value, "Windows");
    assert_int_equal(length, 7);
    free(path);
    free(value);

    assert_true(qdb_rm(dom0, "/qubes-ip"));
    while (qdb_store_find(&qube.database.store, "/qubes-ip") != NULL)
        qube_take(&qube);
    assert_true(qdb_rm(dom0, "/qubes-ip")); /* nothing is there: nothing is sent */
    assert_null(qdb_read(dom0, "/qubes-ip", NULL));
    qube_disconnect(&qube);
    qdb_database_free(&qube.database);
    qdb_close(dom0);
}

static void lists_are_whole_and_sorted(void **state)
{
    qdb_handle_t dom0 = qdb_open(NULL);
    unsigned count, *lengths;
    char path[64], **pairs, **paths;

    for (int i = 999; i >= 0; i--) {
        snprintf(path, sizeof path, "/vm-config/k%03d", i);
        assert_true(qdb_write(dom0, path, path, (unsigned)strlen(path)));
    }
    pairs = qdb_multiread(dom0, "/vm-config/", &lengths, &count);
    paths = qdb_list(dom0, "/vm-config/", NULL);
    assert_int_equal(count, 1000);
    for (unsigned i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/vm-config/k%03u", i);
        assert_string_equal(pairs[2 * i], path);
        assert_string_equal(pairs[2 * i + 1], path);
        assert_string_equal(paths[i], path);
        assert_int_equal(lengths[i], strlen(path));
        free(pairs[2 * i]);
        free(pairs[2 * i + 1]);
        free(paths[i]);
    }
    assert_null(paths[count]);
    assert_null(pairs[2 * count]);
    free(pairs);
    free(paths);
    free(lengths);
    assert_true(qdb_rm(dom0, "/vm-config/"));
    paths = qdb_list(dom0, "/vm-config/", &count);
    assert_int_equal(count, 0);
    free(paths);
    qdb_close(dom0);
}

static bool readable(qdb_handle_t handle)
{
    struct pollfd descriptor = {.fd = qdb_watch_fd(handle), .events = POLLIN};

    return poll(&descriptor, 1, 0) == 1;
}

/* An event that came with the answer to something else is not forgotten by who polls. */
static void the_descriptor_shows_events_that_came_with_an_answer(void **state)
{
    qdb_handle_t watcher = qdb_open(NULL), writer = qdb_open(NULL);
    char *value;

    assert_true(qdb_watch(watcher, "/k"));
    assert_false(readable(watcher));
    assert_true(qdb_write(writer, "/k", "v", 1));
    value = qdb_read(watcher, "/k", NULL);
    assert_string_equal(value, "v");
    free(value);
    assert_true(readable(watcher));
    value = qdb_read_watch(watcher);
    assert_string_equal(value, "/k");
    free(value);
    assert_false(readable(watcher));
    assert_true(qdb_rm(writer, "/k"));
    qdb_close(watcher);
    qdb_close(writer);
}

static void bad_paths_and_values_never_leave_the_program(void **state)
{
    qdb_handle_t dom0 = qdb_open(NULL);
    char with_nul[] = {'a', 0, 'b'}, longest[QDB_DATA_BYTES + 1];

    memset(longest, 'v', sizeof longest);
    assert_false(qdb_write(dom0, "no-slash", "v", 1));
    assert_false(qdb_write(dom0, "/a b", "v", 1));
    assert_false(qdb_write(dom0, "/k", with_nul, 3));
    assert_false(qdb_write(dom0, "/k", longest, sizeof longest));
    assert_false(qdb_write(dom0, "/folder/", "v", 1));
    assert_null(qdb_read(dom0, "", NULL));
    assert_true(qdb_write(dom0, "/k", longest, QDB_DATA_BYTES));
    assert_true(qdb_rm(dom0, "/k"));
    qdb_close(dom0);
}

static void a_daemon_that_breaks_the_protocol_is_replaced_by_the_next(void **state)
{
    for (int type = 0; type < 16; type++) {
        struct qube qube;
        uint8_t bytes[QDB_HEADER_BYTES] = {(uint8_t)type, '*'};

        qdb_database_init(&qube.database, &memory, false);
        qube_connect(&qube);
        assert_int_equal(libvchan_write(qube.vchan, bytes, sizeof bytes), sizeof bytes);
        while (libvchan_is_open(qube.vchan) == VCHAN_CONNECTED)
            assert_int_equal(libvchan_wait(qube.vchan), 0);
        qube_disconnect(&qube);
        qube_connect(&qube);
        qube_settle(&qube);
        assert_key(&qube, "/name", "win");
        qube_disconnect(&qube);
        qdb_database_free(&qube.database);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_go_both_ways),
        cmocka_unit_test(lists_are_whole_and_sorted),
        cmocka_unit_test(the_descriptor_shows_events_that_came_with_an_answer),
        cmocka_unit_test(bad_paths_and_values_never_leave_the_program),
        cmocka_unit_test(a_daemon_that_breaks_the_protocol_is_replaced_by_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
