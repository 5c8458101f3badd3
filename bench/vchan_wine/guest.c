/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's side of the benchmark: one source for Windows and for Linux, so that nothing but the
 * system under it differs. Serves three channels of different rings to domain 0 and does what each
 * line of its input says: `put`, `get` or `echo`, the channel, the size of a message, how many.
 * No clock here: domain 0 measures. Arguments: the channels' rings in bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libvchan.h"
#include "bench/vchan_wine/move.h"

enum { CHANNELS = 3, FIRST_PORT = 600 };

static char data[1 << 20];

int main(int argc, char **argv)
{
    libvchan_t *channels[CHANNELS] = {NULL};
    char line[128], verb[8];
    unsigned channel, size, count;

    for (int i = 0; i < CHANNELS && i + 1 < argc; i++) {
        size_t ring = strtoul(argv[i + 1], NULL, 10);
        channels[i] = libvchan_server_init(0, FIRST_PORT + i, ring, ring);
        if (!channels[i])
            return 1;
        libvchan_set_blocking(channels[i], true);
    }
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "%7s %u %u %u", verb, &channel, &size, &count) != 4 ||
            channel >= CHANNELS || size > sizeof(data))
            return 2;
        for (unsigned i = 0; i < count; i++) {
            if (strcmp(verb, "put") && !get(channels[channel], data, size))
                return 3;
            if (strcmp(verb, "get") && !put(channels[channel], data, size))
                return 4;
        }
        /* The answer that ends the measurement of a one-way stream. */
        if (!strcmp(verb, "get") && !put(channels[channel], data, 1))
            return 5;
    }
    for (int i = 0; i < CHANNELS; i++)
        if (channels[i])
            libvchan_close(channels[i]);
    return 0;
}
