/* SPDX-License-Identifier: BSD-2-Clause */
/* See channel.h. */
#include <string.h>
#include "core/qrexec/channel.h"

void qrexec_channel_init(struct qrexec_channel *channel, enum qrexec_role role,
                         uint32_t own_version, size_t ring_bytes)
{
    memset(channel, 0, sizeof(*channel));
    channel->role = role;
    channel->own_version = own_version;
    channel->ring_bytes = ring_bytes;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_data(uint32_t type)
{
    return type == QREXEC_DATA_STDIN || type == QREXEC_DATA_STDOUT || type == QREXEC_DATA_STDERR;
}

static enum qrexec_stream stream_of(uint32_t type)
{
    return type == QREXEC_DATA_STDIN    ? QREXEC_STDIN
           : type == QREXEC_DATA_STDOUT ? QREXEC_STDOUT
                                        : QREXEC_STDERR;
}

static uint32_t type_of(enum qrexec_stream stream)
{
    return stream == QREXEC_STDIN    ? QREXEC_DATA_STDIN
           : stream == QREXEC_STDOUT ? QREXEC_DATA_STDOUT
                                     : QREXEC_DATA_STDERR;
}

static enum qrexec_error check(const struct qrexec_channel *channel)
{
    const struct qrexec_header header = channel->header;
    const enum qrexec_reader reader =
        channel->role == QREXEC_SERVICE ? QREXEC_AT_SERVICE : QREXEC_AT_CALLER;
    const enum qrexec_error error = qrexec_check_header(reader, header);

    if (error)
        return error;
    if (header.type == QREXEC_HELLO)
        return channel->version ? QREXEC_SECOND_HELLO : QREXEC_OK;
    if (!channel->version)
        return QREXEC_NO_HELLO;
    if (channel->exit_got)
        return QREXEC_AFTER_EXIT;
    if (is_data(header.type) && header.length) {
        if (channel->version == 2 && header.length > QREXEC_CHUNK_V2)
            return QREXEC_BAD_LENGTH;
        if (channel->in_ended[stream_of(header.type)])
            return QREXEC_AFTER_EOF;
    }
    return QREXEC_OK;
}

/* HELLO or EXIT_CODE is complete in channel->small. */
static enum qrexec_error take_small(struct qrexec_channel *channel, struct qrexec_arrival *arrival)
{
    if (channel->header.type == QREXEC_DATA_EXIT_CODE) {
        memcpy(&channel->exit_code, channel->small, sizeof(channel->exit_code));
        channel->exit_got = true;
        arrival->kind = QREXEC_GOT_EXIT;
        arrival->exit_code = channel->exit_code;
        return QREXEC_OK;
    }
    struct qrexec_hello hello;
    memcpy(&hello, channel->small, sizeof(hello));
    if (hello.version < QREXEC_VERSION_OLDEST)
        return QREXEC_BAD_VERSION;
    channel->version = hello.version < channel->own_version ? hello.version : channel->own_version;
    arrival->kind = QREXEC_GOT_HELLO;
    return QREXEC_OK;
}

/* Some or all of a body. True when *arrival is filled (or channel->error set). */
static bool take_body(struct qrexec_channel *channel, const uint8_t **bytes, size_t *size,
                      struct qrexec_arrival *arrival)
{
    const size_t length = channel->header.length;
    const size_t n = least(length - channel->body_got, *size);
    const uint8_t *const from = *bytes;

    if (n)
        *bytes += n, *size -= n;
    if (is_data(channel->header.type)) {
        channel->body_got += n;
        if (channel->body_got == length)
            channel->header_got = 0;
        arrival->stream = stream_of(channel->header.type);
        arrival->kind = QREXEC_GOT_DATA;
        arrival->data = from;
        arrival->size = n;
        if (length)
            return n > 0;
        const bool again = channel->in_ended[arrival->stream];
        channel->in_ended[arrival->stream] = true;
        arrival->kind = QREXEC_GOT_END;
        return !again;
    }
    if (n)
        memcpy(channel->small + channel->body_got, from, n);
    channel->body_got += n;
    if (channel->body_got < length)
        return false;
    channel->header_got = 0;
    channel->error = take_small(channel, arrival);
    return true;
}

enum qrexec_progress qrexec_channel_receive(struct qrexec_channel *channel, const uint8_t **bytes,
                                            size_t *size, struct qrexec_arrival *arrival)
{
    const size_t head = sizeof(channel->header);

    memset(arrival, 0, sizeof(*arrival));
    while (!channel->error && *size) {
        if (channel->header_got < head) {
            const size_t n = least(head - channel->header_got, *size);
            memcpy((uint8_t *)&channel->header + channel->header_got, *bytes, n);
            channel->header_got += n, *bytes += n, *size -= n;
            if (channel->header_got < head)
                return QREXEC_MORE;
            channel->body_got = 0;
            channel->error = check(channel);
            if (channel->error)
                break;
            if (channel->header.length && !*size)
                return QREXEC_MORE;
        }
        if (take_body(channel, bytes, size, arrival))
            return channel->error ? QREXEC_FAILED : QREXEC_MESSAGE;
    }
    return channel->error ? QREXEC_FAILED : QREXEC_MORE;
}

enum qrexec_error qrexec_channel_closed(const struct qrexec_channel *channel)
{
    if (channel->error)
        return channel->error;
    return channel->role == QREXEC_SERVICE ? (channel->exit_sent ? QREXEC_OK : QREXEC_CUT)
                                           : (channel->exit_got ? QREXEC_OK : QREXEC_CUT);
}

bool qrexec_channel_may_send(const struct qrexec_channel *channel, enum qrexec_stream stream)
{
    const bool ours = (stream == QREXEC_STDIN) == (channel->role == QREXEC_CALLER);
    return ours && channel->hello_sent && channel->version && !channel->error &&
           !channel->out_ended[stream] && !channel->exit_sent && !channel->exit_got;
}

size_t qrexec_channel_chunk(const struct qrexec_channel *channel)
{
    const size_t most = channel->version == 2 ? QREXEC_CHUNK_V2 : QREXEC_CHUNK_V3;
    return channel->ring_bytes ? least(most, channel->ring_bytes) : most;
}

size_t qrexec_channel_put_hello(struct qrexec_channel *channel, uint8_t *out, size_t room)
{
    if (channel->hello_sent)
        return 0;
    const size_t size = qrexec_put_hello(out, room, channel->own_version);
    channel->hello_sent = size > 0;
    return size;
}

size_t qrexec_channel_put_chunk(const struct qrexec_channel *channel, enum qrexec_stream stream,
                                size_t available, struct qrexec_header *header)
{
    if (!qrexec_channel_may_send(channel, stream))
        return 0;
    const size_t size = least(available, qrexec_channel_chunk(channel));
    header->type = type_of(stream);
    header->length = (uint32_t)size;
    return size;
}

size_t qrexec_channel_put_end(struct qrexec_channel *channel, enum qrexec_stream stream,
                              uint8_t *out, size_t room)
{
    const struct qrexec_header header = {type_of(stream), 0};

    if (!qrexec_channel_may_send(channel, stream) || room < sizeof(header))
        return 0;
    memcpy(out, &header, sizeof(header));
    channel->out_ended[stream] = true;
    return sizeof(header);
}

size_t qrexec_channel_put_exit(struct qrexec_channel *channel, int32_t exit_code, uint8_t *out,
                               size_t room)
{
    const struct qrexec_header header = {QREXEC_DATA_EXIT_CODE, sizeof(exit_code)};
    size_t size;

    if (channel->role != QREXEC_SERVICE || !channel->hello_sent || !channel->version ||
        channel->error || channel->exit_sent || room < QREXEC_EXIT_ROOM)
        return 0;
    size = qrexec_channel_put_end(channel, QREXEC_STDOUT, out, room);
    size += qrexec_channel_put_end(channel, QREXEC_STDERR, out + size, room - size);
    memcpy(out + size, &header, sizeof(header));
    memcpy(out + size + sizeof(header), &exit_code, sizeof(exit_code));
    channel->exit_sent = true;
    return size + sizeof(header) + sizeof(exit_code);
}
