/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/xen across `xl save` and `xl restore` (resume.sh), as PVH and behind hvmloader. The guest
 * goes to sleep with a channel open, a page in dom0's hands, a watch set, a transaction begun and
 * more requests on their way than the ring holds. Afterwards:
 *
 *   - restored, it is another domain; the requests are answered there, the watch fires there, the
 *     transaction fails with "again", the grant that dom0 had in use is free at once;
 *   - event channels work as before the sleep, with the same ABI and delivery: 2-level and FIFO, by
 *     callback, by the platform device's line, by each vCPU's vector;
 *   - grants, XenStore, and a vchan with Debian's libxenvchan work with the new domain's partner;
 *   - of a suspend that was cancelled (xl save -c) nothing is seen: same domain, same channel, same
 *     grant, and the transaction can be committed.
 *
 * The tests' names are in the order in which resume.sh saves.
 */
#include <string.h>

#include "../clock.h"
#include "../grants.h"
#include "../memory.h"
#include "../partner.h"
#include "../store.h"
#include "../suspend.h"
#include "../test.h"
#include "../xen.h"
#include "events_work.h"

enum { ON_THE_WAY = 40, VALUE_BYTES = 200 };

struct sleeper {
    uint32_t domid, ref;
    uint8_t *page;
    struct event from, to;
    struct store_watch watch;
    uint32_t fired;
    struct xs_transaction transaction;
};

static struct store_call calls[ON_THE_WAY];

static void hold_everything(struct sleeper *sleeper)
{
    memset(sleeper, 0, sizeof *sleeper);
    sleeper->domid = xen_domid_own();
    sleeper->page = page_new(1);
    sleeper->ref = grant_page(0, sleeper->page, false);
    partner_ask("map %u rw", sleeper->ref);
    CHECK_EQUAL(event_offer(&sleeper->to, XEN_DOMID_SELF), 0);
    CHECK_EQUAL(event_bind(&sleeper->from, XEN_DOMID_SELF, sleeper->to.channel.port), 0);
    CHECK_EQUAL(store_write(NULL, "data/watched", "before"), XS_OK);
    CHECK_EQUAL(store_watch(&sleeper->watch, "data/watched"), XS_OK);
    CHECK(store_watch_wait(&sleeper->watch, 1, WAIT_MS));
    CHECK_EQUAL(store_write(NULL, "data/in-transaction", "0"), XS_OK);
    CHECK_EQUAL(store_begin(&sleeper->transaction), XS_OK);
    CHECK_EQUAL(store_write(&sleeper->transaction, "data/in-transaction", "1"), XS_OK);
}

static void send_requests(void)
{
    static char paths[ON_THE_WAY][32], value[VALUE_BYTES];
    bool on = store_lock();

    memset(calls, 0, sizeof calls);
    memset(value, 'v', sizeof value);
    for (unsigned i = 0; i < ON_THE_WAY; i++) {
        snprintf(paths[i], sizeof paths[i], "data/way/%u", i);
        store_begin_write(&calls[i], paths[i], value, sizeof value);
    }
    store_unlock(on);
}

/* True: restored. */
static bool sleep_now(struct sleeper *sleeper)
{
    partner_ask("ready"); /* resume.sh waits for this */
    CHECK(suspend_await(WAIT_MS));
    sleeper->fired = sleeper->watch.fired;
    send_requests();
    return suspend_now();
}

static void requests_are_answered(void)
{
    char value[VALUE_BYTES + 1];

    CHECK_EQUAL(store_read(NULL, "data/way/39", value, sizeof value), XS_OK);
    CHECK_EQUAL(strlen(value), VALUE_BYTES);
    for (unsigned i = 0; i < ON_THE_WAY; i++) {
        CHECK(calls[i].done);
        CHECK_EQUAL(calls[i].request.error, XS_OK);
    }
    CHECK_EQUAL(store_remove(NULL, "data/way"), XS_OK);
}

static void watch_fires(struct sleeper *sleeper)
{
    CHECK_EQUAL(store_write(NULL, "data/watched", "after"), XS_OK);
    CHECK(store_watch_wait(&sleeper->watch, sleeper->fired + 1, WAIT_MS));
    CHECK(!strcmp(sleeper->watch.fired_path, "data/watched"));
    store_unwatch(&sleeper->watch);
}

