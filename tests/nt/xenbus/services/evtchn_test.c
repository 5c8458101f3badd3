/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels and grants through all of xenbus.sys, on simxen's guest ABI: what a child driver
 * sees, over restarts of the device and a save and restore.
 */
#include <ntddk.h>

#include "services.h"

#include "harness.h"
#include "model/sched.h"
#include "xen/machine.h"

#include <core/xen/abi.h>

typedef struct _LISTENER {
    PXENBUS_EVTCHN_CHANNEL Channel;
    XENBUS_EVTCHN_STATE State;
    volatile LONG Calls;
} LISTENER;

static VOID NTAPI OnEvent(_In_opt_ PVOID Argument)
{
    LISTENER *Listener = Argument;

    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), Listener->State.Cpu);
    InterlockedIncrement(&Listener->Calls);
}

static NTSTATUS open(LISTENER *listener, XENBUS_EVTCHN_PARAMETERS parameters)
{
    NTSTATUS status;

    RtlZeroMemory(listener, sizeof(*listener));
    status =
        Evtchn.Open(Evtchn.Interface.Context, &parameters, OnEvent, listener, &listener->Channel);
    if (NT_SUCCESS(status)) {
        Evtchn.GetState(Evtchn.Interface.Context, listener->Channel, &listener->State);
        Evtchn.Unmask(Evtchn.Interface.Context, listener->Channel);
    }
    return status;
}

static void open_pair(LISTENER *server, LISTENER *client, ULONG cpu)
{
    XENBUS_EVTCHN_PARAMETERS unbound = {
        .Type = XENBUS_EVTCHN_UNBOUND, .RemoteDomain = (USHORT)xen_machine_domid(), .Cpu = cpu};
    XENBUS_EVTCHN_PARAMETERS bound = {.Type = XENBUS_EVTCHN_INTERDOMAIN,
                                      .RemoteDomain = (USHORT)xen_machine_domid()};

    CHECK_EQ(open(server, unbound), STATUS_SUCCESS);
    bound.RemotePort = server->State.LocalPort;
    CHECK_EQ(open(client, bound), STATUS_SUCCESS);
}

static void send(LISTENER *from, LISTENER *to)
{
    LONG before = to->Calls;

    CHECK_EQ(Evtchn.Send(Evtchn.Interface.Context, from->Channel), STATUS_SUCCESS);
    sched_settle();
    CHECK_EQ(to->Calls, before + 1);
}

static void close_pair(LISTENER *server, LISTENER *client)
{
    Evtchn.Close(Evtchn.Interface.Context, client->Channel);
    Evtchn.Close(Evtchn.Interface.Context, server->Channel);
}

NT_TEST(events_go_both_ways_on_each_cpu, .cpus = 2, .seeds = 10, SERVICES)
{
    LISTENER server, client;

    services_begin();
    for (ULONG cpu = 0; cpu < 2; cpu++) {
        open_pair(&server, &client, cpu);
        CHECK_EQ(server.State.Cpu, cpu);
        for (int i = 0; i < 5; i++) {
            send(&client, &server);
            send(&server, &client);
        }
        CHECK_EQ(Evtchn.BindCpu(Evtchn.Interface.Context, server.Channel, !cpu), STATUS_SUCCESS);
        server.State.Cpu = !cpu;
        send(&client, &server);
        close_pair(&server, &client);
    }
    services_end();
}

NT_TEST(the_other_end_is_asked_for, SERVICES)
{
    LISTENER server, client;
    XENBUS_EVTCHN_PARAMETERS unbound = {.Type = XENBUS_EVTCHN_UNBOUND,
                                        .RemoteDomain = (USHORT)xen_machine_domid()};

    services_begin();
    CHECK_EQ(open(&server, unbound), STATUS_SUCCESS);
    CHECK_EQ(Evtchn.QueryPeer(Evtchn.Interface.Context, server.Channel),
             STATUS_DEVICE_NOT_CONNECTED);
    Evtchn.Close(Evtchn.Interface.Context, server.Channel);
    open_pair(&server, &client, 0);
    CHECK_EQ(Evtchn.QueryPeer(Evtchn.Interface.Context, server.Channel), STATUS_SUCCESS);
    CHECK_EQ(Evtchn.QueryPeer(Evtchn.Interface.Context, client.Channel), STATUS_SUCCESS);
    Evtchn.Close(Evtchn.Interface.Context, client.Channel);
    CHECK_EQ(Evtchn.QueryPeer(Evtchn.Interface.Context, server.Channel),
             STATUS_DEVICE_NOT_CONNECTED);
    Evtchn.Close(Evtchn.Interface.Context, server.Channel);
    services_end();
}

