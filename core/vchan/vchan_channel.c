/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Set-up, data path and end of a channel. The data path keeps notifications rare: a request
 * stands in the shared page only while this side is about to sleep, or after a call that moved
 * less than was asked (the caller may go and poll then).
 */
#include "core/vchan/vchan_channel.h"

#include <limits.h>
#include <string.h>

/* A long copy is published in pieces, so that both sides copy at the same time. */
enum { PIECE_BYTES = 16 * 1024 };

/* How often an offer is read again that changed meanwhile. */
enum { OFFER_LOOKS = 8 };

/* A spin looks at the ring so often, then at the clock, and lets others run. */
enum { LOOKS_PER_ROUND = 4 };

/* A reader of a stream of small messages that is faster than their writer would take the line of
 * the indices from it for every message. It lets this time pass before it looks, and finds many. */
enum { LINGER_NS = 1500 };

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* --- Set-up */

static void begin(struct vchan_channel *channel, struct vchan_port *port, uint32_t peer_domid,
                  bool is_server)
{
    memset(channel, 0, sizeof(*channel));
    channel->port = port;
    channel->peer_domid = peer_domid;
    channel->is_server = is_server;
    vchan_spin_init(&channel->spin, vchan_port_many_cpus());
}

static int share_rings(struct vchan_channel *channel)
{
    uint32_t left_pages = vchan_order_pages(channel->orders.left);
    uint32_t right_pages = vchan_order_pages(channel->orders.right);
    uint32_t refs[2 * VCHAN_MAX_PAGES];
    int status = VCHAN_OK;

    if (left_pages)
        status = vchan_port_share(channel->port, channel->peer_domid, left_pages, VCHAN_NO_OFFSET,
                                  refs, &channel->left);
    if (status == VCHAN_OK && right_pages)
        status = vchan_port_share(channel->port, channel->peer_domid, right_pages, VCHAN_NO_OFFSET,
                                  refs + left_pages, &channel->right);
    if (status == VCHAN_OK)
        memcpy(channel->page->grants, refs, sizeof(refs[0]) * (left_pages + right_pages));
    return status;
}

int vchan_channel_serve(struct vchan_channel *channel, struct vchan_port *port, uint32_t peer_domid,
                        const char *path, size_t left_min, size_t right_min)
{
    uint32_t page_ref;
    void *page;
    int status;

    begin(channel, port, peer_domid, true);
    if (!vchan_orders_choose(left_min, right_min, &channel->orders))
        return VCHAN_BAD_ARGUMENT;
    status = vchan_port_offer_event(port, peer_domid);
    if (status != VCHAN_OK)
        return status;
    status = vchan_port_share(port, peer_domid, 1, offsetof(struct vchan_page, srv_live), &page_ref,
                              &page);
    if (status != VCHAN_OK) {
        vchan_port_drop_event(port);
        return status;
    }
    channel->page = page;
    vchan_page_init(channel->page, channel->orders);
    status = share_rings(channel);
    vchan_ring_attach(&channel->ring, channel->page, true, channel->orders, channel->left,
                      channel->right);
    if (status == VCHAN_OK)
        status = vchan_port_publish(port, peer_domid, path, page_ref);
    if (status != VCHAN_OK)
        vchan_channel_close(channel);
    return status;
}

static int read_number(struct vchan_port *port, const char *path, const char *leaf, uint32_t *out)
{
    char value[16];
    int length = vchan_port_read_key(port, path, leaf, value, sizeof(value));

    if (length < 0)
        return length;
    /* An empty key is one that is being made. */
    if (length == 0)
        return VCHAN_NO_SERVER;
    return vchan_parse_key(value, (size_t)length, out) ? VCHAN_OK : VCHAN_BAD_PEER;
}

/* A server that starts anew between two reads would give one key of each. One that does so for ever
 * is not waited for here: whoever watches the key is told of each change anyway. */
static int read_offer(struct vchan_port *port, const char *path, uint32_t *event, uint32_t *ref)
{
    uint32_t again = 0;
    int status = read_number(port, path, "event-channel", event);

    for (int look = 0; status == VCHAN_OK && look < OFFER_LOOKS; look++) {
        status = read_number(port, path, "ring-ref", ref);
        if (status == VCHAN_OK)
            status = read_number(port, path, "event-channel", &again);
        if (status == VCHAN_OK && again == *event)
            return VCHAN_OK;
        *event = again;
    }
    return status == VCHAN_OK ? VCHAN_NO_SERVER : status;
}

