/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring whose owner has stopped: what it had sent is answered before it is taken over, wherever
 * its indices stand; then the new queue writes and reads through the same grants. A backend that
 * lies about what it answered is never taken over from.
 */
#include "core/block/takeover.h"
#include "tests/unit/block/fake_backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { POOL = 32, PIECE = 4096 };

static const struct blk_disk disk = {.sector_count = FAKE_DISK_SECTORS,
                                     .sector_bytes = 512,
                                     .segments_max = 11,
                                     .flush = BLK_FLUSH_COMMAND};

static struct blk_queue first, second;
static struct blk_slot slots[32];
static struct blk_page pages[POOL];
static struct fake_backend backend;
static struct blk_wire_ring *ring;
static uint8_t *pool, *platter, data[PIECE];
static struct blk_piece piece = {data, PIECE};

static int set_up(void **state)
{
    ring = aligned_alloc(BLK_PAGE_BYTES, BLK_PAGE_BYTES);
    pool = aligned_alloc(BLK_PAGE_BYTES, BLK_PAGE_BYTES * POOL);
    platter = calloc(FAKE_DISK_SECTORS, BLK_SECTOR_BYTES);
    for (uint32_t i = 0; i < POOL; i++)
        pages[i] = (struct blk_page){.bytes = pool + i * BLK_PAGE_BYTES, .ref = FAKE_FIRST_REF + i};
    memset(slots, 0, sizeof(slots));
    blk_queue_init(&first, slots, 32, pages, POOL);
    blk_queue_attach(&first, ring, 0);
    fake_init(&backend, ring, 0, pages, POOL, platter);
    blk_queue_connect(&first, &disk, 51712);
    return 0;
}

static int tear_down(void **state)
{
    free(ring);
    free(pool);
    free(platter);
    return 0;
}

static void send(struct blk_queue *queue, struct blk_request *request, uint64_t sector,
                 uint8_t byte)
{
    memset(data, byte, PIECE);
    *request = (struct blk_request){.op = BLK_WRITE,
                                    .sector = sector,
                                    .sector_count = PIECE / 512,
                                    .pieces = &piece,
                                    .piece_count = 1};
    blk_queue_submit(queue, request);
    (void)blk_queue_push(queue, 0);
}

static void the_old_ones_come_first(void **state)
{
    struct blk_request old[3], request;

    for (int rounds = 0; rounds < 20; rounds++) { /* to an odd place on the ring */
        send(&first, &old[0], 0, 9);
        fake_serve(&backend, 1);
        assert_int_equal(blk_queue_event(&first, 0), BLK_NO_FAULT);
        assert_ptr_equal(blk_queue_done(&first), &old[0]);
    }
    for (int i = 0; i < 3; i++)
        send(&first, &old[i], (uint64_t)i * 8, (uint8_t)(i + 1));

    blk_queue_init(&second, slots, 32, pages, POOL);
    assert_false(blk_queue_take_over(&second, ring, 0));
    fake_serve(&backend, 2);
    assert_false(blk_queue_take_over(&second, ring, 0));
    fake_serve(&backend, 1);
    assert_true(blk_queue_take_over(&second, ring, 0));
    blk_queue_connect(&second, &disk, 51712);
    assert_int_equal(platter[16 * 512], 3);
    for (int i = 0; i < 100; i++) {
        send(&second, &request, 100 + (uint64_t)i * 8, (uint8_t)i);
        assert_int_equal(fake_serve(&backend, 9), 1);
        assert_int_equal(blk_queue_event(&second, 0), BLK_NO_FAULT);
        assert_ptr_equal(blk_queue_done(&second), &request);
        assert_int_equal(request.status, BLK_OK);
        assert_int_equal(platter[(100 + (uint64_t)i * 8) * 512], i);
    }
}

static void a_liar_is_not_taken_over_from(void **state)
{
    struct blk_request old;

    send(&first, &old, 0, 1);
    ring->response_prod = 1000;
    blk_queue_init(&second, slots, 32, pages, POOL);
    assert_false(blk_queue_take_over(&second, ring, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_old_ones_come_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_liar_is_not_taken_over_from, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
