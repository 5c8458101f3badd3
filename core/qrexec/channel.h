/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One data channel, from either end: the service's (it gets stdin; it sends stdout, stderr and
 * the exit code) or the caller's. Bytes that arrived go in, what they mean comes out; what the
 * owner wants to send is turned into messages if the protocol lets it now. The owner moves the
 * bytes; the channel keeps no data, so that a stream passes without a copy here.
 *
 * Order of a session: each side sends HELLO at once and may send data when the peer's HELLO came.
 * Each stream ends with an empty message. The exit code is the last thing a service sends; it
 * implies the end of both its streams, and put_exit() sends those ends first where they are
 * missing. A caller may go on sending stdin that nobody reads: the service side takes and drops it.
 *
 * One thread at a time. All sizes are bytes.
 */
#ifndef CASEMENT_QREXEC_CHANNEL_H
#define CASEMENT_QREXEC_CHANNEL_H

#include "core/qrexec/message.h"

enum qrexec_role { QREXEC_CALLER, QREXEC_SERVICE };
enum qrexec_stream { QREXEC_STDIN, QREXEC_STDOUT, QREXEC_STDERR, QREXEC_STREAMS };

struct qrexec_channel {
    enum qrexec_role role;
    uint32_t own_version;
    uint32_t version; /* negotiated; 0 until the peer's HELLO */
    size_t ring_bytes;
    bool hello_sent;
    bool in_ended[QREXEC_STREAMS];  /* the peer ended this stream */
    bool out_ended[QREXEC_STREAMS]; /* we did */
    bool exit_sent, exit_got;
    int32_t exit_code; /* when exit_got */
    struct qrexec_header header;
    uint8_t small[4]; /* body of HELLO and EXIT_CODE */
    size_t header_got, body_got;
    enum qrexec_error error; /* stays once set */
};

/* own_version: what our HELLO says. ring_bytes: of the ring we write to; a chunk is never larger
 * (0: it does not limit, as on a local pipe). */
void qrexec_channel_init(struct qrexec_channel *channel, enum qrexec_role role,
                         uint32_t own_version, size_t ring_bytes);

enum qrexec_arrival_kind {
    QREXEC_GOT_HELLO, /* data may be sent from now on */
    QREXEC_GOT_DATA,  /* data, size: part of a stream, pointing into the bytes that were fed */
    QREXEC_GOT_END,   /* the stream ended; said once a stream */
    QREXEC_GOT_EXIT,  /* exit_code; caller only. No GOT_END follows for open streams */
};

struct qrexec_arrival {
    enum qrexec_arrival_kind kind;
    enum qrexec_stream stream;
    const uint8_t *data;
    size_t size;
    int32_t exit_code;
};

/* Takes bytes from *bytes and moves it and *size on. QREXEC_MESSAGE: *arrival is filled, call
 * again with the rest. QREXEC_MORE: all bytes are taken. QREXEC_FAILED: channel->error. */
enum qrexec_progress qrexec_channel_receive(struct qrexec_channel *channel, const uint8_t **bytes,
                                            size_t *size, struct qrexec_arrival *arrival);

/* The channel ended after all its bytes were received. QREXEC_OK, or QREXEC_CUT when that was
 * before the exit code. */
enum qrexec_error qrexec_channel_closed(const struct qrexec_channel *channel);

/* May the stream carry data now? */
bool qrexec_channel_may_send(const struct qrexec_channel *channel, enum qrexec_stream stream);

/* The most data bytes one message may have now. */
size_t qrexec_channel_chunk(const struct qrexec_channel *channel);

enum { QREXEC_EXIT_ROOM = 3 * sizeof(struct qrexec_header) + 4 };

/* Each puts messages into `out` and returns their size. 0: not now, not twice, or no room. */
size_t qrexec_channel_put_hello(struct qrexec_channel *channel, uint8_t *out, size_t room);
size_t qrexec_channel_put_end(struct qrexec_channel *channel, enum qrexec_stream stream,
                              uint8_t *out, size_t room);
/* Service only; with the ends of stdout and stderr where missing. At most QREXEC_EXIT_ROOM. */
size_t qrexec_channel_put_exit(struct qrexec_channel *channel, int32_t exit_code, uint8_t *out,
                               size_t room);
/* Announces up to `available` bytes of a stream. Fills *header and returns how many bytes of data
 * must follow it; 0: nothing may be sent now. */
size_t qrexec_channel_put_chunk(const struct qrexec_channel *channel, enum qrexec_stream stream,
                                size_t available, struct qrexec_header *header);

#endif
