/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shipped xenvbd.sys on Linux's blkback: under the model of StorPort, on xenbus.sys, on real
 * rings, grants and events. The first half of the disk is copied to the second in requests of many
 * lengths; dom0 compares the halves by their SHA-256 afterwards (nt-disk.sh).
 */
#include "nt_machine.h"

#include "harness.h"
#include "model/storport.h"

enum { BLOCK = 512, PIECE_MAX = 256 * 1024 };

static UCHAR Piece[PIECE_MAX];

static UCHAR transfer(struct storport_adapter *adapter, UCHAR operation, ULONG lba, ULONG blocks)
{
    struct storport_request request = {
        .function = SRB_FUNCTION_EXECUTE_SCSI,
        .cdb = {operation, 0, (UCHAR)(lba >> 24), (UCHAR)(lba >> 16), (UCHAR)(lba >> 8), (UCHAR)lba,
                0, (UCHAR)(blocks >> 8), (UCHAR)blocks},
        .cdb_bytes = 10,
        .data = Piece,
        .data_bytes = blocks * BLOCK,
    };

    return storport_run(adapter, &request);
}

static ULONG block_count(struct storport_adapter *adapter)
{
    struct storport_request request = {.function = SRB_FUNCTION_EXECUTE_SCSI,
                                       .cdb = {0x25},
                                       .cdb_bytes = 10,
                                       .data = Piece,
                                       .data_bytes = 8};

    CHECK_EQ(storport_run(adapter, &request), SRB_STATUS_SUCCESS);
    return 1 + ((ULONG)Piece[0] << 24 | (ULONG)Piece[1] << 16 | (ULONG)Piece[2] << 8 | Piece[3]);
}

static void copy_halves(struct storport_adapter *adapter)
{
    ULONG half = block_count(adapter) / 2, blocks = 1;

    for (ULONG at = 0; at < half; at += blocks, blocks = blocks * 3 % 509 + 1) {
        if (blocks > half - at)
            blocks = half - at;
        CHECK_EQ(transfer(adapter, 0x28, at, blocks), SRB_STATUS_SUCCESS);
        CHECK_EQ(transfer(adapter, 0x2a, half + at, blocks), SRB_STATUS_SUCCESS);
    }
    CHECK_EQ(transfer(adapter, 0x35, 0, 0), SRB_STATUS_SUCCESS);
}

NT_TEST(nt_disk, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform, *disk;

    nt_machine_install("xenbus");
    nt_machine_install("xenvbd");
    platform = nt_machine_platform();
    CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
    nt_machine_settle();
    disk = pnp_find("CASEMENT\\VBD");
    CHECK(disk != NULL);
    CHECK_EQ(disk->state, PNP_STARTED);
    copy_halves(storport_of(disk));
    CHECK_EQ(pnp_disable(platform), STATUS_SUCCESS);
    nt_machine_settle();
    pnp_uninstall("xenvbd");
    pnp_uninstall("xenbus");
}
