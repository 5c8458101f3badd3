/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interoperability matrix: ours and Debian's libxenvchan as server and client, in two domains,
 * over real xenstored. For every pair of ring orders that the protocol knows (10 to 20, in the
 * control page and in pages of their own) and message sizes from one byte to more than a ring:
 * packets and streams, blocking and polled, both directions at full content check; then data left
 * in the ring when its writer closes, which must still be read.
 *
 *   interop SERVER-LIBRARY CLIENT-LIBRARY        (inside `simxen host`)
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/simxen/vchan/role.h"
#include "tests/simxen/vchan/vchan_library.h"

enum { SOCKET = 3, LARGEST = 3 << 19, TAIL_BYTES = 777 };

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
    uint32_t position; /* in the stream of this direction */
};

static uint8_t *buffer;

static uint8_t content(uint32_t at)
{
    return (uint8_t)(at * 131 + (at >> 7) + (at >> 15));
}

/* One event, as a program with a poll loop takes it. */
static void poll_once(struct side *side)
{
    struct pollfd fd = {.fd = side->library.fd_for_select(side->vchan), .events = POLLIN};

    CHECK(poll(&fd, 1, -1) == 1);
    CHECK(side->library.wait(side->vchan) == 0);
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
            poll_once(side);
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
            poll_once(side);
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
        role_tell(SOCKET, 'o');
    } else {
        snprintf(path, sizeof(path), "/local/domain/%d/data/vchan/%s/5", peer,
                 getenv("SIMXEN_DOMID"));
        CHECK(role_hear(SOCKET) == 'o');
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
        role_tell(SOCKET, 'c');
        CHECK(role_hear(SOCKET) == 'd');
        return;
    }
    CHECK(role_hear(SOCKET) == 'c');
    CHECK(side->library.is_open(side->vchan) == 0);
    while ((count = side->library.read(side->vchan, tail, 100)) > 0) {
        for (int i = 0; i < count; i++)
            CHECK(tail[i] == 0x5a);
        total += count;
    }
    CHECK(count == -1 && total == TAIL_BYTES);
    CHECK(side->library.write(side->vchan, tail, 1) == -1);
    side->library.close(side->vchan);
    role_tell(SOCKET, 'd');
}

static void one_channel(struct side *side, int peer, const struct rings *rings, bool server_leaves)
{
    open_vchan(side, peer, rings);
    for (int mode = 0; mode < 4; mode++) {
        side->packets = mode & 1;
        side->vchan->blocking = !(mode & 2);
        for (size_t i = 0; i < sizeof(all_sizes) / sizeof(all_sizes[0]); i++) {
            one_direction(side, !side->is_server, all_sizes[i], (size_t)1 << rings->left_order);
            one_direction(side, side->is_server, all_sizes[i], (size_t)1 << rings->right_order);
        }
    }
    drain_after_close(side, side->is_server == server_leaves);
}

static int play(const char *role, const char *library, int peer)
{
    struct side side = {.is_server = strcmp(role, "server") == 0};

    buffer = malloc(LARGEST);
    CHECK(buffer);
    vchan_library_load(&side.library, library);
    for (size_t i = 0; i < sizeof(all_rings) / sizeof(all_rings[0]); i++)
        one_channel(&side, peer, &all_rings[i], i % 2);
    free(buffer);
    return 0;
}

int main(int argc, char **argv)
{
    int sockets[2], domid;
    char number[12];
    pid_t server, client;

    if (argc == 4)
        return play(argv[1], argv[2], atoi(argv[3]));
    CHECK(argc == 3);
    domid = role_create_domain("peer");
    snprintf(number, sizeof(number), "%d", domid);
    /* Server in the guest, client in domain 0, and the other way round. */
    for (int in_guest = 0; in_guest < 2; in_guest++) {
        char *server_argv[] = {argv[0], "server", argv[1], in_guest ? "0" : number, NULL};
        char *client_argv[] = {argv[0], "client", argv[2], in_guest ? number : "0", NULL};
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
        server = role_start(in_guest ? domid : 0, server_argv, sockets[0]);
        client = role_start(in_guest ? 0 : domid, client_argv, sockets[1]);
        close(sockets[0]);
        close(sockets[1]);
        role_join(server);
        role_join(client);
    }
    role_destroy_domain(domid);
    return 0;
}
