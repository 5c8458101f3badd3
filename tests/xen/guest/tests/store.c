/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/xen's XenStore client against the real xenstored, over the ring that the toolstack set up:
 *
 *   - nodes are written, read, listed, removed; the words of xenstored's errors are understood;
 *   - a value of the largest message, to the byte, goes there and back;
 *   - a directory of more names than one message holds is listed whole;
 *   - a transaction is all or nothing, and fails with "again" when another changed what it read;
 *   - a watch fires for its node and what lies below it, and not after its end;
 *   - more requests at a time than the ring has slots, or bytes, are all answered, in order;
 *   - permissions are set as asked, and what another domain owns is not ours to write.
 */
#include <string.h>

#include "../clock.h"
#include "../memory.h"
#include "../partner.h"
#include "../store.h"
#include "../test.h"
#include "../xen.h"

enum { REPLY_PAGES = 8, LARGEST_DIRECTORY = 400 };

TEST(store_nodes, TEST_ALONE)
{
    char value[64], own[16];
    uint32_t size;
    uint8_t names[64];

    CHECK_EQUAL(store_read(NULL, "domid", value, sizeof value), XS_OK);
    snprintf(own, sizeof own, "%u", xen_domid_own());
    CHECK(!strcmp(value, own));
    CHECK_EQUAL(store_write(NULL, "data/nodes/one", "1"), XS_OK);
    CHECK_EQUAL(store_write(NULL, "data/nodes/two", ""), XS_OK);
    CHECK_EQUAL(store_read(NULL, "data/nodes/one", value, sizeof value), XS_OK);
    CHECK(!strcmp(value, "1"));
    CHECK_EQUAL(store_ask(XS_TYPE_READ, NULL, "data/nodes/two", NULL, 0, value, 64, &size), XS_OK);
    CHECK_EQUAL(size, 0);
    CHECK_EQUAL(store_ask(XS_TYPE_DIRECTORY, NULL, "data/nodes", NULL, 0, names, 64, &size), XS_OK);
    CHECK_EQUAL(size, 8);
    CHECK(!memcmp(names, "one\0two", 8));
    CHECK_EQUAL(store_remove(NULL, "data/nodes"), XS_OK);
    CHECK_EQUAL(store_read(NULL, "data/nodes/one", value, sizeof value), XS_ERROR_NOT_FOUND);
    CHECK_EQUAL(store_remove(NULL, "data/nodes/one"), XS_ERROR_NOT_FOUND);
    CHECK_EQUAL(store_write(NULL, "not a path", "1"), XS_ERROR_INVALID);
    CHECK_EQUAL(store_write(NULL, "/local/domain/0/name", "mine"), XS_ERROR_ACCESS);
    CHECK_EQUAL(store_ask(99, NULL, "data", NULL, 0, NULL, 0, NULL), XS_ERROR_NOT_SUPPORTED);
}

TEST(store_largest_value, TEST_ALONE)
{
    static const char path[] = "data/largest";
    uint8_t *value = page_new(1), *back = page_new(1);
    size_t size = 2048; /* xenstored's own quota for a node of a domain */
    uint32_t got;

    for (size_t i = 0; i < size; i++)
        value[i] = (uint8_t)(i * 7 + (i >> 8));
    while (store_ask(XS_TYPE_WRITE, NULL, path, value, size, NULL, 0, NULL) == XS_ERROR_NO_SPACE)
        size -= 16;
    print("  the largest value that xenstored takes: %zu bytes\n", size);
    CHECK(size >= 1024);
    CHECK_EQUAL(store_ask(XS_TYPE_READ, NULL, path, NULL, 0, back, PAGE_BYTES, &got), XS_OK);
    CHECK_EQUAL(got, size);
    CHECK(!memcmp(value, back, size));
    CHECK_EQUAL(store_ask(XS_TYPE_READ, NULL, path, NULL, 0, back, size - 1, &got),
                XS_ERROR_TOO_BIG);
    CHECK_EQUAL(store_remove(NULL, path), XS_OK);
    page_free(value, 1);
    page_free(back, 1);
}

