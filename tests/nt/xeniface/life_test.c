/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the ends: whatever a program leaves behind is freed, at once and in any order, when its
 * handle is closed, when it dies, when the device stops or is pulled out; a cancel that races with
 * a revoke, a close or a stop ends each sharing once; a second process has nothing to do with the
 * first one's names; every allocation may fail.
 */
#include "fake_bus.h"
#include "model/pnp.h"
#include "model/sched.h"
#include "model/user.h"
#include "program.h"

enum { PEER = 5, FOREIGN = 7 };

static const ULONG References[] = {100, 101};

/* One of everything; what fails fails. */
static void Everything(HANDLE Handle, HANDLE Event, PENDING *GrantFresh, PENDING *GrantOwn,
                       PENDING *Mapping)
{
    PVOID Watch, Registration;
    ULONG Port = 0;

    (VOID) BindUnbound(Handle, PEER, Event, FALSE, &Port);
    (VOID) AddWatch(Handle, "w", Event, &Watch);
    (VOID) Call(Handle, IOCTL_XENIFACE_SUSPEND_REGISTER, &Event, sizeof(Event), &Registration,
                sizeof(Registration), NULL);
    Grant(GrantFresh, Handle, PEER, 3, NULL,
          XENIFACE_GNTTAB_USE_NOTIFY_PORT | XENIFACE_GNTTAB_USE_NOTIFY_OFFSET, 5, Port);
    Grant(GrantOwn, Handle, PEER, 2, Memory(2 * PAGE_SIZE), XENIFACE_GNTTAB_USE_NOTIFY_OFFSET, 9,
          0);
    Map(Mapping, Handle, FOREIGN, 2, References, XENIFACE_GNTTAB_USE_NOTIFY_PORT, 0, Port);
}

static void leave_everything(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    PENDING Fresh, Own, Mapping;

    UNREFERENCED_PARAMETER(Unused);
    Everything(Handle, Event, &Fresh, &Own, &Mapping);
    CHECK_EQ(Fresh.Status, STATUS_PENDING);
    CHECK_EQ(Own.Status, STATUS_PENDING);
    CHECK_EQ(Mapping.Status, STATUS_PENDING);
}

static void NothingIsLeft(void)
{
    CHECK_EQ(Bus.Ports, 0);
    CHECK_EQ(BusGrants.Grants, 0);
    CHECK_EQ(Bus.Mappings, 0);
}

NT_TEST(a_process_that_dies_leaves_nothing, .seeds = 40)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(leave_everything, NULL);
    NothingIsLeft();
    CHECK_EQ(Bus.Watches, 1);
    CHECK_EQ(Bus.Sends, 2);
    FakeBusStop();
}

static void close_everything(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    PENDING Fresh, Own, Mapping;

    UNREFERENCED_PARAMETER(Unused);
    Everything(Handle, Event, &Fresh, &Own, &Mapping);
    Close(Event);
    Close(Handle);
    NothingIsLeft();
    CHECK_EQ(Finish(&Fresh), STATUS_CANCELLED);
    CHECK_EQ(Finish(&Own), STATUS_CANCELLED);
    CHECK_EQ(Finish(&Mapping), STATUS_CANCELLED);
}

NT_TEST(closing_the_handle_frees_all_at_once, .seeds = 40)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(close_everything, NULL);
    FakeBusStop();
}

/* --- Stop and removal with handles open */

static struct {
    HANDLE Handle, Event;
    PENDING Fresh, Own, Mapping;
    PVOID Address; /* of Fresh */
} Left;

static void hold_everything(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    Left.Handle = OpenAll();
    Left.Event = NewEvent();
    Everything(Left.Handle, Left.Event, &Left.Fresh, &Left.Own, &Left.Mapping);
    Left.Address = AddressOf(&Left.Fresh);
}

static void everything_is_over(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(Finish(&Left.Fresh), STATUS_CANCELLED);
    CHECK_EQ(Finish(&Left.Own), STATUS_CANCELLED);
    CHECK_EQ(Finish(&Left.Mapping), STATUS_CANCELLED);
}

static void nothing_works(void *Wanted)
{
    ULONG Port;

    CHECK_EQ(BindUnbound(Left.Handle, PEER, Left.Event, FALSE, &Port), *(NTSTATUS *)Wanted);
}

