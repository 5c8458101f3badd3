/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that whatever a guest's agent sends, casement view stays up or (here, with --strict) ends
 * with a line that names what Qubes' daemon would have ended for: a table of violations, one daemon
 * each; then what must be borne, in one daemon, which afterwards still shows a window.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/gui/message.h"
#include "include/libvchan.h"

enum { ABSENT_REF = 7777, BYTES_MAX = 300000 };

static libvchan_t *vchan;
static uint8_t bytes[BYTES_MAX];
static size_t size;
static long log_seen;

static void wait_for_event(void)
{
    struct pollfd fd = {.fd = libvchan_fd_for_select(vchan), .events = POLLIN};

    if (poll(&fd, 1, 20000) != 1)
        fail_msg("nothing happens any more");
    libvchan_ack(vchan);
}

/* Sends what is collected; false: the daemon has gone. What it says is dropped. */
static bool send_all(void)
{
    uint8_t heard[4096];
    size_t at = 0;

    while (at < size) {
        const int sent = libvchan_write(vchan, bytes + at, size - at);

        while (libvchan_read(vchan, heard, sizeof(heard)) > 0)
            continue;
        if (sent > 0)
            at += (size_t)sent;
        else if (sent < 0 || libvchan_is_open(vchan) == VCHAN_DISCONNECTED)
            return false;
        else if (libvchan_buffer_space(vchan) == 0 && libvchan_data_ready(vchan) == 0)
            wait_for_event();
    }
    size = 0;
    return true;
}

static void put_raw(const void *from, size_t count)
{
    assert_true(size + count <= sizeof(bytes));
    memcpy(bytes + size, from, count);
    size += count;
}

static void put_words(uint32_t type, uint32_t window, uint32_t length, const uint32_t *words,
                      uint32_t count)
{
    put_raw((uint32_t[]){type, window, length}, 12);
    if (count)
        put_raw(words, 4 * count);
}

#define PUT(type, window, ...)                                                                     \
    put_words(type, window, sizeof((uint32_t[]){__VA_ARGS__}), (uint32_t[]){__VA_ARGS__},          \
              sizeof((uint32_t[]){__VA_ARGS__}) / 4)

static void put_empty(uint32_t type, uint32_t window)
{
    put_words(type, window, 0, NULL, 0);
}

static void put_create(uint32_t window)
{
    PUT(GUI_CREATE, window, 10, 10, 50, 50, 0, 0);
}

static void serve(uint32_t version)
{
    if (vchan)
        libvchan_close(vchan);
    size = 0;
    vchan = libvchan_server_init(0, GUI_PORT, GUI_RING_BYTES, GUI_RING_BYTES);
    assert_non_null(vchan);
    libvchan_set_blocking(vchan, false);
    while (libvchan_is_open(vchan) == VCHAN_WAITING)
        wait_for_event();
    put_raw(&version, sizeof(version));
}

/* The daemon's words since the last call. */
static const char *log_since(void)
{
    static char text[1 << 16];
    FILE *file = fopen(getenv("GUI_LOG"), "r");

    fseek(file, log_seen, SEEK_SET);
    text[fread(text, 1, sizeof(text) - 1, file)] = 0;
    log_seen = ftell(file);
    fclose(file);
    return text;
}

/* --- What ends a guest */

static void long_create(void)
{
    put_words(GUI_CREATE, 1, 28, (uint32_t[7]){0}, 7);
}

static void short_map(void)
{
    put_create(1);
    PUT(GUI_MAP, 1, 0);
}

static void endless_title(void)
{
    put_create(1);
    put_words(GUI_WMNAME, 1, 0x7fffffff, NULL, 0);
}

static void title_without_end(void)
{
    uint8_t title[128];

    put_create(1);
    memset(title, 'x', sizeof(title));
    put_words(GUI_WMNAME, 1, sizeof(title), NULL, 0);
    put_raw(title, sizeof(title));
}

static void unknown_type(void)
{
    put_empty(GUI_WINDOW_DUMP_ACK + 1, 0);
}

static void old_dump(void)
{
    put_create(1);
    PUT(GUI_MFNDUMP, 1, 0, 1, 1, 24, 0, 1, 0, 5);
}

