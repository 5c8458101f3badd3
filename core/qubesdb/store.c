/* SPDX-License-Identifier: BSD-2-Clause */
/* See store.h. A sorted array of pointers: 10,000 keys arrive in one go, then nearly all is
 * reading. */
#include "core/qubesdb/store.h"

enum { FIRST_CAPACITY = 64 };

void qdb_store_init(struct qdb_store *store, const struct qdb_memory *memory)
{
    __builtin_memset(store, 0, sizeof(*store));
    store->memory = memory;
}

void qdb_store_free(struct qdb_store *store)
{
    for (uint32_t i = 0; i < store->count; i++)
        store->memory->release(store->entries[i]);
    store->memory->release(store->entries);
    qdb_store_init(store, store->memory);
}

uint32_t qdb_store_from(const struct qdb_store *store, const char *path)
{
    uint32_t low = 0, high = store->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (__builtin_strcmp(store->entries[middle]->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct qdb_store *store, uint32_t index, const char *path)
{
    return index < store->count && __builtin_strcmp(store->entries[index]->path, path) == 0;
}

const struct qdb_entry *qdb_store_find(const struct qdb_store *store, const char *path)
{
    uint32_t index = qdb_store_from(store, path);

    return is_at(store, index, path) ? store->entries[index] : NULL;
}

static bool make_room(struct qdb_store *store)
{
    uint32_t capacity = store->capacity == 0 ? FIRST_CAPACITY : 2 * store->capacity;
    struct qdb_entry **entries;

    if (store->count < store->capacity)
        return true;
    if (store->count >= QDB_STORE_KEYS)
        return false;
    entries = store->memory->allocate(capacity * sizeof(struct qdb_entry *));
    if (entries == NULL)
        return false;
    if (store->count > 0)
        __builtin_memcpy(entries, store->entries, store->count * sizeof(struct qdb_entry *));
    store->memory->release(store->entries);
    store->entries = entries;
    store->capacity = capacity;
    return true;
}

static struct qdb_entry *make_entry(struct qdb_store *store, const char *path, const void *data,
                                    uint32_t length)
{
    struct qdb_entry *entry = store->memory->allocate(sizeof(*entry) + length);

    if (entry == NULL)
        return NULL;
    __builtin_memset(entry, 0, sizeof(*entry));
    __builtin_memcpy(entry->path, path, __builtin_strlen(path));
    entry->length = length;
    if (length > 0)
        __builtin_memcpy(entry->data, data, length);
    return entry;
}

bool qdb_store_write(struct qdb_store *store, const char *path, const void *data, uint32_t length)
{
    uint32_t index = qdb_store_from(store, path);
    bool replaces = is_at(store, index, path);
    uint32_t replaced = replaces ? store->entries[index]->length : 0;
    struct qdb_entry *entry;

    if (store->bytes - replaced + length > QDB_STORE_BYTES || (!replaces && !make_room(store)))
        return false;
    entry = make_entry(store, path, data, length);
    if (entry == NULL)
        return false;
    if (replaces) {
        store->memory->release(store->entries[index]);
    } else {
        __builtin_memmove(store->entries + index + 1, store->entries + index,
                          (store->count - index) * sizeof(struct qdb_entry *));
        store->count++;
    }
    store->entries[index] = entry;
    store->bytes += length - replaced;
    return true;
}

uint32_t qdb_store_remove(struct qdb_store *store, const char *path)
{
    uint32_t first = qdb_store_from(store, path), end = first;

    while (end < store->count && qdb_path_matches(store->entries[end]->path, path)) {
        store->bytes -= store->entries[end]->length;
        store->memory->release(store->entries[end++]);
    }
    if (end > first)
        __builtin_memmove(store->entries + first, store->entries + end,
                          (store->count - end) * sizeof(struct qdb_entry *));
    store->count -= end - first;
    return end - first;
}
