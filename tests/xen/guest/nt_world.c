/* SPDX-License-Identifier: BSD-2-Clause */
/* The bare machine as the NT host sees it: nt_world.h. */
#include <string.h>

#include "apic.h"
#include "clock.h"
#include "console.h"
#include "core/xen/xs_ring.h"
#include "cpu.h"
#include "main.h"
#include "memory.h"
#include "modules.h"
#include "nt_world.h"
#include "pci.h"
#include "pe.h"
#include "print.h"
#include "smp.h"
#include "trap.h"
#include "xen.h"

enum {
    VECTOR_FIRST = 0x30,
    VECTOR_LAST = 0xef, /* above: the machine's own (apic.h) */
    LINES = 48,
    PCI_BAR0 = 0x10,
    PCI_BAR1 = 0x14,
    PCI_SUBSYSTEM = 0x2c,
    PCI_COMMAND = 4,
};

/* For xenstored on a busy machine; one that suspends us never answers what it had. */
#define ANSWER_LIMIT_NS 2000000000ull

static const char *case_name = "";

/* --- Memory. */

void *nt_world_ram(size_t pages)
{
    return (uint8_t *)page_new(pages) + NT_WORLD_ALIAS;
}

/* --- Which CPU runs. */

enum { STACK_PAGES = 16 };

static volatile uint32_t running;      /* the CPU */
static void *stack_to_run;             /* when it changes: with what it goes on */
static volatile uint32_t runs_next;    /* set before a CPU goes to its own stack, to sleep */
static void *sleeping_stacks[CPU_MAX]; /* of CPUs that run: where their sleep goes on */

/* On the CPU's own stack, from its first moment on. */
static void take_turns(void *context)
{
    uint32_t cpu = cpu_current()->index, next;

    (void)context;
    for (;;) {
        interrupts_off();
        while (running != cpu)
            cpu_sleep();
        interrupts_restore(true);
        apic_hold();
        nt_stack_switch(&sleeping_stacks[cpu], stack_to_run);
        next = runs_next;
        running = next; /* nobody is on the stack that was left */
        apic_send(smp_cpu(next)->apic_id, VECTOR_WAKE);
    }
}

void nt_world_move(uint32_t cpu, void **save, void *to)
{
    write_cr8(0);
    apic_listen();
    runs_next = cpu;
    stack_to_run = to;
    nt_stack_switch(save, sleeping_stacks[cpu_current()->index]);
}

/* --- Interrupts. */

static volatile uint64_t arrived[CPU_MAX][4]; /* a bit each vector */
static uint8_t line_of_vector[256];           /* GSI, 0: a message */

static void on_interrupt(struct trap_frame *frame, void *context)
{
    uint32_t cpu = cpu_current()->index, vector = (uint32_t)frame->vector;

    if (line_of_vector[vector])
        ioapic_mask(line_of_vector[vector]);
    apic_eoi();
    __atomic_fetch_or(&arrived[cpu][vector / 64], 1ull << vector % 64, __ATOMIC_SEQ_CST);
    if (cpu != running) /* where the model may wait for it */
        apic_send(smp_cpu(running)->apic_id, VECTOR_WAKE);
}

void nt_world_interrupts_start(void)
{
    for (unsigned vector = VECTOR_FIRST; vector <= VECTOR_LAST; vector++)
        trap_handle(vector, on_interrupt, NULL);
}

void nt_world_take(void)
{
    uint64_t priority = read_cr8();

    write_cr8(0);
    apic_listen(); /* all that waited comes now */
    apic_hold();
    write_cr8(priority);
}

bool nt_world_sleep(unsigned limit_ms)
{
    uint64_t deadline = clock_ns() + limit_ms * 1000000ull, priority = read_cr8();
    bool any;

    write_cr8(0);
    apic_listen();
    interrupts_off();
    while (!(any = nt_world_any()) && clock_sleep_until(deadline))
        ;
    apic_timer_stop();
    interrupts_restore(true);
    apic_hold();
    write_cr8(priority);
    return any;
}