static void the_daemons_own_message(void)
{
    put_create(1);
    put_empty(GUI_CLOSE, 1);
}

static void unknown_window(void)
{
    PUT(GUI_MAP, 5, 0, 0);
}

static void destroyed_window(void)
{
    put_create(1);
    put_empty(GUI_DESTROY, 1);
    put_empty(GUI_UNMAP, 1);
}

static void created_twice(void)
{
    put_create(1);
    put_create(1);
}

static void dump_of_unknown_kind(void)
{
    put_create(1);
    PUT(GUI_WINDOW_DUMP, 1, 1, 10, 10, 24, ABSENT_REF);
}

static void dump_too_wide(void)
{
    put_create(1);
    PUT(GUI_WINDOW_DUMP, 1, 0, GUI_WIDTH_MAX + 1, 1, 24, ABSENT_REF);
}

static void dump_with_too_few_pages(void)
{
    put_create(1);
    PUT(GUI_WINDOW_DUMP, 1, 0, 100, 100, 24, ABSENT_REF);
}

static void dump_with_too_many_pages(void)
{
    put_create(1);
    put_words(GUI_WINDOW_DUMP, 1, 16 + 4 * (GUI_REFS_MAX + 1), NULL, 0);
}

static void dump_not_granted(void)
{
    put_create(1);
    PUT(GUI_WINDOW_DUMP, 1, 0, 10, 10, 24, ABSENT_REF);
}

static void clipboard_too_large(void)
{
    put_words(GUI_CLIPBOARD_DATA, 0, GUI_CLIPBOARD_MAX + 2, NULL, 0);
}

static void too_many_windows(void)
{
    for (uint32_t i = 1; i <= 1025; i++)
        put_create(i);
}

static void negative_size(void)
{
    PUT(GUI_CREATE, 1, 0, 0, 0x80000000, 5, 0, 0);
}

static void configure_to_nothing(void)
{
    put_create(1);
    PUT(GUI_CONFIGURE, 1, 0, 0, 0, 5, 0);
}

static void flags_both_ways(void)
{
    put_create(1);
    PUT(GUI_WINDOW_FLAGS, 1, 2, 2);
}

static const struct violation {
    void (*put)(void);
    const char *log;
} violations[] = {
    {long_create, "wrong for its type"},
    {short_map, "wrong for its type"},
    {endless_title, "wrong for its type"},
    {title_without_end, "a text without its end"},
    {unknown_type, "an unknown type"},
    {old_dump, "an unknown type"},
    {the_daemons_own_message, "only the other side"},
    {unknown_window, "a window that was not created"},
    {destroyed_window, "a window that was not created"},
    {created_twice, "CREATE of a window that exists"},
    {dump_of_unknown_kind, "an image of an unknown kind"},
    {dump_too_wide, "too large"},
    {dump_with_too_few_pages, "too few pages"},
    {dump_with_too_many_pages, "wrong for its type"},
    {dump_not_granted, "pages that were not granted"},
    {clipboard_too_large, "wrong for its type"},
    {too_many_windows, "more windows than"},
    {negative_size, "misbehaves: CREATE with a negative size"},
    {configure_to_nothing, "misbehaves: CONFIGURE with a size of 0"},
    {flags_both_ways, "misbehaves: WINDOW_FLAGS that are set and unset"},
};

static void each_violation_is_named(void **state)
{
    for (size_t i = 0; i < sizeof(violations) / sizeof(*violations); i++) {
        serve(GUI_VERSION);
        violations[i].put();
        while (send_all() && libvchan_is_open(vchan) != VCHAN_DISCONNECTED)
            wait_for_event();
        const char *log = log_since();
        if (!strstr(log, violations[i].log))
            fail_msg("not \"%s\" but: %s", violations[i].log, log);
    }
}

static void versions_that_cannot_be_spoken(void **state)
{
    static const uint32_t versions[] = {0, 0x00010003, 0x00020000, 0xffffffff};

    for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
        serve(versions[i]);
        while (send_all() && libvchan_is_open(vchan) != VCHAN_DISCONNECTED)
            wait_for_event();
        assert_non_null(strstr(log_since(), "a protocol version that cannot be spoken"));
    }
}

