/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole messages over a blocking channel, of any size whatever the ring. */
#ifndef BENCH_MOVE_H
#define BENCH_MOVE_H

#include "libvchan.h"

static inline bool put(libvchan_t *channel, const char *data, size_t size)
{
    while (size) {
        int count = libvchan_write(channel, data, size);
        if (count <= 0)
            return false;
        data += count;
        size -= (size_t)count;
    }
    return true;
}

static inline bool get(libvchan_t *channel, char *data, size_t size)
{
    while (size) {
        int count = libvchan_read(channel, data, size);
        if (count <= 0)
            return false;
        data += count;
        size -= (size_t)count;
    }
    return true;
}

#endif
