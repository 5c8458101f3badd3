/* SPDX-License-Identifier: BSD-2-Clause */
/* The world outside, as host.h has it, of any host: the list of what makes interrupts. */
#include "model/host.h"

static struct host_source *sources;

void host_source_add(struct host_source *source)
{
    source->next = sources;
    sources = source;
}

struct host_source *host_sources(void)
{
    return sources;
}

void host_source_remove(struct host_source *source)
{
    struct host_source **link = &sources;

    while (*link && *link != source)
        link = &(*link)->next;
    if (*link)
        *link = source->next;
}

bool host_pump(void)
{
    bool any = false;

    for (struct host_source *source = sources; source; source = source->next)
        any |= source->pump(source->context);
    return any;
}

bool host_outstanding(void)
{
    for (struct host_source *source = sources; source; source = source->next)
        if (source->outstanding && source->outstanding(source->context))
            return true;
    return false;
}
