/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole paths of one copy, as Windows stores them; see winmap.h. */
#include "core/filecopy/winmap.h"
#include "core/filecopy/name.h"
#include "core/filecopy/winname.h"

#include <string.h>

void fc_winmap_init(struct fc_winmap *map, const struct fc_memory *memory,
                    const struct fc_hash_key *key, uint16_t (*upcase)(uint16_t))
{
    fc_nameset_init(&map->names, memory);
    map->key = *key;
    map->upcase = upcase;
    map->directory_length = 0;
    map->stored_length = 0;
}

void fc_winmap_free(struct fc_winmap *map)
{
    fc_nameset_free(&map->names);
}

/* One candidate for a component, placed behind the stored directory. Returns its end, or 0. */
static size_t place(struct fc_winmap *map, size_t directory_end, const char *component,
                    size_t length, size_t leading_escapes)
{
    char escaped[FC_WINNAME_BYTES];
    size_t bytes, units;

    bytes = fc_winname_escape(component, length, leading_escapes, escaped, sizeof(escaped));
    if (bytes == 0)
        return 0;
    units = fc_utf8_to_utf16(escaped, bytes, map->stored + directory_end,
                             FC_WINPATH_UNITS - directory_end);
    if (units == SIZE_MAX || units > FC_WINNAME_UNITS)
        return 0;
    return directory_end + units;
}

/* The folded directory is in place already: only the component is new. */
static uint64_t folded_hash(struct fc_winmap *map, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        map->folded[i] = map->upcase(map->stored[i]);
    return fc_hash(&map->key, map->folded, to * sizeof(map->folded[0]));
}

/* Stores one component behind directory_end; *end is behind it. path up to length tells which name
 * this is: two paths are the same name only when all their bytes are. */
static enum fc_error resolve(struct fc_winmap *map, const char *path, size_t length,
                             size_t component, size_t directory_end, size_t *end)
{
    uint64_t identity = fc_hash(&map->key, path, length);

    for (size_t escapes = 0;; escapes++) {
        const uint64_t *owner;
        uint64_t name;

        *end = place(map, directory_end, path + component, length - component, escapes);
        if (*end == 0)
            return escapes == 0 ? FC_ENAMETOOLONG : FC_EEXIST;
        name = folded_hash(map, directory_end, *end);
        owner = fc_nameset_find(&map->names, name);
        if (owner != NULL && *owner == identity)
            return FC_OK;
        if (owner == NULL)
            return fc_nameset_insert(&map->names, name, identity) ? FC_OK : FC_ENOMEM;
    }
}

static enum fc_error enter_directory(struct fc_winmap *map, const char *path, size_t length)
{
    size_t component = 0, end = 0;

    map->directory_length = 0;
    map->stored_length = 0;
    for (size_t at = 0; at < length; at++) {
        enum fc_error error;

        if (path[at] != '/')
            continue;
        error = resolve(map, path, at, component, end, &end);
        if (error != FC_OK)
            return error;
        if (end == FC_WINPATH_UNITS)
            return FC_ENAMETOOLONG;
        map->stored[end] = map->folded[end] = '\\';
        end++;
        component = at + 1;
    }
    memcpy(map->directory, path, length);
    map->directory_length = length;
    map->stored_length = end;
    return FC_OK;
}

enum fc_error fc_winmap_path(struct fc_winmap *map, const char *path, size_t length,
                             const uint16_t **stored, size_t *stored_length)
{
    size_t directory = length;
    enum fc_error error;

    while (directory > 0 && path[directory - 1] != '/')
        directory--;
    if (directory != map->directory_length || memcmp(path, map->directory, directory) != 0) {
        error = enter_directory(map, path, directory);
        if (error != FC_OK)
            return error;
    }
    error = resolve(map, path, length, directory, map->stored_length, stored_length);
    *stored = map->stored;
    return error;
}
