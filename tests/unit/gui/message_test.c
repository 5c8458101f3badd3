/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that the codec has the bytes of the specification (written out here, not made by our own
 * encoder), gives the same messages however the bytes are cut, and ends a channel, with the error
 * that names it, at each wrong length, unknown type, wrong direction and impossible value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/gui/message.h"

enum { AGENT_VERSION = 0x00010008 };

static uint8_t body[GUI_DAEMON_BODY_MAX];

static void put_u32(uint8_t **at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        *(*at)++ = (uint8_t)(value >> 8 * i);
}

/* A channel after its handshake. */
static struct gui_decoder ready(enum gui_reader reader, uint32_t version)
{
    struct gui_decoder decoder;
    struct gui_message message;
    uint8_t bytes[20], *end = bytes;
    const uint8_t *at = bytes;
    size_t size = reader == GUI_AT_AGENT ? 20 : 4;

    gui_decoder_init(&decoder, reader, GUI_VERSION, body, sizeof(body));
    for (uint32_t word = 0; word < 5; word++)
        put_u32(&end, word == 0 ? version : 1000 + word);
    assert_int_equal(gui_decode(&decoder, &at, &size, &message), GUI_MESSAGE);
    assert_int_equal(message.type, 0);
    assert_int_equal(size, 0);
    return decoder;
}

/* The first message of these bytes, or the error. */
static enum gui_error decode_bytes(enum gui_reader reader, uint32_t version, const uint8_t *bytes,
                                   size_t size, struct gui_message *message)
{
    struct gui_decoder decoder = ready(reader, version);

    if (gui_decode(&decoder, &bytes, &size, message) == GUI_MESSAGE)
        return GUI_OK;
    assert_int_not_equal(decoder.error, GUI_OK); /* not: a part of a message */
    return decoder.error;
}

static enum gui_error decode_words(enum gui_reader reader, uint32_t version, uint32_t type,
                                   const uint32_t *words, uint32_t count, uint32_t length,
                                   struct gui_message *message)
{
    static uint8_t bytes[12 + GUI_DAEMON_BODY_MAX + 8];
    uint8_t *end = bytes;

    put_u32(&end, type);
    put_u32(&end, 0x11223344);
    put_u32(&end, length);
    for (uint32_t i = 0; i < count; i++)
        put_u32(&end, words[i]);
    assert_true(length <= sizeof(bytes) - 12 || count == 0);
    return decode_bytes(reader, version, bytes, 12 + (count ? (size_t)length : 0), message);
}

