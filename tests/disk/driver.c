/* SPDX-License-Identifier: BSD-2-Clause */
/* A small disk driver for tests: see driver.h. */
#include "core/xen/decimal.h"
#include "tests/disk/driver.h"

#include <string.h>

enum { PATH_ROOM = 320, DEPTH_MAX = 256, TICK_MS = 200 };

/* --- Texts. */

static void join(char *out, const char *folder, const char *node)
{
    size_t length = strlen(folder);
    memcpy(out, folder, length);
    out[length] = '/';
    memcpy(out + length + 1, node, strlen(node) + 1);
}

static void front_path(const struct disk *disk, char *out, const char *node)
{
    char folder[32] = "device/vbd/";
    decimal_write(folder + strlen(folder), disk->options.handle);
    join(out, folder, node);
}

/* --- Rings and pools. */

static bool grant_pages(struct disk *disk, struct disk_queue *queue)
{
    for (uint32_t i = 0; i < DISK_POOL_PAGES; i++) {
        queue->pages[i].ref = disk_grant(disk->front.backend_domid, queue->pages[i].bytes);
        if (!queue->pages[i].ref)
            return false;
    }
    return true;
}

static bool make_queue(struct disk *disk, uint32_t index, struct blk_queue_grants *grants)
{
    struct disk_queue *queue = &disk->queues[index];
    uint32_t order = disk->front.plan.ring_order;
    queue->ring = disk_pages_new(1u << order);
    blk_queue_attach(&queue->queue, queue->ring, order);
    for (uint32_t i = 0; i < 1u << order; i++) {
        queue->refs[i] =
            disk_grant(disk->front.backend_domid, (uint8_t *)queue->ring + i * BLK_PAGE_BYTES);
        grants->ring_refs[i] = queue->refs[i];
        if (!queue->refs[i])
            return false;
    }
    grants->port = disk_port_open(index, disk->front.backend_domid);
    return grants->port && grant_pages(disk, queue);
}

/* What the backend still has mapped can be changed by it: such a page is never used again. */
static void end_grant(struct disk *disk, uint32_t *ref)
{
    if (*ref && !disk_ungrant(*ref))
        disk->pages_lost++;
    *ref = 0;
}

static void drop_queue(struct disk *disk, uint32_t index)
{
    struct disk_queue *queue = &disk->queues[index];
    uint32_t lost = disk->pages_lost;
    disk_port_close(index);
    blk_queue_fail(&queue->queue, BLK_FAILED);
    for (uint32_t i = 0; i < BLK_RING_PAGES_MAX; i++)
        end_grant(disk, &queue->refs[i]);
    if (queue->ring && disk->pages_lost == lost)
        disk_pages_free(queue->ring, 1u << disk->front.plan.ring_order);
    queue->ring = NULL;
    for (uint32_t i = 0; i < DISK_POOL_PAGES; i++)
        end_grant(disk, &queue->pages[i].ref);
}

static void make_rings(struct disk *disk)
{
    static struct blk_queue_grants grants[BLK_QUEUES_MAX];
    uint32_t before = disk->queue_count, count = disk->front.plan.queue_count;
    bool made = true;
    for (uint32_t i = count; i < before; i++) /* fewer than on the connection before */
        blk_queue_move(&disk->queues[i].queue, &disk->queues[i % count].queue);
    disk->queue_count = count;
    for (uint32_t i = 0; i < count && made; i++)
        made = make_queue(disk, i, &grants[i]);
    if (!made) {
        for (uint32_t i = 0; i < count; i++)
            drop_queue(disk, i);
        disk->queue_count = 0;
    }
    blk_front_rings(&disk->front, made ? grants : NULL);
}

static void drop_rings(struct disk *disk)
{
    for (uint32_t i = 0; i < disk->queue_count; i++)
        drop_queue(disk, i);
    disk->queue_count = 0;
    blk_front_answer(&disk->front, BLK_DONE, NULL, 0);
}

/* --- The frontend's actions. */

static void store_action(struct disk *disk, const struct blk_action *action)
{
    char path[PATH_ROOM], value[BLK_ANSWER_MAX];
    uint32_t length = 0;
    bool back = action->what == BLK_DO_READ_BACK || action->what == BLK_DO_WATCH;
    enum blk_answer answer;
    if (back)
        join(path, disk->front.backend_path, action->node);
    else
        front_path(disk, path, action->node);
    if (action->what == BLK_DO_WRITE)
        answer = disk_store_write(path, action->text);
    else if (action->what == BLK_DO_REMOVE)
        answer = disk_store_remove(path);
    else if (action->what == BLK_DO_WATCH)
        answer = disk_store_watch(path) ? BLK_DONE : BLK_REFUSED;
    else
        answer = disk_store_read(path, value, sizeof(value), &length);
    blk_front_answer(&disk->front, answer, value, length);
}

