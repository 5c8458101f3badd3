/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows' network as core/netconfig sees it: one adapter's addresses, routes and name servers, and
 * single changes to them. Addresses and routes are set for as long as the adapter is there and no
 * longer: the next start begins with none. All functions return Win32 error codes.
 */
#pragma once

#include <winsock2.h>
#include <windows.h>
#include "core/netconfig/plan.h"

typedef struct STACK_ADAPTER {
    ULONG64 Luid;
    GUID Guid;
} STACK_ADAPTER;

/* Changes of adapters, addresses and routes, and the event that they set. */
typedef struct STACK_NOTICE {
    HANDLE Handles[3];
} STACK_NOTICE;
DWORD StackNotify(_Out_ STACK_NOTICE *Notice, _In_ HANDLE Event);
void StackNotifyEnd(_Inout_ STACK_NOTICE *Notice);

/* The adapter with this MAC address, whatever its name; of two (the emulated one and Xen's) the one
 * that is up. ERROR_NOT_FOUND: there is none now. */
DWORD StackFind(_In_reads_(MAC_BYTES) const uint8_t *Mac, _Out_ STACK_ADAPTER *Adapter);
DWORD StackRead(_In_ const STACK_ADAPTER *Adapter, _Out_ struct netconfig_state *State);
/* Servers: for NETCONFIG_SET_DNS, wanted->dns. */
DWORD StackChange(_In_ const STACK_ADAPTER *Adapter, _In_ const struct netconfig_change *Change,
                  _In_ const struct netconfig_wanted *Wanted);
