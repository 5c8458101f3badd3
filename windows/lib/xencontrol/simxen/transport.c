/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport of the tests: a session is a client of the simulated Xen, found by the environment
 * (SIMXEN_DIR, SIMXEN_DOMID), with one thread that delivers what arrives. A Windows program under
 * Wine calls Linux directly; on Windows itself this DLL is of no use. It stands in for the driver,
 * so it is as strict: the same error codes, only printable text in XenStore.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../transport.h"
#include "errors.h"
#include "linux_calls.h"
#include "ports.h"
#include "store.h"

struct _XC_TRANSPORT {
    const XC_LOG *Log;
    struct simxen *Sx;
    XC_PORTS Ports;
    XC_STORE Store;
    int Wake; /* an eventfd: the thread shall end */
    HANDLE Thread;
};

/* --- The session */

static DWORD WINAPI DeliverThread(_In_ PVOID Parameter)
{
    PXC_TRANSPORT Transport = Parameter;
    struct lx_pollfd Sources[3] = {{Transport->Wake, LX_POLLIN, 0},
                                   {PortsDescriptor(&Transport->Ports), LX_POLLIN, 0},
                                   {Transport->Store.Socket, LX_POLLIN, 0}};

    for (;;) {
        if (lx_poll(Sources, 3, LX_POLL_NO_LIMIT) < 0)
            continue;
        if (Sources[0].revents != 0)
            return 0;
        if (Sources[1].revents != 0)
            PortsDeliver(&Transport->Ports);
        if (Sources[2].revents != 0 && !StoreReceive(&Transport->Store)) {
            Log(Transport->Log, XLL_ERROR, L"the connection to XenStore broke");
            Sources[2].fd = -1;
        }
    }
}

/* The value as the bytes that Linux knows; empty when it is not set. */
static void Environment(_In_z_ const WCHAR *Name, _Out_writes_z_(Size) CHAR *Value, _In_ int Size)
{
    WCHAR Wide[MAX_PATH * 4];
    DWORD Length = GetEnvironmentVariableW(Name, Wide, ARRAYSIZE(Wide));

    if (Length == 0 || Length >= ARRAYSIZE(Wide) ||
        WideCharToMultiByte(CP_UTF8, 0, Wide, -1, Value, Size, NULL, NULL) == 0)
        Value[0] = '\0';
}

static DWORD Connect(_Inout_ PXC_TRANSPORT Transport)
{
    CHAR Directory[MAX_PATH * 8], Number[16];
    ULONG Domain;
    DWORD Error;
    int Result;

    Environment(L"SIMXEN_DIR", Directory, sizeof(Directory));
    Environment(L"SIMXEN_DOMID", Number, sizeof(Number));
    Domain = strtoul(Number, NULL, 10);
    Result = Directory[0] != '\0' ? simxen_open(&Transport->Sx, Directory, Domain) : -LX_ENOENT;
    if (Result == -LX_ENOENT)
        return ERROR_NOT_SUPPORTED;
    if (Result < 0)
        return ErrorFromXen(Result);
    Error = PortsOpen(&Transport->Ports, Transport->Sx);
    if (Error != ERROR_SUCCESS)
        return Error;
    Result = StoreOpen(&Transport->Store, Directory, Domain);
    if (Result < 0)
        return ErrorFromXen(Result);
    Transport->Wake = lx_eventfd();
    if (Transport->Wake < 0)
        return ErrorFromXen(Transport->Wake);
    Transport->Thread = CreateThread(NULL, 64 * 1024, DeliverThread, Transport,
                                     STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return Transport->Thread != NULL ? ERROR_SUCCESS : GetLastError();
}

DWORD TransportOpen(const XC_LOG *Log, PXC_TRANSPORT *Transport)
{
    PXC_TRANSPORT New = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*New));
    DWORD Error;

    if (New == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    New->Log = Log;
    New->Store.Socket = -1;
    New->Wake = -1;
    Error = Connect(New);
    if (Error == ERROR_SUCCESS)
        *Transport = New;
    else
        TransportClose(New);
    return Error;
}

void TransportClose(PXC_TRANSPORT Transport)
{
    uint64_t One = 1;

    if (Transport->Thread != NULL) {
        lx_write(Transport->Wake, &One, sizeof(One));
        WaitForSingleObject(Transport->Thread, INFINITE);
        CloseHandle(Transport->Thread);
    }
    if (Transport->Wake >= 0)
        lx_close(Transport->Wake);
    StoreClose(&Transport->Store);
    PortsClose(&Transport->Ports);
    simxen_close(Transport->Sx);
    HeapFree(GetProcessHeap(), 0, Transport);
}

/* --- Event channels */

DWORD TransportBindUnbound(PXC_TRANSPORT Transport, USHORT RemoteDomain, HANDLE Event, BOOL Mask,
                           ULONG *LocalPort)
{
    return PortsBind(&Transport->Ports, RemoteDomain, 0, Event, Mask, LocalPort);
}

