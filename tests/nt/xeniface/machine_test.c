/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves what concerns the whole machine: programs hear of a resume, read Xen's clock, write to
 * Xen's console, are told of control/shutdown; the driver says its state when asked.
 */
#include "fake_bus.h"
#include "model/device_event.h"
#include "model/sched.h"
#include "program.h"

static NTSTATUS Register(HANDLE Handle, HANDLE Event, PVOID *Context)
{
    return Call(Handle, IOCTL_XENIFACE_SUSPEND_REGISTER, &Event, sizeof(Event), Context,
                sizeof(*Context), NULL);
}

static ULONG Count(HANDLE Handle)
{
    ULONG Value = 0xffffffff;

    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_SUSPEND_GET_COUNT, NULL, 0, &Value, sizeof(Value), NULL),
             STATUS_SUCCESS);
    return Value;
}

static void resumes(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent(), PortEvent = NewEvent();
    PVOID Context = NULL;
    ULONG Port;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(Register(Handle, Event, &Context), STATUS_SUCCESS);
    CHECK_EQ(BindUnbound(Handle, 5, PortEvent, FALSE, &Port), STATUS_SUCCESS);
    CHECK_EQ(Count(Handle), 0);
    FakeResume();
    CHECK_EQ(Count(Handle), 1);
    CHECK(TakeEvent(Event));
    /* The port is dead: whoever waits on it wakes and finds out. */
    CHECK(TakeEvent(PortEvent));
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_NOTIFY, Port), STATUS_DEVICE_NOT_CONNECTED);
    CHECK_EQ(PortCall(Handle, IOCTL_XENIFACE_EVTCHN_CLOSE, Port), STATUS_SUCCESS);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_SUSPEND_DEREGISTER, &Context, 8, NULL, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_SUSPEND_DEREGISTER, &Context, 8, NULL, 0, NULL),
             STATUS_NOT_FOUND);
    FakeResume();
    CHECK(!TakeEvent(Event));
    CHECK_EQ(Register(Handle, (HANDLE)0x4444, &Context), STATUS_INVALID_HANDLE);
    for (ULONG Index = 0; Index < 64; Index++)
        CHECK_EQ(Register(Handle, Event, &Context), STATUS_SUCCESS);
    CHECK_EQ(Register(Handle, Event, &Context), STATUS_QUOTA_EXCEEDED);
    Close(Handle);
    Close(Event);
    Close(PortEvent);
}

NT_TEST(programs_hear_of_a_resume)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(resumes, NULL);
    FakeBusStop();
}

static void clock(void *Unused)
{
    HANDLE Handle = OpenAll();
    XENIFACE_SHAREDINFO_GET_TIME_OUT Out;

    UNREFERENCED_PARAMETER(Unused);
    memset(&Out, 0xff, sizeof(Out));
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_SHAREDINFO_GET_TIME, NULL, 0, &Out, sizeof(Out), NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Out.Time.dwHighDateTime, 0x01234567);
    CHECK_EQ(Out.Time.dwLowDateTime, 0x89abcdef);
    CHECK_EQ(Out.Local, TRUE);
    /* The driver's own bytes do not leave with it. */
    CHECK(memcmp((PUCHAR)&Out + 9, "\0\0\0", 3) == 0);
    Close(Handle);
}

NT_TEST(programs_read_xens_clock)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(clock, NULL);
    FakeBusStop();
}

static void lines(void *Unused)
{
    HANDLE Handle = OpenAll();
    char Long[256];
    ULONG Before = Bus.LogLines;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_LOG, "hello\r\n", 8, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK(strcmp(Bus.Log[Before % FAKE_LOG_LINES], "USER: hello") == 0);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_LOG, "a\nb", 4, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK(strcmp(Bus.Log[(Before + 1) % FAKE_LOG_LINES], "USER: a b") == 0);
    memset(Long, 'x', sizeof(Long));
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_LOG, Long, 256, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    Long[255] = '\0';
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_LOG, Long, 256, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_LOG, "\x1b[2J", 5, NULL, 0, NULL),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_LOG, "a%s%n", 6, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(Bus.LogLines, Before + 4);
    Close(Handle);
}

NT_TEST(programs_write_to_xens_console)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(lines, NULL);
    FakeBusStop();
}

static void hold_one_of_each(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    PENDING Pending;
    PVOID Watch;
    ULONG Port;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(BindUnbound(Handle, 5, Event, FALSE, &Port), STATUS_SUCCESS);
    CHECK_EQ(AddWatch(Handle, "w", Event, &Watch), STATUS_SUCCESS);
    Grant(&Pending, Handle, 5, 2, NULL, 0, 0, 0);
    FakeDump();
}

NT_TEST(the_dump_has_a_line_a_handle)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(hold_one_of_each, NULL);
    CHECK_EQ(Bus.DumpLines, 1);
    FakeBusStop();
}

NT_TEST(the_driver_does_not_start_without_a_service, .seeds = 30)
{
    extern const GUID GUID_XENBUS_DEBUG, GUID_XENBUS_EVTCHN, GUID_XENBUS_GNTTAB, GUID_XENBUS_STORE,
        GUID_XENBUS_SUSPEND, GUID_XENBUS_SHARED_INFO;
    const GUID *All[] = {&GUID_XENBUS_DEBUG, &GUID_XENBUS_EVTCHN,  &GUID_XENBUS_GNTTAB,
                         &GUID_XENBUS_STORE, &GUID_XENBUS_SUSPEND, &GUID_XENBUS_SHARED_INFO};

    Bus.Missing = All[sched_random(RTL_NUMBER_OF(All))];
    CHECK(!NT_SUCCESS(FakeBusStart()));
    FakeBusStop();
}

/* control/shutdown, as the toolstack writes it and whoever acts on it clears it. */
NT_TEST(programs_are_told_of_a_shutdown, .seeds = 20)
{
    const GUID *Event = &GUID_XENIFACE_SHUTDOWN_REQUEST;
    static const CHAR Long[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789";

    CHECK(NT_SUCCESS(FakeBusStart()));
    sched_settle();
    CHECK_EQ(device_events(Event), 0);
    FakeStoreSet("control/shutdown", "poweroff");
    sched_settle();
    CHECK_EQ(device_events(Event), 1);
    FakeStoreSet("control/shutdown", "");
    sched_settle();
    CHECK_EQ(device_events(Event), 1);
    FakeStoreSet("control/shutdown", Long);
    sched_settle();
    CHECK_EQ(device_events(Event), 1);
    FakeStoreSet("control/shutdown", "reboot");
    sched_settle();
    CHECK_EQ(device_events(Event), 2);
    FakeStoreSet("control/shutdown", "halt"); /* and the device goes at once */
    FakeBusStop();
}
