/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting CPUs by VCPUOP_initialise (xen/include/public/hvm/hvm_vcpu.h): straight into 64-bit mode
 * with our page tables, no trampoline below 1 MiB. */
#include "apic.h"
#include "cpu.h"
#include "memory.h"
#include "print.h"
#include "smp.h"
#include <string.h>
#include "trap.h"
#include "xen.h"

struct vcpu_context { /* struct vcpu_hvm_context */
    uint32_t mode, pad;
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, rip, rflags, cr0, cr3, cr4, efer;
    uint8_t rest_of_the_union[24];
};
enum { VCPU_MODE_64 = 1, MSR_EFER = 0xc0000080 };

struct work {
    void (*volatile function)(void *context);
    void *context;
};

static struct cpu cpus[CPU_MAX];
static struct work works[CPU_MAX];
static uint32_t cpu_count;
static volatile bool parked;
static volatile uint32_t parked_count;

static void shootdown_interrupt(struct trap_frame *frame, void *context)
{
    (void)frame;
    (void)context;
    memory_shootdown_answer();
    apic_eoi();
}

static void only_wakes(struct trap_frame *frame, void *context)
{
    (void)frame;
    (void)context;
    apic_eoi();
}

static void spurious(struct trap_frame *frame, void *context)
{
    (void)frame;
    (void)context;
}

void smp_init(void)
{
    cpu_setup(&cpus[0], 0);
    cpus[0].online = true;
    cpu_count = 1;
    trap_handle(VECTOR_SHOOTDOWN, shootdown_interrupt, NULL);
    trap_handle(VECTOR_WAKE, only_wakes, NULL);
    trap_handle(VECTOR_TIMER, only_wakes, NULL);
    trap_handle(VECTOR_SPURIOUS, spurious, NULL);
    apic_setup();
    cpus[0].apic_id = apic_id();
}

static void park(void)
{
    __atomic_add_fetch(&parked_count, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&parked, __ATOMIC_ACQUIRE))
        cpu_relax();
    __atomic_sub_fetch(&parked_count, 1, __ATOMIC_SEQ_CST);
}

static void FROM_ASSEMBLY other_cpu(struct cpu *cpu)
{
    struct work *work = &works[cpu - cpus];

    cpu_setup(cpu, (uint32_t)(cpu - cpus));
    apic_setup();
    cpu->apic_id = apic_id();
    memory_shootdown_answer();
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    for (;;) {
        while (!work->function && !parked)
            cpu_sleep();
        if (work->function) {
            work->function(work->context);
            __atomic_store_n(&work->function, NULL, __ATOMIC_RELEASE);
        }
        if (parked)
            park();
    }
}

static bool start(uint32_t index)
{
    struct cpu *cpu = &cpus[index];
    struct vcpu_context context = {
        .mode = VCPU_MODE_64,
        .rdi = (uintptr_t)cpu,
        .rip = (uintptr_t)other_cpu,
        .rflags = 2,
        .cr0 = 0x80010033,
        .cr3 = read_cr3(),
        .cr4 = 0x620,
        .efer = rdmsr(MSR_EFER),
    };

    cpu->stack = cpu->stack ? cpu->stack : stack_new(8);
    context.rsp = (uintptr_t)cpu->stack - 8;
    if (hypercall3(XEN_HYPERCALL_VCPU_OP, XEN_VCPUOP_INITIALISE, index, (uintptr_t)&context) ||
        hypercall3(XEN_HYPERCALL_VCPU_OP, XEN_VCPUOP_UP, index, 0))
        return false;
    while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
        hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
    return true;
}

uint32_t smp_start(void)
{
    while (cpu_count < CPU_MAX && start(cpu_count))
        cpu_count++;
    return cpu_count;
}

uint32_t smp_count(void)
{
    return cpu_count;
}

struct cpu *smp_cpu(uint32_t index)
{
    return &cpus[index];
}

void smp_begin(uint32_t index, void (*function)(void *context), void *context)
{
    works[index].context = context;
    __atomic_store_n(&works[index].function, function, __ATOMIC_RELEASE);
    apic_send(cpus[index].apic_id, VECTOR_WAKE);
}

bool smp_finished(uint32_t index)
{
    return !__atomic_load_n(&works[index].function, __ATOMIC_ACQUIRE);
}

void smp_run(uint32_t index, void (*function)(void *context), void *context)
{
    smp_begin(index, function, context);
    while (!smp_finished(index))
        hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
}

void smp_park(void)
{
    parked = true;
    for (uint32_t i = 1; i < cpu_count; i++)
        apic_send(cpus[i].apic_id, VECTOR_WAKE);
    while (__atomic_load_n(&parked_count, __ATOMIC_ACQUIRE) != cpu_count - 1)
        hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
}

void smp_unpark(void)
{
    __atomic_store_n(&parked, false, __ATOMIC_RELEASE);
    while (__atomic_load_n(&parked_count, __ATOMIC_ACQUIRE))
        hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
}

void smp_shootdown(uint32_t wanted)
{
    struct cpu *own = cpu_current();

    for (uint32_t i = 0; i < cpu_count; i++)
        if (&cpus[i] != own && cpus[i].online)
            apic_send(cpus[i].apic_id, VECTOR_SHOOTDOWN);
    for (uint32_t i = 0; i < cpu_count; i++)
        while (&cpus[i] != own && cpus[i].online &&
               (int32_t)(__atomic_load_n(&cpus[i].shootdown_seen, __ATOMIC_ACQUIRE) - wanted) < 0)
            hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
}
