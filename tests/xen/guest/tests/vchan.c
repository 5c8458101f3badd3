/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/vchan in this guest, on core/xen's event channels, grants and XenStore client, against
 * libxenvchan in dom0: Debian's unmodified one and ours, the guest once the server and once the
 * client. The partner sends back what it gets, so each test checks every byte in both directions:
 *
 *   - every ring order that the protocol knows, 10 to 20, left and right, in the control page and
 *     in pages of their own;
 *   - messages from one byte to more than both rings hold, as a stream and as packets, blocking
 *     and not;
 *   - an end by either side: what was written before can still be read, then the channel is gone.
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

#define DEBIAN "/usr/lib/x86_64-linux-gnu/libxenvchan.so.4.17"
#define OURS   "/rig/lib/libxenvchan.so.4.17"

struct rings {
    uint32_t left, right; /* orders */
};

static const struct rings all_rings[] = {
    {10, 11}, {11, 10}, {11, 12}, {12, 11}, {11, 20}, {20, 11}, {12, 12}, {13, 19},
    {14, 18}, {15, 17}, {16, 16}, {17, 15}, {18, 14}, {19, 13}, {20, 20},
};

enum { BUFFER_BYTES = 3 << 20 };

struct session {
    struct vchan_port port;
    struct vchan_channel channel;
    bool is_server;
    uint32_t sent; /* in all: what the echo must report */
};

static uint8_t *out, *in;

static uint8_t content(uint32_t at)
{
    return (uint8_t)(at * 131 + (at >> 7) + (at >> 15));
}

static void session_open(struct session *session, bool guest_serves, const char *library,
                         const struct rings *rings)
{
    char path[64];

    memset(session, 0, sizeof *session);
    session->is_server = guest_serves;
    if (guest_serves) {
        CHECK_EQUAL(vchan_channel_serve(&session->channel, &session->port, 0, "data/vchan/5",
                                        1u << rings->left, 1u << rings->right),
                    VCHAN_OK);
        CHECK_EQUAL(vchan_channel_state(&session->channel), VCHAN_STATE_WAITING);
        partner_ask("vchan-join %s /local/domain/%u/data/vchan/5", library, xen_domid_own());
    } else {
        partner_ask("vchan-serve %s data/vchan/%u/5 %u %u", library, xen_domid_own(),
                    1u << rings->left, 1u << rings->right);
        snprintf(path, sizeof path, "/local/domain/0/data/vchan/%u/5", xen_domid_own());
        CHECK_EQUAL(vchan_channel_join(&session->channel, &session->port, 0, path), VCHAN_OK);
    }
    CHECK_EQUAL(vchan_channel_state(&session->channel), VCHAN_STATE_CONNECTED);
    CHECK_EQUAL(session->channel.orders.left, rings->left);
    CHECK_EQUAL(session->channel.orders.right, rings->right);
}

static void fill(uint32_t start, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = content(start + (uint32_t)i);
    memset(in, 0, size);
}

/* More than the rings hold: both directions must move in turns. */
static void exchange_polled(struct session *session, size_t size)
{
    size_t written = 0, read = 0;

    while (read < size) {
        int wrote = vchan_channel_write(&session->channel, out + written, size - written, false);
        int got = vchan_channel_read(&session->channel, in + read, size - read, false);

        CHECK(wrote >= 0 && got >= 0);
        written += (size_t)wrote;
        read += (size_t)got;
        if (!wrote && !got)
            vchan_port_sleep(&session->port);
    }
}

/* At most one ring: can be written before anything is read. */
static void exchange_blocking(struct session *session, size_t size)
{
    size_t read = 0;

    CHECK_EQUAL(vchan_channel_write(&session->channel, out, size, true), size);
    while (read < size) {
        int got = vchan_channel_read(&session->channel, in + read, size - read, true);

        CHECK(got > 0);
        read += (size_t)got;
    }
}

static void exchange_packet(struct session *session, size_t size)
{
    CHECK_EQUAL(vchan_channel_send(&session->channel, out, size, true), size);
    CHECK_EQUAL(vchan_channel_recv(&session->channel, in, size, true), size);
}

static void exchange(struct session *session, size_t size,
                     void (*how)(struct session *session, size_t size))
{
    fill(session->sent, size);
    how(session, size);
    CHECK(!memcmp(out, in, size));
    session->sent += (uint32_t)size;
}

