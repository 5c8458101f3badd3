/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend that lies, falls silent, dies in the middle of requests, or never comes: the disk fails
 * with clean errors in bounded time, every request is completed once, nothing that was granted is
 * used again before it is let go, and Windows goes on (pv-drivers 3.1, defect 5: unknown response
 * ids skipped, waits for ever at DISPATCH_LEVEL).
 */
#include "scsi.h"

#include "model/error_log.h"
#include "model/fault.h"
#include "model/pnp.h"
#include "model/sched.h"

enum { REQUESTS = 12 };

static struct storport_request Requests[REQUESTS];
static UCHAR Data[REQUESTS][4096];

static void started(void)
{
    CHECK_EQ(VbdBusStart(), STATUS_SUCCESS);
}

/* Reads that the backend does not answer. */
static void outstanding_reads(void)
{
    VbdBus.Mute = TRUE;
    for (ULONG i = 0; i < REQUESTS; i++) {
        memset(Data[i], 0x5a, sizeof(Data[i]));
        scsi_make_transfer(&Requests[i], FALSE, i * 8, 8, Data[i], sizeof(Data[i]));
        storport_send(VbdBusAdapter(), &Requests[i]);
    }
    sched_settle();
    CHECK_EQ(storport_outstanding(VbdBusAdapter()), REQUESTS);
}

