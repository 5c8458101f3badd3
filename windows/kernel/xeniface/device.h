/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device: one function device object on each "iface" child of xenbus, and what it holds while
 * it is started.
 *
 * Locks, outer to inner: HandlesLock (a resource; who opens, closes, starts and stops), a handle's
 * Mutex, a handle's SharingsLock (spin lock). IOCTLs run inside Gate; stopping closes the gate,
 * then drains every handle, then gives the services back. So whoever is inside the gate, or finds
 * something in a handle's lists, may call the services.
 */
#ifndef XENIFACE_DEVICE_H
#define XENIFACE_DEVICE_H

#include <ntddk.h>

#include "access.h"
#include "../common/gate.h"
#include "services.h"
#include "shutdown.h"

typedef enum _XENIFACE_STATE {
    XenifaceStopped, /* added, or stopped for a rebalance */
    XenifaceStarted,
    XenifaceRemovePending,
    XenifaceRemoved, /* by surprise or not */
} XENIFACE_STATE;

typedef struct _XENIFACE_DEVICE {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    IO_REMOVE_LOCK RemoveLock; /* held by every IRP that is passed down */
    UNICODE_STRING Interface;  /* the device interface's symbolic link */
    OPENER_RULE OpenerRule;
    VALIDATE_ACCESS *ValidateAccess; /* NULL: this NT has none */

    volatile XENIFACE_STATE State; /* changed under HandlesLock, by PnP only */
    GATE Gate;                     /* open while started */
    XENIFACE_SERVICES Services;    /* valid while started */
    PXENBUS_SUSPEND_HANDLE Suspend;
    PXENBUS_DEBUG_HANDLE Dump;
    SHUTDOWN_WATCH Shutdown;

    ERESOURCE HandlesResource;
    LIST_ENTRY Handles; /* XENIFACE_HANDLE */
    ULONG HandleCount;
} XENIFACE_DEVICE, *PXENIFACE_DEVICE;

/* Completes an IRP that was not passed down; returns Status. */
NTSTATUS CompleteIrp(_Inout_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information);

DRIVER_ADD_DEVICE XenifaceAddDevice;
DRIVER_DISPATCH XenifacePnp, XenifacePower, XenifaceSystemControl;
DRIVER_DISPATCH XenifaceCreate, XenifaceCleanup, XenifaceClose, XenifaceDeviceControl;

#endif
