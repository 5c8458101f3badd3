/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine on simxen with all of xenbus.sys started, and its services as a child driver gets them:
 * by IRP_MN_QUERY_INTERFACE to the interface child. On the other side are Debian's xenstored and
 * dom0's programs.
 */
#ifndef XENBUS_SERVICES_H
#define XENBUS_SERVICES_H

#include <ntddk.h>

#include <xenbus/debug.h>
#include <xenbus/evtchn.h>
#include <xenbus/gnttab.h>
#include <xenbus/store.h>
#include <xenbus/suspend.h>

extern XENBUS_EVTCHN_INTERFACE_V1 Evtchn;
extern XENBUS_GNTTAB_INTERFACE_V1 Gnttab;
extern XENBUS_STORE_INTERFACE_V1 Store;
extern XENBUS_SUSPEND_INTERFACE_V1 Suspend;
extern XENBUS_DEBUG_INTERFACE_V1 Debug;

/* Starts the machine, or the device again; afterwards the interfaces are held. */
void services_begin(void);
/* Gives them back, stops and unloads xenbus. */
void services_end(void);

#define SERVICES .set_up = xen_machine_set_up, .tear_down = xen_machine_tear_down

#endif
