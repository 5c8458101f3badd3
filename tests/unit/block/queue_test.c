/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One queue of a PV disk against a backend with a disk in memory: what is written is on the disk
 * and what is read is what was there, whatever the length, the alignment and the pieces; each
 * request is done exactly once; a backend that lies is a fault, and never more than that.
 */
#include "tests/unit/block/fake_backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { POOL = 600, HANDLE = 51712 };

struct bench {
    struct blk_queue queue;
    struct blk_slot slots[BLK_RING_ENTRIES_MAX];
    struct blk_page pages[POOL];
    struct blk_disk disk;
    struct fake_backend backend;
    struct blk_wire_ring *ring;
    uint8_t *pool, *platter;
    uint32_t order;
};

static const struct blk_disk plain_disk = {
    .sector_count = FAKE_DISK_SECTORS,
    .sector_bytes = 512,
    .segments_max = 256,
    .flush = BLK_FLUSH_COMMAND,
    .discard = true,
};

static void connect_ring(struct bench *bench)
{
    blk_queue_attach(&bench->queue, bench->ring, bench->order);
    fake_init(&bench->backend, bench->ring, bench->order, bench->pages, POOL, bench->platter);
    blk_queue_connect(&bench->queue, &bench->disk, HANDLE);
}

static struct bench *bench_with(uint32_t order, uint32_t pool, const struct blk_disk *disk)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    bench->order = order;
    bench->disk = *disk;
    bench->ring = aligned_alloc(BLK_PAGE_BYTES, (size_t)BLK_PAGE_BYTES << order);
    bench->pool = aligned_alloc(BLK_PAGE_BYTES, (size_t)BLK_PAGE_BYTES * POOL);
    memset(bench->pool, 0, (size_t)BLK_PAGE_BYTES * POOL);
    bench->platter = malloc(FAKE_DISK_SECTORS * BLK_SECTOR_BYTES);
    for (uint32_t i = 0; i < FAKE_DISK_SECTORS * BLK_SECTOR_BYTES; i++)
        bench->platter[i] = (uint8_t)(i / 512 + i % 251);
    for (uint32_t i = 0; i < POOL; i++)
        bench->pages[i] = (struct blk_page){.bytes = bench->pool + (size_t)i * BLK_PAGE_BYTES,
                                            .ref = FAKE_FIRST_REF + i};
    blk_queue_init(&bench->queue, bench->slots, blk_wire_ring_entries(order), bench->pages, pool);
    connect_ring(bench);
    return bench;
}

static struct bench *bench_new(void)
{
    return bench_with(0, POOL, &plain_disk);
}

static void bench_free(struct bench *bench)
{
    free(bench->ring);
    free(bench->pool);
    free(bench->platter);
    free(bench);
}

static void turn(struct bench *bench)
{
    blk_queue_push(&bench->queue, 0);
    fake_serve(&bench->backend, UINT32_MAX);
    assert_int_equal(blk_queue_event(&bench->queue, 0), BLK_NO_FAULT);
}

/* Until it is done; it is the only one. */
static enum blk_status run(struct bench *bench, struct blk_request *request)
{
    struct blk_request *done;
    blk_queue_submit(&bench->queue, request);
    for (uint32_t i = 0; !(done = blk_queue_done(&bench->queue)); i++) {
        assert_true(i < 1000);
        turn(bench);
    }
    assert_ptr_equal(done, request);
    assert_null(blk_queue_done(&bench->queue));
    assert_true(blk_queue_idle(&bench->queue));
    assert_int_equal(bench->queue.pages_left, bench->queue.page_count);
    return request->status;
}

static enum blk_status run_one(struct bench *bench, enum blk_op op, uint64_t sector, void *bytes,
                               uint32_t length)
{
    struct blk_piece piece = {bytes, length};
    struct blk_request request = {.op = op,
                                  .sector = sector,
                                  .sector_count = length / BLK_SECTOR_BYTES,
                                  .pieces = &piece,
                                  .piece_count = 1};
    return run(bench, &request);
}

static void fill(uint8_t *bytes, uint32_t length, uint32_t seed)
{
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(seed = seed * 1664525 + 1013904223, seed >> 24);
}

