/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The started bus: all parts together, made and ended in their order, and counted, because child
 * drivers hold interfaces into it. The function device holds one reference from start to stop or
 * removal; each queried interface one more. The parts end with the last reference, so that a child
 * that is late touches nothing that was freed.
 */
#ifndef XENBUS_BUS_H
#define XENBUS_BUS_H

#include "parts.h"
#include <xenbus/suspend.h>

typedef struct _XENBUS_BUS {
    XENBUS_PARTS Parts; /* first: the Context of every interface is both */
    volatile LONG References;
    volatile LONG *Alive; /* 1 while any bus of this driver has not ended */
    PXENBUS_DEBUG_HANDLE Dumps[3];
    PXENBUS_SUSPEND_HANDLE UnplugAgain;
    struct _XENBUS_SUSPEND_REQUEST *SuspendRequest; /* NULL: xl save does not work */
} XENBUS_BUS, *PXENBUS_BUS;

/* Device: xenbus's own function device, referenced until the parts end. Pdo: the platform device.
 * Alive: the driver's, 0 when no bus is alive; there is one Xen, so a child that still holds the
 * services of an earlier bus makes this STATUS_DEVICE_BUSY. Raw, Translated: from
 * IRP_MN_START_DEVICE. The caller gets one reference. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    BusCreate(_In_ PDEVICE_OBJECT Device, _In_ PDEVICE_OBJECT Pdo, _In_ PXENBUS_UNPLUG Unplug,
              _Inout_ volatile LONG *Alive, _In_opt_ PCM_RESOURCE_LIST Raw,
              _In_opt_ PCM_RESOURCE_LIST Translated, _Out_ PXENBUS_BUS *Bus);

/* Any IRQL. */
VOID BusReference(_In_ PXENBUS_BUS Bus);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID BusDereference(_In_ PXENBUS_BUS Bus);
/* The device's own reference, when its resources go: events do not arrive any more, even if a late
 * child keeps the parts alive. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID BusRelease(_In_ PXENBUS_BUS Bus);

/* IRP_MN_QUERY_INTERFACE for a child. STATUS_NOT_SUPPORTED: not one of ours, or a version that is
 * not known. STATUS_BUFFER_TOO_SMALL: Size is less than that version's. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    BusQueryInterface(_In_ PXENBUS_BUS Bus, _In_ const GUID *Type, _In_ USHORT Size,
                      _In_ USHORT Version, _Out_ PINTERFACE Interface);

#endif
