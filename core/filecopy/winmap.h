/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole paths of one copy, as Windows stores them: every component escaped (winname.h), "\" between
 * them, UTF-16. It remembers which names the copy has used, so that two names which differ only in
 * case do not become one: the second gets another escape. Which one came first decides, and the
 * same path always gives the same answer within one copy.
 */
#ifndef CASEMENT_FILECOPY_WINMAP_H
#define CASEMENT_FILECOPY_WINMAP_H

#include "core/filecopy/nameset.h"
#include "core/filecopy/wire.h"

enum {
    /* Windows' own limit of a path in UTF-16 units. */
    FC_WINPATH_UNITS = 32767,
};

struct fc_winmap {
    struct fc_nameset names;
    struct fc_hash_key key;
    uint16_t (*upcase)(uint16_t unit); /* as the file system compares names */
    /* The directory of the path before, with its "/" and "\": most files follow a neighbour. */
    char directory[FC_NAME_LIMIT];
    size_t directory_length;
    size_t stored_length;
    /* Its stored form; the rest is the last answer. */
    uint16_t stored[FC_WINPATH_UNITS];
    uint16_t folded[FC_WINPATH_UNITS];
};

void fc_winmap_init(struct fc_winmap *map, const struct fc_memory *memory,
                    const struct fc_hash_key *key, uint16_t (*upcase)(uint16_t));
void fc_winmap_free(struct fc_winmap *map);

/* The stored form of a path that passed fc_check_path: *stored stays valid until the next call and
 * has no NUL. FC_ENAMETOOLONG; FC_EEXIST when no free name is left; FC_ENOMEM. */
enum fc_error fc_winmap_path(struct fc_winmap *map, const char *path, size_t length,
                             const uint16_t **stored, size_t *stored_length);

#endif
