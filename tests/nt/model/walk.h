/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk through a device's states, chosen by the seed: every step is a transition that NT's PnP or
 * power manager may make there.
 */
#ifndef NT_MODEL_WALK_H
#define NT_MODEL_WALK_H

struct pnp_node;

/* steps of: start, query/cancel/stop, query/cancel remove, disable, rescan, sleep and wake.
 * Afterwards the device is in any of the states in which it may be uninstalled. A start that fails
 * is tried again only after a fault was injected. */
void walk(struct pnp_node *node, unsigned steps);

#endif
