/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "pci.h"

static void choose(unsigned device, unsigned offset)
{
    out32(0xcf8, 0x80000000u | device << 11 | (offset & 0x7fc));
}

uint32_t pci_read32(unsigned device, unsigned offset)
{
    choose(device, offset);
    return in32(0xcfc);
}

uint16_t pci_read16(unsigned device, unsigned offset)
{
    choose(device, offset);
    return in16((uint16_t)(0xcfc + (offset & 2)));
}

uint8_t pci_read8(unsigned device, unsigned offset)
{
    choose(device, offset);
    return in8((uint16_t)(0xcfc + (offset & 3)));
}

void pci_write32(unsigned device, unsigned offset, uint32_t value)
{
    choose(device, offset);
    out32(0xcfc, value);
}

void pci_write16(unsigned device, unsigned offset, uint16_t value)
{
    choose(device, offset);
    out16((uint16_t)(0xcfc + (offset & 2)), value);
}

void pci_write8(unsigned device, unsigned offset, uint8_t value)
{
    choose(device, offset);
    out8((uint16_t)(0xcfc + (offset & 3)), value);
}

int pci_find(uint16_t vendor, uint16_t id)
{
    for (unsigned device = 0; device < PCI_DEVICES; device++)
        if (pci_read32(device, 0) == ((uint32_t)id << 16 | vendor))
            return (int)device;
    return -1;
}

unsigned pci_gsi(unsigned device)
{
    return (((device << 2) + (device >> 3)) & 31) + 16;
}
