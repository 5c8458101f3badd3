/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the bare machine and the files that speak NT: what nt_machine.c and the NT tests may ask
 * of the guest, in plain C (the DDK's headers and the guest's do not go into one file).
 */
#ifndef GUEST_NT_WORLD_H
#define GUEST_NT_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- CPUs: one of them runs the model and the drivers at a time, the others sleep and note their
 * interrupts. */

/* Changes stacks (nt_switch.S): what the convention lets a function keep is on them. */
void nt_stack_switch(void **save, void *to);
/* A stack that nt_stack_switch() begins by calling entry, which does not return. end: its end. */
void *nt_stack_fresh(uint8_t *end, void (*entry)(void)); /* nt_host.c */
/* nt_stack_switch(), and that CPU goes on. Returns when somebody switches or moves back. */
void nt_world_move(uint32_t cpu, void **save, void *to);

/* --- RAM for the model, one piece, zeroed, at NT_WORLD_ALIAS and its physical address. */
#define NT_WORLD_ALIAS          0xffffa00000000000ull
#define NT_WORLD_PHYSICAL_BYTES (4ull << 30) /* that the alias shows */
void *nt_world_ram(size_t pages);

/* --- Interrupts: real ones are noted by CPU and vector, and taken by the model when it pumps. */

void nt_world_interrupts_start(void);
/* Takes what has come since. Between two calls the CPU that runs holds its interrupts back:
 * QEMU 7.2 ends with an assertion (tcg_handle_interrupt) when CR8, which shipped code writes, is
 * lowered while an interrupt waits for just that. */
void nt_world_take(void);
/* Sleeps until one comes; false: none within that time. */
bool nt_world_sleep(unsigned limit_ms);
/* The next that came, each once; false: none. */
bool nt_world_interrupt(uint32_t *cpu, uint32_t *vector);
/* Came one that was not taken yet? */
bool nt_world_any(void);
/* A line of the IO-APIC becomes this vector on CPU 0, level-triggered: from an interrupt on it is
 * masked until nt_world_line_arm(). */
void nt_world_line_route(uint32_t gsi, uint32_t vector);
void nt_world_line_arm(uint32_t gsi);
uint32_t nt_world_cpus(void);
uint64_t nt_world_now_ns(void);
/* Requests lie in XenStore's ring that xenstored has not fetched yet, or has not answered. */
bool nt_world_store_waits(void);
/* After a restore of the machine: finds the console again. */
void nt_world_resumed(void);

/* --- The platform device, as the machine's firmware set it up. */
struct nt_world_platform {
    uint16_t subsystem_vendor, subsystem;
    uint8_t revision, class_base, class_sub, class_interface, slot;
    uint32_t port, port_bytes;
    uint64_t memory, memory_bytes;
    uint32_t gsi;
};
bool nt_world_platform(struct nt_world_platform *out);

/* --- Drivers. */

/* Loads /NAME of the guest's archive; returns its DriverEntry. Ends the run with a sentence when it
 * cannot be. */
void *nt_world_load(const char *name);
/* What a driver may import: nt_exports.c, made from the model's symbols. */
struct nt_export {
    const char *name;
    void *address;
    bool is_code;
};
extern const struct nt_export nt_exports[]; /* the last has no name */

/* The case that the command line names. */
const char *nt_world_case(void);
/* Prints "1 passed, 0 failed" or the like, and powers off. */
void nt_world_end(bool passed) __attribute__((noreturn));
void nt_world_print(const char *text, size_t bytes);

#endif
