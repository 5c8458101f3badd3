/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the PnP manager's files share. Everything here runs under the device tree's lock
 * (pnp_worker.c takes it for the public calls of pnp.h).
 */
#ifndef NT_MODEL_PNP_PRIVATE_H
#define NT_MODEL_PNP_PRIVATE_H

#include "model/device.h"
#include "model/driver_call.h"
#include "model/host.h"
#include "model/pnp.h"
#include "model/rule.h"
#include "model/sched.h"

/* A test that asks for what NT never does is wrong itself. */
void pnp_demand(BOOLEAN condition, const char *what);

/* pnp.c */
/* The device tree's lock itself, for the power manager. */
void pnp_tree_lock(void);
void pnp_tree_unlock(void);
NTSTATUS pnp_start_locked(struct pnp_node *node);
NTSTATUS pnp_query_stop_locked(struct pnp_node *node);
void pnp_cancel_stop_locked(struct pnp_node *node);
void pnp_stop_locked(struct pnp_node *node);
NTSTATUS pnp_query_remove_locked(struct pnp_node *node);
void pnp_cancel_remove_locked(struct pnp_node *node);
void pnp_remove_locked(struct pnp_node *node);
void pnp_surprise_remove_locked(struct pnp_node *node);
void pnp_finish_surprise_removals(struct pnp_node *node);
NTSTATUS pnp_disable_locked(struct pnp_node *node);
void pnp_uninstall_locked(const char *name);
BOOLEAN pnp_has_id(const struct pnp_node *node, const char *id);

/* pnp_bus.c */
struct pnp_node *pnp_roots(void);
/* Asks the bus driver for its children; new ones are identified and started, missing ones go. */
NTSTATUS pnp_enumerate(struct pnp_node *node);
void pnp_query_capabilities(struct pnp_node *node);
void pnp_release_pdo(struct pnp_node *node);
void pnp_unlink(struct pnp_node *node);
void pnp_forget_children(struct pnp_node *node);
ULONG pnp_open_handles(const struct pnp_node *node);
void pnp_set_security(struct pnp_node *node, const char *sddl);

/* pnp_resources.c */
NTSTATUS pnp_assign_resources(struct pnp_node *node);
void pnp_free_resources(struct pnp_node *node);

#endif
