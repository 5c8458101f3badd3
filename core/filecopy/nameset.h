/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table from 64-bit keys to 64-bit values that only grows: the names which one copy has
 * used. Its cost per name does not depend on how many there are. Memory comes from the owner's
 * functions. Also the keyed hash (SipHash-1-3) that makes the keys, so that a peer cannot aim at
 * collisions.
 */
#ifndef CASEMENT_FILECOPY_NAMESET_H
#define CASEMENT_FILECOPY_NAMESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fc_memory {
    void *(*allocate)(size_t size); /* NULL when there is none */
    void (*release)(void *block);   /* takes what allocate gave */
};

struct fc_nameset_entry {
    uint64_t key; /* 0: free */
    uint64_t value;
};

struct fc_nameset {
    struct fc_memory memory;
    struct fc_nameset_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t used;
};

struct fc_hash_key {
    uint64_t k0, k1; /* random, from the edge */
};

void fc_nameset_init(struct fc_nameset *set, const struct fc_memory *memory);
void fc_nameset_free(struct fc_nameset *set);

/* NULL when the key is not there. */
const uint64_t *fc_nameset_find(const struct fc_nameset *set, uint64_t key);

/* The key is not there yet. False: no memory, the set is as before. */
bool fc_nameset_insert(struct fc_nameset *set, uint64_t key, uint64_t value);

uint64_t fc_hash(const struct fc_hash_key *key, const void *data, size_t size);

#endif
