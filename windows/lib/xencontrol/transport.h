/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam under the exported functions: how a session reaches Xen. One implementation is linked
 * in: device.c (the xeniface driver; ships) or simxen/transport.c (the simulated Xen of the tests,
 * a separate DLL of the same name).
 *
 * api.c has checked the arguments (check.h; no NULL but where it is allowed) and remembers what is
 * shared. Results are Win32 error codes, out parameters are written on success only; any thread,
 * several at once. The transport keeps its own references to events.
 */
#ifndef XENCONTROL_TRANSPORT_H
#define XENCONTROL_TRANSPORT_H

#include "log.h" /* with it the base types that check.h needs */
#include "check.h"

typedef struct _XC_TRANSPORT *PXC_TRANSPORT;

/* Log outlives the transport. ERROR_NOT_SUPPORTED: what it needs is not there. */
DWORD TransportOpen(_In_ const XC_LOG *Log, _Outptr_ PXC_TRANSPORT *Transport);
/* Every sharing has ended before; ports and watches that are left end here. */
void TransportClose(_In_ PXC_TRANSPORT Transport);

DWORD TransportBindUnbound(_In_ PXC_TRANSPORT Transport, _In_ USHORT RemoteDomain,
                           _In_ HANDLE Event, _In_ BOOL Mask, _Out_ ULONG *LocalPort);
DWORD TransportBindInterdomain(_In_ PXC_TRANSPORT Transport, _In_ USHORT RemoteDomain,
                               _In_ ULONG RemotePort, _In_ HANDLE Event, _In_ BOOL Mask,
                               _Out_ ULONG *LocalPort);
DWORD TransportClosePort(_In_ PXC_TRANSPORT Transport, _In_ ULONG LocalPort);
DWORD TransportNotify(_In_ PXC_TRANSPORT Transport, _In_ ULONG LocalPort);
DWORD TransportUnmask(_In_ PXC_TRANSPORT Transport, _In_ ULONG LocalPort);
DWORD TransportQueryPeer(_In_ PXC_TRANSPORT Transport, _In_ ULONG LocalPort);

/* Share names the sharing for the two functions that end it. */
DWORD TransportGrant(_In_ PXC_TRANSPORT Transport, _In_ const XC_SHARE_REQUEST *Request,
                     _Outptr_ PVOID *Address, _Out_writes_(Request->NumberPages) ULONG *References,
                     _Outptr_ PVOID *Share);
DWORD TransportMap(_In_ PXC_TRANSPORT Transport, _In_ const XC_SHARE_REQUEST *Request,
                   _Outptr_ PVOID *Address, _Outptr_ PVOID *Share);
/* After a failure the sharing goes on, unless *Ended says that it is over all the same. */
DWORD TransportEndShare(_In_ PXC_TRANSPORT Transport, _In_ PVOID Share, _Out_ BOOL *Ended);
/* For a session that closes: ends it by whatever means there are. */
void TransportForceEndShare(_In_ PXC_TRANSPORT Transport, _In_ PVOID Share);

DWORD TransportStoreRead(_In_ PXC_TRANSPORT Transport, _In_z_ const CHAR *Path, _In_ ULONG Size,
                         _Out_writes_z_(Size) CHAR *Value);
DWORD TransportStoreWrite(_In_ PXC_TRANSPORT Transport, _In_z_ const CHAR *Path,
                          _In_z_ const CHAR *Value);
DWORD TransportStoreDirectory(_In_ PXC_TRANSPORT Transport, _In_z_ const CHAR *Path,
                              _In_ ULONG Size, _Out_writes_(Size) CHAR *Output);
DWORD TransportStoreRemove(_In_ PXC_TRANSPORT Transport, _In_z_ const CHAR *Path);
DWORD TransportStoreSetPermissions(_In_ PXC_TRANSPORT Transport, _In_z_ const CHAR *Path,
                                   _In_ ULONG Count,
                                   _In_reads_(Count) const XENIFACE_STORE_PERMISSION *Permissions);
DWORD TransportStoreAddWatch(_In_ PXC_TRANSPORT Transport, _In_z_ const CHAR *Path,
                             _In_ HANDLE Event, _Outptr_ PVOID *Watch);
DWORD TransportStoreRemoveWatch(_In_ PXC_TRANSPORT Transport, _In_ PVOID Watch);

#endif