/* --- Data. */

static void every_length_arrives(void **state)
{
    static const uint32_t sectors[] = {1, 7, 8, 9, 87, 88, 89, 96, 256, 2047, 2048, 2049, 5000};
    uint8_t *data = malloc(5000 * BLK_SECTOR_BYTES), *back = malloc(5000 * BLK_SECTOR_BYTES);
    for (uint32_t max = 0; max < 3; max++) {
        struct blk_disk disk = plain_disk;
        disk.segments_max = (const uint32_t[]){11, 32, 256}[max];
        struct bench *bench = bench_with(0, POOL, &disk);
        for (uint32_t i = 0; i < sizeof(sectors) / sizeof(sectors[0]); i++) {
            uint32_t length = sectors[i] * BLK_SECTOR_BYTES;
            fill(data, length, i);
            assert_int_equal(run_one(bench, BLK_WRITE, 3 + i, data, length), BLK_OK);
            assert_memory_equal(bench->platter + (3 + i) * BLK_SECTOR_BYTES, data, length);
            assert_int_equal(run_one(bench, BLK_READ, 3 + i, back, length), BLK_OK);
            assert_memory_equal(back, data, length);
        }
        assert_int_equal(bench->backend.largest_segments, disk.segments_max);
        bench_free(bench);
    }
    free(data);
    free(back);
}

/* Buffers begin anywhere and are cut anywhere: a piece's end has nothing to do with a sector's. */
static void pieces_are_cut_anywhere(void **state)
{
    struct bench *bench = bench_new();
    enum { LENGTH = 64 * 1024 };
    static const uint32_t cuts[] = {1, 511, 4096, 4097, 13, 30000, 3, LENGTH - 38721};
    uint8_t *memory = malloc(LENGTH + 64), *flat = malloc(LENGTH);
    struct blk_piece pieces[8];
    uint8_t *at = memory + 3;
    for (uint32_t i = 0; i < 8; i++, at += 2) {
        pieces[i] = (struct blk_piece){at, cuts[i]};
        at += cuts[i];
    }
    struct blk_request request = {.op = BLK_READ,
                                  .sector = 40,
                                  .sector_count = LENGTH / 512,
                                  .pieces = pieces,
                                  .piece_count = 8};
    assert_int_equal(run(bench, &request), BLK_OK);
    at = flat;
    for (uint32_t i = 0; i < 8; at += cuts[i++])
        memcpy(at, pieces[i].bytes, cuts[i]);
    assert_memory_equal(flat, bench->platter + 40 * 512, LENGTH);
    request.op = BLK_WRITE;
    request.sector = 9000;
    assert_int_equal(run(bench, &request), BLK_OK);
    assert_memory_equal(flat, bench->platter + 9000 * 512, LENGTH);
    free(memory);
    free(flat);
    bench_free(bench);
}

/* --- What cannot be done is said at once, and the backend hears nothing of it. */

static void refused_here(void **state)
{
    static uint8_t bytes[8192];
    struct blk_disk disk = plain_disk;
    disk.sector_bytes = 4096;
    disk.flush = BLK_FLUSH_NONE;
    disk.discard = false;
    struct bench *bench = bench_with(0, POOL, &disk);
    assert_int_equal(run_one(bench, BLK_READ, FAKE_DISK_SECTORS, bytes, 4096), BLK_OUT_OF_RANGE);
    assert_int_equal(run_one(bench, BLK_READ, FAKE_DISK_SECTORS - 8, bytes, 8192),
                     BLK_OUT_OF_RANGE);
    assert_int_equal(run_one(bench, BLK_READ, UINT64_MAX - 7, bytes, 4096), BLK_OUT_OF_RANGE);
    assert_int_equal(run_one(bench, BLK_READ, 0, bytes, 0), BLK_OUT_OF_RANGE);
    assert_int_equal(run_one(bench, BLK_READ, 1, bytes, 4096), BLK_OUT_OF_RANGE);
    assert_int_equal(run_one(bench, BLK_READ, 8, bytes, 512), BLK_OUT_OF_RANGE);
    struct blk_piece piece = {bytes, 4096};
    struct blk_request request = {
        .op = BLK_WRITE, .sector_count = 16, .pieces = &piece, .piece_count = 1};
    assert_int_equal(run(bench, &request), BLK_OUT_OF_RANGE);
    request = (struct blk_request){.op = BLK_FLUSH};
    assert_int_equal(run(bench, &request), BLK_NOT_SUPPORTED);
    request = (struct blk_request){.op = BLK_DISCARD, .sector_count = 8};
    assert_int_equal(run(bench, &request), BLK_NOT_SUPPORTED);
    assert_int_equal(bench->backend.request_cons, 0);

    bench->disk.read_only = true;
    blk_queue_change(&bench->queue, &bench->disk);
    assert_int_equal(run_one(bench, BLK_WRITE, 0, bytes, 4096), BLK_READ_ONLY_DISK);
    assert_int_equal(run_one(bench, BLK_READ, 0, bytes, 4096), BLK_OK);
    bench_free(bench);
}

