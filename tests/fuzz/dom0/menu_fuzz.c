/* SPDX-License-Identifier: BSD-2-Clause */
/* Any line of a guest's menu: what is let through is plain. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "linux/dom0/menu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);
    struct menu_entry entry;

    if (line == NULL)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    if (menu_parse(line, size, &entry) &&
        (entry.id[0] == '\0' || strpbrk(entry.id, "/\\ :=") != NULL ||
         strpbrk(entry.name, "\\\"'$`\033\r\n=") != NULL || size >= MENU_LINE_BYTES))
        abort();
    free(line);
    return 0;
}
