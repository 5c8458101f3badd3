/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of linux/dom0's disk backend against a guest that writes anything into its ring and its
 * pages. Each step is a byte that says what happens, then what it needs:
 *   0 a request's bytes (112)   1 a short request (operation, segments, sector, 3 pages)
 *   2 an indirect one (segments, sector), its table in page 0   3 the producer index moves
 *   4 bytes of a page   5 serve
 * Whatever happens: no byte outside the pages that the guest granted is touched, the file keeps its
 * size, every request that is taken is answered once, and an impossible index ends the connection.
 *
 * Pages and event channels are stand-ins below; the rest is what ships.
 */
#include "linux/dom0/disk/ring.h"
#include "tests/fuzz/xen/script.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGES = 8, FIRST_REF = 16, FILE_SECTORS = 128, PAGE_BYTES = 4096 };

static uint8_t *granted[PAGES]; /* each alone, so that AddressSanitizer sees its ends */
static uint8_t *ring_page;
static uint32_t mapped;

/* --- The stand-ins. */

bool pages_open(struct pages *pages, uint32_t domid, bool keep)
{
    return true;
}

void pages_close(struct pages *pages)
{
}

void *pages_map(struct pages *pages, uint32_t ref, bool write)
{
    if (ref - FIRST_REF >= PAGES)
        return NULL;
    mapped++;
    return granted[ref - FIRST_REF];
}

void pages_done(struct pages *pages, uint32_t ref, void *bytes)
{
    require(bytes == granted[ref - FIRST_REF]);
    mapped--;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *handle, uint32_t count, uint32_t domid,
                                      uint32_t *refs, int access)
{
    return ring_page;
}

int xengnttab_unmap(xengnttab_handle *handle, void *start, uint32_t count)
{
    return 0;
}

int xenevtchn_notify(xenevtchn_handle *handle, evtchn_port_t port)
{
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *handle, uint32_t domid,
                                                     evtchn_port_t port)
{
    return 1;
}

int xenevtchn_unbind(xenevtchn_handle *handle, evtchn_port_t port)
{
    return 0;
}

/* --- The guest. */

static blkif_request_t *next_entry(blkif_sring_t *shared, uint32_t *prod)
{
    return &shared->ring[(*prod)++ & 31].req;
}

static void short_request(struct script *script, blkif_request_t *request)
{
    memset(request, 0, sizeof(*request));
    request->operation = take(script) % 8;
    request->nr_segments = take(script) % 16;
    request->sector_number = take(script);
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t byte = take(script);
        request->seg[i] = (struct blkif_request_segment){
            .gref = FIRST_REF + byte % 16, .first_sect = byte & 1, .last_sect = byte >> 4};
    }
}

static void indirect_request(struct script *script, blkif_request_indirect_t *request)
{
    memset(request, 0, sizeof(*request));
    request->operation = BLKIF_OP_INDIRECT;
    request->indirect_op = take(script) % 4;
    request->nr_segments = (uint16_t)(take(script) << 2);
    request->sector_number = take(script);
    for (uint32_t i = 0; i < 8; i++)
        request->indirect_grefs[i] = FIRST_REF + i % PAGES;
}

/* False: the connection has ended. */
static bool step(struct script *script, struct ring *ring, uint32_t *prod)
{
    switch (take(script) % 6) {
    case 0:
        take_bytes(script, (uint8_t *)next_entry(ring->shared, prod), sizeof(blkif_request_t));
        break;
    case 1:
        short_request(script, next_entry(ring->shared, prod));
        break;
    case 2:
        indirect_request(script, (void *)next_entry(ring->shared, prod));
        break;
    case 3:
        *prod += (uint32_t)(int8_t)take(script);
        break;
    case 4: {
        uint8_t page = take(script);
        take_bytes(script, granted[page % PAGES] + (page >> 3) * 64, 64);
        break;
    }
    default: {
        uint64_t before = ring->requests;
        uint32_t answered = ring->back.rsp_prod_pvt;
        ring->shared->req_prod = *prod;
        bool good = ring_serve(ring, NULL);
        require(ring->back.rsp_prod_pvt - answered == ring->requests - before);
        require(mapped == 0);
        return good;
    }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct backing backing;
    struct script script = {data, size};
    struct ring ring;
    struct stat status;
    uint32_t prod = 0, refs[1] = {0};
    if (!ring_page) {
        ring_page = aligned_alloc(PAGE_BYTES, PAGE_BYTES);
        for (uint32_t i = 0; i < PAGES; i++)
            granted[i] = malloc(PAGE_BYTES);
        backing = (struct backing){.fd = memfd_create("disk", MFD_CLOEXEC),
                                   .sector_count = FILE_SECTORS,
                                   .sector_bytes = 512,
                                   .can_discard = true};
        require(ftruncate(backing.fd, FILE_SECTORS * 512) == 0);
    }
    memset(ring_page, 0, PAGE_BYTES);
    for (uint32_t i = 0; i < PAGES; i++)
        memset(granted[i], 0, PAGE_BYTES);
    backing.read_only = take(&script) & 1;
    require(ring_connect(&ring, &backing, NULL, 1, refs, 1, 1, false) == 0);
    while (script.left && step(&script, &ring, &prod))
        ;
    require(fstat(backing.fd, &status) == 0 && status.st_size == FILE_SECTORS * 512);
    return 0;
}
