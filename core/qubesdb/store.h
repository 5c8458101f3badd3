/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys and values of one qube's QubesDB, in the order of their paths. Memory comes from the
 * functions that the owner hands in; nothing else is called. One thread at a time.
 */
#ifndef CASEMENT_QUBESDB_STORE_H
#define CASEMENT_QUBESDB_STORE_H

#include "core/qubesdb/wire.h"

struct qdb_memory {
    void *(*allocate)(size_t size); /* NULL: none left */
    void (*release)(void *block);   /* NULL is fine */
};

/* A peer that writes without end is stopped here. */
enum {
    QDB_STORE_KEYS = 65536,
    QDB_STORE_BYTES = 16 << 20, /* of values */
};

struct qdb_entry {
    char path[QDB_PATH_BYTES];
    uint32_t length;
    uint8_t data[];
};

struct qdb_store {
    const struct qdb_memory *memory;
    struct qdb_entry **entries; /* sorted */
    uint32_t count, capacity;
    uint32_t bytes; /* of all values */
};

void qdb_store_init(struct qdb_store *store, const struct qdb_memory *memory);
void qdb_store_free(struct qdb_store *store);

/* NULL: there is none. Valid until the next write or removal. */
const struct qdb_entry *qdb_store_find(const struct qdb_store *store, const char *path);

/* The index of the first key that is not before path; store->count: none. Keys that begin with
 * the same text follow one another. */
uint32_t qdb_store_from(const struct qdb_store *store, const char *path);

/* path is valid and names a key, data are valid. False: no memory, too many keys or too many
 * bytes; the store is as before. */
bool qdb_store_write(struct qdb_store *store, const char *path, const void *data, uint32_t length);

/* Removes the key, or with a path that ends in "/" all keys below. Returns how many. */
uint32_t qdb_store_remove(struct qdb_store *store, const char *path);

#endif