static void store_is_another(struct sleeper *sleeper)
{
    char value[32], own[16];

    CHECK(xen_domid_own() != sleeper->domid);
    requests_are_answered();
    CHECK_EQUAL(store_read(NULL, "domid", value, sizeof value), XS_OK);
    snprintf(own, sizeof own, "%u", xen_domid_own());
    CHECK(!strcmp(value, own));
    CHECK_EQUAL(store_write(&sleeper->transaction, "data/in-transaction", "2"), XS_ERROR_AGAIN);
    CHECK_EQUAL(store_end(&sleeper->transaction, true), XS_ERROR_AGAIN);
    CHECK_EQUAL(store_read(NULL, "data/in-transaction", value, sizeof value), XS_ERROR_NOT_FOUND);
    CHECK_EQUAL(store_begin(&sleeper->transaction), XS_OK);
    CHECK_EQUAL(store_write(&sleeper->transaction, "data/in-transaction", "3"), XS_OK);
    CHECK_EQUAL(store_end(&sleeper->transaction, true), XS_OK);
    watch_fires(sleeper);
}

/* The table is another one: dom0's part for this domain reads and writes a page of it. */
static void grants_are_ours(struct sleeper *sleeper)
{
    CHECK(grant_end(sleeper->ref));
    sleeper->page[0] = 0x5a;
    sleeper->ref = grant_page(0, sleeper->page, false);
    CHECK(sleeper->ref != GRANT_NONE);
    partner_ask("map %u rw", sleeper->ref);
    CHECK_EQUAL(partner_number("peek 0"), 0x5a);
    partner_ask("poke 1 77");
    CHECK_EQUAL(sleeper->page[1], 77);
    partner_ask("unmap");
    CHECK(grant_end(sleeper->ref));
    page_free(sleeper->page, 1);
}

static void sleeps_and_is_another(enum events_abi abi, enum events_delivery delivery)
{
    static struct sleeper sleeper;

    CHECK(events_use(abi, delivery));
    hold_everything(&sleeper);
    CHECK(sleep_now(&sleeper));
    event_forget(&sleeper.from);
    event_forget(&sleeper.to);
    CHECK_EQUAL(events_abi(), abi);
    CHECK_EQUAL(events_delivery(), delivery);
    store_is_another(&sleeper);
    events_work(abi, delivery);
    grants_are_ours(&sleeper);
}

TEST(resume_1_cancelled, TEST_PARTNER)
{
    static struct sleeper sleeper;
    uint32_t count;
    char value[16];

    events_start();
    hold_everything(&sleeper);
    CHECK(event_wait(&sleeper.from, 1, WAIT_MS)); /* Xen's own, for the joining end */
    CHECK(!sleep_now(&sleeper));
    CHECK_EQUAL(xen_domid_own(), sleeper.domid);
    requests_are_answered();
    watch_fires(&sleeper);
    CHECK_EQUAL(store_end(&sleeper.transaction, true), XS_OK);
    CHECK_EQUAL(store_read(NULL, "data/in-transaction", value, sizeof value), XS_OK);
    CHECK(!strcmp(value, "1"));
    count = sleeper.to.count;
    CHECK_EQUAL(event_send(sleeper.from.channel.port), 0);
    CHECK(event_wait(&sleeper.to, count + 1, WAIT_MS));
    CHECK(!grant_end(sleeper.ref)); /* dom0 has it still */
    partner_ask("poke 3 9");
    CHECK_EQUAL(sleeper.page[3], 9);
    partner_ask("unmap");
    CHECK(grant_end(sleeper.ref));
    event_close(&sleeper.from);
    event_close(&sleeper.to);
    page_free(sleeper.page, 1);
}

TEST(resume_2_two_level, TEST_PARTNER)
{
    sleeps_and_is_another(EVENTS_2L, test_machine_is_hvm() ? EVENTS_BY_INTX : EVENTS_BY_CALLBACK);
}

TEST(resume_3_fifo, TEST_PARTNER)
{
    sleeps_and_is_another(EVENTS_FIFO, EVENTS_BY_UPCALL);
}
