/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes from the other side and from a local client into a database: nothing is crossed, keys
 * stay sorted and valid, what is counted is what is there, and a broken stream ends with a reason.
 * The first byte chooses the side and how the input is cut; a byte 0xff in it switches between
 * link and client.
 */
#include "core/qubesdb/database.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct qdb_memory memory = {malloc, free};

static void check(const struct qdb_database *database)
{
    uint32_t bytes = 0;

    for (uint32_t i = 0; i < database->store.count; i++) {
        const struct qdb_entry *entry = database->store.entries[i];

        REQUIRE(qdb_path_valid(entry->path) && qdb_data_valid(entry->data, entry->length));
        REQUIRE(i == 0 || strcmp(database->store.entries[i - 1]->path, entry->path) < 0);
        bytes += entry->length;
    }
    REQUIRE(bytes == database->store.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qdb_database database;
    struct qdb_client *client = malloc(sizeof(*client));
    bool to_client = false, link_broken = false;
    size_t step, taken;

    if (size == 0) {
        free(client);
        return 0;
    }
    qdb_database_init(&database, &memory, data[0] & 1);
    qdb_client_add(&database, client, data[0] & 2);
    qdb_link_connected(&database);
    step = (size_t)(data[0] >> 2) + 1;
    for (size_t at = 1; at < size; at += taken) {
        size_t length = size - at < step ? size - at : step;

        taken = length;
        if (data[at] == 0xff) {
            to_client = !to_client;
            taken = 1;
        } else if (to_client && client->problem == NULL) {
            qdb_client_feed(&database, client, data + at, length, &taken);
            qdb_queue_free(&client->output);
        } else if (!to_client && !link_broken) {
            link_broken = qdb_link_feed(&database, data + at, length, &taken) != NULL;
            qdb_queue_free(&database.link.output);
        }
        if (taken == 0) /* a broken stream takes no more */
            taken = length;
        check(&database);
    }
    qdb_client_remove(&database, client);
    qdb_database_free(&database);
    free(client);
    return 0;
}
