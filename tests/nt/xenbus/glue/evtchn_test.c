/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels in the NT kernel: what include/xenbus/evtchn.h promises, on both ABIs, with one
 * CPU and two, whoever is interrupted when. Xen is played by platform.c.
 */
#include <ntddk.h>

#include "platform.h"

#include "evtchn.h"
#include "harness.h"
#include "model/fault.h"
#include "model/sched.h"

typedef struct _LISTENER {
    PXENBUS_EVTCHN_CHANNEL Channel;
    ULONG Port;
    volatile LONG Calls, Inside;
    volatile LONG Closed; /* a call after this is the defect */
    BOOLEAN UnmaskItself;
    ULONG FireItself;
    ULONG Cpu;
} LISTENER, *PLISTENER;

static VOID NTAPI OnEvent(_In_opt_ PVOID Argument)
{
    PLISTENER Listener = Argument;

    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(!Listener->Closed);
    CHECK_EQ(InterlockedIncrement(&Listener->Inside), 1); /* never twice at a time */
    CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), Listener->Cpu);
    InterlockedIncrement(&Listener->Calls);
    if (Listener->FireItself) {
        Listener->FireItself--;
        platform_fire(Listener->Port);
    }
    if (Listener->UnmaskItself)
        EvtchnUnmask(&platform.parts, Listener->Channel);
    InterlockedDecrement(&Listener->Inside);
}

static void start(void)
{
    static LONG DebugRequests;

    platform.parts.Debug = (PXENBUS_DEBUG)&DebugRequests;
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
}

static void begin(BOOLEAN fifo)
{
    platform_init();
    platform.no_fifo = !fifo;
    start();
    CHECK_EQ(platform.xen.fifo, fifo);
}

static void end(void)
{
    EvtchnDestroy(platform.parts.Evtchn);
    platform_check_nothing_left();
}

static NTSTATUS listen_with(PLISTENER listener, XENBUS_EVTCHN_PARAMETERS parameters)
{
    XENBUS_EVTCHN_STATE state;
    NTSTATUS status =
        EvtchnOpen(&platform.parts, &parameters, OnEvent, listener, &listener->Channel);

    if (!NT_SUCCESS(status)) {
        CHECK(listener->Channel == NULL);
        return status;
    }
    EvtchnGetState(&platform.parts, listener->Channel, &state);
    listener->Port = state.LocalPort;
    listener->Cpu = state.Cpu;
    CHECK(state.Masked);
    EvtchnUnmask(&platform.parts, listener->Channel);
    return status;
}

static void listen(PLISTENER listener, ULONG flags, ULONG cpu)
{
    XENBUS_EVTCHN_PARAMETERS parameters = {
        .Type = XENBUS_EVTCHN_UNBOUND, .RemoteDomain = PLATFORM_PEER, .Flags = flags, .Cpu = cpu};

    RtlZeroMemory(listener, sizeof(*listener));
    CHECK_EQ(listen_with(listener, parameters), STATUS_SUCCESS);
}

static void close(PLISTENER listener)
{
    EvtchnClose(&platform.parts, listener->Channel);
    listener->Closed = 1;
    CHECK_EQ(listener->Inside, 0);
}

static void events_arrive(BOOLEAN fifo)
{
    LISTENER one, two;

    begin(fifo);
    listen(&one, 0, 0);
    listen(&two, 0, sched_cpus() - 1 < FAKE_CPUS ? sched_cpus() - 1 : 0);
    platform_fire(one.Port);
    platform_fire(two.Port);
    sched_settle();
    CHECK_EQ(one.Calls, 1);
    CHECK_EQ(two.Calls, 1);
    two.FireItself = 3; /* each becomes one further call */
    platform_fire(two.Port);
    sched_settle();
    CHECK_EQ(two.Calls, 5);
    close(&one);
    platform_fire(one.Port);
    sched_settle();
    CHECK_EQ(one.Calls, 1);
    close(&two);
    end();
}
NT_TEST(events_arrive_2l, .seeds = 10)
{
    events_arrive(FALSE);
}
NT_TEST(events_arrive_fifo, .seeds = 10)
{
    events_arrive(TRUE);
}

