/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The asynchronous XenStore client: see xs_client.h. A request is on one list at a time: queued
 * (waits for room on the ring), in a slot (sent, its number is the slot's index and generation), or
 * done (waits to be told). One message at a time is copied out to be written, so that a request
 * cancelled halfway leaves a whole message behind.
 */
#include "core/xen/decimal.h"
#include "core/xen/xs_client.h"

#include <string.h>

enum {
    SILENT_MESSAGES = 16, /* handled in one call that have nothing to tell */
    PART_RESTARTS = 16,   /* a directory that changes each time it is read */
    DIRECTORY_MAX_BYTES = 1 << 24,
};

/* --- Lists. */

static void append(struct xs_request_list *list, struct xs_request *request)
{
    request->previous = list->last;
    request->next = NULL;
    *(list->last ? &list->last->next : &list->first) = request;
    list->last = request;
}

static void take_off(struct xs_request_list *list, struct xs_request *request)
{
    *(request->previous ? &request->previous->next : &list->first) = request->next;
    *(request->next ? &request->next->previous : &list->last) = request->previous;
    request->previous = request->next = NULL;
}

/* In the order in which they were submitted. */
static void queue(struct xs_client *client, struct xs_request *request)
{
    struct xs_request_list *list = &client->queued;
    struct xs_request *before = list->last;
    while (before && before->sequence > request->sequence)
        before = before->previous;
    request->state = XS_REQUEST_QUEUED;
    request->previous = before;
    request->next = before ? before->next : list->first;
    *(request->next ? &request->next->previous : &list->last) = request;
    *(before ? &before->next : &list->first) = request;
}

static void finish(struct xs_client *client, struct xs_request *request, enum xs_error error)
{
    request->error = error;
    request->state = XS_REQUEST_DONE;
    append(&client->done, request);
}

static void free_slot(struct xs_client *client, struct xs_client_slot *slot)
{
    slot->used = slot->ending = false;
    slot->request = NULL;
    slot->transaction = 0;
    client->slots_used--;
}

void xs_client_init(struct xs_client *client, struct xs_ring_page *page,
                    const struct xs_client_tables *tables, uint32_t seed)
{
    memset(client, 0, sizeof(*client));
    client->page = page;
    client->tables = *tables;
    client->epoch = 1;
    client->watch_generation = seed;
    for (uint32_t i = 0; i < tables->slot_count; i++)
        tables->slots[i].generation = (uint16_t)(seed >> 16);
}

/* --- Requests from their owners. */

static uint32_t payload_length(const struct xs_request *request)
{
    uint64_t length = 0;
    for (uint32_t i = 0; i < XS_PIECES; i++)
        length += request->pieces[i].length;
    return length > XS_PAYLOAD_MAX_BYTES ? XS_PAYLOAD_MAX_BYTES + 1 : (uint32_t)length;
}

static void submit(struct xs_client *client, struct xs_request *request)
{
    request->sequence = ++client->sequence;
    request->reply_length = 0;
    memset(&request->part, 0, sizeof(request->part));
    if (client->shut)
        finish(client, request, XS_ERROR_CANCELLED);
    else if (client->broken)
        finish(client, request, XS_ERROR_IO);
    else if (payload_length(request) > XS_PAYLOAD_MAX_BYTES)
        finish(client, request, XS_ERROR_TOO_BIG);
    else
        queue(client, request);
}

void xs_client_submit(struct xs_client *client, struct xs_request *request)
{
    request->watch = NULL;
    submit(client, request);
}

bool xs_client_cancel(struct xs_client *client, struct xs_request *request)
{
    switch (request->state) {
    case XS_REQUEST_QUEUED:
        take_off(&client->queued, request);
        break;
    case XS_REQUEST_SENT:
        client->tables.slots[request->slot].request = NULL;
        break;
    default:
        return false;
    }
    request->state = XS_REQUEST_IDLE;
    return true;
}

/* --- Watches. */

static void token_write(char out[XS_TOKEN_BYTES], uint32_t index, uint32_t generation)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t number = index << 16 | (generation & 0xffff);
    for (int i = 0; i < XS_TOKEN_BYTES - 1; i++)
        out[i] = digits[number >> (28 - 4 * i) & 15];
    out[XS_TOKEN_BYTES - 1] = 0;
}