DWORD TransportBindInterdomain(PXC_TRANSPORT Transport, USHORT RemoteDomain, ULONG RemotePort,
                               HANDLE Event, BOOL Mask, ULONG *LocalPort)
{
    if (RemotePort == 0) /* no port has this number */
        return ERROR_GEN_FAILURE;
    return PortsBind(&Transport->Ports, RemoteDomain, RemotePort, Event, Mask, LocalPort);
}

DWORD TransportClosePort(PXC_TRANSPORT Transport, ULONG LocalPort)
{
    return PortsUnbind(&Transport->Ports, LocalPort);
}

DWORD TransportNotify(PXC_TRANSPORT Transport, ULONG LocalPort)
{
    return PortsNotify(&Transport->Ports, LocalPort);
}

DWORD TransportUnmask(PXC_TRANSPORT Transport, ULONG LocalPort)
{
    return PortsUnmask(&Transport->Ports, LocalPort);
}

DWORD TransportQueryPeer(PXC_TRANSPORT Transport, ULONG LocalPort)
{
    struct simxen_port_status Status;
    int Error = simxen_evtchn_status(Transport->Sx, SIMXEN_DOMID_SELF, LocalPort, &Status);

    if (Error < 0)
        return ErrorFromXen(Error);
    return Status.state == SIMXEN_PORT_INTERDOMAIN ? ERROR_SUCCESS : ERROR_DEVICE_NOT_CONNECTED;
}

/* --- Grants and mappings */

typedef struct _SIMXEN_SHARE {
    PVOID Address;
    BOOL IsMapping;
} SIMXEN_SHARE;

static SIMXEN_SHARE *ShareNew(_In_ BOOL IsMapping)
{
    SIMXEN_SHARE *Share = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*Share));

    if (Share != NULL)
        Share->IsMapping = IsMapping;
    return Share;
}

static struct simxen_unmap_notify NotifyOf(_In_ const XC_SHARE_REQUEST *Request)
{
    struct simxen_unmap_notify Notify = {SIMXEN_NO_NOTIFY, SIMXEN_NO_NOTIFY};

    if (Request->Flags & XENIFACE_GNTTAB_USE_NOTIFY_OFFSET)
        Notify.offset_bytes = Request->NotifyOffset;
    if (Request->Flags & XENIFACE_GNTTAB_USE_NOTIFY_PORT)
        Notify.port = Request->NotifyPort;
    return Notify;
}

static uint32_t SimxenFlags(_In_ const XC_SHARE_REQUEST *Request)
{
    return Request->Flags & XENIFACE_GNTTAB_READONLY ? SIMXEN_GRANT_READONLY : 0;
}

