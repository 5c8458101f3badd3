/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * network-setup.exe: gives this qube's network adapter the addresses, gateway and name servers of
 * QubesDB, and takes them away when the qube has no network: core/netconfig/plan.h decides what to
 * change. Again whenever the keys, the vif, the adapter or its settings change and after a
 * suspend. A Windows service, or in the foreground:
 *
 *   network-setup.exe [--console] [--log FILE]
 */
#include <stdio.h>
#include <string.h>
#include "windows/agent/network/stack.h"
#include "windows/agent/network/want.h"
#include "windows/agent/common/log.h"
#include "windows/agent/common/service.h"

static const char Usage[] = "usage: network-setup.exe [--console] [--log FILE]\n";

enum {
    AGAIN_MS = 5000,      /* after a failure, which nothing announces the end of */
    ROUNDS_MAX = 4,       /* one change may make Windows make others */
    CHANGE_GAP_MS = 1000, /* with something else that sets the adapter nobody fights faster */
};

typedef struct NETWORK {
    HANDLE Changed; /* auto-reset: the vif, adapters, addresses, routes; or a wake-up */
    STACK_NOTICE Notice;
    VIF Vif;
    struct netconfig_wanted Wanted, Before;
    VIF_STATE VifSeen;
    BOOL AdapterMissing; /* and the log says so */
    ULONGLONG NotBefore; /* GetTickCount64() units: the next change */
} NETWORK;

/* --- What dom0 wants */

static void LogBadKeys(_In_ const struct netconfig_wanted *Wanted, _In_ uint32_t Known)
{
    for (int i = 0; i < NETCONFIG_KEYS; i++) {
        if ((Wanted->bad & ~Known) & (1u << i))
            LogLine("%s has no value that can be used; it counts as missing", netconfig_paths[i]);
    }
}

static void Want(_Inout_ NETWORK *Network, _In_ qdb_handle_t Db)
{
    Network->Wanted = Network->Before; /* its MAC address */
    const VIF_STATE State = NetworkWant(Db, &Network->Vif, &Network->Wanted);
    LogBadKeys(&Network->Wanted, Network->Before.bad);
    if (State != Network->VifSeen)
        LogLine(State == VifNone ? "this qube has no network" : "this qube has a network");
    Network->VifSeen = State;
}

/* --- What changes */

static void Log(_In_ const struct netconfig_change *Change,
                _In_ const struct netconfig_wanted *Wanted)
{
    static const PCSTR Words[] = {
        [NETCONFIG_STOP_DHCP] = "DHCP: off, dom0 gives the addresses",
        [NETCONFIG_REMOVE_ROUTE] = "taken away",
        [NETCONFIG_REMOVE_ADDRESS] = "taken away",
        [NETCONFIG_ADD_ADDRESS] = "set",
        [NETCONFIG_ADD_ROUTE] = "set",
        [NETCONFIG_SET_DNS] = "set",
    };
    const PCSTR Word = Words[Change->action];
    const PCSTR Reason = !Change->by_hand ? ""
                         : Wanted->v4.address.set || Wanted->v6.address.set
                             ? "; it was set by hand, but dom0 says what this qube has"
                             : "; it was set by hand, but dom0 gives this qube no network";
    char To[IP_TEXT_BYTES], By[IP_TEXT_BYTES];

    switch (Change->action) {
    case NETCONFIG_STOP_DHCP:
        LogLine("%s", Word);
        return;
    case NETCONFIG_ADD_ADDRESS:
    case NETCONFIG_REMOVE_ADDRESS:
        ip_print(&Change->address.ip, To);
        LogLine("address %s/%u: %s%s", To, Change->address.prefix, Word, Reason);
        return;
    case NETCONFIG_ADD_ROUTE:
    case NETCONFIG_REMOVE_ROUTE:
        ip_print(&Change->route.destination, To);
        ip_print(&Change->route.next_hop, By);
        LogLine("route to %s/%u by %s: %s%s", To, Change->route.prefix, By, Word, Reason);
        return;
    case NETCONFIG_SET_DNS:
        ip_print(&Wanted->dns[0], To);
        ip_print(&Wanted->dns[1], By);
        LogLine("name servers %s and %s: %s%s", To, By, Word, Reason);
        return;
    }
}

