/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants in the NT kernel: what include/xenbus/gnttab.h promises. Xen is played by platform.c; the
 * test plays the peer that maps and unmaps.
 */
#include <ntddk.h>

#include "platform.h"

#include "gnttab.h"
#include "harness.h"
#include "model/fault.h"
#include "model/sched.h"

enum { PAGE = 0x1234, IN_USE = XEN_GTF_READING | XEN_GTF_WRITING };

static void begin(ULONG frames)
{
    platform_init();
    platform_add_device();
    platform.frames_maximum = frames;
    CHECK_EQ(GnttabCreate(&platform.parts, &platform.parts.Gnttab), STATUS_SUCCESS);
}

static void end(void)
{
    GnttabDestroy(platform.parts.Gnttab);
    platform_remove_device();
    platform_check_nothing_left();
}

static PXENBUS_GNTTAB_CLIENT new_client(ULONG reserved)
{
    PXENBUS_GNTTAB_CLIENT client;

    CHECK_EQ(GnttabCreateClient(&platform.parts, "test", reserved, &client), STATUS_SUCCESS);
    return client;
}

static ULONG permit(PXENBUS_GNTTAB_CLIENT client)
{
    ULONG reference;

    CHECK_EQ(GnttabPermit(&platform.parts, client, PLATFORM_PEER, PAGE, FALSE, &reference),
             STATUS_SUCCESS);
    CHECK_EQ(platform_entry(reference)->flags, XEN_GTF_PERMIT_ACCESS);
    CHECK_EQ(platform_entry(reference)->domid, PLATFORM_PEER);
    CHECK_EQ(platform_entry(reference)->frame, PAGE);
    return reference;
}

static void peer_maps(ULONG reference)
{
    CHECK(platform_entry(reference)->flags & XEN_GTF_PERMIT_ACCESS);
    platform_entry(reference)->flags |= IN_USE;
}

static void peer_unmaps(ULONG reference)
{
    platform_entry(reference)->flags &= (uint16_t)~IN_USE;
}

