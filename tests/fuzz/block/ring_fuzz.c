/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of a PV disk against a backend that writes anything into the ring and the pool at any
 * time. Each step is a byte that says what happens, then what it needs:
 *   0 submit (operation, sector, sectors)   1 push   2 an honest backend serves (how many)
 *   3 a response (16 bytes)   4 the producer index moves (2 bytes)   5 event   6 collect
 *   7 the ring is lost and made anew   8 all fails, and the ring is made anew
 *   9 a byte of the ring or the pool changes (3 bytes)   10 the disk changes
 * Whatever happens: no request is done twice, none is lost, no byte beyond its memory is touched,
 * and no page or slot goes missing.
 */
#include "tests/fuzz/xen/script.h"
#include "tests/unit/block/fake_backend.h"

enum { REQUESTS = 40, POOL = 40, DATA_BYTES = 48 * 1024 };

struct bench {
    struct blk_queue queue;
    struct blk_slot slots[32];
    struct blk_page pages[POOL];
    struct blk_disk disk;
    struct fake_backend backend;
    struct blk_request requests[REQUESTS];
    struct blk_piece pieces[REQUESTS][2];
    bool out[REQUESTS]; /* submitted and not done */
    uint8_t data[DATA_BYTES];
};
static struct bench bench;
static union {
    struct blk_wire_ring ring;
    uint8_t bytes[BLK_PAGE_BYTES];
} ring;
static uint8_t pool[POOL][BLK_PAGE_BYTES], platter[FAKE_DISK_SECTORS * BLK_SECTOR_BYTES];

static void connect_ring(void)
{
    blk_queue_attach(&bench.queue, &ring.ring, 0);
    fake_init(&bench.backend, &ring.ring, 0, bench.pages, POOL, platter);
    blk_queue_connect(&bench.queue, &bench.disk, 1);
}

static void submit(struct script *script)
{
    uint32_t index = 0;
    while (index < REQUESTS && bench.out[index])
        index++;
    if (index == REQUESTS)
        return;
    uint8_t op = take(script);
    uint32_t sectors = take(script) % (DATA_BYTES / BLK_SECTOR_BYTES);
    uint32_t first = take(script) * 16 % (sectors * BLK_SECTOR_BYTES + 1);
    bench.pieces[index][0] = (struct blk_piece){bench.data, first};
    bench.pieces[index][1] =
        (struct blk_piece){bench.data + first, sectors * BLK_SECTOR_BYTES - first};
    bench.requests[index] = (struct blk_request){
        .op = (enum blk_op)(op % 4),
        .fua = op & 4,
        .secure = op & 8,
        .sector = op & 16 ? FAKE_DISK_SECTORS - take(script) : take(script),
        .sector_count = sectors,
        .pieces = bench.pieces[index],
        .piece_count = 2,
    };
    bench.out[index] = true;
    blk_queue_submit(&bench.queue, &bench.requests[index]);
}

static void collect(void)
{
    struct blk_request *request;
    while ((request = blk_queue_done(&bench.queue))) {
        uint32_t index = (uint32_t)(request - bench.requests);
        require(index < REQUESTS && bench.out[index]);
        bench.out[index] = false;
    }
}

static void respond(struct script *script)
{
    struct blk_wire_response response = {0};
    take_bytes(script, (uint8_t *)&response, sizeof(response));
    response.id &= UINT64_C(0xffffff000000ff); /* often one that exists */
    fake_answer(&bench.backend, response.id, response.operation & 7, response.status);
}

static void scribble(struct script *script)
{
    uint32_t at = take(script) | (uint32_t)take(script) << 8;
    if (at & 0x8000)
        pool[at >> 8 & 31][at & 255] = take(script);
    else
        ring.bytes[at % BLK_PAGE_BYTES] = take(script);
}

static void check(void)
{
    const struct blk_queue *queue = &bench.queue;
    uint32_t slots = 0, pages = 0, on_ring = 0;
    for (uint32_t i = queue->slot_free; i != BLK_NO_PAGE; i = queue->slots[i].next)
        slots++;
    for (uint32_t i = queue->page_free; i != BLK_NO_PAGE; i = queue->pages[i].next)
        pages++;
    for (uint32_t i = 0; i < queue->slot_count; i++)
        on_ring += queue->slots[i].request != NULL;
    require(slots + queue->on_ring == queue->slot_count && on_ring == queue->on_ring);
    require(pages == queue->pages_left);
    require(queue->fault || queue->request_prod - queue->response_cons == queue->on_ring);
}

static void step(struct script *script)
{
    switch (take(script) % 11) {
    case 0:
        submit(script);
        break;
    case 1:
        blk_queue_push(&bench.queue, 0);
        break;
    case 2:
        fake_serve(&bench.backend, take(script) % 32);
        break;
    case 3:
        respond(script);
        break;
    case 4:
        ring.ring.response_prod += (uint32_t)(int8_t)take(script) << take(script) % 32;
        break;
    case 5:
        blk_queue_event(&bench.queue, 0);
        break;
    case 6:
        collect();
        break;
    case 7:
        blk_queue_detach(&bench.queue);
        connect_ring();
        break;
    case 8:
        blk_queue_fail(&bench.queue, BLK_FAILED);
        require(blk_queue_idle(&bench.queue));
        connect_ring();
        break;
    case 9:
        scribble(script);
        break;
    default:
        bench.disk.segments_max = 11 + take(script) % 246;
        bench.disk.read_only = bench.disk.segments_max & 1;
        blk_queue_change(&bench.queue, &bench.disk);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {data, size};
    memset(&bench, 0, sizeof(bench));
    bench.disk = (struct blk_disk){.sector_count = FAKE_DISK_SECTORS,
                                   .sector_bytes = 512,
                                   .segments_max = 32,
                                   .flush = BLK_FLUSH_COMMAND,
                                   .discard = true};
    for (uint32_t i = 0; i < POOL; i++)
        bench.pages[i] = (struct blk_page){.bytes = pool[i], .ref = FAKE_FIRST_REF + i};
    blk_queue_init(&bench.queue, bench.slots, 32, bench.pages, POOL);
    connect_ring();
    while (script.left) {
        step(&script);
        check();
    }
    blk_queue_fail(&bench.queue, BLK_FAILED);
    collect();
    check();
    for (uint32_t i = 0; i < REQUESTS; i++)
        require(!bench.out[i]);
    return 0;
}
