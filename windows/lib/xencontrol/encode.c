/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input buffers of the driver's IOCTLs; see encode.h. A structure is built in full and then
 * copied, so that no byte of an earlier use of the buffer reaches the driver.
 */
#include <windows.h>
#include <string.h>

#include "encode.h"

static SIZE_T Put(PVOID Buffer, SIZE_T Capacity, const void *Structure, SIZE_T Size)
{
    if (Capacity >= Size)
        memcpy(Buffer, Structure, Size);
    return Size;
}

SIZE_T EncodeStorePath(PVOID Buffer, SIZE_T Capacity, const CHAR *Path)
{
    return Put(Buffer, Capacity, Path, strlen(Path) + 1);
}

SIZE_T EncodeStoreWrite(PVOID Buffer, SIZE_T Capacity, const CHAR *Path, const CHAR *Value)
{
    SIZE_T PathSize = strlen(Path) + 1;
    SIZE_T ValueSize = strlen(Value) + 1;
    SIZE_T Size = PathSize + ValueSize + 1;

    if (Capacity >= Size) {
        memcpy(Buffer, Path, PathSize);
        memcpy((CHAR *)Buffer + PathSize, Value, ValueSize);
        ((CHAR *)Buffer)[Size - 1] = '\0';
    }
    return Size;
}

SIZE_T EncodeStoreSetPermissions(PVOID Buffer, SIZE_T Capacity, const CHAR *Path, ULONG Count,
                                 const XENIFACE_STORE_PERMISSION *Permissions)
{
    XENIFACE_STORE_SET_PERMISSIONS_IN *In = Buffer;
    SIZE_T Size = FIELD_OFFSET(XENIFACE_STORE_SET_PERMISSIONS_IN, Permissions) +
                  (SIZE_T)Count * sizeof(XENIFACE_STORE_PERMISSION);
    ULONG Index;

    if (Capacity < Size)
        return Size;
    memset(In, 0, Size);
    In->Path = (PCHAR)Path;
    In->PathLength = (ULONG)strlen(Path) + 1;
    In->NumberPermissions = Count;
    for (Index = 0; Index < Count; Index++) {
        In->Permissions[Index].Domain = Permissions[Index].Domain;
        In->Permissions[Index].Mask = Permissions[Index].Mask;
    }
    return Size;
}

SIZE_T EncodeStoreAddWatch(PVOID Buffer, SIZE_T Capacity, const CHAR *Path, HANDLE Event)
{
    XENIFACE_STORE_ADD_WATCH_IN In;

    memset(&In, 0, sizeof(In));
    In.Path = (PCHAR)Path;
    In.PathLength = (ULONG)strlen(Path) + 1;
    In.Event = Event;
    return Put(Buffer, Capacity, &In, sizeof(In));
}

SIZE_T EncodeAddress(PVOID Buffer, SIZE_T Capacity, PVOID Pointer)
{
    return Put(Buffer, Capacity, &Pointer, sizeof(Pointer));
}

SIZE_T EncodeUlong(PVOID Buffer, SIZE_T Capacity, ULONG Value)
{
    return Put(Buffer, Capacity, &Value, sizeof(Value));
}

SIZE_T EncodeBindUnbound(PVOID Buffer, SIZE_T Capacity, USHORT RemoteDomain, HANDLE Event,
                         BOOL Mask)
{
    XENIFACE_EVTCHN_BIND_UNBOUND_IN In;

    memset(&In, 0, sizeof(In));
    In.RemoteDomain = RemoteDomain;
    In.Mask = Mask != FALSE;
    In.Event = Event;
    return Put(Buffer, Capacity, &In, sizeof(In));
}

SIZE_T EncodeBindInterdomain(PVOID Buffer, SIZE_T Capacity, USHORT RemoteDomain, ULONG RemotePort,
                             HANDLE Event, BOOL Mask)
{
    XENIFACE_EVTCHN_BIND_INTERDOMAIN_IN In;

    memset(&In, 0, sizeof(In));
    In.RemoteDomain = RemoteDomain;
    In.RemotePort = RemotePort;
    In.Mask = Mask != FALSE;
    In.Event = Event;
    return Put(Buffer, Capacity, &In, sizeof(In));
}

SIZE_T EncodePermit(PVOID Buffer, SIZE_T Capacity, const XC_SHARE_REQUEST *Share)
{
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 In;

    memset(&In, 0, sizeof(In));
    In.RemoteDomain = Share->RemoteDomain;
    In.Address = Share->Address;
    In.NumberPages = Share->NumberPages;
    In.Flags = Share->Flags;
    In.NotifyOffset = Share->NotifyOffset;
    In.NotifyPort = Share->NotifyPort;
    return Put(Buffer, Capacity, &In, sizeof(In));
}

SIZE_T EncodePermitV1(PVOID Buffer, SIZE_T Capacity, ULONG RequestId, const XC_SHARE_REQUEST *Share)
{
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN In;

    memset(&In, 0, sizeof(In));
    In.RequestId = RequestId;
    In.RemoteDomain = Share->RemoteDomain;
    In.NumberPages = Share->NumberPages;
    In.Flags = Share->Flags;
    In.NotifyOffset = Share->NotifyOffset;
    In.NotifyPort = Share->NotifyPort;
    return Put(Buffer, Capacity, &In, sizeof(In));
}

SIZE_T EncodeMap(PVOID Buffer, SIZE_T Capacity, const XC_SHARE_REQUEST *Share)
{
    XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN_V2 *In = Buffer;
    SIZE_T HeadSize = FIELD_OFFSET(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN_V2, References);
    SIZE_T Size = HeadSize + (SIZE_T)Share->NumberPages * sizeof(ULONG);

    if (Capacity < Size)
        return Size;
    memset(In, 0, HeadSize);
    In->RemoteDomain = Share->RemoteDomain;
    In->NumberPages = Share->NumberPages;
    In->Flags = Share->Flags;
    In->NotifyOffset = Share->NotifyOffset;
    In->NotifyPort = Share->NotifyPort;
    memcpy(In->References, Share->References, Size - HeadSize);
    return Size;
}

SIZE_T EncodeMapV1(PVOID Buffer, SIZE_T Capacity, ULONG RequestId, const XC_SHARE_REQUEST *Share)
{
    XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN *In = Buffer;
    SIZE_T HeadSize = FIELD_OFFSET(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN, References);
    SIZE_T Size = HeadSize + (SIZE_T)Share->NumberPages * sizeof(ULONG);

    if (Capacity < Size)
        return Size;
    memset(In, 0, HeadSize);
    In->RequestId = RequestId;
    In->RemoteDomain = Share->RemoteDomain;
    In->NumberPages = Share->NumberPages;
    In->Flags = Share->Flags;
    In->NotifyOffset = Share->NotifyOffset;
    In->NotifyPort = Share->NotifyPort;
    memcpy(In->References, Share->References, Size - HeadSize);
    return Size;
}

SIZE_T PermitOutSize(ULONG NumberPages)
{
    return FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT, References) +
           (SIZE_T)NumberPages * sizeof(ULONG);
}
