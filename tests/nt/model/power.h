/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The power manager: the machine's sleep and wake-up, and what drivers ask for with
 * PoRequestPowerIrp. A system thread at PASSIVE_LEVEL calls these.
 */
#ifndef NT_MODEL_POWER_H
#define NT_MODEL_POWER_H

#include <ntddk.h>

struct pnp_node;

/* Asks every started device (children first), then sets the state. A refusal is taken back with
 * IRP_MN_SET_POWER of S0 and returned. PowerSystemSleeping1..3, Hibernate, Shutdown. */
NTSTATUS power_sleep(SYSTEM_POWER_STATE state);
/* Back to S0: parents first. */
void power_wake(void);
/* The state a device is in, as its stack last completed. */
DEVICE_POWER_STATE power_of(const struct pnp_node *node);

#endif
