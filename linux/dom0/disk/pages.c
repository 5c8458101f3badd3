/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's granted pages: see pages.h. */
#include "pages.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PLACES = PAGES_KEPT_MAX * 2 };

bool pages_open(struct pages *pages, uint32_t domid, bool keep)
{
    *pages = (struct pages){.domid = domid, .keep = keep};
    pages->kept = calloc(PLACES, sizeof(*pages->kept));
    pages->grants = xengnttab_open(NULL, 0);
    if (pages->grants && pages->kept)
        return true;
    pages_close(pages);
    return false;
}

void pages_close(struct pages *pages)
{
    for (uint32_t i = 0; pages->grants && pages->kept && i < PLACES; i++)
        if (pages->kept[i].bytes)
            xengnttab_unmap(pages->grants, pages->kept[i].bytes, 1);
    if (pages->grants)
        xengnttab_close(pages->grants);
    free(pages->kept);
    *pages = (struct pages){0};
}

/* Where the reference is, or would be. The table is at most half full. */
static struct kept_page *place_of(struct pages *pages, uint32_t ref)
{
    uint32_t at = ref * 2654435761u % PLACES;
    while (pages->kept[at].bytes && pages->kept[at].ref != ref)
        at = (at + 1) % PLACES;
    return &pages->kept[at];
}

void *pages_map(struct pages *pages, uint32_t ref, bool write)
{
    struct kept_page *place = place_of(pages, ref);
    if (place->bytes)
        return place->bytes;
    bool keep = pages->keep && pages->kept_count < PAGES_KEPT_MAX;
    int access = PROT_READ | (write || keep ? PROT_WRITE : 0);
    void *bytes = xengnttab_map_grant_ref(pages->grants, pages->domid, ref, access);
    pages->maps += bytes != NULL;
    if (bytes && keep) {
        *place = (struct kept_page){ref, bytes};
        pages->kept_count++;
    }
    return bytes;
}

void pages_done(struct pages *pages, uint32_t ref, void *bytes)
{
    if (place_of(pages, ref)->bytes != bytes)
        xengnttab_unmap(pages->grants, bytes, 1);
}