static int map_rings(struct vchan_channel *channel)
{
    uint32_t left_pages = vchan_order_pages(channel->orders.left);
    uint32_t right_pages = vchan_order_pages(channel->orders.right);
    uint32_t refs[2 * VCHAN_MAX_PAGES];
    int status = VCHAN_OK;

    for (uint32_t i = 0; i < left_pages + right_pages; i++)
        refs[i] = __atomic_load_n(&channel->page->grants[i], __ATOMIC_RELAXED);
    if (left_pages)
        status = vchan_port_map(channel->port, channel->peer_domid, left_pages, VCHAN_NO_OFFSET,
                                refs, &channel->left);
    if (status == VCHAN_OK && right_pages)
        status = vchan_port_map(channel->port, channel->peer_domid, right_pages, VCHAN_NO_OFFSET,
                                refs + left_pages, &channel->right);
    return status;
}

int vchan_channel_join(struct vchan_channel *channel, struct vchan_port *port, uint32_t peer_domid,
                       const char *path)
{
    uint32_t event, page_ref;
    void *page;
    int status;

    begin(channel, port, peer_domid, false);
    status = read_offer(port, path, &event, &page_ref);
    if (status == VCHAN_OK)
        status = vchan_port_bind_event(port, peer_domid, event);
    if (status == VCHAN_OK)
        status = vchan_port_map(port, peer_domid, 1, offsetof(struct vchan_page, cli_live),
                                &page_ref, &page);
    if (status != VCHAN_OK) {
        vchan_port_drop_event(port);
        return status;
    }
    channel->page = page;
    if (!vchan_page_orders(channel->page, &channel->orders))
        status = VCHAN_BAD_PEER;
    else
        status = map_rings(channel);
    vchan_ring_attach(&channel->ring, channel->page, false, channel->orders, channel->left,
                      channel->right);
    if (status == VCHAN_OK && vchan_ring_peer(&channel->ring) == VCHAN_LIVE_GONE)
        status = VCHAN_NO_SERVER;
    if (status != VCHAN_OK) {
        vchan_channel_close(channel);
        return status;
    }
    channel->was_connected = true;
    vchan_ring_announce(&channel->ring);
    vchan_port_notify(port);
    return VCHAN_OK;
}

static void give_back(struct vchan_channel *channel, void *address, uint32_t pages)
{
    if (!address)
        return;
    if (channel->is_server)
        vchan_port_unshare(channel->port, address, pages);
    else
        vchan_port_unmap(channel->port, address, pages);
}

void vchan_channel_close(struct vchan_channel *channel)
{
    if (!channel->page)
        return;
    vchan_ring_leave(&channel->ring);
    vchan_port_notify(channel->port);
    give_back(channel, channel->left, vchan_order_pages(channel->orders.left));
    give_back(channel, channel->right, vchan_order_pages(channel->orders.right));
    give_back(channel, channel->page, 1);
    if (channel->is_server)
        vchan_port_unpublish(channel->port);
    vchan_port_drop_event(channel->port);
    channel->page = NULL;
    channel->left = channel->right = NULL;
}

/* --- State */

static void give_room_back(struct vchan_channel *channel)
{
    if (vchan_ring_give_back(&channel->ring))
        vchan_port_notify(channel->port);
}

enum vchan_state vchan_channel_state(struct vchan_channel *channel)
{
    enum vchan_live live;

    if (!channel->page)
        return VCHAN_STATE_WAITING;
    give_room_back(channel);
    if (channel->dead || channel->ring.fault)
        return VCHAN_STATE_GONE;
    live = vchan_ring_peer(&channel->ring);
    if (live == VCHAN_LIVE_CONNECTED)
        channel->was_connected = true;
    if (vchan_port_peer_died(channel->port, channel->peer_domid, live == VCHAN_LIVE_CONNECTED)) {
        channel->dead = true;
        return VCHAN_STATE_GONE;
    }
    if (channel->persistent)
        return VCHAN_STATE_CONNECTED;
    /* A client cannot go back to not having come yet. */
    if (live == VCHAN_LIVE_WAITING)
        return channel->was_connected ? VCHAN_STATE_GONE : VCHAN_STATE_WAITING;
    return live == VCHAN_LIVE_CONNECTED ? VCHAN_STATE_CONNECTED : VCHAN_STATE_GONE;
}

int vchan_channel_data_ready(struct vchan_channel *channel)
{
    if (!channel->page)
        return 0;
    give_room_back(channel);
    vchan_ring_request(&channel->ring, VCHAN_ON_WRITE);
    int ready = (int)vchan_ring_readable(&channel->ring, UINT32_MAX);
    return channel->ring.fault ? VCHAN_BAD_PEER : ready;
}

