/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds byte streams of qrexec sessions for the tests: good ones, which the tests then cut and
 * bend.
 */
#ifndef CASEMENT_TEST_QREXEC_SESSION_H
#define CASEMENT_TEST_QREXEC_SESSION_H

#include <string.h>
#include "core/qrexec/wire.h"

struct stream_bytes {
    uint8_t bytes[4096];
    size_t size;
};

static inline void add_message(struct stream_bytes *to, uint32_t type, const void *body,
                               uint32_t length)
{
    const struct qrexec_header header = {type, length};
    memcpy(to->bytes + to->size, &header, sizeof(header));
    if (length)
        memcpy(to->bytes + to->size + sizeof(header), body, length);
    to->size += sizeof(header) + length;
}

static inline void add_hello(struct stream_bytes *to, uint32_t version)
{
    add_message(to, QREXEC_HELLO, &version, sizeof(version));
}

#endif
