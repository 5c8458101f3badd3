/* SPDX-License-Identifier: BSD-2-Clause */
/* See stack.h: the IP Helper API. */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/network/stack.h"
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include "windows/agent/network/interface_key.h"
#include "windows/agent/network/newer.h"

enum { SERVERS_UNITS = NETCONFIG_SERVERS * IP_TEXT_BYTES };

/* --- Notices */

static void WINAPI InterfaceChanged(PVOID Event, PMIB_IPINTERFACE_ROW Row,
                                    MIB_NOTIFICATION_TYPE Type)
{
    SetEvent(Event);
}

static void WINAPI AddressChanged(PVOID Event, PMIB_UNICASTIPADDRESS_ROW Row,
                                  MIB_NOTIFICATION_TYPE Type)
{
    SetEvent(Event);
}

static void WINAPI RouteChanged(PVOID Event, PMIB_IPFORWARD_ROW2 Row, MIB_NOTIFICATION_TYPE Type)
{
    SetEvent(Event);
}

DWORD StackNotify(_Out_ STACK_NOTICE *Notice, _In_ HANDLE Event)
{
    DWORD Error;

    memset(Notice, 0, sizeof(*Notice));
    Error = NotifyIpInterfaceChange(AF_UNSPEC, InterfaceChanged, Event, FALSE, &Notice->Handles[0]);
    if (!Error)
        Error = NotifyUnicastIpAddressChange(AF_UNSPEC, AddressChanged, Event, FALSE,
                                             &Notice->Handles[1]);
    if (!Error)
        Error = NotifyRouteChange2(AF_UNSPEC, RouteChanged, Event, FALSE, &Notice->Handles[2]);
    return Error;
}

void StackNotifyEnd(_Inout_ STACK_NOTICE *Notice)
{
    for (int i = 0; i < 3; i++) {
        if (Notice->Handles[i])
            CancelMibChangeNotify2(Notice->Handles[i]);
    }
    memset(Notice, 0, sizeof(*Notice));
}

/* --- The adapter */

/* Each filter driver above an adapter has a row, too, with the adapter's MAC address. */
static BOOL IsAdapter(_In_ const MIB_IF_ROW2 *Row, _In_reads_(MAC_BYTES) const uint8_t *Mac)
{
    return Row->InterfaceAndOperStatusFlags.HardwareInterface &&
           !Row->InterfaceAndOperStatusFlags.FilterInterface &&
           Row->PhysicalAddressLength == MAC_BYTES && !memcmp(Row->PhysicalAddress, Mac, MAC_BYTES);
}

DWORD StackFind(_In_reads_(MAC_BYTES) const uint8_t *Mac, _Out_ STACK_ADAPTER *Adapter)
{
    const MIB_IF_ROW2 *Found = NULL;
    MIB_IF_TABLE2 *Table;
    const DWORD Error = GetIfTable2(&Table);

    if (Error)
        return Error;
    for (ULONG i = 0; i < Table->NumEntries; i++) {
        const MIB_IF_ROW2 *const Row = &Table->Table[i];

        if (IsAdapter(Row, Mac) &&
            (!Found || (Found->OperStatus != IfOperStatusUp && Row->OperStatus == IfOperStatusUp)))
            Found = Row;
    }
    if (Found) {
        Adapter->Luid = Found->InterfaceLuid.Value;
        Adapter->Guid = Found->InterfaceGuid;
    }
    FreeMibTable(Table);
    return Found ? ERROR_SUCCESS : ERROR_NOT_FOUND;
}

/* --- What it has */

static struct ip FromWindows(_In_ const SOCKADDR_INET *Address)
{
    struct ip Ip = {.set = true, .v6 = Address->si_family == AF_INET6};

    if (Ip.v6)
        memcpy(Ip.bytes, &Address->Ipv6.sin6_addr, IP_BYTES_V6);
    else
        memcpy(Ip.bytes, &Address->Ipv4.sin_addr, IP_BYTES_V4);
    return Ip;
}

static enum netconfig_origin OriginOf(_In_ const MIB_UNICASTIPADDRESS_ROW *Row)
{
    if (Row->PrefixOrigin == IpPrefixOriginManual)
        return NETCONFIG_MANUAL;
    return Row->PrefixOrigin == IpPrefixOriginDhcp ? NETCONFIG_DHCP : NETCONFIG_SYSTEM;
}