int vchan_channel_buffer_space(struct vchan_channel *channel)
{
    if (!channel->page)
        return 0;
    give_room_back(channel);
    vchan_ring_request(&channel->ring, VCHAN_ON_READ);
    int space = (int)vchan_ring_writable(&channel->ring, UINT32_MAX);
    return channel->ring.fault ? VCHAN_BAD_PEER : space;
}

/* --- Waiting */

static uint32_t available(struct vchan_channel *channel, uint8_t what, uint32_t wanted)
{
    return what == VCHAN_ON_WRITE ? vchan_ring_readable(&channel->ring, wanted)
                                  : vchan_ring_writable(&channel->ring, wanted);
}

/* Is there more than had, or will there never be? */
static bool ended_or_more(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    return available(channel, what, had + 1) > had ||
           vchan_channel_state(channel) == VCHAN_STATE_GONE;
}

static bool look_often(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    for (int i = 0; i < LOOKS_PER_ROUND; i++) {
        if (ended_or_more(channel, what, had))
            return true;
        vchan_port_pause();
    }
    return false;
}

/* Who writes between its reads waits for an answer, and wants it at once. */
static bool streams(struct vchan_channel *channel, uint8_t what)
{
    bool wrote = channel->written_at_wait != channel->ring.tx.own;

    channel->written_at_wait = channel->ring.tx.own;
    return what == VCHAN_ON_WRITE && !wrote;
}

/* True: there is something. */
static bool spin(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    uint64_t start_ns = vchan_port_now_ns(), now_ns;
    bool found;

    /* Looking ourselves, we need not be told. */
    vchan_ring_unrequest(&channel->ring, what);
    if (streams(channel, what)) {
        while (vchan_port_now_ns() - start_ns < LINGER_NS)
            vchan_port_pause();
    }
    while (!(found = look_often(channel, what, had)) &&
           (now_ns = vchan_port_now_ns()) - start_ns < VCHAN_SPIN_NS) {
        /* Where the peer has only this CPU, it can answer now. */
        if (channel->spin.yields)
            vchan_port_yield();
    }
    now_ns = vchan_port_now_ns();
    vchan_spin_ended(&channel->spin, found, start_ns, now_ns);
    return found;
}

/* Waits until there is more to read (VCHAN_ON_WRITE) or more room (VCHAN_ON_READ) than had, or
 * an end; may come back early. */
static int wait_for(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    bool spins = vchan_spin_budget_ns(&channel->spin) != 0;
    uint64_t start_ns;
    int status;

    if (spins && spin(channel, what, had))
        return VCHAN_OK;
    vchan_ring_request(&channel->ring, what);
    if (ended_or_more(channel, what, had)) {
        vchan_ring_unrequest(&channel->ring, what);
        return VCHAN_OK;
    }
    if (spins || !channel->spin.allowed) {
        /* Not even a look at the clock: that is a system call where Linux cannot trust the TSC. */
        status = vchan_port_sleep(channel->port);
    } else {
        start_ns = vchan_port_now_ns();
        status = vchan_port_sleep(channel->port);
        vchan_spin_slept(&channel->spin, start_ns, vchan_port_now_ns());
    }
    return status == VCHAN_INTERRUPTED ? VCHAN_OK : status;
}

/* For a caller that gets less than it asked and may poll next: asks to be notified, then looks
 * once more. */
static uint32_t available_or_notify(struct vchan_channel *channel, uint8_t what, uint32_t wanted)
{
    uint32_t have = available(channel, what, wanted);

    if (have >= wanted || channel->ring.fault)
        return have;
    vchan_ring_request(&channel->ring, what);
    return available(channel, what, UINT32_MAX);
}

/* Why nothing (or not enough) can be moved: a negative status when that is for ever, else
 * VCHAN_OK. Whoever reads looks at the ring once more after VCHAN_GONE: the peer may have written
 * just before it left. */
static int end_reason(struct vchan_channel *channel)
{
    if (channel->ring.fault)
        return VCHAN_BAD_PEER;
    return vchan_channel_state(channel) == VCHAN_STATE_GONE ? VCHAN_GONE : VCHAN_OK;
}

/* --- Reading */

static void consume(struct vchan_channel *channel, uint32_t size)
{
    if (vchan_ring_consume(&channel->ring, size))
        vchan_port_notify(channel->port);
}

static int take(struct vchan_channel *channel, uint8_t *data, uint32_t size)
{
    for (uint32_t done = 0; done < size;) {
        uint32_t piece = min_u32(size - done, PIECE_BYTES);

        vchan_ring_peek(&channel->ring, 0, data + done, piece);
        consume(channel, piece);
        done += piece;
    }
    return (int)size;
}

