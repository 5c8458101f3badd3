/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tests' disk driver on the bare-metal guest: see tests/disk/platform.h. The driver runs on CPU
 * 0; the interrupts of its channels only count.
 */
#include <string.h>

#include "tests/disk/platform.h"

#include "clock.h"
#include "events.h"
#include "grants.h"
#include "memory.h"
#include "store.h"
#include "test.h"

static struct event events[BLK_QUEUES_MAX];
static struct store_watch watch;
static bool watch_used;
static uint32_t watch_seen;
static uint64_t grant_operations;

static enum blk_answer answer_of(enum xs_error error)
{
    return error == XS_OK ? BLK_DONE : error == XS_ERROR_NOT_FOUND ? BLK_ABSENT : BLK_REFUSED;
}

enum blk_answer disk_store_read(const char *path, char *value, uint32_t room, uint32_t *length)
{
    *length = 0;
    return answer_of(store_ask(XS_TYPE_READ, NULL, path, NULL, 0, value, room, length));
}

enum blk_answer disk_store_write(const char *path, const char *value)
{
    return answer_of(store_write(NULL, path, value));
}

enum blk_answer disk_store_remove(const char *path)
{
    return answer_of(store_remove(NULL, path));
}

bool disk_store_watch(const char *path)
{
    if (watch_used)
        store_unwatch(&watch);
    watch_seen = 0;
    return watch_used = store_watch(&watch, path) == XS_OK;
}

bool disk_store_fired(void)
{
    uint32_t fired = watch.fired;
    bool news = watch_used && fired != watch_seen;
    watch_seen = fired;
    return news;
}

void *disk_pages_new(uint32_t count)
{
    return page_new(count);
}

void disk_pages_free(void *pages, uint32_t count)
{
    page_free(pages, count);
}

uint32_t disk_grant(uint32_t domid, const void *page)
{
    grant_operations++;
    return grant_page((xen_domid)domid, page, false);
}

bool disk_ungrant(uint32_t ref)
{
    grant_operations++;
    return grant_end(ref);
}

/* grants_resume() keeps what was granted; nobody has it mapped. */
void disk_forget_grant(uint32_t ref)
{
    CHECK(grant_end(ref));
}

uint64_t disk_grant_operations(void)
{
    return grant_operations;
}

uint32_t disk_port_open(uint32_t queue, uint32_t domid)
{
    memset(&events[queue], 0, sizeof events[queue]);
    return event_offer(&events[queue], (xen_domid)domid) ? 0 : events[queue].channel.port;
}

void disk_port_close(uint32_t queue)
{
    event_close(&events[queue]);
}

void disk_port_forget(uint32_t queue)
{
    event_forget(&events[queue]);
}

void disk_port_notify(uint32_t queue)
{
    event_send(events[queue].channel.port);
}

uint64_t disk_now_ms(void)
{
    return clock_ns() / 1000000;
}

static uint32_t fired_in_all(void)
{
    uint32_t sum = watch.fired;
    for (uint32_t i = 0; i < BLK_QUEUES_MAX; i++)
        sum += events[i].count;
    return sum;
}

static uint32_t fired_before;

static bool something_fired(void *context)
{
    return fired_in_all() != fired_before;
}

void disk_sleep(uint32_t limit_ms)
{
    wait_for(something_fired, NULL, limit_ms);
    fired_before = fired_in_all();
}