/* --- What is borne */

/* Returns when the daemon has acted on all that was sent: it acknowledges window 999's DESTROY. */
static void settle(void)
{
    uint8_t heard[12];
    uint32_t words[3] = {0}, skip = 20; /* version and screen */

    put_create(999);
    put_empty(GUI_DESTROY, 999);
    size_t at = 0;
    while (words[0] != GUI_DESTROY || words[1] != 999) {
        const uint32_t wanted = skip ? (skip < 12 ? skip : 12) : 12;

        if (at < size) {
            const int sent = libvchan_write(vchan, bytes + at, size - at);
            at += sent > 0 ? (size_t)sent : 0;
        }
        if (libvchan_data_ready(vchan) < (int)wanted) {
            if (libvchan_is_open(vchan) == VCHAN_DISCONNECTED)
                fail_msg("the daemon went: %s", log_since());
            if (at == size || libvchan_buffer_space(vchan) == 0)
                wait_for_event();
            continue;
        }
        assert_int_equal(libvchan_recv(vchan, heard, wanted), wanted);
        if (skip) {
            skip -= wanted;
            continue;
        }
        memcpy(words, heard, 12);
        skip = words[2];
    }
    size = 0;
}

static void what_is_silly_is_borne(void **state)
{
    serve(GUI_VERSION);
    PUT(GUI_CREATE, 1, 0x7fffffff, 0x80000000, 0x7fffffff, 0, 1, 1);
    PUT(GUI_MAP, 1, 12345, 1); /* no such parent, and it covers the screen */
    PUT(GUI_MAP, 1, 0, 0);
    PUT(GUI_SHMIMAGE, 1, 0x80000000, 0x7fffffff, 0x7fffffff, 0x7fffffff);
    PUT(GUI_CURSOR, 1, 0x199);
    PUT(GUI_CURSOR, 1, 0xffffffff);
    PUT(GUI_WINDOW_HINTS, 1, 0xffffffff, 0xffffffff, 0, 0xffffffff, 0, 0, 0xffffffff, 1,
        0xffffffff);
    PUT(GUI_WINDOW_FLAGS, 1, 0xfffffff8, 0);
    put_empty(GUI_DOCK, 1);
    put_empty(GUI_UNMAP, 1);
    put_empty(GUI_UNMAP, 1);
    PUT(GUI_CONFIGURE, 1, 0x80000000, 0x80000000, 0x7fffffff, 0x7fffffff, 0xffffffff);
    put_words(GUI_CLIPBOARD_DATA, 4242, 5, NULL, 0);
    put_raw("never", 5);
    settle();
    assert_null(strstr(log_since(), "misbehaves"));
}

static void floods_are_borne(void **state)
{
    char title[128] = {0};

    serve(GUI_VERSION);
    put_create(1);
    PUT(GUI_MAP, 1, 0, 0);
    for (uint32_t i = 0; i < 3000; i++) {
        snprintf(title, sizeof(title), "\x1b]0;%u\x07\n\xff\xfe", i);
        assert_true(send_all());
        put_words(GUI_WMNAME, 1, sizeof(title), NULL, 0);
        put_raw(title, sizeof(title));
        PUT(GUI_SHMIMAGE, 1, 0, 0, 50, 50);
        PUT(GUI_CONFIGURE, 1, i, i, i + 1, i + 1, 0);
        put_create(2);
        put_empty(GUI_DESTROY, 2);
        put_empty(GUI_UNMAP, 1);
        PUT(GUI_MAP, 1, 0, 0);
    }
    assert_true(send_all());
    while (libvchan_is_open(vchan) == VCHAN_CONNECTED &&
           libvchan_buffer_space(vchan) < GUI_RING_BYTES)
        wait_for_event(); /* until all is read */
    assert_int_equal(libvchan_is_open(vchan), VCHAN_CONNECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_violation_is_named),
        cmocka_unit_test(versions_that_cannot_be_spoken),
        cmocka_unit_test(what_is_silly_is_borne),
        cmocka_unit_test(floods_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
