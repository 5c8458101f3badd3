/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI configuration space of bus 0 by ports 0xcf8 and 0xcfc. A PVH guest has none. */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stdint.h>

enum { PCI_DEVICES = 32, PCI_XEN_VENDOR = 0x5853, PCI_XEN_PLATFORM = 0x0001 };

enum { PCI_FUNCTION = 0x100 }; /* added to an offset: the device's next function */

/* offset is a multiple of the width. What is not there reads as all ones. */
uint32_t pci_read32(unsigned device, unsigned offset);
uint16_t pci_read16(unsigned device, unsigned offset);
uint8_t pci_read8(unsigned device, unsigned offset);
void pci_write32(unsigned device, unsigned offset, uint32_t value);
void pci_write16(unsigned device, unsigned offset, uint16_t value);
void pci_write8(unsigned device, unsigned offset, uint8_t value);

/* The device's number, or -1. */
int pci_find(uint16_t vendor, uint16_t device);
/* Where Xen wires a device's INTA# at the IO-APIC: hvm_pci_intx_gsi() of its HVM irq.h. */
unsigned pci_gsi(unsigned device);

#endif