DWORD TransportGrant(PXC_TRANSPORT Transport, const XC_SHARE_REQUEST *Request, PVOID *Address,
                     ULONG *References, PVOID *Share)
{
    struct simxen_unmap_notify Notify = NotifyOf(Request);
    SIMXEN_SHARE *New = ShareNew(FALSE);
    int Error;

    if (New == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    New->Address = Request->Address;
    if (Request->Address != NULL)
        Error = simxen_grant_existing(Transport->Sx, Request->RemoteDomain, Request->Address,
                                      Request->NumberPages, SimxenFlags(Request), &Notify,
                                      (uint32_t *)References);
    else
        Error = simxen_grant(Transport->Sx, Request->RemoteDomain, Request->NumberPages,
                             SimxenFlags(Request), &Notify, (uint32_t *)References, &New->Address);
    if (Error < 0) {
        HeapFree(GetProcessHeap(), 0, New);
        return ErrorFromXen(Error);
    }
    *Address = New->Address;
    *Share = New;
    return ERROR_SUCCESS;
}

DWORD TransportMap(PXC_TRANSPORT Transport, const XC_SHARE_REQUEST *Request, PVOID *Address,
                   PVOID *Share)
{
    struct simxen_unmap_notify Notify = NotifyOf(Request);
    uint32_t Domain = Request->RemoteDomain;
    SIMXEN_SHARE *New = ShareNew(TRUE);
    int Error;

    if (New == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Error = simxen_map(Transport->Sx, Request->NumberPages, &Domain, true,
                       (const uint32_t *)Request->References, SimxenFlags(Request), &Notify,
                       &New->Address);
    if (Error < 0) {
        HeapFree(GetProcessHeap(), 0, New);
        return ErrorFromXen(Error);
    }
    *Address = New->Address;
    *Share = New;
    return ERROR_SUCCESS;
}

DWORD TransportEndShare(PXC_TRANSPORT Transport, PVOID Share, BOOL *Ended)
{
    SIMXEN_SHARE *Old = Share;
    int Error = Old->IsMapping ? simxen_unmap(Transport->Sx, Old->Address)
                               : simxen_revoke(Transport->Sx, Old->Address);

    *Ended = TRUE;
    HeapFree(GetProcessHeap(), 0, Old);
    return ErrorFromXen(Error);
}

void TransportForceEndShare(PXC_TRANSPORT Transport, PVOID Share)
{
    BOOL Ended;

    TransportEndShare(Transport, Share, &Ended);
}

/* --- XenStore */

/* Path, NUL. */
static XC_PART PathPart(_In_z_ const CHAR *Path)
{
    return (XC_PART){Path, strlen(Path) + 1};
}

DWORD TransportStoreRead(PXC_TRANSPORT Transport, const CHAR *Path, ULONG Size, CHAR *Value)
{
    XC_STORE *Store = &Transport->Store;
    XC_PART Part = PathPart(Path);
    SIZE_T Needed;
    DWORD Error;

    if (!CheckPrintable(Path))
        return ERROR_INVALID_PARAMETER;
    Error = StoreAsk(Store, XS_TYPE_READ, &Part, 1);
    if (Error == ERROR_SUCCESS) {
        Needed = strlen(Store->AnswerText) + 1;
        if (Needed <= Size)
            memcpy(Value, Store->AnswerText, Needed);
        else
            Error = ERROR_INVALID_PARAMETER;
    }
    StoreDone(Store);
    return Error;
}

DWORD TransportStoreDirectory(PXC_TRANSPORT Transport, const CHAR *Path, ULONG Size, CHAR *Output)
{
    XC_STORE *Store = &Transport->Store;
    XC_PART Part = PathPart(Path);
    SIZE_T Length;
    DWORD Error;

    if (!CheckPrintable(Path))
        return ERROR_INVALID_PARAMETER;
    Error = StoreAsk(Store, XS_TYPE_DIRECTORY, &Part, 1);
    if (Error == ERROR_SUCCESS) {
        /* Names with their NULs; of no name at all the driver still makes an empty one. */
        Length = Store->Answer.length_bytes != 0 ? Store->Answer.length_bytes : 1;
        if (Length < Size) {
            memcpy(Output, Store->AnswerText, Length);
            Output[Length - 1] = Output[Length] = '\0';
        } else {
            Error = ERROR_INVALID_PARAMETER;
        }
    }
    StoreDone(Store);
    return Error;
}

static DWORD Order(_In_ PXC_TRANSPORT Transport, _In_ enum xs_type Type,
                   _In_reads_(Count) const XC_PART *Parts, _In_ ULONG Count)
{
    DWORD Error = ERROR_INVALID_PARAMETER;

    if (CheckPrintable(Parts[0].Bytes)) {
        Error = StoreAsk(&Transport->Store, Type, Parts, Count);
        StoreDone(&Transport->Store);
    }
    return Error;
}

DWORD TransportStoreWrite(PXC_TRANSPORT Transport, const CHAR *Path, const CHAR *Value)
{
    XC_PART Parts[2] = {PathPart(Path), {Value, strlen(Value)}};

    if (!CheckPrintable(Value))
        return ERROR_INVALID_PARAMETER;
    return Order(Transport, XS_TYPE_WRITE, Parts, 2);
}

DWORD TransportStoreRemove(PXC_TRANSPORT Transport, const CHAR *Path)
{
    XC_PART Part = PathPart(Path);

    return Order(Transport, XS_TYPE_RM, &Part, 1);
}

DWORD TransportStoreSetPermissions(PXC_TRANSPORT Transport, const CHAR *Path, ULONG Count,
                                   const XENIFACE_STORE_PERMISSION *Permissions)
{
    static const CHAR Letters[4] = {'n', 'r', 'w', 'b'}; /* by mask */
    CHAR List[XENIFACE_STORE_PERMISSIONS_MAX * 7];       /* a letter, a domain, NUL */
    XC_PART Parts[2] = {PathPart(Path), {List, 0}};
    ULONG Index;

    for (Index = 0; Index < Count; Index++)
        Parts[1].Size +=
            (SIZE_T)snprintf(List + Parts[1].Size, sizeof(List) - Parts[1].Size, "%c%u",
                             Letters[Permissions[Index].Mask], Permissions[Index].Domain) +
            1;
    return Order(Transport, XS_TYPE_SET_PERMS, Parts, 2);
}

DWORD TransportStoreAddWatch(PXC_TRANSPORT Transport, const CHAR *Path, HANDLE Event, PVOID *Watch)
{
    if (!CheckPrintable(Path))
        return ERROR_INVALID_PARAMETER;
    return StoreAddWatch(&Transport->Store, Path, Event, Watch);
}

DWORD TransportStoreRemoveWatch(PXC_TRANSPORT Transport, PVOID Watch)
{
    return StoreRemoveWatch(&Transport->Store, Watch);
}