NT_TEST(wrong_peers, SERVICES)
{
    LISTENER server, client, other;
    XENBUS_EVTCHN_PARAMETERS bound = {.Type = XENBUS_EVTCHN_INTERDOMAIN, .RemoteDomain = 12345};
    XENBUS_EVTCHN_PARAMETERS fixed = {.Type = XENBUS_EVTCHN_FIXED, .LocalPort = 3000};

    services_begin();
    open_pair(&server, &client, 0);
    CHECK_EQ(open(&other, bound), STATUS_DEVICE_NOT_CONNECTED);
    bound.RemoteDomain = (USHORT)xen_machine_domid();
    bound.RemotePort = server.State.LocalPort; /* bound already */
    CHECK_EQ(open(&other, bound), STATUS_DEVICE_NOT_CONNECTED);
    bound.RemotePort = 0x7fffffff;
    CHECK_EQ(open(&other, bound), STATUS_DEVICE_NOT_CONNECTED);
    CHECK_EQ(open(&other, fixed), STATUS_INVALID_PARAMETER);
    fixed.LocalPort = 0xffffffff;
    CHECK_EQ(open(&other, fixed), STATUS_INVALID_PARAMETER);
    fixed.LocalPort = server.State.LocalPort;
    CHECK_EQ(open(&other, fixed), STATUS_ADDRESS_ALREADY_ASSOCIATED);
    close_pair(&server, &client);
    services_end();
}

/* Leaving the FIFO ABI closes every port at Xen; those of the toolstack are there again, and the
 * next life of the driver finds a machine in which everything works. */
NT_TEST(the_device_is_restarted, .seeds = 3, SERVICES)
{
    LISTENER server, client;

    for (int i = 0; i < 3; i++) {
        XENBUS_STORE_COMMAND command = {.Operation = XENBUS_STORE_WRITE,
                                        .Node = "data/restart",
                                        .Value = "x",
                                        .ValueLength = 1};
        services_begin();
        CHECK_EQ(Store.Execute(Store.Interface.Context, &command, 10000, NULL), STATUS_SUCCESS);
        open_pair(&server, &client, 0);
        send(&client, &server);
        close_pair(&server, &client);
        services_end();
    }
}

NT_TEST(a_thousand_ports, SERVICES)
{
    enum { COUNT = 1000 };
    LISTENER *listeners = ExAllocatePoolWithTag(NonPagedPoolNx, COUNT * sizeof(LISTENER), 'tseT');

    services_begin();
    for (ULONG i = 0; i < COUNT; i += 2)
        open_pair(&listeners[i], &listeners[i + 1], 0);
    sched_settle();
    for (ULONG i = 1; i < COUNT; i += 2) {
        CHECK_EQ(listeners[i].Calls, 1); /* Xen fires a port that was just bound */
        listeners[i].Calls = 0;
    }
    for (ULONG i = 0; i < COUNT; i += 2)
        send(&listeners[i], &listeners[i + 1]);
    for (ULONG i = 0; i < COUNT; i++) {
        CHECK_EQ(listeners[i].Calls, i & 1);
        Evtchn.Close(Evtchn.Interface.Context, listeners[i].Channel);
    }
    ExFreePoolWithTag(listeners, 'tseT');
    services_end();
}

/* --- Grants, to this very domain. */

static PXENBUS_GNTTAB_CLIENT Client;

static ULONG permit(PVOID page, BOOLEAN read_only)
{
    ULONG reference;

    CHECK_EQ(Gnttab.Permit(Gnttab.Interface.Context, Client, (USHORT)xen_machine_domid(),
                           (PFN_NUMBER)(MmGetPhysicalAddress(page).QuadPart >> PAGE_SHIFT),
                           read_only, &reference),
             STATUS_SUCCESS);
    return reference;
}

static VOID NTAPI OnRevoked(_In_opt_ PVOID Argument)
{
    InterlockedIncrement(Argument);
}