/* --- Close. */

static KSTART_ROUTINE fire_for_a_while;
static volatile LONG FirePort, StopFiring;

static VOID NTAPI fire_for_a_while(PVOID argument)
{
    while (!StopFiring) {
        platform_fire((ULONG)FirePort);
        YieldProcessor();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static PVOID start_firing(void)
{
    HANDLE thread;
    PVOID object;

    StopFiring = 0;
    CHECK_EQ(
        PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, fire_for_a_while, NULL),
        STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(thread, SYNCHRONIZE, NULL, KernelMode, &object, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ZwClose(thread), STATUS_SUCCESS);
    return object;
}

static void stop_firing(PVOID object)
{
    StopFiring = 1;
    CHECK_EQ(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(object);
}

/* Defect 10 of the field's drivers: a use after free in the event channel's DPC. A peer fires while
 * the channel is closed, at whatever moment; the listener's memory goes at once. */
static void close_is_the_end(BOOLEAN fifo)
{
    PVOID thread;

    begin(fifo);
    FirePort = 3;
    thread = start_firing();
    for (int i = 0; i < 10; i++) {
        PLISTENER listener = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*listener), 'tseT');
        CHECK(listener != NULL);
        listen(listener, 0, (ULONG)i % (sched_cpus() < FAKE_CPUS ? sched_cpus() : FAKE_CPUS));
        FirePort = (LONG)listener->Port;
        for (ULONG j = sched_random(20); j; j--)
            YieldProcessor();
        close(listener);
        RtlFillMemory(listener, sizeof(*listener), 0xee);
        ExFreePoolWithTag(listener, 'tseT');
    }
    stop_firing(thread);
    end();
}
NT_TEST(defect_10_close_is_the_end_2l, .cpus = 2, .seeds = 60)
{
    close_is_the_end(FALSE);
}
NT_TEST(defect_10_close_is_the_end_fifo, .cpus = 2, .seeds = 60)
{
    close_is_the_end(TRUE);
}

/* The other half of defect 10: the channel was published before its lock was initialised. The port
 * fires from the moment Xen has opened it, before Open has returned. */
NT_TEST(defect_10_events_before_open_returns, .cpus = 2, .seeds = 40)
{
    LISTENER listener;

    begin(sched_random(2) != 0);
    platform.fires_at_once = TRUE;
    for (int i = 0; i < 5; i++) {
        listen(&listener, 0, (ULONG)i & 1);
        sched_settle();
        CHECK_EQ(listener.Calls, 1); /* it is not lost either */
        close(&listener);
    }
    end();
}

/* --- Mask. */

NT_TEST(masked_events_wait, .seeds = 20)
{
    XENBUS_EVTCHN_STATE state;
    LISTENER listener;

    begin(TRUE);
    listen(&listener, 0, 0);
    EvtchnMask(&platform.parts, listener.Channel);
    platform_fire(listener.Port);
    sched_settle();
    CHECK_EQ(listener.Calls, 0);
    EvtchnUnmask(&platform.parts, listener.Channel);
    sched_settle();
    CHECK_EQ(listener.Calls, 1);
    EvtchnGetState(&platform.parts, listener.Channel, &state);
    CHECK_EQ(state.Events, 1);
    CHECK(!state.Masked && !state.Dead);
    close(&listener);
    end();
}

NT_TEST(auto_mask_gives_one_event, .seeds = 20)
{
    LISTENER listener;

    begin(FALSE);
    listen(&listener, XENBUS_EVTCHN_AUTO_MASK, 0);
    platform_fire(listener.Port);
    sched_settle();
    platform_fire(listener.Port);
    sched_settle();
    CHECK_EQ(listener.Calls, 1);
    listener.UnmaskItself = TRUE;
    EvtchnUnmask(&platform.parts, listener.Channel);
    sched_settle();
    CHECK_EQ(listener.Calls, 2);
    platform_fire(listener.Port);
    sched_settle();
    CHECK_EQ(listener.Calls, 3);
    close(&listener);
    end();
}

/* --- Storm. */

/* A peer that fires endlessly, here from within its own callback, costs bounded CPU: so many calls
 * in a window. Another channel is served meanwhile, and the last event is not lost. */
NT_TEST(a_storm_is_throttled, .seeds = 5)
{
    LISTENER storm, other;
    XENBUS_EVTCHN_STATE state;
    ULONGLONG before;

    begin(TRUE);
    listen(&storm, 0, 0);
    listen(&other, 0, 0);
    storm.FireItself = 10 * EVTCHN_TURNS_PER_WINDOW;
    before = KeQueryInterruptTime();
    platform_fire(storm.Port);
    sched_settle();
    CHECK((ULONG)storm.Calls <=
          (2 + (KeQueryInterruptTime() - before) / EVTCHN_WINDOW_100NS) * EVTCHN_TURNS_PER_WINDOW);
    platform_fire(other.Port);
    sched_settle();
    CHECK_EQ(other.Calls, 1);
    while (sched_advance())
        ;
    CHECK_EQ(storm.Calls, 10 * EVTCHN_TURNS_PER_WINDOW + 1);
    CHECK(KeQueryInterruptTime() - before >= 8 * EVTCHN_WINDOW_100NS);
    EvtchnGetState(&platform.parts, storm.Channel, &state);
    CHECK(state.Throttled >= 8);
    close(&storm);
    close(&other);
    end();
}

/* --- CPUs. */

NT_TEST(a_channel_moves_to_another_cpu, .cpus = 2, .seeds = 60)
{
    LISTENER listener;

    begin(TRUE);
    listen(&listener, 0, 0);
    for (ULONG i = 1; i < 9; i++) {
        LONG before = listener.Calls;
        CHECK_EQ(EvtchnBindCpu(&platform.parts, listener.Channel, i & 1), STATUS_SUCCESS);
        listener.Cpu = i & 1;
        platform_fire(listener.Port);
        sched_settle();
        CHECK(listener.Calls > before);
    }
    CHECK_EQ(EvtchnBindCpu(&platform.parts, listener.Channel, 77), STATUS_NOT_SUPPORTED);
    close(&listener);
    end();
}

static VOID NTAPI Count(_In_opt_ PVOID Argument)
{
    InterlockedIncrement(Argument);
}

/* The callback may be running when the channel is to move: BindCpu waits for its end. */
NT_TEST(a_channel_moves_under_fire, .cpus = 2, .seeds = 60)
{
    XENBUS_EVTCHN_PARAMETERS parameters = {.Type = XENBUS_EVTCHN_UNBOUND,
                                           .RemoteDomain = PLATFORM_PEER};
    PXENBUS_EVTCHN_CHANNEL channel;
    XENBUS_EVTCHN_STATE state;
    volatile LONG calls = 0;
    PVOID thread;

    begin(sched_random(2) != 0);
    CHECK_EQ(EvtchnOpen(&platform.parts, &parameters, Count, (PVOID)&calls, &channel),
             STATUS_SUCCESS);
    EvtchnUnmask(&platform.parts, channel);
    EvtchnGetState(&platform.parts, channel, &state);
    FirePort = (LONG)state.LocalPort;
    thread = start_firing();
    for (ULONG i = 1; i < 12; i++) {
        CHECK_EQ(EvtchnBindCpu(&platform.parts, channel, i & 1), STATUS_SUCCESS);
        EvtchnGetState(&platform.parts, channel, &state);
        CHECK_EQ(state.Cpu, i & 1);
    }
    stop_firing(thread);
    sched_settle();
    EvtchnGetState(&platform.parts, channel, &state);
    calls = 0;
    platform_fire(state.LocalPort);
    sched_settle();
    while (!calls) /* it may be throttled */
        CHECK(sched_advance());
    EvtchnClose(&platform.parts, channel);
    end();
}

/* Its window's end is known to the CPU that it has left. */
NT_TEST(a_throttled_channel_moves, .cpus = 2, .seeds = 5)
{
    LISTENER storm;

    begin(TRUE);
    listen(&storm, 0, 0);
    storm.FireItself = 3 * EVTCHN_TURNS_PER_WINDOW;
    platform_fire(storm.Port);
    sched_settle();
    CHECK(storm.FireItself > 0);
    CHECK_EQ(EvtchnBindCpu(&platform.parts, storm.Channel, 1), STATUS_SUCCESS);
    storm.Cpu = 1;
    while (storm.FireItself)
        CHECK(sched_advance());
    close(&storm);
    end();
}

NT_TEST(without_vectors_everything_comes_to_cpu_0, .cpus = 2, .seeds = 5)
{
    LISTENER listener;

    platform_init();
    platform.no_vector = TRUE;
    start();
    listen(&listener, 0, 1);
    CHECK_EQ(listener.Cpu, 0);
    platform_fire(listener.Port);
    sched_settle();
    CHECK_EQ(listener.Calls, 1);
    CHECK_EQ(EvtchnBindCpu(&platform.parts, listener.Channel, 1), STATUS_NOT_SUPPORTED);
    close(&listener);
    end();
}

/* --- Types and errors. */

NT_TEST(types_of_channels, .seeds = 5)
{
    LISTENER server, client, debug, fixed, second;

    begin(TRUE);
    RtlZeroMemory(&client, sizeof(client));
    fixed = second = debug = server = client;
    XENBUS_EVTCHN_PARAMETERS unbound = {.Type = XENBUS_EVTCHN_UNBOUND,
                                        .RemoteDomain = XEN_DOMID_SELF};
    CHECK_EQ(listen_with(&server, unbound), STATUS_SUCCESS);
    XENBUS_EVTCHN_PARAMETERS bound = {.Type = XENBUS_EVTCHN_INTERDOMAIN,
                                      .RemoteDomain = XEN_DOMID_SELF,
                                      .RemotePort = server.Port};
    CHECK_EQ(listen_with(&client, bound), STATUS_SUCCESS);
    CHECK_EQ(EvtchnSend(&platform.parts, client.Channel), STATUS_SUCCESS);
    sched_settle();
    CHECK_EQ(server.Calls, 1);
    CHECK_EQ(EvtchnSend(&platform.parts, server.Channel), STATUS_SUCCESS);
    sched_settle();
    CHECK_EQ(client.Calls, 1);

    XENBUS_EVTCHN_PARAMETERS taken = {.Type = XENBUS_EVTCHN_FIXED,
                                      .LocalPort = PLATFORM_CONSOLE_PORT};
    CHECK_EQ(listen_with(&fixed, taken), STATUS_SUCCESS);
    CHECK_EQ(listen_with(&second, taken), STATUS_ADDRESS_ALREADY_ASSOCIATED);
    taken.LocalPort = 500; /* closed */
    CHECK_EQ(listen_with(&second, taken), STATUS_INVALID_PARAMETER);
    taken.LocalPort = 0xffffffff;
    CHECK_EQ(listen_with(&second, taken), STATUS_INVALID_PARAMETER);
    XENBUS_EVTCHN_PARAMETERS virq = {.Type = XENBUS_EVTCHN_VIRQ, .Virq = XEN_VIRQ_TIMER};
    CHECK_EQ(listen_with(&debug, virq), STATUS_SUCCESS);
    CHECK_EQ(listen_with(&second, virq), STATUS_ADDRESS_ALREADY_ASSOCIATED);
    CHECK_EQ(EvtchnBindCpu(&platform.parts, debug.Channel, 0), STATUS_NOT_SUPPORTED);
    bound.RemoteDomain = 99;
    CHECK_EQ(listen_with(&second, bound), STATUS_DEVICE_NOT_CONNECTED);
    bound.RemoteDomain = XEN_DOMID_SELF;
    bound.RemotePort = 700;
    CHECK_EQ(listen_with(&second, bound), STATUS_DEVICE_NOT_CONNECTED);
    bound.Type = (XENBUS_EVTCHN_TYPE)17;
    CHECK_EQ(listen_with(&second, bound), STATUS_INVALID_PARAMETER);
    unbound.Cpu = 64;
    CHECK_EQ(listen_with(&second, unbound), STATUS_INVALID_PARAMETER);

    CHECK(strstr(platform_dump(), "FIFO") != NULL);
    CHECK(strstr(platform_dump(), "interdomain") != NULL);
    close(&client);
    close(&server);
    close(&debug);
    close(&fixed);
    end();
}

NT_TEST(the_debug_virq_asks_for_a_dump)
{
    begin(TRUE);
    for (ULONG port = 1; port < FAKE_PORTS; port++)
        if (platform.ports[port].status == XEN_EVTCHN_VIRQ)
            platform_fire(port);
    sched_settle();
    CHECK_EQ(*(PLONG)platform.parts.Debug, 1);
    end();
}

/* --- Suspend. */

NT_TEST(after_a_resume_channels_are_dead, .cpus = 2, .seeds = 60)
{
    LISTENER before, after;
    XENBUS_EVTCHN_STATE state;

    begin(TRUE);
    listen(&before, 0, 1);
    before.FireItself = sched_random(50); /* it may be running when the machine stops */
    platform_fire(before.Port);
    platform_suspend();
    CHECK(platform.xen.fifo);
    listen(&after, 0, 1); /* the same number */
    CHECK_EQ(after.Port, before.Port);
    EvtchnGetState(&platform.parts, before.Channel, &state);
    CHECK(state.Dead);
    CHECK_EQ(EvtchnSend(&platform.parts, before.Channel), STATUS_DEVICE_NOT_CONNECTED);
    CHECK_EQ(EvtchnBindCpu(&platform.parts, before.Channel, 0), STATUS_DEVICE_NOT_CONNECTED);
    EvtchnMask(&platform.parts, before.Channel);
    EvtchnUnmask(&platform.parts, before.Channel);
    sched_settle();
    before.Closed = 1; /* no call any more */
    platform_fire(after.Port);
    sched_settle();
    CHECK_EQ(after.Calls, 1);
    EvtchnClose(&platform.parts, before.Channel); /* does not close its namesake */
    platform_fire(after.Port);
    sched_settle();
    CHECK_EQ(after.Calls, 2);
    close(&after);
    end();
}

/* --- Every allocation, hypercall and registration fails once. */

NT_TEST(faults, .faults = true, .cpus = 2)
{
    LISTENER listener = {0};
    XENBUS_EVTCHN_PARAMETERS parameters = {.Type = XENBUS_EVTCHN_UNBOUND,
                                           .RemoteDomain = PLATFORM_PEER};
    static LONG DebugRequests;
    NTSTATUS status;

    platform_init();
    platform.parts.Debug = (PXENBUS_DEBUG)&DebugRequests;
    status = EvtchnCreate(&platform.parts, &platform.parts.Evtchn);
    if (NT_SUCCESS(status)) {
        status = listen_with(&listener, parameters);
        if (NT_SUCCESS(status)) {
            platform_fire(listener.Port);
            sched_settle();
            CHECK_EQ(listener.Calls, 1);
            close(&listener);
        }
        fault_pause();
        EvtchnDestroy(platform.parts.Evtchn);
        fault_resume();
    }
    CHECK(NT_SUCCESS(status) || fault_injected());
    platform_check_nothing_left();
}