/* The whole payload of a message is used by a path of no node and a value that is refused. */
TEST(store_largest_message, TEST_ALONE)
{
    uint8_t *value = page_new(1);
    static const char path[] = "data/largest";
    size_t most = XS_PAYLOAD_MAX_BYTES - sizeof path;

    memset(value, 'x', most);
    CHECK(store_ask(XS_TYPE_WRITE, NULL, path, value, most, NULL, 0, NULL) != XS_ERROR_IO);
    CHECK_EQUAL(store_ask(XS_TYPE_WRITE, NULL, path, value, most + 1, NULL, 0, NULL),
                XS_ERROR_TOO_BIG);
    store_remove(NULL, path);
    page_free(value, 1);
}

/* A domain's own quota is below such a directory: dom0 makes it. */
TEST(store_large_directory, TEST_PARTNER)
{
    uint8_t *names = page_new(REPLY_PAGES);
    uint32_t size, found = 0;
    bool seen[LARGEST_DIRECTORY] = {false};

    partner_ask("make-nodes data/large %u", LARGEST_DIRECTORY);
    CHECK_EQUAL(store_ask(XS_TYPE_DIRECTORY, NULL, "data/large", NULL, 0, names,
                          REPLY_PAGES * PAGE_BYTES, &size),
                XS_OK);
    CHECK(size > XS_PAYLOAD_MAX_BYTES);
    for (uint32_t at = 0; at < size; at += (uint32_t)strlen((char *)names + at) + 1) {
        unsigned long number = strtoul(strrchr((char *)names + at, '-') + 1, NULL, 10);

        CHECK(number < LARGEST_DIRECTORY && !seen[number]);
        seen[number] = true;
        found++;
    }
    CHECK_EQUAL(found, LARGEST_DIRECTORY);
    CHECK_EQUAL(store_ask(XS_TYPE_DIRECTORY, NULL, "data/large", NULL, 0, names, 5000, &size),
                XS_ERROR_TOO_BIG);
    CHECK_EQUAL(store_remove(NULL, "data/large"), XS_OK);
    page_free(names, REPLY_PAGES);
}

TEST(store_transactions, TEST_ALONE)
{
    struct xs_transaction one, two;
    char value[16];

    CHECK_EQUAL(store_write(NULL, "data/tx/a", "0"), XS_OK);
    CHECK_EQUAL(store_begin(&one), XS_OK);
    CHECK_EQUAL(store_write(&one, "data/tx/a", "1"), XS_OK);
    CHECK_EQUAL(store_write(&one, "data/tx/b", "1"), XS_OK);
    CHECK_EQUAL(store_read(NULL, "data/tx/a", value, sizeof value), XS_OK);
    CHECK(!strcmp(value, "0"));
    CHECK_EQUAL(store_end(&one, true), XS_OK);
    CHECK_EQUAL(store_read(NULL, "data/tx/b", value, sizeof value), XS_OK);
    CHECK(!strcmp(value, "1"));

    CHECK_EQUAL(store_begin(&one), XS_OK);
    CHECK_EQUAL(store_write(&one, "data/tx/a", "2"), XS_OK);
    CHECK_EQUAL(store_end(&one, false), XS_OK);
    CHECK_EQUAL(store_read(NULL, "data/tx/a", value, sizeof value), XS_OK);
    CHECK(!strcmp(value, "1"));

    CHECK_EQUAL(store_begin(&one), XS_OK);
    CHECK_EQUAL(store_read(&one, "data/tx/a", value, sizeof value), XS_OK);
    CHECK_EQUAL(store_begin(&two), XS_OK);
    CHECK_EQUAL(store_write(&two, "data/tx/a", "3"), XS_OK);
    CHECK_EQUAL(store_end(&two, true), XS_OK);
    CHECK_EQUAL(store_write(&one, "data/tx/b", "4"), XS_OK);
    CHECK_EQUAL(store_end(&one, true), XS_ERROR_AGAIN);
    CHECK_EQUAL(store_read(NULL, "data/tx/b", value, sizeof value), XS_OK);
    CHECK(!strcmp(value, "1"));
    CHECK(store_end(&one, true) != XS_OK); /* it is no more */
    CHECK_EQUAL(store_remove(NULL, "data/tx"), XS_OK);
}

