/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of xenbus's devices have in common: a machine with the platform device. */
#ifndef MACHINE_OF_XENBUS_H
#define MACHINE_OF_XENBUS_H

#include <ntddk.h>

#include "model/pnp.h"

extern const struct pnp_driver Xenbus;

/* Installs xenbus and starts the platform device; settled. The device must start / may fail. */
struct pnp_node *xenbus_start(void);
struct pnp_node *xenbus_start_any(void);
/* A further boot of a machine that was ended. */
void xenbus_start_again(struct pnp_node *platform);
/* START alone; at: the time when it was completed, before children are asked for. */
void xenbus_start_times(struct pnp_node *platform, PLARGE_INTEGER at);
/* Until scans, and what the PnP manager does about them, have ended. */
void xenbus_settle(void);
/* Ends the machine: every device goes, the drivers are unloaded, Xen has all frames back. */
void xenbus_end(struct pnp_node *platform);
void xenbus_end_by_surprise(struct pnp_node *platform);

enum { XenbusVbdList, XenbusVifList };
void fake_list(int which, const char *bytes, ULONG length);

/* Children of the platform that are not removed. */
ULONG xenbus_children(const char *hardware_id);
/* Until there are so many; virtual time passes. */
void xenbus_wait_children(const char *hardware_id, ULONG count);
struct pnp_node *xenbus_child(const char *hardware_id, const WCHAR *instance);

#endif