static DWORD ReadAddresses(_In_ const STACK_ADAPTER *Adapter, _Inout_ struct netconfig_state *State)
{
    MIB_UNICASTIPADDRESS_TABLE *Table;
    const DWORD Error = GetUnicastIpAddressTable(AF_UNSPEC, &Table);

    if (Error)
        return Error;
    for (ULONG i = 0; i < Table->NumEntries && State->address_count < NETCONFIG_ADDRESSES; i++) {
        const MIB_UNICASTIPADDRESS_ROW *const Row = &Table->Table[i];

        if (Row->InterfaceLuid.Value == Adapter->Luid)
            State->addresses[State->address_count++] =
                (struct netconfig_address){.ip = FromWindows(&Row->Address),
                                           .prefix = Row->OnLinkPrefixLength,
                                           .origin = OriginOf(Row)};
    }
    FreeMibTable(Table);
    return ERROR_SUCCESS;
}

/* MIB_IPPROTO_NETMGMT: routes that a program or a person made; the system's own have others. */
static DWORD ReadRoutes(_In_ const STACK_ADAPTER *Adapter, _Inout_ struct netconfig_state *State)
{
    MIB_IPFORWARD_TABLE2 *Table;
    const DWORD Error = GetIpForwardTable2(AF_UNSPEC, &Table);

    if (Error)
        return Error;
    for (ULONG i = 0; i < Table->NumEntries && State->route_count < NETCONFIG_ROUTES; i++) {
        const MIB_IPFORWARD_ROW2 *const Row = &Table->Table[i];
        const BOOL Dhcp = Row->Origin == NlroDHCP;

        if (Row->InterfaceLuid.Value == Adapter->Luid)
            State->routes[State->route_count++] = (struct netconfig_route){
                .destination = FromWindows(&Row->DestinationPrefix.Prefix),
                .next_hop = FromWindows(&Row->NextHop),
                .prefix = Row->DestinationPrefix.PrefixLength,
                .origin = Dhcp                                        ? NETCONFIG_DHCP
                          : (int)Row->Protocol == MIB_IPPROTO_NETMGMT ? NETCONFIG_MANUAL
                                                                      : NETCONFIG_SYSTEM,
            };
    }
    FreeMibTable(Table);
    return ERROR_SUCCESS;
}

/* Separated by commas or blanks. What is no IPv4 address is none of ours: one that never fits. */
static void ReadServers(_In_ HKEY Key, _Inout_ struct netconfig_state *State)
{
    WCHAR Text[SERVERS_UNITS] = L"";
    DWORD Size = sizeof(Text);

    if (RegGetValueW(Key, NULL, L"NameServer", RRF_RT_REG_SZ, NULL, Text, &Size))
        return;
    for (PWSTR Word = Text; *Word && State->dns_count < NETCONFIG_SERVERS;) {
        const SIZE_T Length = wcscspn(Word, L", ");
        char Ascii[IP_TEXT_BYTES];

        snprintf(Ascii, sizeof(Ascii), "%.*ls", (int)Length, Word);
        if (Length)
            ip_parse_v4(Ascii, &State->dns[State->dns_count++]);
        Word += Length + (Word[Length] != 0);
    }
}

DWORD StackRead(_In_ const STACK_ADAPTER *Adapter, _Out_ struct netconfig_state *State)
{
    DWORD Error, Dhcp = 0, Size = sizeof(Dhcp);
    HKEY Key;

    memset(State, 0, sizeof(*State));
    Error = ReadAddresses(Adapter, State);
    if (!Error)
        Error = ReadRoutes(Adapter, State);
    if (Error)
        return Error;
    Error = InterfaceKeyOpen(&Adapter->Guid, KEY_QUERY_VALUE, &Key);
    if (Error)
        return Error;
    RegGetValueW(Key, NULL, L"EnableDHCP", RRF_RT_REG_DWORD, NULL, &Dhcp, &Size);
    State->dhcp = Dhcp != 0;
    ReadServers(Key, State);
    RegCloseKey(Key);
    return ERROR_SUCCESS;
}

