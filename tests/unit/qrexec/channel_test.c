/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the data channel of both sides: streams arrive whole however the bytes are cut, ends are
 * said once, the exit code comes last and after the ends of stdout and stderr, chunks keep to the
 * negotiated version and the ring, a caller's data is STDIN (defect 2 of QWT sent STDOUT), and
 * every cut or flipped byte ends in an error with a name, never in a read out of bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "core/qrexec/channel.h"
#include "tests/unit/qrexec/session.h"

struct heard {
    char text[QREXEC_STREAMS][256];
    size_t size[QREXEC_STREAMS];
    unsigned int ends[QREXEC_STREAMS], hellos, exits;
    int32_t exit_code;
};

static enum qrexec_progress hear(struct qrexec_channel *channel, const uint8_t *bytes, size_t size,
                                 size_t step, struct heard *heard)
{
    enum qrexec_progress progress = QREXEC_MORE;
    for (size_t at = 0; at < size; at += step) {
        size_t left = size - at < step ? size - at : step;
        uint8_t *const piece = malloc(left);
        const uint8_t *next = piece;
        struct qrexec_arrival arrival;
        memcpy(piece, bytes + at, left);
        while ((progress = qrexec_channel_receive(channel, &next, &left, &arrival)) ==
               QREXEC_MESSAGE) {
            const enum qrexec_stream s = arrival.stream;
            heard->hellos += arrival.kind == QREXEC_GOT_HELLO;
            heard->exits += arrival.kind == QREXEC_GOT_EXIT;
            heard->ends[s] += arrival.kind == QREXEC_GOT_END;
            if (arrival.kind == QREXEC_GOT_EXIT)
                heard->exit_code = arrival.exit_code;
            if (arrival.kind == QREXEC_GOT_DATA) {
                assert_true(heard->size[s] + arrival.size < sizeof(heard->text[s]));
                memcpy(heard->text[s] + heard->size[s], arrival.data, arrival.size);
                heard->size[s] += arrival.size;
            }
        }
        free(piece);
        if (progress == QREXEC_FAILED)
            return progress;
    }
    return progress;
}

static void service_stream(struct stream_bytes *bytes)
{
    const int32_t code = 258;
    add_hello(bytes, 3);
    add_message(bytes, QREXEC_DATA_STDOUT, "out1", 4);
    add_message(bytes, QREXEC_DATA_STDERR, "err", 3);
    add_message(bytes, QREXEC_DATA_STDOUT, "out2", 4);
    add_message(bytes, QREXEC_DATA_STDERR, NULL, 0);
    add_message(bytes, QREXEC_DATA_STDOUT, NULL, 0);
    add_message(bytes, QREXEC_DATA_EXIT_CODE, &code, 4);
}

static void a_caller_hears_the_same_at_every_cut(void **state)
{
    struct stream_bytes bytes = {.size = 0};
    service_stream(&bytes);
    for (size_t step = 1; step <= bytes.size; step++) {
        struct qrexec_channel channel;
        struct heard heard = {.hellos = 0};
        qrexec_channel_init(&channel, QREXEC_CALLER, 3, 65536);
        assert_int_equal(hear(&channel, bytes.bytes, bytes.size, step, &heard), QREXEC_MORE);
        assert_string_equal(heard.text[QREXEC_STDOUT], "out1out2");
        assert_string_equal(heard.text[QREXEC_STDERR], "err");
        assert_int_equal(heard.ends[QREXEC_STDOUT], 1);
        assert_int_equal(heard.ends[QREXEC_STDERR], 1);
        assert_int_equal(heard.exits, 1);
        assert_int_equal(heard.exit_code, 258);
        assert_int_equal(qrexec_channel_closed(&channel), QREXEC_OK);
    }
    for (size_t end = 0; end < bytes.size; end++) {
        struct qrexec_channel channel;
        struct heard heard = {.hellos = 0};
        qrexec_channel_init(&channel, QREXEC_CALLER, 3, 65536);
        hear(&channel, bytes.bytes, end, 5, &heard);
        assert_int_equal(qrexec_channel_closed(&channel), QREXEC_CUT);
    }
}

