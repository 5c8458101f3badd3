/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model's PCI bus driver: devices with configuration space and resources, whose PDOs behave as
 * a right bus driver's do. The Xen platform device is one of them.
 */
#ifndef NT_MODEL_PCI_H
#define NT_MODEL_PCI_H

#include <ntddk.h>

struct pnp_node;

struct pci_device_config {
    USHORT vendor, device, subsystem_vendor, subsystem;
    UCHAR revision, class_base, class_sub, class_interface;
    UCHAR slot;                   /* device number on bus 0 */
    ULONG port, port_bytes;       /* BAR 0; 0: none */
    ULONG64 memory, memory_bytes; /* BAR 1; 0: none */
    ULONG line;                   /* GSI; 0: none */
    ULONG messages;               /* MSI */
};

/* 5853:0001 as Xen's device model shows it: ports 0xc000, 16 MiB of memory at 0xf2000000 (outside
 * of RAM: the place for foreign pages), INTx on GSI 28. */
extern const struct pci_device_config pci_xen_platform;

/* Adds the device; its node is new, pnp_start() starts it. */
struct pnp_node *pci_add(const struct pci_device_config *config);
/* Pulls it out: the next thing its driver hears is IRP_MN_SURPRISE_REMOVAL. */
void pci_unplug(struct pnp_node *node);
/* Is the device started (its resources decode)? */
BOOLEAN pci_is_started(const struct pnp_node *node);
/* Is [address, +bytes) in a started device's memory BAR? */
BOOLEAN pci_decodes(ULONG64 address, ULONG64 bytes);

#endif
