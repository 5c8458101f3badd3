/* SPDX-License-Identifier: BSD-2-Clause */
/* See timezone.h. */
#include "core/services/timezone.h"

#include <stdbool.h>
#include <string.h>

/* Is name one of the words? It has no blanks itself. */
static bool is_word_of(const char *words, const char *name, size_t length)
{
    for (const char *at = words; *at != '\0'; at += *at == ' ') {
        size_t word = strcspn(at, " ");

        if (word == length && memcmp(at, name, length) == 0)
            return true;
        at += word;
    }
    return false;
}

const char *timezone_windows_name(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || strchr(name, ' ') != NULL)
        return NULL;
    for (size_t i = 0; i < timezone_row_count; i++) {
        if (is_word_of(timezone_rows[i].names, name, length))
            return timezone_rows[i].windows;
    }
    return NULL;
}
