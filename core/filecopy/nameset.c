/* SPDX-License-Identifier: BSD-2-Clause */
/* The names which one copy has used; see nameset.h. */
#include "core/filecopy/nameset.h"

#include <string.h>

enum { FIRST_CAPACITY = 256 };

void fc_nameset_init(struct fc_nameset *set, const struct fc_memory *memory)
{
    set->memory = *memory;
    set->entries = NULL;
    set->capacity = 0;
    set->used = 0;
}

void fc_nameset_free(struct fc_nameset *set)
{
    if (set->entries != NULL)
        set->memory.release(set->entries);
    set->entries = NULL;
    set->capacity = 0;
    set->used = 0;
}

static uint64_t usable(uint64_t key)
{
    return key == 0 ? 1 : key;
}

/* The entry of this key, or the free one where it belongs. One is always free. */
static struct fc_nameset_entry *slot(struct fc_nameset_entry *entries, size_t capacity,
                                     uint64_t key)
{
    size_t at = (size_t)key & (capacity - 1);

    while (entries[at].key != 0 && entries[at].key != key)
        at = (at + 1) & (capacity - 1);
    return &entries[at];
}

const uint64_t *fc_nameset_find(const struct fc_nameset *set, uint64_t key)
{
    struct fc_nameset_entry *entry;

    if (set->capacity == 0)
        return NULL;
    entry = slot(set->entries, set->capacity, usable(key));
    return entry->key == 0 ? NULL : &entry->value;
}

static bool grow(struct fc_nameset *set)
{
    size_t capacity = set->capacity == 0 ? FIRST_CAPACITY : set->capacity * 2;
    struct fc_nameset_entry *entries;

    if (capacity > SIZE_MAX / sizeof(*entries))
        return false;
    entries = set->memory.allocate(capacity * sizeof(*entries));
    if (entries == NULL)
        return false;
    memset(entries, 0, capacity * sizeof(*entries));
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->entries[i].key != 0)
            *slot(entries, capacity, set->entries[i].key) = set->entries[i];
    }
    if (set->entries != NULL)
        set->memory.release(set->entries);
    set->entries = entries;
    set->capacity = capacity;
    return true;
}

bool fc_nameset_insert(struct fc_nameset *set, uint64_t key, uint64_t value)
{
    struct fc_nameset_entry *entry;

    if (set->used >= set->capacity / 2 && !grow(set))
        return false;
    entry = slot(set->entries, set->capacity, usable(key));
    entry->key = usable(key);
    entry->value = value;
    set->used++;
    return true;
}

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/* SipHash-1-3 (Aumasson, Bernstein), words in the machine's own order: the value never leaves it.
 */
uint64_t fc_hash(const struct fc_hash_key *key, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t v[4] = {key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
                     key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573};
    uint64_t last = (uint64_t)size << 56;
    uint64_t word;

    for (; size >= 8; size -= 8, bytes += 8) {
        memcpy(&word, bytes, 8);
        sip_word(v, word);
    }
    for (size_t i = 0; i < size; i++)
        last |= (uint64_t)bytes[i] << (8 * i);
    sip_word(v, last);
    v[2] ^= 0xFF;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