NT_TEST(permit_and_revoke, .seeds = 3)
{
    PXENBUS_GNTTAB_CLIENT client, other;
    ULONG reference, second;

    begin(4);
    client = new_client(0);
    other = new_client(0);
    reference = permit(client);
    CHECK_EQ(GnttabRevoke(&platform.parts, other, reference), STATUS_INVALID_PARAMETER);
    CHECK_EQ(GnttabRevoke(&platform.parts, client, 3), STATUS_INVALID_PARAMETER);
    CHECK_EQ(GnttabRevoke(&platform.parts, client, 0xffffffff), STATUS_INVALID_PARAMETER);
    CHECK_EQ(GnttabRevoke(&platform.parts, client, reference), STATUS_SUCCESS);
    CHECK_EQ(platform_entry(reference)->flags, 0);
    CHECK_EQ(GnttabRevoke(&platform.parts, client, reference), STATUS_INVALID_PARAMETER);
    CHECK_EQ(GnttabPermit(&platform.parts, client, 0x7ff0, PAGE, FALSE, &second),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(GnttabPermit(&platform.parts, client, 1, 0x100000000, FALSE, &second),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(GnttabPermit(&platform.parts, client, 1, PAGE, TRUE, &second), STATUS_SUCCESS);
    CHECK_EQ(platform_entry(second)->flags, XEN_GTF_PERMIT_ACCESS | XEN_GTF_READONLY);
    CHECK_EQ(GnttabRevoke(&platform.parts, client, second), STATUS_SUCCESS);
    GnttabDestroyClient(&platform.parts, client);
    GnttabDestroyClient(&platform.parts, other);
    end();
}

/* Defect 1 of the field's drivers: the call that revokes stood inside ASSERT(), and a release build
 * never made it. This test runs with the assertions of a release build as well (they are nowhere in
 * this code): a page that was granted and revoked is out of its peer's reach. */
NT_TEST(defect_1_revoked_pages_are_out_of_reach, .seeds = 3)
{
    PXENBUS_GNTTAB_CLIENT client;
    ULONG references[600];

    begin(4);
    client = new_client(0);
    for (int i = 0; i < 600; i++)
        references[i] = permit(client);
    for (int i = 0; i < 600; i++)
        CHECK_EQ(GnttabRevoke(&platform.parts, client, references[i]), STATUS_SUCCESS);
    for (int i = 0; i < 600; i++)
        CHECK_EQ(platform_entry(references[i])->flags, 0);
    GnttabDestroyClient(&platform.parts, client);
    end();
}

/* Defect 3 of the field's drivers: tries that ran out were a success, and the last one a failure.
 */
NT_TEST(defect_3_revoke_says_what_is, .seeds = 3)
{
    PXENBUS_GNTTAB_CLIENT client;
    ULONG reference;

    begin(1);
    client = new_client(0);
    reference = permit(client);
    peer_maps(reference);
    for (int i = 0; i < 250; i++) {
        CHECK_EQ(GnttabRevoke(&platform.parts, client, reference), STATUS_DEVICE_BUSY);
        CHECK_EQ(platform_entry(reference)->flags, XEN_GTF_PERMIT_ACCESS | IN_USE);
    }
    peer_unmaps(reference);
    CHECK_EQ(GnttabRevoke(&platform.parts, client, reference), STATUS_SUCCESS);
    GnttabDestroyClient(&platform.parts, client);
    end();
}

/* --- Later. */

static VOID NTAPI OnRevoked(_In_opt_ PVOID Argument)
{
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    InterlockedIncrement(Argument);
}

NT_TEST(a_deferred_page_comes_back_when_the_peer_lets_go, .seeds = 10)
{
    PXENBUS_GNTTAB_CLIENT client;
    XENBUS_GNTTAB_STATE state;
    volatile LONG revoked[3] = {0};
    ULONG references[3];

    begin(1);
    client = new_client(4);
    for (int i = 0; i < 3; i++)
        references[i] = permit(client);
    peer_maps(references[0]);
    peer_maps(references[1]);
    CHECK_EQ(
        GnttabRevokeLater(&platform.parts, client, references[0], OnRevoked, (PVOID)&revoked[0]),
        STATUS_PENDING);
    CHECK_EQ(
        GnttabRevokeLater(&platform.parts, client, references[1], OnRevoked, (PVOID)&revoked[1]),
        STATUS_PENDING);
    CHECK_EQ(
        GnttabRevokeLater(&platform.parts, client, references[2], OnRevoked, (PVOID)&revoked[2]),
        STATUS_SUCCESS); /* it was not mapped */
    CHECK_EQ(GnttabRevoke(&platform.parts, client, references[0]), STATUS_INVALID_PARAMETER);
    GnttabGetState(&platform.parts, client, &state);
    CHECK_EQ(state.Deferred, 2);
    CHECK_EQ(state.ClientTaken, 0);
    CHECK(state.ClientCached >= 4);               /* its reserve is whole */
    GnttabDestroyClient(&platform.parts, client); /* they end without it */
    for (int i = 0; i < 5; i++)
        CHECK(sched_advance());
    CHECK_EQ(revoked[0] + revoked[1], 0);
    peer_unmaps(references[1]);
    CHECK(sched_advance());
    CHECK_EQ(revoked[0], 0);
    CHECK_EQ(revoked[1], 1);
    peer_unmaps(references[0]);
    while (sched_advance())
        ;
    CHECK_EQ(revoked[0], 1);
    CHECK_EQ(revoked[1], 1);
    CHECK_EQ(revoked[2], 0);
    GnttabGetState(&platform.parts, NULL, &state);
    CHECK_EQ(state.Deferred, 0);
    end();
}

/* The next life of the driver finds what a peer still maps: no reference of those is given out. */
NT_TEST(entries_in_use_outlive_the_driver, .seeds = 3)
{
    PXENBUS_GNTTAB_CLIENT client;
    volatile LONG revoked = 0;
    XENBUS_GNTTAB_STATE state;
    struct xen_grant_entry kept;
    ULONG reference;

    begin(1);
    client = new_client(0);
    reference = permit(client);
    peer_maps(reference);
    CHECK_EQ(GnttabRevokeLater(&platform.parts, client, reference, OnRevoked, (PVOID)&revoked),
             STATUS_PENDING);
    GnttabDestroyClient(&platform.parts, client);
    kept = *platform_entry(reference);
    GnttabDestroy(platform.parts.Gnttab);
    CHECK_EQ(revoked, 0);

    platform.kept_reference = reference; /* Xen's table is as it was */
    platform.kept_entry = kept;
    CHECK_EQ(GnttabCreate(&platform.parts, &platform.parts.Gnttab), STATUS_SUCCESS);
    platform.kept_reference = 0;
    GnttabGetState(&platform.parts, NULL, &state);
    CHECK_EQ(state.Deferred, 1);
    client = new_client(500); /* all but this one and the reserved */
    for (int i = 0; i < 500; i++)
        CHECK(permit(client) != reference);
    for (ULONG i = 8; i < 512; i++)
        if (i != reference)
            (VOID) GnttabRevoke(&platform.parts, client, i);
    GnttabDestroyClient(&platform.parts, client);
    peer_unmaps(reference);
    while (sched_advance())
        ;
    GnttabGetState(&platform.parts, NULL, &state);
    CHECK_EQ(state.Deferred, 0);
    end();
}

/* --- Growth. */

NT_TEST(the_table_grows_when_needed, .seeds = 10)
{
    enum { COUNT = 3 * XEN_GNTTAB_V1_PER_PAGE - XEN_GNTTAB_RESERVED_ENTRIES };
    PXENBUS_GNTTAB_CLIENT client;
    XENBUS_GNTTAB_STATE state;
    PULONG references = ExAllocatePoolWithTag(NonPagedPoolNx, COUNT * sizeof(ULONG), 'tseT');
    ULONG more;

    begin(3);
    GnttabGetState(&platform.parts, NULL, &state);
    CHECK_EQ(state.Frames, 1);
    client = new_client(0);
    for (ULONG i = 0; i < COUNT; i++)
        references[i] = permit(client);
    CHECK_EQ(GnttabPermit(&platform.parts, client, 1, PAGE, FALSE, &more),
             STATUS_INSUFFICIENT_RESOURCES);
    GnttabGetState(&platform.parts, NULL, &state);
    CHECK_EQ(state.Frames, 3);
    CHECK_EQ(state.FramesMaximum, 3);
    for (ULONG i = 0; i < COUNT; i++)
        CHECK_EQ(GnttabRevoke(&platform.parts, client, references[i]), STATUS_SUCCESS);
    GnttabDestroyClient(&platform.parts, client);
    GnttabGetState(&platform.parts, NULL, &state);
    CHECK_EQ(state.Free, COUNT);
    CHECK(strstr(platform_dump(), "frames 3 of 3") != NULL);
    ExFreePoolWithTag(references, 'tseT');
    end();
}

/* At DISPATCH_LEVEL nobody waits for the table to grow; it grows meanwhile. */
NT_TEST(at_dispatch_the_table_grows_soon, .cpus = 2, .seeds = 20)
{
    PXENBUS_GNTTAB_CLIENT client;
    ULONG taken = 0, reference;
    NTSTATUS status;
    KIRQL irql;

    begin(2);
    client = new_client(0);
    for (BOOLEAN again = TRUE; again;) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        do {
            status = GnttabPermit(&platform.parts, client, 1, PAGE, FALSE, &reference);
            taken += NT_SUCCESS(status);
        } while (NT_SUCCESS(status));
        CHECK_EQ(status, STATUS_INSUFFICIENT_RESOURCES);
        KeLowerIrql(irql);
        sched_settle();
        again = taken < 2 * XEN_GNTTAB_V1_PER_PAGE - XEN_GNTTAB_RESERVED_ENTRIES;
    }
    for (ULONG i = 8; i < 2 * XEN_GNTTAB_V1_PER_PAGE; i++)
        CHECK_EQ(GnttabRevoke(&platform.parts, client, i), STATUS_SUCCESS);
    GnttabDestroyClient(&platform.parts, client);
    end();
}

NT_TEST(a_reserve_is_there_when_the_table_is_empty, .seeds = 5)
{
    PXENBUS_GNTTAB_CLIENT careful, greedy;
    XENBUS_GNTTAB_STATE state;
    ULONG reference;
    KIRQL irql;

    begin(1);
    careful = new_client(20);
    greedy = new_client(0);
    while (NT_SUCCESS(GnttabPermit(&platform.parts, greedy, 1, PAGE, FALSE, &reference)))
        ;
    for (int round = 0; round < 3; round++) {
        ULONG references[20];
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        for (int i = 0; i < 20; i++)
            references[i] = permit(careful);
        for (int i = 0; i < 20; i++)
            CHECK_EQ(GnttabRevoke(&platform.parts, careful, references[i]), STATUS_SUCCESS);
        KeLowerIrql(irql);
    }
    PXENBUS_GNTTAB_CLIENT third;
    CHECK_EQ(GnttabCreateClient(&platform.parts, "third", 1, &third),
             STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(GnttabCreateClient(&platform.parts, "third", 0xffffffff, &third),
             STATUS_INSUFFICIENT_RESOURCES);
    for (ULONG i = 8; i < XEN_GNTTAB_V1_PER_PAGE; i++)
        (VOID) GnttabRevoke(&platform.parts, greedy, i);
    GnttabDestroyClient(&platform.parts, greedy);
    GnttabDestroyClient(&platform.parts, careful);
    GnttabGetState(&platform.parts, NULL, &state);
    CHECK_EQ(state.Free, XEN_GNTTAB_V1_PER_PAGE - XEN_GNTTAB_RESERVED_ENTRIES);
    end();
}

/* --- Two CPUs at once: no reference is given twice. */

static volatile LONG Owned[2 * XEN_GNTTAB_V1_PER_PAGE];

static void give_and_take(PXENBUS_GNTTAB_CLIENT client)
{
    ULONG references[40], count = 0;

    for (int i = 0; i < 120; i++)
        if (count < 40 && (sched_random(2) || !count)) {
            references[count] = permit(client);
            CHECK_EQ(InterlockedIncrement(&Owned[references[count]]), 1);
            count++;
        } else {
            ULONG which = sched_random(count);
            CHECK_EQ(InterlockedDecrement(&Owned[references[which]]), 0);
            CHECK_EQ(GnttabRevoke(&platform.parts, client, references[which]), STATUS_SUCCESS);
            references[which] = references[--count];
        }
    while (count) {
        InterlockedDecrement(&Owned[references[--count]]);
        CHECK_EQ(GnttabRevoke(&platform.parts, client, references[count]), STATUS_SUCCESS);
    }
}

static VOID NTAPI other_thread(PVOID argument)
{
    give_and_take(argument);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NT_TEST(clients_on_two_cpus, .cpus = 2, .seeds = 30)
{
    PXENBUS_GNTTAB_CLIENT client, shared;
    HANDLE thread;
    PVOID object;

    begin(2);
    client = new_client(0);
    shared = sched_random(2) ? client : new_client(10);
    CHECK_EQ(
        PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, other_thread, shared),
        STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(thread, SYNCHRONIZE, NULL, KernelMode, &object, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ZwClose(thread), STATUS_SUCCESS);
    give_and_take(client);
    CHECK_EQ(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(object);
    if (shared != client)
        GnttabDestroyClient(&platform.parts, shared);
    GnttabDestroyClient(&platform.parts, client);
    end();
}

/* --- Suspend. */

NT_TEST(after_a_resume_grants_are_void, .cpus = 2, .seeds = 10)
{
    PXENBUS_GNTTAB_CLIENT client;
    volatile LONG revoked = 0;
    ULONG old, deferred, fresh;

    begin(2);
    client = new_client(0);
    old = permit(client);
    deferred = permit(client);
    peer_maps(deferred);
    CHECK_EQ(GnttabRevokeLater(&platform.parts, client, deferred, OnRevoked, (PVOID)&revoked),
             STATUS_PENDING);
    platform_suspend();
    CHECK_EQ(platform_entry(old)->flags, 0); /* the table is there again, and empty */
    CHECK_EQ(GnttabRevoke(&platform.parts, client, old), STATUS_SUCCESS);
    fresh = permit(client);
    while (sched_advance())
        ;
    CHECK_EQ(revoked, 1);
    CHECK_EQ(GnttabRevoke(&platform.parts, client, fresh), STATUS_SUCCESS);
    GnttabDestroyClient(&platform.parts, client);
    end();
}

/* --- Mapping others' pages. */

NT_TEST(foreign_pages, .seeds = 3)
{
    const ULONG references[] = {21, 22, 23}, wrong[] = {21, 0, 23};
    PXENBUS_GNTTAB_MAPPING mapping;
    PVOID system;
    PMDL mdl;

    begin(1);
    CHECK_EQ(GnttabMap(&platform.parts, PLATFORM_PEER, 3, references, FALSE, &mapping),
             STATUS_SUCCESS);
    GnttabGetMapping(&platform.parts, mapping, &system, &mdl);
    for (ULONG i = 0; i < 3; i++)
        CHECK_EQ(*(PULONG)((PUCHAR)system + i * PAGE_SIZE), references[i]);
    CHECK_EQ(platform.mapped, 3);
    GnttabUnmap(&platform.parts, mapping);
    CHECK_EQ(platform.mapped, 0);
    CHECK_EQ(GnttabMap(&platform.parts, PLATFORM_PEER, 3, wrong, FALSE, &mapping),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(platform.mapped, 0); /* all or nothing */
    CHECK_EQ(GnttabMap(&platform.parts, 99, 3, references, FALSE, &mapping), STATUS_ACCESS_DENIED);
    CHECK_EQ(GnttabMap(&platform.parts, PLATFORM_PEER, 0, references, FALSE, &mapping),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(GnttabMap(&platform.parts, PLATFORM_PEER, 0xffffffff, references, FALSE, &mapping),
             STATUS_INVALID_PARAMETER);
    /* A mapping that a suspend has ended is not unmapped again. */
    CHECK_EQ(GnttabMap(&platform.parts, PLATFORM_PEER, 1, references, FALSE, &mapping),
             STATUS_SUCCESS);
    platform_suspend();
    GnttabUnmap(&platform.parts, mapping);
    CHECK_EQ(platform.mapped, 0);
    end();
}

/* --- Everything that may fail fails once. */

NT_TEST(faults, .faults = true)
{
    const ULONG references[] = {21, 22, 23};
    PXENBUS_GNTTAB_CLIENT client;
    PXENBUS_GNTTAB_MAPPING mapping;
    NTSTATUS status;
    ULONG reference;

    fault_pause();
    platform_init();
    platform_add_device();
    fault_resume();
    status = GnttabCreate(&platform.parts, &platform.parts.Gnttab);
    if (NT_SUCCESS(status)) {
        status = GnttabCreateClient(&platform.parts, "test", 1000, &client);
        if (NT_SUCCESS(status)) {
            status = GnttabPermit(&platform.parts, client, 1, PAGE, FALSE, &reference);
            if (NT_SUCCESS(status))
                CHECK_EQ(GnttabRevoke(&platform.parts, client, reference), STATUS_SUCCESS);
            GnttabDestroyClient(&platform.parts, client);
        }
        status = GnttabMap(&platform.parts, PLATFORM_PEER, 3, references, FALSE, &mapping);
        if (NT_SUCCESS(status))
            GnttabUnmap(&platform.parts, mapping);
        GnttabDestroy(platform.parts.Gnttab);
    }
    CHECK(NT_SUCCESS(status) || fault_injected());
    platform_remove_device();
    platform_check_nothing_left();
}
