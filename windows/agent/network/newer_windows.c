/* SPDX-License-Identifier: BSD-2-Clause */
/* See newer.h. */
#include <wchar.h>
#include "windows/agent/network/interface_key.h"
#include "windows/agent/network/newer.h"

/* As netioapi.h of newer SDKs has it: version 1, which is all that is needed. */
typedef struct DNS_SETTINGS {
    ULONG Version;
    ULONG64 Flags;
    PWSTR Domain, NameServer, SearchList;
    ULONG RegistrationEnabled, RegisterAdapterName, EnableLlmnr, QueryAdapterName;
    PWSTR ProfileNameServer;
} DNS_SETTINGS;
enum { DNS_SETTINGS_VERSION1 = 1, DNS_SETTING_NAMESERVER = 2 };

/* Both from System32: an administrator's folder. The library stays loaded. */
static FARPROC Find(_In_ PCWSTR Library, _In_ PCSTR Function)
{
    const HMODULE Module = LoadLibraryExW(Library, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

    return Module ? GetProcAddress(Module, Function) : NULL;
}

DWORD DnsServersSet(_In_ const GUID *Adapter, _In_ PCWSTR Servers)
{
    DWORD(WINAPI * SetSettings)
    (GUID, const DNS_SETTINGS *) = (DWORD(WINAPI *)(GUID, const DNS_SETTINGS *))(void *)Find(
        L"iphlpapi.dll", "SetInterfaceDnsSettings");
    const DNS_SETTINGS Settings = {
        .Version = DNS_SETTINGS_VERSION1,
        .Flags = DNS_SETTING_NAMESERVER,
        .NameServer = (PWSTR)Servers,
    };
    HKEY Key;
    DWORD Error;

    if (SetSettings)
        return SetSettings(*Adapter, &Settings);
    Error = InterfaceKeyOpen(Adapter, KEY_SET_VALUE, &Key);
    if (Error)
        return Error;
    Error = RegSetValueExW(Key, L"NameServer", 0, REG_SZ, (const BYTE *)Servers,
                           (DWORD)((wcslen(Servers) + 1) * sizeof(WCHAR)));
    RegCloseKey(Key);
    return Error;
}

/* DhcpNotifyConfigChange has been there since Windows NT 4 and is in no header. */
DWORD DhcpStop(_In_ const GUID *Adapter)
{
    enum { DISABLE_DHCP = 2 };
    DWORD(WINAPI * NotifyChange)
    (PCWSTR, PCWSTR, BOOL, DWORD, DWORD, DWORD, int) =
        (DWORD(WINAPI *)(PCWSTR, PCWSTR, BOOL, DWORD, DWORD, DWORD, int))(void *)Find(
            L"dhcpcsvc.dll", "DhcpNotifyConfigChange");
    WCHAR Name[INTERFACE_NAME_UNITS];

    if (!NotifyChange)
        return ERROR_PROC_NOT_FOUND;
    InterfaceName(Adapter, Name);
    return NotifyChange(NULL, Name, FALSE, 0, 0, 0, DISABLE_DHCP);
}
