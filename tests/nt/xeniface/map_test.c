/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves mappings through the IOCTLs: the program sees the peer's pages, all or nothing, until it
 * unmaps them, and version 1 with several references (pv-drivers 3.1 item 7) as well as version 2.
 */
#include "fake_bus.h"
#include "program.h"

enum { PEER = 7 }; /* grants the references from 100 on */

static const ULONG References[] = {100, 205, 103};

static void peer_pages(void *Unused)
{
    HANDLE Handle = OpenAll();
    PENDING Pending;
    PUCHAR Address;

    UNREFERENCED_PARAMETER(Unused);
    Map(&Pending, Handle, PEER, 3, References, 0, 0, 0);
    CHECK_EQ(Pending.Status, STATUS_PENDING);
    CHECK_EQ(Bus.MappedPages, 3);
    Address = AddressOf(&Pending);
    for (ULONG Page = 0; Page < 3; Page++) {
        FakeForeignPage(Page)[9] = (UCHAR)(40 + Page);
        CHECK_EQ(Address[Page * PAGE_SIZE + 9], 40 + Page);
        Address[Page * PAGE_SIZE + 10] = (UCHAR)(50 + Page);
        CHECK_EQ(FakeForeignPage(Page)[10], 50 + Page);
    }
    CHECK_EQ(Revoke(Handle, Address), STATUS_NOT_FOUND);
    CHECK_EQ(Unmap(Handle, Address), STATUS_SUCCESS);
    CHECK_EQ(Finish(&Pending), STATUS_SUCCESS);
    CHECK_EQ(Bus.Mappings, 0);
    CHECK_EQ(Unmap(Handle, Address), STATUS_NOT_FOUND);
    Close(Handle);
}

NT_TEST(a_program_sees_the_peers_pages_until_it_unmaps_them, .seeds = 10)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(peer_pages, NULL);
    FakeBusStop();
}

/* pv-drivers 3.1 item 7: all references were copied into a structure with room for one. */
static void version_1(void *Unused)
{
    enum { COUNT = 100, HEAD = FIELD_OFFSET(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN, References) };
    HANDLE Handle = OpenAll();
    ULONG Words[(HEAD + COUNT * 4) / 4], Id = 3;
    XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN *In = (PVOID)Words;
    PENDING Pending;

    UNREFERENCED_PARAMETER(Unused);
    memset(Words, 0, sizeof(Words));
    In->RequestId = Id;
    In->RemoteDomain = PEER;
    In->NumberPages = COUNT;
    for (ULONG Index = 0; Index < COUNT; Index++)
        In->References[Index] = 100 + Index;
    Begin(&Pending, Handle, IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES, In, HEAD + COUNT * 4, 8);
    CHECK_EQ(Pending.Status, STATUS_PENDING);
    CHECK_EQ(Bus.MappedPages, COUNT);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS, &Id, 4, NULL, 0, NULL),
             STATUS_NOT_FOUND);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES, &Id, 4, NULL, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Finish(&Pending), STATUS_SUCCESS);
    /* Count and size must agree. */
    for (ULONG Count = 0; Count < 2 * COUNT; Count++) {
        In->NumberPages = Count;
        if (Count == COUNT)
            continue;
        Begin(&Pending, Handle, IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES, In, HEAD + COUNT * 4, 8);
        CHECK_EQ(Pending.Status,
                 Count == 0 ? STATUS_INVALID_PARAMETER : STATUS_INVALID_BUFFER_SIZE);
    }
    Close(Handle);
}

NT_TEST(version_1_maps_every_reference_item_7)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(version_1, NULL);
    FakeBusStop();
}

static void wrong(void *Unused)
{
    HANDLE Handle = OpenAll();
    static const ULONG Bad[] = {100, 99, 103};
    PENDING Pending;

    UNREFERENCED_PARAMETER(Unused);
    Map(&Pending, Handle, PEER, 3, Bad, 0, 0, 0);
    CHECK_EQ(Pending.Status, STATUS_ACCESS_DENIED);
    Map(&Pending, Handle, PEER + 1, 3, References, 0, 0, 0);
    CHECK_EQ(Pending.Status, STATUS_ACCESS_DENIED);
    Map(&Pending, Handle, PEER, 1, References, 16, 0, 0);
    CHECK_EQ(Pending.Status, STATUS_INVALID_PARAMETER);
    Map(&Pending, Handle, PEER, 1, References, XENIFACE_GNTTAB_USE_NOTIFY_OFFSET, 4096, 0);
    CHECK_EQ(Pending.Status, STATUS_INVALID_PARAMETER);
    /* The byte of a page that is only for reading. */
    Map(&Pending, Handle, PEER, 1, References,
        XENIFACE_GNTTAB_USE_NOTIFY_OFFSET | XENIFACE_GNTTAB_READONLY, 0, 0);
    CHECK_EQ(Pending.Status, STATUS_INVALID_PARAMETER);
    CHECK_EQ(Bus.Mappings, 0);
    Close(Handle);
}

NT_TEST(wrong_arguments_map_nothing)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(wrong, NULL);
    FakeBusStop();
}

static void announced(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    PENDING Pending;
    PUCHAR Page;
    ULONG Port;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(Handle, PEER, Event, FALSE, &Port), STATUS_SUCCESS);
    Map(&Pending, Handle, PEER, 2, References,
        XENIFACE_GNTTAB_USE_NOTIFY_OFFSET | XENIFACE_GNTTAB_USE_NOTIFY_PORT, PAGE_SIZE, Port);
    CHECK_EQ(Pending.Status, STATUS_PENDING);
    Page = FakeForeignPage(1);
    Page[0] = 1;
    Bus.Sends = 0;
    Cancel(&Pending);
    CHECK_EQ(Finish(&Pending), STATUS_CANCELLED);
    CHECK_EQ(Bus.Sends, 1);
    CHECK_EQ(Bus.Mappings, 0);
    Close(Event);
    Close(Handle);
}

NT_TEST(the_end_of_a_mapping_is_announced, .seeds = 20)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(announced, NULL);
    FakeBusStop();
}
