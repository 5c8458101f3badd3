/* SPDX-License-Identifier: BSD-2-Clause */
/* See domains.h. */
#include "domains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int domain_find(struct xs_handle *store, const char *name)
{
    unsigned count = 0;
    char **ids = xs_directory(store, XBT_NULL, "/local/domain", &count);
    int found = NO_DOMAIN;
    for (unsigned i = 0; i < count; i++) {
        int domain = atoi(ids[i]);
        char path[64];
        snprintf(path, sizeof path, "/local/domain/%d/name", domain);
        unsigned length;
        char *value = xs_read(store, XBT_NULL, path, &length);
        if (value == NULL)
            xs_watch(store, path, "name"); /* it may be written a moment later */
        else if (domain > found && strcmp(value, name) == 0)
            found = domain; /* the newest, when a dying one still has the name */
        free(value);
    }
    free(ids);
    return found;
}