static void flush_discard_and_fua(void **state)
{
    struct blk_disk disk = plain_disk;
    disk.flush = BLK_FLUSH_BARRIER;
    struct bench *bench = bench_with(0, POOL, &disk);
    struct blk_request request = {.op = BLK_FLUSH};
    assert_int_equal(run(bench, &request), BLK_OK);
    assert_int_equal(bench->backend.flushes, 1);
    request = (struct blk_request){.op = BLK_DISCARD, .sector = 100, .sector_count = 50};
    assert_int_equal(run(bench, &request), BLK_OK);
    assert_int_equal(bench->platter[100 * 512] | bench->platter[150 * 512 - 1], 0);
    assert_int_not_equal(bench->platter[99 * 512 + 1] | bench->platter[150 * 512 + 1], 0);
    request.secure = true;
    assert_int_equal(run(bench, &request), BLK_NOT_SUPPORTED);

    uint8_t bytes[1024];
    struct blk_piece piece = {bytes, 1024};
    fill(bytes, 1024, 5);
    request = (struct blk_request){
        .op = BLK_WRITE, .fua = true, .sector_count = 2, .pieces = &piece, .piece_count = 1};
    assert_int_equal(run(bench, &request), BLK_OK);
    assert_int_equal(bench->backend.flushes, 2);
    assert_memory_equal(bench->platter, bytes, 1024);
    bench_free(bench);
}

/* An offer that turns out to be none is an honest error, and is not tried again. */
static void a_flush_that_is_not_there(void **state)
{
    struct bench *bench = bench_new();
    union blk_wire_request wire;
    struct blk_request request = {.op = BLK_FLUSH};
    blk_queue_submit(&bench->queue, &request);
    blk_queue_push(&bench->queue, 0);
    assert_true(fake_take(&bench->backend, &wire));
    fake_answer(&bench->backend, fake_id(&wire), BLK_WIRE_FLUSH, BLK_WIRE_NOT_SUPPORTED);
    assert_int_equal(blk_queue_event(&bench->queue, 0), BLK_NO_FAULT);
    assert_ptr_equal(blk_queue_done(&bench->queue), &request);
    assert_int_equal(request.status, BLK_NOT_SUPPORTED);
    assert_int_equal(run(bench, &request), BLK_NOT_SUPPORTED);
    assert_int_equal(bench->backend.request_cons, 1);
    bench_free(bench);
}

/* --- Many at a time. */

enum { MANY = 300 };
struct many {
    struct blk_request requests[MANY];
    struct blk_piece pieces[MANY];
    uint8_t bytes[MANY][4096];
    uint32_t done[MANY];
};

static struct many *many_new(enum blk_op op, uint64_t sector)
{
    struct many *many = calloc(1, sizeof(*many));
    for (uint32_t i = 0; i < MANY; i++) {
        many->pieces[i] = (struct blk_piece){many->bytes[i], 4096};
        many->requests[i] = (struct blk_request){.op = op,
                                                 .sector = sector + i * 8,
                                                 .sector_count = 8,
                                                 .pieces = &many->pieces[i],
                                                 .piece_count = 1,
                                                 .owner = &many->done[i]};
        fill(many->bytes[i], 4096, i + 1);
    }
    return many;
}

