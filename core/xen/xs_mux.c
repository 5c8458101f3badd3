/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several XenStore clients on one guest's ring: see xs_mux.h. One message at a time is on its way
 * into the ring; a client's next message stays in its assembler until then, so nobody can make the
 * mux hold more than one message a client.
 */
#include "xs_mux.h"

#include <string.h>

enum { TOKEN_BYTES = 8 }; /* four hex digits of index, four of generation; the NUL not counted */

#define NO_SUBJECT UINT32_MAX /* a request about no watch and no transaction */

void xs_mux_init(struct xs_mux *mux, struct xs_ring_page *page, const struct xs_mux_tables *tables)
{
    memset(mux, 0, sizeof(*mux));
    mux->page = page;
    mux->tables = *tables;
}

int xs_mux_open(struct xs_mux *mux)
{
    for (uint32_t slot = 0; slot < mux->tables.client_count; slot++) {
        struct xs_mux_client *client = &mux->tables.clients[slot];
        if (client->id)
            continue;
        if (++mux->next_client_id == 0)
            mux->next_client_id = 1;
        client->id = mux->next_client_id;
        xs_assembler_reset(&client->input);
        return (int)slot;
    }
    return -1;
}

static void orphan(struct xs_mux *mux, enum xs_mux_life *life)
{
    *life = XS_MUX_ORPHAN;
    mux->orphan_count++;
}

/* What has begun and is not answered yet becomes an orphan when its answer arrives. */
static void orphan_watches(struct xs_mux *mux, uint32_t client)
{
    for (uint32_t i = 0; i < mux->watch_high; i++) {
        struct xs_mux_watch *watch = &mux->tables.watches[i];
        if (watch->life == XS_MUX_FREE || watch->client != client)
            continue;
        watch->client = 0;
        if (watch->life == XS_MUX_ACTIVE)
            orphan(mux, &watch->life);
    }
}

void xs_mux_close(struct xs_mux *mux, uint32_t slot)
{
    struct xs_mux_client *client = &mux->tables.clients[slot];
    orphan_watches(mux, client->id);
    for (uint32_t i = 0; i < mux->tables.transaction_count; i++) {
        struct xs_mux_transaction *transaction = &mux->tables.transactions[i];
        if (transaction->life == XS_MUX_FREE || transaction->client != client->id)
            continue;
        transaction->client = 0;
        if (transaction->life == XS_MUX_ACTIVE)
            orphan(mux, &transaction->life);
    }
    client->id = 0;
}

uint32_t xs_mux_room(const struct xs_mux *mux, uint32_t slot)
{
    return xs_assembler_room(&mux->tables.clients[slot].input);
}

bool xs_mux_feed(struct xs_mux *mux, uint32_t slot, const uint8_t *bytes, uint32_t length)
{
    return xs_assembler_feed(&mux->tables.clients[slot].input, bytes, length);
}

/* --- Towards the ring. */

static struct xs_mux_request *free_request(struct xs_mux *mux, uint32_t *index)
{
    for (*index = 0; *index < mux->tables.request_count; ++*index)
        if (!mux->tables.requests[*index].used)
            return &mux->tables.requests[*index];
    return NULL;
}

/* Puts a message on its way under a number of the ring's own. A free request was checked for. */
static void put_outgoing(struct xs_mux *mux, uint32_t client, const struct xs_header *header,
                         const uint8_t *payload, uint32_t subject)
{
    uint32_t index;
    struct xs_mux_request *request = free_request(mux, &index);
    struct xs_header on_ring = *header;
    request->used = true;
    request->generation++;
    request->client = client;
    request->number = header->request;
    request->type = header->type;
    request->subject = subject;
    on_ring.request = (uint32_t)request->generation << 16 | index;
    mux->outgoing_length = (uint32_t)xs_message_write(mux->outgoing, &on_ring, payload);
    mux->outgoing_done = 0;
}

static void token_write(uint8_t *out, uint32_t index, uint32_t generation)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t number = index << 16 | generation;
    for (int i = 0; i < TOKEN_BYTES; i++)
        out[i] = (uint8_t)digits[number >> (28 - 4 * i) & 15];
}

