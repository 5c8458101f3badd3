/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/block as a PV disk's frontend against Linux's blkback in dom0 (disk.sh), which attaches and
 * detaches the disk with `casement disk` and looks at the data by its SHA-256:
 *
 *   - the first half of the disk is copied into the second, by requests of 512 bytes to 1 MiB
 *     (indirect ones), over all queues, many at a time; flushed, it is there;
 *   - in steady state no request costs a grant operation;
 *   - discard, if it is offered, is answered;
 *   - the disk grows while it is in use, and its new end can be written;
 *   - detached by dom0 while the guest runs, it lets go of everything: no page stays mapped;
 *   - attached again, read-only and as a CD, it says so, and refuses to be written;
 *   - across xl save and xl restore requests under way are done, once, in the new domain.
 */
#include <string.h>

#include "tests/disk/driver.h"

#include "../clock.h"
#include "../events.h"
#include "../grants.h"
#include "../memory.h"
#include "../partner.h"
#include "../store.h"
#include "../suspend.h"
#include "../test.h"

enum {
    HANDLE = 51712,
    LIMIT_MS = 40000,
    COPY_BYTES = 1 << 20,
    FLIGHTS = 60,
    FLIGHT_BYTES = 8192,
};

static struct disk disk;
static const struct disk_options options = {.handle = HANDLE,
                                            .cpu_count = 2,
                                            .queues_max = 2,
                                            .ring_order_max = 4,
                                            .patience_ms = LIMIT_MS};

/* dom0 attaches the disk when it hears "ready"; its folder's appearance is what starts a driver. */
static void take_disk(void)
{
    static struct store_watch devices;
    char value[16];

    events_start();
    grants_start();
    store_start();
    memset(&devices, 0, sizeof devices);
    CHECK_EQUAL(store_watch(&devices, "device/vbd"), XS_OK);
    partner_ask("ready");
    for (uint32_t fired = 0;
         store_read(NULL, "device/vbd/51712/state", value, sizeof value) != XS_OK; fired++)
        CHECK(store_watch_wait(&devices, fired + 1, LIMIT_MS));
    store_unwatch(&devices);
    disk_start(&disk, &options);
    if (!disk_until(&disk, &disk.open, LIMIT_MS))
        test_fail(__FILE__, __LINE__, "no disk: %s", blk_fault_text(disk.front.fault));
    print("disk: %lu sectors, %u queues of order %u, %u segments, flush %u, discard %u, persistent "
          "%u\n",
          disk.front.disk.sector_count, disk.front.plan.queue_count, disk.front.plan.ring_order,
          disk.front.disk.segments_max, disk.front.disk.flush, disk.front.disk.discard,
          disk.front.disk.persistent);
}

static void copy(uint64_t from, uint64_t to, uint64_t sectors, uint32_t chunk, uint32_t depth)
{
    uint8_t *bytes = page_new(COPY_BYTES / PAGE_BYTES);

    for (uint64_t done = 0; done < sectors; done += COPY_BYTES / 512) {
        uint64_t length = (sectors - done) * 512;
        if (length > COPY_BYTES)
            length = COPY_BYTES;
        CHECK_EQUAL(disk_move(&disk, BLK_READ, from + done, bytes, length, chunk, depth), BLK_OK);
        CHECK_EQUAL(disk_move(&disk, BLK_WRITE, to + done, bytes, length, chunk, depth), BLK_OK);
    }
    page_free(bytes, COPY_BYTES / PAGE_BYTES);
}

/* In quarters, each by requests of another size. */
static void copy_half(void)
{
    static const struct {
        uint32_t chunk, depth;
    } ways[] = {{512, 64}, {4096, 128}, {44 << 10, 16}, {1 << 20, 2}};
    uint64_t half = disk.front.disk.sector_count / 2, part = half / 4;
    uint64_t operations = disk_grant_operations();

    for (uint64_t i = 0; i < 4; i++)
        copy(i * part, half + i * part, i == 0 ? part / 8 : part, ways[i].chunk, ways[i].depth);
    copy(part / 8, half + part / 8, part - part / 8, 256 << 10, 4);
    CHECK_EQUAL(disk_do(&disk, BLK_FLUSH, 0, NULL, 0), BLK_OK);
    CHECK_EQUAL(disk_grant_operations(), operations);
}

