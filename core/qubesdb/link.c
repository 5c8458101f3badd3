/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link of the database to the other side (database.h). The qube asks for all keys once
 * (MULTIREAD with an empty path), dom0 sends them and an empty path behind; from then on either
 * side tells the other of its changes with WRITE and RM, and each is answered with OK.
 */
#include "core/qubesdb/change.h"
#include "core/qubesdb/database.h"

void qdb_link_connected(struct qdb_database *database)
{
    struct qdb_link *link = &database->link;

    qdb_link_disconnected(database);
    link->state = QDB_LINK_UP;
    if (link->is_dom0)
        return;
    link->state = QDB_LINK_READING;
    qdb_queue_message(&link->output, QDB_MULTIREAD, "", NULL, 0);
}

void qdb_link_disconnected(struct qdb_database *database)
{
    struct qdb_link *link = &database->link;

    link->state = QDB_LINK_DOWN;
    link->input.have = 0;
    link->unanswered = 0;
    qdb_queue_free(&link->output);
    qdb_store_free(&link->incoming);
}

static const char *send_all(struct qdb_database *database)
{
    struct qdb_queue *output = &database->link.output;

    for (uint32_t i = database->store.count; i-- > 0;) {
        const struct qdb_entry *entry = database->store.entries[i];

        if (!qdb_queue_message(output, QDB_ANSWER_MULTIREAD, entry->path, entry->data,
                               entry->length))
            return "no memory for the keys";
    }
    return qdb_queue_message(output, QDB_ANSWER_MULTIREAD, "", NULL, 0) ? NULL
                                                                        : "no memory for the keys";
}

static bool same(const struct qdb_entry *a, const struct qdb_entry *b)
{
    return a != NULL && b != NULL && a->length == b->length &&
           __builtin_memcmp(a->data, b->data, a->length) == 0;
}

/* All keys are here: they take the place of the old ones, and who watches hears what is different.
 */
static void take_over(struct qdb_database *database)
{
    struct qdb_store before = database->store;

    database->store = database->link.incoming;
    qdb_store_init(&database->link.incoming, database->memory);
    database->link.state = QDB_LINK_UP;
    for (uint32_t i = 0; i < before.count; i++) {
        if (!same(before.entries[i], qdb_store_find(&database->store, before.entries[i]->path)))
            qdb_fire_watches(database, before.entries[i]->path);
    }
    for (uint32_t i = 0; i < database->store.count; i++) {
        if (qdb_store_find(&before, database->store.entries[i]->path) == NULL)
            qdb_fire_watches(database, database->store.entries[i]->path);
    }
    qdb_store_free(&before);
}

static const char *take_key(struct qdb_database *database, const struct qdb_message *message)
{
    if (database->link.state != QDB_LINK_READING)
        return "keys that nobody asked for";
    if (message->path[0] == '\0') {
        take_over(database);
        return NULL;
    }
    return qdb_store_write(&database->link.incoming, message->path, message->data,
                           message->data_length)
               ? NULL
               : "more keys than there is room for";
}

/* A change that dom0 tells of before the keys is in the keys that follow, too. */
static bool change_incoming(struct qdb_store *incoming, const struct qdb_message *message)
{
    if (message->type == QDB_WRITE)
        return qdb_store_write(incoming, message->path, message->data, message->data_length);
    qdb_store_remove(incoming, message->path);
    return true;
}

static bool change_keys(struct qdb_database *database, const struct qdb_message *message)
{
    if (database->link.state == QDB_LINK_READING)
        return change_incoming(&database->link.incoming, message);
    if (message->type == QDB_WRITE)
        return qdb_apply_write(database, message->path, message->data, message->data_length);
    qdb_apply_remove(database, message->path); /* of nothing: changes nothing and is no fault */
    return true;
}

/* Writes and removals of the other side. */
static const char *take_change(struct qdb_database *database, const struct qdb_message *message)
{
    const char *path = message->path;
    bool below = path[0] != '\0' && path[__builtin_strlen(path) - 1] == '/';

    if (path[0] == '\0' || (message->type == QDB_WRITE && below))
        return "a change of no key";
    if (!change_keys(database, message))
        return "more keys than there is room for";
    return qdb_queue_message(&database->link.output, QDB_OK, path, NULL, 0)
               ? NULL
               : "no memory for an answer";
}

static const char *take(struct qdb_database *database, const struct qdb_message *message)
{
    struct qdb_link *link = &database->link;

    switch (message->type) {
    case QDB_MULTIREAD:
        if (!link->is_dom0 || message->path[0] != '\0')
            return "a question that this side does not answer";
        return send_all(database);
    case QDB_ANSWER_MULTIREAD:
        return take_key(database, message);
    case QDB_WRITE:
    case QDB_RM:
        return take_change(database, message);
    case QDB_OK:
    case QDB_ERROR:
    case QDB_ERROR_NOENT:
        if (link->unanswered == 0)
            return "an answer to nothing";
        link->unanswered--;
        return NULL;
    default:
        return "a message that has no place on this channel";
    }
}

const char *qdb_link_feed(struct qdb_database *database, const uint8_t *bytes, size_t length,
                          size_t *taken)
{
    struct qdb_link *link = &database->link;
    struct qdb_message message;
    const char *problem = NULL;
    size_t part;

    *taken = 0;
    while (*taken < length && problem == NULL && link->output.length < QDB_INPUT_BACKLOG) {
        if (qdb_assembler_feed(&link->input, bytes + *taken, length - *taken, &part, &message,
                               &problem) == QDB_ASSEMBLED_MESSAGE)
            problem = take(database, &message);
        *taken += part;
    }
    return problem;
}
