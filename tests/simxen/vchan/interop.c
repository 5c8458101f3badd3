/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One side of the interoperability matrix, the same on Linux and under Wine: for every pair of ring
 * orders that the protocol knows (10 to 20, in the control page and in pages of their own) and
 * message sizes from one byte to more than a ring, packets and streams, blocking and polled, both
 * directions with the content checked; then data left in the ring when its writer closes, which
 * must still be read.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simxen/vchan/interop.h"

enum { LARGEST = 3 << 19, TAIL_BYTES = 777 };

struct rings {
    size_t left, right;
    int left_order, right_order;
};

static const struct rings all_rings[] = {
    {1024, 2048, 10, 11},       {2048, 1024, 11, 10},       {2048, 4096, 11, 12},
    {4096, 2000, 12, 11},       {100, 1 << 20, 11, 20},     {1 << 20, 1, 20, 11},
    {1 << 12, 1 << 12, 12, 12}, {1 << 13, 1 << 19, 13, 19}, {1 << 14, 1 << 18, 14, 18},
    {1 << 15, 1 << 17, 15, 17}, {1 << 16, 1 << 16, 16, 16}, {1 << 17, 1 << 15, 17, 15},
    {1 << 18, 1 << 14, 18, 14}, {1 << 19, 1 << 13, 19, 13}, {1 << 20, 1 << 20, 20, 20},
};
static const size_t all_sizes[] = {1, 64, 1000, 4096, 65536, LARGEST};

struct side {
    struct vchan_library library;
    struct libxenvchan *vchan;
    bool is_server, packets;
    size_t sizes;      /* so many of all_sizes */
    uint32_t position; /* in the stream of this direction */
};

static uint8_t *buffer;

static uint8_t content(uint32_t at)
{
    return (uint8_t)(at * 131 + (at >> 7) + (at >> 15));
}

static void put(struct side *side, size_t size)
{
    size_t done = 0;

    for (size_t i = 0; i < size; i++)
        buffer[i] = content(side->position + (uint32_t)i);
    side->position += (uint32_t)size;
    while (done < size) {
        int count = side->packets ? side->library.send(side->vchan, buffer + done, size - done)
                                  : side->library.write(side->vchan, buffer + done, size - done);
        CHECK(count >= 0);
        CHECK(!side->packets || count == 0 || (size_t)count == size);
        CHECK(!side->vchan->blocking || (size_t)count == size);
        done += (size_t)count;
        if (count == 0)
            interop_poll(&side->library, side->vchan);
    }
}

static void get(struct side *side, size_t size)
{
    size_t done = 0;

    while (done < size) {
        int count = side->packets ? side->library.recv(side->vchan, buffer + done, size - done)
                                  : side->library.read(side->vchan, buffer + done, size - done);
        CHECK(count >= 0);
        CHECK(!side->packets || count == 0 || (size_t)count == size);
        CHECK(!side->vchan->blocking || count > 0);
        done += (size_t)count;
        if (count == 0)
            interop_poll(&side->library, side->vchan);
    }
    for (size_t i = 0; i < size; i++)
        CHECK(buffer[i] == content(side->position + (uint32_t)i));
    side->position += (uint32_t)size;
}

static void one_direction(struct side *side, bool sends, size_t size, size_t ring)
{
    int count = size > 100000 ? 1 : size > 5000 ? 3 : 40;

    side->position = 0;
    if (side->packets && size > ring) {
        /* A packet that can never fit is refused, now. Debian's says 0 for ever when polled. */
        if (sends && side->vchan->blocking)
            CHECK(side->library.send(side->vchan, buffer, size) == -1);
        return;
    }
    for (int i = 0; i < count; i++)
        sends ? put(side, size) : get(side, size);
}

static void open_vchan(struct side *side, int peer, const struct rings *rings)
{
    char path[80];

    if (side->is_server) {
        snprintf(path, sizeof(path), "data/vchan/%d/5", peer);
        side->vchan = side->library.server_init(NULL, peer, path, rings->left, rings->right);
        CHECK(side->vchan);
        CHECK(side->library.is_open(side->vchan) == 2);
        interop_tell('o');
    } else {
        snprintf(path, sizeof(path), "/local/domain/%d/data/vchan/%s/5", peer,
                 getenv("SIMXEN_DOMID"));
        CHECK(interop_hear() == 'o');
        side->vchan = side->library.client_init(NULL, peer, path);
        CHECK(side->vchan);
        CHECK(side->library.is_open(side->vchan) == 1);
    }
    CHECK(side->vchan->read.order == (side->is_server ? rings->left_order : rings->right_order));
    CHECK(side->vchan->write.order == (side->is_server ? rings->right_order : rings->left_order));
    side->vchan->blocking = 1;
}

static void drain_after_close(struct side *side, bool writes)
{
    uint8_t tail[TAIL_BYTES];
    int count, total = 0;

    side->vchan->blocking = 1;
    if (writes) {
        memset(tail, 0x5a, sizeof(tail));
        CHECK(side->library.write(side->vchan, tail, TAIL_BYTES) == TAIL_BYTES);
        side->library.close(side->vchan);
        interop_tell('c');
        CHECK(interop_hear() == 'd');
        return;
    }
    CHECK(interop_hear() == 'c');
    CHECK(side->library.is_open(side->vchan) == 0);
    while ((count = side->library.read(side->vchan, tail, 100)) > 0) {
        for (int i = 0; i < count; i++)
            CHECK(tail[i] == 0x5a);
        total += count;
    }
    CHECK(count == -1 && total == TAIL_BYTES);
    CHECK(side->library.write(side->vchan, tail, 1) == -1);
    side->library.close(side->vchan);
    interop_tell('d');
}

static void one_channel(struct side *side, int peer, const struct rings *rings, bool server_leaves)
{
    open_vchan(side, peer, rings);
    for (int mode = 0; mode < 4; mode++) {
        side->packets = mode & 1;
        side->vchan->blocking = !(mode & 2);
        for (size_t i = 0; i < side->sizes; i++) {
            one_direction(side, !side->is_server, all_sizes[i], (size_t)1 << rings->left_order);
            one_direction(side, side->is_server, all_sizes[i], (size_t)1 << rings->right_order);
        }
    }
    drain_after_close(side, side->is_server == server_leaves);
}

int interop_play(const char *role, const char *library, int peer)
{
    struct side side = {.is_server = strcmp(role, "server") == 0};
    const char *skips =
        getenv("INTEROP_STEP"); /* every so manieth pair of orders: a slow machine */
    size_t step = skips ? strtoul(skips, NULL, 10) : 1;

    side.sizes = sizeof(all_sizes) / sizeof(all_sizes[0]) - (skips ? 1 : 0);
    buffer = malloc(LARGEST);
    CHECK(buffer);
    interop_load(&side.library, library);
    for (size_t i = 0; i < sizeof(all_rings) / sizeof(all_rings[0]); i += step)
        one_channel(&side, peer, &all_rings[i], i % 2);
    free(buffer);
    return 0;
}
