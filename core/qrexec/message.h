/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a stream of bytes to checked messages, and back. The decoder takes bytes cut anywhere (a
 * vchan or a pipe delivers what it has), refuses a wrong type, direction or length as soon as the
 * header is complete, and checks the body of control messages when that is complete. Nothing here
 * allocates: the caller lends the decoder room for one body.
 *
 * One decoder belongs to one direction of one channel and one thread.
 */
#ifndef CASEMENT_QREXEC_MESSAGE_H
#define CASEMENT_QREXEC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/qrexec/wire.h"

/* Why a channel had to end. 0 is no error. */
enum qrexec_error {
    QREXEC_OK = 0,
    QREXEC_BAD_TYPE,      /* no such message, or it does not belong on this channel */
    QREXEC_BAD_DIRECTION, /* the message belongs to the other side */
    QREXEC_BAD_LENGTH,    /* a body of the wrong size for its type */
    QREXEC_BAD_TEXT,      /* text without its NUL, or with bytes after it */
    QREXEC_BAD_IDENT,     /* a request identifier with other characters than allowed */
    QREXEC_BAD_NAME,      /* a service, domain or target name that may not be */
    QREXEC_BAD_VERSION,   /* the peer speaks a version older than we know */
    QREXEC_NO_HELLO,      /* a message before HELLO */
    QREXEC_SECOND_HELLO,  /* HELLO twice */
    QREXEC_WRONG_VERSION, /* a message that the negotiated version does not have */
    QREXEC_AFTER_EOF,     /* data after the end of its stream */
    QREXEC_AFTER_EXIT,    /* a message after the exit code */
    QREXEC_CUT,           /* the channel ended inside a message or without an exit code */
    QREXEC_BAD_COMMAND,   /* a command line that is not user:[nogui:]command */
    QREXEC_NO_ROOM,       /* an answer that does not fit where the caller wants it */
};

/* A sentence part: "a message of an unknown type". Never NULL. */
const char *qrexec_error_text(enum qrexec_error error);
/* "EXEC_CMDLINE" or "unknown". */
const char *qrexec_type_name(uint32_t type);

/* Who reads. */
enum qrexec_reader {
    QREXEC_AT_AGENT,   /* control channel, what a daemon sends */
    QREXEC_AT_DAEMON,  /* control channel, what an agent sends */
    QREXEC_AT_SERVICE, /* data channel, what a caller sends */
    QREXEC_AT_CALLER,  /* data channel, what a service sends */
};

/* Does this header belong here? Looks at type, direction, length; not at the order of messages. */
enum qrexec_error qrexec_check_header(enum qrexec_reader reader, struct qrexec_header header);

/* One control message, checked. Pointers are into the decoder's body: valid until it is fed. */
struct qrexec_control {
    uint32_t type;
    uint32_t version;            /* HELLO: the peer's number */
    uint32_t domain, port;       /* EXEC_CMDLINE, JUST_EXEC, SERVICE_CONNECT, TERMINATED */
    const char *command;         /* EXEC_CMDLINE, JUST_EXEC; NUL ended */
    const char *service;         /* TRIGGER_*: "service+argument", NUL ended, checked */
    char source[65], target[65]; /* TRIGGER_*; NUL ended, checked; source "" before 4 */
    struct qrexec_ident ident;   /* SERVICE_CONNECT, SERVICE_REFUSED, TRIGGER_*; checked */
};

struct qrexec_decoder {
    enum qrexec_reader reader;
    uint32_t version; /* negotiated; 0 until HELLO came */
    uint32_t own_version;
    struct qrexec_header header;
    size_t header_got, body_got;
    uint8_t *body;
    size_t body_room;
    enum qrexec_error error; /* stays once set */
};

/* For a control channel. `body` stays the caller's and must hold QREXEC_CONTROL_BODY_MAX + 1 bytes
 * (a smaller one refuses longer messages with QREXEC_NO_ROOM). own_version: what we said. */
void qrexec_decoder_init(struct qrexec_decoder *decoder, enum qrexec_reader reader,
                         uint32_t own_version, uint8_t *body, size_t body_room);

enum qrexec_progress {
    QREXEC_MORE,    /* all bytes taken, no message complete */
    QREXEC_MESSAGE, /* *message is filled; feed the rest again */
    QREXEC_FAILED,  /* decoder->error says why; the channel must end */
};

/* Takes bytes from *bytes and moves it and *size on. */
enum qrexec_progress qrexec_decode_control(struct qrexec_decoder *decoder, const uint8_t **bytes,
                                           size_t *size, struct qrexec_control *message);

/* True when the stream may end here without cutting a message. */
bool qrexec_decoder_between_messages(const struct qrexec_decoder *decoder);

/* Encoders: write a whole message into `out` (`room` bytes) and return its size; 0 when it does
 * not fit or the arguments break a rule of the protocol. */
size_t qrexec_put_hello(uint8_t *out, size_t room, uint32_t version);
/* type: EXEC_CMDLINE or JUST_EXEC. */
size_t qrexec_put_exec(uint8_t *out, size_t room, uint32_t type, uint32_t domain, uint32_t port,
                       const char *command);
size_t qrexec_put_connect(uint8_t *out, size_t room, uint32_t domain, uint32_t port,
                          const struct qrexec_ident *ident);
size_t qrexec_put_refused(uint8_t *out, size_t room, const struct qrexec_ident *ident);
size_t qrexec_put_terminated(uint8_t *out, size_t room, uint32_t domain, uint32_t port);
/* version 2: TRIGGER_SERVICE (63 and 31 characters at most), else TRIGGER_SERVICE3. */
size_t qrexec_put_trigger(uint8_t *out, size_t room, uint32_t version, const char *target,
                          const char *service, const struct qrexec_ident *ident);

#endif