TEST(store_watches, TEST_ALONE)
{
    static struct store_watch watch, other;
    uint32_t fired;

    CHECK_EQUAL(store_write(NULL, "data/watched/node", "0"), XS_OK);
    CHECK_EQUAL(store_watch(&watch, "data/watched"), XS_OK);
    CHECK(store_watch_wait(&watch, 1, WAIT_MS)); /* each begins with one */
    CHECK(!strcmp(watch.fired_path, "data/watched"));
    CHECK_EQUAL(store_watch(&other, "data/elsewhere"), XS_OK);
    CHECK(store_watch_wait(&other, 1, WAIT_MS));

    CHECK_EQUAL(store_write(NULL, "data/watched/node", "1"), XS_OK);
    CHECK(store_watch_wait(&watch, 2, WAIT_MS));
    CHECK(!strcmp(watch.fired_path, "data/watched/node"));
    CHECK_EQUAL(store_remove(NULL, "data/watched"), XS_OK);
    CHECK(store_watch_wait(&watch, 3, WAIT_MS));
    CHECK_EQUAL(other.fired, 1);

    store_unwatch(&watch);
    fired = watch.fired;
    CHECK_EQUAL(store_write(NULL, "data/watched", "2"), XS_OK);
    CHECK_EQUAL(store_write(NULL, "data/elsewhere", "2"), XS_OK);
    CHECK(store_watch_wait(&other, 2, WAIT_MS)); /* by now the first would have come */
    CHECK_EQUAL(watch.fired, fired);
    store_unwatch(&other);
    store_remove(NULL, "data/watched");
    store_remove(NULL, "data/elsewhere");
}

enum { AT_ONCE = 40, VALUE_BYTES = 500 };

TEST(store_many_requests, TEST_ALONE)
{
    static struct store_call calls[AT_ONCE];
    static char paths[AT_ONCE][32], value[VALUE_BYTES];
    char back[VALUE_BYTES + 1];
    bool on;

    store_start();
    memset(value, 'v', sizeof value);
    on = store_lock();
    for (unsigned i = 0; i < AT_ONCE; i++) {
        snprintf(paths[i], sizeof paths[i], "data/many/%u", i);
        store_begin_write(&calls[i], paths[i], value, sizeof value);
    }
    store_unlock(on);
    CHECK_EQUAL(store_read(NULL, "data/many/39", back, sizeof back), XS_OK);
    for (unsigned i = 0; i < AT_ONCE; i++) {
        CHECK(calls[i].done);
        CHECK_EQUAL(calls[i].request.error, XS_OK);
    }
    CHECK(!memcmp(back, value, sizeof value));
    CHECK_EQUAL(store_remove(NULL, "data/many"), XS_OK);
}

TEST(store_permissions, TEST_ALONE)
{
    struct xs_permission set[] = {{(uint16_t)xen_domid_own(), XS_ACCESS_NONE},
                                  {0, XS_ACCESS_READ | XS_ACCESS_WRITE}},
                         got[4];
    uint8_t reply[64];
    uint32_t size, count;

    CHECK_EQUAL(store_write(NULL, "data/permitted", "x"), XS_OK);
    CHECK_EQUAL(store_permit(NULL, "data/permitted", set, 2), XS_OK);
    CHECK_EQUAL(
        store_ask(XS_TYPE_GET_PERMS, NULL, "data/permitted", NULL, 0, reply, sizeof reply, &size),
        XS_OK);
    CHECK(xs_permissions_read(reply, size, got, 4, &count));
    CHECK_EQUAL(count, 2);
    CHECK(!memcmp(got, set, sizeof set));
    CHECK_EQUAL(store_remove(NULL, "data/permitted"), XS_OK);
}
