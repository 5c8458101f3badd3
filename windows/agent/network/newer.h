/* SPDX-License-Identifier: BSD-2-Clause */
/* Two functions that not every Windows has, or has a header for. A test has its own in their place.
 */
#pragma once

#include <windows.h>

/* The IPv4 name servers of an adapter, separated by commas; "" for none. By
 * SetInterfaceDnsSettings() (Windows 10 2004), else in the registry, which is read when the
 * adapter starts. */
DWORD DnsServersSet(_In_ const GUID *Adapter, _In_ PCWSTR Servers);

/* Tells the DHCP client that its work on this adapter is over, now: what the registry says
 * (EnableDHCP) it looks at only when the adapter starts. */
DWORD DhcpStop(_In_ const GUID *Adapter);
