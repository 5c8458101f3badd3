/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that the control-channel decoder gives the same messages however the bytes are cut,
 * refuses a header or body that breaks a rule with the error that names it, never reads past what
 * it was given (defect 4 of QWT: lengths that were not checked), and that what we encode decodes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "core/qrexec/message.h"
#include "tests/unit/qrexec/session.h"

static uint8_t body[QREXEC_CONTROL_BODY_MAX + 1];

static enum qrexec_error decode_one(enum qrexec_reader reader, uint32_t version,
                                    const uint8_t *bytes, size_t size,
                                    struct qrexec_control *message)
{
    struct qrexec_decoder decoder;
    qrexec_decoder_init(&decoder, reader, version, body, sizeof(body));
    struct stream_bytes hello = {.size = 0};
    add_hello(&hello, version);
    const uint8_t *at = hello.bytes;
    size_t left = hello.size;
    assert_int_equal(qrexec_decode_control(&decoder, &at, &left, message), QREXEC_MESSAGE);
    switch (qrexec_decode_control(&decoder, &bytes, &size, message)) {
    case QREXEC_MESSAGE:
        assert_int_equal(size, 0);
        return QREXEC_OK;
    case QREXEC_MORE:
        return QREXEC_CUT;
    default:
        assert_int_not_equal(decoder.error, QREXEC_OK);
        return decoder.error;
    }
}

static enum qrexec_error decode_type(enum qrexec_reader reader, uint32_t type, const void *payload,
                                     uint32_t length)
{
    struct stream_bytes bytes = {.size = 0};
    struct qrexec_control message;
    add_message(&bytes, type, payload, length);
    return decode_one(reader, 3, bytes.bytes, bytes.size, &message);
}

static const struct qrexec_ident ident = {"SOCKET7"};

static void what_we_encode_decodes(void **state)
{
    uint8_t out[512];
    struct qrexec_control m;
    size_t n = qrexec_put_exec(out, sizeof(out), QREXEC_EXEC_CMDLINE, 3, 513, "user:dir");
    assert_int_equal(decode_one(QREXEC_AT_AGENT, 3, out, n, &m), QREXEC_OK);
    assert_int_equal(m.domain, 3);
    assert_int_equal(m.port, 513);
    assert_string_equal(m.command, "user:dir");

    n = qrexec_put_connect(out, sizeof(out), 4, 514, &ident);
    assert_int_equal(n, 48);
    assert_int_equal(decode_one(QREXEC_AT_AGENT, 3, out, n, &m), QREXEC_OK);
    assert_string_equal(m.ident.text, "SOCKET7");

    n = qrexec_put_refused(out, sizeof(out), &ident);
    assert_int_equal(decode_one(QREXEC_AT_AGENT, 3, out, n, &m), QREXEC_OK);

    n = qrexec_put_terminated(out, sizeof(out), 5, 515);
    assert_int_equal(n, 16);
    assert_int_equal(decode_one(QREXEC_AT_DAEMON, 3, out, n, &m), QREXEC_OK);
    assert_int_equal(m.port, 515);

    n = qrexec_put_trigger(out, sizeof(out), 3, "@dispvm:x", "qubes.Filecopy+a", &ident);
    assert_int_equal(decode_one(QREXEC_AT_DAEMON, 3, out, n, &m), QREXEC_OK);
    assert_string_equal(m.service, "qubes.Filecopy+a");
    assert_string_equal(m.target, "@dispvm:x");

    n = qrexec_put_trigger(out, sizeof(out), 2, "vm", "qubes.Filecopy", &ident);
    assert_int_equal(n, 8 + 128);
    assert_int_equal(decode_one(QREXEC_AT_DAEMON, 2, out, n, &m), QREXEC_OK);
    assert_string_equal(m.service, "qubes.Filecopy");
    assert_string_equal(m.ident.text, "SOCKET7");
}