/* A watch or unwatch request for the ring: the client's path and the ring's token. */
static void put_watch(struct xs_mux *mux, uint32_t client, uint32_t number, uint32_t type,
                      uint32_t index)
{
    struct xs_mux_watch *watch = &mux->tables.watches[index];
    uint8_t payload[XS_PAYLOAD_MAX_BYTES];
    struct xs_header header = {
        .type = type, .request = number, .length_bytes = watch->path_length + 1 + TOKEN_BYTES + 1};
    memcpy(payload, watch->text, watch->path_length + 1);
    token_write(payload + watch->path_length + 1, index, watch->generation);
    payload[header.length_bytes - 1] = 0;
    put_outgoing(mux, client, &header, payload, index);
}

/* --- Answers that need no xenstored. */

static void answer(struct xs_mux *mux, struct xs_mux_action *action, uint32_t slot,
                   const struct xs_header *request, uint32_t type, const char *text)
{
    struct xs_header header = {.type = type,
                               .request = request->request,
                               .transaction = request->transaction,
                               .length_bytes = (uint32_t)strlen(text) + 1};
    action->kind = XS_MUX_SEND;
    action->client = slot;
    action->bytes = mux->answer;
    action->length = (uint32_t)xs_message_write(mux->answer, &header, text);
}

static void refuse(struct xs_mux *mux, struct xs_mux_action *action, uint32_t slot,
                   const struct xs_header *request, const char *error)
{
    answer(mux, action, slot, request, XS_TYPE_ERROR, error);
}

static struct xs_mux_watch *find_watch(struct xs_mux *mux, uint32_t client, const uint8_t *text,
                                       uint32_t length, uint32_t *index)
{
    for (*index = 0; *index < mux->watch_high; ++*index) {
        struct xs_mux_watch *watch = &mux->tables.watches[*index];
        if (watch->life != XS_MUX_FREE && watch->life != XS_MUX_ENDING && watch->client == client &&
            watch->path_length + watch->token_length + 2 == length &&
            memcmp(watch->text, text, length) == 0)
            return watch;
    }
    return NULL;
}

static struct xs_mux_watch *free_watch(struct xs_mux *mux, uint32_t *index)
{
    for (*index = 0; *index < mux->watch_high; ++*index)
        if (mux->tables.watches[*index].life == XS_MUX_FREE)
            return &mux->tables.watches[*index];
    if (mux->watch_high == mux->tables.watch_count)
        return NULL;
    return &mux->tables.watches[mux->watch_high++];
}

static struct xs_mux_transaction *find_transaction(struct xs_mux *mux, uint32_t client,
                                                   uint32_t number, uint32_t *index)
{
    for (*index = 0; *index < mux->tables.transaction_count; ++*index) {
        struct xs_mux_transaction *transaction = &mux->tables.transactions[*index];
        if (transaction->life == XS_MUX_ACTIVE && transaction->client == client &&
            transaction->number == number)
            return transaction;
    }
    return NULL;
}

static struct xs_mux_transaction *free_transaction(struct xs_mux *mux, uint32_t *index)
{
    for (*index = 0; *index < mux->tables.transaction_count; ++*index)
        if (mux->tables.transactions[*index].life == XS_MUX_FREE)
            return &mux->tables.transactions[*index];
    return NULL;
}

static void take_watch(struct xs_mux *mux, struct xs_mux_action *action, uint32_t slot,
                       const struct xs_header *header, const uint8_t *payload)
{
    uint32_t client = mux->tables.clients[slot].id, index, path_length, token_length;
    if (!xs_two_strings(payload, header->length_bytes, &path_length, &token_length)) {
        refuse(mux, action, slot, header, "EINVAL");
        return;
    }
    if (find_watch(mux, client, payload, header->length_bytes, &index)) {
        refuse(mux, action, slot, header, "EEXIST");
        return;
    }
    if (path_length + TOKEN_BYTES + 2 > XS_PAYLOAD_MAX_BYTES) {
        refuse(mux, action, slot, header, "E2BIG");
        return;
    }
    struct xs_mux_watch *watch = free_watch(mux, &index);
    if (!watch) {
        refuse(mux, action, slot, header, "ENOSPC");
        return;
    }
    watch->life = XS_MUX_BEGINNING;
    watch->client = client;
    watch->generation++;
    watch->path_length = path_length;
    watch->token_length = token_length;
    memcpy(watch->text, payload, header->length_bytes);
    put_watch(mux, client, header->request, XS_TYPE_WATCH, index);
}

