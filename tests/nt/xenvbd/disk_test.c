/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that the PV disk is a disk to Windows: what is read is what is on it, what is written is
 * there afterwards, of any length and at any address, many requests at a time on several CPUs; it
 * tells the truth about its size, its cache and its write protection; a flush that the backend does
 * not do is an error (pv-drivers 3.1, defect 5); discards reach the backend; a CD image is a CD.
 */
#include "scsi.h"

#include "model/fault.h"
#include "model/sched.h"

enum { BUFFER = 1 << 20, REQUESTS = 100 };

static UCHAR Buffer[BUFFER + 64];

static UCHAR *buffer(void)
{
    return Buffer;
}

static void started(void)
{
    CHECK_EQ(VbdBusStart(), STATUS_SUCCESS);
}

NT_TEST(it_says_what_it_is, .seeds = 10)
{
    struct storport_request request;
    UCHAR answer[64];

    started();
    CHECK_EQ(SCSI(&request, answer, 36, 0x12, 0, 0, 0, 36, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(request.transferred, 36);
    CHECK(memcmp(answer + 8, "CASEMENTPV DISK         ", 24) == 0);
    CHECK_EQ(SCSI(&request, answer, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(scsi_number(answer), VBD_BUS_SECTORS - 1);
    CHECK_EQ(scsi_number(answer + 4), 512);
    CHECK_EQ(SCSI(&request, answer, 64, 0x1a, 8, 8, 0, 64, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(request.transferred, 24);
    CHECK_EQ(answer[6], 4); /* a write cache */
    CHECK_EQ(SCSI(&request, NULL, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_SUCCESS);
    CHECK(strcmp(VbdBus.LastLog, "device/vbd/51712: connected") == 0);
    CHECK_EQ(VbdBus.Announced, 1);
    VbdBusDump();
    VbdBusStop();
}

NT_TEST(what_does_not_exist_is_not_there, .seeds = 5)
{
    struct storport_request request;
    UCHAR answer[36];

    started();
    scsi_make(&request, answer, 36, (const UCHAR[16]){0x12, 0, 0, 0, 36}, 6);
    request.target = 1;
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_NO_DEVICE);
    request.target = 0;
    request.lun = 1;
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_SUCCESS);
    CHECK_EQ(answer[0], 0x7f);
    CHECK_EQ(SCSI(&request, NULL, 0, 0xc7, 0, 0, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_ERROR);
    CHECK(request.status & SRB_STATUS_AUTOSENSE_VALID);
    CHECK_EQ(request.scsi_status, 2);
    CHECK_EQ(request.sense[2], 5);
    CHECK_EQ(request.sense[12], 0x20);
    request.no_sense = TRUE;
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_ERROR);
    CHECK(!(request.status & SRB_STATUS_AUTOSENSE_VALID));
    request.function = SRB_FUNCTION_WMI;
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_INVALID_REQUEST);
    VbdBusStop();
}

NT_TEST(every_length_and_alignment, .seeds = 6)
{
    static const ULONG blocks[] = {1, 7, 8, 9, 88, 89, 256, 1000, 2048};
    UCHAR *data = buffer();

    started();
    for (ULONG i = 0; i < RTL_NUMBER_OF(blocks); i++) {
        ULONG lba = 13 * i + sched_random(500), bytes = blocks[i] * 512;
        UCHAR *at = data + sched_random(64); /* no alignment at all */

        CHECK_EQ(scsi_transfer(FALSE, lba, blocks[i], at), SRB_STATUS_SUCCESS);
        CHECK(memcmp(at, VbdBus.Disk + lba * 512, bytes) == 0);
        for (ULONG j = 0; j < bytes; j++)
            at[j] = (UCHAR)(j * 31 + i);
        CHECK_EQ(scsi_transfer(TRUE, lba, blocks[i], at), SRB_STATUS_SUCCESS);
        CHECK(memcmp(at, VbdBus.Disk + lba * 512, bytes) == 0);
    }
    VbdBusStop();
}

/* Each of so many requests has blocks of its own; all are on their way together. */
static void many(ULONG count, ULONG blocks_each)
{
    static struct storport_request requests[REQUESTS];
    UCHAR *data = buffer();
    ULONG bytes = blocks_each * 512;

    CHECK(count <= REQUESTS && count * bytes <= BUFFER);
    memset(data, 0, BUFFER);
    for (ULONG i = 0; i < count; i++) {
        BOOLEAN write = i % 2;
        if (write)
            memset(data + i * bytes, (int)(i + 1), bytes);
        scsi_make_transfer(&requests[i], write, i * blocks_each, blocks_each, data + i * bytes,
                           bytes);
        storport_send(VbdBusAdapter(), &requests[i]);
    }
    for (ULONG i = 0; i < count; i++) {
        KeWaitForSingleObject(&requests[i].done, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(requests[i].status, SRB_STATUS_SUCCESS);
        CHECK_EQ(requests[i].transferred, bytes);
        CHECK(memcmp(data + i * bytes, VbdBus.Disk + i * bytes, bytes) == 0);
    }
}

NT_TEST(many_at_a_time, .cpus = 4, .seeds = 25)
{
    started();
    many(64, 8);
    CHECK_EQ(VbdBus.Requests, 64);
    CHECK_EQ(storport_outstanding(VbdBusAdapter()), 0);
    VbdBusStop();
}

NT_TEST(more_than_a_small_ring_holds, .cpus = 2, .seeds = 10)
{
    VbdBus.RingOrderMax = 0;
    VbdBus.QueuesMax = 1;
    started();
    many(100, 20);
    VbdBusStop();
}

static VOID NTAPI another_writer(PVOID done)
{
    static UCHAR data[4096];

    for (ULONG i = 0; i < 10; i++) {
        memset(data, (int)i, 4096);
        CHECK_EQ(scsi_transfer(TRUE, 4000 + 8 * i, 8, data), SRB_STATUS_SUCCESS);
        CHECK(memcmp(data, VbdBus.Disk + (4000 + 8 * i) * 512, 4096) == 0);
    }
    KeSetEvent(done, IO_NO_INCREMENT, FALSE);
}

NT_TEST(two_threads_at_it, .cpus = 3, .seeds = 25)
{
    HANDLE thread;
    KEVENT done;

    started();
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    CHECK_EQ(
        PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, another_writer, &done),
        STATUS_SUCCESS);
    CHECK_EQ(ZwClose(thread), STATUS_SUCCESS);
    many(32, 8);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    VbdBusStop();
}

NT_TEST(flushes_reach_the_backend, .seeds = 5)
{
    struct storport_request request;
    UCHAR *data = buffer();

    started();
    CHECK_EQ(SCSI(&request, NULL, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(VbdBus.Flushes, 1);
    CHECK_EQ(SCSI(&request, data, 512, 0x2a, 8, 0, 0, 0, 1, 0, 0, 1, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(VbdBus.Flushes, 2); /* FUA */
    scsi_make(&request, NULL, 0, (const UCHAR[16]){0}, 0);
    request.function = SRB_FUNCTION_SHUTDOWN;
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_SUCCESS);
    CHECK_EQ(VbdBus.Flushes, 3);
    VbdBusStop();
}

NT_TEST(a_flush_that_the_backend_refuses_is_an_error, .seeds = 5)
{
    struct storport_request request;
    UCHAR *data = buffer();

    VbdBus.FlushLies = TRUE;
    started();
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(SCSI(&request, NULL, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_ERROR);
        CHECK_EQ(request.sense[2], 5);
    }
    CHECK_EQ(SCSI(&request, data, 512, 0x2a, 8, 0, 0, 0, 1, 0, 0, 1, 0), SRB_STATUS_ERROR);
    CHECK_EQ(SCSI(&request, data, 512, 0x2a, 0, 0, 0, 0, 1, 0, 0, 1, 0), SRB_STATUS_SUCCESS);
    VbdBusStop();
}

NT_TEST(a_disk_without_a_cache_needs_no_flush, .seeds = 5)
{
    struct storport_request request;
    UCHAR answer[64];

    VbdBus.NoFlush = TRUE;
    started();
    CHECK_EQ(SCSI(&request, NULL, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(VbdBus.Flushes, 0);
    CHECK_EQ(SCSI(&request, answer, 64, 0x1a, 8, 8, 0, 64, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(answer[6], 0);
    VbdBusStop();
}

NT_TEST(errors_are_errors, .seeds = 5)
{
    struct storport_request request;
    UCHAR *data = buffer();

    started();
    VbdBus.FailNext = 1;
    scsi_make_transfer(&request, FALSE, 0, 8, data, 4096);
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_ERROR);
    CHECK_EQ(request.transferred, 0);
    CHECK_EQ(request.sense[2], 3);
    CHECK_EQ(request.sense[12], 0x11);
    VbdBus.FailNext = 1;
    scsi_make_transfer(&request, TRUE, 0, 8, data, 4096);
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_ERROR);
    CHECK_EQ(request.sense[12], 0x0c);
    CHECK_EQ(scsi_transfer(FALSE, VBD_BUS_SECTORS - 4, 8, data), SRB_STATUS_ERROR);
    CHECK_EQ(scsi_transfer(FALSE, VBD_BUS_SECTORS - 8, 8, data), SRB_STATUS_SUCCESS);
    VbdBusStop();
}

NT_TEST(discards_go_extent_by_extent, .cpus = 2, .seeds = 10, .faults = true)
{
    struct storport_request request;
    UCHAR list[56] = {0, 54, 0, 48};
    NTSTATUS status = VbdBusStart();

    if (!NT_SUCCESS(status)) {
        CHECK(fault_injected());
        VbdBusStop();
        return;
    }
    list[8 + 7] = 8; /* blocks 8 to 15 */
    list[8 + 11] = 8;
    list[24 + 7] = 32; /* nothing */
    list[40 + 6] = 1;  /* blocks 256 to 259 */
    list[40 + 11] = 4;
    CHECK_EQ(SCSI(&request, list, 56, 0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(VbdBus.Discards, 2);
    for (ULONG i = 0; i < 4096; i++)
        CHECK_EQ(VbdBus.Disk[8 * 512 + i], 0);
    CHECK(VbdBus.Disk[16 * 512 + 1] != 0);
    CHECK_EQ(VbdBus.Disk[256 * 512 + 1], 0);
    VbdBus.FailNext = 1; /* the first fails: the second is not sent */
    CHECK_EQ(SCSI(&request, list, 56, 0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0), SRB_STATUS_ERROR);
    CHECK_EQ(VbdBus.Discards, 2);
    list[3] = 0; /* an empty list */
    CHECK_EQ(SCSI(&request, list, 56, 0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0), SRB_STATUS_SUCCESS);
    VbdBusStop();
}

NT_TEST(a_read_only_disk, .seeds = 5)
{
    struct storport_request request;
    UCHAR *data = buffer();

    VbdBus.ReadOnly = TRUE;
    started();
    scsi_make_transfer(&request, TRUE, 0, 8, data, 4096);
    CHECK_EQ(storport_run(VbdBusAdapter(), &request), SRB_STATUS_ERROR);
    CHECK_EQ(request.sense[2], 7);
    CHECK_EQ(VbdBus.Writes, 0);
    CHECK_EQ(scsi_transfer(FALSE, 0, 8, data), SRB_STATUS_SUCCESS);
    VbdBusStop();
}

NT_TEST(a_cd, .seeds = 5)
{
    struct storport_request request;
    UCHAR *data = buffer();

    VbdBus.Cdrom = TRUE;
    VbdBus.Sectors = VBD_BUS_SECTORS - 2; /* half a block at its end */
    started();
    CHECK_EQ(SCSI(&request, data, 36, 0x12, 0, 0, 0, 36, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(data[0], 5);
    CHECK_EQ(SCSI(&request, data, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(scsi_number(data), VBD_BUS_SECTORS / 4 - 2);
    CHECK_EQ(scsi_number(data + 4), 2048);
    CHECK_EQ(SCSI(&request, data, 2048, 0x28, 0, 0, 0, 0, 3, 0, 0, 1, 0), SRB_STATUS_SUCCESS);
    CHECK(memcmp(data, VbdBus.Disk + 3 * 2048, 2048) == 0);
    CHECK_EQ(SCSI(&request, data, 255, 0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0), SRB_STATUS_SUCCESS);
    CHECK_EQ(SCSI(&request, data, 2048, 0x2a, 0, 0, 0, 0, 3, 0, 0, 1, 0), SRB_STATUS_ERROR);
    VbdBusStop();
}
