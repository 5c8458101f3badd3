/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves grants through the IOCTLs, in both versions: what is granted, what ends it and in which
 * order, that pages a peer keeps mapped are not reused (pv-drivers 3.1 item 1), that sizes are
 * counted in 64 bits and that version 1 is right (item 7).
 */
#include "fake_bus.h"
#include "model/mm.h"
#include "model/pnp.h"
#include "model/user.h"
#include "program.h"

enum { PEER = 5 };

static PUCHAR FrameBytes(ULONG Reference)
{
    return mm_frame(BusGrantFind(Reference)->Frame);
}

static void fresh_pages(void *Unused)
{
    HANDLE Handle = OpenAll();
    PENDING Pending;
    PUCHAR Address;

    UNREFERENCED_PARAMETER(Unused);
    Grant(&Pending, Handle, PEER, 3, NULL, 0, 0, 0);
    CHECK_EQ(Pending.Status, STATUS_PENDING);
    Address = AddressOf(&Pending);
    CHECK_EQ(BusGrants.Grants, 3);
    for (ULONG Page = 0; Page < 3; Page++) {
        ULONG Reference = ReferenceOf(&Pending, Page);

        CHECK(!BusGrantFind(Reference)->ReadOnly);
        /* Zeroed, and the same memory from both sides. */
        for (ULONG Byte = 0; Byte < PAGE_SIZE; Byte++)
            CHECK_EQ(FrameBytes(Reference)[Byte], 0);
        Address[Page * PAGE_SIZE + 7] = (UCHAR)(Page + 1);
        CHECK_EQ(FrameBytes(Reference)[7], Page + 1);
    }
    CHECK(!IsOver(&Pending));
    CHECK_EQ(Revoke(Handle, Address + PAGE_SIZE), STATUS_NOT_FOUND);
    CHECK_EQ(Unmap(Handle, Address), STATUS_NOT_FOUND);
    CHECK_EQ(Revoke(Handle, Address), STATUS_SUCCESS);
    CHECK_EQ(Finish(&Pending), STATUS_SUCCESS);
    CHECK_EQ(BusGrants.Grants, 0);
    CHECK_EQ(Revoke(Handle, Address), STATUS_NOT_FOUND);
    Close(Handle);
}

/* pv-drivers 3.1 item 1: release builds never revoked a grant. */
NT_TEST(fresh_pages_are_granted_and_revoked_item_1, .seeds = 10)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(fresh_pages, NULL);
    FakeBusStop();
}

static void own_pages(void *Unused)
{
    HANDLE Handle = OpenAll();
    PUCHAR Own = Memory(2 * PAGE_SIZE);
    PENDING Pending, Again;

    UNREFERENCED_PARAMETER(Unused);
    Own[0] = 17;
    Grant(&Pending, Handle, PEER, 2, Own, XENIFACE_GNTTAB_READONLY, 0, 0);
    CHECK(AddressOf(&Pending) == Own);
    CHECK(BusGrantFind(ReferenceOf(&Pending, 0))->ReadOnly);
    CHECK_EQ(FrameBytes(ReferenceOf(&Pending, 0))[0], 17);
    Own[PAGE_SIZE] = 18;
    CHECK_EQ(FrameBytes(ReferenceOf(&Pending, 1))[0], 18);
    /* One name is one grant. */
    Grant(&Again, Handle, PEER, 1, Own, 0, 0, 0);
    CHECK_EQ(Again.Status, STATUS_INVALID_PARAMETER);
    CHECK_EQ(Revoke(Handle, Own), STATUS_SUCCESS);
    CHECK_EQ(Finish(&Pending), STATUS_SUCCESS);
    CHECK_EQ(Own[0], 17);
    FreeMemory(Own, 2 * PAGE_SIZE);
    Close(Handle);
}

NT_TEST(own_pages_are_granted_and_stay_the_programs, .seeds = 10)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(own_pages, NULL);
    FakeBusStop();
}

static NTSTATUS TryGrant(HANDLE Handle, ULONG Pages, PVOID Address, ULONG Flags, ULONG Offset)
{
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 In = {.RemoteDomain = PEER,
                                                      .Address = Address,
                                                      .NumberPages = Pages,
                                                      .Flags = Flags,
                                                      .NotifyOffset = Offset};

    return Call(Handle, IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, &In, sizeof(In), NULL,
                8 + 4 * (Pages < 2048 ? Pages : 2048), NULL);
}