NT_TEST(a_page_is_granted_mapped_and_revoked, .seeds = 3, SERVICES)
{
    PUCHAR pages = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, 'tseT');
    PXENBUS_GNTTAB_MAPPING mapping, second;
    volatile LONG revoked = 0;
    ULONG references[3], wrong[] = {0, 9999999};
    PVOID system;
    PMDL mdl;

    services_begin();
    CHECK_EQ(Gnttab.CreateClient(Gnttab.Interface.Context, "test", 3, &Client), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++) {
        pages[i * PAGE_SIZE] = (UCHAR)(10 + i);
        references[i] = permit(pages + i * PAGE_SIZE, FALSE);
    }
    wrong[0] = references[0];
    CHECK_EQ(
        Gnttab.Map(Gnttab.Interface.Context, (USHORT)xen_machine_domid(), 2, wrong, FALSE, &second),
        STATUS_ACCESS_DENIED); /* and the first is not left mapped: */
    CHECK_EQ(Gnttab.Revoke(Gnttab.Interface.Context, Client, references[0]), STATUS_SUCCESS);
    references[0] = permit(pages, FALSE);
    CHECK_EQ(Gnttab.Map(Gnttab.Interface.Context, (USHORT)xen_machine_domid(), 3, references, FALSE,
                        &mapping),
             STATUS_SUCCESS);
    Gnttab.GetMapping(Gnttab.Interface.Context, mapping, &system, &mdl);
    CHECK_EQ(MmGetMdlByteCount(mdl), 3 * PAGE_SIZE);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(((PUCHAR)system)[i * PAGE_SIZE], 10 + i);
        ((PUCHAR)system)[i * PAGE_SIZE] = (UCHAR)(20 + i);
        CHECK_EQ(pages[i * PAGE_SIZE], 20 + i);
    }
    CHECK_EQ(Gnttab.Revoke(Gnttab.Interface.Context, Client, references[0]), STATUS_DEVICE_BUSY);
    CHECK_EQ(Gnttab.RevokeLater(Gnttab.Interface.Context, Client, references[0], OnRevoked,
                                (PVOID)&revoked),
             STATUS_PENDING);
    CHECK(sched_advance());
    CHECK_EQ(revoked, 0);
    Gnttab.Unmap(Gnttab.Interface.Context, mapping);
    while (!revoked)
        CHECK(sched_advance());
    CHECK_EQ(Gnttab.Revoke(Gnttab.Interface.Context, Client, references[1]), STATUS_SUCCESS);
    CHECK_EQ(Gnttab.Revoke(Gnttab.Interface.Context, Client, references[2]), STATUS_SUCCESS);
    CHECK_EQ(Gnttab.Map(Gnttab.Interface.Context, (USHORT)xen_machine_domid(), 3, references, FALSE,
                        &mapping),
             STATUS_ACCESS_DENIED);
    Gnttab.DestroyClient(Gnttab.Interface.Context, Client);
    ExFreePoolWithTag(pages, 'tseT');
    services_end();
}

/* --- Save and restore. */

NT_TEST(after_a_restore_everything_is_made_anew, .cpus = 2, .seeds = 10, SERVICES)
{
    PUCHAR page = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, 'tseT');
    LISTENER server, client, fresh, other;
    ULONG reference;

    services_begin();
    CHECK_EQ(Gnttab.CreateClient(Gnttab.Interface.Context, "test", 0, &Client), STATUS_SUCCESS);
    open_pair(&server, &client, 1);
    reference = permit(page, FALSE);
    xen_machine_restores(TRUE);
    CHECK_EQ(Suspend.Trigger(Suspend.Interface.Context), STATUS_SUCCESS);
    CHECK_EQ(Evtchn.Send(Evtchn.Interface.Context, client.Channel), STATUS_DEVICE_NOT_CONNECTED);
    CHECK_EQ(Gnttab.Revoke(Gnttab.Interface.Context, Client, reference), STATUS_SUCCESS);
    open_pair(&fresh, &other, 1);
    send(&other, &fresh);
    send(&fresh, &other);
    close_pair(&server, &client);
    send(&other, &fresh);
    close_pair(&fresh, &other);
    reference = permit(page, TRUE);
    CHECK_EQ(Gnttab.Revoke(Gnttab.Interface.Context, Client, reference), STATUS_SUCCESS);
    Gnttab.DestroyClient(Gnttab.Interface.Context, Client);
    ExFreePoolWithTag(page, 'tseT');
    services_end();
}

NT_TEST(a_cancelled_suspend_changes_nothing, .cpus = 2, .seeds = 5, SERVICES)
{
    LISTENER server, client;

    services_begin();
    open_pair(&server, &client, 1);
    xen_machine_restores(FALSE);
    CHECK_EQ(Suspend.Trigger(Suspend.Interface.Context), STATUS_CANCELLED);
    send(&client, &server);
    close_pair(&server, &client);
    services_end();
}
