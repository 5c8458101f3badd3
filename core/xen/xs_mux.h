/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several XenStore clients on one guest's ring. What a guest kernel's xenbus driver does between
 * its processes and xenstored: each client speaks the wire protocol as if it were alone; requests
 * get numbers of the ring's own, watches get tokens of the ring's own, a transaction belongs to
 * the client that began it. What a client leaves behind (watches, transactions, replies on their
 * way) is cleaned up on the ring after it has gone.
 *
 * Events in, actions out: the platform feeds client bytes and says when the ring moved, then takes
 * actions from xs_mux_next() until there is none. Nothing here waits, allocates or keeps a pointer
 * to what it was given beyond the tables handed to xs_mux_init(), which live as long as the mux.
 * One thread at a time.
 */
#ifndef CORE_XEN_XS_MUX_H
#define CORE_XEN_XS_MUX_H

#include "xs_ring.h"
#include "xs_wire.h"

struct xs_mux_client {
    uint32_t id; /* 0: the slot is free; numbers are not used again */
    struct xs_assembler input;
};

struct xs_mux_request { /* on the ring, not yet answered */
    bool used;
    uint16_t generation;
    uint32_t client; /* id; 0: our own, the answer interests nobody */
    uint32_t number; /* the client's */
    uint32_t type;
    uint32_t subject; /* index of the watch or transaction that it is about */
};

enum xs_mux_life { XS_MUX_FREE, XS_MUX_BEGINNING, XS_MUX_ACTIVE, XS_MUX_ENDING, XS_MUX_ORPHAN };

struct xs_mux_watch {
    enum xs_mux_life life;
    uint32_t client;
    uint16_t generation;
    uint32_t path_length, token_length;
    uint8_t text[XS_PAYLOAD_MAX_BYTES]; /* path, NUL, token, NUL */
};

struct xs_mux_transaction {
    enum xs_mux_life life;
    uint32_t client;
    uint32_t number;
};

struct xs_mux_tables { /* zeroed memory of the caller */
    struct xs_mux_client *clients;
    struct xs_mux_request *requests;
    struct xs_mux_watch *watches;
    struct xs_mux_transaction *transactions;
    uint32_t client_count, request_count, watch_count, transaction_count; /* each below 65536 */
};

enum xs_mux_kind {
    XS_MUX_NONE,   /* nothing to do until the next event */
    XS_MUX_SEND,   /* bytes for a client, valid until the next call */
    XS_MUX_NOTIFY, /* fire the ring's event channel */
    XS_MUX_BROKEN, /* the ring's peer broke the rules: reason says how; the mux is dead */
};

struct xs_mux_action {
    enum xs_mux_kind kind;
    uint32_t client; /* XS_MUX_SEND: the slot */
    const uint8_t *bytes;
    uint32_t length;
    const char *reason; /* XS_MUX_BROKEN */
};

struct xs_mux {
    struct xs_ring_page *page;
    struct xs_mux_tables tables;
    uint32_t next_client_id, next_slot;
    uint32_t watch_high;   /* no watch at or above this index was ever used */
    uint32_t orphan_count; /* watches and transactions to be ended */
    bool notify_due;
    const char *broken;
    uint32_t outgoing_length, outgoing_done; /* the one message that goes into the ring */
    uint8_t outgoing[XS_MESSAGE_MAX_BYTES];
    struct xs_assembler incoming;
    uint8_t answer[XS_MESSAGE_MAX_BYTES]; /* what XS_MUX_SEND points at */
};

/* page: the ring, shared with the peer. */
void xs_mux_init(struct xs_mux *mux, struct xs_ring_page *page, const struct xs_mux_tables *tables);

/* A slot for a new client, or -1: all are taken. */
int xs_mux_open(struct xs_mux *mux);
/* The client has gone; its slot may be given to another at once. */
void xs_mux_close(struct xs_mux *mux, uint32_t slot);

/* How many bytes the client may be read for now; 0: its last message waits for its turn. */
uint32_t xs_mux_room(const struct xs_mux *mux, uint32_t slot);
/* length is at most xs_mux_room(). False: the client broke the protocol and has to be closed. */
bool xs_mux_feed(struct xs_mux *mux, uint32_t slot, const uint8_t *bytes, uint32_t length);

/* The next thing to do. Call after any event until it says XS_MUX_NONE. */
void xs_mux_next(struct xs_mux *mux, struct xs_mux_action *action);

#endif