static void wrong_arguments(void *Unused)
{
    HANDLE Handle = OpenAll();
    PUCHAR Own = Memory(PAGE_SIZE);

    UNREFERENCED_PARAMETER(Unused);
    CHECK(!NT_SUCCESS(TryGrant(Handle, 0, NULL, 0, 0)));
    CHECK_EQ(TryGrant(Handle, 1, NULL, 8, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(TryGrant(Handle, 1, NULL, XENIFACE_GNTTAB_USE_NOTIFY_OFFSET, 4096),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(TryGrant(Handle, 1, Own + 1, 0, 0), STATUS_INVALID_PARAMETER);
    /* Not all of it is the program's; nothing is; the system's. */
    CHECK_EQ(TryGrant(Handle, 2, Own, 0, 0), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(TryGrant(Handle, 1, (PVOID)0x10000, 0, 0), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(TryGrant(Handle, 1, (PVOID)0xfffff80000000000, 0, 0), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(TryGrant(Handle, 2, (PVOID)0xfffffffffffff000, 0, 0), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(BusGrants.Grants, 0);
    FreeMemory(Own, PAGE_SIZE);
    Close(Handle);
}

NT_TEST(wrong_arguments_grant_nothing)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(wrong_arguments, NULL);
    FakeBusStop();
}

/* pv-drivers 3.1 item 7: 1,048,576 pages are 0 bytes in 32 bits, and passed for a small request. */
static void sizes_in_64_bits(void *Unused)
{
    HANDLE Handle = OpenAll();
    static const ULONG Counts[] = {0x100000,   0x100001,   0x40000000, 0x40000001,
                                   0x7fffffff, 0x80000000, 0xffffffff};

    UNREFERENCED_PARAMETER(Unused);
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Counts); Index++) {
        CHECK(!NT_SUCCESS(TryGrant(Handle, Counts[Index], NULL, 0, 0)));
        CHECK(!NT_SUCCESS(
            TryGrant(Handle, Counts[Index], NULL, XENIFACE_GNTTAB_USE_NOTIFY_OFFSET, 0)));
    }
    CHECK_EQ(BusGrants.Grants, 0);
    Close(Handle);
}

NT_TEST(sizes_do_not_wrap_item_7)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(sizes_in_64_bits, NULL);
    FakeBusStop();
}

static void version_1(void *Unused)
{
    HANDLE Handle = OpenAll();
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN In = {
        .RequestId = 77, .RemoteDomain = PEER, .NumberPages = 5};
    PENDING First, Second, Same;
    ULONG Id = 77;

    UNREFERENCED_PARAMETER(Unused);
    Begin(&First, Handle, IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS, &In, sizeof(In), 8 + 5 * 4);
    CHECK_EQ(First.Status, STATUS_PENDING);
    CHECK_EQ(BusGrants.Grants, 5);
    for (ULONG Page = 0; Page < 5; Page++)
        CHECK(BusGrantFind(ReferenceOf(&First, Page))->Frame != 0);
    Begin(&Same, Handle, IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS, &In, sizeof(In), 8 + 5 * 4);
    CHECK_EQ(Same.Status, STATUS_INVALID_PARAMETER);
    In.RequestId = 78;
    In.NumberPages = 1;
    Begin(&Second, Handle, IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS, &In, sizeof(In), 12);
    CHECK_EQ(Second.Status, STATUS_PENDING);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES, &Id, 4, NULL, 0, NULL),
             STATUS_NOT_FOUND);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS, &Id, 4, NULL, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Finish(&First), STATUS_SUCCESS);
    CHECK_EQ(BusGrants.Grants, 1);
    Id = 78;
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS, &Id, 4, NULL, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Finish(&Second), STATUS_SUCCESS);
    Close(Handle);
}

/* pv-drivers 3.1 item 7: the page count of a version 1 grant was what lay in memory. */
NT_TEST(version_1_grants_what_was_asked_item_7)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(version_1, NULL);
    FakeBusStop();
}

