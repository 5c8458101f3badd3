/* SPDX-License-Identifier: BSD-2-Clause */
/* Has the adapter what dom0 wants? The same plan as network-setup.exe's: empty is fine. */
#include <stdio.h>
#include <string.h>
#include "windows/agent/network/stack.h"
#include "windows/agent/network/want.h"
#include "windows/agent/doctor/check.h"

static void CheckAdapter(_Inout_ FINDING *Finding, _In_ const struct netconfig_wanted *Wanted)
{
    struct netconfig_change Changes[NETCONFIG_CHANGES];
    char Address[IP_TEXT_BYTES], Gateway[IP_TEXT_BYTES];
    struct netconfig_state State;
    STACK_ADAPTER Adapter;

    if (!Wanted->mac_set || StackFind(Wanted->mac, &Adapter)) {
        FindingWrong(Finding,
                     "see in the device manager whether the network adapter has a driver and is "
                     "enabled",
                     "there is no adapter with this qube's MAC address");
        return;
    }
    if (StackRead(&Adapter, &State)) {
        FindingWrong(Finding, "restart Windows", "the adapter's settings cannot be read");
        return;
    }
    const size_t Count = netconfig_plan(Wanted, Wanted, &State, Changes);
    ip_print(&Wanted->v4.address, Address);
    ip_print(&Wanted->v4.gateway, Gateway);
    if (Count)
        FindingWrong(Finding,
                     "network-setup.log in the log folder says what Windows refused; as "
                     "administrator: sc stop CasementNetwork, then sc start CasementNetwork",
                     "%lu settings of the adapter are not as dom0 wants them (address %s by %s)",
                     (DWORD)Count, Address, Gateway);
    else
        FindingSay(Finding, "address %s by %s", Address, Gateway);
}

void CheckNetwork(_Inout_ FINDING *Finding)
{
    const HANDLE Event = CreateEventW(NULL, FALSE, FALSE, NULL);
    const qdb_handle_t Db = Event ? qdb_open(NULL) : NULL;
    struct netconfig_wanted Wanted = {0};
    VIF Vif;

    if (!Db) {
        FindingWrong(Finding, "see \"QubesDB\"", "not known without QubesDB");
    } else {
        VifOpen(&Vif, Event);
        const VIF_STATE State = NetworkWant(Db, &Vif, &Wanted);
        if (State == VifNone || (!Wanted.v4.address.set && !Wanted.v6.address.set))
            FindingSay(Finding, "dom0 gives this qube none");
        else
            CheckAdapter(Finding, &Wanted);
        VifClose(&Vif);
        qdb_close(Db);
    }
    if (Event)
        CloseHandle(Event);
}
