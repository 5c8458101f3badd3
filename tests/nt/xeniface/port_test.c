/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves event channels through the IOCTLs: a port's event is set by its notifications, a masked
 * one remembers, a closed one is silent for ever (pv-drivers 3.1 item 10: the driver's callback ran
 * on a context that was freed), ports belong to their handle, and there are not too many.
 */
#include "fake_bus.h"
#include "program.h"

static void a_port(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    ULONG Port = 0;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(Handle, 5, Event, FALSE, &Port), STATUS_SUCCESS);
    CHECK(!TakeEvent(Event));
    CHECK(FakePortFire(Port));
    CHECK(TakeEvent(Event));
    CHECK(FakePortFire(Port));
    CHECK(FakePortFire(Port));
    CHECK(TakeEvent(Event));
    CHECK(!TakeEvent(Event));
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_NOTIFY, Port), STATUS_SUCCESS);
    CHECK_EQ(Bus.Sends, 1);
    CHECK_EQ(Bus.LastSend, Port);
    /* The caller's handle of the event is the caller's. */
    Close(Event);
    CHECK(FakePortFire(Port));
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_CLOSE, Port), STATUS_SUCCESS);
    CHECK(!FakePortFire(Port));
    CHECK_EQ(Bus.Ports, 0);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_CLOSE, Port), STATUS_NOT_FOUND);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_NOTIFY, Port), STATUS_NOT_FOUND);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_UNMASK, Port), STATUS_INVALID_PARAMETER);
    Close(Handle);
}

NT_TEST(a_port_sets_its_event_until_it_is_closed, .seeds = 10)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(a_port, NULL);
    FakeBusStop();
}

static void a_masked_port(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    ULONG Port = 0;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(Handle, 5, Event, TRUE, &Port), STATUS_SUCCESS);
    CHECK(FakePortIsMasked(Port));
    CHECK(!FakePortFire(Port));
    CHECK(!TakeEvent(Event));
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_UNMASK, Port), STATUS_SUCCESS);
    CHECK(TakeEvent(Event));
    CHECK(FakePortFire(Port));
    CHECK(TakeEvent(Event));
    Close(Event);
    Close(Handle);
}

NT_TEST(a_masked_port_remembers)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(a_masked_port, NULL);
    FakeBusStop();
}

static void a_peer(void *Unused)
{
    HANDLE Handle = OpenAll(), Other = OpenAll(), Event = NewEvent();
    ULONG Port = 0;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(Handle, 5, Event, FALSE, &Port), STATUS_SUCCESS);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_QUERY_PEER, Port), STATUS_DEVICE_NOT_CONNECTED);
    FakePortPeer(Port, TRUE);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_QUERY_PEER, Port), STATUS_SUCCESS);
    CHECK_EQ(PortCall(Other, IOCTL_XENIFACE_EVTCHN_QUERY_PEER, Port), STATUS_NOT_FOUND);
    FakePortPeer(Port, FALSE);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_QUERY_PEER, Port), STATUS_DEVICE_NOT_CONNECTED);
    CHECK(!TakeEvent(Event));
    Close(Event);
    Close(Other);
    Close(Handle);
}

NT_TEST(a_peer_that_is_gone_is_known_to_who_asks)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(a_peer, NULL);
    FakeBusStop();
}

static void bad_bindings(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    ULONG Port = 0;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(Handle, 5, NULL, FALSE, &Port), STATUS_INVALID_HANDLE);
    CHECK_EQ(BindUnbound(Handle, 5, (HANDLE)0x12344, FALSE, &Port), STATUS_INVALID_HANDLE);
    CHECK_EQ(BindUnbound(Handle, 5, Handle, FALSE, &Port), STATUS_OBJECT_TYPE_MISMATCH);
    Bus.OpenFailure = STATUS_DEVICE_NOT_CONNECTED;
    CHECK_EQ(BindUnbound(Handle, 5, Event, FALSE, &Port), STATUS_DEVICE_NOT_CONNECTED);
    Bus.OpenFailure = STATUS_SUCCESS;
    CHECK_EQ(Bus.Ports, 0);
    Close(Event);
    Close(Handle);
}

