/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CPU: instructions that C has no word for, and what each CPU has of its own (stacks, segment
 * tables), found through gs.
 */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CPU_MAX = 8 };

/* Called with the System V convention whatever the image is built with: nt.elf has Windows'. */
#define FROM_ASSEMBLY __attribute__((sysv_abi))

enum { /* selectors */
       CPU_CODE = 0x08,
       CPU_DATA = 0x10,
       CPU_TSS = 0x18,
};

/* gs points at this. The first part has NT's own offsets: drivers read them without a call. */
struct cpu {
    uint8_t nt_before_self[0x18];
    struct cpu *self; /* 0x18: KPCR.Self */
    uint8_t nt_before_thread[0x188 - 0x20];
    void *nt_thread; /* 0x188: KPRCB.CurrentThread, for the NT host */
    void *nt_calls;  /* 0x190: where calls of a driver are noted (nt_calls.S) */
    uint8_t nt_rest[0x200 - 0x198];

    uint32_t index; /* the vCPU's number in Xen */
    uint32_t apic_id;
    volatile bool online;
    volatile uint32_t shootdown_seen; /* memory.c */
    volatile uint64_t interrupts;     /* taken; for waits */
    uint64_t gdt[5];
    uint32_t tss[26];
    uint8_t *stack, *fault_stack; /* their ends */
};
_Static_assert(offsetof(struct cpu, self) == 0x18, "KPCR.Self");
_Static_assert(offsetof(struct cpu, nt_thread) == 0x188, "KPCR.Prcb.CurrentThread");
_Static_assert(offsetof(struct cpu, nt_calls) == 0x190, "nt_calls.S");

/* Gives this CPU its tables and gs; interrupts stay off. cpu is zeroed memory. */
void cpu_setup(struct cpu *cpu, uint32_t index);

static inline struct cpu *cpu_current(void)
{
    struct cpu *cpu;
    __asm__ volatile("mov %%gs:0x18, %0" : "=r"(cpu));
    return cpu;
}

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint16_t in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static inline void write_cr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t read_cr8(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr8, %0" : "=r"(value));
    return value;
}

static inline void write_cr8(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr8" : : "r"(value) : "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

/* True: interrupts were on. */
static inline bool interrupts_off(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; pop %0; cli" : "=r"(flags) : : "memory");
    return flags & 0x200;
}

static inline void interrupts_restore(bool on)
{
    if (on)
        __asm__ volatile("sti" : : : "memory");
}

/* Sleeps until an interrupt; called and returns with interrupts off. sti holds interrupts back
 * for one instruction, so none is lost between a caller's check and the hlt. */
static inline void cpu_sleep(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

struct lock {
    volatile uint32_t taken;
};

/* Interrupts stay off while a lock is held. */
static inline bool lock_acquire(struct lock *lock)
{
    bool on = interrupts_off();

    while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE))
        cpu_relax();
    return on;
}

static inline void lock_release(struct lock *lock, bool on)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
    interrupts_restore(on);
}

#endif
