/* SPDX-License-Identifier: BSD-2-Clause */
/* A fuzzer's input as a script: taken byte by byte by whoever decides what happens next. */
#ifndef TESTS_FUZZ_XEN_SCRIPT_H
#define TESTS_FUZZ_XEN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct script {
    const uint8_t *bytes;
    size_t left;
};

/* 0 at the end. */
static inline uint8_t take(struct script *script)
{
    if (!script->left)
        return 0;
    script->left--;
    return *script->bytes++;
}

/* At most length bytes; returns how many. */
static inline uint32_t take_bytes(struct script *script, uint8_t *out, uint32_t length)
{
    if (length > script->left)
        length = (uint32_t)script->left;
    memcpy(out, script->bytes, length);
    script->bytes += length;
    script->left -= length;
    return length;
}

static inline void require(bool condition)
{
    if (!condition)
        abort();
}

#endif
