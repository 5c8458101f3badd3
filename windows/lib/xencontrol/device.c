/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport that ships: IOCTLs to the xeniface driver. All I/O is overlapped on one handle, a
 * request each (request.h). A grant or mapping is a request that pends while the pages are shared,
 * issued by the session's own thread (issuer.h).
 *
 * Drivers up to 9.0 know version 1 of the sharing IOCTLs only. The first refusal of version 2 is
 * remembered for the session. Version 1 is not used where version 2 exists: drivers that have both
 * answer version 1 wrongly.
 */
#define INITGUID
#include <windows.h>
#include <setupapi.h>
#include <string.h>

#include "transport.h"
#include "encode.h"
#include "issuer.h"
#include "request.h"

struct _XC_TRANSPORT {
    const XC_LOG *Log;
    HANDLE Device;
    XC_REQUEST_POOL Pool;
    XC_ISSUER Issuer;
    volatile LONG Version1; /* 1: the driver refused version 2 */
};

/* A grant or mapping that lives. */
typedef struct _DEVICE_SHARE {
    XC_REQUEST *Request; /* pending */
    ULONG EndCode;       /* the IOCTL that ends it */
    PVOID Address;       /* version 2's name */
    BOOL HasRequestId;   /* version 1 */
    ULONG RequestId;     /* version 1's name */
} DEVICE_SHARE;

/* Xenstore carries 4096 bytes; two NULs end a list. */
enum { STORE_REPLY_MAX = 4096 + 2 };

/* --- Finding and opening the device */

/* The path of the device's interface. ERROR_NOT_SUPPORTED: there is none. */
static DWORD DevicePath(_In_ HDEVINFO List, _Outptr_ SP_DEVICE_INTERFACE_DETAIL_DATA_W **Detail)
{
    SP_DEVICE_INTERFACE_DATA Interface = {.cbSize = sizeof(Interface)};
    DWORD Size = 0;
    DWORD Error;

    if (!SetupDiEnumDeviceInterfaces(List, NULL, &GUID_INTERFACE_XENIFACE, 0, &Interface)) {
        Error = GetLastError();
        return Error == ERROR_NO_MORE_ITEMS ? ERROR_NOT_SUPPORTED : Error;
    }
    /* Answers ERROR_INSUFFICIENT_BUFFER and the size. */
    SetupDiGetDeviceInterfaceDetailW(List, &Interface, NULL, 0, &Size, NULL);
    if (Size < sizeof(**Detail))
        return GetLastError() != ERROR_SUCCESS ? GetLastError() : ERROR_INVALID_DATA;
    *Detail = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, Size);
    if (*Detail == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    (*Detail)->cbSize = sizeof(**Detail);
    if (SetupDiGetDeviceInterfaceDetailW(List, &Interface, *Detail, Size, NULL, NULL))
        return ERROR_SUCCESS;
    Error = GetLastError();
    HeapFree(GetProcessHeap(), 0, *Detail);
    return Error;
}

static DWORD DeviceOpen(_Out_ HANDLE *Device)
{
    SP_DEVICE_INTERFACE_DETAIL_DATA_W *Detail = NULL;
    HDEVINFO List;
    DWORD Error;

    List = SetupDiGetClassDevsW(&GUID_INTERFACE_XENIFACE, NULL, NULL,
                                DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    if (List == INVALID_HANDLE_VALUE)
        return ERROR_NOT_SUPPORTED;
    Error = DevicePath(List, &Detail);
    SetupDiDestroyDeviceInfoList(List);
    if (Error != ERROR_SUCCESS)
        return Error;
    *Device = CreateFileW(Detail->DevicePath, GENERIC_READ | GENERIC_WRITE,
                          FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                          FILE_FLAG_OVERLAPPED, NULL);
    if (*Device == INVALID_HANDLE_VALUE)
        Error = GetLastError();
    HeapFree(GetProcessHeap(), 0, Detail);
    /* It was there a moment ago: a device that goes is a device that is not there. */
    return Error == ERROR_FILE_NOT_FOUND ? ERROR_NOT_SUPPORTED : Error;
}

DWORD TransportOpen(const XC_LOG *Log, PXC_TRANSPORT *Transport)
{
    PXC_TRANSPORT New = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*New));
    DWORD Error;

    if (New == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Error = DeviceOpen(&New->Device);
    if (Error != ERROR_SUCCESS) {
        HeapFree(GetProcessHeap(), 0, New);
        return Error;
    }
    New->Log = Log;
    RequestPoolInit(&New->Pool);
    IssuerInit(&New->Issuer, New->Device);
    *Transport = New;
    return ERROR_SUCCESS;
}

/* The driver ends the handle's ports and watches. */
void TransportClose(PXC_TRANSPORT Transport)
{
    IssuerStop(&Transport->Issuer);
    CloseHandle(Transport->Device);
    RequestPoolDestroy(&Transport->Pool);
    HeapFree(GetProcessHeap(), 0, Transport);
}

