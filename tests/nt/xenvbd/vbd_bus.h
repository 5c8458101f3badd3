/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bus for one xenvbd device, in place of xenbus, and dom0 behind it: a backend with a disk in
 * memory that follows the protocol, or does what a test tells it. The backend is a thread of its
 * own, so it runs when the seed lets it; its events come at DISPATCH_LEVEL on any CPU.
 *
 * What the driver forgot to give back shows at the end (VbdBusStop). One bus a machine; all calls
 * at PASSIVE_LEVEL unless said.
 */
#ifndef TESTS_NT_XENVBD_BUS_H
#define TESTS_NT_XENVBD_BUS_H

#include <ntddk.h>

#include <core/block/wire.h>

#include "bus_grants.h"

enum { VBD_BUS_SECTORS = 8192, VBD_BUS_NUMBER = 51712, VBD_BUS_FRONT_STATES = 32 };

typedef struct _VBD_BUS {
    /* To be set by a test. */
    BOOLEAN NoUnplug;    /* the emulated disks are still there */
    BOOLEAN Mute;        /* the backend answers no request */
    BOOLEAN Stubborn;    /* nor follows states */
    BOOLEAN KeepsMapped; /* nor lets go of pages */
    BOOLEAN NoOffer;     /* the backend is not there */
    BOOLEAN ReadOnly, Cdrom, NoFlush, FlushLies;
    PCSTR SectorSize; /* NULL: 512 */
    LONG FailNext;    /* so many requests are answered with an error */
    ULONG QueuesMax, RingOrderMax;
    const GUID *Missing;
    NTSTATUS StoreFailure;
    ULONG PermitsLeft; /* then there are no grants; 0: no limit */
    /* A request seen first: TRUE: *Status is its answer. NULL: none. */
    BOOLEAN (*Hook)(const union blk_wire_request *Request, struct blk_wire_response *Answer);
    /* To be looked at. */
    LONG References, Channels, Watches, Callbacks, Dumps; /* grants: bus_grants.h */
    ULONG Requests, Reads, Writes, Flushes, Discards, Connects;
    ULONG Announced; /* AnnounceDisk calls */
    ULONG DumpSends; /* by hypercall */
    CHAR LastLog[256];
    PUCHAR Disk; /* VBD_BUS_SECTORS of 512 bytes */
    ULONG Sectors;
} VBD_BUS;
extern VBD_BUS VbdBus;

/* Makes the bus and its child, installs the driver for it and starts it. */
NTSTATUS VbdBusStart(VOID);
struct pnp_node *VbdBusNode(VOID);
struct storport_adapter *VbdBusAdapter(VOID);
/* Removes the child (unless it is gone already), the driver and the bus, and checks that nothing is
 * left. */
VOID VbdBusStop(VOID);
/* The child is pulled out. */
VOID VbdBusSurprise(VOID);

/* dom0 writes into its own folder; "state" makes the driver look. Value NULL: remove. */
VOID VbdBackendSet(PCSTR Node, PCSTR Value);
PCSTR VbdBackendGet(PCSTR Node);
PCSTR VbdFrontGet(PCSTR Node);
/* The machine was restored elsewhere: channels and grants are dead, the backend begins anew. */
VOID VbdBusResume(VOID);
/* The backend looks at its rings now, in the caller's context, at any IRQL: of a dump. */
VOID VbdBackendPoll(VOID);
/* Responses that nobody asked for: as they are, into the first ring. The driver is told. */
VOID VbdBackendLie(const struct blk_wire_response *Response, ULONG Produced);
/* The backend goes on after Mute. */
VOID VbdBackendWake(VOID);
VOID VbdBusDump(VOID);

#endif
