/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that several processes of a guest share its XenStore ring as if each were alone, with
 * Debian's libxenstore at one end and Debian's xenstored at the other: the longest legal reply
 * arrives, watches with the same path and token reach their own client, a transaction belongs to
 * who began it, what a client leaves is cleaned up, and many requests at once are all answered.
 * Runs as a process of a guest; argument: the guest's id.
 */
#include "fixture.h"
#include "core/xen/xs_wire.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <xenstore.h>

static struct xs_handle *client(void)
{
    struct xs_handle *xs = xs_open(0);
    CHECK(xs);
    return xs;
}

/* pv-drivers 3.1 item 2: the field's driver refuses a reply of exactly 4096 bytes. Domain 0 made
 * the folder: a guest's quota does not reach so far. */
static void a_legal_4096_byte_reply_arrives(void)
{
    struct xs_handle *xs = client();
    unsigned int count;
    size_t bytes = 0;
    char **names = xs_directory(xs, XBT_NULL, "data/long", &count);
    CHECK(names);
    CHECK_EQUAL(count, 16);
    for (unsigned int i = 0; i < count; i++)
        bytes += strlen(names[i]) + 1;
    CHECK_EQUAL(bytes, 4096);
    free(names);
    xs_close(xs);
}

static void a_request_may_be_4096_bytes_long(void)
{
    struct xs_handle *xs = client();
    char value[4096];
    unsigned int length, fits = 4096 - sizeof("data/big");
    memset(value, 'v', sizeof(value));
    CHECK(!xs_write(xs, XBT_NULL, "data/big", value, fits) && errno == ENOSPC); /* quota: 2048 */
    CHECK(!xs_write(xs, XBT_NULL, "data/big", value, fits + 1) && errno == E2BIG);
    CHECK(xs_write(xs, XBT_NULL, "data/big", value, 1900));
    char *back = xs_read(xs, XBT_NULL, "data/big", &length);
    CHECK(back && length == 1900 && !memcmp(back, value, 1900));
    free(back);
    CHECK(xs_rm(xs, XBT_NULL, "data/big"));
    xs_close(xs);
}

static void wait_event(struct xs_handle *xs, const char *path, const char *token)
{
    unsigned int count;
    char **event = xs_read_watch(xs, &count);
    CHECK(event);
    if (strcmp(event[XS_WATCH_PATH], path) || strcmp(event[XS_WATCH_TOKEN], token)) {
        fprintf(stderr, "event %s %s, not %s %s\n", event[XS_WATCH_PATH], event[XS_WATCH_TOKEN],
                path, token);
        exit(1);
    }
    free(event);
}

static void the_same_watch_of_two_clients(void)
{
    struct xs_handle *first = client(), *second = client();
    CHECK(xs_watch(first, "data/w", "token"));
    CHECK(xs_watch(second, "data/w", "token"));
    CHECK(!xs_watch(second, "data/w", "token") && errno == EEXIST);
    wait_event(first, "data/w", "token"); /* one comes with the watch */
    wait_event(second, "data/w", "token");
    CHECK(xs_write(first, XBT_NULL, "data/w", "1", 1));
    wait_event(first, "data/w", "token");
    wait_event(second, "data/w", "token");
    xs_close(first);
    CHECK(xs_write(second, XBT_NULL, "data/w/below", "1", 1));
    wait_event(second, "data/w/below", "token");
    CHECK(xs_unwatch(second, "data/w", "token"));
    CHECK(!xs_unwatch(second, "data/w", "token") && errno == ENOENT);
    CHECK(xs_watch(second, "data/w", "other"));
    wait_event(second, "data/w", "other"); /* nothing of the old watch comes before it */
    CHECK(xs_rm(second, XBT_NULL, "data/w"));
    xs_close(second);
}

static void a_transaction_is_its_clients(void)
{
    struct xs_handle *first = client(), *second = client();
    xs_transaction_t mine = xs_transaction_start(first), theirs = xs_transaction_start(second);
    unsigned int length;
    CHECK(mine && theirs);
    CHECK(!xs_write(second, mine, "data/t", "no", 2) && errno == ENOENT);
    CHECK(!xs_transaction_end(second, mine, false) && errno == ENOENT);
    CHECK(xs_write(first, mine, "data/t", "1", 1));
    CHECK(!xs_read(second, XBT_NULL, "data/t", &length) && errno == ENOENT);
    CHECK(xs_transaction_end(first, mine, false));
    CHECK(xs_write(second, XBT_NULL, "data/t", "2", 1));
    CHECK(xs_transaction_end(second, theirs, true));
    CHECK(xs_rm(second, XBT_NULL, "data/t"));
    xs_close(first);
    xs_close(second);
}

/* Each round takes all that xenstored gives a domain: the next finds it all free again. */
static void what_a_client_leaves_is_cleaned_up(void)
{
    char token[16];
    int transactions[5], watches[5];
    for (int round = 0; round < 5; round++) {
        struct xs_handle *xs = client();
        for (transactions[round] = 0; xs_transaction_start(xs); transactions[round]++)
            continue;
        CHECK_EQUAL(errno, ENOSPC);
        for (watches[round] = 0;; watches[round]++) {
            snprintf(token, sizeof(token), "%d", watches[round]);
            if (!xs_watch(xs, "data", token))
                break;
        }
        CHECK_EQUAL(errno, E2BIG);
        CHECK(transactions[round] >= 10 && watches[round] >= 128); /* xenstored's quotas */
        CHECK_EQUAL(transactions[round], transactions[0]);
        CHECK_EQUAL(watches[round], watches[0]);
        xs_close(xs);
    }
}

/* Requests without waiting for replies, more than the ring and the mux hold. */
static void many_requests_at_once(uint32_t domid)
{
    enum { REQUESTS = 3000 };
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uint8_t message[XS_MESSAGE_MAX_BYTES];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("XENSTORED_PATH"));
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    pid_t writer = fork();
    if (writer == 0) {
        for (uint32_t i = 0; i < REQUESTS; i++) {
            struct xs_header header = {XS_TYPE_READ, i, 0, sizeof("domid")};
            size_t length = xs_message_write(message, &header, "domid");
            if (write(fd, message, length) != (ssize_t)length)
                _exit(1);
        }
        _exit(0);
    }
    for (uint32_t i = 0; i < REQUESTS; i++) {
        struct xs_header header;
        CHECK(recv(fd, message, XS_HEADER_BYTES, MSG_WAITALL) == XS_HEADER_BYTES);
        xs_header_read(&header, message);
        CHECK_EQUAL(header.request, i);
        CHECK_EQUAL(header.type, XS_TYPE_READ);
        CHECK(recv(fd, message, header.length_bytes, MSG_WAITALL) == (ssize_t)header.length_bytes);
        message[header.length_bytes] = 0;
        CHECK_EQUAL(atoi((char *)message), domid);
    }
    int status;
    CHECK(waitpid(writer, &status, 0) == writer && status == 0);
    close(fd);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    a_legal_4096_byte_reply_arrives();
    a_request_may_be_4096_bytes_long();
    the_same_watch_of_two_clients();
    a_transaction_is_its_clients();
    what_a_client_leaves_is_cleaned_up();
    many_requests_at_once((uint32_t)atoi(argv[1]));
    return 0;
}
