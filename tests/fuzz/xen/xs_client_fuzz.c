/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile xenstored against the asynchronous client, whose users do anything in any order. The
 * input is a script: a byte that says what happens, then what it needs.
 *   0 WHICH TYPE N: a request is submitted   1 WHICH: it is cancelled   2 WHICH: a watch is added
 *   3 WHICH: it is removed      4 TYPE N PAYLOAD: an answer to the request that the ring holds
 *   5 N BYTES: they arrive      6 WHICH N PATH: an event of a watch     7 WHICH WORD: an index
 *   8 a reconnect               9 the end                               others: a look
 * Whatever happens: each request and watch comes back once, when it was handed in, and never after
 * it was taken back; nothing is read or written outside of what was handed in.
 */
#include "core/xen/xs_client.h"
#include "tests/fuzz/xen/script.h"

#include <stdlib.h>
#include <string.h>

enum { REQUESTS = 6, WATCHES = 4, SLOTS = 3, TABLE = 3, LOOKS = 200 };

struct asked {
    struct xs_request *request; /* on the heap, so that a use after its end is seen */
    uint8_t *reply;
    char *payload;
};
struct watching {
    struct xs_watch *watch;
    char *path;
    bool removed;
};

struct bench {
    struct xs_ring_page page;
    struct xs_client client;
    struct xs_client_slot slots[SLOTS];
    struct xs_watch *table[TABLE];
    struct asked asked[REQUESTS];
    struct watching watching[WATCHES];
    struct xs_assembler peer;
    struct xs_header header; /* of the newest request seen on the ring */
    bool damaged;            /* the ring's indexes have been changed */
};

static void end_request(struct asked *asked)
{
    free(asked->request);
    free(asked->reply);
    free(asked->payload);
    memset(asked, 0, sizeof(*asked));
}

static void end_watch(struct watching *watching)
{
    free(watching->watch);
    free(watching->path);
    memset(watching, 0, sizeof(*watching));
}

static void done(struct bench *bench, struct xs_request *request)
{
    for (int i = 0; i < REQUESTS; i++)
        if (bench->asked[i].request == request) {
            require(request->error != XS_OK || !request->reply ||
                    request->reply_length <= request->reply_room);
            end_request(&bench->asked[i]);
            return;
        }
    abort();
}

static void watch_action(struct bench *bench, const struct xs_client_action *action)
{
    for (int i = 0; i < WATCHES; i++) {
        struct watching *watching = &bench->watching[i];
        if (!watching->watch || watching->watch != action->watch)
            continue;
        if (action->kind == XS_CLIENT_REMOVED)
            require(watching->removed || bench->client.shut);
        else
            require(!watching->removed);
        if (action->kind == XS_CLIENT_WATCH)
            require(strlen(action->path) < XS_PAYLOAD_MAX_BYTES);
        if (action->kind == XS_CLIENT_REMOVED || (action->kind == XS_CLIENT_ADDED && action->error))
            end_watch(watching);
        return;
    }
    abort();
}

static void look(struct bench *bench)
{
    struct xs_client_action action;
    for (int i = 0; i < LOOKS; i++) {
        xs_client_next(&bench->client, &action);
        switch (action.kind) {
        case XS_CLIENT_NONE:
            return;
        case XS_CLIENT_DONE:
            done(bench, action.request);
            break;
        case XS_CLIENT_WATCH:
        case XS_CLIENT_ADDED:
        case XS_CLIENT_REMOVED:
            watch_action(bench, &action);
            break;
        default:
            break;
        }
    }
    abort(); /* a ring's worth of bytes keeps nobody for so long */
}

/* The peer reads what is there and keeps the newest header. */
static void peer_reads(struct bench *bench)
{
    uint32_t have = bench->page.request_producer - bench->page.request_consumer;
    if (have > XS_RING_BYTES)
        return;
    while (have--) {
        uint8_t byte = bench->page.request[bench->page.request_consumer++ % XS_RING_BYTES];
        bool sense = xs_assembler_feed(&bench->peer, &byte, 1);
        require(sense || bench->damaged);
        if (!sense || xs_assembler_complete(&bench->peer, &bench->header))
            xs_assembler_reset(&bench->peer);
    }
}

static void arrive(struct bench *bench, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (bench->page.reply_producer - bench->page.reply_consumer >= XS_RING_BYTES)
            look(bench);
        if (bench->page.reply_producer - bench->page.reply_consumer >= XS_RING_BYTES)
            return;
        bench->page.reply[bench->page.reply_producer++ % XS_RING_BYTES] = bytes[i];
    }
}

