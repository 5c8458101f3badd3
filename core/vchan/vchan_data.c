/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A channel's state and data path. Notifications are kept rare: a request stands in the shared page
 * only while this side is about to sleep, or after a call that moved less than was asked (the
 * caller may go and poll then).
 */
#include <limits.h>

#include "core/vchan/vchan_channel.h"
#include "core/vchan/vchan_move.h"

/* A long copy is published in pieces, so that both sides copy at the same time. */
enum { PIECE_BYTES = 16 * 1024 };

/* A spin looks at the ring so often, then at the clock, and lets others run. */
enum { LOOKS_PER_ROUND = 4 };

/* A reader of a stream of small messages that is faster than their writer would take the line of
 * the indices from it for every message. It lets this time pass before it looks, and finds many. */
enum { LINGER_NS = 1500 };

/* Not inlined: the usual way then saves no registers that only this one needs. */
#define SELDOM __attribute__((noinline))

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
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

/* The usual case of the above in a few instructions; false: ask there. Faults are not looked at. */
static inline bool peer_is_there(struct vchan_channel *channel)
{
    const struct vchan_ring *ring = &channel->ring;

    if (channel->dead || ring->rx.stored != ring->rx.own ||
        __atomic_load_n(ring->peer_live, __ATOMIC_SEQ_CST) != VCHAN_LIVE_CONNECTED)
        return false;
    channel->was_connected = true;
    return !channel->watches_peer ||
           !vchan_port_peer_died(channel->port, channel->peer_domid, true);
}

/* Why nothing (or not enough) can be moved: a negative status when that is for ever, else
 * VCHAN_OK. */
static inline int end_reason(struct vchan_channel *channel)
{
    if (channel->ring.fault)
        return VCHAN_BAD_PEER;
    if (peer_is_there(channel))
        return VCHAN_OK;
    return vchan_channel_state(channel) == VCHAN_STATE_GONE ? VCHAN_GONE : VCHAN_OK;
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

/* --- Waiting for more to read (VCHAN_ON_WRITE) or more room (VCHAN_ON_READ) than had */

static inline uint32_t available(struct vchan_channel *channel, uint8_t what, uint32_t wanted)
{
    return what == VCHAN_ON_WRITE ? vchan_ring_readable(&channel->ring, wanted)
                                  : vchan_ring_writable(&channel->ring, wanted);
}

enum { NOT_YET = VCHAN_OK, MORE = 1 };

/* NOT_YET, MORE, or the status of an end. The peer may have written just before it left, so the
 * ring is looked at last. */
static inline int look(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    int status = end_reason(channel);

    if (available(channel, what, had + 1) > had)
        return MORE;
    return channel->ring.fault ? VCHAN_BAD_PEER : status;
}

static int look_often(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    for (int i = 0; i < LOOKS_PER_ROUND; i++) {
        int found = look(channel, what, had);
        if (found != NOT_YET)
            return found;
        vchan_port_pause();
    }
    return NOT_YET;
}

/* Who writes between its reads waits for an answer, and wants it at once. */
static bool streams(struct vchan_channel *channel, uint8_t what)
{
    bool wrote = channel->written_at_wait != channel->ring.tx.own;

    channel->written_at_wait = channel->ring.tx.own;
    return what == VCHAN_ON_WRITE && !wrote;
}

static int spin(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    uint64_t start_ns = vchan_port_now_ns(), now_ns;
    int found;

    /* Looking ourselves, we need not be told. */
    vchan_ring_unrequest(&channel->ring, what);
    if (streams(channel, what)) {
        while (vchan_port_now_ns() - start_ns < LINGER_NS)
            vchan_port_pause();
    }
    while ((found = look_often(channel, what, had)) == NOT_YET &&
           (now_ns = vchan_port_now_ns()) - start_ns < VCHAN_SPIN_NS) {
        /* Where the peer has only this CPU, it can answer now. */
        if (channel->spin.yields)
            vchan_port_yield();
    }
    now_ns = vchan_port_now_ns();
    vchan_spin_ended(&channel->spin, found != NOT_YET, start_ns, now_ns);
    return found;
}

/* MORE, NOT_YET (it may come back early) or the status of an end, like the next two. */
static inline int ask_and_sleep(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    int found;

    vchan_ring_request(&channel->ring, what);
    found = look(channel, what, had);
    if (found == NOT_YET) {
        found = vchan_port_sleep(channel->port);
        return found == VCHAN_INTERRUPTED ? NOT_YET : found;
    }
    vchan_ring_unrequest(&channel->ring, what);
    return found;
}

SELDOM static int spin_or_sleep(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    uint64_t start_ns;
    int found;

    if (vchan_spin_budget_ns(&channel->spin)) {
        found = spin(channel, what, had);
        return found == NOT_YET ? ask_and_sleep(channel, what, had) : found;
    }
    start_ns = vchan_port_now_ns();
    found = ask_and_sleep(channel, what, had);
    vchan_spin_slept(&channel->spin, start_ns, vchan_port_now_ns());
    return found;
}

/* On a single CPU there is not even a look at the clock: that is a system call where Linux cannot
 * trust the TSC. */
SELDOM static int wait_for(struct vchan_channel *channel, uint8_t what, uint32_t had)
{
    return channel->spin.allowed ? spin_or_sleep(channel, what, had)
                                 : ask_and_sleep(channel, what, had);
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

/* --- Reading */

static inline void consume(struct vchan_channel *channel, uint32_t size)
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
        int status =
            blocking ? wait_for(channel, VCHAN_ON_WRITE, 0) : look(channel, VCHAN_ON_WRITE, 0);
        if (status < 0 || (status == NOT_YET && !blocking))
            return status;
    }
}