static void every_flipped_byte_is_survived(void **state)
{
    struct stream_bytes bytes = {.size = 0};
    service_stream(&bytes);
    for (size_t i = 0; i < bytes.size; i++)
        for (unsigned int bit = 0; bit < 8; bit++) {
            struct qrexec_channel channel;
            struct heard heard = {.hellos = 0};
            qrexec_channel_init(&channel, QREXEC_CALLER, 3, 65536);
            bytes.bytes[i] ^= 1u << bit;
            const enum qrexec_progress p = hear(&channel, bytes.bytes, bytes.size, 9, &heard);
            assert_int_equal(p == QREXEC_FAILED, channel.error != QREXEC_OK);
            assert_true(heard.size[QREXEC_STDOUT] <= bytes.size);
            bytes.bytes[i] ^= 1u << bit;
        }
}

static enum qrexec_error error_of(enum qrexec_role role, const struct stream_bytes *bytes)
{
    struct qrexec_channel channel;
    struct heard heard = {.hellos = 0};
    qrexec_channel_init(&channel, role, 3, 65536);
    hear(&channel, bytes->bytes, bytes->size, bytes->size, &heard);
    return channel.error;
}

static void what_breaks_the_order_has_a_name(void **state)
{
    struct stream_bytes b = {.size = 0};
    add_message(&b, QREXEC_DATA_STDIN, "x", 1);
    assert_int_equal(error_of(QREXEC_SERVICE, &b), QREXEC_NO_HELLO);
    b.size = 0, add_hello(&b, 3), add_hello(&b, 3);
    assert_int_equal(error_of(QREXEC_SERVICE, &b), QREXEC_SECOND_HELLO);
    b.size = 0, add_hello(&b, 1);
    assert_int_equal(error_of(QREXEC_SERVICE, &b), QREXEC_BAD_VERSION);
    b.size = 0, add_hello(&b, 3), add_message(&b, QREXEC_DATA_STDOUT, "x", 1);
    assert_int_equal(error_of(QREXEC_SERVICE, &b), QREXEC_BAD_DIRECTION);
    b.size = 0, add_hello(&b, 3), add_message(&b, QREXEC_EXEC_CMDLINE, "123456789", 9);
    assert_int_equal(error_of(QREXEC_SERVICE, &b), QREXEC_BAD_TYPE);
    b.size = 0, add_hello(&b, 3), add_message(&b, QREXEC_DATA_STDIN, NULL, 0);
    add_message(&b, QREXEC_DATA_STDIN, NULL, 0);
    assert_int_equal(error_of(QREXEC_SERVICE, &b), QREXEC_OK);
    add_message(&b, QREXEC_DATA_STDIN, "x", 1);
    assert_int_equal(error_of(QREXEC_SERVICE, &b), QREXEC_AFTER_EOF);
    b.size = 0, service_stream(&b), add_message(&b, QREXEC_DATA_STDOUT, NULL, 0);
    assert_int_equal(error_of(QREXEC_CALLER, &b), QREXEC_AFTER_EXIT);
    b.size = 0, add_hello(&b, 3), add_message(&b, QREXEC_DATA_EXIT_CODE, "12345", 5);
    assert_int_equal(error_of(QREXEC_CALLER, &b), QREXEC_BAD_LENGTH);
}

static void connect_channel(struct qrexec_channel *channel, enum qrexec_role role, uint32_t peer,
                            size_t ring)
{
    uint8_t out[16];
    struct stream_bytes hello = {.size = 0};
    struct heard heard = {.hellos = 0};
    qrexec_channel_init(channel, role, 3, ring);
    assert_int_equal(qrexec_channel_put_hello(channel, out, sizeof(out)), 12);
    assert_int_equal(qrexec_channel_put_hello(channel, out, sizeof(out)), 0);
    assert_false(qrexec_channel_may_send(channel, QREXEC_STDIN));
    add_hello(&hello, peer);
    hear(channel, hello.bytes, hello.size, 1, &heard);
    assert_int_equal(heard.hellos, 1);
}