/* Defect 1 of QWT: service names were cut at 63 and targets at 31 characters. */
static void long_names_pass_whole_or_not_at_all(void **state)
{
    char service[1001], target[64];
    uint8_t out[2048];
    struct qrexec_control m;
    memset(service, 'a', sizeof(service) - 1), service[sizeof(service) - 1] = 0;
    memset(target, 'b', sizeof(target) - 1), target[sizeof(target) - 1] = 0;
    size_t n = qrexec_put_trigger(out, sizeof(out), 3, target, service, &ident);
    assert_int_equal(decode_one(QREXEC_AT_DAEMON, 3, out, n, &m), QREXEC_OK);
    assert_string_equal(m.service, service);
    assert_string_equal(m.target, target);
    assert_int_equal(qrexec_put_trigger(out, sizeof(out), 2, "vm", service, &ident), 0);
    assert_int_equal(qrexec_put_trigger(out, sizeof(out), 2, target, "s", &ident), 0);
}

static void wrong_lengths_types_and_directions_have_names(void **state)
{
    uint8_t some[200] = {0};
    assert_int_equal(decode_type(QREXEC_AT_AGENT, 0x204, some, 4), QREXEC_BAD_TYPE);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_DATA_STDIN, some, 4), QREXEC_BAD_TYPE);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_CONNECTION_TERMINATED, some, 8),
                     QREXEC_BAD_DIRECTION);
    assert_int_equal(decode_type(QREXEC_AT_DAEMON, QREXEC_EXEC_CMDLINE, some, 9),
                     QREXEC_BAD_DIRECTION);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_SERVICE_REFUSED, some, 33),
                     QREXEC_BAD_LENGTH);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_SERVICE_REFUSED, some, 31),
                     QREXEC_BAD_LENGTH);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_EXEC_CMDLINE, some, 8), QREXEC_BAD_LENGTH);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_EXEC_CMDLINE, "ddddppppno end", 14),
                     QREXEC_BAD_TEXT);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_EXEC_CMDLINE, "ddddppppa\0b", 12),
                     QREXEC_BAD_TEXT);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_SERVICE_REFUSED, some, 32),
                     QREXEC_BAD_IDENT);
    assert_int_equal(decode_type(QREXEC_AT_DAEMON, QREXEC_TRIGGER_SERVICE, some, 128),
                     QREXEC_WRONG_VERSION);
    assert_int_equal(decode_type(QREXEC_AT_DAEMON, QREXEC_TRIGGER_SERVICE4, some, 170),
                     QREXEC_WRONG_VERSION);
    assert_int_equal(decode_type(QREXEC_AT_AGENT, QREXEC_HELLO, "\3\0\0", 4), QREXEC_SECOND_HELLO);
}

static void an_endless_length_is_refused_at_the_header(void **state)
{
    struct qrexec_decoder decoder;
    struct qrexec_control m;
    struct stream_bytes bytes = {.size = 0};
    const struct qrexec_header endless = {QREXEC_EXEC_CMDLINE, 0xffffffff};
    qrexec_decoder_init(&decoder, QREXEC_AT_AGENT, 3, body, sizeof(body));
    add_hello(&bytes, 3);
    memcpy(bytes.bytes + bytes.size, &endless, sizeof(endless));
    const uint8_t *at = bytes.bytes;
    size_t left = bytes.size + sizeof(endless);
    assert_int_equal(qrexec_decode_control(&decoder, &at, &left, &m), QREXEC_MESSAGE);
    assert_int_equal(qrexec_decode_control(&decoder, &at, &left, &m), QREXEC_FAILED);
    assert_int_equal(decoder.error, QREXEC_BAD_LENGTH);
    assert_int_equal(qrexec_decode_control(&decoder, &at, &left, &m), QREXEC_FAILED);
}