/* Of wanted only a part is there, have. Copied as it comes in, given back when all of it is. */
SELDOM static int recv_in_parts(struct vchan_channel *channel, uint8_t *data, uint32_t wanted,
                                uint32_t have)
{
    uint32_t copied = 0;

    for (;;) {
        have = min_u32(have, wanted);
        vchan_ring_peek(&channel->ring, copied, data + copied, have - copied);
        copied = have;
        if (copied == wanted) {
            consume(channel, wanted);
            return (int)wanted;
        }
        do {
            int status = wait_for(channel, VCHAN_ON_WRITE, copied);
            if (status < 0)
                return status;
            have = vchan_ring_readable(&channel->ring, wanted);
        } while (have <= copied);
    }
}

/* Asks to be notified instead of waiting. MORE: all of wanted is there. */
SELDOM static int ask_for_packet(struct vchan_channel *channel, uint32_t wanted)
{
    available_or_notify(channel, VCHAN_ON_WRITE, wanted);
    return look(channel, VCHAN_ON_WRITE, wanted - 1);
}

int vchan_channel_recv(struct vchan_channel *channel, void *data, size_t size, bool blocking)
{
    uint32_t wanted = (uint32_t)size, have;

    if (!channel->page)
        return VCHAN_NOT_CONNECTED;
    if (size > channel->ring.rx.size)
        return VCHAN_TOO_BIG;
    while ((have = vchan_ring_readable(&channel->ring, wanted)) < wanted) {
        if (blocking && have > 0)
            return recv_in_parts(channel, data, wanted, have);
        int status =
            blocking ? wait_for(channel, VCHAN_ON_WRITE, 0) : ask_for_packet(channel, wanted);
        if (status < 0 || (status == NOT_YET && !blocking))
            return status;
    }
    vchan_ring_peek(&channel->ring, 0, data, wanted);
    consume(channel, wanted);
    return (int)wanted;
}

/* --- Writing */

/* The room must be there. */
static inline void give(struct vchan_channel *channel, const uint8_t *data, uint32_t size)
{
    while (size > 0) {
        uint32_t piece = size;

        /* A sleeping peer is woken once, for all of it. */
        if (piece > PIECE_BYTES && !vchan_ring_peer_awaits_write(&channel->ring))
            piece = PIECE_BYTES;
        if (vchan_ring_put(&channel->ring, data, piece))
            vchan_port_notify(channel->port);
        data += piece;
        size -= piece;
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
        if (status < 0)
            break;
    }
    if (done > 0 || status == VCHAN_OK)
        return channel->ring.fault ? VCHAN_BAD_PEER : (int)done;
    return status;
}

SELDOM static int send_when_there_is_room(struct vchan_channel *channel, const uint8_t *data,
                                          uint32_t wanted, bool blocking)
{
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
        if (status < 0)
            return status;
    }
}

int vchan_channel_send(struct vchan_channel *channel, const void *data, size_t size, bool blocking)
{
    uint32_t wanted = (uint32_t)size;

    if (!channel->page)
        return VCHAN_NOT_CONNECTED;
    if (size > channel->ring.tx.size)
        return VCHAN_TOO_BIG;
    /* In a stream of small messages there is room for most. */
    if (wanted == 0 || wanted > PIECE_BYTES || !peer_is_there(channel) ||
        vchan_ring_writable(&channel->ring, wanted) < wanted)
        return send_when_there_is_room(channel, data, wanted, blocking);
    if (vchan_ring_put(&channel->ring, data, wanted))
        vchan_port_notify(channel->port);
    return (int)wanted;
}
