/* SPDX-License-Identifier: BSD-2-Clause */
#include "apic.h"
#include "cpu.h"
#include "memory.h"
#include "xen.h"

/* Intel's 82489DX and 82093AA as Xen emulates them. */
#define LAPIC  ((volatile uint32_t *)0xfee00000ul)
#define IOAPIC ((volatile uint32_t *)0xfec00000ul)
enum {
    LAPIC_ID = 0x20 / 4,
    LAPIC_TASK_PRIORITY = 0x80 / 4,
    LAPIC_EOI = 0xb0 / 4,
    LAPIC_SPURIOUS = 0xf0 / 4,
    LAPIC_COMMAND_LOW = 0x300 / 4,
    LAPIC_COMMAND_HIGH = 0x310 / 4,
    LAPIC_TIMER = 0x320 / 4,
    LAPIC_TIMER_COUNT = 0x380 / 4,
    LAPIC_TIMER_DIVIDE = 0x3e0 / 4,
    LAPIC_ENABLE = 0x100,
    LAPIC_DIVIDE_BY_16 = 3,
    LAPIC_BUS_NS = 10, /* Xen's: one tick of the undivided timer */

    IOAPIC_SELECT = 0,
    IOAPIC_WINDOW = 4,
    IOAPIC_ROWS = 0x10,
    IOAPIC_MASKED = 1 << 16,
    IOAPIC_LEVEL_LOW = 1 << 15 | 1 << 13,
};

void pic_silence(void)
{
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

void apic_listen(void)
{
    LAPIC[LAPIC_SPURIOUS] = LAPIC_ENABLE | VECTOR_SPURIOUS;
    LAPIC[LAPIC_TIMER] = VECTOR_TIMER; /* one shot; masked while the APIC was off */
}

void apic_hold(void)
{
    LAPIC[LAPIC_SPURIOUS] = VECTOR_SPURIOUS;
}

void apic_setup(void)
{
    LAPIC[LAPIC_TASK_PRIORITY] = 0;
    LAPIC[LAPIC_TIMER_DIVIDE] = LAPIC_DIVIDE_BY_16;
    apic_listen();
}

uint32_t apic_id(void)
{
    return LAPIC[LAPIC_ID] >> 24;
}

void apic_eoi(void)
{
    LAPIC[LAPIC_EOI] = 0;
}

void apic_send(uint32_t id, uint8_t vector)
{
    bool on = interrupts_off();

    LAPIC[LAPIC_COMMAND_HIGH] = id << 24;
    LAPIC[LAPIC_COMMAND_LOW] = vector;
    interrupts_restore(on);
}

void apic_timer(uint64_t after_ns)
{
    uint64_t count = after_ns / (LAPIC_BUS_NS * 16) + 1;

    LAPIC[LAPIC_TIMER_COUNT] = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

void apic_timer_stop(void)
{
    LAPIC[LAPIC_TIMER_COUNT] = 0;
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
    IOAPIC[IOAPIC_SELECT] = reg;
    IOAPIC[IOAPIC_WINDOW] = value;
}

bool ioapic_present(void)
{
    IOAPIC[IOAPIC_SELECT] = 1;
    return IOAPIC[IOAPIC_WINDOW] != UINT32_MAX;
}

void ioapic_route(unsigned gsi, uint8_t vector, uint32_t id)
{
    ioapic_write(IOAPIC_ROWS + 2 * gsi + 1, id << 24);
    ioapic_write(IOAPIC_ROWS + 2 * gsi, vector | IOAPIC_LEVEL_LOW);
}

void ioapic_route_isa(unsigned gsi, uint8_t vector, uint32_t id)
{
    ioapic_write(IOAPIC_ROWS + 2 * gsi + 1, id << 24);
    ioapic_write(IOAPIC_ROWS + 2 * gsi, vector);
}

void ioapic_mask(unsigned gsi)
{
    ioapic_write(IOAPIC_ROWS + 2 * gsi, IOAPIC_MASKED);
}
