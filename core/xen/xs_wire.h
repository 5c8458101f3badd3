/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore's messages as bytes (xen/include/public/io/xs_wire.h): a header of four little-endian
 * words, then at most 4096 bytes. An assembler gathers one message from pieces of any size; it
 * trusts nothing but the count of bytes it was given.
 */
#ifndef CORE_XEN_XS_WIRE_H
#define CORE_XEN_XS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum xs_type {
    XS_TYPE_CONTROL = 0,
    XS_TYPE_DIRECTORY = 1,
    XS_TYPE_READ = 2,
    XS_TYPE_GET_PERMS = 3,
    XS_TYPE_WATCH = 4,
    XS_TYPE_UNWATCH = 5,
    XS_TYPE_TRANSACTION_START = 6,
    XS_TYPE_TRANSACTION_END = 7,
    XS_TYPE_INTRODUCE = 8,
    XS_TYPE_RELEASE = 9,
    XS_TYPE_GET_DOMAIN_PATH = 10,
    XS_TYPE_WRITE = 11,
    XS_TYPE_MKDIR = 12,
    XS_TYPE_RM = 13,
    XS_TYPE_SET_PERMS = 14,
    XS_TYPE_WATCH_EVENT = 15,
    XS_TYPE_ERROR = 16,
    XS_TYPE_IS_DOMAIN_INTRODUCED = 17,
    XS_TYPE_RESUME = 18,
    XS_TYPE_SET_TARGET = 19,
    XS_TYPE_RESET_WATCHES = 21,
    XS_TYPE_DIRECTORY_PART = 22,
};

enum {
    XS_HEADER_BYTES = 16,
    XS_PAYLOAD_MAX_BYTES = 4096, /* a message may have exactly this many */
    XS_MESSAGE_MAX_BYTES = XS_HEADER_BYTES + XS_PAYLOAD_MAX_BYTES,
};

struct xs_header {
    uint32_t type, request, transaction, length_bytes;
};

/* bytes: XS_HEADER_BYTES of them. */
void xs_header_read(struct xs_header *out, const uint8_t *bytes);
void xs_header_write(uint8_t *bytes, const struct xs_header *header);

/* Writes a whole message into out (XS_MESSAGE_MAX_BYTES of room) and returns its length; payload
 * must fit XS_PAYLOAD_MAX_BYTES. */
size_t xs_message_write(uint8_t *out, const struct xs_header *header, const void *payload);

/* Two strings, each with its NUL, and nothing behind them: the payload of a watch. The lengths are
 * without the NUL. False: it is something else. */
bool xs_two_strings(const uint8_t *payload, uint32_t length, uint32_t *first_length,
                    uint32_t *second_length);

/* A transaction's number from the reply that began it: decimal digits and a NUL. False: it is
 * something else or 0. */
bool xs_transaction_number(const uint8_t *payload, uint32_t length, uint32_t *out);

struct xs_assembler { /* all zero: empty */
    uint32_t have_bytes;
    uint8_t bytes[XS_MESSAGE_MAX_BYTES];
};

/* How many more bytes may be fed; 0: a message is complete. */
uint32_t xs_assembler_room(const struct xs_assembler *assembler);
/* length is at most xs_assembler_room(). False: the header names a length that no message has;
 * the stream cannot be followed any further. */
bool xs_assembler_feed(struct xs_assembler *assembler, const uint8_t *bytes, uint32_t length);
/* The payload of a complete message follows its header in assembler->bytes. */
bool xs_assembler_complete(const struct xs_assembler *assembler, struct xs_header *header);
void xs_assembler_reset(struct xs_assembler *assembler);

#endif