static void hello_comes_first_and_is_negotiated(void **state)
{
    struct qrexec_decoder decoder;
    struct qrexec_control m;
    for (uint32_t theirs = 0; theirs < 6; theirs++) {
        struct stream_bytes bytes = {.size = 0};
        add_hello(&bytes, theirs);
        const uint8_t *at = bytes.bytes;
        size_t left = bytes.size;
        qrexec_decoder_init(&decoder, QREXEC_AT_AGENT, 3, body, sizeof(body));
        const enum qrexec_progress progress = qrexec_decode_control(&decoder, &at, &left, &m);
        assert_int_equal(progress, theirs < 2 ? QREXEC_FAILED : QREXEC_MESSAGE);
        assert_int_equal(decoder.error, theirs < 2 ? QREXEC_BAD_VERSION : QREXEC_OK);
        if (theirs >= 2)
            assert_int_equal(decoder.version, theirs < 3 ? theirs : 3);
    }
    struct stream_bytes early = {.size = 0};
    add_message(&early, QREXEC_SERVICE_REFUSED, &ident, sizeof(ident));
    const uint8_t *at = early.bytes;
    size_t left = early.size;
    qrexec_decoder_init(&decoder, QREXEC_AT_AGENT, 3, body, sizeof(body));
    assert_int_equal(qrexec_decode_control(&decoder, &at, &left, &m), QREXEC_FAILED);
    assert_int_equal(decoder.error, QREXEC_NO_HELLO);
}

static void good_control_session(struct stream_bytes *bytes)
{
    uint8_t *at = bytes->bytes;
    add_hello(bytes, 3);
    bytes->size +=
        qrexec_put_exec(at + bytes->size, 500, QREXEC_EXEC_CMDLINE, 0, 513, "u:nogui:x y");
    bytes->size += qrexec_put_connect(at + bytes->size, 500, 0, 514, &ident);
    bytes->size += qrexec_put_refused(at + bytes->size, 500, &ident);
    bytes->size += qrexec_put_exec(at + bytes->size, 500, QREXEC_JUST_EXEC, 0, 515, "u:z");
}

/* Feeds `size` bytes in pieces of `step` and returns how many messages came. Each piece is given
 * in an allocation of its own size, so that the sanitizer sees a read beyond it. */
static unsigned int run(const uint8_t *bytes, size_t size, size_t step,
                        struct qrexec_decoder *decoder)
{
    unsigned int messages = 0;
    struct qrexec_control m;
    qrexec_decoder_init(decoder, QREXEC_AT_AGENT, 3, body, sizeof(body));
    for (size_t at = 0; at < size && !decoder->error; at += step) {
        size_t left = size - at < step ? size - at : step;
        uint8_t *const piece = malloc(left);
        const uint8_t *next = piece;
        memcpy(piece, bytes + at, left);
        while (qrexec_decode_control(decoder, &next, &left, &m) == QREXEC_MESSAGE)
            messages++;
        free(piece);
    }
    return messages;
}

static void any_cut_gives_the_same_messages(void **state)
{
    struct stream_bytes bytes = {.size = 0};
    struct qrexec_decoder decoder;
    good_control_session(&bytes);
    for (size_t step = 1; step <= bytes.size; step++) {
        assert_int_equal(run(bytes.bytes, bytes.size, step, &decoder), 5);
        assert_true(qrexec_decoder_between_messages(&decoder));
    }
    for (size_t end = 0; end < bytes.size; end++) {
        assert_true(run(bytes.bytes, end, end ? end : 1, &decoder) < 5);
        assert_int_equal(decoder.error, QREXEC_OK);
    }
}

static void every_flipped_header_byte_is_survived(void **state)
{
    struct stream_bytes bytes = {.size = 0};
    struct qrexec_decoder decoder;
    good_control_session(&bytes);
    for (size_t i = 0; i < bytes.size; i++)
        for (unsigned int bit = 0; bit < 8; bit++) {
            bytes.bytes[i] ^= 1u << bit;
            assert_true(run(bytes.bytes, bytes.size, 7, &decoder) <= 5);
            assert_non_null(qrexec_error_text(decoder.error));
            bytes.bytes[i] ^= 1u << bit;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_encode_decodes),
        cmocka_unit_test(long_names_pass_whole_or_not_at_all),
        cmocka_unit_test(wrong_lengths_types_and_directions_have_names),
        cmocka_unit_test(an_endless_length_is_refused_at_the_header),
        cmocka_unit_test(hello_comes_first_and_is_negotiated),
        cmocka_unit_test(any_cut_gives_the_same_messages),
        cmocka_unit_test(every_flipped_header_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
