/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of a vchan on a vchan_port: made, used, closed. The two libraries (libxenvchan and
 * libvchan) are thin layers over this, on every platform.
 *
 * The caller owns the struct and the port; the channel borrows the port until close. One thread
 * at a time. Functions give VCHAN_OK, a count, or a negative vchan_status.
 */
#ifndef VCHAN_CHANNEL_H
#define VCHAN_CHANNEL_H

#include "core/vchan/vchan_port.h"
#include "core/vchan/vchan_ring.h"
#include "core/vchan/vchan_spin.h"

struct vchan_channel {
    struct vchan_port *port;
    struct vchan_ring ring;
    struct vchan_spin spin;
    struct vchan_page *page; /* NULL: not connected (client) */
    void *left, *right;      /* pages of their own, or NULL */
    struct vchan_orders orders;
    uint32_t peer_domid;
    bool is_server;
    bool watches_peer; /* the port can tell when the peer's domain dies */
    bool persistent;   /* a server for one client after the other: none is no end */
    bool was_connected;
    bool dead;                /* the peer's domain */
    uint32_t written_at_wait; /* tx.own when a spin began last */
};

enum vchan_state { VCHAN_STATE_GONE = 0, VCHAN_STATE_CONNECTED = 1, VCHAN_STATE_WAITING = 2 };

/* Makes rings of at least these sizes (left: what this side reads) and offers them to peer_domid
 * at path. On failure nothing is left. */
int vchan_channel_serve(struct vchan_channel *channel, struct vchan_port *port, uint32_t peer_domid,
                        const char *path, size_t left_min, size_t right_min);
/* Joins what is offered at path. VCHAN_NO_SERVER: nothing there, or left over from a server that
 * is gone. */
int vchan_channel_join(struct vchan_channel *channel, struct vchan_port *port, uint32_t peer_domid,
                       const char *path);
/* Says goodbye and gives the pages back; the peer can still read what was written. */
void vchan_channel_close(struct vchan_channel *channel);

enum vchan_state vchan_channel_state(struct vchan_channel *channel);
/* What can be moved now; asks to be notified of more. Negative when the peer broke the protocol. */
int vchan_channel_data_ready(struct vchan_channel *channel);
int vchan_channel_buffer_space(struct vchan_channel *channel);

/* What was read is room for the peer again at once when nothing known is left in the ring or the
 * peer is known to wait for it, else when a quarter of the ring (or 16 KiB) was read or at this
 * side's next call of another kind.
 *
 * Stream calls move what they can; a blocking read waits for one byte, a blocking write until all
 * is written. Packet calls move all of size or nothing. 0: nothing now. When less than size was
 * moved, the port's event fires as soon as there is more. */
int vchan_channel_read(struct vchan_channel *channel, void *data, size_t size, bool blocking);
int vchan_channel_write(struct vchan_channel *channel, const void *data, size_t size,
                        bool blocking);
int vchan_channel_recv(struct vchan_channel *channel, void *data, size_t size, bool blocking);
int vchan_channel_send(struct vchan_channel *channel, const void *data, size_t size, bool blocking);

#endif