/* --- Calls that complete */

/* Sends a filled request, copies its output out and gives it back. A driver that succeeds with
 * less output than promised has not said what was asked. */
static DWORD Finish(_In_ PXC_TRANSPORT Transport, _In_ ULONG Code, _In_ XC_REQUEST *Request,
                    _Out_writes_bytes_(Request->OutSize) PVOID Out)
{
    ULONG Returned;
    DWORD Error = RequestRun(Transport->Device, Code, Request, &Returned);

    if (Error == ERROR_SUCCESS && Request->OutSize != 0) {
        if (Returned < Request->OutSize)
            Error = ERROR_INVALID_DATA;
        else
            memcpy(Out, Request->Out, Request->OutSize);
    }
    RequestGive(&Transport->Pool, Request);
    return Error;
}

/* Returns the result of a call whose input Encoder (one of encode.h) measures, then writes. */
#define RETURN_IOCTL(Transport, Code, Out, OutSize, Encoder, ...)                                  \
    do {                                                                                           \
        XC_REQUEST *Request_ =                                                                     \
            RequestTake(&(Transport)->Pool, Encoder(NULL, 0, __VA_ARGS__), (OutSize));             \
        if (Request_ == NULL)                                                                      \
            return ERROR_NOT_ENOUGH_MEMORY;                                                        \
        Encoder(Request_->In, Request_->InSize, __VA_ARGS__);                                      \
        return Finish((Transport), (Code), Request_, (Out));                                       \
    } while (0)

DWORD TransportBindUnbound(PXC_TRANSPORT Transport, USHORT RemoteDomain, HANDLE Event, BOOL Mask,
                           ULONG *LocalPort)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND, LocalPort, sizeof(*LocalPort),
                 EncodeBindUnbound, RemoteDomain, Event, Mask);
}

DWORD TransportBindInterdomain(PXC_TRANSPORT Transport, USHORT RemoteDomain, ULONG RemotePort,
                               HANDLE Event, BOOL Mask, ULONG *LocalPort)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_EVTCHN_BIND_INTERDOMAIN, LocalPort, sizeof(*LocalPort),
                 EncodeBindInterdomain, RemoteDomain, RemotePort, Event, Mask);
}

DWORD TransportClosePort(PXC_TRANSPORT Transport, ULONG LocalPort)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_EVTCHN_CLOSE, NULL, 0, EncodeUlong, LocalPort);
}

DWORD TransportNotify(PXC_TRANSPORT Transport, ULONG LocalPort)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_EVTCHN_NOTIFY, NULL, 0, EncodeUlong, LocalPort);
}

DWORD TransportUnmask(PXC_TRANSPORT Transport, ULONG LocalPort)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_EVTCHN_UNMASK, NULL, 0, EncodeUlong, LocalPort);
}

static DWORD AskForPeer(_In_ PXC_TRANSPORT Transport, _In_ ULONG LocalPort)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_EVTCHN_QUERY_PEER, NULL, 0, EncodeUlong, LocalPort);
}

DWORD TransportQueryPeer(PXC_TRANSPORT Transport, ULONG LocalPort)
{
    DWORD Error = AskForPeer(Transport, LocalPort);

    return Error == ERROR_INVALID_FUNCTION ? ERROR_NOT_SUPPORTED : Error;
}

DWORD TransportStoreWrite(PXC_TRANSPORT Transport, const CHAR *Path, const CHAR *Value)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_STORE_WRITE, NULL, 0, EncodeStoreWrite, Path, Value);
}

DWORD TransportStoreRemove(PXC_TRANSPORT Transport, const CHAR *Path)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_STORE_REMOVE, NULL, 0, EncodeStorePath, Path);
}

DWORD TransportStoreSetPermissions(PXC_TRANSPORT Transport, const CHAR *Path, ULONG Count,
                                   const XENIFACE_STORE_PERMISSION *Permissions)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_STORE_SET_PERMISSIONS, NULL, 0,
                 EncodeStoreSetPermissions, Path, Count, Permissions);
}

DWORD TransportStoreAddWatch(PXC_TRANSPORT Transport, const CHAR *Path, HANDLE Event, PVOID *Watch)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_STORE_ADD_WATCH, Watch, sizeof(*Watch),
                 EncodeStoreAddWatch, Path, Event);
}

DWORD TransportStoreRemoveWatch(PXC_TRANSPORT Transport, PVOID Watch)
{
    RETURN_IOCTL(Transport, IOCTL_XENIFACE_STORE_REMOVE_WATCH, NULL, 0, EncodeAddress, Watch);
}

/* A path in, text out; the text is ended here, whatever the driver wrote. Terminators: how many
 * NULs end it. */
