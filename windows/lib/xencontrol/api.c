/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported functions of xencontrol.dll: arguments are checked here, the transport does the
 * work. A session remembers its grants and mappings, so that they can be ended by address and so
 * that closing ends all that are left. What was shared last ends first: a peer that is told through
 * a port gets that before anything else of the session goes.
 */
#include "transport.h"

typedef enum _XC_SHARE_KIND { XC_GRANT, XC_MAPPING } XC_SHARE_KIND;

typedef struct _XC_SHARE {
    struct _XC_SHARE *Next;
    XC_SHARE_KIND Kind;
    PVOID Address;
    PVOID Token; /* the transport's */
} XC_SHARE;

struct _XENCONTROL_CONTEXT {
    XC_LOG Log;
    PXC_TRANSPORT Transport;
    SRWLOCK ShareLock; /* Shares; not held while the transport works */
    XC_SHARE *Shares;  /* the newest first */
};

/* A failure's line in the log. */
static DWORD Report(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ const CHAR *Function, _In_ DWORD Error)
{
    /* A missing key is an answer, not a fault. */
    if (Error != ERROR_SUCCESS)
        LogWrite(&Xc->Log, Error == ERROR_FILE_NOT_FOUND ? XLL_DEBUG : XLL_ERROR, Function,
                 L"failed: error %lu", Error);
    return Error;
}
#define REPORT(Xc, Error) Report((Xc), __func__, (Error))

DWORD XcOpen(XENCONTROL_LOGGER *Logger, PXENCONTROL_CONTEXT *Xc)
{
    PXENCONTROL_CONTEXT Context;
    DWORD Error;

    if (Xc == NULL)
        return ERROR_INVALID_PARAMETER;
    Context = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*Context));
    if (Context == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Context->Log.Logger = Logger;
    Context->Log.Level = XLL_INFO;
    InitializeSRWLock(&Context->ShareLock);
    Error = TransportOpen(&Context->Log, &Context->Transport);
    if (Error != ERROR_SUCCESS) {
        REPORT(Context, Error);
        HeapFree(GetProcessHeap(), 0, Context);
        return Error;
    }
    *Xc = Context;
    return ERROR_SUCCESS;
}

void XcClose(PXENCONTROL_CONTEXT Xc)
{
    XC_SHARE *Share;

    if (Xc == NULL)
        return;
    while ((Share = Xc->Shares) != NULL) {
        Xc->Shares = Share->Next;
        TransportForceEndShare(Xc->Transport, Share->Token);
        HeapFree(GetProcessHeap(), 0, Share);
    }
    TransportClose(Xc->Transport);
    HeapFree(GetProcessHeap(), 0, Xc);
}

void XcRegisterLogger(PXENCONTROL_CONTEXT Xc, XENCONTROL_LOGGER *Logger)
{
    Xc->Log.Logger = Logger;
}

void XcSetLogLevel(PXENCONTROL_CONTEXT Xc, XENCONTROL_LOG_LEVEL LogLevel)
{
    Xc->Log.Level = (LONG)LogLevel;
}

/* --- Event channels */

DWORD XcEvtchnOpenUnbound(PXENCONTROL_CONTEXT Xc, USHORT RemoteDomain, HANDLE Event, BOOL Mask,
                          ULONG *LocalPort)
{
    if (Xc == NULL || LocalPort == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportBindUnbound(Xc->Transport, RemoteDomain, Event, Mask, LocalPort));
}

DWORD XcEvtchnBindInterdomain(PXENCONTROL_CONTEXT Xc, USHORT RemoteDomain, ULONG RemotePort,
                              HANDLE Event, BOOL Mask, ULONG *LocalPort)
{
    if (Xc == NULL || LocalPort == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportBindInterdomain(Xc->Transport, RemoteDomain, RemotePort, Event, Mask,
                                               LocalPort));
}

DWORD XcEvtchnClose(PXENCONTROL_CONTEXT Xc, ULONG LocalPort)
{
    if (Xc == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportClosePort(Xc->Transport, LocalPort));
}

