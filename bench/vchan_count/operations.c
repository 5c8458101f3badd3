/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A number of messages between the two ends of a channel, for counting core/vchan's instructions
 * (bench/count.py): CASE --count=N. The port is the unit tests' one, on a single thread: where the
 * client would sleep, the server has its turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/vchan/vchan_channel.h"
#include "tests/unit/vchan/fake_port.h"

enum { MESSAGE_BYTES = 64, BATCH = VCHAN_MAX_RING_BYTES / MESSAGE_BYTES };

static struct vchan_channel server, client;
static uint8_t message[MESSAGE_BYTES];

static void must(bool holds)
{
    if (!holds)
        exit(1);
}

static void send_one(struct vchan_channel *channel)
{
    must(vchan_channel_send(channel, message, sizeof(message), true) == MESSAGE_BYTES);
}

static void recv_one(struct vchan_channel *channel)
{
    must(vchan_channel_recv(channel, message, sizeof(message), true) == MESSAGE_BYTES);
}

/* The linker puts this in the place of the port's (--wrap). */
int __wrap_vchan_port_sleep(struct vchan_port *port);

int __wrap_vchan_port_sleep(struct vchan_port *port)
{
    must(port == client.port);
    recv_one(&server);
    send_one(&server);
    return VCHAN_OK;
}

static void stream(uint32_t count)
{
    for (uint32_t left = count, batch; left > 0; left -= batch) {
        batch = left < BATCH ? left : BATCH;
        for (uint32_t i = 0; i < batch; i++)
            send_one(&client);
        for (uint32_t i = 0; i < batch; i++)
            recv_one(&server);
    }
}

static void round_trips(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        send_one(&client);
        recv_one(&client);
    }
}

int main(int argc, char **argv)
{
    uint32_t count = argc == 3 && strncmp(argv[2], "--count=", 8) == 0
                         ? (uint32_t)strtoul(argv[2] + 8, NULL, 10)
                         : 0;
    struct vchan_port ports[2];
    struct fake_world world;

    if (!count)
        return 2;
    fake_world_init(&world);
    ports[0] = ports[1] = fake_port(&world);
    must(vchan_channel_serve(&server, &ports[0], 1, "p", VCHAN_MAX_RING_BYTES,
                             VCHAN_MAX_RING_BYTES) == VCHAN_OK);
    must(vchan_channel_join(&client, &ports[1], 0, "p") == VCHAN_OK);
    if (strcmp(argv[1], "stream") == 0)
        stream(count);
    else
        round_trips(count);
    vchan_channel_close(&client);
    vchan_channel_close(&server);
    fake_world_end(&world);
    return 0;
}