NT_TEST(bindings_that_fail_leave_nothing)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(bad_bindings, NULL);
    FakeBusStop();
}

static void two_handles(void *Unused)
{
    HANDLE One = OpenAll(), Other = OpenAll(), Event = NewEvent();
    ULONG Port = 0;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(One, 5, Event, FALSE, &Port), STATUS_SUCCESS);
    CHECK_EQ(PortCall(Other, IOCTL_XENIFACE_EVTCHN_NOTIFY, Port), STATUS_NOT_FOUND);
    CHECK_EQ(PortCall(Other, IOCTL_XENIFACE_EVTCHN_CLOSE, Port), STATUS_NOT_FOUND);
    CHECK_EQ(PortCall(Other, IOCTL_XENIFACE_EVTCHN_UNMASK, Port), STATUS_INVALID_PARAMETER);
    Close(Other);
    CHECK_EQ(Bus.Ports, 1);
    Close(One);
    CHECK_EQ(Bus.Ports, 0);
    CHECK(!FakePortFire(Port));
    Close(Event);
}

NT_TEST(a_port_is_its_handles)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(two_handles, NULL);
    FakeBusStop();
}

static void too_many(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    ULONG Port = 0, Count = 0;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Unused);
    do {
        Status = BindUnbound(Handle, 5, Event, TRUE, &Port);
        Count += NT_SUCCESS(Status);
    } while (NT_SUCCESS(Status));
    CHECK_EQ(Status, STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(Count, 1024);
    CHECK_EQ(Bus.Ports, 1024);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_CLOSE, Port - 1), STATUS_SUCCESS);
    CHECK_EQ(BindUnbound(Handle, 5, Event, TRUE, &Port), STATUS_SUCCESS);
    Close(Event);
    Close(Handle);
}

NT_TEST(a_handle_has_so_many_ports_and_no_more, .cpus = 1)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(too_many, NULL);
    FakeBusStop();
}

/* --- A peer that fires while the port goes */

static struct {
    HANDLE Handle, Event;
    ULONG Port;
    volatile LONG Stop;
} Race;

static VOID NTAPI FireUntilStopped(PVOID Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    while (!Race.Stop) {
        (VOID) FakePortFire(Race.Port);
        YieldProcessor();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void close_while_it_fires(void *HowToClose)
{
    Race.Handle = OpenAll();
    Race.Event = NewEvent();
    CHECK_EQ(BindUnbound(Race.Handle, 5, Race.Event, FALSE, &Race.Port), STATUS_SUCCESS);
    if (HowToClose == NULL)
        CHECK_EQ(PortCall(Race.Handle, IOCTL_XENIFACE_EVTCHN_CLOSE, Race.Port), STATUS_SUCCESS);
    Close(Race.Event);
    Close(Race.Handle);
}

static void RaceOnce(void *HowToClose)
{
    HANDLE Thread;
    PVOID Object;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Race.Port = 1;
    CHECK(NT_SUCCESS(PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                          FireUntilStopped, NULL)));
    CHECK(NT_SUCCESS(
        ObReferenceObjectByHandle(Thread, THREAD_ALL_ACCESS, NULL, KernelMode, &Object, NULL)));
    ZwClose(Thread);
    Program(close_while_it_fires, HowToClose);
    InterlockedExchange(&Race.Stop, 1);
    KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Object);
    FakeBusStop();
}

NT_TEST(no_callback_after_close_item_10, .cpus = 3, .seeds = 40)
{
    RaceOnce(NULL);
}

NT_TEST(no_callback_after_the_handle_is_closed_item_10, .cpus = 3, .seeds = 40)
{
    RaceOnce(&Race);
}