static struct xs_watch *watch_of_token(const struct xs_client *client, const char *token)
{
    uint32_t index = 0;
    for (int i = 0; i < 4; i++) {
        char digit = token[i];
        if (digit >= '0' && digit <= '9')
            index = index << 4 | (uint32_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            index = index << 4 | (uint32_t)(digit - 'a' + 10);
        else
            return NULL;
    }
    struct xs_watch *watch =
        index < client->tables.watch_count ? client->tables.watches[index] : NULL;
    return watch && memcmp(watch->token, token, XS_TOKEN_BYTES) == 0 ? watch : NULL;
}

static void watch_request(struct xs_client *client, struct xs_watch *watch, uint32_t type)
{
    struct xs_request *request = &watch->request;
    memset(request, 0, sizeof(*request));
    request->type = type;
    request->pieces[0] = (struct xs_piece){watch->path, (uint32_t)strlen(watch->path) + 1};
    request->pieces[1] = (struct xs_piece){watch->token, XS_TOKEN_BYTES};
    request->watch = watch;
    submit(client, request);
}

static void set_watch(struct xs_client *client, struct xs_watch *watch, bool quiet)
{
    watch->life = XS_WATCH_ADDING;
    watch->quiet = quiet;
    watch->set_due = false;
    watch_request(client, watch, XS_TYPE_WATCH);
}

static void unset_watch(struct xs_client *client, struct xs_watch *watch)
{
    watch->life = XS_WATCH_REMOVING;
    watch->remove_due = watch->set_due = false;
    watch_request(client, watch, XS_TYPE_UNWATCH);
}

bool xs_watch_add(struct xs_client *client, struct xs_watch *watch)
{
    if (watch->life != XS_WATCH_IDLE || client->shut)
        return false;
    for (uint32_t i = 0; i < client->tables.watch_count; i++) {
        if (client->tables.watches[i])
            continue;
        client->tables.watches[i] = watch;
        watch->index = i;
        watch->generation = client->watch_generation++;
        watch->remove_due = false;
        token_write(watch->token, i, watch->generation);
        set_watch(client, watch, false);
        return true;
    }
    return false;
}

void xs_watch_remove(struct xs_client *client, struct xs_watch *watch)
{
    switch (watch->request.state) {
    case XS_REQUEST_IDLE:
        unset_watch(client, watch);
        break;
    case XS_REQUEST_QUEUED:
        if (watch->life != XS_WATCH_ADDING)
            return; /* it is being removed */
        take_off(&client->queued, &watch->request);
        watch->life = XS_WATCH_REMOVING;
        finish(client, &watch->request, XS_OK);
        break;
    default:
        watch->remove_due = true;
        break;
    }
}

/* A watch's request is done: what is there to tell? False: nothing. */
static bool tell_watch(struct xs_client *client, struct xs_client_action *action,
                       struct xs_watch *watch)
{
    enum xs_error error = watch->request.error;
    bool quiet = watch->quiet, set = watch->life == XS_WATCH_ADDING && !error;
    watch->request.state = XS_REQUEST_IDLE;
    if (set)
        watch->life = XS_WATCH_ACTIVE;
    else if (quiet && watch->life == XS_WATCH_ADDING && !watch->remove_due && !client->shut) {
        watch->life = XS_WATCH_ACTIVE; /* its owner goes on believing in it */
        client->lost_watches++;
        if (watch->set_due)
            set_watch(client, watch, true);
        return false;
    }
    if (watch->life == XS_WATCH_ACTIVE && watch->remove_due) {
        unset_watch(client, watch);
        return false;
    }
    if (watch->life == XS_WATCH_ACTIVE && watch->set_due)
        set_watch(client, watch, true);
    if (set && quiet)
        return false;
    action->watch = watch;
    action->error = error;
    if (set || (watch->life == XS_WATCH_ADDING && !watch->remove_due && !client->shut))
        action->kind = XS_CLIENT_ADDED;
    else
        action->kind = XS_CLIENT_REMOVED;
    if (set)
        return true;
    client->tables.watches[watch->index] = NULL;
    watch->life = XS_WATCH_IDLE;
    return true;
}

static bool tell(struct xs_client *client, struct xs_client_action *action)
{
    struct xs_request *request;
    while ((request = client->done.first)) {
        take_off(&client->done, request);
        if (request->watch) {
            if (tell_watch(client, action, request->watch))
                return true;
            continue;
        }
        request->state = XS_REQUEST_IDLE;
        action->kind = XS_CLIENT_DONE;
        action->request = request;
        return true;
    }
    return false;
}

/* --- Towards the ring. */

/* There is a free one: slots_used says so. */
static struct xs_client_slot *take_slot(struct xs_client *client)
{
    struct xs_client_slot *slot = client->tables.slots;
    while (slot->used)
        slot++;
    slot->used = true;
    slot->generation++;
    client->slots_used++;
    return slot;
}

static uint32_t number_of(const struct xs_client *client, const struct xs_client_slot *slot)
{
    return (uint32_t)slot->generation << 16 | (uint32_t)(slot - client->tables.slots);
}

/* A transaction that a cancelled request began. */
static bool put_end(struct xs_client *client)
{
    for (uint32_t i = 0; client->ends_due && i < client->tables.slot_count; i++) {
        struct xs_client_slot *slot = &client->tables.slots[i];
        if (!slot->used || !slot->transaction || slot->ending)
            continue;
        struct xs_header header = {
            .type = XS_TYPE_TRANSACTION_END, .transaction = slot->transaction, .length_bytes = 2};
        slot->ending = true;
        slot->generation++;
        slot->type = header.type;
        header.request = number_of(client, slot);
        client->ends_due--;
        client->outgoing_length = (uint32_t)xs_message_write(client->outgoing, &header, "F");
        client->outgoing_done = 0;
        return true;
    }
    return false;
}

static void put_piece(struct xs_client *client, const void *bytes, uint32_t length)
{
    if (length)
        memcpy(client->outgoing + client->outgoing_length, bytes, length);
    client->outgoing_length += length;
}

/* The message of the queue's first request; its slot is there. */
static void put_request(struct xs_client *client, struct xs_request *request)
{
    uint32_t offset_length = request->part.active ? request->part.offset_length : 0;
    struct xs_client_slot *slot = take_slot(client);
    struct xs_header header = {.type =
                                   request->part.active ? XS_TYPE_DIRECTORY_PART : request->type,
                               .transaction = request->transaction.number,
                               .length_bytes = payload_length(request) + offset_length};
    slot->request = request;
    slot->type = header.type;
    header.request = number_of(client, slot);
    request->slot = (uint32_t)(slot - client->tables.slots);
    request->state = XS_REQUEST_SENT;
    xs_header_write(client->outgoing, &header);
    client->outgoing_length = XS_HEADER_BYTES;
    client->outgoing_done = 0;
    for (uint32_t i = 0; i < XS_PIECES; i++)
        put_piece(client, request->pieces[i].bytes, request->pieces[i].length);
    put_piece(client, request->part.offset_text, offset_length);
}

/* False: there is nothing to send, or no slot for it. */
static bool put_next(struct xs_client *client)
{
    if (put_end(client))
        return true;
    struct xs_request *request;
    while ((request = client->queued.first)) {
        bool stale = request->transaction.number && request->transaction.epoch != client->epoch;
        if (!stale && client->slots_used == client->tables.slot_count)
            return false;
        take_off(&client->queued, request);
        if (!stale) {
            put_request(client, request);
            return true;
        }
        finish(client, request, XS_ERROR_AGAIN);
    }
    return false;
}

static void broke(struct xs_client *client, const char *reason);

static void feed_ring(struct xs_client *client)
{
    do {
        uint32_t left = client->outgoing_length - client->outgoing_done;
        if (!left)
            continue;
        int moved = xs_ring_write(client->page, client->outgoing + client->outgoing_done, left);
        if (moved == XS_RING_BROKEN) {
            broke(client, "the request ring's indexes are too far apart");
            return;
        }
        client->outgoing_done += (uint32_t)moved;
        client->notify_due |= moved > 0;
        if ((uint32_t)moved < left)
            return;
    } while (put_next(client));
}

/* --- From the ring. */

static void answer_cancelled(struct xs_client *client, struct xs_client_slot *slot,
                             const struct xs_header *header, const uint8_t *payload)
{
    uint32_t number;
    if (slot->type == XS_TYPE_TRANSACTION_START && header->type == XS_TYPE_TRANSACTION_START &&
        xs_transaction_number(payload, header->length_bytes, &number)) {
        slot->transaction = number;
        client->ends_due++;
        return;
    }
    free_slot(client, slot);
}

static void copy_reply(struct xs_request *request, uint32_t at, const uint8_t *bytes,
                       uint32_t length)
{
    if (request->reply && length && at + length <= request->reply_room)
        memcpy(request->reply + at, bytes, length);
}

static void ask_for_part(struct xs_client *client, struct xs_request *request, uint32_t offset)
{
    request->part.active = true;
    request->part.offset = offset;
    request->part.offset_length = decimal_write(request->part.offset_text, offset) + 1;
    if (payload_length(request) + request->part.offset_length > XS_PAYLOAD_MAX_BYTES)
        finish(client, request, XS_ERROR_TOO_BIG);
    else
        queue(client, request); /* its sequence puts it in front of later ones */
}

static enum xs_error whole_directory(const struct xs_request *request)
{
    return request->reply && request->reply_length > request->reply_room ? XS_ERROR_TOO_BIG : XS_OK;
}

/* "generation NUL names", and one NUL more behind the last name of all. */
static void answer_part(struct xs_client *client, struct xs_request *request,
                        const uint8_t *payload, uint32_t length)
{
    const uint8_t *end = length ? memchr(payload, 0, length) : NULL;
    uint32_t generation_length = end ? (uint32_t)(end - payload) + 1 : 0;
    if (!end || generation_length > sizeof(request->part.generation) ||
        generation_length == length || payload[length - 1]) {
        finish(client, request, XS_ERROR_IO);
        return;
    }
    const uint8_t *names = payload + generation_length;
    uint32_t names_length = length - generation_length;
    bool last = names_length == 1 || !names[names_length - 2];
    bool same = request->part.offset == 0 ||
                (generation_length == request->part.generation_length &&
                 memcmp(payload, request->part.generation, generation_length) == 0);
    if (!same) {
        if (++request->part.restarts > PART_RESTARTS)
            finish(client, request, XS_ERROR_BUSY);
        else
            ask_for_part(client, request, 0);
        return;
    }
    memcpy(request->part.generation, payload, generation_length);
    request->part.generation_length = generation_length;
    names_length -= last;
    copy_reply(request, request->part.offset, names, names_length);
    request->reply_length = request->part.offset + names_length;
    if (last)
        finish(client, request, whole_directory(request));
    else if (request->reply_length > DIRECTORY_MAX_BYTES)
        finish(client, request, XS_ERROR_TOO_BIG);
    else
        ask_for_part(client, request, request->reply_length);
}

static void answer_request(struct xs_client *client, struct xs_request *request,
                           uint32_t asked_type, const struct xs_header *header,
                           const uint8_t *payload)
{
    uint32_t length = header->length_bytes;
    if (header->type == XS_TYPE_ERROR) {
        enum xs_error error = xs_error_of_word((const char *)payload, length);
        if (error == XS_ERROR_TOO_BIG && asked_type == XS_TYPE_DIRECTORY)
            ask_for_part(client, request, 0);
        else
            finish(client, request, error == XS_OK ? XS_ERROR_IO : error);
    } else if (header->type != asked_type) {
        finish(client, request, XS_ERROR_IO);
    } else if (asked_type == XS_TYPE_DIRECTORY_PART) {
        answer_part(client, request, payload, length);
    } else if (asked_type == XS_TYPE_TRANSACTION_START) {
        bool begun = xs_transaction_number(payload, length, &request->transaction.number);
        request->transaction.epoch = client->epoch;
        finish(client, request, begun ? XS_OK : XS_ERROR_IO);
    } else {
        bool fits = !request->reply || length <= request->reply_room;
        copy_reply(request, 0, payload, length);
        request->reply_length = length;
        finish(client, request, fits ? XS_OK : XS_ERROR_TOO_BIG);
    }
}

static void take_answer(struct xs_client *client, const struct xs_header *header,
                        const uint8_t *payload)
{
    uint32_t index = header->request & 0xffff;
    struct xs_client_slot *slot =
        index < client->tables.slot_count ? &client->tables.slots[index] : NULL;
    if (!slot || !slot->used || slot->generation != header->request >> 16 ||
        (slot->transaction && !slot->ending)) {
        client->stray_replies++;
        return;
    }
    struct xs_request *request = slot->request;
    uint32_t asked_type = slot->type;
    if (!request) {
        answer_cancelled(client, slot, header, payload);
        return;
    }
    free_slot(client, slot);
    answer_request(client, request, asked_type, header, payload);
}

static void take_event(struct xs_client *client, struct xs_client_action *action,
                       const struct xs_header *header, const uint8_t *payload)
{
    uint32_t path_length, token_length;
    struct xs_watch *watch = NULL;
    if (xs_two_strings(payload, header->length_bytes, &path_length, &token_length) &&
        token_length + 1 == XS_TOKEN_BYTES)
        watch = watch_of_token(client, (const char *)payload + path_length + 1);
    if (!watch || watch->remove_due || watch->life == XS_WATCH_REMOVING) {
        client->stray_events += !watch;
        return;
    }
    action->kind = XS_CLIENT_WATCH;
    action->watch = watch;
    action->path = (const char *)payload;
}

/* False: the ring holds no whole message. */
static bool take_message(struct xs_client *client, struct xs_client_action *action)
{
    struct xs_header header;
    uint32_t room;
    while ((room = xs_assembler_room(&client->incoming))) {
        uint8_t bytes[XS_RING_BYTES];
        int moved = xs_ring_read(client->page, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
        if (moved == XS_RING_BROKEN) {
            broke(client, "the reply ring's indexes are too far apart");
            return false;
        }
        if (!moved)
            return false;
        client->notify_due = true;
        if (!xs_assembler_feed(&client->incoming, bytes, (uint32_t)moved)) {
            broke(client, "a message longer than any may be");
            return false;
        }
    }
    xs_assembler_complete(&client->incoming, &header);
    client->incoming_used = true;
    const uint8_t *payload = client->incoming.bytes + XS_HEADER_BYTES;
    if (header.type == XS_TYPE_WATCH_EVENT)
        take_event(client, action, &header, payload);
    else
        take_answer(client, &header, payload);
    return true;
}

static bool other_action(struct xs_client *client, struct xs_client_action *action)
{
    if (tell(client, action))
        return true;
    if (client->broken && !client->broken_told && !client->shut) {
        client->broken_told = true;
        action->kind = XS_CLIENT_BROKEN;
        action->reason = client->broken;
        return true;
    }
    return false;
}

static void forget_message(struct xs_client *client)
{
    if (client->incoming_used)
        xs_assembler_reset(&client->incoming);
    client->incoming_used = false;
}

void xs_client_next(struct xs_client *client, struct xs_client_action *action)
{
    memset(action, 0, sizeof(*action));
    forget_message(client);
    for (int silent = 0; silent < SILENT_MESSAGES; silent++) {
        if (other_action(client, action))
            return;
        if (client->broken || client->shut)
            return;
        feed_ring(client);
        bool taken = !client->broken && take_message(client, action);
        if (action->kind != XS_CLIENT_NONE)
            return;
        forget_message(client);
        if (taken || client->done.first || client->broken)
            continue;
        if (client->notify_due) {
            client->notify_due = false;
            action->kind = XS_CLIENT_NOTIFY;
        }
        return;
    }
    action->kind = XS_CLIENT_YIELD;
}

/* --- The end of a connection. */

/* What was sent is queued again in its old place. */
static void recall(struct xs_client *client)
{
    for (uint32_t i = 0; i < client->tables.slot_count; i++) {
        struct xs_client_slot *slot = &client->tables.slots[i];
        if (!slot->used)
            continue;
        if (slot->request)
            queue(client, slot->request);
        free_slot(client, slot);
    }
    client->ends_due = 0;
    client->outgoing_length = client->outgoing_done = 0;
    client->notify_due = false;
    xs_assembler_reset(&client->incoming);
    client->incoming_used = false;
}

static void fail_all(struct xs_client *client, enum xs_error error)
{
    struct xs_request *request;
    recall(client);
    while ((request = client->queued.first)) {
        take_off(&client->queued, request);
        finish(client, request, error);
    }
}

static void broke(struct xs_client *client, const char *reason)
{
    client->broken = reason;
    client->broken_told = false;
    fail_all(client, XS_ERROR_IO);
}

void xs_client_reconnect(struct xs_client *client, struct xs_ring_page *page)
{
    struct xs_request *request, *next;
    if (client->shut)
        return;
    if (++client->epoch == 0)
        client->epoch = 1;
    client->page = page;
    client->broken = NULL;
    recall(client);
    for (request = client->queued.first; request; request = next) {
        next = request->next;
        request->part.active = false; /* a directory is read from its beginning */
        if (request->type != XS_TYPE_UNWATCH)
            continue;
        take_off(&client->queued, request); /* the new connection has no watch */
        finish(client, request, XS_OK);
    }
    for (uint32_t i = 0; i < client->tables.watch_count; i++) {
        struct xs_watch *watch = client->tables.watches[i];
        if (!watch)
            continue;
        if (watch->life == XS_WATCH_ACTIVE && watch->request.state == XS_REQUEST_IDLE)
            set_watch(client, watch, true);
        else if (watch->request.state == XS_REQUEST_DONE)
            watch->set_due = true;
    }
}

void xs_client_shut_down(struct xs_client *client)
{
    client->shut = true;
    fail_all(client, XS_ERROR_CANCELLED);
    for (uint32_t i = 0; i < client->tables.watch_count; i++) {
        struct xs_watch *watch = client->tables.watches[i];
        if (!watch)
            continue;
        watch->remove_due = false;
        watch->life = XS_WATCH_REMOVING;
        if (watch->request.state == XS_REQUEST_IDLE)
            finish(client, &watch->request, XS_ERROR_CANCELLED);
    }
}
