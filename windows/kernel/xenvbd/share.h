/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of this driver's own that the backend may use: rings, and the pool that data is copied
 * through. It is granted, revoked, and freed as a whole. A backend that keeps a page mapped keeps
 * the whole piece of memory: then it is given up here, and freed when the last page is let go.
 */
#ifndef XENVBD_SHARE_H
#define XENVBD_SHARE_H

#include "services.h"

typedef struct _VBD_SHARE {
    PUCHAR Bytes; /* Pages side by side, nonpaged */
    ULONG Pages;
    ULONG Granted; /* the first references that are valid */
    volatile LONG
        Holders; /* after ShareRevoke(): grants that are still to be revoked, and itself */
    PDEVICE_OBJECT Device; /* referenced: the driver stays loaded for the last revoke */
    ULONG References[1];   /* Pages of them */
} VBD_SHARE, *PVBD_SHARE;

/* Zeroed, not granted. NULL: no memory. Device: our function device. */
_IRQL_requires_max_(PASSIVE_LEVEL) PVBD_SHARE
    ShareCreate(_In_ PDEVICE_OBJECT Device, _In_ ULONG Pages);
/* Lets the domain read and write all of it, or nothing. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ShareGrant(_Inout_ PVBD_SHARE Share, _In_ PVBD_SERVICES Services, _In_ USHORT Domain);
/* Takes every grant back. TRUE: the memory is ours alone again. FALSE: the peer holds a part;
 * Share is not ours any more. */
_IRQL_requires_max_(PASSIVE_LEVEL) BOOLEAN
    ShareRevoke(_Inout_ PVBD_SHARE Share, _In_ PVBD_SERVICES Services);
/* Not granted. NULL: nothing. */
_IRQL_requires_max_(DISPATCH_LEVEL) VOID ShareFree(_In_opt_ PVBD_SHARE Share);

#endif
