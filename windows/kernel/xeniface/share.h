/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sharings: what an IRP pends for. A grant of pages or a mapping of foreign pages begins with a
 * request that stays pending, and ends when the request ends: by revoke or unmap, by cancellation
 * (also by the end of the thread that asked), by the close of the handle, by the device's stop.
 * However it ends, it ends once, in this order: the byte and the port of its notification, the
 * pages, the IRP.
 *
 * A sharing is in its handle's list from SharingReserve() on, so that names are unique and limits
 * hold while it begins; its IRP is in the handle's cancel-safe queue from SharingPend() on. Whoever
 * takes the IRP out of the queue owns the sharing and ends it.
 */
#ifndef XENIFACE_SHARE_H
#define XENIFACE_SHARE_H

#include "handle.h"
#include "ioctl.h"
#include "peer_pages.h"

typedef enum _SHARING_KIND { SharingGrant, SharingMap } SHARING_KIND;

/* How a caller names a sharing: by number (version 1) or by address (version 2). */
typedef struct _SHARING_KEY {
    SHARING_KIND Kind;
    PEPROCESS Process; /* whose number, whose address */
    BOOLEAN ByNumber;
    ULONG RequestId;
    PVOID Address; /* NULL: not known yet */
} SHARING_KEY, *PSHARING_KEY;

/* What was asked for, in either version. */
typedef struct _SHARING_REQUEST {
    SHARING_KEY Key;
    USHORT RemoteDomain;
    ULONG NumberPages;
    ULONG Flags; /* XENIFACE_GNTTAB_PAGE_FLAGS */
    ULONG NotifyOffset;
    ULONG NotifyPort;
} SHARING_REQUEST, *PSHARING_REQUEST;

typedef struct _XENIFACE_SHARING {
    LIST_ENTRY Link; /* Handle->Sharings */
    PXENIFACE_HANDLE Handle;
    SHARING_REQUEST Request; /* Key.Process is referenced */
    PIRP Irp;                /* in the queue, or NULL */
    PIO_WORKITEM EndWork;    /* ends a cancelled one */

    PUCHAR SystemAddress; /* of the first page, where a byte is to be set at the end */
    PMDL Mdl;             /* the pages as the process has them */
    PVOID Mapped;         /* where the driver mapped Mdl in the process, or NULL */
    union {
        struct {
            PPEER_PAGES Pages;
            PULONG References;
            ULONG Granted;            /* so many References stand */
            BOOLEAN OwnPages, Locked; /* of the process: then Mdl is the sharing's, and locked */
        } Grant;
        PXENBUS_GNTTAB_MAPPING Mapping;
    };
} XENIFACE_SHARING, *PXENIFACE_SHARING;

IOCTL_HANDLER IoctlGnttabPermit, IoctlGnttabRevoke, IoctlGnttabMap, IoctlGnttabUnmap;

NTSTATUS SharingsInitialize(_Inout_ PXENIFACE_HANDLE Handle);
/* Ends every sharing, and waits for those that others are ending. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID SharingsDrain(_Inout_ PXENIFACE_HANDLE Handle);

/* Checks what both kinds have in common. */
NTSTATUS SharingCheck(_In_ const SHARING_REQUEST *Request);
/* STATUS_INVALID_PARAMETER: the name is in use. STATUS_QUOTA_EXCEEDED, STATUS_FILE_CLOSED. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SharingReserve(_Inout_ PXENIFACE_HANDLE Handle, _In_ const SHARING_REQUEST *Request,
                   _Outptr_ PXENIFACE_SHARING *Sharing);
/* Begun at Address, its output written: Irp pends from now on. Returns STATUS_PENDING; the sharing
 * may have ended already. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SharingPend(_Inout_ PXENIFACE_SHARING Sharing, _In_ PVOID Address, _Inout_ PIRP Irp);
/* It did not come about: ends it without notification. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID SharingAbandon(_Inout_ PXENIFACE_SHARING Sharing);
/* Ends the pending sharing of that name. STATUS_NOT_FOUND. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SharingEndByName(_Inout_ PXENIFACE_HANDLE Handle, _In_ const SHARING_KEY *Key);

/* grant.c, map.c: frees what the kind's beginning made, as far as it came. In the process. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID GrantFree(_Inout_ PXENIFACE_SHARING Sharing);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID MapFree(_Inout_ PXENIFACE_SHARING Sharing);

#endif
