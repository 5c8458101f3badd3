/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts that a started xenbus consists of, and the order in which they stand on each other:
 *
 *     memory, shared info, interrupts, suspend, debug     (memory.h, shared_info.h, ...)
 *       grant table      Gnttab*    gnttab.h
 *       event channels   Evtchn*    evtchn.h
 *       store            Store*     store.h
 *     children (enumerate.h)
 *
 * Each part is an object made by XxxCreate and ended by XxxDestroy. Create runs at PASSIVE_LEVEL
 * when the device enters D0 and may fail: the parts that stand are then destroyed in reverse order.
 * Destroy runs at PASSIVE_LEVEL, when no child driver is started any more; it leaves nothing behind
 * in Xen. A surprise removal is no different: Xen is still there.
 *
 * A part registers its own suspend callbacks and its own dump with Parts->Suspend and
 * Parts->Debug, and takes them back in its Destroy.
 *
 * Services: the Context of every interface, and so the first argument of every function in it, is
 * the PXENBUS_PARTS (one object, because NT hands the same Context to InterfaceReference). Parts is
 * kept alive by each interface that a child holds.
 */
#ifndef XENBUS_PARTS_H
#define XENBUS_PARTS_H

#include <ntddk.h>
#include <xenbus/debug.h>

typedef struct _XENBUS_MEMORY *PXENBUS_MEMORY;
typedef struct _XENBUS_SHARED_INFO *PXENBUS_SHARED_INFO;
typedef struct _XENBUS_INTERRUPTS *PXENBUS_INTERRUPTS;
typedef struct _XENBUS_SUSPEND *PXENBUS_SUSPEND;
typedef struct _XENBUS_DEBUG *PXENBUS_DEBUG;
typedef struct _XENBUS_GNTTAB *PXENBUS_GNTTAB;
typedef struct _XENBUS_EVTCHN *PXENBUS_EVTCHN;
typedef struct _XENBUS_STORE *PXENBUS_STORE;
typedef struct _XENBUS_UNPLUG *PXENBUS_UNPLUG;

typedef struct _XENBUS_PARTS {
    PDEVICE_OBJECT DeviceObject; /* xenbus's own: for work items */
    PXENBUS_MEMORY Memory;
    PXENBUS_SHARED_INFO SharedInfo;
    PXENBUS_INTERRUPTS Interrupts;
    PXENBUS_SUSPEND Suspend;
    PXENBUS_DEBUG Debug;
    PXENBUS_GNTTAB Gnttab;
    PXENBUS_EVTCHN Evtchn;
    PXENBUS_STORE Store;
    PXENBUS_UNPLUG Unplug; /* the driver's, not a part: decided before any device starts */
} XENBUS_PARTS, *PXENBUS_PARTS;

/* gnttab.c, evtchn.c, store.c. Parts: valid until Destroy returns; members above the own one in
 * the list are set when Create runs. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    GnttabCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_GNTTAB *Gnttab);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID GnttabDestroy(_In_ PXENBUS_GNTTAB Gnttab);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    EvtchnCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_EVTCHN *Evtchn);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID EvtchnDestroy(_In_ PXENBUS_EVTCHN Evtchn);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    StoreCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_STORE *Store);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID StoreDestroy(_In_ PXENBUS_STORE Store);

/* One service that child drivers can ask for; query.c goes through a table of these, checks version
 * and size, and fills the INTERFACE head. Sizes[n]: bytes of version n + 1's structure. */
typedef struct _XENBUS_SERVICE {
    const GUID *Guid;
    USHORT NewestVersion;
    const USHORT *Sizes;
    /* PASSIVE_LEVEL. Writes the functions of Version, behind the INTERFACE head. */
    VOID (*Fill)(_In_ USHORT Version, _Out_ PINTERFACE Interface);
} XENBUS_SERVICE, *PXENBUS_SERVICE;

extern const XENBUS_SERVICE GnttabService, EvtchnService, StoreService; /* xencore's files */
extern const XENBUS_SERVICE SuspendService, SharedInfoService, DebugService, UnplugService;

/* unplug.c. For DebugRegister; Argument: the PXENBUS_PARTS. */
VOID NTAPI UnplugDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink);

#endif