static void notifications(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    PUCHAR Own = Memory(2 * PAGE_SIZE);
    ULONG Port, Both = XENIFACE_GNTTAB_USE_NOTIFY_OFFSET | XENIFACE_GNTTAB_USE_NOTIFY_PORT;
    PENDING Pending;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(Handle, PEER, Event, FALSE, &Port), STATUS_SUCCESS);
    /* pv-drivers 3.1 item 7: the byte was written through a NULL address for own pages. */
    memset(Own, 1, 2 * PAGE_SIZE);
    Grant(&Pending, Handle, PEER, 2, Own, Both, PAGE_SIZE + 100, Port);
    CHECK_EQ(Pending.Status, STATUS_PENDING);
    CHECK_EQ(Revoke(Handle, Own), STATUS_SUCCESS);
    CHECK_EQ(Finish(&Pending), STATUS_SUCCESS);
    for (ULONG Byte = 0; Byte < 2 * PAGE_SIZE; Byte++)
        CHECK_EQ(Own[Byte], Byte == PAGE_SIZE + 100 ? 0 : 1);
    CHECK_EQ(Bus.Sends, 1);
    CHECK_EQ(Bus.LastSend, Port);
    FreeMemory(Own, 2 * PAGE_SIZE);

    /* Fresh pages: the peer still sees the byte, for it has the page mapped. */
    Grant(&Pending, Handle, PEER, 2, NULL, Both, PAGE_SIZE + 5, Port);
    ((PUCHAR)AddressOf(&Pending))[PAGE_SIZE + 5] = 9;
    {
        ULONG Reference = ReferenceOf(&Pending, 1);
        PUCHAR Seen = FrameBytes(Reference);

        CHECK(FakePeerMap(Reference, PEER));
        CHECK_EQ(Seen[5], 9);
        CHECK_EQ(Revoke(Handle, AddressOf(&Pending)), STATUS_SUCCESS);
        CHECK_EQ(Seen[5], 0);
        CHECK_EQ(Bus.Sends, 2);
        CHECK(BusGrantUnmap(Reference));
    }
    CHECK_EQ(Finish(&Pending), STATUS_SUCCESS);
    /* A port that is gone has nobody to tell. */
    Grant(&Pending, Handle, PEER, 1, NULL, XENIFACE_GNTTAB_USE_NOTIFY_PORT, 0, Port);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_CLOSE, Port), STATUS_SUCCESS);
    CHECK_EQ(Revoke(Handle, AddressOf(&Pending)), STATUS_SUCCESS);
    CHECK_EQ(Finish(&Pending), STATUS_SUCCESS);
    CHECK_EQ(Bus.Sends, 2);
    Close(Event);
    Close(Handle);
}

NT_TEST(the_end_is_announced_by_byte_and_port_item_7)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(notifications, NULL);
    FakeBusStop();
}

static void cancelled(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    ULONG Port;
    PENDING Pending;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(Handle, PEER, Event, FALSE, &Port), STATUS_SUCCESS);
    Grant(&Pending, Handle, PEER, 4, NULL, XENIFACE_GNTTAB_USE_NOTIFY_PORT, 0, Port);
    Cancel(&Pending);
    CHECK_EQ(Finish(&Pending), STATUS_CANCELLED);
    CHECK_EQ(BusGrants.Grants, 0);
    CHECK_EQ(Bus.Sends, 1);
    Close(Event);
    Close(Handle);
}

NT_TEST(cancelling_is_the_clean_up, .seeds = 20)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(cancelled, NULL);
    FakeBusStop();
}

/* --- A peer that does not let go */

static ULONG Kept[3];

static void grant_and_leave(void *Own)
{
    HANDLE Handle = OpenAll();
    PENDING Pending;

    Grant(&Pending, Handle, PEER, 3, Own == NULL ? NULL : Memory(3 * PAGE_SIZE), 0, 0, 0);
    CHECK_EQ(Pending.Status, STATUS_PENDING);
    for (ULONG Page = 0; Page < 3; Page++)
        Kept[Page] = ReferenceOf(&Pending, Page);
    CHECK(FakePeerMap(Kept[0], PEER));
    CHECK(FakePeerMap(Kept[2], PEER));
}

