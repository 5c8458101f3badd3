/* SPDX-License-Identifier: BSD-2-Clause */
/* See message.h. */
#include <string.h>
#include "core/qrexec/message.h"
#include "core/qrexec/names.h"

const char *qrexec_error_text(enum qrexec_error error)
{
    switch (error) {
    case QREXEC_OK:
        return "no error";
    case QREXEC_BAD_TYPE:
        return "a message of a type that does not exist on this channel";
    case QREXEC_BAD_DIRECTION:
        return "a message that only the other side may send";
    case QREXEC_BAD_LENGTH:
        return "a message with a length that is wrong for its type";
    case QREXEC_BAD_TEXT:
        return "a text that does not end where its message ends";
    case QREXEC_BAD_IDENT:
        return "a request identifier with characters that are not allowed";
    case QREXEC_BAD_NAME:
        return "a name with characters or a length that are not allowed";
    case QREXEC_BAD_VERSION:
        return "a protocol version that is too old";
    case QREXEC_NO_HELLO:
        return "a message before HELLO";
    case QREXEC_SECOND_HELLO:
        return "a second HELLO";
    case QREXEC_WRONG_VERSION:
        return "a message that the negotiated version does not have";
    case QREXEC_AFTER_EOF:
        return "data after the end of its stream";
    case QREXEC_AFTER_EXIT:
        return "a message after the exit code";
    case QREXEC_CUT:
        return "the end of the channel before the end of the session";
    case QREXEC_BAD_COMMAND:
        return "a command line that is not user:[nogui:]command";
    case QREXEC_NO_ROOM:
        return "more than there is room for";
    }
    return "an unknown error";
}

const char *qrexec_type_name(uint32_t type)
{
    switch (type) {
    case QREXEC_DATA_STDIN:
        return "DATA_STDIN";
    case QREXEC_DATA_STDOUT:
        return "DATA_STDOUT";
    case QREXEC_DATA_STDERR:
        return "DATA_STDERR";
    case QREXEC_DATA_EXIT_CODE:
        return "DATA_EXIT_CODE";
    case QREXEC_EXEC_CMDLINE:
        return "EXEC_CMDLINE";
    case QREXEC_JUST_EXEC:
        return "JUST_EXEC";
    case QREXEC_SERVICE_CONNECT:
        return "SERVICE_CONNECT";
    case QREXEC_SERVICE_REFUSED:
        return "SERVICE_REFUSED";
    case QREXEC_TRIGGER_SERVICE:
        return "TRIGGER_SERVICE";
    case QREXEC_CONNECTION_TERMINATED:
        return "CONNECTION_TERMINATED";
    case QREXEC_TRIGGER_SERVICE3:
        return "TRIGGER_SERVICE3";
    case QREXEC_TRIGGER_SERVICE4:
        return "TRIGGER_SERVICE4";
    case QREXEC_HELLO:
        return "HELLO";
    }
    return "unknown";
}

/* What each message may be: who reads it, and how long its body is. */
static const struct rule {
    uint32_t type;
    unsigned int readers; /* bit set of enum qrexec_reader */
    uint32_t least, most;
} rules[] = {
    {QREXEC_HELLO, 0xf, 4, 4},
    {QREXEC_EXEC_CMDLINE, 1u << QREXEC_AT_AGENT, 9, QREXEC_CONTROL_BODY_MAX},
    {QREXEC_JUST_EXEC, 1u << QREXEC_AT_AGENT, 9, QREXEC_CONTROL_BODY_MAX},
    {QREXEC_SERVICE_CONNECT, 1u << QREXEC_AT_AGENT, 40, 40},
    {QREXEC_SERVICE_REFUSED, 1u << QREXEC_AT_AGENT, 32, 32},
    {QREXEC_TRIGGER_SERVICE, 1u << QREXEC_AT_DAEMON, 128, 128},
    {QREXEC_CONNECTION_TERMINATED, 1u << QREXEC_AT_DAEMON, 8, 8},
    {QREXEC_TRIGGER_SERVICE3, 1u << QREXEC_AT_DAEMON, 96 + 2, 96 + QREXEC_SERVICE_NAME_MAX + 1},
    {QREXEC_TRIGGER_SERVICE4, 1u << QREXEC_AT_DAEMON, 160 + 2, 160 + QREXEC_SERVICE_NAME_MAX + 1},
    {QREXEC_DATA_STDIN, 1u << QREXEC_AT_SERVICE, 0, QREXEC_CHUNK_V3},
    {QREXEC_DATA_STDOUT, 1u << QREXEC_AT_CALLER, 0, QREXEC_CHUNK_V3},
    {QREXEC_DATA_STDERR, 1u << QREXEC_AT_CALLER, 0, QREXEC_CHUNK_V3},
    {QREXEC_DATA_EXIT_CODE, 1u << QREXEC_AT_CALLER, 4, 4},
};

