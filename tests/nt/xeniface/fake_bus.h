/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bus for one xeniface device, in place of xenbus: it has the same services, keeps its books in
 * the open, and lets a test decide what the other side does: when a port fires, how long a peer
 * keeps a page mapped, what xenstored answers. What the driver forgot to give back shows at the end
 * (FakeBusRemove). The same driver on the real bus is in tests/nt/xeniface too (stack_*).
 *
 * One bus a machine. All calls at PASSIVE_LEVEL unless said.
 */
#ifndef TESTS_NT_XENIFACE_FAKE_BUS_H
#define TESTS_NT_XENIFACE_FAKE_BUS_H

#include <ntddk.h>

#include "bus_grants.h"

enum {
    FAKE_PORTS = 2048,
    FAKE_KEYS = 16,
    FAKE_TEXT = 4096,
    FAKE_LOG_LINES = 8,
};

typedef struct _FAKE_BUS {
    LONG InterfaceReferences;
    LONG Ports, Mappings, MappedPages, Watches; /* that the driver has now; grants: bus_grants.h */
    LONG SuspendCallbacks, Dumps;
    ULONG Sends;    /* event channels' */
    ULONG LastSend; /* the port */
    ULONG ResumeCount;
    NTSTATUS StoreFailure;  /* what every command gives, STATUS_SUCCESS: the real answer */
    NTSTATUS OpenFailure;   /* the same for event channels' Open */
    NTSTATUS PermitFailure; /* for Permit, once PermitsLeft are used up */
    ULONG PermitsLeft;
    NTSTATUS MapFailure;
    const GUID *Missing; /* a service that is not there */
    ULONG LogLines;
    CHAR Log[FAKE_LOG_LINES][256];
    ULONG DumpLines;
} FAKE_BUS;

extern FAKE_BUS Bus;

/* Makes the bus and its child, installs the driver for it and starts it. */
NTSTATUS FakeBusStart(VOID);
/* The child's device node (model/pnp.h). */
struct pnp_node *FakeBusNode(VOID);
/* Removes the child (unless it is gone already) and the bus, and checks that nothing is left. */
VOID FakeBusStop(VOID);

/* The port's callback runs here and now, at DISPATCH_LEVEL, if it is open and not masked (TRUE);
 * a masked one remembers. Up to DISPATCH_LEVEL, from any thread. */
BOOLEAN FakePortFire(ULONG Port);
BOOLEAN FakePortIsMasked(ULONG Port);
/* A peer takes or gives up the other end of an open port. */
VOID FakePortPeer(ULONG Port, BOOLEAN There);
/* The peer maps what was granted. FALSE: there is no such grant, or it is another domain's. */
BOOLEAN FakePeerMap(ULONG Reference, USHORT Domain);
/* The first byte of page Index of the last mapping, as the peer sees it. */
PUCHAR FakeForeignPage(ULONG Index);

/* XenStore as others see it. Value NULL: remove. Watches fire. */
VOID FakeStoreSet(PCSTR Path, PCSTR Value);
PCSTR FakeStoreGet(PCSTR Path);
ULONG FakeStorePermissions(PCSTR Path, ULONG Index, USHORT *Domain);
/* The machine was saved and restored: ports are dead, callbacks run. */
VOID FakeResume(VOID);
/* Runs the registered dump callbacks; lines go to Bus.DumpLines. */
VOID FakeDump(VOID);

#endif