static void take_unwatch(struct xs_mux *mux, struct xs_mux_action *action, uint32_t slot,
                         const struct xs_header *header, const uint8_t *payload)
{
    uint32_t client = mux->tables.clients[slot].id, index, path_length, token_length;
    if (!xs_two_strings(payload, header->length_bytes, &path_length, &token_length)) {
        refuse(mux, action, slot, header, "EINVAL");
        return;
    }
    struct xs_mux_watch *watch = find_watch(mux, client, payload, header->length_bytes, &index);
    if (!watch || watch->life != XS_MUX_ACTIVE) {
        refuse(mux, action, slot, header, "ENOENT");
        return;
    }
    watch->life = XS_MUX_ENDING;
    put_watch(mux, client, header->request, XS_TYPE_UNWATCH, index);
}

static void take_request(struct xs_mux *mux, struct xs_mux_action *action, uint32_t slot,
                         const struct xs_header *header, const uint8_t *payload)
{
    uint32_t client = mux->tables.clients[slot].id, subject = NO_SUBJECT;
    struct xs_mux_transaction *transaction = NULL;
    switch (header->type) {
    case XS_TYPE_WATCH:
        take_watch(mux, action, slot, header, payload);
        return;
    case XS_TYPE_UNWATCH:
        take_unwatch(mux, action, slot, header, payload);
        return;
    case XS_TYPE_RESET_WATCHES: /* of this client; the ring's others belong to others */
        orphan_watches(mux, client);
        answer(mux, action, slot, header, XS_TYPE_RESET_WATCHES, "OK");
        return;
    default:
        break;
    }
    if (header->transaction) {
        transaction = find_transaction(mux, client, header->transaction, &subject);
        if (!transaction) { /* xenstored's answer to a transaction of nobody */
            refuse(mux, action, slot, header, "ENOENT");
            return;
        }
    }
    if (header->type == XS_TYPE_TRANSACTION_START && !header->transaction) {
        struct xs_mux_transaction *fresh = free_transaction(mux, &subject);
        if (!fresh) {
            refuse(mux, action, slot, header, "ENOSPC");
            return;
        }
        fresh->life = XS_MUX_BEGINNING;
        fresh->client = client;
    }
    if (header->type == XS_TYPE_TRANSACTION_END && transaction)
        transaction->life = XS_MUX_ENDING;
    put_outgoing(mux, client, header, payload, subject);
}

/* True: an orphan's end is on its way. */
static bool put_clean_up(struct xs_mux *mux)
{
    if (!mux->orphan_count)
        return false;
    mux->orphan_count--;
    for (uint32_t i = 0; i < mux->watch_high; i++)
        if (mux->tables.watches[i].life == XS_MUX_ORPHAN) {
            mux->tables.watches[i].life = XS_MUX_ENDING;
            put_watch(mux, 0, 0, XS_TYPE_UNWATCH, i);
            return true;
        }
    for (uint32_t i = 0; i < mux->tables.transaction_count; i++)
        if (mux->tables.transactions[i].life == XS_MUX_ORPHAN) {
            struct xs_header end = {.type = XS_TYPE_TRANSACTION_END,
                                    .transaction = mux->tables.transactions[i].number,
                                    .length_bytes = 2};
            mux->tables.transactions[i].life = XS_MUX_ENDING;
            put_outgoing(mux, 0, &end, (const uint8_t *)"F", i);
            return true;
        }
    return false;
}

/* The next client, in turn, whose message is complete. */
static bool put_client_message(struct xs_mux *mux, struct xs_mux_action *action)
{
    for (uint32_t seen = 0; seen < mux->tables.client_count; seen++) {
        uint32_t slot = (mux->next_slot + seen) % mux->tables.client_count;
        struct xs_mux_client *client = &mux->tables.clients[slot];
        struct xs_header header;
        if (!client->id || !xs_assembler_complete(&client->input, &header))
            continue;
        mux->next_slot = slot + 1;
        take_request(mux, action, slot, &header, client->input.bytes + XS_HEADER_BYTES);
        xs_assembler_reset(&client->input);
        return true;
    }
    return false;
}

