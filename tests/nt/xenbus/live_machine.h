/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the whole xenbus.sys have in common: the machine, and dom0's side. */
#ifndef LIVE_MACHINE_H
#define LIVE_MACHINE_H

#include <ntddk.h>

struct pnp_node;

/* Installs xenbus and starts the platform device; settled. The device must start / may fail. */
struct pnp_node *live_start(void);
struct pnp_node *live_start_any(void);
void live_end(struct pnp_node *platform);
void live_uninstall(void);
void live_settle(void);

/* As xenstore-write and xenstore-rm in dom0; path below this machine's home. */
void live_dom0_write(const char *path, const char *value);
void live_dom0_remove(const char *path);

/* Services by way of the interface child. */
NTSTATUS live_query(const GUID *guid, USHORT size, PVOID out);
NTSTATUS live_read(const char *path, char *value, ULONG room);
NTSTATUS live_suspend(void);
ULONG live_number(const char *text);

/* Children that are listed now; waiting until there are so many. */
ULONG live_children(const char *hardware_id);
void live_wait_children(const char *hardware_id, ULONG count);

#endif