/* Defect 1 of QWT: always 4 KiB. */
static void chunks_keep_to_version_and_ring(void **state)
{
    struct qrexec_channel channel;
    struct qrexec_header header;
    connect_channel(&channel, QREXEC_SERVICE, 3, 1 << 20);
    assert_int_equal(qrexec_channel_put_chunk(&channel, QREXEC_STDOUT, 1 << 20, &header), 65536);
    assert_int_equal(header.length, 65536);
    connect_channel(&channel, QREXEC_SERVICE, 3, 2048);
    assert_int_equal(qrexec_channel_put_chunk(&channel, QREXEC_STDOUT, 1 << 20, &header), 2048);
    connect_channel(&channel, QREXEC_SERVICE, 2, 1 << 20);
    assert_int_equal(qrexec_channel_put_chunk(&channel, QREXEC_STDERR, 1 << 20, &header), 4096);
    assert_int_equal(header.type, QREXEC_DATA_STDERR);
    assert_int_equal(qrexec_channel_put_chunk(&channel, QREXEC_STDERR, 17, &header), 17);
}

static void a_caller_sends_stdin_only(void **state)
{
    struct qrexec_channel channel;
    struct qrexec_header header;
    uint8_t out[64];
    connect_channel(&channel, QREXEC_CALLER, 3, 0);
    assert_int_equal(qrexec_channel_put_chunk(&channel, QREXEC_STDOUT, 5, &header), 0);
    assert_int_equal(qrexec_channel_put_chunk(&channel, QREXEC_STDIN, 5, &header), 5);
    assert_int_equal(header.type, QREXEC_DATA_STDIN);
    assert_int_equal(qrexec_channel_put_exit(&channel, 0, out, sizeof(out)), 0);
    assert_int_equal(qrexec_channel_put_end(&channel, QREXEC_STDIN, out, sizeof(out)), 8);
    assert_int_equal(qrexec_channel_put_end(&channel, QREXEC_STDIN, out, sizeof(out)), 0);
    assert_int_equal(qrexec_channel_put_chunk(&channel, QREXEC_STDIN, 5, &header), 0);
}

static void the_exit_code_is_last_and_after_both_ends(void **state)
{
    struct qrexec_channel service, caller;
    struct qrexec_header header;
    struct heard heard = {.hellos = 0};
    uint8_t out[QREXEC_EXIT_ROOM];
    connect_channel(&service, QREXEC_SERVICE, 3, 65536);
    connect_channel(&caller, QREXEC_CALLER, 3, 65536);
    assert_int_equal(qrexec_channel_put_end(&service, QREXEC_STDERR, out, sizeof(out)), 8);
    hear(&caller, out, 8, 1, &heard);
    const size_t n = qrexec_channel_put_exit(&service, -1, out, sizeof(out));
    assert_int_equal(n, 8 + 12);
    hear(&caller, out, n, 1, &heard);
    assert_int_equal(heard.ends[QREXEC_STDOUT], 1);
    assert_int_equal(heard.ends[QREXEC_STDERR], 1);
    assert_int_equal(heard.exit_code, -1);
    assert_int_equal(qrexec_channel_put_exit(&service, 0, out, sizeof(out)), 0);
    assert_int_equal(qrexec_channel_put_chunk(&service, QREXEC_STDOUT, 1, &header), 0);
    assert_int_equal(qrexec_channel_closed(&service), QREXEC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_hears_the_same_at_every_cut),
        cmocka_unit_test(every_flipped_byte_is_survived),
        cmocka_unit_test(what_breaks_the_order_has_a_name),
        cmocka_unit_test(chunks_keep_to_version_and_ring),
        cmocka_unit_test(a_caller_sends_stdin_only),
        cmocka_unit_test(the_exit_code_is_last_and_after_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
