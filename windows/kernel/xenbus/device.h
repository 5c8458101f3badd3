/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's device objects: one function device on the platform's PCI device (fdo.c, power.c,
 * resources.c), and a physical device for each child (pdo.c), which enumerate.c makes and misses.
 */
#ifndef XENBUS_DEVICE_H
#define XENBUS_DEVICE_H

#include "bus.h"
#include "../common/gate.h"
#include <xenbus/store.h>

typedef enum _XENBUS_DEVICE_KIND { XenbusFunction, XenbusChild } XENBUS_DEVICE_KIND;

typedef enum _XENBUS_CHILD_CLASS {
    XenbusIface,
    XenbusVbd,
    XenbusVif,
    XenbusClasses
} XENBUS_CHILD_CLASS;

typedef struct _XENBUS_FDO *PXENBUS_FDO;

/* The extension of a child's device object. */
typedef struct _XENBUS_PDO {
    XENBUS_DEVICE_KIND Kind; /* first in both extensions */
    PDEVICE_OBJECT DeviceObject;
    PXENBUS_FDO Fdo; /* outlives its children */
    XENBUS_CHILD_CLASS Class;
    ULONG Number;
    LIST_ENTRY Link;     /* Fdo->Children; this and the flags: Fdo->ChildrenLock */
    BOOLEAN Present;     /* listed in xenstore */
    BOOLEAN Reported;    /* the PnP manager knows it */
    volatile LONG Usage; /* paging, hibernation and dump files on it */
    DEVICE_POWER_STATE PowerState;
} XENBUS_PDO, *PXENBUS_PDO;

/* What looks for children: enumerate.c's own. */
typedef struct _XENBUS_ENUMERATOR {
    PIO_WORKITEM Work;
    GATE Gate; /* open while the bus runs; the work item is inside while it is queued or runs */
    KSPIN_LOCK Lock; /* these */
    BOOLEAN Stopping, Queued, Again;
    BOOLEAN Untold; /* the PnP manager is to ask for relations again */
    ULONG RetryMs;  /* how long the last retry waited; 0: nothing failed */
    KTIMER Retry;
    KDPC RetryDpc;
    KMUTEX Scan; /* one scan at a time */
    BOOLEAN Scanned;
    XENBUS_STORE_INTERFACE_V1 Store;
    PXENBUS_STORE_WATCH Watch;
} XENBUS_ENUMERATOR, *PXENBUS_ENUMERATOR;

typedef enum _XENBUS_PNP_STATE {
    XenbusNotStarted,
    XenbusStarted,
    XenbusStopPending,
    XenbusStopped,
    XenbusRemovePending,
    XenbusSurpriseRemoved,
    XenbusRemoved,
} XENBUS_PNP_STATE;

/* The extension of the function device. */
typedef struct _XENBUS_FDO {
    XENBUS_DEVICE_KIND Kind;
    PDEVICE_OBJECT DeviceObject, Pdo, Lower;
    IO_REMOVE_LOCK RemoveLock;
    BOOLEAN Active; /* FALSE: another platform device of this machine drives Xen */
    XENBUS_PNP_STATE State, StateBefore; /* PnP requests come one at a time */
    KSPIN_LOCK BusLock;                  /* Bus */
    PXENBUS_BUS Bus;                     /* NULL: not started */
    KMUTEX ChildrenLock;
    LIST_ENTRY Children;
    volatile LONG Usage; /* of this device, and so of its children */
    XENBUS_ENUMERATOR Enumerator;
    /* power.c */
    PIO_WORKITEM PowerWork;
    PIRP PowerIrp; /* the D0 request that PowerWork completes */
    BOOLEAN Hibernated;
    DEVICE_POWER_STATE PowerState;
} XENBUS_FDO;

/* driver.c: what the driver object carries. */
typedef struct _XENBUS_DRIVER {
    PXENBUS_UNPLUG Unplug;       /* NULL: this machine is not on Xen */
    volatile LONG ActiveDevices; /* 0 or 1 */
    volatile LONG BusAlive;      /* 0 or 1, see BusCreate() */
} XENBUS_DRIVER, *PXENBUS_DRIVER;
PXENBUS_DRIVER DriverOf(_In_ PDEVICE_OBJECT DeviceObject);

/* --- fdo.c --- */
DRIVER_ADD_DEVICE FdoAdd;
NTSTATUS FdoPnp(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp);
/* <= DISPATCH_LEVEL. The running bus with a reference, or NULL. */
PXENBUS_BUS FdoAcquireBus(_In_ PXENBUS_FDO Fdo);
/* Sends the request down and waits; the caller completes it. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    FdoForwardAndWait(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp);
NTSTATUS FdoComplete(_Inout_ PIRP Irp, _In_ NTSTATUS Status);

/* --- power.c --- */
NTSTATUS FdoPower(_In_ PXENBUS_FDO Fdo, _Inout_ PIRP Irp);

/* --- resources.c: one message interrupt for each CPU, added to every alternative of Old. --- */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ResourcesAddVectors(_In_ PIO_RESOURCE_REQUIREMENTS_LIST Old,
                        _Out_ PIO_RESOURCE_REQUIREMENTS_LIST *New);

/* --- pdo.c --- */
/* The caller holds Fdo->ChildrenLock; the child is in its list. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    PdoCreate(_In_ PXENBUS_FDO Fdo, _In_ XENBUS_CHILD_CLASS Class, _In_ ULONG Number);
/* As above; not Reported any more. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID PdoDelete(_In_ PXENBUS_PDO Pdo);
NTSTATUS PdoPnp(_In_ PXENBUS_PDO Pdo, _Inout_ PIRP Irp);
NTSTATUS PdoPower(_In_ PXENBUS_PDO Pdo, _Inout_ PIRP Irp);

/* --- enumerate.c --- */
/* Once, when the device is made. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID EnumerateInit(_In_ PXENBUS_FDO Fdo);
/* Begins to watch for children; waits for nobody, and cannot fail: what does is tried again. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID EnumerateStart(_In_ PXENBUS_FDO Fdo);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID EnumerateStop(_In_ PXENBUS_FDO Fdo);
/* <= DISPATCH_LEVEL. Looks again, soon. */
VOID EnumerateAgain(_In_ PXENBUS_FDO Fdo);
/* Answers IRP_MN_QUERY_DEVICE_RELATIONS for BusRelations. Old may be NULL, and is the caller's. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    EnumerateRelations(_In_ PXENBUS_FDO Fdo, _In_opt_ PDEVICE_RELATIONS Old,
                       _Out_ PDEVICE_RELATIONS *New);

#endif