static void all_exchanges(struct session *session, const struct rings *rings)
{
    size_t smaller = (size_t)1 << (rings->left < rings->right ? rings->left : rings->right);
    size_t both = ((size_t)1 << rings->left) + ((size_t)1 << rings->right);
    const size_t sizes[] = {1, 7, 64, 1000, smaller - 1, smaller};

    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i] > smaller)
            continue;
        exchange(session, sizes[i], exchange_blocking);
        exchange(session, sizes[i], exchange_packet);
        exchange(session, sizes[i], exchange_polled);
    }
    exchange(session, both + both / 8 + 3, exchange_polled);
    CHECK_EQUAL(vchan_channel_send(
                    &session->channel, out,
                    ((size_t)1 << (session->is_server ? rings->right : rings->left)) + 1, true),
                VCHAN_TOO_BIG);
}

static void one_channel(bool guest_serves, const char *library, const struct rings *rings)
{
    static struct session session;
    unsigned long echoed;

    session_open(&session, guest_serves, library, rings);
    partner_begin("vchan-echo");
    all_exchanges(&session, rings);
    vchan_channel_close(&session.channel);
    echoed = strtoul(partner_end(), NULL, 10);
    CHECK_EQUAL(echoed, session.sent);
    partner_ask("vchan-close");
    vchan_port_close(&session.port);
    CHECK_EQUAL(grants_collect(), 0);
}

static void channels(bool guest_serves, const char *library, const struct rings *rings,
                     unsigned count)
{
    store_start();
    grants_start();
    out = page_new(BUFFER_BYTES / PAGE_BYTES);
    in = page_new(BUFFER_BYTES / PAGE_BYTES);
    for (unsigned i = 0; i < count; i++) {
        uint64_t start = clock_ns();

        one_channel(guest_serves, library, &rings[i]);
        print("  orders %u, %u: %lu ms\n", rings[i].left, rings[i].right,
              (clock_ns() - start) / 1000000);
    }
    page_free(out, BUFFER_BYTES / PAGE_BYTES);
    page_free(in, BUFFER_BYTES / PAGE_BYTES);
}

static void all_channels(bool guest_serves, const char *library)
{
    channels(guest_serves, library, all_rings, sizeof all_rings / sizeof all_rings[0]);
}

TEST(vchan_server_for_debian, TEST_PARTNER)
{
    all_channels(true, DEBIAN);
}

TEST(vchan_server_for_ours, TEST_PARTNER)
{
    all_channels(true, OURS);
}

TEST(vchan_client_of_debian, TEST_PARTNER)
{
    all_channels(false, DEBIAN);
}

TEST(vchan_client_of_ours, TEST_PARTNER)
{
    all_channels(false, OURS);
}

/* One pair of rings only, for a guest that has been restored. */
TEST(vchan_small_server, TEST_PARTNER)
{
    static const struct rings rings = {12, 11};

    channels(true, DEBIAN, &rings, 1);
}

/* dom0 writes and leaves: all of it can be read, then the channel says that it is gone. */
static void partner_leaves(bool guest_serves, const char *library)
{
    static const struct rings rings = {13, 13};
    static struct session session;
    static uint8_t bytes[4096];
    int got, total = 0;

    session_open(&session, guest_serves, library, &rings);
    partner_begin("vchan-source 5000");
    got = vchan_channel_read(&session.channel, bytes, 1, true);
    CHECK_EQUAL(got, 1);
    CHECK_EQUAL(vchan_channel_write(&session.channel, bytes, 1, true), 1);
    partner_end();
    partner_ask("vchan-close");
    while ((got = vchan_channel_read(&session.channel, bytes, sizeof bytes, true)) > 0)
        total += got;
    CHECK_EQUAL(total, 4999);
    CHECK_EQUAL(got, VCHAN_GONE);
    CHECK_EQUAL(vchan_channel_write(&session.channel, bytes, 1, true), VCHAN_GONE);
    CHECK_EQUAL(vchan_channel_state(&session.channel), VCHAN_STATE_GONE);
    vchan_channel_close(&session.channel);
    vchan_port_close(&session.port);
}

TEST(vchan_partner_leaves, TEST_PARTNER)
{
    partner_leaves(true, DEBIAN);
    partner_leaves(true, OURS);
    partner_leaves(false, DEBIAN);
    partner_leaves(false, OURS);
}
