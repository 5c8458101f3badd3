/* SPDX-License-Identifier: BSD-2-Clause */
/* core/block/wire.h says the same as Xen's own io/blkif.h and io/ring.h. */
#include "core/block/wire.h"

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>
#include <xen/io/protocols.h>
#include <string.h>

#define SAME(ours, theirs) _Static_assert((ours) == (theirs), #ours " is not " #theirs)

SAME(BLK_WIRE_READ, BLKIF_OP_READ);
SAME(BLK_WIRE_WRITE, BLKIF_OP_WRITE);
SAME(BLK_WIRE_BARRIER, BLKIF_OP_WRITE_BARRIER);
SAME(BLK_WIRE_FLUSH, BLKIF_OP_FLUSH_DISKCACHE);
SAME(BLK_WIRE_DISCARD, BLKIF_OP_DISCARD);
SAME(BLK_WIRE_INDIRECT, BLKIF_OP_INDIRECT);
SAME(BLK_WIRE_DISCARD_SECURE, BLKIF_DISCARD_SECURE);
SAME(BLK_WIRE_OKAY, BLKIF_RSP_OKAY);
SAME(BLK_WIRE_ERROR, BLKIF_RSP_ERROR);
SAME(BLK_WIRE_NOT_SUPPORTED, BLKIF_RSP_EOPNOTSUPP);
SAME(BLK_WIRE_CDROM, VDISK_CDROM);
SAME(BLK_WIRE_REMOVABLE, VDISK_REMOVABLE);
SAME(BLK_WIRE_READ_ONLY, VDISK_READONLY);
SAME(BLK_WIRE_SEGMENTS, BLKIF_MAX_SEGMENTS_PER_REQUEST);
SAME(BLK_WIRE_INDIRECT_PAGES, BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST);
SAME(BLK_WIRE_SEGMENTS_PER_PAGE, BLK_PAGE_BYTES / sizeof(struct blkif_request_segment));

#define SAME_FIELD(ours, our_field, theirs, their_field)                                           \
    SAME(offsetof(ours, our_field), offsetof(theirs, their_field))

SAME(sizeof(struct blk_wire_segment), sizeof(struct blkif_request_segment));
SAME_FIELD(struct blk_wire_segment, ref, struct blkif_request_segment, gref);
SAME_FIELD(struct blk_wire_segment, first_sector, struct blkif_request_segment, first_sect);
SAME_FIELD(struct blk_wire_segment, last_sector, struct blkif_request_segment, last_sect);

SAME(sizeof(union blk_wire_request), sizeof(struct blkif_request));
SAME_FIELD(union blk_wire_request, rw.operation, struct blkif_request, operation);
SAME_FIELD(union blk_wire_request, rw.segment_count, struct blkif_request, nr_segments);
SAME_FIELD(union blk_wire_request, rw.handle, struct blkif_request, handle);
SAME_FIELD(union blk_wire_request, rw.id, struct blkif_request, id);
SAME_FIELD(union blk_wire_request, rw.sector, struct blkif_request, sector_number);
SAME_FIELD(union blk_wire_request, rw.segments, struct blkif_request, seg);

SAME_FIELD(union blk_wire_request, discard.flags, struct blkif_request_discard, flag);
SAME_FIELD(union blk_wire_request, discard.handle, struct blkif_request_discard, handle);
SAME_FIELD(union blk_wire_request, discard.id, struct blkif_request_discard, id);
SAME_FIELD(union blk_wire_request, discard.sector, struct blkif_request_discard, sector_number);
SAME_FIELD(union blk_wire_request, discard.sector_count, struct blkif_request_discard, nr_sectors);

SAME_FIELD(union blk_wire_request, indirect.indirect_operation, struct blkif_request_indirect,
           indirect_op);
SAME_FIELD(union blk_wire_request, indirect.segment_count, struct blkif_request_indirect,
           nr_segments);
SAME_FIELD(union blk_wire_request, indirect.id, struct blkif_request_indirect, id);
SAME_FIELD(union blk_wire_request, indirect.sector, struct blkif_request_indirect, sector_number);
SAME_FIELD(union blk_wire_request, indirect.handle, struct blkif_request_indirect, handle);
SAME_FIELD(union blk_wire_request, indirect.refs, struct blkif_request_indirect, indirect_grefs);

SAME(sizeof(struct blk_wire_response), sizeof(struct blkif_response));
SAME_FIELD(struct blk_wire_response, id, struct blkif_response, id);
SAME_FIELD(struct blk_wire_response, operation, struct blkif_response, operation);
SAME_FIELD(struct blk_wire_response, status, struct blkif_response, status);

SAME(sizeof(union blk_wire_entry), sizeof(union blkif_sring_entry));
SAME_FIELD(struct blk_wire_ring, request_prod, struct blkif_sring, req_prod);
SAME_FIELD(struct blk_wire_ring, request_event, struct blkif_sring, req_event);
SAME_FIELD(struct blk_wire_ring, response_prod, struct blkif_sring, rsp_prod);
SAME_FIELD(struct blk_wire_ring, response_event, struct blkif_sring, rsp_event);
SAME_FIELD(struct blk_wire_ring, entries, struct blkif_sring, ring);

int main(void)
{
    static struct blkif_sring ring;
    for (uint32_t order = 0; order <= BLK_RING_ORDER_MAX; order++)
        if (blk_wire_ring_entries(order) != __RING_SIZE(&ring, (uint32_t)BLK_PAGE_BYTES << order))
            return 1;
    return strcmp(BLK_WIRE_PROTOCOL, XEN_IO_PROTO_ABI_X86_64) != 0;
}
