/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shipped xenvbd.sys on Linux's blkback: under the model of StorPort, on xenbus.sys, on real
 * rings, grants and events.
 *
 *   - The first half of the disk is copied to the second in requests of many lengths.
 *   - It comes when dom0 attaches it, grows, and goes when dom0 detaches it, while the machine
 * runs.
 *   - Through xl save and xl restore with writes under way, none is lost.
 *   - Detached with writes under way, each ends, and nothing stays behind.
 *
 * dom0 compares the halves by their SHA-256 each time (nt-disk.sh, nt-disk-life.sh).
 */
#include "nt_machine.h"

#include "harness.h"
#include "model/sched.h"
#include "model/storport.h"
#include "model_tests/driver_thread.h"
#include "nt_program.h"
#include "nt_world.h"

enum {
    BLOCK = 512,
    PIECE_MAX = 256 * 1024,
    FLIGHTS = 8,
    FLIGHT_BLOCKS = 32,
    LIMIT_S = 60,
    RETRIES = 12,    /* timers that may pass until all grants are taken back */
    SLICE = 1000000, /* 100 ms */
    UNIT_ATTENTION = 6,
};

static UCHAR Piece[PIECE_MAX];

static void make_transfer(struct storport_request *request, UCHAR operation, ULONG lba,
                          ULONG blocks, PVOID data)
{
    *request = (struct storport_request){
        .function = SRB_FUNCTION_EXECUTE_SCSI,
        .cdb = {operation, 0, (UCHAR)(lba >> 24), (UCHAR)(lba >> 16), (UCHAR)(lba >> 8), (UCHAR)lba,
                0, (UCHAR)(blocks >> 8), (UCHAR)blocks},
        .cdb_bytes = 10,
        .data = data,
        .data_bytes = blocks * BLOCK,
    };
}