static uint32_t collect(struct bench *bench)
{
    struct blk_request *request;
    uint32_t count = 0;
    for (; (request = blk_queue_done(&bench->queue)); count++)
        ++*(uint32_t *)request->owner;
    return count;
}

static void each_once(const struct many *many, enum blk_status status)
{
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(many->done[i], 1);
        assert_int_equal(many->requests[i].status, status);
    }
}

/* More than the ring, or the pool, holds: they wait, in order, and nobody is forgotten. */
static void a_full_ring_and_a_small_pool(void **state)
{
    for (uint32_t pool = BLK_POOL_PAGES_MIN; pool <= POOL; pool += POOL - BLK_POOL_PAGES_MIN) {
        struct bench *bench = bench_with(0, pool, &plain_disk);
        struct many *many = many_new(BLK_WRITE, 0);
        for (uint32_t i = 0; i < MANY; i++)
            blk_queue_submit(&bench->queue, &many->requests[i]);
        uint32_t done = 0;
        for (uint32_t turns = 0; done < MANY; turns++) {
            assert_true(turns < MANY);
            turn(bench);
            done += collect(bench);
        }
        each_once(many, BLK_OK);
        for (uint32_t i = 0; i < MANY; i++)
            assert_memory_equal(bench->platter + i * 4096, many->bytes[i], 4096);
        free(many);
        bench_free(bench);
    }
}

/* Answers in any order find their requests. */
static void answers_in_any_order(void **state)
{
    struct bench *bench = bench_with(4, POOL, &plain_disk);
    struct many *many = many_new(BLK_READ, 1000);
    static union blk_wire_request wire[MANY];
    for (uint32_t i = 0; i < MANY; i++)
        blk_queue_submit(&bench->queue, &many->requests[i]);
    assert_true(blk_queue_push(&bench->queue, 0));
    for (uint32_t i = 0; i < MANY; i++)
        assert_true(fake_take(&bench->backend, &wire[i]));
    for (uint32_t i = 0; i < MANY; i++) {
        const union blk_wire_request *one = &wire[i * 77 % MANY];
        int16_t status = fake_execute(&bench->backend, one);
        fake_answer(&bench->backend, fake_id(one), fake_operation(one), status);
    }
    assert_int_equal(blk_queue_event(&bench->queue, 0), BLK_NO_FAULT);
    assert_int_equal(collect(bench), MANY);
    each_once(many, BLK_OK);
    for (uint32_t i = 0; i < MANY; i++)
        assert_memory_equal(bench->platter + 1000 * 512 + i * 4096, many->bytes[i], 4096);
    free(many);
    bench_free(bench);
}

/* No reference but the pool's ever reaches the ring, and no page's reference changes: in steady
 * state there is nothing to grant and nothing to revoke. */
static void no_grant_operation_in_steady_state(void **state)
{
    struct bench *bench = bench_new();
    struct blk_page before[POOL];
    static uint8_t bytes[256 * 1024];
    memcpy(before, bench->pages, sizeof(before));
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(run_one(bench, i % 2 ? BLK_READ : BLK_WRITE, i * 16, bytes, 512 << i % 10),
                         BLK_OK);
    for (uint32_t i = 0; i < POOL; i++) {
        assert_int_equal(bench->pages[i].ref, before[i].ref);
        assert_ptr_equal(bench->pages[i].bytes, before[i].bytes);
    }
    bench_free(bench);
}

