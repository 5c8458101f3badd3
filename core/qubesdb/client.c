/* SPDX-License-Identifier: BSD-2-Clause */
/* Local clients of the database; see database.h. Every request has one answer, in order; events of
 * watches may stand between them. */
#include "core/qubesdb/change.h"
#include "core/qubesdb/database.h"

void qdb_client_add(struct qdb_database *database, struct qdb_client *client, bool may_write)
{
    __builtin_memset(client, 0, sizeof(*client));
    client->may_write = may_write;
    qdb_queue_init(&client->output, database->memory);
    client->next = database->clients;
    database->clients = client;
}

void qdb_client_remove(struct qdb_database *database, struct qdb_client *client)
{
    struct qdb_client **at = &database->clients;

    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    qdb_queue_free(&client->output);
}

bool qdb_client_takes_input(const struct qdb_client *client)
{
    return client->problem == NULL && client->output.length < QDB_INPUT_BACKLOG;
}

static void answer(struct qdb_client *client, uint8_t type, const char *path, const void *data,
                   uint32_t length)
{
    if (!qdb_queue_message(&client->output, type, path, data, length))
        client->problem = "no memory for an answer";
}

static void answer_read(struct qdb_database *database, struct qdb_client *client, const char *path)
{
    const struct qdb_entry *entry = qdb_store_find(&database->store, path);

    if (entry == NULL)
        answer(client, QDB_ERROR_NOENT, path, NULL, 0);
    else
        answer(client, QDB_ANSWER_READ, path, entry->data, entry->length);
}

/* All keys that begin with prefix, then the empty path. */
static void answer_all(struct qdb_database *database, struct qdb_client *client, uint8_t type,
                       const char *prefix)
{
    const struct qdb_store *store = &database->store;
    size_t length = __builtin_strlen(prefix);

    for (uint32_t i = qdb_store_from(store, prefix); i < store->count && client->problem == NULL;
         i++) {
        const struct qdb_entry *entry = store->entries[i];

        if (__builtin_strncmp(entry->path, prefix, length) != 0)
            break;
        answer(client, type, entry->path, entry->data,
               type == QDB_ANSWER_MULTIREAD ? entry->length : 0);
    }
    answer(client, type, "", NULL, 0);
}

static bool add_watch(struct qdb_client *client, const char *path)
{
    if (client->watch_count == QDB_CLIENT_WATCHES)
        return false;
    __builtin_memcpy(client->watches[client->watch_count++], path, QDB_PATH_BYTES);
    return true;
}

static bool drop_watch(struct qdb_client *client, const char *path)
{
    for (uint32_t i = 0; i < client->watch_count; i++) {
        if (__builtin_strcmp(client->watches[i], path) == 0) {
            __builtin_memcpy(client->watches[i], client->watches[--client->watch_count],
                             QDB_PATH_BYTES);
            return true;
        }
    }
    return false;
}

static bool is_key(const char *path)
{
    return path[0] != '\0' && path[__builtin_strlen(path) - 1] != '/';
}

/* The answer to a request that has no data in it. */
static uint8_t change(struct qdb_database *database, struct qdb_client *client,
                      const struct qdb_message *request)
{
    const char *path = request->path;

    if (request->type == QDB_UNWATCH)
        return drop_watch(client, path) ? QDB_OK : QDB_ERROR_NOENT;
    if (path[0] == '\0')
        return QDB_ERROR;
    if (request->type == QDB_WATCH)
        return add_watch(client, path) ? QDB_OK : QDB_ERROR;
    if (!client->may_write)
        return QDB_ERROR;
    if (request->type == QDB_RM)
        return qdb_database_remove(database, path) > 0 ? QDB_OK : QDB_ERROR_NOENT;
    if (!is_key(path))
        return QDB_ERROR;
    return qdb_database_write(database, path, request->data, request->data_length) ? QDB_OK
                                                                                   : QDB_ERROR;
}

static void serve(struct qdb_database *database, struct qdb_client *client,
                  const struct qdb_message *request)
{
    switch (request->type) {
    case QDB_READ:
        answer_read(database, client, request->path);
        break;
    case QDB_MULTIREAD:
        answer_all(database, client, QDB_ANSWER_MULTIREAD, request->path);
        break;
    case QDB_LIST:
        answer_all(database, client, QDB_ANSWER_LIST, request->path);
        break;
    case QDB_WRITE:
    case QDB_RM:
    case QDB_WATCH:
    case QDB_UNWATCH: {
        uint8_t type = change(database, client, request);

        answer(client, type, request->path, NULL, 0);
        break;
    }
    default:
        client->problem = "an answer where a request belongs";
    }
}

void qdb_client_feed(struct qdb_database *database, struct qdb_client *client, const uint8_t *bytes,
                     size_t length, size_t *taken)
{
    struct qdb_message request;
    size_t part;

    *taken = 0;
    while (*taken < length && qdb_client_takes_input(client)) {
        enum qdb_assembled assembled = qdb_assembler_feed(
            &client->input, bytes + *taken, length - *taken, &part, &request, &client->problem);

        *taken += part;
        if (assembled == QDB_ASSEMBLED_MESSAGE)
            serve(database, client, &request);
    }
}
