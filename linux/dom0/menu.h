/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest answers to qubes.GetAppmenus: lines "<id>.desktop:<Key>=<Value>". It comes from a
 * guest, so it is taken by Qubes' own rules: ids of letters, digits and ._-, names of those and
 * blanks and /,:&()+, lines of less than 1024 bytes.
 */
#ifndef CASEMENT_MENU_H
#define CASEMENT_MENU_H

#include <stdbool.h>
#include <stddef.h>

enum { MENU_LINE_BYTES = 1024, MENU_LINES_MAX = 100000 };

struct menu_entry {
    const char *id, *name; /* in the line */
};

/* line (length bytes without the line end, and a NUL) is cut up. True: it is an entry's Name; other
 * keys are of no interest here, and false, like all that breaks the rules. */
bool menu_parse(char *line, size_t length, struct menu_entry *entry);

#endif
