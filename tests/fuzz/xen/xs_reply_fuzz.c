/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore replies from a hostile peer, and requests from hostile clients, against the ring's
 * multiplexer. The input is a script: a byte that says what happens, then what it needs.
 *   0 a client comes       1 SLOT: it goes            2 SLOT N BYTES: it sends
 *   3 N BYTES: they arrive on the reply ring          4 TYPE N PAYLOAD: an answer to the oldest
 *   5 WHICH WORD: an index of the ring changes          request that the ring holds
 *   6 N PATH: an event of the newest watch            others: a look at the ring
 * Whatever happens: messages for clients are whole, legal, and for clients that are there.
 */
#include "core/xen/xs_mux.h"
#include "tests/fuzz/xen/script.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 3, REQUESTS = 3, WATCHES = 3, TRANSACTIONS = 2 };

struct bench {
    struct xs_ring_page page;
    struct xs_mux mux;
    struct xs_mux_client clients[CLIENTS];
    struct xs_mux_request requests[REQUESTS];
    struct xs_mux_watch watches[WATCHES];
    struct xs_mux_transaction transactions[TRANSACTIONS];
    struct xs_assembler peer; /* the peer's view of the requests */
    uint32_t asked;           /* number of the oldest request seen */
    uint32_t asked_type;
    char token[16];
};

/* The peer reads what it may and remembers the newest request and watch token. */
static void peer_reads(struct bench *b)
{
    struct xs_header header;
    uint32_t waiting = b->page.request_producer - b->page.request_consumer;
    for (uint32_t i = 0; i < waiting && waiting <= XS_RING_BYTES; i++) {
        uint8_t byte = b->page.request[b->page.request_consumer++ % XS_RING_BYTES];
        if (!xs_assembler_room(&b->peer) || !xs_assembler_feed(&b->peer, &byte, 1)) {
            xs_assembler_reset(&b->peer); /* the script moved the indexes */
            return;
        }
        if (!xs_assembler_complete(&b->peer, &header))
            continue;
        b->asked = header.request;
        b->asked_type = header.type;
        if (header.type == XS_TYPE_WATCH && header.length_bytes >= 9)
            memcpy(b->token, b->peer.bytes + XS_HEADER_BYTES + header.length_bytes - 9, 9);
        xs_assembler_reset(&b->peer);
    }
}

static void peer_writes(struct bench *b, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        b->page.reply[b->page.reply_producer++ % XS_RING_BYTES] = bytes[i];
}

static void pump(struct bench *b)
{
    struct xs_mux_action action;
    for (xs_mux_next(&b->mux, &action); action.kind != XS_MUX_NONE; xs_mux_next(&b->mux, &action)) {
        struct xs_header header;
        if (action.kind == XS_MUX_BROKEN) {
            require(action.reason != NULL);
            return;
        }
        if (action.kind == XS_MUX_NOTIFY)
            continue;
        require(action.client < CLIENTS && b->clients[action.client].id);
        require(action.length >= XS_HEADER_BYTES && action.length <= XS_MESSAGE_MAX_BYTES);
        xs_header_read(&header, action.bytes);
        require(action.length == XS_HEADER_BYTES + header.length_bytes);
    }
}

static void client_sends(struct bench *b, struct script *script)
{
    uint32_t slot = take(script) % CLIENTS, length = take(script);
    if (!b->clients[slot].id)
        return;
    while (length && script->left) {
        uint8_t piece[256];
        uint32_t room = xs_mux_room(&b->mux, slot);
        if (room > length)
            room = length;
        if (!room)
            return;
        room = take_bytes(script, piece, room);
        length -= room;
        if (!xs_mux_feed(&b->mux, slot, piece, room)) {
            xs_mux_close(&b->mux, slot);
            return;
        }
        pump(b);
    }
}

static void answer(struct bench *b, struct script *script)
{
    uint8_t bytes[XS_HEADER_BYTES + 255], type = take(script), payload[255];
    uint32_t length = take_bytes(script, payload, take(script));
    struct xs_header header = {type == 255 ? b->asked_type : type, b->asked, 0, length};
    peer_writes(b, bytes, (uint32_t)xs_message_write(bytes, &header, payload));
}

static void event(struct bench *b, struct script *script)
{
    uint8_t bytes[XS_HEADER_BYTES + 400], payload[400];
    uint32_t length = take_bytes(script, payload, take(script));
    payload[length++] = 0;
    memcpy(payload + length, b->token, 9);
    struct xs_header header = {XS_TYPE_WATCH_EVENT, 0, 0, length + 9};
    peer_writes(b, bytes, (uint32_t)xs_message_write(bytes, &header, payload));
}

static void step(struct bench *b, struct script *script)
{
    uint8_t piece[256];
    uint32_t slot, *indexes = &b->page.request_consumer;
    switch (take(script)) {
    case 0:
        xs_mux_open(&b->mux);
        break;
    case 1:
        slot = take(script) % CLIENTS;
        if (b->clients[slot].id)
            xs_mux_close(&b->mux, slot);
        break;
    case 2:
        client_sends(b, script);
        break;
    case 3:
        peer_writes(b, piece, take_bytes(script, piece, take(script)));
        break;
    case 4:
        answer(b, script);
        break;
    case 5:
        slot = take(script) % 4;
        indexes[slot] += (uint32_t)(int8_t)take(script) << (take(script) % 25);
        break;
    case 6:
        event(b, script);
        break;
    default:
        break;
    }
    pump(b);
    peer_reads(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench *b = calloc(1, sizeof(*b));
    struct script script = {data, size};
    struct xs_mux_tables tables = {b->clients, b->requests, b->watches, b->transactions,
                                   CLIENTS,    REQUESTS,    WATCHES,    TRANSACTIONS};
    xs_mux_init(&b->mux, &b->page, &tables);
    while (script.left)
        step(b, &script);
    free(b);
    return 0;
}