static void discard_is_answered(void)
{
    bool done = false;
    struct blk_request request = {
        .op = BLK_DISCARD, .sector = 8, .sector_count = 64, .owner = &done};

    disk_submit(&disk, 0, &request);
    CHECK(disk_until(&disk, &done, LIMIT_MS));
    CHECK_EQUAL(request.status, disk.front.disk.discard ? BLK_OK : BLK_NOT_SUPPORTED);
}

static void grows(void)
{
    static uint8_t bytes[4096], back[4096];
    uint64_t before = disk.front.disk.sector_count;

    partner_ask("ready"); /* dom0 makes it twice as large */
    CHECK_EQUAL(disk_do(&disk, BLK_READ, 0, bytes, sizeof bytes), BLK_OK); /* blkback looks */
    CHECK(disk_until(&disk, &disk.grown, LIMIT_MS));
    CHECK_EQUAL(disk.front.disk.sector_count, 2 * before);
    memset(bytes, 0xa5, sizeof bytes);
    CHECK_EQUAL(disk_do(&disk, BLK_WRITE, 2 * before - 8, bytes, sizeof bytes), BLK_OK);
    CHECK_EQUAL(disk_do(&disk, BLK_READ, 2 * before - 8, back, sizeof back), BLK_OK);
    CHECK(!memcmp(bytes, back, sizeof bytes));
}

static void leave_disk(void)
{
    CHECK(disk_until(&disk, &disk.close_asked, LIMIT_MS));
    CHECK(disk_close(&disk, LIMIT_MS));
    CHECK(!disk.failed);
    CHECK_EQUAL(disk.pages_lost, 0);
    disk_free(&disk);
}

TEST(disk_1_copied, TEST_PARTNER)
{
    take_disk();
    copy_half();
    partner_ask("ready"); /* dom0 compares */
    grows();
    discard_is_answered();
    partner_ask("ready"); /* dom0 detaches */
    leave_disk();
}

static void read_only_disk(bool cdrom)
{
    static uint8_t bytes[4096];

    take_disk();
    CHECK(disk.front.disk.read_only);
    CHECK_EQUAL(disk.front.disk.cdrom, cdrom);
    CHECK_EQUAL(disk_do(&disk, BLK_READ, 0, bytes, sizeof bytes), BLK_OK);
    CHECK_EQUAL(disk_do(&disk, BLK_WRITE, 0, bytes, sizeof bytes), BLK_READ_ONLY_DISK);
    partner_ask("ready");
    leave_disk();
}

TEST(disk_2_read_only, TEST_PARTNER)
{
    read_only_disk(false);
}

TEST(disk_3_cd, TEST_PARTNER)
{
    read_only_disk(true);
}

TEST(disk_4_restored, TEST_PARTNER)
{
    static struct blk_request requests[FLIGHTS];
    static struct blk_piece pieces[FLIGHTS];
    static bool done[FLIGHTS];
    uint8_t *bytes = page_new(FLIGHTS * FLIGHT_BYTES / PAGE_BYTES), back[512];

    take_disk();
    partner_ask("ready"); /* dom0 saves */
    CHECK(suspend_await(LIMIT_MS));
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        memset(bytes + i * FLIGHT_BYTES, (int)i + 1, FLIGHT_BYTES);
        pieces[i] = (struct blk_piece){bytes + i * FLIGHT_BYTES, FLIGHT_BYTES};
        requests[i] = (struct blk_request){.op = BLK_WRITE,
                                           .sector = 64 + 16 * i,
                                           .sector_count = 16,
                                           .pieces = &pieces[i],
                                           .piece_count = 1,
                                           .owner = &done[i]};
        disk_submit(&disk, i, &requests[i]);
        if (i == FLIGHTS / 2)
            disk_turn(&disk); /* half of them are on the rings */
    }
    CHECK(suspend_now());
    disk_resume(&disk);
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        CHECK(disk_until(&disk, &done[i], LIMIT_MS));
        CHECK_EQUAL(requests[i].status, BLK_OK);
    }
    CHECK_EQUAL(disk.opens, 2);
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        CHECK_EQUAL(disk_do(&disk, BLK_READ, 64 + 16 * i + 15, back, 512), BLK_OK);
        CHECK(!memcmp(back, bytes + i * FLIGHT_BYTES, 512));
    }
    CHECK(disk_close(&disk, LIMIT_MS));
    CHECK_EQUAL(disk.pages_lost, 0);
    disk_free(&disk);
    page_free(bytes, FLIGHTS * FLIGHT_BYTES / PAGE_BYTES);
}
