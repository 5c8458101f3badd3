/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that were granted: they stay allocated until the last grant of them is revoked, which a
 * peer that keeps them mapped can put off beyond the end of the sharing, of the handle and of the
 * process. Nobody waits for it, and no page is reused before it.
 *
 * Fresh pages come from NT page by page (MmAllocatePagesForMdlEx), not from pool: a program may
 * have started a transfer into them, and NT then keeps each page until that has ended as well.
 * Pages of a process are locked twice: by the process's address, which the process must lose when
 * it ends, and by the system's address, which keeps them for the peer.
 */
#ifndef XENIFACE_PEER_PAGES_H
#define XENIFACE_PEER_PAGES_H

#include <ntddk.h>

typedef struct _PEER_PAGES {
    volatile LONG Holders; /* the sharing, and each grant that is still to be revoked */
    PDEVICE_OBJECT Device; /* referenced: the driver stays loaded for the last revoke */
    PIO_WORKITEM FreeWork; /* pages are freed at PASSIVE_LEVEL */
    BOOLEAN Fresh;         /* allocated; else locked */
    PMDL Mdl;              /* the pages */
    PUCHAR SystemAddress;  /* NULL: not mapped in the system */
} PEER_PAGES, *PPEER_PAGES;

/* Zeroed pages; SystemAddress if wanted. Each Create gives one hold. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    PeerPagesCreate(_In_ PDEVICE_OBJECT Device, _In_ ULONG Bytes, _In_ BOOLEAN MapInSystem,
                    _Outptr_ PPEER_PAGES *Pages);
/* The pages of Locked, which its owner may unlock before the last release of these. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    PeerPagesCreateLocked(_In_ PDEVICE_OBJECT Device, _Inout_ PMDL Locked,
                          _In_ LOCK_OPERATION Operation, _Outptr_ PPEER_PAGES *Pages);
VOID PeerPagesHold(_Inout_ PPEER_PAGES Pages);
/* The last one frees the pages. */
_IRQL_requires_max_(DISPATCH_LEVEL) VOID PeerPagesRelease(_Inout_ PPEER_PAGES Pages);

#endif
