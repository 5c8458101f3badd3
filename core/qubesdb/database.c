/* SPDX-License-Identifier: BSD-2-Clause */
/* See database.h: changes, and who is told of them. */
#include "core/qubesdb/change.h"
#include "core/qubesdb/database.h"

void qdb_database_init(struct qdb_database *database, const struct qdb_memory *memory, bool is_dom0)
{
    __builtin_memset(database, 0, sizeof(*database));
    database->memory = memory;
    qdb_store_init(&database->store, memory);
    database->link.is_dom0 = is_dom0;
    qdb_queue_init(&database->link.output, memory);
    qdb_store_init(&database->link.incoming, memory);
}

void qdb_database_free(struct qdb_database *database)
{
    qdb_link_disconnected(database);
    qdb_store_free(&database->store);
}

static bool watches(const struct qdb_client *client, const char *path)
{
    for (uint32_t i = 0; i < client->watch_count; i++) {
        if (qdb_path_matches(path, client->watches[i]))
            return true;
    }
    return false;
}

void qdb_fire_watches(struct qdb_database *database, const char *path)
{
    for (struct qdb_client *client = database->clients; client != NULL; client = client->next) {
        if (client->problem != NULL || !watches(client, path))
            continue;
        if (client->output.length > QDB_WATCH_BACKLOG)
            client->problem = "a client that does not read its events";
        else if (!qdb_queue_message(&client->output, QDB_ANSWER_WATCH, path, NULL, 0))
            client->problem = "no memory for an event";
    }
}

bool qdb_apply_write(struct qdb_database *database, const char *path, const void *data,
                     uint32_t length)
{
    if (!qdb_store_write(&database->store, path, data, length))
        return false;
    qdb_fire_watches(database, path);
    return true;
}

uint32_t qdb_apply_remove(struct qdb_database *database, const char *path)
{
    uint32_t count = qdb_store_remove(&database->store, path);

    if (count > 0)
        qdb_fire_watches(database, path);
    return count;
}

bool qdb_database_write(struct qdb_database *database, const char *path, const void *data,
                        uint32_t length)
{
    struct qdb_link *link = &database->link;

    if (link->state != QDB_LINK_UP && !link->is_dom0)
        return false; /* the keys that are read next would undo it */
    if (!qdb_apply_write(database, path, data, length))
        return false;
    if (link->state == QDB_LINK_UP &&
        qdb_queue_message(&link->output, QDB_WRITE, path, data, length))
        link->unanswered++;
    return true;
}

uint32_t qdb_database_remove(struct qdb_database *database, const char *path)
{
    struct qdb_link *link = &database->link;
    uint32_t count;

    if (link->state != QDB_LINK_UP && !link->is_dom0)
        return 0;
    count = qdb_apply_remove(database, path);
    /* The peer takes a removal of nothing for a fault. */
    if (count > 0 && link->state == QDB_LINK_UP &&
        qdb_queue_message(&link->output, QDB_RM, path, NULL, 0))
        link->unanswered++;
    return count;
}