/* The backend is told only when it asked to be. */
static void notifications(void **state)
{
    struct bench *bench = bench_new();
    struct many *many = many_new(BLK_READ, 0);
    union blk_wire_request wire;
    for (uint32_t i = 0; i < 3; i++)
        blk_queue_submit(&bench->queue, &many->requests[i]);
    assert_true(blk_queue_push(&bench->queue, 0));
    assert_false(blk_queue_push(&bench->queue, 0));
    blk_queue_submit(&bench->queue, &many->requests[3]);
    assert_false(blk_queue_push(&bench->queue, 0)); /* it was told, and has not looked yet */
    while (fake_take(&bench->backend, &wire))
        fake_answer(&bench->backend, fake_id(&wire), BLK_WIRE_READ, BLK_WIRE_OKAY);
    blk_queue_submit(&bench->queue, &many->requests[4]);
    assert_true(blk_queue_push(&bench->queue, 0));
    assert_int_equal(blk_queue_event(&bench->queue, 0), BLK_NO_FAULT);
    assert_int_equal(collect(bench), 4);
    assert_true(fake_take(&bench->backend, &wire));
    assert_true(fake_answer(&bench->backend, fake_id(&wire), BLK_WIRE_READ, BLK_WIRE_OKAY));
    free(many);
    bench_free(bench);
}

/* The queue's indices and the ring's run over 2^32 like any other number. */
static void indices_wrap(void **state)
{
    struct bench *bench = bench_new();
    static uint8_t bytes[4096];
    uint32_t start = UINT32_MAX - 20;
    bench->queue.request_prod = bench->queue.response_cons = start;
    bench->backend.request_cons = bench->backend.response_prod = start;
    bench->ring->request_prod = bench->ring->response_prod = start;
    bench->ring->request_event = bench->ring->response_event = start + 1;
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(run_one(bench, BLK_WRITE, i, bytes, 4096), BLK_OK);
    assert_int_equal(bench->queue.request_prod, start + 64);
    bench_free(bench);
}

/* --- A suspend: what was not done is done again, in the order of submission. */

static void replayed_in_order(void **state)
{
    struct bench *bench = bench_new();
    struct many *many = many_new(BLK_WRITE, 0);
    for (uint32_t i = 0; i < MANY; i++)
        blk_queue_submit(&bench->queue, &many->requests[i]);
    blk_queue_push(&bench->queue, 0);
    /* 5 of 32 are answered, one of which was not collected; 20 were done and not answered. */
    fake_serve(&bench->backend, 5);
    assert_int_equal(blk_queue_event(&bench->queue, 0), BLK_NO_FAULT);
    union blk_wire_request wire;
    for (uint32_t i = 0; i < 20 && fake_take(&bench->backend, &wire); i++)
        fake_execute(&bench->backend, &wire);
    blk_queue_detach(&bench->queue);
    assert_int_equal(collect(bench), 5);
    assert_false(blk_queue_push(&bench->queue, 0));

    bench->disk.segments_max = 11; /* the next backend is a lesser one */
    connect_ring(bench);
    assert_true(blk_queue_push(&bench->queue, 0));
    for (uint32_t i = 5; i < 5 + 32; i++) {
        assert_true(fake_take(&bench->backend, &wire));
        assert_int_equal(wire.rw.sector, i * 8);
        fake_answer(&bench->backend, fake_id(&wire), BLK_WIRE_WRITE,
                    fake_execute(&bench->backend, &wire));
    }
    for (uint32_t done = 5, turns = 0; done < MANY; turns++) {
        assert_true(turns < MANY);
        turn(bench);
        done += collect(bench);
    }
    each_once(many, BLK_OK);
    free(many);
    bench_free(bench);
}

static void an_answer_of_the_old_ring_is_none(void **state)
{
    struct bench *bench = bench_new();
    struct many *many = many_new(BLK_READ, 0);
    union blk_wire_request old;
    blk_queue_submit(&bench->queue, &many->requests[0]);
    blk_queue_push(&bench->queue, 0);
    assert_true(fake_take(&bench->backend, &old));
    blk_queue_detach(&bench->queue);
    connect_ring(bench);
    blk_queue_push(&bench->queue, 0);
    fake_answer(&bench->backend, fake_id(&old), BLK_WIRE_READ, BLK_WIRE_OKAY);
    assert_int_equal(blk_queue_event(&bench->queue, 0), BLK_FAULT_ID);
    free(many);
    bench_free(bench);
}