static void answer(struct bench *bench, uint32_t type, const uint8_t *payload, uint32_t length)
{
    uint8_t message[XS_HEADER_BYTES + 512];
    struct xs_header header = bench->header;
    header.type = type;
    header.length_bytes = length;
    arrive(bench, message, (uint32_t)xs_message_write(message, &header, payload));
}

static void submit(struct bench *bench, struct script *script)
{
    static const uint8_t types[] = {XS_TYPE_READ, XS_TYPE_WRITE, XS_TYPE_DIRECTORY,
                                    XS_TYPE_TRANSACTION_START, XS_TYPE_GET_PERMS};
    struct asked *asked = &bench->asked[take(script) % REQUESTS];
    uint8_t type = take(script), length = take(script);
    if (asked->request)
        return;
    asked->request = calloc(1, sizeof(*asked->request));
    asked->reply = malloc(length + 1u);
    asked->payload = calloc(1, length + 1u);
    asked->request->type = types[type % sizeof(types)];
    asked->request->reply = asked->reply;
    asked->request->reply_room = length;
    asked->request->pieces[0] = (struct xs_piece){asked->payload, length + 1u};
    if (type & 128)
        asked->request->transaction =
            (struct xs_transaction){.number = 5, .epoch = bench->client.epoch};
    xs_client_submit(&bench->client, asked->request);
}

static void add_watch(struct bench *bench, struct script *script)
{
    struct watching *watching = &bench->watching[take(script) % WATCHES];
    if (watching->watch)
        return;
    watching->watch = calloc(1, sizeof(*watching->watch));
    watching->path = strdup("device");
    watching->watch->path = watching->path;
    if (!xs_watch_add(&bench->client, watching->watch))
        end_watch(watching);
}

static void event(struct bench *bench, struct script *script)
{
    struct watching *watching = &bench->watching[take(script) % WATCHES];
    uint8_t text[128];
    uint32_t length = take_bytes(script, text, take(script) % 64);
    text[length++] = 0;
    if (watching->watch) {
        memcpy(text + length, watching->watch->token, XS_TOKEN_BYTES);
        length += XS_TOKEN_BYTES;
    }
    struct xs_header saved = bench->header;
    bench->header.request = 0;
    answer(bench, XS_TYPE_WATCH_EVENT, text, length);
    bench->header = saved;
}

static void step(struct bench *bench, struct script *script)
{
    uint8_t bytes[256], what = take(script);
    struct asked *asked;
    switch (what % 12) {
    case 0:
        submit(bench, script);
        break;
    case 1:
        asked = &bench->asked[take(script) % REQUESTS];
        if (asked->request && xs_client_cancel(&bench->client, asked->request))
            end_request(asked);
        break;
    case 2:
        add_watch(bench, script);
        break;
    case 3: {
        struct watching *watching = &bench->watching[take(script) % WATCHES];
        if (watching->watch && !watching->removed) {
            watching->removed = true;
            xs_watch_remove(&bench->client, watching->watch);
        }
        break;
    }
    case 4: {
        uint8_t type = take(script);
        uint32_t length = take_bytes(script, bytes, take(script));
        answer(bench, type == 0 ? bench->header.type : type, bytes, length);
        break;
    }
    case 5:
        arrive(bench, bytes, take_bytes(script, bytes, take(script)));
        break;
    case 6:
        event(bench, script);
        break;
    case 7: {
        uint32_t *indexes[] = {&bench->page.request_consumer, &bench->page.request_producer,
                               &bench->page.reply_consumer, &bench->page.reply_producer};
        bench->damaged = true;
        *indexes[take(script) % 4] += take(script) * 16u;
        break;
    }
    case 8:
        memset(&bench->page, 0, sizeof(bench->page));
        xs_assembler_reset(&bench->peer);
        xs_client_reconnect(&bench->client, &bench->page);
        break;
    case 9:
        if (take(script) == 1)
            xs_client_shut_down(&bench->client);
        break;
    default:
        look(bench);
        peer_reads(bench);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench bench;
    struct script script = {data, size};
    memset(&bench, 0, sizeof(bench));
    struct xs_client_tables tables = {bench.slots, bench.table, SLOTS, TABLE};
    xs_client_init(&bench.client, &bench.page, &tables, take(&script));
    while (script.left)
        step(&bench, &script);
    xs_client_shut_down(&bench.client);
    look(&bench);
    for (int i = 0; i < REQUESTS; i++)
        require(!bench.asked[i].request);
    for (int i = 0; i < WATCHES; i++)
        require(!bench.watching[i].watch);
    return 0;
}