static UCHAR transfer(struct storport_adapter *adapter, UCHAR operation, ULONG lba, ULONG blocks)
{
    struct storport_request request;

    make_transfer(&request, operation, lba, blocks, Piece);
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

static struct pnp_node *start_drivers(void)
{
    struct pnp_node *platform;

    nt_machine_install("xenbus");
    nt_machine_install("xeniface");
    nt_machine_install("xenvbd");
    platform = nt_machine_platform();
    CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
    nt_machine_settle();
    return platform;
}

static void end_drivers(struct pnp_node *platform)
{
    CHECK_EQ(pnp_disable(platform), STATUS_SUCCESS);
    nt_machine_settle();
    pnp_uninstall("xenvbd");
    pnp_uninstall("xeniface");
    pnp_uninstall("xenbus");
}

static bool disk_is_there(void)
{
    struct pnp_node *disk = pnp_find("CASEMENT\\VBD");

    return disk && disk->state == PNP_STARTED;
}

static bool disk_is_gone(void)
{
    return !pnp_find("CASEMENT\\VBD");
}

static struct storport_adapter *the_disk(void)
{
    return storport_of(pnp_find("CASEMENT\\VBD"));
}

/* Within real time: the model's runs away while the machine is idle. */
static void wait_until(bool (*holds)(void))
{
    uint64_t end = nt_world_now_ns() + LIMIT_S * 1000000000ull;
    LARGE_INTEGER slice = {.QuadPart = -SLICE};

    while (!holds()) {
        CHECK(nt_world_now_ns() < end);
        KeDelayExecutionThread(KernelMode, FALSE, &slice);
    }
    nt_machine_settle();
}

NT_TEST(nt_disk, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_drivers();

    CHECK(disk_is_there());
    copy_halves(the_disk());
    end_drivers(platform);
}

/* --- A disk that dom0 does something to. */

static bool told_of_size(void)
{
    return storport_bus_changes(the_disk()) > 0;
}

static void grows(void)
{
    ULONG before = block_count(the_disk());
    struct storport_request request;

    program_run(program_asks_dom0); /* which makes it twice as large */
    CHECK_EQ(transfer(the_disk(), 0x28, 0, 8), SRB_STATUS_SUCCESS); /* blkback looks */
    wait_until(told_of_size);
    make_transfer(&request, 0x28, 0, 8, Piece);
    CHECK_EQ(storport_run(the_disk(), &request), SRB_STATUS_ERROR);
    CHECK_EQ(request.sense[2], UNIT_ATTENTION);
    CHECK_EQ(request.sense[12] << 8 | request.sense[13], 0x2a09);
    CHECK_EQ(block_count(the_disk()), 2 * before);
    RtlFillMemory(Piece, 8 * BLOCK, 0xa5);
    CHECK_EQ(transfer(the_disk(), 0x2a, 2 * before - 8, 8), SRB_STATUS_SUCCESS);
    RtlZeroMemory(Piece, 8 * BLOCK);
    CHECK_EQ(transfer(the_disk(), 0x28, 2 * before - 8, 8), SRB_STATUS_SUCCESS);
    CHECK_EQ(Piece[8 * BLOCK - 1], 0xa5);
}

NT_TEST(nt_disk_comes_and_goes, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_drivers();

    CHECK(disk_is_gone());
    program_run(program_asks_dom0); /* which attaches it */
    wait_until(disk_is_there);
    copy_halves(the_disk());
    program_run(program_asks_dom0); /* which compares */
    grows();
    program_run(program_asks_dom0); /* which detaches it */
    wait_until(disk_is_gone);
    program_run(program_asks_dom0); /* which attaches it again */
    wait_until(disk_is_there);
    copy_halves(the_disk());
    end_drivers(platform); /* with the disk in use */
}

/* --- Writes under way. */

/* Fills both halves with the same, other in each pass, with FLIGHTS requests at a time. */
struct writer {
    struct storport_adapter *adapter;
    ULONG half, passes;
    volatile LONG stop; /* after the pass */
    BOOLEAN gone;       /* there is no disk any more */
};

static struct storport_request Flights[FLIGHTS];
static UCHAR FlightData[FLIGHTS][FLIGHT_BLOCKS * BLOCK];

static void fill(UCHAR *data, ULONG pass, ULONG lba)
{
    ULONG state = pass * 2654435761u ^ lba;

    for (ULONG i = 0; i < FLIGHT_BLOCKS * BLOCK; i++) {
        state = state * 1664525 + 1013904223;
        data[i] = (UCHAR)(state >> 24);
    }
}

static void wait_for_flights(struct writer *writer)
{
    for (ULONG i = 0; i < FLIGHTS; i++) {
        KeWaitForSingleObject(&Flights[i].done, Executive, KernelMode, FALSE, NULL);
        if (SRB_STATUS(Flights[i].status) == SRB_STATUS_NO_DEVICE)
            writer->gone = TRUE;
        else
            CHECK_EQ(SRB_STATUS(Flights[i].status), SRB_STATUS_SUCCESS);
    }
}

static void write_pass(struct writer *writer)
{
    for (ULONG at = 0; at < writer->half && !writer->gone; at += FLIGHTS / 2 * FLIGHT_BLOCKS) {
        for (ULONG i = 0; i < FLIGHTS; i++) {
            ULONG lba = at + i / 2 * FLIGHT_BLOCKS;

            fill(FlightData[i], writer->passes, lba);
            make_transfer(&Flights[i], 0x2a, lba + (i & 1 ? writer->half : 0), FLIGHT_BLOCKS,
                          FlightData[i]);
            storport_send(writer->adapter, &Flights[i]);
        }
        wait_for_flights(writer);
    }
    writer->passes++;
}

static VOID NTAPI write_passes(PVOID context)
{
    struct writer *writer = context;

    do
        write_pass(writer);
    while (!writer->stop && !writer->gone);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static PKTHREAD start_writer(struct writer *writer)
{
    CHECK(disk_is_there());
    *writer = (struct writer){.adapter = the_disk(), .half = block_count(the_disk()) / 2};
    return start(write_passes, writer);
}

NT_TEST(nt_disk_restored, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_drivers();
    static struct writer writer;
    PKTHREAD thread = start_writer(&writer);
    ULONG passes;

    program_run(program_asks_dom0); /* which saves the machine, and restores it */
    nt_world_resumed();
    passes = writer.passes;
    writer.stop = TRUE;
    join(thread); /* what it was at is whole: dom0 compares */
    CHECK(writer.passes > passes && !writer.gone);
    CHECK_EQ(transfer(the_disk(), 0x35, 0, 0), SRB_STATUS_SUCCESS);
    end_drivers(platform);
}

/* What dom0 had mapped still is taken back by a timer of xenbus's. */
static void take_grants_back(void)
{
    for (ULONG i = 0; i < RETRIES; i++)
        (void)sched_advance();
}

NT_TEST(nt_disk_written_goes, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_drivers();
    static struct writer writer;
    PDEVICE_OBJECT device = IoGetAttachedDeviceReference(pnp_find("CASEMENT\\VBD")->pdo);
    PKTHREAD thread = start_writer(&writer);

    program_run(program_asks_dom0); /* which detaches it */
    join(thread);
    ObDereferenceObject(device); /* StorPort's, which it went on with */
    CHECK(writer.gone);
    wait_until(disk_is_gone);
    take_grants_back();
    end_drivers(platform);
}