static void fewer_queues_after_a_reconnect(void **state)
{
    struct bench *first = bench_new(), *second = bench_new();
    struct many *many = many_new(BLK_WRITE, 0);
    for (uint32_t i = 0; i < MANY; i++)
        blk_queue_submit(i % 2 ? &first->queue : &second->queue, &many->requests[i]);
    blk_queue_push(&second->queue, 0);
    blk_queue_detach(&first->queue);
    blk_queue_detach(&second->queue);
    blk_queue_move(&second->queue, &first->queue);
    assert_true(blk_queue_idle(&second->queue));
    connect_ring(first);
    for (uint32_t done = 0, turns = 0; done < MANY; turns++) {
        assert_true(turns < MANY);
        turn(first);
        done += collect(first);
    }
    each_once(many, BLK_OK);
    free(many);
    bench_free(first);
    bench_free(second);
}

/* --- Backends that fail or lie. */

/* The first part that fails decides, and the others are waited for. */
static void an_error_in_the_middle(void **state)
{
    struct blk_disk disk = plain_disk;
    disk.segments_max = 11;
    struct bench *bench = bench_with(0, POOL, &disk);
    static uint8_t bytes[1024 * 1024];
    struct blk_piece piece = {bytes, sizeof(bytes)};
    struct blk_request request = {
        .op = BLK_WRITE, .sector_count = 2048, .pieces = &piece, .piece_count = 1};
    union blk_wire_request first, second;
    blk_queue_submit(&bench->queue, &request);
    blk_queue_push(&bench->queue, 0);
    assert_true(fake_take(&bench->backend, &first));
    assert_true(fake_take(&bench->backend, &second));
    fake_answer(&bench->backend, fake_id(&second), BLK_WIRE_WRITE, BLK_WIRE_ERROR);
    assert_int_equal(blk_queue_event(&bench->queue, 0), BLK_NO_FAULT);
    assert_null(blk_queue_done(&bench->queue));
    fake_answer(&bench->backend, fake_id(&first), BLK_WIRE_WRITE, BLK_WIRE_OKAY);
    turn(bench);
    assert_ptr_equal(blk_queue_done(&bench->queue), &request);
    assert_int_equal(request.status, BLK_ERROR);
    assert_int_equal(run_one(bench, BLK_READ, 0, bytes, 4096), BLK_OK);
    bench_free(bench);
}

enum lie {
    LIE_INDEX,
    LIE_INDEX_BACK,
    LIE_INDEX_FAR,
    LIE_ID_TWICE,
    LIE_ID_BEYOND,
    LIE_ID_FREE,
    LIE_GENERATION,
    LIE_OPERATION,
    LIE_COUNT,
};

static void tell_lie(struct fake_backend *backend, enum lie lie, uint64_t id)
{
    switch (lie) {
    case LIE_INDEX: /* 4 requests are outstanding */
        backend->ring->response_prod += 5;
        break;
    case LIE_INDEX_BACK:
        backend->ring->response_prod -= 1;
        break;
    case LIE_INDEX_FAR:
        backend->ring->response_prod += 0x80000000;
        break;
    case LIE_ID_TWICE:
        fake_answer(backend, id, BLK_WIRE_READ, BLK_WIRE_OKAY);
        fake_answer(backend, id, BLK_WIRE_READ, BLK_WIRE_OKAY);
        break;
    case LIE_ID_BEYOND:
        fake_answer(backend, id + 512, BLK_WIRE_READ, BLK_WIRE_OKAY);
        break;
    case LIE_ID_FREE:
        fake_answer(backend, id + 20, BLK_WIRE_READ, BLK_WIRE_OKAY);
        break;
    case LIE_GENERATION:
        fake_answer(backend, id + (UINT64_C(1) << 32), BLK_WIRE_READ, BLK_WIRE_OKAY);
        break;
    default:
        fake_answer(backend, id, BLK_WIRE_WRITE, BLK_WIRE_OKAY);
        break;
    }
}