static bool same_channel(unsigned int readers, enum qrexec_reader reader)
{
    const unsigned int control = 1u << QREXEC_AT_AGENT | 1u << QREXEC_AT_DAEMON;
    return ((readers & control) != 0) == ((1u << reader & control) != 0);
}

enum qrexec_error qrexec_check_header(enum qrexec_reader reader, struct qrexec_header header)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        const struct rule *rule = &rules[i];
        if (rule->type != header.type)
            continue;
        if (!(rule->readers & 1u << reader))
            return same_channel(rule->readers, reader) ? QREXEC_BAD_DIRECTION : QREXEC_BAD_TYPE;
        if (header.length < rule->least || header.length > rule->most)
            return QREXEC_BAD_LENGTH;
        return QREXEC_OK;
    }
    return QREXEC_BAD_TYPE;
}

void qrexec_decoder_init(struct qrexec_decoder *decoder, enum qrexec_reader reader,
                         uint32_t own_version, uint8_t *body, size_t body_room)
{
    memset(decoder, 0, sizeof(*decoder));
    decoder->reader = reader;
    decoder->own_version = own_version;
    decoder->body = body;
    decoder->body_room = body_room;
}

bool qrexec_decoder_between_messages(const struct qrexec_decoder *decoder)
{
    return decoder->header_got == 0;
}

/* A text that fills `size` bytes up to its NUL, which is the last byte. */
static bool text_fills(const uint8_t *text, size_t size)
{
    return size > 0 && memchr(text, 0, size) == text + size - 1;
}

/* A name field that must hold its NUL. An empty one is allowed where `may_be_empty`. */
static enum qrexec_error take_name(char to[65], const char *field, size_t size, bool may_be_empty)
{
    const char *end = memchr(field, 0, size);
    if (!end)
        return QREXEC_BAD_TEXT;
    memcpy(to, field, (size_t)(end - field) + 1);
    if (to[0] == 0)
        return may_be_empty ? QREXEC_OK : QREXEC_BAD_NAME;
    return qrexec_target_name_ok(to) ? QREXEC_OK : QREXEC_BAD_NAME;
}

static enum qrexec_error take_trigger(const struct qrexec_decoder *decoder,
                                      struct qrexec_control *message)
{
    const uint8_t *body = decoder->body;
    const size_t size = decoder->header.length;
    const char *source = NULL, *target, *ident, *service;
    size_t target_size = 64, service_size;

    if (message->type == QREXEC_TRIGGER_SERVICE) {
        const struct qrexec_trigger2 *old = (const void *)body;
        service = old->service, service_size = sizeof(old->service);
        target = old->target, target_size = sizeof(old->target);
        ident = old->ident.text;
        if (!memchr(service, 0, service_size))
            return QREXEC_BAD_TEXT;
    } else {
        const size_t fixed = message->type == QREXEC_TRIGGER_SERVICE4
                                 ? sizeof(struct qrexec_trigger4)
                                 : sizeof(struct qrexec_trigger3);
        source = message->type == QREXEC_TRIGGER_SERVICE4 ? (const char *)body : NULL;
        target = (const char *)body + (source ? 64 : 0);
        ident = target + 64;
        service = (const char *)body + fixed, service_size = size - fixed;
        if (!text_fills((const uint8_t *)service, service_size))
            return QREXEC_BAD_TEXT;
    }
    memcpy(message->ident.text, ident, sizeof(message->ident.text));
    message->service = service;
    enum qrexec_error error = take_name(message->target, target, target_size, true);
    if (!error && source)
        error = take_name(message->source, source, 64, true);
    if (error)
        return error;
    if (!qrexec_ident_ok(&message->ident))
        return QREXEC_BAD_IDENT;
    return qrexec_service_name_ok(service) ? QREXEC_OK : QREXEC_BAD_NAME;
}

