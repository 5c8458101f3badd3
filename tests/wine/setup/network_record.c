/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of iphlpapi.dll and of newer_windows.c, under the shipped network-setup: a small
 * network that keeps what is set and writes each call that sets something to C:\network-calls, with
 * every field that matters. Wine has none of these calls, or they succeed and do nothing.
 *
 * C:\network-mac, when it is there, is the MAC address of the qube's adapter (GOOD), of a filter
 * above it and of an emulated twin that is down. The adapter begins with what a user set by hand;
 * another adapter (OTHER) is not the qube's. Setting the event casement-test-network announces that
 * something changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "windows/agent/network/stack.h"
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include "windows/agent/network/interface_key.h"
#include "windows/agent/network/newer.h"

enum { FILTER = 100, TWIN = 200, GOOD = 300, OTHER = 400, ROWS = 32 };

static const GUID GoodGuid = {0xca5e0001, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

static struct {
    BOOL Ready;
    MIB_UNICASTIPADDRESS_ROW Addresses[ROWS];
    MIB_IPFORWARD_ROW2 Routes[ROWS];
    ULONG AddressCount, RouteCount;
    PIPINTERFACE_CHANGE_CALLBACK Tell;
    PVOID TellContext;
} Network;

/* --- What is there at the beginning */

static SOCKADDR_INET Inet(PCSTR Text)
{
    SOCKADDR_INET Address = {.si_family = AF_INET};
    struct ip Ip;

    ip_parse_v4(Text, &Ip);
    memcpy(&Address.Ipv4.sin_addr, Ip.bytes, IP_BYTES_V4);
    return Address;
}

static void Begin(void)
{
    const DWORD Yes = 1;
    WCHAR Path[160], Name[INTERFACE_NAME_UNITS];
    HKEY Key;

    if (Network.Ready)
        return;
    Network.Ready = TRUE;
    Network.Addresses[0] = (MIB_UNICASTIPADDRESS_ROW){.Address = Inet("192.168.1.7"),
                                                      .InterfaceLuid.Value = GOOD,
                                                      .OnLinkPrefixLength = 24,
                                                      .PrefixOrigin = IpPrefixOriginManual};
    Network.Addresses[1] = Network.Addresses[0];
    Network.Addresses[1].InterfaceLuid.Value = OTHER;
    Network.AddressCount = 2;
    Network.Routes[0] = (MIB_IPFORWARD_ROW2){.DestinationPrefix.Prefix = Inet("0.0.0.0"),
                                             .NextHop = Inet("192.168.1.1"),
                                             .InterfaceLuid.Value = GOOD,
                                             .Protocol = (NL_ROUTE_PROTOCOL)MIB_IPPROTO_NETMGMT};
    Network.Routes[1] = Network.Routes[0];
    Network.Routes[1].InterfaceLuid.Value = OTHER;
    Network.RouteCount = 2;
    InterfaceName(&GoodGuid, Name);
    swprintf(Path, 160, L"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces\\%ls",
             Name);
    if (RegCreateKeyW(HKEY_LOCAL_MACHINE, Path, &Key))
        abort();
    RegSetValueExW(Key, L"EnableDHCP", 0, REG_DWORD, (const BYTE *)&Yes, sizeof(Yes));
    RegSetValueExW(Key, L"NameServer", 0, REG_SZ, (const BYTE *)L"8.8.8.8", 16);
    RegCloseKey(Key);
}

/* --- The record */

static void Record(PCSTR Line)
{
    FILE *const File = fopen("C:\\network-calls", "ab");

    if (!File)
        abort();
    fprintf(File, "%s\n", Line);
    fclose(File);
}

static PCSTR Text(const SOCKADDR_INET *Address, PSTR Room)
{
    struct ip Ip = {.set = true, .v6 = Address->si_family == AF_INET6};

    memcpy(Ip.bytes, Ip.v6 ? (const void *)&Address->Ipv6.sin6_addr : &Address->Ipv4.sin_addr,
           Ip.v6 ? IP_BYTES_V6 : IP_BYTES_V4);
    ip_print(&Ip, Room);
    return Room;
}

static void RecordAddress(PCSTR Call, const MIB_UNICASTIPADDRESS_ROW *Row)
{
    char Line[256], Ip[IP_TEXT_BYTES];

    snprintf(Line, sizeof(Line), "%s adapter=%I64u %s/%u origin=%d dad=%d valid=%lx preferred=%lx",
             Call, Row->InterfaceLuid.Value, Text(&Row->Address, Ip), Row->OnLinkPrefixLength,
             Row->PrefixOrigin, Row->DadState, Row->ValidLifetime, Row->PreferredLifetime);
    Record(Line);
}

static void RecordRoute(PCSTR Call, const MIB_IPFORWARD_ROW2 *Row)
{
    char Line[256], To[IP_TEXT_BYTES], By[IP_TEXT_BYTES];

    snprintf(Line, sizeof(Line), "%s adapter=%I64u %s/%u by=%s metric=%lu protocol=%d valid=%lx",
             Call, Row->InterfaceLuid.Value, Text(&Row->DestinationPrefix.Prefix, To),
             Row->DestinationPrefix.PrefixLength, Text(&Row->NextHop, By), Row->Metric,
             Row->Protocol, Row->ValidLifetime);
    Record(Line);
}

/* --- Adapters */

static MIB_IF_ROW2 *AddAdapter(PMIB_IF_TABLE2 Table, ULONG64 Luid, const uint8_t *Mac)
{
    MIB_IF_ROW2 *const Row = &Table->Table[Table->NumEntries++];

    Row->InterfaceLuid.Value = Luid;
    Row->PhysicalAddressLength = MAC_BYTES;
    memcpy(Row->PhysicalAddress, Mac, MAC_BYTES);
    Row->InterfaceAndOperStatusFlags.HardwareInterface = 1;
    Row->OperStatus = IfOperStatusUp;
    return Row;
}

DWORD WINAPI GetIfTable2(PMIB_IF_TABLE2 *Table)
{
    static const uint8_t OtherMac[MAC_BYTES] = {0x00, 0x50, 0x56, 1, 2, 3};
    char Line[64] = "";
    uint8_t Mac[MAC_BYTES];
    FILE *const File = fopen("C:\\network-mac", "rb");

    Begin();
    *Table = calloc(1, sizeof(**Table) + 4 * sizeof(MIB_IF_ROW2));
    AddAdapter(*Table, OTHER, OtherMac);
    if (File && fgets(Line, sizeof(Line), File)) {
        Line[strcspn(Line, "\r\n")] = 0;
        if (mac_parse(Line, Mac)) {
            AddAdapter(*Table, FILTER, Mac)->InterfaceAndOperStatusFlags.FilterInterface = 1;
            AddAdapter(*Table, TWIN, Mac)->OperStatus = IfOperStatusDown;
            AddAdapter(*Table, GOOD, Mac)->InterfaceGuid = GoodGuid;
        }
    }
    if (File)
        fclose(File);
    return NO_ERROR;
}

DWORD WINAPI GetUnicastIpAddressTable(ADDRESS_FAMILY Family, PMIB_UNICASTIPADDRESS_TABLE *Table)
{
    *Table = calloc(1, sizeof(**Table) + sizeof(Network.Addresses));
    (*Table)->NumEntries = Network.AddressCount;
    memcpy((*Table)->Table, Network.Addresses, sizeof(Network.Addresses));
    return NO_ERROR;
}

DWORD WINAPI GetIpForwardTable2(ADDRESS_FAMILY Family, PMIB_IPFORWARD_TABLE2 *Table)
{
    *Table = calloc(1, sizeof(**Table) + sizeof(Network.Routes));
    (*Table)->NumEntries = Network.RouteCount;
    memcpy((*Table)->Table, Network.Routes, sizeof(Network.Routes));
    return NO_ERROR;
}

VOID WINAPI FreeMibTable(PVOID Table)
{
    free(Table);
}

/* --- Changes */

VOID WINAPI InitializeUnicastIpAddressEntry(PMIB_UNICASTIPADDRESS_ROW Row)
{
    memset(Row, 0, sizeof(*Row));
    Row->PrefixOrigin = IpPrefixOriginUnchanged;
    Row->ValidLifetime = Row->PreferredLifetime = 0xffffffff;
    Row->OnLinkPrefixLength = 255;
}

static ULONG FindAddress(const MIB_UNICASTIPADDRESS_ROW *Row)
{
    ULONG i = 0;

    while (i < Network.AddressCount &&
           (Network.Addresses[i].InterfaceLuid.Value != Row->InterfaceLuid.Value ||
            memcmp(&Network.Addresses[i].Address, &Row->Address, sizeof(Row->Address))))
        i++;
    return i;
}

DWORD WINAPI CreateUnicastIpAddressEntry(const MIB_UNICASTIPADDRESS_ROW *Row)
{
    RecordAddress("CreateUnicastIpAddressEntry", Row);
    if (FindAddress(Row) < Network.AddressCount)
        return ERROR_OBJECT_ALREADY_EXISTS;
    Network.Addresses[Network.AddressCount] = *Row;
    Network.Addresses[Network.AddressCount++].PrefixOrigin = IpPrefixOriginManual;
    return NO_ERROR;
}

DWORD WINAPI DeleteUnicastIpAddressEntry(const MIB_UNICASTIPADDRESS_ROW *Row)
{
    const ULONG Found = FindAddress(Row);

    RecordAddress("DeleteUnicastIpAddressEntry", Row);
    if (Found == Network.AddressCount)
        return ERROR_NOT_FOUND;
    Network.Addresses[Found] = Network.Addresses[--Network.AddressCount];
    return NO_ERROR;
}

VOID WINAPI InitializeIpForwardEntry(PMIB_IPFORWARD_ROW2 Row)
{
    memset(Row, 0, sizeof(*Row));
    Row->ValidLifetime = Row->PreferredLifetime = 0xffffffff;
    Row->Metric = 0xffffffff;
    Row->Protocol = (NL_ROUTE_PROTOCOL)-1;
}

static ULONG FindRoute(const MIB_IPFORWARD_ROW2 *Row)
{
    ULONG i = 0;

    while (
        i < Network.RouteCount &&
        (Network.Routes[i].InterfaceLuid.Value != Row->InterfaceLuid.Value ||
         Network.Routes[i].DestinationPrefix.PrefixLength != Row->DestinationPrefix.PrefixLength ||
         memcmp(&Network.Routes[i].DestinationPrefix.Prefix, &Row->DestinationPrefix.Prefix,
                sizeof(SOCKADDR_INET)) ||
         memcmp(&Network.Routes[i].NextHop, &Row->NextHop, sizeof(SOCKADDR_INET))))
        i++;
    return i;
}

DWORD WINAPI CreateIpForwardEntry2(const MIB_IPFORWARD_ROW2 *Row)
{
    RecordRoute("CreateIpForwardEntry2", Row);
    if (FindRoute(Row) < Network.RouteCount)
        return ERROR_OBJECT_ALREADY_EXISTS;
    Network.Routes[Network.RouteCount++] = *Row;
    return NO_ERROR;
}

DWORD WINAPI DeleteIpForwardEntry2(const MIB_IPFORWARD_ROW2 *Row)
{
    const ULONG Found = FindRoute(Row);

    RecordRoute("DeleteIpForwardEntry2", Row);
    if (Found == Network.RouteCount)
        return ERROR_NOT_FOUND;
    Network.Routes[Found] = Network.Routes[--Network.RouteCount];
    return NO_ERROR;
}

DWORD DnsServersSet(const GUID *Adapter, PCWSTR Servers)
{
    char Line[256];
    HKEY Key;

    snprintf(Line, sizeof(Line), "SetInterfaceDnsSettings adapter=%08lx servers=%ls",
             Adapter->Data1, Servers);
    Record(Line);
    if (InterfaceKeyOpen(Adapter, KEY_SET_VALUE, &Key))
        return ERROR_NOT_FOUND;
    RegSetValueExW(Key, L"NameServer", 0, REG_SZ, (const BYTE *)Servers,
                   (DWORD)((wcslen(Servers) + 1) * sizeof(WCHAR)));
    RegCloseKey(Key);
    return NO_ERROR;
}

DWORD DhcpStop(const GUID *Adapter)
{
    char Line[64];

    snprintf(Line, sizeof(Line), "DhcpNotifyConfigChange adapter=%08lx off", Adapter->Data1);
    Record(Line);
    return NO_ERROR;
}

/* --- Notices */

static VOID CALLBACK Announce(PVOID Context, BOOLEAN TimedOut)
{
    Network.Tell(Network.TellContext, NULL, MibAddInstance);
}

DWORD WINAPI NotifyIpInterfaceChange(ADDRESS_FAMILY Family, PIPINTERFACE_CHANGE_CALLBACK Tell,
                                     PVOID Context, BOOLEAN AtOnce, HANDLE *Notice)
{
    Network.Tell = Tell;
    Network.TellContext = Context;
    RegisterWaitForSingleObject(Notice, CreateEventW(NULL, FALSE, FALSE, L"casement-test-network"),
                                Announce, NULL, INFINITE, WT_EXECUTEDEFAULT);
    return NO_ERROR;
}

DWORD WINAPI NotifyUnicastIpAddressChange(ADDRESS_FAMILY Family,
                                          PUNICAST_IPADDRESS_CHANGE_CALLBACK Tell, PVOID Context,
                                          BOOLEAN AtOnce, HANDLE *Notice)
{
    *Notice = NULL;
    return NO_ERROR;
}

DWORD WINAPI NotifyRouteChange2(ADDRESS_FAMILY Family, PIPFORWARD_CHANGE_CALLBACK Tell,
                                PVOID Context, BOOLEAN AtOnce, HANDLE *Notice)
{
    *Notice = NULL;
    return NO_ERROR;
}

DWORD WINAPI CancelMibChangeNotify2(HANDLE Notice)
{
    UnregisterWaitEx(Notice, INVALID_HANDLE_VALUE);
    return NO_ERROR;
}
