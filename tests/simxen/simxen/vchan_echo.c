/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small user of Debian's libxenvchan, for the tests around it.
 *   vchan_echo server DOMID PATH    says "listening", echoes until the client goes
 *   vchan_echo client DOMID PATH    sends 1 MiB in pieces of many sizes, checks what comes back
 *   vchan_echo hold DOMID PATH      says "connected", waits for the server to go
 */
#include <libxenvchan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOTAL_BYTES = 1 << 20, RING_BYTES = 4096 };

static int serve(int domid, const char *path)
{
    static char bytes[RING_BYTES];
    struct libxenvchan *chan = libxenvchan_server_init(NULL, domid, path, RING_BYTES, RING_BYTES);
    int got = 1;
    if (!chan) {
        perror("libxenvchan_server_init");
        return 1;
    }
    chan->blocking = 1;
    puts("listening");
    fflush(stdout);
    while (got > 0) {
        got = libxenvchan_read(chan, bytes, sizeof(bytes));
        if (got > 0 && libxenvchan_send(chan, bytes, (size_t)got) != got)
            got = -1;
    }
    printf("closed: is_open says %d\n", libxenvchan_is_open(chan));
    libxenvchan_close(chan);
    return 0;
}

static int receive(struct libxenvchan *chan, char *bytes, size_t length)
{
    for (size_t have = 0; have < length;) {
        int got = libxenvchan_read(chan, bytes + have, length - have);
        if (got <= 0)
            return -1;
        have += (size_t)got;
    }
    return 0;
}

static int request(int domid, const char *path)
{
    static char out[RING_BYTES], in[RING_BYTES];
    struct libxenvchan *chan = libxenvchan_client_init(NULL, domid, path);
    unsigned seed = 1;
    size_t done = 0, length;
    if (!chan) {
        perror("libxenvchan_client_init");
        return 1;
    }
    chan->blocking = 1;
    for (; done < TOTAL_BYTES; done += length) {
        seed = seed * 1103515245 + 12345;
        length = 1 + seed / 7 % (RING_BYTES - 1);
        for (size_t i = 0; i < length; i++)
            out[i] = (char)(seed + i * 31);
        if (libxenvchan_send(chan, out, length) != (int)length || receive(chan, in, length) < 0 ||
            memcmp(out, in, length)) {
            fprintf(stderr, "the echo is wrong after %zu bytes\n", done);
            return 1;
        }
    }
    libxenvchan_close(chan);
    printf("echoed %zu bytes\n", done);
    return 0;
}

static int hold(int domid, const char *path)
{
    struct libxenvchan *chan = libxenvchan_client_init(NULL, domid, path);
    char byte;
    if (!chan) {
        perror("libxenvchan_client_init");
        return 1;
    }
    chan->blocking = 1;
    puts("connected");
    fflush(stdout);
    while (libxenvchan_read(chan, &byte, 1) > 0)
        continue;
    printf("closed: is_open says %d\n", libxenvchan_is_open(chan));
    libxenvchan_close(chan);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int domid = atoi(argv[2]);
    if (!strcmp(argv[1], "server"))
        return serve(domid, argv[3]);
    return strcmp(argv[1], "hold") ? request(domid, argv[3]) : hold(domid, argv[3]);
}