static void lies_are_faults(void **state)
{
    static const enum blk_fault expected[LIE_COUNT] = {
        BLK_FAULT_INDEX, BLK_FAULT_INDEX, BLK_FAULT_INDEX, BLK_FAULT_ID,
        BLK_FAULT_ID,    BLK_FAULT_ID,    BLK_FAULT_ID,    BLK_FAULT_OPERATION};
    for (enum lie lie = 0; lie < LIE_COUNT; lie++) {
        struct bench *bench = bench_new();
        struct many *many = many_new(BLK_READ, 0);
        union blk_wire_request wire;
        for (uint32_t i = 0; i < 4; i++)
            blk_queue_submit(&bench->queue, &many->requests[i]);
        blk_queue_push(&bench->queue, 0);
        assert_true(fake_take(&bench->backend, &wire));
        tell_lie(&bench->backend, lie, fake_id(&wire));
        assert_int_equal(blk_queue_event(&bench->queue, 0), expected[lie]);

        /* From here on nothing moves, until the owner fails the queue: then all is done, once. */
        uint32_t done = collect(bench);
        assert_int_equal(done, lie == LIE_ID_TWICE);
        blk_queue_submit(&bench->queue, &many->requests[4]);
        assert_false(blk_queue_push(&bench->queue, 0));
        assert_int_equal(blk_queue_event(&bench->queue, 0), expected[lie]);
        blk_queue_fail(&bench->queue, BLK_FAILED);
        blk_queue_submit(&bench->queue, &many->requests[5]);
        assert_int_equal(done + collect(bench), 6);
        for (uint32_t i = 0; i < 6; i++)
            assert_int_equal(many->done[i], 1);
        assert_int_equal(many->requests[5].status, BLK_FAILED);
        assert_true(blk_queue_idle(&bench->queue));
        free(many);
        bench_free(bench);
    }
}

/* The page is copied from once it is answered, and never after. */
static void data_after_the_answer_is_not_seen(void **state)
{
    struct bench *bench = bench_new();
    uint8_t bytes[4096];
    assert_int_equal(run_one(bench, BLK_READ, 80, bytes, 4096), BLK_OK);
    memset(bench->pool, 0xee, (size_t)POOL * BLK_PAGE_BYTES);
    assert_memory_equal(bytes, bench->platter + 80 * 512, 4096);
    bench_free(bench);
}

static void how_long_it_is_silent(void **state)
{
    struct bench *bench = bench_new();
    struct many *many = many_new(BLK_READ, 0);
    union blk_wire_request wire;
    uint64_t since = 7;
    assert_false(blk_queue_oldest(&bench->queue, &since));
    blk_queue_submit(&bench->queue, &many->requests[0]);
    blk_queue_push(&bench->queue, 1000);
    blk_queue_submit(&bench->queue, &many->requests[1]);
    blk_queue_push(&bench->queue, 3000);
    assert_true(blk_queue_oldest(&bench->queue, &since));
    assert_int_equal(since, 1000);
    /* Answers to others do not excuse it. */
    assert_true(fake_take(&bench->backend, &wire));
    assert_true(fake_take(&bench->backend, &wire));
    fake_answer(&bench->backend, fake_id(&wire), BLK_WIRE_READ, BLK_WIRE_OKAY);
    assert_int_equal(blk_queue_event(&bench->queue, 4000), BLK_NO_FAULT);
    assert_true(blk_queue_oldest(&bench->queue, &since));
    assert_int_equal(since, 1000);
    free(many);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_arrives),
        cmocka_unit_test(pieces_are_cut_anywhere),
        cmocka_unit_test(refused_here),
        cmocka_unit_test(flush_discard_and_fua),
        cmocka_unit_test(a_flush_that_is_not_there),
        cmocka_unit_test(a_full_ring_and_a_small_pool),
        cmocka_unit_test(answers_in_any_order),
        cmocka_unit_test(no_grant_operation_in_steady_state),
        cmocka_unit_test(notifications),
        cmocka_unit_test(indices_wrap),
        cmocka_unit_test(replayed_in_order),
        cmocka_unit_test(an_answer_of_the_old_ring_is_none),
        cmocka_unit_test(fewer_queues_after_a_reconnect),
        cmocka_unit_test(an_error_in_the_middle),
        cmocka_unit_test(lies_are_faults),
        cmocka_unit_test(data_after_the_answer_is_not_seen),
        cmocka_unit_test(how_long_it_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
