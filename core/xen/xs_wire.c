/* SPDX-License-Identifier: BSD-2-Clause */
/* XenStore's messages as bytes: see xs_wire.h. */
#include "xs_wire.h"

#include <string.h>

static uint32_t word_read(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void word_write(uint8_t *bytes, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(word >> (8 * i));
}

void xs_header_read(struct xs_header *out, const uint8_t *bytes)
{
    out->type = word_read(bytes);
    out->request = word_read(bytes + 4);
    out->transaction = word_read(bytes + 8);
    out->length_bytes = word_read(bytes + 12);
}

void xs_header_write(uint8_t *bytes, const struct xs_header *header)
{
    word_write(bytes, header->type);
    word_write(bytes + 4, header->request);
    word_write(bytes + 8, header->transaction);
    word_write(bytes + 12, header->length_bytes);
}

size_t xs_message_write(uint8_t *out, const struct xs_header *header, const void *payload)
{
    xs_header_write(out, header);
    if (header->length_bytes)
        memmove(out + XS_HEADER_BYTES, payload, header->length_bytes);
    return XS_HEADER_BYTES + (size_t)header->length_bytes;
}

bool xs_two_strings(const uint8_t *payload, uint32_t length, uint32_t *first_length,
                    uint32_t *second_length)
{
    const uint8_t *end = length ? memchr(payload, 0, length) : NULL;
    if (!end || payload[length - 1] != 0)
        return false;
    *first_length = (uint32_t)(end - payload);
    if (*first_length + 1 >= length)
        return false;
    *second_length = length - *first_length - 2;
    return !memchr(end + 1, 0, *second_length);
}

bool xs_transaction_number(const uint8_t *payload, uint32_t length, uint32_t *out)
{
    uint64_t number = 0;
    if (length < 2 || length > 11 || payload[length - 1] != 0)
        return false;
    for (uint32_t i = 0; i + 1 < length; i++) {
        if (payload[i] < '0' || payload[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(payload[i] - '0');
    }
    *out = (uint32_t)number;
    return number > 0 && number <= UINT32_MAX;
}

uint32_t xs_assembler_room(const struct xs_assembler *assembler)
{
    struct xs_header header;
    if (assembler->have_bytes < XS_HEADER_BYTES)
        return XS_HEADER_BYTES - assembler->have_bytes;
    xs_header_read(&header, assembler->bytes);
    return XS_HEADER_BYTES + header.length_bytes - assembler->have_bytes;
}

bool xs_assembler_feed(struct xs_assembler *assembler, const uint8_t *bytes, uint32_t length)
{
    struct xs_header header;
    memcpy(assembler->bytes + assembler->have_bytes, bytes, length);
    assembler->have_bytes += length;
    if (assembler->have_bytes != XS_HEADER_BYTES)
        return true;
    xs_header_read(&header, assembler->bytes);
    return header.length_bytes <= XS_PAYLOAD_MAX_BYTES;
}

bool xs_assembler_complete(const struct xs_assembler *assembler, struct xs_header *header)
{
    if (assembler->have_bytes < XS_HEADER_BYTES || xs_assembler_room(assembler))
        return false;
    xs_header_read(header, assembler->bytes);
    return true;
}

void xs_assembler_reset(struct xs_assembler *assembler)
{
    assembler->have_bytes = 0;
}
