/* SPDX-License-Identifier: BSD-2-Clause */
/* See menu.h. */
#include "menu.h"

#include <string.h>

static bool is_of(const char *text, const char *others)
{
    static const char common[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    for (; *text != '\0'; text++) {
        if (strchr(common, *text) == NULL && strchr(others, *text) == NULL)
            return false;
    }
    return true;
}

bool menu_parse(char *line, size_t length, struct menu_entry *entry)
{
    static const char ending[] = ".desktop", key[] = "Name=";
    char *colon = strchr(line, ':');
    size_t id;

    if (length >= MENU_LINE_BYTES || strlen(line) != length || colon == NULL ||
        strncmp(colon + 1, key, strlen(key)) != 0)
        return false;
    id = (size_t)(colon - line);
    if (id <= strlen(ending) || memcmp(colon - strlen(ending), ending, strlen(ending)) != 0)
        return false;
    line[id - strlen(ending)] = '\0';
    entry->id = line;
    entry->name = colon + 1 + strlen(key);
    return is_of(entry->id, "._-") && entry->name[0] != '\0' && is_of(entry->name, "/.,:&()_ +-");
}
