/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of the NT tests on real Xen: the guest's RAM, its platform device with its interrupt,
 * its time, and the drivers as shipped. For files with the DDK's headers.
 */
#ifndef GUEST_NT_MACHINE_H
#define GUEST_NT_MACHINE_H

#include <ntddk.h>

#include "model/pnp.h"

/* For NT_TEST's set_up. */
void nt_machine_set_up(void);

/* The PCI platform device, not started. */
struct pnp_node *nt_machine_platform(void);

/* The drivers: one row each in nt_machine.c. Loads the file and installs it. */
void nt_machine_install(const char *name);

/* Pulls the platform device out. */
void nt_machine_pull(struct pnp_node *platform);

/* Until xenstored and the drivers have nothing more to say to each other: real time passes. */
void nt_machine_settle(void);

#endif