int vchan_channel_read(struct vchan_channel *channel, void *data, size_t size, bool blocking)
{
    uint32_t wanted = size > INT_MAX ? INT_MAX : (uint32_t)size;

    if (!channel->page)
        return VCHAN_NOT_CONNECTED;
    for (;;) {
        uint32_t have = vchan_ring_readable(&channel->ring, wanted);
        if (have < wanted && (have > 0 || !blocking))
            have = available_or_notify(channel, VCHAN_ON_WRITE, wanted);
        if (have > 0 || wanted == 0)
            return take(channel, data, min_u32(have, wanted));
        int status = end_reason(channel);
        if (status == VCHAN_GONE && vchan_ring_readable(&channel->ring, 1) > 0)
            continue;
        if (status == VCHAN_OK && blocking)
            status = wait_for(channel, VCHAN_ON_WRITE, 0);
        else
            return status;
        if (status != VCHAN_OK)
            return status;
    }
}

int vchan_channel_recv(struct vchan_channel *channel, void *data, size_t size, bool blocking)
{
    uint32_t wanted = (uint32_t)size, copied = 0;

    if (!channel->page)
        return VCHAN_NOT_CONNECTED;
    if (size > channel->ring.rx.size)
        return VCHAN_TOO_BIG;
    for (;;) {
        uint32_t have = blocking ? vchan_ring_readable(&channel->ring, wanted)
                                 : available_or_notify(channel, VCHAN_ON_WRITE, wanted);
        if (have >= wanted || (blocking && have > copied)) {
            /* Copied as it comes in, given back when all of it is here. */
            have = min_u32(have, wanted);
            vchan_ring_peek(&channel->ring, copied, (uint8_t *)data + copied, have - copied);
            copied = have;
        }
        if (copied == wanted) {
            consume(channel, wanted);
            return (int)wanted;
        }
        int status = end_reason(channel);
        if (status == VCHAN_GONE && vchan_ring_readable(&channel->ring, wanted) >= wanted)
            continue;
        if (status == VCHAN_OK && blocking)
            status = wait_for(channel, VCHAN_ON_WRITE, copied);
        else
            return status;
        if (status != VCHAN_OK)
            return status;
    }
}

/* --- Writing */

/* The room must be there. */
static void give(struct vchan_channel *channel, const uint8_t *data, uint32_t size)
{
    for (uint32_t done = 0; done < size;) {
        uint32_t piece = size - done;

        /* A sleeping peer is woken once, for all of it. */
        if (piece > PIECE_BYTES && !vchan_ring_peer_awaits_write(&channel->ring))
            piece = PIECE_BYTES;
        if (vchan_ring_put(&channel->ring, data + done, piece))
            vchan_port_notify(channel->port);
        done += piece;
    }
}

int vchan_channel_write(struct vchan_channel *channel, const void *data, size_t size, bool blocking)
{
    uint32_t wanted = size > INT_MAX ? INT_MAX : (uint32_t)size, done = 0;
    int status;

    if (!channel->page)
        return VCHAN_NOT_CONNECTED;
    for (;;) {
        status = end_reason(channel);
        if (status != VCHAN_OK)
            break;
        uint32_t left = wanted - done;
        uint32_t room = blocking ? vchan_ring_writable(&channel->ring, left)
                                 : available_or_notify(channel, VCHAN_ON_READ, left);
        room = min_u32(room, left);
        give(channel, (const uint8_t *)data + done, room);
        done += room;
        if (done == wanted || !blocking)
            break;
        status = wait_for(channel, VCHAN_ON_READ, 0);
        if (status != VCHAN_OK)
            break;
    }
    if (done > 0 || status == VCHAN_OK)
        return channel->ring.fault ? VCHAN_BAD_PEER : (int)done;
    return status;
}

int vchan_channel_send(struct vchan_channel *channel, const void *data, size_t size, bool blocking)
{
    uint32_t wanted = (uint32_t)size;

    if (!channel->page)
        return VCHAN_NOT_CONNECTED;
    if (size > channel->ring.tx.size)
        return VCHAN_TOO_BIG;
    for (;;) {
        int status = end_reason(channel);
        if (status != VCHAN_OK)
            return status;
        uint32_t room = blocking ? vchan_ring_writable(&channel->ring, wanted)
                                 : available_or_notify(channel, VCHAN_ON_READ, wanted);
        if (room >= wanted) {
            give(channel, data, wanted);
            return (int)wanted;
        }
        if (!blocking)
            return channel->ring.fault ? VCHAN_BAD_PEER : 0;
        status = wait_for(channel, VCHAN_ON_READ, room);
        if (status != VCHAN_OK)
            return status;
    }
}