static void flush_outgoing(struct xs_mux *mux)
{
    if (mux->outgoing_done == mux->outgoing_length)
        return;
    int moved = xs_ring_write(mux->page, mux->outgoing + mux->outgoing_done,
                              mux->outgoing_length - mux->outgoing_done);
    if (moved == XS_RING_BROKEN) {
        mux->broken = "the request ring's indexes are too far apart";
        return;
    }
    mux->outgoing_done += (uint32_t)moved;
    if (moved)
        mux->notify_due = true;
}

/* Fills the ring as far as it goes. Stops early when an action for a client came up. */
static void feed_ring(struct xs_mux *mux, struct xs_mux_action *action)
{
    uint32_t index;
    for (;;) {
        flush_outgoing(mux);
        if (mux->broken || mux->outgoing_done < mux->outgoing_length || !free_request(mux, &index))
            return;
        if (put_clean_up(mux))
            continue;
        if (!put_client_message(mux, action) || action->kind != XS_MUX_NONE)
            return;
    }
}

/* --- From the ring. */

static int slot_of(const struct xs_mux *mux, uint32_t client)
{
    for (uint32_t slot = 0; client && slot < mux->tables.client_count; slot++)
        if (mux->tables.clients[slot].id == client)
            return (int)slot;
    return -1;
}