static void all_queues_fail(struct disk *disk)
{
    for (uint32_t i = 0; i < BLK_QUEUES_MAX; i++)
        blk_queue_fail(&disk->queues[i].queue, BLK_FAILED);
}

static void open_disk(struct disk *disk)
{
    for (uint32_t i = 0; i < disk->queue_count; i++)
        blk_queue_connect(&disk->queues[i].queue, &disk->front.disk, disk->options.handle);
    disk->open = true;
    disk->opens++;
}

/* False: there was nothing to do. */
static bool front_turn(struct disk *disk)
{
    struct blk_action action;
    blk_front_next(&disk->front, &action);
    switch (action.what) {
    case BLK_DO_NOTHING:
        return false;
    case BLK_DO_MAKE_RINGS:
        make_rings(disk);
        break;
    case BLK_DO_DROP_RINGS:
        drop_rings(disk);
        break;
    case BLK_DO_OPEN:
        open_disk(disk);
        break;
    case BLK_DO_GROWN:
        for (uint32_t i = 0; i < disk->queue_count; i++)
            blk_queue_change(&disk->queues[i].queue, &disk->front.disk);
        disk->grown = true;
        break;
    case BLK_DO_CLOSE_ASKED:
        disk->close_asked = true;
        break;
    case BLK_DO_FAIL:
        disk->open = false;
        disk->failed = true;
        all_queues_fail(disk);
        break;
    case BLK_DO_CLOSED:
        disk->open = false;
        disk->closed = true;
        break;
    default:
        store_action(disk, &action);
        break;
    }
    return true;
}

/* --- Requests. */

static void queue_turn(struct disk *disk, uint32_t index, uint64_t now_ms)
{
    struct blk_queue *queue = &disk->queues[index].queue;
    struct blk_request *request;
    uint64_t since_ms;
    enum blk_fault fault = blk_queue_event(queue, now_ms);
    if (!fault && blk_queue_oldest(queue, &since_ms) &&
        now_ms - since_ms > disk->options.patience_ms)
        fault = BLK_FAULT_SILENT;
    if (fault)
        blk_front_fault(&disk->front, fault);
    if (blk_queue_push(queue, now_ms))
        disk_port_notify(index);
    while ((request = blk_queue_done(queue))) {
        disk->done++;
        *(bool *)request->owner = true;
    }
}

void disk_turn(struct disk *disk)
{
    uint64_t now_ms = disk_now_ms();
    if (disk_store_fired())
        blk_front_backend_moved(&disk->front);
    blk_front_tick(&disk->front, now_ms);
    for (uint32_t i = 0; i < BLK_QUEUES_MAX; i++)
        queue_turn(disk, i, now_ms);
    while (front_turn(disk))
        ;
    for (uint32_t i = 0; i < BLK_QUEUES_MAX; i++)
        queue_turn(disk, i, now_ms);
}

bool disk_until(struct disk *disk, const bool *flag, uint32_t limit_ms)
{
    uint64_t end_ms = disk_now_ms() + limit_ms;
    for (;;) {
        disk_turn(disk);
        if (*flag)
            return true;
        if (disk_now_ms() >= end_ms)
            return false;
        disk_sleep(TICK_MS);
    }
}

void disk_submit(struct disk *disk, uint32_t queue, struct blk_request *request)
{
    uint32_t count = disk->queue_count ? disk->queue_count : 1;
    *(bool *)request->owner = false;
    blk_queue_submit(&disk->queues[queue % count].queue, request);
}

enum blk_status disk_do(struct disk *disk, enum blk_op op, uint64_t sector, void *bytes,
                        uint64_t length)
{
    bool done = false;
    struct blk_piece piece = {bytes, (uint32_t)length};
    struct blk_request request = {.op = op,
                                  .sector = sector,
                                  .sector_count = length / BLK_SECTOR_BYTES,
                                  .pieces = &piece,
                                  .piece_count = 1,
                                  .owner = &done};
    disk_submit(disk, 0, &request);
    while (!disk_until(disk, &done, UINT32_MAX / 2))
        ;
    return request.status;
}

struct flight {
    struct blk_request request;
    struct blk_piece piece;
    bool done, used;
};