/* --- Changes */

static SOCKADDR_INET ToWindows(_In_ const struct ip *Ip)
{
    SOCKADDR_INET Address = {.si_family = Ip->v6 ? AF_INET6 : AF_INET};

    if (Ip->v6)
        memcpy(&Address.Ipv6.sin6_addr, Ip->bytes, IP_BYTES_V6);
    else
        memcpy(&Address.Ipv4.sin_addr, Ip->bytes, IP_BYTES_V4);
    return Address;
}

/* Duplicate address detection asks the link, and a qube's link is its own: the address is to be
 * usable at once. */
static DWORD ChangeAddress(_In_ const STACK_ADAPTER *Adapter,
                           _In_ const struct netconfig_address *Address, _In_ BOOL Add)
{
    MIB_UNICASTIPADDRESS_ROW Row;

    InitializeUnicastIpAddressEntry(&Row);
    Row.Address = ToWindows(&Address->ip);
    Row.InterfaceLuid.Value = Adapter->Luid;
    if (!Add)
        return DeleteUnicastIpAddressEntry(&Row);
    Row.OnLinkPrefixLength = Address->prefix;
    Row.DadState = IpDadStatePreferred;
    return CreateUnicastIpAddressEntry(&Row);
}

static DWORD ChangeRoute(_In_ const STACK_ADAPTER *Adapter,
                         _In_ const struct netconfig_route *Route, _In_ BOOL Add)
{
    MIB_IPFORWARD_ROW2 Row;

    InitializeIpForwardEntry(&Row);
    Row.InterfaceLuid.Value = Adapter->Luid;
    Row.DestinationPrefix.Prefix = ToWindows(&Route->destination);
    Row.DestinationPrefix.PrefixLength = Route->prefix;
    Row.NextHop = ToWindows(&Route->next_hop);
    if (!Add)
        return DeleteIpForwardEntry2(&Row);
    Row.Protocol = MIB_IPPROTO_NETMGMT;
    Row.Metric = 0; /* the adapter's own is added */
    return CreateIpForwardEntry2(&Row);
}

static DWORD StopDhcp(_In_ const STACK_ADAPTER *Adapter)
{
    const DWORD No = 0;
    HKEY Key;
    DWORD Error = InterfaceKeyOpen(&Adapter->Guid, KEY_SET_VALUE, &Key);

    if (Error)
        return Error;
    Error = RegSetValueExW(Key, L"EnableDHCP", 0, REG_DWORD, (const BYTE *)&No, sizeof(No));
    RegCloseKey(Key);
    return Error ? Error : DhcpStop(&Adapter->Guid);
}

static DWORD SetServers(_In_ const STACK_ADAPTER *Adapter,
                        _In_ const struct netconfig_wanted *Wanted)
{
    WCHAR Text[SERVERS_UNITS] = L"";

    for (size_t i = 0; i < Wanted->dns_count; i++) {
        char Server[IP_TEXT_BYTES];

        ip_print(&Wanted->dns[i], Server);
        swprintf(Text + wcslen(Text), SERVERS_UNITS - wcslen(Text), L"%ls%hs", i ? L"," : L"",
                 Server);
    }
    return DnsServersSet(&Adapter->Guid, Text);
}

DWORD StackChange(_In_ const STACK_ADAPTER *Adapter, _In_ const struct netconfig_change *Change,
                  _In_ const struct netconfig_wanted *Wanted)
{
    switch (Change->action) {
    case NETCONFIG_STOP_DHCP:
        return StopDhcp(Adapter);
    case NETCONFIG_REMOVE_ROUTE:
        return ChangeRoute(Adapter, &Change->route, FALSE);
    case NETCONFIG_REMOVE_ADDRESS:
        return ChangeAddress(Adapter, &Change->address, FALSE);
    case NETCONFIG_ADD_ADDRESS:
        return ChangeAddress(Adapter, &Change->address, TRUE);
    case NETCONFIG_ADD_ROUTE:
        return ChangeRoute(Adapter, &Change->route, TRUE);
    case NETCONFIG_SET_DNS:
        return SetServers(Adapter, Wanted);
    }
    return ERROR_INVALID_PARAMETER;
}