static enum qrexec_error take_hello(struct qrexec_decoder *decoder, struct qrexec_control *message)
{
    struct qrexec_hello hello;
    memcpy(&hello, decoder->body, sizeof(hello));
    if (hello.version < QREXEC_VERSION_OLDEST)
        return QREXEC_BAD_VERSION;
    message->version = hello.version;
    decoder->version = hello.version < decoder->own_version ? hello.version : decoder->own_version;
    return QREXEC_OK;
}

static enum qrexec_error take_body(struct qrexec_decoder *decoder, struct qrexec_control *message)
{
    const size_t size = decoder->header.length;
    struct qrexec_exec exec;

    memset(message, 0, sizeof(*message));
    message->type = decoder->header.type;
    switch (message->type) {
    case QREXEC_HELLO:
        return take_hello(decoder, message);
    case QREXEC_EXEC_CMDLINE:
    case QREXEC_JUST_EXEC:
    case QREXEC_SERVICE_CONNECT:
    case QREXEC_CONNECTION_TERMINATED:
        memcpy(&exec, decoder->body, sizeof(exec));
        message->domain = exec.domain;
        message->port = exec.port;
        if (message->type == QREXEC_CONNECTION_TERMINATED)
            return QREXEC_OK;
        if (message->type == QREXEC_SERVICE_CONNECT) {
            memcpy(&message->ident, decoder->body + sizeof(exec), sizeof(message->ident));
            return qrexec_ident_ok(&message->ident) ? QREXEC_OK : QREXEC_BAD_IDENT;
        }
        message->command = (const char *)decoder->body + sizeof(exec);
        return text_fills(decoder->body + sizeof(exec), size - sizeof(exec)) ? QREXEC_OK
                                                                             : QREXEC_BAD_TEXT;
    case QREXEC_SERVICE_REFUSED:
        memcpy(&message->ident, decoder->body, sizeof(message->ident));
        return qrexec_ident_ok(&message->ident) ? QREXEC_OK : QREXEC_BAD_IDENT;
    default:
        return take_trigger(decoder, message);
    }
}