static DWORD StoreQuery(_In_ PXC_TRANSPORT Transport, _In_ ULONG Code, _In_z_ const CHAR *Path,
                        _In_ ULONG Terminators, _In_ ULONG Size, _Out_writes_(Size) CHAR *Text)
{
    SIZE_T OutSize = Size < STORE_REPLY_MAX ? Size : STORE_REPLY_MAX;
    XC_REQUEST *Request = RequestTake(&Transport->Pool, EncodeStorePath(NULL, 0, Path), OutSize);
    ULONG Returned;
    DWORD Error;

    if (Request == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    EncodeStorePath(Request->In, Request->InSize, Path);
    Error = RequestRun(Transport->Device, Code, Request, &Returned);
    if (Error == ERROR_SUCCESS && (Returned < Terminators || Returned > OutSize))
        Error = ERROR_INVALID_DATA;
    if (Error == ERROR_SUCCESS) {
        memcpy(Text, Request->Out, Returned);
        memset(Text + Returned - Terminators, 0, Terminators);
    }
    RequestGive(&Transport->Pool, Request);
    return Error;
}

DWORD TransportStoreRead(PXC_TRANSPORT Transport, const CHAR *Path, ULONG Size, CHAR *Value)
{
    return StoreQuery(Transport, IOCTL_XENIFACE_STORE_READ, Path, 1, Size, Value);
}

DWORD TransportStoreDirectory(PXC_TRANSPORT Transport, const CHAR *Path, ULONG Size, CHAR *Output)
{
    return StoreQuery(Transport, IOCTL_XENIFACE_STORE_DIRECTORY, Path, 2, Size, Output);
}

/* --- Calls that pend: grants and mappings */

/* A driver of before version 2 does not know the code. */
static BOOL IsUnknownCode(_In_ DWORD Error)
{
    return Error == ERROR_INVALID_FUNCTION || Error == ERROR_NOT_SUPPORTED;
}

/* Version 1 names are unique in the process, whose sessions are several. */
static ULONG NextRequestId(void)
{
    static volatile LONG Last;

    return (ULONG)InterlockedIncrement(&Last);
}

/* Sends what is to pend. On success the share owns the request, whose output is already there. */
static DWORD SendShare(_In_ PXC_TRANSPORT Transport, _In_ ULONG Code, _In_ XC_REQUEST *Request,
                       _Inout_ DEVICE_SHARE *Share)
{
    DWORD Error;

    ZeroMemory(Request->Out, Request->OutSize);
    Error = IssuerSend(&Transport->Issuer, Code, Request);
    if (Error == ERROR_IO_PENDING) {
        Share->Request = Request;
        /* Both outputs begin with the address. */
        Share->Address = *(PVOID *)Request->Out;
        return ERROR_SUCCESS;
    }
    RequestGive(&Transport->Pool, Request);
    /* Completed: then nothing is shared any more. */
    return Error == ERROR_SUCCESS ? ERROR_UNIDENTIFIED_ERROR : Error;
}

static DWORD SendGrant(_In_ PXC_TRANSPORT Transport, _In_ const XC_SHARE_REQUEST *Asked,
                       _Inout_ DEVICE_SHARE *Share)
{
    SIZE_T OutSize = PermitOutSize(Asked->NumberPages);
    XC_REQUEST *Request = RequestTake(&Transport->Pool, EncodePermit(NULL, 0, Asked), OutSize);

    if (Request == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    EncodePermit(Request->In, Request->InSize, Asked);
    Share->EndCode = IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2;
    return SendShare(Transport, IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, Request, Share);
}

static DWORD SendGrantV1(_In_ PXC_TRANSPORT Transport, _In_ const XC_SHARE_REQUEST *Asked,
                         _Inout_ DEVICE_SHARE *Share)
{
    SIZE_T OutSize = PermitOutSize(Asked->NumberPages);
    XC_REQUEST *Request;

    if (Asked->Address != NULL)
        return ERROR_NOT_SUPPORTED;
    Request = RequestTake(&Transport->Pool, EncodePermitV1(NULL, 0, 0, Asked), OutSize);
    if (Request == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Share->HasRequestId = TRUE;
    Share->RequestId = NextRequestId();
    EncodePermitV1(Request->In, Request->InSize, Share->RequestId, Asked);
    Share->EndCode = IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS;
    return SendShare(Transport, IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS, Request, Share);
}

static DWORD SendMap(_In_ PXC_TRANSPORT Transport, _In_ const XC_SHARE_REQUEST *Asked,
                     _Inout_ DEVICE_SHARE *Share)
{
    XC_REQUEST *Request = RequestTake(&Transport->Pool, EncodeMap(NULL, 0, Asked),
                                      sizeof(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_OUT_V2));

    if (Request == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    EncodeMap(Request->In, Request->InSize, Asked);
    Share->EndCode = IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2;
    return SendShare(Transport, IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_V2, Request, Share);
}

static DWORD SendMapV1(_In_ PXC_TRANSPORT Transport, _In_ const XC_SHARE_REQUEST *Asked,
                       _Inout_ DEVICE_SHARE *Share)
{
    XC_REQUEST *Request = RequestTake(&Transport->Pool, EncodeMapV1(NULL, 0, 0, Asked),
                                      sizeof(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_OUT));

    if (Request == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Share->HasRequestId = TRUE;
    Share->RequestId = NextRequestId();
    EncodeMapV1(Request->In, Request->InSize, Share->RequestId, Asked);
    Share->EndCode = IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES;
    return SendShare(Transport, IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES, Request, Share);
}

typedef DWORD SEND_SHARE(PXC_TRANSPORT, const XC_SHARE_REQUEST *, DEVICE_SHARE *);

/* Version 2, or version 1 where that is all there is. */
static DWORD BeginShare(_In_ PXC_TRANSPORT Transport, _In_ const XC_SHARE_REQUEST *Asked,
                        _In_ SEND_SHARE *Send, _In_ SEND_SHARE *SendV1,
                        _Outptr_ DEVICE_SHARE **Share)
{
    DEVICE_SHARE *New = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*New));
    DWORD Error = ERROR_INVALID_FUNCTION;

    if (New == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (!Transport->Version1)
        Error = Send(Transport, Asked, New);
    if (IsUnknownCode(Error)) {
        if (InterlockedExchange(&Transport->Version1, 1) == 0)
            Log(Transport->Log, XLL_INFO, L"the driver knows version 1 of grants only");
        Error = SendV1(Transport, Asked, New);
    }
    if (Error != ERROR_SUCCESS) {
        HeapFree(GetProcessHeap(), 0, New);
        return Error;
    }
    *Share = New;
    return ERROR_SUCCESS;
}

DWORD TransportGrant(PXC_TRANSPORT Transport, const XC_SHARE_REQUEST *Request, PVOID *Address,
                     ULONG *References, PVOID *Share)
{
    DEVICE_SHARE *New;
    DWORD Error = BeginShare(Transport, Request, SendGrant, SendGrantV1, &New);

    if (Error != ERROR_SUCCESS)
        return Error;
    memcpy(References,
           (BYTE *)New->Request->Out +
               FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT, References),
           Request->NumberPages * sizeof(ULONG));
    *Address = New->Address;
    *Share = New;
    return ERROR_SUCCESS;
}

DWORD TransportMap(PXC_TRANSPORT Transport, const XC_SHARE_REQUEST *Request, PVOID *Address,
                   PVOID *Share)
{
    DEVICE_SHARE *New;
    DWORD Error = BeginShare(Transport, Request, SendMap, SendMapV1, &New);

    if (Error != ERROR_SUCCESS)
        return Error;
    *Address = New->Address;
    *Share = New;
    return ERROR_SUCCESS;
}

static DWORD SendEnd(_In_ PXC_TRANSPORT Transport, _In_ const DEVICE_SHARE *Share)
{
    if (Share->HasRequestId)
        RETURN_IOCTL(Transport, Share->EndCode, NULL, 0, EncodeUlong, Share->RequestId);
    RETURN_IOCTL(Transport, Share->EndCode, NULL, 0, EncodeAddress, Share->Address);
}

/* Only now may the request's memory go: the kernel is done with it. */
static void FreeShare(_In_ PXC_TRANSPORT Transport, _In_ DEVICE_SHARE *Share)
{
    ULONG Returned;

    RequestWait(Transport->Device, Share->Request, &Returned);
    RequestGive(&Transport->Pool, Share->Request);
    HeapFree(GetProcessHeap(), 0, Share);
}

DWORD TransportEndShare(PXC_TRANSPORT Transport, PVOID Share, BOOL *Ended)
{
    DEVICE_SHARE *Device = Share;
    DWORD Error = SendEnd(Transport, Device);

    /* A request that completed by itself (the device went away) shares nothing any more. */
    *Ended = Error == ERROR_SUCCESS || HasOverlappedIoCompleted(&Device->Request->Overlapped);
    if (*Ended)
        FreeShare(Transport, Device);
    return Error;
}

void TransportForceEndShare(PXC_TRANSPORT Transport, PVOID Share)
{
    DEVICE_SHARE *Device = Share;
    BOOL Ended;
    DWORD Error = TransportEndShare(Transport, Share, &Ended);

    if (Ended)
        return;
    Log(Transport->Log, XLL_WARNING, L"%p does not end (error %lu): cancelled", Device->Address,
        Error);
    CancelIoEx(Transport->Device, &Device->Request->Overlapped);
    FreeShare(Transport, Device);
}