DWORD XcEvtchnNotify(PXENCONTROL_CONTEXT Xc, ULONG LocalPort)
{
    if (Xc == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportNotify(Xc->Transport, LocalPort));
}

DWORD XcEvtchnUnmask(PXENCONTROL_CONTEXT Xc, ULONG LocalPort)
{
    if (Xc == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportUnmask(Xc->Transport, LocalPort));
}

DWORD XcEvtchnQueryPeer(PXENCONTROL_CONTEXT Xc, ULONG LocalPort)
{
    if (Xc == NULL)
        return ERROR_INVALID_PARAMETER;
    return TransportQueryPeer(Xc->Transport, LocalPort); /* an answer, no failure to report */
}

/* --- Grants and mappings */

static void ShareRemember(_In_ PXENCONTROL_CONTEXT Xc, _In_ XC_SHARE *Share)
{
    AcquireSRWLockExclusive(&Xc->ShareLock);
    Share->Next = Xc->Shares;
    Xc->Shares = Share;
    ReleaseSRWLockExclusive(&Xc->ShareLock);
}

/* Takes it off the list: of two threads that end one sharing, the second finds nothing. */
static XC_SHARE *ShareTake(_In_ PXENCONTROL_CONTEXT Xc, _In_ XC_SHARE_KIND Kind, _In_ PVOID Address)
{
    XC_SHARE **Link, *Share;

    AcquireSRWLockExclusive(&Xc->ShareLock);
    for (Link = &Xc->Shares; (Share = *Link) != NULL; Link = &Share->Next) {
        if (Share->Kind == Kind && Share->Address == Address) {
            *Link = Share->Next;
            break;
        }
    }
    ReleaseSRWLockExclusive(&Xc->ShareLock);
    return Share;
}

/* A sharing that the session could not remember could never be ended: so memory comes first. */
static DWORD ShareBegin(_In_ PXENCONTROL_CONTEXT Xc, _In_ XC_SHARE_KIND Kind,
                        _In_ const XC_SHARE_REQUEST *Request, _Outptr_ PVOID *Address,
                        _Out_opt_ ULONG *References)
{
    XC_SHARE *Share;
    DWORD Error;

    if (!CheckShareRequest(Request))
        return ERROR_INVALID_PARAMETER;
    Share = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*Share));
    if (Share == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Share->Kind = Kind;
    Error = Kind == XC_GRANT
                ? TransportGrant(Xc->Transport, Request, &Share->Address, References, &Share->Token)
                : TransportMap(Xc->Transport, Request, &Share->Address, &Share->Token);
    if (Error != ERROR_SUCCESS) {
        HeapFree(GetProcessHeap(), 0, Share);
        return Error;
    }
    *Address = Share->Address;
    ShareRemember(Xc, Share);
    return ERROR_SUCCESS;
}

static DWORD ShareEnd(_In_ PXENCONTROL_CONTEXT Xc, _In_ XC_SHARE_KIND Kind, _In_ PVOID Address)
{
    XC_SHARE *Share = ShareTake(Xc, Kind, Address);
    BOOL Ended = FALSE;
    DWORD Error;

    if (Share == NULL)
        return ERROR_NOT_FOUND;
    Error = TransportEndShare(Xc->Transport, Share->Token, &Ended);
    if (Error == ERROR_SUCCESS || Ended)
        HeapFree(GetProcessHeap(), 0, Share);
    else
        ShareRemember(Xc, Share);
    return Error;
}

DWORD XcGnttabPermitForeignAccess2(PXENCONTROL_CONTEXT Xc, USHORT RemoteDomain, PVOID Address,
                                   ULONG NumberPages, ULONG NotifyOffset, ULONG NotifyPort,
                                   XENIFACE_GNTTAB_PAGE_FLAGS Flags, PVOID *SharedAddress,
                                   ULONG *References)
{
    XC_SHARE_REQUEST Request = {.RemoteDomain = RemoteDomain,
                                .NumberPages = NumberPages,
                                .Flags = Flags,
                                .NotifyOffset = NotifyOffset,
                                .NotifyPort = NotifyPort,
                                .Address = Address};

    if (Xc == NULL || SharedAddress == NULL || References == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, ShareBegin(Xc, XC_GRANT, &Request, SharedAddress, References));
}