bool nt_world_interrupt(uint32_t *cpu, uint32_t *vector)
{
    for (*cpu = 0; *cpu < smp_count(); ++*cpu)
        for (unsigned word = 0; word < 4; word++) {
            uint64_t bits = arrived[*cpu][word];

            if (!bits)
                continue;
            *vector = word * 64 + (uint32_t)__builtin_ctzll(bits);
            __atomic_fetch_and(&arrived[*cpu][word], ~(bits & -bits), __ATOMIC_SEQ_CST);
            return true;
        }
    return false;
}

bool nt_world_any(void)
{
    for (uint32_t cpu = 0; cpu < smp_count(); cpu++)
        for (unsigned word = 0; word < 4; word++)
            if (arrived[cpu][word])
                return true;
    return false;
}

void nt_world_line_route(uint32_t gsi, uint32_t vector)
{
    line_of_vector[vector] = (uint8_t)gsi;
    ioapic_route(gsi, (uint8_t)vector, smp_cpu(0)->apic_id);
}

void nt_world_line_arm(uint32_t gsi)
{
    for (unsigned vector = VECTOR_FIRST; vector <= VECTOR_LAST; vector++)
        if (line_of_vector[vector] == gsi)
            ioapic_route(gsi, (uint8_t)vector, smp_cpu(0)->apic_id);
}

uint32_t nt_world_cpus(void)
{
    return smp_count();
}

uint64_t nt_world_now_ns(void)
{
    return clock_ns();
}

bool nt_world_store_waits(void)
{
    static const volatile struct xs_ring_page *ring; /* also after a restore: the same page */
    static uint32_t asked, answered;                 /* of the ring's streams */
    static uint64_t asked_ns;
    uint64_t frame;

    if (!ring && !hvm_param_get(XEN_HVM_PARAM_STORE_PFN, &frame))
        ring = (const void *)(NT_WORLD_ALIAS + (frame << PAGE_SHIFT));
    if (!ring)
        return false;
    if (ring->request_producer != asked) {
        asked = ring->request_producer;
        asked_ns = clock_ns();
    }
    if (ring->reply_producer != answered) {
        answered = ring->reply_producer;
        asked_ns = 0;
    }
    return ring->request_producer != ring->request_consumer ||
           (asked_ns && clock_ns() - asked_ns < ANSWER_LIMIT_NS);
}

void nt_world_resumed(void)
{
    console_connect();
}

/* --- The platform device. */

static uint32_t bar_bytes(unsigned slot, unsigned bar, uint32_t *at)
{
    uint32_t value = pci_read32(slot, bar), mask;

    pci_write32(slot, bar, 0xffffffff);
    mask = pci_read32(slot, bar);
    pci_write32(slot, bar, value);
    mask &= value & 1 ? 0xfffc : ~15u;
    *at = value & (value & 1 ? ~3u : ~15u);
    return value & 1 ? (uint16_t)(~mask + 1) : ~mask + 1;
}

bool nt_world_platform(struct nt_world_platform *out)
{
    int slot = pci_find(PCI_XEN_VENDOR, PCI_XEN_PLATFORM);
    uint32_t class, memory;

    if (slot < 0)
        return false;
    class = pci_read32((unsigned)slot, 8);
    *out = (struct nt_world_platform){
        .subsystem_vendor = pci_read16((unsigned)slot, PCI_SUBSYSTEM),
        .subsystem = pci_read16((unsigned)slot, PCI_SUBSYSTEM + 2),
        .revision = (uint8_t) class,
        .class_interface = (uint8_t)(class >> 8),
        .class_sub = (uint8_t)(class >> 16),
        .class_base = (uint8_t)(class >> 24),
        .slot = (uint8_t)slot,
        .gsi = pci_gsi((unsigned)slot),
    };
    out->port_bytes = bar_bytes((unsigned)slot, PCI_BAR0, &out->port);
    out->memory_bytes = bar_bytes((unsigned)slot, PCI_BAR1, &memory);
    out->memory = memory;
    pci_write16((unsigned)slot, PCI_COMMAND, 3); /* decode both */
    return true;
}