static void launch(struct disk *disk, struct flight *flight, uint32_t queue, enum blk_op op,
                   uint64_t sector, uint8_t *bytes, uint32_t length)
{
    flight->piece = (struct blk_piece){bytes, length};
    flight->request = (struct blk_request){.op = op,
                                           .sector = sector,
                                           .sector_count = length / BLK_SECTOR_BYTES,
                                           .pieces = &flight->piece,
                                           .piece_count = 1,
                                           .owner = &flight->done};
    flight->used = true;
    disk_submit(disk, queue, &flight->request);
}

enum blk_status disk_move(struct disk *disk, enum blk_op op, uint64_t sector, void *bytes,
                          uint64_t length, uint32_t chunk, uint32_t depth)
{
    static struct flight flights[DEPTH_MAX];
    enum blk_status status = BLK_OK;
    uint64_t at = 0;
    uint32_t out = 0, next = 0;
    memset(flights, 0, sizeof(flights));
    while (at < length || out) {
        for (uint32_t i = 0; i < depth; i++) {
            struct flight *flight = &flights[i];
            if (flight->used && flight->done) {
                status = status == BLK_OK ? flight->request.status : status;
                flight->used = false;
                out--;
            }
            if (!flight->used && at < length) {
                uint32_t count = length - at < chunk ? (uint32_t)(length - at) : chunk;
                launch(disk, flight, next++, op, sector + at / BLK_SECTOR_BYTES,
                       (uint8_t *)bytes + at, count);
                at += count;
                out++;
            }
        }
        uint64_t before = disk->done;
        disk_turn(disk);
        while (out && disk->done == before) {
            disk_sleep(TICK_MS);
            disk_turn(disk);
        }
    }
    return status;
}

/* --- Its life. */

void disk_start(struct disk *disk, const struct disk_options *options)
{
    memset(disk, 0, sizeof(*disk));
    disk->options = *options;
    struct blk_front_config config = {.handle = options->handle,
                                      .cpu_count = options->cpu_count,
                                      .queues_max = options->queues_max,
                                      .ring_order_max = options->ring_order_max,
                                      .patience_ms = options->patience_ms};
    uint32_t slots = blk_wire_ring_entries(options->ring_order_max);
    uint32_t slot_pages = (uint32_t)((slots * sizeof(struct blk_slot) + 4095) / 4096);
    for (uint32_t q = 0; q < BLK_QUEUES_MAX; q++) {
        struct disk_queue *queue = &disk->queues[q];
        if (q >= options->queues_max) {
            blk_queue_init(&queue->queue, NULL, 0, NULL, 0);
            continue;
        }
        queue->slots = disk_pages_new(slot_pages);
        queue->pool = disk_pages_new(DISK_POOL_PAGES);
        for (uint32_t i = 0; i < DISK_POOL_PAGES; i++)
            queue->pages[i].bytes = queue->pool + (size_t)i * BLK_PAGE_BYTES;
        blk_queue_init(&queue->queue, queue->slots, slots, queue->pages, DISK_POOL_PAGES);
    }
    blk_front_init(&disk->front, &config, disk_now_ms());
}

void disk_resume(struct disk *disk)
{
    for (uint32_t q = 0; q < disk->queue_count; q++) {
        struct disk_queue *queue = &disk->queues[q];
        blk_queue_detach(&queue->queue);
        disk_port_forget(q);
        for (uint32_t i = 0; i < 1u << disk->front.plan.ring_order; i++)
            disk_forget_grant(queue->refs[i]);
        for (uint32_t i = 0; i < DISK_POOL_PAGES; i++)
            disk_forget_grant(queue->pages[i].ref);
        disk_pages_free(queue->ring, 1u << disk->front.plan.ring_order);
        queue->ring = NULL;
    }
    disk->open = false;
    blk_front_resume(&disk->front, disk_now_ms());
}

bool disk_close(struct disk *disk, uint32_t limit_ms)
{
    blk_front_close(&disk->front);
    return disk_until(disk, &disk->closed, limit_ms);
}

void disk_free(struct disk *disk)
{
    uint32_t slots = blk_wire_ring_entries(disk->options.ring_order_max);
    for (uint32_t q = 0; q < disk->options.queues_max && q < BLK_QUEUES_MAX; q++) {
        disk_pages_free(disk->queues[q].slots,
                        (uint32_t)((slots * sizeof(struct blk_slot) + 4095) / 4096));
        if (!disk->pages_lost)
            disk_pages_free(disk->queues[q].pool, DISK_POOL_PAGES);
    }
}