static void handshakes(void **state)
{
    static const struct {
        enum gui_reader reader;
        uint32_t version, result; /* 0: refused */
    } cases[] = {
        {GUI_AT_DAEMON, 0x00010008, 0x00010008}, {GUI_AT_DAEMON, 0x00010004, 0x00010004},
        {GUI_AT_DAEMON, 0x00010063, 0x00010008}, {GUI_AT_DAEMON, 0x00010003, 0},
        {GUI_AT_DAEMON, 0x00020000, 0},          {GUI_AT_DAEMON, 0, 0},
        {GUI_AT_AGENT, 0x00010006, 0x00010006},  {GUI_AT_AGENT, 0x00010009, 0},
        {GUI_AT_AGENT, 0x00010003, 0},           {GUI_AT_AGENT, 0xffffffff, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct gui_decoder decoder;
        struct gui_message message;
        uint8_t bytes[20] = {0}, *end = bytes;
        const uint8_t *at = bytes;
        size_t size = sizeof(bytes);

        gui_decoder_init(&decoder, cases[i].reader, GUI_VERSION, body, sizeof(body));
        put_u32(&end, cases[i].version);
        assert_int_equal(gui_decode(&decoder, &at, &size, &message),
                         cases[i].result ? GUI_MESSAGE : GUI_FAILED);
        assert_int_equal(decoder.version, cases[i].result);
        assert_int_equal(decoder.error, cases[i].result ? GUI_OK : GUI_BAD_VERSION);
    }
}

static void fields_are_where_the_specification_has_them(void **state)
{
    const uint32_t words[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct gui_message m;

    assert_int_equal(decode_words(GUI_AT_DAEMON, AGENT_VERSION, 130, words, 6, 24, &m), GUI_OK);
    assert_int_equal(m.window, 0x11223344);
    assert_int_equal(m.create.x, 1);
    assert_int_equal(m.create.height, 4);
    assert_int_equal(m.create.override_redirect, 6);
    assert_int_equal(decode_words(GUI_AT_DAEMON, AGENT_VERSION, 144, words, 9, 36, &m), GUI_OK);
    assert_int_equal(m.hints.flags, 1);
    assert_int_equal(m.hints.max_height, 5);
    assert_int_equal(m.hints.base_height, 9);
    assert_int_equal(decode_words(GUI_AT_AGENT, AGENT_VERSION, 134, words, 5, 20, &m), GUI_OK);
    assert_int_equal(m.configure.width, 3);
    const uint32_t key[5] = {3, 0xffffffff, 7, 4, 38};
    assert_int_equal(decode_words(GUI_AT_AGENT, AGENT_VERSION, 124, key, 5, 20, &m), GUI_OK);
    assert_int_equal(m.key.x, -1);
    assert_int_equal(m.key.keycode, 38);
    const uint32_t crossing[7] = {8, 1, 2, 3, 4, 5, 6};
    assert_int_equal(decode_words(GUI_AT_AGENT, AGENT_VERSION, 127, crossing, 7, 28, &m), GUI_OK);
    assert_int_equal(m.crossing.focus, 6);
    const uint32_t dump[8] = {0, 33, 32, 24, 100, 200, 300};
    assert_int_equal(decode_words(GUI_AT_DAEMON, AGENT_VERSION, 147, dump, 7, 28, &m),
                     GUI_OK); /* 33 * 32 * 4 bytes: two pages, three given */
    assert_int_equal(m.dump.width, 33);
    assert_int_equal(m.tail_bytes, 12);
}

static void each_wrong_length_is_refused(void **state)
{
    static const struct {
        uint32_t type, length;
        enum gui_reader reader;
    } fixed[] = {
        {124, 20, GUI_AT_AGENT},  {125, 20, GUI_AT_AGENT},   {126, 16, GUI_AT_AGENT},
        {127, 28, GUI_AT_AGENT},  {128, 12, GUI_AT_AGENT},   {131, 0, GUI_AT_AGENT},
        {132, 8, GUI_AT_AGENT},   {134, 20, GUI_AT_AGENT},   {137, 0, GUI_AT_AGENT},
        {139, 0, GUI_AT_AGENT},   {142, 32, GUI_AT_AGENT},   {145, 8, GUI_AT_AGENT},
        {149, 0, GUI_AT_AGENT},   {130, 24, GUI_AT_DAEMON},  {131, 0, GUI_AT_DAEMON},
        {132, 8, GUI_AT_DAEMON},  {133, 0, GUI_AT_DAEMON},   {134, 20, GUI_AT_DAEMON},
        {136, 16, GUI_AT_DAEMON}, {141, 128, GUI_AT_DAEMON}, {143, 0, GUI_AT_DAEMON},
        {144, 36, GUI_AT_DAEMON}, {145, 8, GUI_AT_DAEMON},   {146, 128, GUI_AT_DAEMON},
        {148, 4, GUI_AT_DAEMON},
    };
    struct gui_message m;

    for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
        const uint32_t wrong[] = {fixed[i].length + 1, fixed[i].length - 1, 0xffffffff, 0x80000000};
        for (size_t j = 0; j < sizeof(wrong) / sizeof(*wrong); j++)
            assert_int_equal(
                decode_words(fixed[i].reader, AGENT_VERSION, fixed[i].type, NULL, 0, wrong[j], &m),
                GUI_BAD_LENGTH);
    }
    const uint32_t dump[6] = {0, 1, 1, 24, 7, 7};
    assert_int_equal(decode_words(GUI_AT_DAEMON, AGENT_VERSION, 147, dump, 5, 18, &m),
                     GUI_BAD_LENGTH);
    assert_int_equal(decode_words(GUI_AT_DAEMON, AGENT_VERSION, 147, NULL, 0, 16 + 4 * 98305, &m),
                     GUI_BAD_LENGTH);
    assert_int_equal(decode_words(GUI_AT_DAEMON, AGENT_VERSION, 140, NULL, 0, 256002, &m),
                     GUI_BAD_LENGTH);
    assert_int_equal(decode_words(GUI_AT_DAEMON, 0x00010007, 140, NULL, 0, 65001, &m),
                     GUI_BAD_LENGTH);
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct {
        uint32_t words[5], count, type;
        enum gui_reader reader;
        enum gui_error error;
    } cases[] = {
        {{1, 4, 4, 24, 9}, 5, 147, GUI_AT_DAEMON, GUI_BAD_DUMP},     /* an unknown kind */
        {{0, 16385, 1, 24, 9}, 5, 147, GUI_AT_DAEMON, GUI_BAD_DUMP}, /* too wide */
        {{0, 1, 6145, 24, 9}, 5, 147, GUI_AT_DAEMON, GUI_BAD_DUMP},
        {{0, 0x40000000, 4, 24, 9}, 5, 147, GUI_AT_DAEMON, GUI_BAD_DUMP},
        {{0, 33, 32, 24, 9}, 5, 147, GUI_AT_DAEMON, GUI_BAD_DUMP}, /* 1.03 pages in one */
        {{4, 0, 0, 0, 38}, 5, 124, GUI_AT_AGENT, GUI_BAD_VALUE},
        {{2, 0, 0, 0, 7}, 5, 124, GUI_AT_AGENT, GUI_BAD_VALUE},
        {{2, 0, 0, 0, 256}, 5, 124, GUI_AT_AGENT, GUI_BAD_VALUE},
        {{3, 0, 0, 0, 1}, 5, 125, GUI_AT_AGENT, GUI_BAD_VALUE},
        {{8, 0, 0}, 3, 128, GUI_AT_AGENT, GUI_BAD_VALUE},
        {{0, 0}, 2, 132, GUI_AT_DAEMON, GUI_OK},
        {{0}, 0, 137, GUI_AT_DAEMON, GUI_BAD_DIRECTION},
        {{0}, 0, 133, GUI_AT_AGENT, GUI_BAD_DIRECTION},
        {{0}, 0, 150, GUI_AT_DAEMON, GUI_BAD_TYPE},
        {{0}, 0, 135, GUI_AT_DAEMON, GUI_BAD_TYPE}, /* MFNDUMP: no grants, no picture */
        {{0}, 0, 0, GUI_AT_DAEMON, GUI_BAD_TYPE},
    };
    struct gui_message m;
    uint8_t title[12 + 128];
    uint8_t *end = title;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(decode_words(cases[i].reader, AGENT_VERSION, cases[i].type, cases[i].words,
                                      cases[i].count, 4 * cases[i].count, &m),
                         cases[i].error);
    put_u32(&end, 141);
    put_u32(&end, 5);
    put_u32(&end, 128);
    memset(end, 'x', 128);
    assert_int_equal(decode_bytes(GUI_AT_DAEMON, AGENT_VERSION, title, sizeof(title), &m),
                     GUI_BAD_TEXT);
    title[139] = 0;
    assert_int_equal(decode_bytes(GUI_AT_DAEMON, AGENT_VERSION, title, sizeof(title), &m), GUI_OK);
}

/* A newer daemon may say more than we know; an agent skips that, a byte at a time if need be. */
static void an_agent_skips_what_it_does_not_know(void **state)
{
    struct gui_decoder decoder = ready(GUI_AT_AGENT, AGENT_VERSION);
    struct gui_message message;
    uint8_t bytes[12 + 1000 + 12], *end = bytes;

    memset(bytes, 0x55, sizeof(bytes));
    put_u32(&end, 222);
    put_u32(&end, 1);
    put_u32(&end, 1000);
    end += 1000;
    put_u32(&end, GUI_CLOSE);
    put_u32(&end, 77);
    put_u32(&end, 0);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        const uint8_t *at = bytes + i;
        size_t size = 1;
        assert_int_equal(gui_decode(&decoder, &at, &size, &message),
                         i + 1 < sizeof(bytes) ? GUI_MORE : GUI_MESSAGE);
        assert_int_equal(size, 0);
    }
    assert_int_equal(message.type, GUI_CLOSE);
    assert_int_equal(message.window, 77);
}

static void what_we_encode_has_the_bytes(void **state)
{
    uint8_t out[GUI_HEAD_BYTES_MAX];
    static const uint8_t map[] = {132, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0};
    static const uint8_t dump[] = {147, 0, 0, 0, 9, 0, 0, 0, 20, 0, 0, 0};

    assert_int_equal(
        gui_put(out, &(struct gui_message){.type = GUI_MAP, .window = 9, .map = {4, 1}}),
        sizeof(map));
    assert_memory_equal(out, map, sizeof(map));
    assert_int_equal(gui_put(out, &(struct gui_message){.type = GUI_WINDOW_DUMP,
                                                        .window = 9,
                                                        .dump = {0, 2, 2, 24},
                                                        .tail_bytes = 4}),
                     28);
    assert_memory_equal(out, dump, sizeof(dump));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes),
        cmocka_unit_test(fields_are_where_the_specification_has_them),
        cmocka_unit_test(each_wrong_length_is_refused),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(an_agent_skips_what_it_does_not_know),
        cmocka_unit_test(what_we_encode_has_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
