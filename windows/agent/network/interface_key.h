/* SPDX-License-Identifier: BSD-2-Clause */
/* An adapter's TCP/IP settings in the registry, by its GUID. */
#pragma once

#include <windows.h>

enum { INTERFACE_NAME_UNITS = 40 };

/* "{...}". */
void InterfaceName(_In_ const GUID *Adapter, _Out_writes_(INTERFACE_NAME_UNITS) PWSTR Name);
/* IPv4's settings. ERROR_SUCCESS: RegCloseKey(*Key). */
DWORD InterfaceKeyOpen(_In_ const GUID *Adapter, _In_ REGSAM Access, _Out_ HKEY *Key);
