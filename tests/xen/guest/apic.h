/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt controllers: the CPU's local APIC (memory-mapped at its usual place), the IO-APIC that
 * an HVM guest has, and the old PIC, which is silenced.
 */
#ifndef GUEST_APIC_H
#define GUEST_APIC_H

#include <stdbool.h>
#include <stdint.h>

enum { /* vectors that the machine itself uses */
       VECTOR_SHOOTDOWN = 0xf0,
       VECTOR_TIMER = 0xf1,
       VECTOR_WAKE = 0xf2,
       VECTOR_CALLBACK = 0xf3, /* HVM_PARAM_CALLBACK_IRQ by vector: no EOI */
       VECTOR_SPURIOUS = 0xff,
};

void pic_silence(void);

void apic_setup(void); /* each CPU */
/* Until apic_listen() this CPU takes none of its interrupts; they wait, and are not seen to. Call
 * both with interrupts on, and with CR8 0. */
void apic_hold(void);
void apic_listen(void);
uint32_t apic_id(void);
void apic_eoi(void);
void apic_send(uint32_t apic_id, uint8_t vector);
/* One interrupt on VECTOR_TIMER on this CPU after so long; replaces the one before. */
void apic_timer(uint64_t after_ns);
void apic_timer_stop(void);

bool ioapic_present(void);
/* A PCI line: level-triggered, active low, to this CPU. */
void ioapic_route(unsigned gsi, uint8_t vector, uint32_t apic_id);
/* An old line (14: the first IDE channel): edge-triggered, active high. */
void ioapic_route_isa(unsigned gsi, uint8_t vector, uint32_t apic_id);
void ioapic_mask(unsigned gsi);

#endif
