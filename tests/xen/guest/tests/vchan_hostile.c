/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vchan whose other side is hostile, across real Xen. First dom0: it spoils the shared page in
 * the middle of a stream, as a server and as a client. The guest's calls end with an error, none
 * hangs, and the channel can be closed. Then the guest: it offers a control page that cannot be
 * true, or spoils it later; our library in dom0 refuses or ends the channel, and serves the next
 * one as if nothing had been.
 */
#include <string.h>

#include "../clock.h"
#include "../memory.h"
#include "../partner.h"
#include "../store.h"
#include "../test.h"
#include "../vchan_port_guest.h"
#include "../xen.h"
#include "core/vchan/vchan_channel.h"

#define OURS "/rig/lib/libxenvchan.so.4.17"

static struct vchan_port port;
static struct vchan_channel channel;
static uint8_t bytes[8192];

static void open_channel(bool guest_serves)
{
    char path[64];

    memset(&port, 0, sizeof port);
    memset(&channel, 0, sizeof channel);
    if (guest_serves) {
        CHECK_EQUAL(vchan_channel_serve(&channel, &port, 0, "data/vchan/6", 4096, 8192), VCHAN_OK);
        partner_ask("vchan-join %s /local/domain/%u/data/vchan/6", OURS, xen_domid_own());
        return;
    }
    partner_ask("vchan-serve %s data/vchan/%u/6 4096 8192", OURS, xen_domid_own());
    snprintf(path, sizeof path, "/local/domain/0/data/vchan/%u/6", xen_domid_own());
    CHECK_EQUAL(vchan_channel_join(&channel, &port, 0, path), VCHAN_OK);
}

static void close_channel(void)
{
    vchan_channel_close(&channel);
    vchan_port_close(&port);
    partner_ask("vchan-close");
    CHECK_EQUAL(grants_collect(), 0);
}

/* Reads and writes until something is wrong; a good channel would do so for ever. */
static int use_until_error(void)
{
    int result = 0;

    for (unsigned i = 0; i < 10 && result >= 0; i++) {
        result = vchan_channel_read(&channel, bytes, sizeof bytes, false);
        if (result >= 0)
            result = vchan_channel_write(&channel, bytes, 1000, false);
    }
    return result;
}

static void hostile_dom0(bool guest_serves, const char *what)
{
    int result;

    open_channel(guest_serves);
    CHECK_EQUAL(vchan_channel_write(&channel, bytes, 100, true), 100);
    partner_ask("vchan-break %s", what);
    result = use_until_error();
    print("  %s, spoiled by the %s in dom0: %s\n", what, guest_serves ? "client" : "server",
          vchan_status_text(result));
    CHECK(result == VCHAN_BAD_PEER || result == VCHAN_GONE);
    close_channel();
}

TEST(vchan_hostile_dom0, TEST_PARTNER)
{
    for (unsigned serves = 0; serves < 2; serves++) {
        hostile_dom0(serves, "producer");
        hostile_dom0(serves, "consumer");
        hostile_dom0(serves, "live");
        hostile_dom0(serves, "page");
    }
}

/* The orders are looked at once, when the rings are mapped: changing them later is idle. */
TEST(vchan_hostile_orders_later, TEST_PARTNER)
{
    for (unsigned serves = 0; serves < 2; serves++) {
        open_channel(serves);
        partner_ask("vchan-break orders");
        CHECK_EQUAL(vchan_channel_write(&channel, bytes, 100, true), 100);
        close_channel();
    }
}

static void good_channel_works(void)
{
    open_channel(true);
    partner_begin("vchan-echo");
    CHECK_EQUAL(vchan_channel_write(&channel, bytes, 100, true), 100);
    CHECK_EQUAL(vchan_channel_recv(&channel, bytes, 100, true), 100);
    vchan_channel_close(&channel);
    partner_end();
    partner_ask("vchan-close");
    vchan_port_close(&port);
}

/* How a join goes after the guest has done this to its control page. */
static long join_after(void (*spoil)(struct vchan_page *page))
{
    long joined;

    memset(&port, 0, sizeof port);
    memset(&channel, 0, sizeof channel);
    CHECK_EQUAL(vchan_channel_serve(&channel, &port, 0, "data/vchan/6", 4096, 8192), VCHAN_OK);
    spoil(channel.page);
    joined = partner_number("vchan-join %s /local/domain/%u/data/vchan/6", OURS, xen_domid_own());
    if (joined >= 0)
        partner_ask("vchan-close");
    vchan_channel_close(&channel);
    vchan_port_close(&port);
    return joined;
}

static void spoil_orders(struct vchan_page *page)
{
    page->left_order = 255;
}

static void spoil_grants(struct vchan_page *page)
{
    memset(page->grants, 0xff, 64);
}

static void spoil_live(struct vchan_page *page)
{
    page->srv_live = 0;
}

TEST(vchan_hostile_guest, TEST_PARTNER)
{
    CHECK(join_after(spoil_orders) < 0);
    CHECK(join_after(spoil_grants) < 0);
    CHECK(join_after(spoil_live) < 0);
    good_channel_works();

    /* In the middle of dom0's echo: it ends. */
    open_channel(true);
    partner_begin("vchan-echo");
    CHECK_EQUAL(vchan_channel_write(&channel, bytes, 100, true), 100);
    channel.page->right.prod += 0x40000000;
    vchan_port_notify(&port);
    partner_end();
    close_channel();
    good_channel_works();
}