static void all_end_with(UCHAR status)
{
    for (ULONG i = 0; i < REQUESTS; i++) {
        KeWaitForSingleObject(&Requests[i].done, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(SRB_STATUS(Requests[i].status), status);
        CHECK_EQ(Requests[i].transferred, 0);
        CHECK_EQ(Data[i][17], 0x5a); /* no data came with it */
    }
    CHECK_EQ(storport_outstanding(VbdBusAdapter()), 0);
}

static void the_disk_is_gone(void)
{
    struct storport_request request;
    UCHAR answer[36];

    CHECK_EQ(SCSI(&request, answer, 36, 0x12, 0, 0, 0, 36, 0), SRB_STATUS_NO_DEVICE);
    CHECK(storport_bus_changes(VbdBusAdapter()) > 0);
}

static bool is_said(void *text)
{
    return strstr(VbdBus.LastLog, text) != NULL;
}

NT_TEST(a_response_that_nobody_asked_for, .cpus = 2, .seeds = 10)
{
    struct blk_wire_response lie = {.id = 77, .operation = BLK_WIRE_READ};

    VbdBus.QueuesMax = 1;
    started();
    outstanding_reads();
    VbdBackendLie(&lie, 1);
    all_end_with(SRB_STATUS_NO_DEVICE);
    test_run_until(is_said, "not asked", 5000);
    the_disk_is_gone();
    VbdBusStop();
}

NT_TEST(more_responses_than_requests, .cpus = 2, .seeds = 10)
{
    started();
    outstanding_reads();
    VbdBackendLie(NULL, 1000);
    all_end_with(SRB_STATUS_NO_DEVICE);
    test_run_until(is_said, "more requests", 5000);
    the_disk_is_gone();
    VbdBusStop();
}

static BOOLEAN answers_another(const union blk_wire_request *request,
                               struct blk_wire_response *answer)
{
    answer->operation = BLK_WIRE_FLUSH;
    return TRUE;
}

NT_TEST(an_answer_to_another_operation, .seeds = 5)
{
    started();
    VbdBus.Hook = answers_another;
    CHECK_EQ(scsi_transfer(FALSE, 0, 8, Data[0]), SRB_STATUS_NO_DEVICE);
    test_run_until(is_said, "another operation", 5000);
    the_disk_is_gone();
    VbdBusStop();
}

static BOOLEAN answers_twice(const union blk_wire_request *request,
                             struct blk_wire_response *answer)
{
    static uint64_t first;

    if (!first)
        first = answer->id;
    answer->id = first; /* the next one's is its own, with the same index and another generation */
    return TRUE;
}

NT_TEST(an_answer_given_twice, .seeds = 5)
{
    started();
    VbdBus.Hook = answers_twice;
    CHECK_EQ(scsi_transfer(FALSE, 0, 8, Data[0]), SRB_STATUS_SUCCESS);
    CHECK_EQ(scsi_transfer(FALSE, 0, 8, Data[0]), SRB_STATUS_NO_DEVICE);
    VbdBusStop();
}

NT_TEST(a_backend_that_falls_silent, .cpus = 2, .seeds = 5)
{
    started();
    outstanding_reads();
    all_end_with(SRB_STATUS_NO_DEVICE); /* after its patience */
    test_run_until(is_said, "did not answer", 5000);
    the_disk_is_gone();
    VbdBusStop();
}

NT_TEST(a_backend_that_dies, .cpus = 2, .seeds = 10)
{
    started();
    outstanding_reads();
    VbdBackendSet("state", NULL);
    all_end_with(SRB_STATUS_NO_DEVICE);
    test_run_until(is_said, "went away", 5000);
    CHECK(strcmp(error_log_last(),
                 "device/vbd/51712: the backend went away while the disk was in use") == 0);
    the_disk_is_gone();
    VbdBusStop();
}

NT_TEST(a_disk_that_shrinks, .seeds = 5)
{
    started();
    outstanding_reads();
    VbdBackendSet("sectors", "16");
    VbdBackendSet("state", "4");
    all_end_with(SRB_STATUS_NO_DEVICE);
    VbdBusStop();
}

NT_TEST(sizes_that_make_no_sense, .seeds = 20)
{
    static const PCSTR sizes[] = {"0", "3", "2147483648", "-512", "x", "", "99999999999999999999"};
    ULONG64 before = KeQueryInterruptTime();

    VbdBus.SectorSize = sizes[sched_random(RTL_NUMBER_OF(sizes))];
    CHECK(!NT_SUCCESS(VbdBusStart()));
    CHECK(KeQueryInterruptTime() - before < 10000000ull * 180);
    VbdBusStop();
}

NT_TEST(a_backend_that_never_comes, .seeds = 3)
{
    ULONG64 before = KeQueryInterruptTime();

    VbdBus.Stubborn = TRUE;
    CHECK(!NT_SUCCESS(VbdBusStart()));
    CHECK(KeQueryInterruptTime() - before < 10000000ull * 180);
    VbdBusStop();
}

NT_TEST(a_store_that_answers_nothing, .seeds = 3)
{
    VbdBus.StoreFailure = STATUS_IO_TIMEOUT;
    CHECK(!NT_SUCCESS(VbdBusStart()));
    VbdBusStop();
}

NT_TEST(pages_that_are_kept_stay_ours, .cpus = 2, .seeds = 10)
{
    started();
    CHECK_EQ(scsi_transfer(FALSE, 0, 64, Data[0]), SRB_STATUS_SUCCESS);
    VbdBus.KeepsMapped = TRUE;
    CHECK(NT_SUCCESS(pnp_disable(VbdBusNode())));
    CHECK(BusGrants.Deferred > 0); /* VbdBusStop lets go, and nothing may be left then */
    VbdBusStop();
}

/* Everything that the other side can decide comes from the seed: how it answers, when it falls
 * silent, what it writes into the store. Each request ends once, and the disk can be removed. */
static BOOLEAN answers_anything(const union blk_wire_request *request,
                                struct blk_wire_response *answer)
{
    if (test_input_byte() % 8)
        return FALSE;
    answer->id ^= (uint64_t)test_input_byte() << test_input_byte() % 64;
    answer->operation = test_input_byte() % 8;
    answer->status = (int16_t)(test_input_byte() % 4 - 2);
    return TRUE;
}

NT_TEST(anything, .cpus = 3, .seeds = 60)
{
    VbdBus.QueuesMax = 1 + test_input_byte() % 4;
    VbdBus.RingOrderMax = test_input_byte() % 5;
    if (!NT_SUCCESS(VbdBusStart())) {
        VbdBusStop();
        return;
    }
    VbdBus.Hook = answers_anything;
    for (ULONG i = 0; i < REQUESTS; i++) {
        scsi_make_transfer(&Requests[i], test_input_byte() % 2, i * 8, 1 + test_input_byte() % 8,
                           Data[i], sizeof(Data[i]));
        storport_send(VbdBusAdapter(), &Requests[i]);
        if (test_input_byte() % 16 == 0)
            VbdBackendSet("state", (CHAR[]){(CHAR)('0' + test_input_byte() % 9), 0});
        if (test_input_byte() % 16 == 0)
            VbdBusResume();
        if (test_input_byte() % 16 == 0)
            storport_reset(VbdBusAdapter());
    }
    for (ULONG i = 0; i < REQUESTS; i++)
        KeWaitForSingleObject(&Requests[i].done, Executive, KernelMode, FALSE, NULL);
    VbdBus.Hook = NULL;
    VbdBusStop();
}