/* The rules that need the session's past: HELLO first and once, messages of the version. */
static enum qrexec_error check_order(const struct qrexec_decoder *decoder)
{
    const uint32_t type = decoder->header.type;
    if (type == QREXEC_HELLO)
        return decoder->version ? QREXEC_SECOND_HELLO : QREXEC_OK;
    if (!decoder->version)
        return QREXEC_NO_HELLO;
    if ((type == QREXEC_TRIGGER_SERVICE && decoder->version != 2) ||
        (type == QREXEC_TRIGGER_SERVICE3 && decoder->version < 3) ||
        (type == QREXEC_TRIGGER_SERVICE4 && decoder->version < 4))
        return QREXEC_WRONG_VERSION;
    return QREXEC_OK;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

enum qrexec_progress qrexec_decode_control(struct qrexec_decoder *decoder, const uint8_t **bytes,
                                           size_t *size, struct qrexec_control *message)
{
    const size_t head = sizeof(decoder->header);

    if (decoder->error)
        return QREXEC_FAILED;
    if (decoder->header_got < head) {
        const size_t n = least(head - decoder->header_got, *size);
        if (n)
            memcpy((uint8_t *)&decoder->header + decoder->header_got, *bytes, n);
        decoder->header_got += n, *bytes += n, *size -= n;
        if (decoder->header_got < head)
            return QREXEC_MORE;
        decoder->body_got = 0;
        decoder->error = qrexec_check_header(decoder->reader, decoder->header);
        if (!decoder->error)
            decoder->error = check_order(decoder);
        if (!decoder->error && decoder->header.length > decoder->body_room)
            decoder->error = QREXEC_NO_ROOM;
        if (decoder->error)
            return QREXEC_FAILED;
    }
    const size_t n = least(decoder->header.length - decoder->body_got, *size);
    if (n)
        memcpy(decoder->body + decoder->body_got, *bytes, n);
    decoder->body_got += n, *bytes += n, *size -= n;
    if (decoder->body_got < decoder->header.length)
        return QREXEC_MORE;
    decoder->header_got = 0;
    decoder->error = take_body(decoder, message);
    return decoder->error ? QREXEC_FAILED : QREXEC_MESSAGE;
}

/* Header and first part of a message; 0 when `total` does not fit. */
static size_t put(uint8_t *out, size_t room, uint32_t type, const void *body, size_t body_size,
                  const void *tail, size_t tail_size)
{
    const struct qrexec_header header = {type, (uint32_t)(body_size + tail_size)};
    const size_t total = sizeof(header) + body_size + tail_size;

    if (body_size + tail_size > QREXEC_CONTROL_BODY_MAX || total > room)
        return 0;
    memcpy(out, &header, sizeof(header));
    memcpy(out + sizeof(header), body, body_size);
    if (tail_size)
        memcpy(out + sizeof(header) + body_size, tail, tail_size);
    return total;
}

size_t qrexec_put_hello(uint8_t *out, size_t room, uint32_t version)
{
    const struct qrexec_hello hello = {version};
    return put(out, room, QREXEC_HELLO, &hello, sizeof(hello), NULL, 0);
}

size_t qrexec_put_exec(uint8_t *out, size_t room, uint32_t type, uint32_t domain, uint32_t port,
                       const char *command)
{
    const struct qrexec_exec exec = {domain, port};
    return put(out, room, type, &exec, sizeof(exec), command, strlen(command) + 1);
}

size_t qrexec_put_connect(uint8_t *out, size_t room, uint32_t domain, uint32_t port,
                          const struct qrexec_ident *ident)
{
    const struct qrexec_exec exec = {domain, port};
    return put(out, room, QREXEC_SERVICE_CONNECT, &exec, sizeof(exec), ident, sizeof(*ident));
}

size_t qrexec_put_refused(uint8_t *out, size_t room, const struct qrexec_ident *ident)
{
    return put(out, room, QREXEC_SERVICE_REFUSED, ident, sizeof(*ident), NULL, 0);
}

size_t qrexec_put_terminated(uint8_t *out, size_t room, uint32_t domain, uint32_t port)
{
    const struct qrexec_terminated body = {domain, port};
    return put(out, room, QREXEC_CONNECTION_TERMINATED, &body, sizeof(body), NULL, 0);
}

size_t qrexec_put_trigger(uint8_t *out, size_t room, uint32_t version, const char *target,
                          const char *service, const struct qrexec_ident *ident)
{
    struct qrexec_trigger2 old = {0};
    struct qrexec_trigger3 now = {0};
    const size_t service_size = strlen(service) + 1, target_size = strlen(target) + 1;

    if (!qrexec_service_name_ok(service) || !qrexec_ident_ok(ident) ||
        (target[0] && !qrexec_target_name_ok(target)))
        return 0;
    if (version == 2) {
        if (service_size > sizeof(old.service) || target_size > sizeof(old.target))
            return 0;
        memcpy(old.service, service, service_size);
        memcpy(old.target, target, target_size);
        old.ident = *ident;
        return put(out, room, QREXEC_TRIGGER_SERVICE, &old, sizeof(old), NULL, 0);
    }
    if (target_size > sizeof(now.target))
        return 0;
    memcpy(now.target, target, target_size);
    now.ident = *ident;
    return put(out, room, QREXEC_TRIGGER_SERVICE3, &now, sizeof(now), service, service_size);
}
