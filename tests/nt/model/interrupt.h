/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of devices: vectors that the PnP manager assigns, interrupt objects that drivers
 * connect, and the model's way to raise them. A vector's IRQL is its upper four bits.
 */
#ifndef NT_MODEL_INTERRUPT_H
#define NT_MODEL_INTERRUPT_H

#include <ntddk.h>

struct interrupt_resource {
    ULONG vector;
    KIRQL irql;
    KAFFINITY affinity;
    BOOLEAN is_message; /* edge; else a line: level sensitive, shared */
    ULONG line;         /* GSI */
    PDEVICE_OBJECT pdo; /* assigned to */
};

/* A message's vector on the CPUs of affinity, or a line's on all. */
void interrupt_assign_message(PDEVICE_OBJECT pdo, KAFFINITY affinity,
                              struct interrupt_resource *out);
void interrupt_assign_line(PDEVICE_OBJECT pdo, ULONG line, struct interrupt_resource *out);
/* Breaks a rule when the device still has an interrupt connected. */
void interrupt_release(PDEVICE_OBJECT pdo);

/* An edge on one CPU. FALSE: nothing is connected there, it is lost. */
BOOLEAN interrupt_raise(ULONG cpu, ULONG vector);
/* The level of a line; while it stays high, its interrupt comes again. */
void interrupt_line(ULONG line, BOOLEAN high);
/* A device whose line's level follows its memory: it is asked after each interrupt. */
void interrupt_line_source(ULONG line, BOOLEAN (*level)(void));

#endif
