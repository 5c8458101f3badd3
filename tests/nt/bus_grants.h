/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grants of a bench's bus (child_bus.h): what the driver of its child permits, revokes at once
 * or later, and what the other side has mapped; the part of XENBUS_GNTTAB_INTERFACE_V1 that is the
 * same for each such bus. One table a machine.
 */
#ifndef TESTS_NT_BUS_GRANTS_H
#define TESTS_NT_BUS_GRANTS_H

#include <ntddk.h>

#include <xenbus/gnttab.h>

enum { BUS_GRANTS = 8192, BUS_GRANT_FIRST = 8 };

typedef struct _BUS_GRANT {
    BOOLEAN Taken, ReadOnly;
    BOOLEAN Dead; /* of a machine that was restored elsewhere since */
    USHORT Domain;
    ULONG Mapped; /* so often */
    PFN_NUMBER Frame;
    XENBUS_GNTTAB_REVOKED *Revoked; /* deferred; NULL: not */
    PVOID Argument;
} BUS_GRANT;

/* The books of all of it: what the driver has now. */
extern struct _BUS_GRANT_BOOKS {
    LONG Grants, Deferred, Clients;
} BusGrants;

/* Before the bus starts. Context: what the driver has to hand in. */
VOID BusGrantsBegin(PVOID Context);

/* Up to DISPATCH_LEVEL. */
NTSTATUS BusGrantPermit(USHORT Domain, PFN_NUMBER Page, BOOLEAN ReadOnly, PULONG Reference);

/* The interface's, as they are. */
NTSTATUS NTAPI BusGrantCreateClient(PVOID Context, PCSTR Name, ULONG Reserved,
                                    PXENBUS_GNTTAB_CLIENT *Client);
VOID NTAPI BusGrantDestroyClient(PVOID Context, PXENBUS_GNTTAB_CLIENT Client);
NTSTATUS NTAPI BusGrantRevoke(PVOID Context, PXENBUS_GNTTAB_CLIENT Client, ULONG Reference);
NTSTATUS NTAPI BusGrantRevokeLater(PVOID Context, PXENBUS_GNTTAB_CLIENT Client, ULONG Reference,
                                   XENBUS_GNTTAB_REVOKED *Revoked, PVOID Argument);
VOID NTAPI BusGrantGetState(PVOID Context, PXENBUS_GNTTAB_CLIENT Client,
                            PXENBUS_GNTTAB_STATE State);

/* The other side's. NULL: there is no such grant, or it is dead. */
const BUS_GRANT *BusGrantFind(ULONG Reference);
BOOLEAN BusGrantMap(ULONG Reference);
/* All its mappings of it end: a deferred revocation is told, at DISPATCH_LEVEL. FALSE: there was
 * none. */
BOOLEAN BusGrantUnmap(ULONG Reference);
/* The machine was restored elsewhere: nobody maps anything, all grants are dead. */
VOID BusGrantsDie(VOID);

#endif