/* Each failure is one line; the others are made nevertheless. */
static BOOL Change(_In_ const NETWORK *Network, _In_ const STACK_ADAPTER *Adapter,
                   _In_ const struct netconfig_change *Changes, _In_ size_t Count)
{
    BOOL Done = TRUE;

    for (size_t i = 0; i < Count; i++) {
        const DWORD Error = StackChange(Adapter, &Changes[i], &Network->Wanted);

        Log(&Changes[i], &Network->Wanted);
        if (Error)
            LogError(Error, "that failed");
        Done &= Error == ERROR_SUCCESS;
    }
    return Done;
}

static BOOL MakeSo(_Inout_ NETWORK *Network, _In_ const STACK_ADAPTER *Adapter)
{
    struct netconfig_change Changes[NETCONFIG_CHANGES];
    struct netconfig_state State;

    for (int Round = 0; Round < ROUNDS_MAX; Round++) {
        const DWORD Error = StackRead(Adapter, &State);

        if (Error) {
            LogError(Error, "the adapter's settings cannot be read");
            return FALSE;
        }
        const size_t Count = netconfig_plan(&Network->Wanted, &Network->Before, &State, Changes);
        if (!Count)
            return TRUE;
        Network->NotBefore = GetTickCount64() + CHANGE_GAP_MS;
        if (!Change(Network, Adapter, Changes, Count))
            return FALSE;
        Network->Before = Network->Wanted; /* what is there now is no longer the user's */
    }
    LogLine("something else changes this adapter all the time");
    return FALSE;
}

static DWORD Apply(_In_ PVOID Context, _In_ qdb_handle_t Db)
{
    NETWORK *const Network = Context;
    const ULONGLONG Now = GetTickCount64();
    STACK_ADAPTER Adapter;

    if (Now < Network->NotBefore)
        return (DWORD)(Network->NotBefore - Now);
    Want(Network, Db);
    const DWORD Later = Network->VifSeen == VifUnknown ? AGAIN_MS : INFINITE;
    if (!Network->Wanted.mac_set)
        return Later;
    const DWORD Error = StackFind(Network->Wanted.mac, &Adapter);
    if (Error && !Network->AdapterMissing && Network->VifSeen != VifNone)
        LogError(Error, "there is no adapter with this qube's MAC address");
    Network->AdapterMissing = Error != ERROR_SUCCESS;
    if (Error)
        return Later; /* its arrival is noticed */
    const BOOL Done = MakeSo(Network, &Adapter);
    Network->Before = Network->Wanted;
    return Done ? Later : AGAIN_MS;
}

/* --- The service */

static DWORD Open(_In_ PVOID Context)
{
    NETWORK *const Network = Context;

    Network->Changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!Network->Changed)
        return ERROR_NOT_ENOUGH_MEMORY;
    VifOpen(&Network->Vif, Network->Changed);
    return StackNotify(&Network->Notice, Network->Changed);
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    NETWORK *const Network = Context;
    const FOLLOW Follow = {
        .Context = Network,
        .Paths = netconfig_paths,
        .Apply = Apply,
        .Events = &Network->Changed,
        .EventCount = 1,
    };

    return FollowRun(&Follow, Stop);
}

static void Close(_In_ PVOID Context)
{
    NETWORK *const Network = Context;

    StackNotifyEnd(&Network->Notice);
    VifClose(&Network->Vif);
    if (Network->Changed)
        CloseHandle(Network->Changed);
}

static void Resumed(_In_ PVOID Context)
{
    NETWORK *const Network = Context;

    SetEvent(Network->Changed);
}

int wmain(int Count, WCHAR **Arguments)
{
    static NETWORK Network;
    static const SERVICE_PROGRAM Service = {
        .Name = L"CasementNetwork",
        .FileName = L"network-setup",
        .Context = &Network,
        .Open = Open,
        .Run = Run,
        .Close = Close,
        .Resumed = Resumed,
    };

    return ServiceProgramArguments(&Service, Count, Arguments, Usage);
}
