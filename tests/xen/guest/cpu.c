/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CPU's own tables: flat 64-bit segments, a task segment whose one use is a second stack for
 * double faults (a stack that overflowed still gives a readable dump), and gs.
 */
#include "cpu.h"
#include "memory.h"
#include "trap.h"

enum { STACK_PAGES = 8, MSR_GS_BASE = 0xc0000101 };

struct table_pointer {
    uint16_t limit;
    uint64_t address;
} __attribute__((packed));

static void put_address(uint32_t *tss, unsigned offset_bytes, const void *address)
{
    uint64_t value = (uintptr_t)address;

    tss[offset_bytes / 4] = (uint32_t)value;
    tss[offset_bytes / 4 + 1] = (uint32_t)(value >> 32);
}

void cpu_setup(struct cpu *cpu, uint32_t index)
{
    uint64_t tss = (uintptr_t)cpu->tss, limit = sizeof cpu->tss - 1;
    struct table_pointer pointer = {sizeof cpu->gdt - 1, (uintptr_t)cpu->gdt};

    cpu->self = cpu;
    cpu->index = index;
    if (!cpu->stack)
        cpu->stack = stack_new(STACK_PAGES);
    if (!cpu->fault_stack)
        cpu->fault_stack = stack_new(2);
    put_address(cpu->tss, 0x24, cpu->fault_stack); /* IST 1 */
    cpu->tss[25] = (uint32_t)sizeof cpu->tss << 16;
    cpu->gdt[0] = 0;
    cpu->gdt[1] = 0x00af9b000000ffff;
    cpu->gdt[2] = 0x00cf93000000ffff;
    cpu->gdt[3] = limit | (tss & 0xffffff) << 16 | 0x89ull << 40 | (tss >> 24 & 0xff) << 56;
    cpu->gdt[4] = tss >> 32;
    __asm__ volatile("lgdt %0" : : "m"(pointer));
    __asm__ volatile("push %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:"
                     :
                     : "i"(CPU_CODE)
                     : "rax", "memory");
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%ss" : : "r"(CPU_DATA));
    __asm__ volatile("mov %0, %%fs; mov %0, %%gs" : : "r"(0));
    __asm__ volatile("ltr %w0" : : "r"(CPU_TSS));
    wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
    trap_load();
}
