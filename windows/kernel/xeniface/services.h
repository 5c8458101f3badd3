/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xenbus's services, as this driver uses them: all of them or none.
 */
#ifndef XENIFACE_SERVICES_H
#define XENIFACE_SERVICES_H

#include <ntddk.h>
#include <xenbus/debug.h>
#include <xenbus/evtchn.h>
#include <xenbus/gnttab.h>
#include <xenbus/shared_info.h>
#include <xenbus/store.h>
#include <xenbus/suspend.h>

typedef struct _XENIFACE_SERVICES {
    XENBUS_EVTCHN_INTERFACE_V1 Evtchn;
    XENBUS_GNTTAB_INTERFACE_V1 Gnttab;
    XENBUS_STORE_INTERFACE_V1 Store;
    XENBUS_SUSPEND_INTERFACE_V1 Suspend;
    XENBUS_SHARED_INFO_INTERFACE_V1 SharedInfo;
    XENBUS_DEBUG_INTERFACE_V1 Debug;
    PXENBUS_GNTTAB_CLIENT GnttabClient; /* the account of all grants */
} XENIFACE_SERVICES, *PXENIFACE_SERVICES;

/* Call(Services, Store, Execute, ...): a function of a service, with its context. */
#define CALL(Services, Service, Function, ...)                                                     \
    ((Services)->Service.Function((Services)->Service.Interface.Context, ##__VA_ARGS__))

/* Asks the device stack below. On failure nothing is held. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ServicesAcquire(_In_ PDEVICE_OBJECT Lower, _Out_ PXENIFACE_SERVICES Services);
/* Nothing that the services gave is held any more. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID ServicesRelease(_Inout_ PXENIFACE_SERVICES Services);

#endif