static void PeerKeeps(PVOID Own)
{
    PFN_NUMBER Frame;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(grant_and_leave, Own);
    /* The process is gone; what the peer has mapped is still there, and nobody else's. */
    CHECK_EQ(BusGrants.Grants, 2);
    CHECK_EQ(BusGrants.Deferred, 2);
    Frame = BusGrantFind(Kept[0])->Frame;
    CHECK(mm_frame_present(Frame));
    memset(mm_frame(Frame), 0xaa, PAGE_SIZE);
    CHECK(BusGrantUnmap(Kept[0]));
    CHECK(BusGrantUnmap(Kept[2]));
    CHECK_EQ(BusGrants.Deferred, 0);
    FakeBusStop();
}

/* pv-drivers 3.1 items 1 and 3: pages were freed while the peer had them mapped. */
NT_TEST(fresh_pages_wait_for_the_peer_item_1, .seeds = 10)
{
    PeerKeeps(NULL);
}

/* Locked pages of a process that ends would be bug check 0x76. */
NT_TEST(own_pages_wait_for_the_peer_without_their_process, .seeds = 10)
{
    PeerKeeps(&Kept);
}

NT_TEST(the_driver_goes_before_the_peer, .seeds = 5)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(grant_and_leave, NULL);
    CHECK_EQ(pnp_disable(FakeBusNode()), STATUS_SUCCESS);
    CHECK_EQ(BusGrants.Deferred, 2);
    CHECK(BusGrantUnmap(Kept[2]));
    CHECK(BusGrantUnmap(Kept[0]));
    FakeBusStop();
}

static void bus_refuses(void *Unused)
{
    HANDLE Handle = OpenAll();
    PENDING Pending;

    UNREFERENCED_PARAMETER(Unused);
    Bus.PermitFailure = STATUS_INSUFFICIENT_RESOURCES;
    for (Bus.PermitsLeft = 0; Bus.PermitsLeft < 4;) {
        ULONG Left = Bus.PermitsLeft;

        Grant(&Pending, Handle, PEER, 4, NULL, 0, 0, 0);
        CHECK_EQ(Pending.Status, STATUS_INSUFFICIENT_RESOURCES);
        CHECK_EQ(BusGrants.Grants, 0);
        Bus.PermitsLeft = Left + 1;
    }
    Bus.PermitFailure = STATUS_SUCCESS;
    Close(Handle);
}

NT_TEST(a_grant_that_fails_half_way_leaves_nothing)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(bus_refuses, NULL);
    FakeBusStop();
}

static void limits(void *Unused)
{
    HANDLE Handle = OpenAll();
    /* 262,144 pages a handle: a little more, in one. */
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 In = {.RemoteDomain = PEER,
                                                      .NumberPages = 256 * 1024 + 1};

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, &In, sizeof(In), NULL,
                  8 + 4 * (256 * 1024 + 1), NULL),
             STATUS_QUOTA_EXCEEDED);
    Close(Handle);
}

NT_TEST(a_handle_shares_so_many_pages_and_no_more)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(limits, NULL);
    FakeBusStop();
}

/* The output must be the program's as well. */
static void bad_output(void *Unused)
{
    HANDLE Handle = OpenAll();
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 *In = Memory(sizeof(*In));
    IO_STATUS_BLOCK *Result = Memory(sizeof(*Result));

    UNREFERENCED_PARAMETER(Unused);
    In->RemoteDomain = PEER;
    In->NumberPages = 1;
    CHECK_EQ(NtDeviceIoControlFile(Handle, NULL, NULL, NULL, Result,
                                   IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, In, sizeof(*In),
                                   (PVOID)0x20000, 12),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtDeviceIoControlFile(Handle, NULL, NULL, NULL, Result,
                                   IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, In, sizeof(*In),
                                   (PVOID)0xfffff80000000000, 12),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtDeviceIoControlFile(Handle, NULL, NULL, NULL, Result,
                                   IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, (PVOID)0x20000,
                                   sizeof(*In), In, 12),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(BusGrants.Grants, 0);
    FreeMemory(In, sizeof(*In));
    FreeMemory(Result, sizeof(*Result));
    Close(Handle);
}

NT_TEST(bad_addresses_are_statuses)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(bad_output, NULL);
    FakeBusStop();
}