NT_TEST(pulled_out_with_handles_open, .seeds = 40)
{
    NTSTATUS Wanted = STATUS_DEVICE_REMOVED;
    PEPROCESS Process;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = Start(hold_everything, NULL);
    pnp_surprise_remove(FakeBusNode());
    NothingIsLeft();
    CHECK_EQ(Bus.Watches, 0);
    CHECK_EQ(Bus.InterfaceReferences, 0);
    Run(Process, everything_is_over, NULL);
    Run(Process, nothing_works, &Wanted);
    Kill(Process); /* the last handle: now the device is removed */
    FakeBusStop();
}

NT_TEST(a_device_in_use_does_not_stop)
{
    PEPROCESS Process;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = Start(hold_everything, NULL);
    CHECK_EQ(pnp_query_stop(FakeBusNode()), STATUS_DEVICE_BUSY);
    CHECK(!NT_SUCCESS(pnp_query_remove(FakeBusNode())));
    CHECK_EQ(BusGrants.Grants, 5);
    Kill(Process);
    CHECK_EQ(pnp_query_stop(FakeBusNode()), STATUS_SUCCESS);
    pnp_cancel_stop(FakeBusNode());
    CHECK_EQ(pnp_query_remove(FakeBusNode()), STATUS_SUCCESS);
    pnp_cancel_remove(FakeBusNode());
    Program(leave_everything, NULL);
    FakeBusStop();
}

NT_TEST(stopped_and_started_again, .seeds = 10)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(leave_everything, NULL);
    CHECK_EQ(pnp_query_stop(FakeBusNode()), STATUS_SUCCESS);
    pnp_stop(FakeBusNode());
    CHECK_EQ(Bus.InterfaceReferences, 0);
    CHECK(NT_SUCCESS(pnp_start(FakeBusNode())));
    Program(leave_everything, NULL);
    FakeBusStop();
}

/* --- Two processes */

static void other_process(void *Unused)
{
    HANDLE Handle = OpenAll();

    UNREFERENCED_PARAMETER(Unused);
    /* The same address, the same port number: somebody else's. */
    CHECK_EQ(Revoke(Handle, Left.Address), STATUS_NOT_FOUND);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_NOTIFY, 1), STATUS_NOT_FOUND);
    Close(Handle);
}

NT_TEST(two_processes_share_no_names, .seeds = 10)
{
    PEPROCESS Process;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = Start(hold_everything, NULL);
    Program(other_process, NULL);
    CHECK_EQ(BusGrants.Grants, 5);
    Program(leave_everything, NULL);
    CHECK_EQ(BusGrants.Grants, 5);
    Kill(Process);
    NothingIsLeft();
    FakeBusStop();
}

/* --- Races of everything that ends a sharing */

static struct {
    HANDLE Handle;
    PENDING Pending;
    PVOID Address;
} Race;

static void revoker(void *Unused)
{
    NTSTATUS Status = Revoke(Race.Handle, Race.Address);

    UNREFERENCED_PARAMETER(Unused);
    CHECK(Status == STATUS_SUCCESS || Status == STATUS_NOT_FOUND);
}

static void canceller(void *Unused)
{
    IO_STATUS_BLOCK Result;
    NTSTATUS Status = NtCancelIoFileEx(Race.Handle, Race.Pending.Result, &Result);

    UNREFERENCED_PARAMETER(Unused);
    CHECK(Status == STATUS_SUCCESS || Status == STATUS_NOT_FOUND);
}

static void begin_race(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    Race.Handle = OpenAll();
    Grant(&Race.Pending, Race.Handle, PEER, 2, NULL, 0, 0, 0);
    Race.Address = AddressOf(&Race.Pending);
}

static void end_race(void *Unused)
{
    NTSTATUS Status = Finish(&Race.Pending);

    UNREFERENCED_PARAMETER(Unused);
    CHECK(Status == STATUS_SUCCESS || Status == STATUS_CANCELLED);
    CHECK_EQ(BusGrants.Grants, 0);
    Close(Race.Handle);
}

NT_TEST(cancel_races_with_revoke, .cpus = 3, .seeds = 100)
{
    PEPROCESS Process;
    PKTHREAD One, Other;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = Start(begin_race, NULL);
    One = process_start(Process, revoker, NULL);
    Other = process_start(Process, canceller, NULL);
    process_join(One);
    process_join(Other);
    Run(Process, end_race, NULL);
    Kill(Process);
    FakeBusStop();
}

static void closer(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    Close(Race.Handle);
}

static void end_race_without_handle(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(Finish(&Race.Pending), STATUS_CANCELLED);
    CHECK_EQ(BusGrants.Grants, 0);
}

static void canceller_of_closed(void *Unused)
{
    IO_STATUS_BLOCK Result;

    UNREFERENCED_PARAMETER(Unused);
    (VOID) NtCancelIoFileEx(Race.Handle, Race.Pending.Result, &Result);
}

