/* SPDX-License-Identifier: BSD-2-Clause */
/* xenbus's services, as this driver uses them: all of them or none. */
#ifndef XENVBD_SERVICES_H
#define XENVBD_SERVICES_H

#include <ntddk.h>
#include <xenbus/debug.h>
#include <xenbus/evtchn.h>
#include <xenbus/gnttab.h>
#include <xenbus/store.h>
#include <xenbus/suspend.h>
#include <xenbus/unplug.h>

typedef struct _VBD_SERVICES {
    XENBUS_DEBUG_INTERFACE_V1 Debug;
    XENBUS_EVTCHN_INTERFACE_V1 Evtchn;
    XENBUS_GNTTAB_INTERFACE_V1 Gnttab;
    XENBUS_STORE_INTERFACE_V1 Store;
    XENBUS_SUSPEND_INTERFACE_V1 Suspend;
    XENBUS_UNPLUG_INTERFACE_V2 Unplug;
    PXENBUS_GNTTAB_CLIENT GnttabClient; /* the account of all grants */
} VBD_SERVICES, *PVBD_SERVICES;

/* CALL(Services, Store, Execute, ...): a function of a service, with its context. */
#define CALL(Services, Service, Function, ...)                                                     \
    ((Services)->Service.Function((Services)->Service.Interface.Context, ##__VA_ARGS__))

/* Asks the device stack below. On failure nothing is held. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ServicesAcquire(_In_ PDEVICE_OBJECT Lower, _Out_ PVBD_SERVICES Services);
/* Nothing that the services gave is held any more. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID ServicesRelease(_Inout_ PVBD_SERVICES Services);

#endif
