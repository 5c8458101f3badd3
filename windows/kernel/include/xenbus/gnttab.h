/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants for other drivers: letting another domain use pages of this one, and mapping pages of
 * another domain.
 *
 * A page that has been granted is its owner's again only when the grant is revoked. That can fail
 * for as long as the peer has the page mapped; nothing can force it. So Revoke says which it is,
 * and RevokeLater takes the matter over: it tries until it succeeds and tells the owner then. The
 * page must stay allocated, untouched by anybody else, until that moment.
 */
#ifndef XENBUS_GNTTAB_H
#define XENBUS_GNTTAB_H

#include <xenbus/interface.h>

/* {A1F1D3DE-5B0C-4D3A-9a86-9f4f6a6c0e02} */
DEFINE_GUID(GUID_XENBUS_GNTTAB, 0xa1f1d3de, 0x5b0c, 0x4d3a, 0x9a, 0x86, 0x9f, 0x4f, 0x6a, 0x6c,
            0x0e, 0x02);

typedef struct _XENBUS_GNTTAB_CLIENT XENBUS_GNTTAB_CLIENT, *PXENBUS_GNTTAB_CLIENT;
typedef struct _XENBUS_GNTTAB_MAPPING XENBUS_GNTTAB_MAPPING, *PXENBUS_GNTTAB_MAPPING;

/* A deferred grant's end: its page is the owner's again. DISPATCH_LEVEL. */
typedef VOID NTAPI XENBUS_GNTTAB_REVOKED(_In_opt_ PVOID Argument);

typedef struct _XENBUS_GNTTAB_STATE {
    ULONG Frames, FramesMaximum;
    ULONG Free, Deferred; /* references */
    ULONG ClientCached, ClientTaken;
} XENBUS_GNTTAB_STATE, *PXENBUS_GNTTAB_STATE;

typedef struct _XENBUS_GNTTAB_INTERFACE_V1 {
    INTERFACE Interface;

    /* PASSIVE_LEVEL. A client is one user's account: its own short list of references, so that
     * clients do not wait for each other. Reserved references are put aside for it: as long as it
     * has no more than those, Permit does not fail. Name is for the dump. */
    NTSTATUS(NTAPI *CreateClient)
    (_In_ PVOID Context, _In_ PCSTR Name, _In_ ULONG Reserved, _Out_ PXENBUS_GNTTAB_CLIENT *Client);

    /* PASSIVE_LEVEL. Every reference has been revoked or handed to RevokeLater (those end without
     * the client: their Revoked still comes). */
    VOID(NTAPI *DestroyClient)(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client);

    /* <= DISPATCH_LEVEL. Lets Domain use the page. STATUS_INSUFFICIENT_RESOURCES: Xen gives this
     * domain no more references, or (above PASSIVE_LEVEL) the table has to grow first, which is
     * begun; try again later. STATUS_INVALID_PARAMETER: the frame number does not fit an entry. */
    NTSTATUS(NTAPI *Permit)
    (_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client, _In_ USHORT Domain,
     _In_ PFN_NUMBER Page, _In_ BOOLEAN ReadOnly, _Out_ PULONG Reference);

    /* <= DISPATCH_LEVEL. STATUS_SUCCESS: the peer has no access, and the reference is gone.
     * STATUS_DEVICE_BUSY: the peer has the page mapped; the grant stands as it did: call
     * RevokeLater, or Revoke again. STATUS_INVALID_PARAMETER: not a reference of the client's. */
    NTSTATUS(NTAPI *Revoke)
    (_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client, _In_ ULONG Reference);

    /* <= DISPATCH_LEVEL. The reference is revoked as soon as the peer lets go. STATUS_SUCCESS: at
     * once; Revoked is not called. STATUS_PENDING: Revoked(Argument) is called when it happens,
     * maybe never; it may be called before this function returns. Argument must stay valid. */
    NTSTATUS(NTAPI *RevokeLater)
    (_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client, _In_ ULONG Reference,
     _In_ XENBUS_GNTTAB_REVOKED *Revoked, _In_opt_ PVOID Argument);

    /* PASSIVE_LEVEL. Maps Count pages of Domain, side by side. All or nothing. STATUS_ACCESS_DENIED
     * (wrong reference, wrong domain, revoked), STATUS_INSUFFICIENT_RESOURCES (no room in the
     * memory hole), STATUS_INVALID_PARAMETER (Count is 0 or too many). */
    NTSTATUS(NTAPI *Map)
    (_In_ PVOID Context, _In_ USHORT Domain, _In_ ULONG Count, _In_ const ULONG *References,
     _In_ BOOLEAN ReadOnly, _Out_ PXENBUS_GNTTAB_MAPPING *Mapping);

    /* <= DISPATCH_LEVEL. Where a mapping is: System is the kernel address of the first page, the
     * others follow; Mdl describes the pages, for mapping them into a process. Both are the
     * mapping's. */
    VOID(NTAPI *GetMapping)
    (_In_ PVOID Context, _In_ PXENBUS_GNTTAB_MAPPING Mapping, _Out_ PVOID *System, _Out_ PMDL *Mdl);

    /* PASSIVE_LEVEL. Every other mapping of the pages (into a process, say) must be gone. */
    VOID(NTAPI *Unmap)(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_MAPPING Mapping);

    /* <= DISPATCH_LEVEL. */
    VOID(NTAPI *GetState)
    (_In_ PVOID Context, _In_opt_ PXENBUS_GNTTAB_CLIENT Client, _Out_ PXENBUS_GNTTAB_STATE State);
} XENBUS_GNTTAB_INTERFACE_V1, *PXENBUS_GNTTAB_INTERFACE_V1;

#define XENBUS_GNTTAB_VERSION 1

#endif
