/* SPDX-License-Identifier: BSD-2-Clause */
/* See interface_key.h. */
#include <stdio.h>
#include <wchar.h>
#include "windows/agent/network/interface_key.h"

void InterfaceName(_In_ const GUID *Adapter, _Out_writes_(INTERFACE_NAME_UNITS) PWSTR Name)
{
    const BYTE *const Tail = Adapter->Data4;

    swprintf(Name, INTERFACE_NAME_UNITS, L"{%08lX-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}",
             Adapter->Data1, Adapter->Data2, Adapter->Data3, Tail[0], Tail[1], Tail[2], Tail[3],
             Tail[4], Tail[5], Tail[6], Tail[7]);
}

DWORD InterfaceKeyOpen(_In_ const GUID *Adapter, _In_ REGSAM Access, _Out_ HKEY *Key)
{
    WCHAR Path[128], Name[INTERFACE_NAME_UNITS];

    InterfaceName(Adapter, Name);
    swprintf(Path, 128, L"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces\\%ls",
             Name);
    return RegOpenKeyExW(HKEY_LOCAL_MACHINE, Path, 0, Access, Key);
}
