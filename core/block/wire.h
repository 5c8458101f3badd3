/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PV disk's protocol as bytes: Xen's public io/blkif.h in the x86-64 layout, and the ring of
 * io/ring.h that it travels in. tests/unit/block/wire_test.c compares all of it with Xen's headers.
 *
 * Every sector on the wire, and in the node "sectors", is 512 bytes long whatever the disk's
 * "sector-size" is: blkif.h as of September 2024, which settles what its implementations read in
 * three ways before. sector-size says how requests are to be aligned, and no more.
 */
#ifndef CORE_BLOCK_WIRE_H
#define CORE_BLOCK_WIRE_H

#include <stddef.h>
#include <stdint.h>

enum {
    BLK_SECTOR_BYTES = 512,
    BLK_PAGE_BYTES = 4096,
    BLK_PAGE_SECTORS = BLK_PAGE_BYTES / BLK_SECTOR_BYTES,
    BLK_RING_ORDER_MAX = 4,
    BLK_RING_PAGES_MAX = 1 << BLK_RING_ORDER_MAX,
    BLK_WIRE_SEGMENTS = 11,      /* that fit a request itself */
    BLK_WIRE_INDIRECT_PAGES = 8, /* that a request can name */
    BLK_WIRE_SEGMENTS_PER_PAGE = 512,
};

#define BLK_WIRE_PROTOCOL "x86_64-abi"

enum blk_wire_op {
    BLK_WIRE_READ = 0,
    BLK_WIRE_WRITE = 1,
    BLK_WIRE_BARRIER = 2,
    BLK_WIRE_FLUSH = 3,
    BLK_WIRE_DISCARD = 5,
    BLK_WIRE_INDIRECT = 6,
};
enum { BLK_WIRE_DISCARD_SECURE = 1 };
enum { BLK_WIRE_OKAY = 0, BLK_WIRE_ERROR = -1, BLK_WIRE_NOT_SUPPORTED = -2 };
enum { BLK_WIRE_CDROM = 1, BLK_WIRE_REMOVABLE = 2, BLK_WIRE_READ_ONLY = 4 }; /* node "info" */

struct blk_wire_segment {
    uint32_t ref;
    uint8_t first_sector, last_sector; /* in the page, both included */
    uint16_t pad;
};

union blk_wire_request {
    struct {
        uint8_t operation;
        uint8_t segment_count;
        uint16_t handle;
        uint32_t pad;
        uint64_t id;
        uint64_t sector;
        struct blk_wire_segment segments[BLK_WIRE_SEGMENTS];
    } rw;
    struct {
        uint8_t operation;
        uint8_t flags;
        uint16_t handle;
        uint32_t pad;
        uint64_t id;
        uint64_t sector;
        uint64_t sector_count;
    } discard;
    struct {
        uint8_t operation;
        uint8_t indirect_operation;
        uint16_t segment_count;
        uint32_t pad;
        uint64_t id;
        uint64_t sector;
        uint16_t handle;
        uint16_t pad2;
        uint32_t refs[BLK_WIRE_INDIRECT_PAGES];
    } indirect;
};

struct blk_wire_response {
    uint64_t id;
    uint8_t operation;
    uint8_t pad;
    int16_t status;
    uint32_t pad2;
};

union blk_wire_entry {
    union blk_wire_request request;
    struct blk_wire_response response;
};

/* Free-running indices; entry i is entries[i % count]. */
struct blk_wire_ring {
    uint32_t request_prod, request_event;
    uint32_t response_prod, response_event;
    uint8_t pad[48];
    union blk_wire_entry entries[];
};

_Static_assert(sizeof(struct blk_wire_segment) == 8, "blkif.h, struct blkif_request_segment");
_Static_assert(sizeof(union blk_wire_request) == 112, "blkif.h, struct blkif_request");
_Static_assert(offsetof(union blk_wire_request, rw.segments) == 24, "struct blkif_request");
_Static_assert(offsetof(union blk_wire_request, discard.sector_count) == 24,
               "struct blkif_request_discard");
_Static_assert(offsetof(union blk_wire_request, indirect.refs) == 28,
               "struct blkif_request_indirect");
_Static_assert(sizeof(struct blk_wire_response) == 16, "blkif.h, struct blkif_response");
_Static_assert(offsetof(struct blk_wire_ring, entries) == 64, "ring.h, DEFINE_RING_TYPES");

/* Entries of a ring of 2^order pages: the largest power of two that fits behind the indices. */
static inline uint32_t blk_wire_ring_entries(uint32_t order)
{
    return 32u << order;
}
enum { BLK_RING_ENTRIES_MAX = 32 << BLK_RING_ORDER_MAX };
_Static_assert(64 + 32 * 112 <= 4096 && 64 + 64 * 112 > 4096, "32 entries in a page");
_Static_assert(64 + 512 * 112 <= 16 * 4096 && 64 + 1024 * 112 > 16 * 4096, "512 in 16 pages");

#endif