/* --- Drivers. */

/* A stub for each function that a driver imports: load r11 with the function, go to nt_call. */
enum { STUB_BYTES = 32, STUBS_MAX = 512 };

static uint8_t *stubs; /* written at one address, run at another */
static uint8_t *stubs_to_run;
static unsigned stub_count;

void nt_call(void);

static void *make_stub(void *function)
{
    const uint8_t code[] = {0x49, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, /* mov r11, function */
                            0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, /* mov rax, nt_call */
                            0xff, 0xe0};                        /* jmp rax */
    void (*common)(void) = nt_call;
    uint8_t *at;

    if (!stubs) {
        stubs = page_new(STUBS_MAX * STUB_BYTES / PAGE_BYTES);
        stubs_to_run = window_new(STUBS_MAX * STUB_BYTES / PAGE_BYTES);
        memory_map(stubs_to_run, (uintptr_t)stubs, STUBS_MAX * STUB_BYTES, PAGE_RX);
    }
    if (stub_count == STUBS_MAX)
        panic("the drivers import too much");
    at = stubs + stub_count * STUB_BYTES;
    memcpy(at, code, sizeof code);
    memcpy(at + 2, &function, 8);
    memcpy(at + 12, &common, 8);
    return stubs_to_run + stub_count++ * STUB_BYTES;
}

/* wdm.h declares object types as pointers to what ntoskrnl exports ("extern POBJECT_TYPE
 * *ExEventObjectType", exported is a POBJECT_TYPE): so does the model, and exports what they point
 * to. */
static bool is_object_type(const char *name)
{
    size_t length = strlen(name);

    return length > 4 && !strcmp(name + length - 4, "Type");
}

static void *find_export(const char *name)
{
    for (const struct nt_export *row = nt_exports; row->name; row++)
        if (!strcmp(row->name, name))
            return row->is_code           ? make_stub(row->address)
                   : is_object_type(name) ? *(void **)row->address
                                          : row->address;
    return NULL;
}

void *nt_world_load(const char *name)
{
    static struct pe_image loaded[8];
    static char names[8][32];
    static unsigned count;
    const uint8_t *file;
    size_t size;
    const char *wrong;

    if (count == 8 || !modules_file(name, &file, &size)) {
        print("no file %s in the guest's archive\n", name);
        nt_world_end(false);
    }
    snprintf(names[count], sizeof names[count], "%s", name);
    wrong = pe_load(&loaded[count], names[count], file, size, find_export);
    if (wrong) {
        print("%s cannot be loaded: %s\n", name, wrong);
        nt_world_end(false);
    }
    print("%s: %zu bytes, at %p\n", name, size, loaded[count].base);
    return loaded[count++].entry;
}

/* --- The run. */

const char *nt_world_case(void)
{
    return case_name;
}

void nt_world_print(const char *text, size_t bytes)
{
    print("%.*s", (int)bytes, text);
}

void nt_world_end(bool passed)
{
    print("%s %s\n", passed ? "passed" : "FAILED", case_name);
    print("%u passed, %u failed\n", passed, !passed);
    xen_shutdown(XEN_SHUTDOWN_POWEROFF);
}

void nt_world_run(void);        /* nt_machine.c */
void BenchYieldProcessor(void); /* the model's */

/* A driver waits for another CPU: the model gives that one its turn. */
static void on_pause(struct trap_frame *frame, void *context)
{
    (void)context;
    interrupts_restore(frame->rflags & 0x200);
    BenchYieldProcessor();
}

void guest_clock(void)
{
    clock_by_tsc();
}

void guest_run(const char *names)
{
    case_name = names;
    memory_alias();
    nt_world_interrupts_start();
    trap_handle(PE_PAUSE_VECTOR, on_pause, NULL);
    for (uint32_t cpu = 1; cpu < smp_count(); cpu++)
        smp_begin(cpu, take_turns, NULL);
    stack_to_run = nt_stack_fresh(stack_new(STACK_PAGES), nt_world_run);
    take_turns(NULL);
}