static bool token_read(const uint8_t *token, uint32_t length, uint32_t *index, uint32_t *generation)
{
    uint32_t number = 0;
    if (length != TOKEN_BYTES)
        return false;
    for (uint32_t i = 0; i < length; i++) {
        uint8_t digit = token[i];
        if (digit >= '0' && digit <= '9')
            number = number << 4 | (uint32_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            number = number << 4 | (uint32_t)(digit - 'a' + 10);
        else
            return false;
    }
    *index = number >> 16;
    *generation = number & 0xffff;
    return true;
}

/* An event of an ended watch is dropped, as is one for a client that has gone. */
static void route_event(struct xs_mux *mux, struct xs_mux_action *action,
                        const struct xs_header *header, const uint8_t *payload)
{
    uint32_t path_length, token_length, index, generation;
    if (!xs_two_strings(payload, header->length_bytes, &path_length, &token_length)) {
        mux->broken = "a watch event that is not a path and a token";
        return;
    }
    if (!token_read(payload + path_length + 1, token_length, &index, &generation) ||
        index >= mux->watch_high)
        return;
    const struct xs_mux_watch *watch = &mux->tables.watches[index];
    int slot = watch->life == XS_MUX_FREE || watch->generation != generation
                   ? -1
                   : slot_of(mux, watch->client);
    struct xs_header out = {.type = XS_TYPE_WATCH_EVENT,
                            .length_bytes = path_length + 1 + watch->token_length + 1};
    if (slot < 0 || out.length_bytes > XS_PAYLOAD_MAX_BYTES)
        return;
    xs_header_write(mux->answer, &out);
    memcpy(mux->answer + XS_HEADER_BYTES, payload, path_length + 1);
    memcpy(mux->answer + XS_HEADER_BYTES + path_length + 1, watch->text + watch->path_length + 1,
           watch->token_length + 1);
    action->kind = XS_MUX_SEND;
    action->client = (uint32_t)slot;
    action->bytes = mux->answer;
    action->length = XS_HEADER_BYTES + out.length_bytes;
}

/* What was asked for exists: it belongs to the client, or to nobody if that has gone. */
static void begun(struct xs_mux *mux, enum xs_mux_life *life, uint32_t client)
{
    *life = XS_MUX_ACTIVE;
    if (!client)
        orphan(mux, life);
}

static void settle_watch(struct xs_mux *mux, struct xs_mux_watch *watch, uint32_t type, bool ok)
{
    if (type == XS_TYPE_UNWATCH || !ok)
        watch->life = XS_MUX_FREE;
    else if (watch->life == XS_MUX_BEGINNING)
        begun(mux, &watch->life, watch->client);
}

/* What the answer means for the watch or transaction that the request was about. */
static void settle(struct xs_mux *mux, const struct xs_mux_request *request,
                   const struct xs_header *header, const uint8_t *payload)
{
    bool ok = header->type != XS_TYPE_ERROR;
    struct xs_mux_transaction *transaction;
    if (request->subject == NO_SUBJECT)
        return;
    switch (request->type) {
    case XS_TYPE_WATCH:
    case XS_TYPE_UNWATCH:
        settle_watch(mux, &mux->tables.watches[request->subject], request->type, ok);
        return;
    case XS_TYPE_TRANSACTION_START:
        transaction = &mux->tables.transactions[request->subject];
        if (transaction->life != XS_MUX_BEGINNING)
            return; /* asked within a transaction: xenstored refuses that */
        if (!ok)
            transaction->life = XS_MUX_FREE;
        else if (!xs_transaction_number(payload, header->length_bytes, &transaction->number))
            mux->broken = "a transaction without a number";
        else
            begun(mux, &transaction->life, transaction->client);
        return;
    case XS_TYPE_TRANSACTION_END:
        transaction = &mux->tables.transactions[request->subject];
        if (transaction->life == XS_MUX_ENDING)
            transaction->life = XS_MUX_FREE;
        return;
    default:
        return;
    }
}

static void route_reply(struct xs_mux *mux, struct xs_mux_action *action,
                        const struct xs_header *header, const uint8_t *payload)
{
    uint32_t index = header->request & 0xffff;
    struct xs_mux_request *request =
        index < mux->tables.request_count ? &mux->tables.requests[index] : NULL;
    if (!request || !request->used || request->generation != header->request >> 16) {
        mux->broken = "a reply to a request that nobody made";
        return;
    }
    if (header->type != request->type && header->type != XS_TYPE_ERROR) {
        mux->broken = "a reply of another type than its request";
        return;
    }
    request->used = false;
    settle(mux, request, header, payload);
    int slot = slot_of(mux, request->client);
    if (mux->broken || slot < 0)
        return;
    struct xs_header out = *header;
    out.request = request->number;
    action->kind = XS_MUX_SEND;
    action->client = (uint32_t)slot;
    action->bytes = mux->answer;
    action->length = (uint32_t)xs_message_write(mux->answer, &out, payload);
}

/* Reads the ring until a client gets something or nothing is left. */
static void drain_ring(struct xs_mux *mux, struct xs_mux_action *action)
{
    while (action->kind == XS_MUX_NONE && !mux->broken) {
        uint8_t piece[XS_RING_BYTES];
        struct xs_header header;
        uint32_t room = xs_assembler_room(&mux->incoming);
        int got = xs_ring_read(mux->page, piece, room < sizeof(piece) ? room : sizeof(piece));
        if (got == XS_RING_BROKEN) {
            mux->broken = "the reply ring's indexes are too far apart";
            return;
        }
        if (got == 0)
            return;
        mux->notify_due = true;
        if (!xs_assembler_feed(&mux->incoming, piece, (uint32_t)got)) {
            mux->broken = "a reply longer than 4096 bytes";
            return;
        }
        if (!xs_assembler_complete(&mux->incoming, &header))
            continue;
        xs_assembler_reset(&mux->incoming);
        if (header.type == XS_TYPE_WATCH_EVENT)
            route_event(mux, action, &header, mux->incoming.bytes + XS_HEADER_BYTES);
        else
            route_reply(mux, action, &header, mux->incoming.bytes + XS_HEADER_BYTES);
    }
}

void xs_mux_next(struct xs_mux *mux, struct xs_mux_action *action)
{
    memset(action, 0, sizeof(*action));
    if (!mux->broken)
        drain_ring(mux, action);
    if (!mux->broken && action->kind == XS_MUX_NONE)
        feed_ring(mux, action);
    if (mux->broken) {
        action->kind = XS_MUX_BROKEN;
        action->reason = mux->broken;
        return;
    }
    if (action->kind == XS_MUX_NONE && mux->notify_due) {
        mux->notify_due = false;
        action->kind = XS_MUX_NOTIFY;
    }
}