NT_TEST(cancel_races_with_close, .cpus = 3, .seeds = 100)
{
    PEPROCESS Process;
    PKTHREAD One, Other;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = Start(begin_race, NULL);
    One = process_start(Process, closer, NULL);
    Other = process_start(Process, canceller_of_closed, NULL);
    process_join(One);
    process_join(Other);
    Run(Process, end_race_without_handle, NULL);
    Kill(Process);
    FakeBusStop();
}

/* A thread begins sharings while another closes the handle that they are on. */
static void beginner(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    Grant(&Race.Pending, Race.Handle, PEER, 2, NULL, 0, 0, 0);
    if (Race.Pending.Status == STATUS_PENDING)
        CHECK_EQ(Finish(&Race.Pending), STATUS_CANCELLED);
}

static void open_race(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    Race.Handle = OpenAll();
}

NT_TEST(begin_races_with_close, .cpus = 3, .seeds = 100)
{
    PEPROCESS Process;
    PKTHREAD One, Other;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = Start(open_race, NULL);
    One = process_start(Process, beginner, NULL);
    Other = process_start(Process, closer, NULL);
    process_join(One);
    process_join(Other);
    CHECK_EQ(BusGrants.Grants, 0);
    Kill(Process);
    FakeBusStop();
}

static void busy(void *Unused)
{
    HANDLE Handle = NULL, Event = NewEvent();
    NTSTATUS Status = Open(GENERIC_READ | GENERIC_WRITE, &Handle);

    UNREFERENCED_PARAMETER(Unused);
    if (NT_SUCCESS(Status)) {
        PENDING Fresh, Own, Mapping;

        Everything(Handle, Event, &Fresh, &Own, &Mapping);
    }
    /* and dies with it */
}

NT_TEST(programs_work_while_the_device_is_pulled_out, .cpus = 3, .seeds = 100)
{
    PEPROCESS Process;
    PKTHREAD One, Other;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = process_create("busy", &security_administrator);
    One = process_start(Process, busy, NULL);
    Other = process_start(Process, busy, NULL);
    pnp_surprise_remove(FakeBusNode());
    process_join(One);
    process_join(Other);
    Kill(Process);
    FakeBusStop();
}

static void resumed(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    for (ULONG Index = 0; Index < 3; Index++)
        FakeResume();
}

NT_TEST(a_resume_while_programs_come_and_go, .cpus = 3, .seeds = 40)
{
    PEPROCESS Process, Resumer;
    PKTHREAD One, Other;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = process_create("busy", &security_administrator);
    Resumer = process_create("resumer", &security_administrator);
    One = process_start(Process, busy, NULL);
    Other = process_start(Resumer, resumed, NULL);
    process_join(One);
    process_join(Other);
    Kill(Process);
    Kill(Resumer);
    FakeBusStop();
}

/* --- Faults */

static void whatever_works(void *Unused)
{
    HANDLE Handle = NULL, Event = NULL;
    PENDING Fresh, Own, Mapping;
    char Value[16];
    ULONG Port = 0;

    UNREFERENCED_PARAMETER(Unused);
    if (!NT_SUCCESS(Open(GENERIC_READ | GENERIC_WRITE, &Handle)))
        return;
    if (!NT_SUCCESS(NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE)))
        return;
    Everything(Handle, Event, &Fresh, &Own, &Mapping);
    (VOID) Call(Handle, IOCTL_XENIFACE_STORE_WRITE, "a\0b\0", 5, NULL, 0, NULL);
    (VOID) Call(Handle, IOCTL_XENIFACE_STORE_READ, "a", 2, Value, sizeof(Value), NULL);
    (VOID) BindUnbound(Handle, PEER, Event, FALSE, &Port);
    if (Fresh.Status == STATUS_PENDING)
        (VOID) Revoke(Handle, AddressOf(&Fresh));
    /* the rest is for the end of the process */
}

NT_TEST(every_allocation_may_fail, .faults = true)
{
    if (NT_SUCCESS(FakeBusStart())) {
        Program(whatever_works, NULL);
        NothingIsLeft();
    }
    FakeBusStop();
}

NT_TEST(every_allocation_may_fail_while_it_is_pulled_out, .faults = true)
{
    if (NT_SUCCESS(FakeBusStart())) {
        PEPROCESS Process = Start(whatever_works, NULL);

        pnp_surprise_remove(FakeBusNode());
        NothingIsLeft();
        Kill(Process);
    }
    FakeBusStop();
}
