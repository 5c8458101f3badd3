/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of the PV disk's device: start, reset that completes what is outstanding and never lets
 * a late write of before overtake one of after, growing, removal by dom0, by Windows and by
 * surprise, a suspend in the middle of requests, the twin that is still emulated, every failure of
 * a start once; and a dump through the connection of the machine that has stopped.
 */
#include "scsi.h"

#include "model/fault.h"
#include "model/pnp.h"
#include "model/sched.h"

enum { REQUESTS = 8 };

static struct storport_request Requests[REQUESTS];
static UCHAR Data[REQUESTS][4096];

static void started(void)
{
    CHECK_EQ(VbdBusStart(), STATUS_SUCCESS);
}

static void send_all(BOOLEAN write)
{
    for (ULONG i = 0; i < REQUESTS; i++) {
        memset(Data[i], (int)(i + 1), sizeof(Data[i]));
        scsi_make_transfer(&Requests[i], write, i * 8, 8, Data[i], sizeof(Data[i]));
        storport_send(VbdBusAdapter(), &Requests[i]);
    }
}

static void all_end_with(UCHAR status)
{
    for (ULONG i = 0; i < REQUESTS; i++) {
        KeWaitForSingleObject(&Requests[i].done, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(SRB_STATUS(Requests[i].status), status);
    }
}

NT_TEST(a_reset_completes_and_connects_anew, .cpus = 2, .seeds = 20)
{
    struct storport_request request;

    started();
    VbdBus.Mute = TRUE;
    send_all(TRUE);
    sched_settle();
    storport_reset(VbdBusAdapter());
    all_end_with(SRB_STATUS_BUS_RESET);
    VbdBus.Mute = FALSE;
    /* Busy until the old connection is done with, then told of the reset, then a disk as before. */
    CHECK_EQ(SCSI(&request, NULL, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_ERROR);
    CHECK_EQ(request.sense[2], 6);
    CHECK_EQ(request.sense[12], 0x29);
    CHECK_EQ(VbdBus.Connects, 2);
    CHECK_EQ(VbdBus.Writes, 0); /* none of the old ones came after */
    CHECK_EQ(scsi_transfer(TRUE, 0, 8, Data[3]), SRB_STATUS_SUCCESS);
    CHECK(memcmp(Data[3], VbdBus.Disk, 4096) == 0);
    VbdBusStop();
}

NT_TEST(a_reset_by_request, .seeds = 5)
{
    struct storport_request request;

    started();
    scsi_make(&request, NULL, 0, (const UCHAR[16]){0}, 0);
    request.function = SRB_FUNCTION_RESET_LOGICAL_UNIT;
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_SUCCESS);
    CHECK_EQ(SCSI(&request, NULL, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_ERROR); /* told */
    CHECK_EQ(scsi_transfer(FALSE, 0, 8, Data[0]), SRB_STATUS_SUCCESS);
    VbdBusStop();
}

static bool grown(void *adapter)
{
    return storport_bus_changes(adapter) > 0;
}

NT_TEST(windows_is_told_of_a_new_size, .seeds = 5)
{
    struct storport_request request;
    UCHAR answer[8];

    VbdBus.Sectors = 1000;
    started();
    VbdBus.Sectors = 2000;
    VbdBackendSet("sectors", "2000");
    VbdBackendSet("state", "4");
    test_run_until(grown, VbdBusAdapter(), 5000);
    CHECK_EQ(SCSI(&request, NULL, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_ERROR);
    CHECK_EQ(request.sense[12], 0x2a);
    CHECK_EQ(request.sense[13], 0x09);
    CHECK_EQ(SCSI(&request, answer, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(scsi_number(answer), 1999);
    CHECK_EQ(scsi_transfer(FALSE, 1992, 8, Data[0]), SRB_STATUS_SUCCESS);
    VbdBusStop();
}

static bool removed(void *node)
{
    return ((struct pnp_node *)node)->state == PNP_REMOVED;
}

NT_TEST(dom0_takes_the_disk_away, .cpus = 2, .seeds = 10)
{
    started();
    VbdBackendSet("state", "5");
    test_run_until(removed, VbdBusNode(), 60000);
    CHECK(strcmp(VbdFrontGet("state"), "6") == 0);
    VbdBusStop();
}

NT_TEST(pulled_out_in_the_middle, .cpus = 2, .seeds = 15)
{
    started();
    send_all(TRUE);
    VbdBackendSet("state", NULL);
    VbdBusSurprise();
    VbdBusStop();
    for (ULONG i = 0; i < REQUESTS; i++)
        CHECK(KeReadStateEvent(&Requests[i].done));
}

NT_TEST(it_stops_and_starts_again, .seeds = 5)
{
    started();
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pnp_query_stop(VbdBusNode()), STATUS_SUCCESS);
        pnp_stop(VbdBusNode());
        CHECK_EQ(pnp_start(VbdBusNode()), STATUS_SUCCESS);
        CHECK_EQ(scsi_transfer(FALSE, 0, 8, Data[0]), SRB_STATUS_SUCCESS);
        CHECK(memcmp(Data[0], VbdBus.Disk, 4096) == 0);
    }
    VbdBusStop();
}

NT_TEST(a_suspend_in_the_middle_loses_nothing, .cpus = 3, .seeds = 30)
{
    started();
    VbdBus.Mute = sched_random(2);
    send_all(TRUE);
    VbdBusResume();
    VbdBus.Mute = FALSE;
    if (sched_random(2))
        VbdBusResume(); /* and again, while it is at it */
    all_end_with(SRB_STATUS_SUCCESS);
    for (ULONG i = 0; i < REQUESTS; i++)
        CHECK(memcmp(Data[i], VbdBus.Disk + i * 4096, 4096) == 0);
    VbdBusStop();
}

NT_TEST(fewer_queues_after_a_suspend, .cpus = 4, .seeds = 20)
{
    started();
    VbdBus.Mute = TRUE;
    send_all(TRUE);
    VbdBus.QueuesMax = 1;
    VbdBus.RingOrderMax = 1;
    VbdBusResume();
    VbdBus.Mute = FALSE;
    all_end_with(SRB_STATUS_SUCCESS);
    CHECK_EQ(scsi_transfer(FALSE, 0, 8, Data[1]), SRB_STATUS_SUCCESS);
    VbdBusStop();
}

/* Boot safety: Windows must not have the same disk twice, and what the next boot may do is learnt
 * without touching it. */
NT_TEST(a_disk_with_an_emulated_twin_is_not_offered, .seeds = 3)
{
    struct storport_request request;
    UCHAR answer[36];

    VbdBus.NoUnplug = TRUE;
    started();
    CHECK_EQ(SCSI(&request, answer, 36, 0x12, 0, 0, 0, 36, 0), SRB_STATUS_NO_DEVICE);
    CHECK_EQ(VbdBus.Connects, 0);
    CHECK_EQ(VbdBus.Announced, 1);
    VbdBusStop();
}

NT_TEST(a_twin_without_a_backend_is_not_announced, .seeds = 3)
{
    VbdBus.NoUnplug = TRUE;
    VbdBus.NoOffer = TRUE;
    started();
    CHECK_EQ(VbdBus.Announced, 0);
    VbdBusStop();
}

NT_TEST(every_failure_of_a_start, .cpus = 2, .faults = true)
{
    NTSTATUS status = VbdBusStart();

    CHECK(NT_SUCCESS(status) || fault_injected());
    if (NT_SUCCESS(status))
        CHECK_EQ(scsi_transfer(FALSE, 0, 8, Data[0]), SRB_STATUS_SUCCESS);
    VbdBusStop();
}

NT_TEST(every_failure_of_a_resume, .cpus = 1, .faults = true)
{
    UCHAR status;

    if (!NT_SUCCESS(VbdBusStart())) {
        CHECK(fault_injected());
        VbdBusStop();
        return;
    }
    VbdBusResume();
    status = scsi_transfer(FALSE, 0, 8, Data[0]);
    CHECK(status == SRB_STATUS_SUCCESS || (fault_injected() && status == SRB_STATUS_NO_DEVICE));
    VbdBusStop();
}

NT_TEST(no_grants_no_disk, .seeds = 5)
{
    VbdBus.PermitsLeft = 1 + sched_random(500);
    CHECK(!NT_SUCCESS(VbdBusStart()));
    VbdBusStop();
}

/* --- Dumps. */

DRIVER_INITIALIZE XenvbdDriverEntry;

static PVOID dump_pointers(void)
{
    MINIPORT_DUMP_POINTERS pointers;
    struct storport_request request;

    scsi_make(&request, &pointers, sizeof(pointers), (const UCHAR[16]){0}, 0);
    request.function = SRB_FUNCTION_DUMP_POINTERS;
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_SUCCESS);
    CHECK(wcscmp(pointers.DriverName, L"xenvbd.sys") == 0);
    CHECK(pointers.MaximumTransferLength >= 64 * 1024);
    return pointers.MiniportPrivateDumpData;
}

static void write_dump(struct storport_adapter *dump)
{
    static UCHAR page[65536];
    struct storport_request request;

    for (ULONG i = 0; i < 40; i++) {
        memset(page, (int)(0x80 + i), sizeof(page));
        scsi_make_transfer(&request, TRUE, 1000 + 128 * i, 128, page, sizeof(page));
        CHECK_EQ(storport_dump_run(dump, &request), SRB_STATUS_SUCCESS);
        CHECK(memcmp(page, VbdBus.Disk + (1000 + 128 * i) * 512, sizeof(page)) == 0);
    }
    scsi_make(&request, NULL, 0, (const UCHAR[16]){0x35}, 10);
    CHECK_EQ(storport_dump_run(dump, &request), SRB_STATUS_SUCCESS);
    scsi_make(&request, page, 8, (const UCHAR[16]){0x25}, 10);
    CHECK_EQ(storport_dump_run(dump, &request), SRB_STATUS_SUCCESS);
    CHECK_EQ(scsi_number(page), VBD_BUS_SECTORS - 1);
}

/* The running driver's requests of before, when the machine goes on after all. */
static void all_end_in_a_reset(void)
{
    storport_reset(VbdBusAdapter());
    all_end_with(SRB_STATUS_BUS_RESET);
}

NT_TEST(a_crash_is_written_to_the_disk, .cpus = 1, .seeds = 8)
{
    struct storport_adapter *dump;
    PVOID data;

    started();
    data = dump_pointers();
    VbdBus.Mute = TRUE;
    send_all(TRUE); /* on their way when the machine stops */
    sched_settle();
    VbdBus.Mute = FALSE;
    storport_on_stall = VbdBackendPoll;
    dump = storport_dump_start(XenvbdDriverEntry, data, DUMP_MODE_CRASH);
    CHECK(dump != NULL);
    CHECK(memcmp(Data[0], VbdBus.Disk, 4096) == 0); /* they came first */
    write_dump(dump);
    CHECK(VbdBus.DumpSends > 0);
    storport_dump_end(dump);
    storport_on_stall = NULL;
    /* A hibernation that came to nothing: the machine goes on. */
    all_end_in_a_reset();
    VbdBusStop();
}

NT_TEST(a_dump_without_a_connection_is_declined, .cpus = 1)
{
    PVOID data;

    started();
    data = dump_pointers();
    VbdBackendSet("state", NULL);
    sched_settle();
    CHECK(storport_dump_start(XenvbdDriverEntry, data, DUMP_MODE_CRASH) == NULL);
    CHECK(storport_dump_start(XenvbdDriverEntry, NULL, DUMP_MODE_CRASH) == NULL);
    VbdBusStop();
}

NT_TEST(a_dump_to_a_silent_backend_ends, .cpus = 1)
{
    struct storport_request request;
    struct storport_adapter *dump;
    PVOID data;

    started();
    data = dump_pointers();
    dump = storport_dump_start(XenvbdDriverEntry, data, DUMP_MODE_CRASH);
    CHECK(dump != NULL);
    scsi_make_transfer(&request, TRUE, 0, 8, Data[0], 4096);
    CHECK_EQ(storport_dump_run(dump, &request), SRB_STATUS_ERROR);
    storport_dump_end(dump);
    VbdBusStop();
}