DWORD XcGnttabPermitForeignAccess(PXENCONTROL_CONTEXT Xc, USHORT RemoteDomain, ULONG NumberPages,
                                  ULONG NotifyOffset, ULONG NotifyPort,
                                  XENIFACE_GNTTAB_PAGE_FLAGS Flags, PVOID *Address,
                                  ULONG *References)
{
    return XcGnttabPermitForeignAccess2(Xc, RemoteDomain, NULL, NumberPages, NotifyOffset,
                                        NotifyPort, Flags, Address, References);
}

DWORD XcGnttabRevokeForeignAccess(PXENCONTROL_CONTEXT Xc, PVOID Address)
{
    if (Xc == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, ShareEnd(Xc, XC_GRANT, Address));
}

DWORD XcGnttabMapForeignPages(PXENCONTROL_CONTEXT Xc, USHORT RemoteDomain, ULONG NumberPages,
                              PULONG References, ULONG NotifyOffset, ULONG NotifyPort,
                              XENIFACE_GNTTAB_PAGE_FLAGS Flags, PVOID *Address)
{
    XC_SHARE_REQUEST Request = {.RemoteDomain = RemoteDomain,
                                .NumberPages = NumberPages,
                                .Flags = Flags,
                                .NotifyOffset = NotifyOffset,
                                .NotifyPort = NotifyPort,
                                .References = References};

    if (Xc == NULL || References == NULL || Address == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, ShareBegin(Xc, XC_MAPPING, &Request, Address, NULL));
}

DWORD XcGnttabUnmapForeignPages(PXENCONTROL_CONTEXT Xc, PVOID Address)
{
    if (Xc == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, ShareEnd(Xc, XC_MAPPING, Address));
}

/* --- XenStore */

DWORD XcStoreRead(PXENCONTROL_CONTEXT Xc, PSTR Path, DWORD cbValue, CHAR *Value)
{
    if (Xc == NULL || CheckPath(Path) == 0 || Value == NULL || cbValue == 0)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportStoreRead(Xc->Transport, Path, cbValue, Value));
}

DWORD XcStoreWrite(PXENCONTROL_CONTEXT Xc, PCHAR Path, PCHAR Value)
{
    if (Xc == NULL || CheckPath(Path) == 0 || !CheckValue(CheckPath(Path), Value))
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportStoreWrite(Xc->Transport, Path, Value));
}

DWORD XcStoreDirectory(PXENCONTROL_CONTEXT Xc, PCHAR Path, DWORD cbOutput, CHAR *Output)
{
    if (Xc == NULL || CheckPath(Path) == 0 || Output == NULL || cbOutput == 0)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportStoreDirectory(Xc->Transport, Path, cbOutput, Output));
}

DWORD XcStoreRemove(PXENCONTROL_CONTEXT Xc, PCHAR Path)
{
    if (Xc == NULL || CheckPath(Path) == 0)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportStoreRemove(Xc->Transport, Path));
}

DWORD XcStoreSetPermissions(PXENCONTROL_CONTEXT Xc, PCHAR Path, ULONG Count,
                            PXENIFACE_STORE_PERMISSION Permissions)
{
    if (Xc == NULL || CheckPath(Path) == 0 || !CheckPermissions(Count, Permissions))
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportStoreSetPermissions(Xc->Transport, Path, Count, Permissions));
}

DWORD XcStoreAddWatch(PXENCONTROL_CONTEXT Xc, PCHAR Path, HANDLE Event, PVOID *Handle)
{
    if (Xc == NULL || CheckPath(Path) == 0 || Handle == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportStoreAddWatch(Xc->Transport, Path, Event, Handle));
}

DWORD XcStoreRemoveWatch(PXENCONTROL_CONTEXT Xc, PVOID Handle)
{
    if (Xc == NULL)
        return ERROR_INVALID_PARAMETER;
    return REPORT(Xc, TransportStoreRemoveWatch(Xc->Transport, Handle));
}
