/* SPDX-License-Identifier: BSD-2-Clause */
/* The emulated IDE disk: see ide.h. */
#include "ide.h"

#include "apic.h"
#include "clock.h"
#include "cpu.h"
#include "memory.h"
#include "pci.h"
#include "smp.h"
#include "trap.h"

enum {
    INTEL = 0x8086,
    PIIX3_IDE = 0x7010,
    PCI_COMMAND = 0x04,
    PCI_COMMAND_IO_AND_MASTER = 0x05,
    PCI_BAR4 = 0x20,
    GSI = 14,
    VECTOR = 0xe2,
    COMMAND_BLOCK = 0x1f0,
    SECTOR_COUNT = 2,
    LBA_LOW = 3, /* then middle, high */
    DEVICE = 6,
    COMMAND = 7, /* read: status, which takes the interrupt back */
    DEVICE_LBA = 0xe0,
    READ_DMA_EXT = 0x25,
    WRITE_DMA_EXT = 0x35,
    STATUS_ERROR = 0x01,
    BUS_COMMAND = 0,
    BUS_COMMAND_START = 1,
    BUS_COMMAND_TO_MEMORY = 8,
    BUS_STATUS = 2,
    BUS_STATUS_ERROR = 2,
    BUS_STATUS_INTERRUPT = 4,
    BUS_TABLE = 4,
    CHUNK_BYTES = PAGE_BYTES, /* a row of the table does not cross 64 KiB */
    SECTOR_BYTES = 512,
};

struct row {
    uint32_t address;
    uint16_t length;
    uint16_t flags; /* 0x8000: the last */
};

static struct row *table;
static uint16_t bus;
static volatile uint32_t interrupts;

static void on_interrupt(struct trap_frame *frame, void *context)
{
    interrupts++;
    apic_eoi();
}

/* The controller is the second function of the chip that is the ISA bridge; -1: there is none. */
static int find_controller(void)
{
    for (unsigned device = 0; device < PCI_DEVICES; device++)
        if (pci_read32(device, PCI_FUNCTION) == ((uint32_t)PIIX3_IDE << 16 | INTEL))
            return (int)device;
    return -1;
}

bool ide_start(void)
{
    int device = find_controller();
    if (device < 0)
        return false;
    pci_write16((unsigned)device, PCI_FUNCTION + PCI_COMMAND, PCI_COMMAND_IO_AND_MASTER);
    bus = (uint16_t)(pci_read32((unsigned)device, PCI_FUNCTION + PCI_BAR4) & 0xfff0);
    table = page_new(1);
    trap_handle(VECTOR, on_interrupt, NULL);
    ioapic_route_isa(GSI, VECTOR, smp_cpu(0)->apic_id);
    return bus != 0;
}

static void fill_table(uint8_t *bytes, uint32_t length)
{
    uint32_t at = 0, i = 0;
    for (; at < length; i++) {
        uint32_t address = (uint32_t)(uintptr_t)bytes + at;
        uint32_t count = CHUNK_BYTES - address % CHUNK_BYTES;
        if (count > length - at)
            count = length - at;
        table[i] = (struct row){.address = address, .length = (uint16_t)count};
        at += count;
    }
    table[i - 1].flags = 0x8000;
}

/* 48-bit addressing: the high bytes first. */
static void give_address(uint64_t sector, uint32_t sectors)
{
    out8(COMMAND_BLOCK + DEVICE, DEVICE_LBA);
    out8(COMMAND_BLOCK + SECTOR_COUNT, (uint8_t)(sectors >> 8));
    for (int i = 0; i < 3; i++)
        out8((uint16_t)(COMMAND_BLOCK + LBA_LOW + i), (uint8_t)(sector >> (24 + 8 * i)));
    out8(COMMAND_BLOCK + SECTOR_COUNT, (uint8_t)sectors);
    for (int i = 0; i < 3; i++)
        out8((uint16_t)(COMMAND_BLOCK + LBA_LOW + i), (uint8_t)(sector >> (8 * i)));
}

static bool came(void *context)
{
    return interrupts != *(uint32_t *)context;
}

bool ide_move(bool write, uint64_t sector, void *bytes, uint32_t length)
{
    uint32_t before = interrupts;
    uint8_t direction = write ? 0 : BUS_COMMAND_TO_MEMORY;
    fill_table(bytes, length);
    out32((uint16_t)(bus + BUS_TABLE), (uint32_t)(uintptr_t)table);
    out8(bus + BUS_COMMAND, direction);
    out8((uint16_t)(bus + BUS_STATUS), BUS_STATUS_ERROR | BUS_STATUS_INTERRUPT);
    give_address(sector, length / SECTOR_BYTES);
    out8(COMMAND_BLOCK + COMMAND, write ? WRITE_DMA_EXT : READ_DMA_EXT);
    out8(bus + BUS_COMMAND, direction | BUS_COMMAND_START);
    bool done = wait_for(came, &before, WAIT_MS);
    uint8_t status = in8((uint16_t)(bus + BUS_STATUS));
    out8(bus + BUS_COMMAND, 0);
    return done && !(in8(COMMAND_BLOCK + COMMAND) & STATUS_ERROR) && !(status & BUS_STATUS_ERROR);
}
