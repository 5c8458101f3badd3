/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qwt-today.md 1.6 item 14 and pv-drivers.md 3.1 item 9: notifications got lost between two CPUs,
 * because the request to be notified and the index were not ordered, and transfers froze. Here two
 * threads move a stream through small rings in both directions, blocking, with sizes that make
 * both of them sleep all the time; the content is checked. A lost notification hangs the test.
 * Run with and without spinning.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/vchan/vchan_channel.h"
#include "tests/unit/vchan/fake_port.h"

enum { TOTAL_BYTES = 1 << 24, LARGEST = 3000 };

struct end {
    struct vchan_channel *channel;
    uint32_t random;
    bool ok;
};

static uint32_t next_random(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return *random >> 8;
}

static uint8_t content(uint32_t at)
{
    return (uint8_t)(at * 31 + (at >> 8));
}

static uint32_t next_size(struct end *end, uint32_t left)
{
    /* Mostly tiny. */
    uint32_t size = next_random(&end->random) % 8 ? 1 + next_random(&end->random) % 32
                                                  : 1 + next_random(&end->random) % LARGEST;
    return size < left ? size : left;
}

static bool send_some(struct end *end, uint32_t *sent)
{
    uint8_t data[LARGEST];
    uint32_t size = next_size(end, TOTAL_BYTES - *sent);
    int count;

    for (uint32_t i = 0; i < size; i++)
        data[i] = content(*sent + i);
    count = vchan_channel_write(end->channel, data, size, true);
    *sent += size;
    return count == (int)size;
}

static bool take_some(struct end *end, uint32_t *taken)
{
    uint8_t data[LARGEST];
    bool packet = next_random(&end->random) % 4 == 0;
    uint32_t size = next_size(end, TOTAL_BYTES - *taken);
    int count;

    if (packet && size > 1024)
        size = 1024;
    count = packet ? vchan_channel_recv(end->channel, data, size, true)
                   : vchan_channel_read(end->channel, data, size, true);
    if (count <= 0)
        return false;
    for (int i = 0; i < count; i++) {
        if (data[i] != content(*taken + (uint32_t)i))
            return false;
    }
    *taken += (uint32_t)count;
    return true;
}

static void *sender(void *argument)
{
    struct end *end = argument;
    uint32_t sent = 0;

    end->ok = true;
    while (end->ok && sent < TOTAL_BYTES)
        end->ok = send_some(end, &sent);
    return NULL;
}

static void *receiver(void *argument)
{
    struct end *end = argument;
    uint32_t taken = 0;

    end->ok = true;
    while (end->ok && taken < TOTAL_BYTES)
        end->ok = take_some(end, &taken);
    return NULL;
}

static void one_way(size_t left, size_t right, bool from_server)
{
    struct fake_world world;
    struct vchan_port server_port, client_port;
    struct vchan_channel server, client;
    struct end ends[2];
    pthread_t thread;

    fake_world_init(&world);
    server_port = fake_port(&world);
    client_port = fake_port(&world);
    assert_int_equal(vchan_channel_serve(&server, &server_port, 1, "p", left, right), VCHAN_OK);
    assert_int_equal(vchan_channel_join(&client, &client_port, 0, "p"), VCHAN_OK);
    ends[0] = (struct end){.channel = from_server ? &server : &client, .random = 1};
    ends[1] = (struct end){.channel = from_server ? &client : &server, .random = 2};
    assert_int_equal(pthread_create(&thread, NULL, sender, &ends[0]), 0);
    receiver(&ends[1]);
    pthread_join(thread, NULL);
    assert_true(ends[0].ok);
    assert_true(ends[1].ok);
    vchan_channel_close(&client);
    vchan_channel_close(&server);
    fake_world_end(&world);
}

static void in_page_rings(void **state)
{
    one_way(1024, 2048, false);
    one_way(1024, 2048, true);
}

static void paged_rings(void **state)
{
    one_way(4096, 8192, false);
    one_way(4096, 8192, true);
}

static void spinning(void **state)
{
    setenv("FAKE_PORT_SPIN", "1", 1);
    one_way(1024, 2048, false);
    one_way(1024, 2048, true);
    unsetenv("FAKE_PORT_SPIN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_page_rings),
        cmocka_unit_test(paged_rings),
        cmocka_unit_test(spinning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
