/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt table, who handles what, and the dump of an exception that nobody handles. */
#include "console.h"
#include "cpu.h"
#include "memory.h"
#include "print.h"
#include "trap.h"
#include "xen.h"

enum { VECTORS = 256, STUB_BYTES = 16, EXCEPTIONS = 32, STACK_WORDS_SHOWN = 16 };

struct gate {
    uint16_t low, selector;
    uint8_t stack, type;
    uint16_t middle;
    uint32_t high, zero;
};

struct handler {
    trap_handler *call;
    void *context;
};

struct fixup { /* an instruction that may fault, and where to go on */
    uint64_t at, then;
};

extern const uint8_t trap_stubs[];
extern const struct fixup fixups_start[], fixups_end[];
extern const uint8_t image_start[], rodata_start[];

static struct gate gates[VECTORS] __attribute__((aligned(16)));
static struct handler handlers[VECTORS];

static const char *const names[EXCEPTIONS] = {
    [0] = "divide error",        [1] = "debug",          [2] = "NMI",
    [3] = "breakpoint",          [4] = "overflow",       [5] = "bound range",
    [6] = "invalid opcode",      [7] = "no FPU",         [8] = "double fault",
    [10] = "invalid TSS",        [11] = "no segment",    [12] = "stack segment",
    [13] = "general protection", [14] = "page fault",    [16] = "x87",
    [17] = "alignment",          [18] = "machine check", [19] = "SIMD",
    [21] = "control protection",
};

void trap_init(void)
{
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        uint64_t entry = (uintptr_t)trap_stubs + vector * STUB_BYTES;

        gates[vector] = (struct gate){
            .low = (uint16_t)entry,
            .selector = CPU_CODE,
            .stack = vector == TRAP_DOUBLE_FAULT,
            .type = 0x8e, /* present, interrupt gate */
            .middle = (uint16_t)(entry >> 16),
            .high = (uint32_t)(entry >> 32),
        };
    }
}

void trap_load(void)
{
    struct {
        uint16_t limit;
        uint64_t address;
    } __attribute__((packed)) pointer = {sizeof gates - 1, (uintptr_t)gates};

    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void trap_handle(unsigned vector, trap_handler *handler, void *context)
{
    bool on = interrupts_off();

    handlers[vector].context = context;
    handlers[vector].call = handler;
    interrupts_restore(on);
}

/* Return addresses into the image, from the innermost call outwards. */
static void dump_calls(uint64_t rbp)
{
    for (unsigned depth = 0; depth < 12; depth++) {
        const uint64_t *link = (const uint64_t *)rbp;
        uint64_t physical;

        if (rbp % 8 || !memory_lookup(link, &physical, NULL) ||
            !memory_lookup(link + 1, &physical, NULL))
            return;
        print("  called from %p\n", (void *)link[1]);
        if (link[0] <= rbp)
            return;
        rbp = link[0];
    }
}

static void dump_stack(uint64_t rsp)
{
    const uint64_t *word = (const uint64_t *)(rsp & ~7ull);
    uint64_t physical;

    for (unsigned i = 0; i < STACK_WORDS_SHOWN; i++) {
        if (!memory_lookup(word + i, &physical, NULL))
            return;
        print("%s%016lx%s", i % 4 ? " " : "  ", word[i], i % 4 == 3 ? "\n" : "");
    }
}

static void dump(const struct trap_frame *frame)
{
    const char *name = frame->vector < EXCEPTIONS ? names[frame->vector] : NULL;

    print("\n*** vector %lu (%s), error %#lx, CPU %u\n", frame->vector, name ? name : "unexpected",
          frame->error, cpu_current()->index);
    if (frame->vector == TRAP_PAGE_FAULT)
        print("    %s %p, which is %s\n",
              frame->error & 16  ? "ran"
              : frame->error & 2 ? "wrote"
                                 : "read",
              (void *)read_cr2(), frame->error & 1 ? "forbidden" : "not mapped");
    print("  rip %016lx rsp %016lx rflags %08lx cr3 %016lx\n", frame->rip, frame->rsp,
          frame->rflags, read_cr3());
    print("  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", frame->rax, frame->rbx, frame->rcx,
          frame->rdx);
    print("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", frame->rsi, frame->rdi, frame->rbp,
          frame->r8);
    print("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", frame->r9, frame->r10, frame->r11,
          frame->r12);
    print("  r13 %016lx r14 %016lx r15 %016lx\n", frame->r13, frame->r14, frame->r15);
    dump_stack(frame->rsp);
    dump_calls(frame->rbp);
}

static bool fixed_up(struct trap_frame *frame)
{
    for (const struct fixup *fixup = fixups_start; fixup < fixups_end; fixup++)
        if (fixup->at == frame->rip) {
            frame->rip = fixup->then;
            frame->rax = 0;
            return true;
        }
    return false;
}

void FROM_ASSEMBLY trap_dispatch(struct trap_frame *frame);

void FROM_ASSEMBLY trap_dispatch(struct trap_frame *frame)
{
    struct handler handler = handlers[frame->vector];

    if (frame->vector >= EXCEPTIONS)
        cpu_current()->interrupts++;
    if (handler.call) {
        handler.call(frame, handler.context);
        return;
    }
    if (frame->vector < EXCEPTIONS && fixed_up(frame))
        return;
    dump(frame);
    panic("exception or interrupt without a handler");
}

bool trap_try_read(const volatile void *address, uint8_t *value)
{
    uint64_t done = 1;
    uint8_t byte = 0;

    __asm__ volatile("1: movb (%2), %1\n"
                     "2:\n"
                     ".pushsection .fixups, \"a\"; .quad 1b, 2b; .popsection"
                     : "+a"(done), "=&r"(byte)
                     : "r"(address)
                     : "memory");
    *value = byte;
    return done;
}

bool trap_try_write(volatile void *address, uint8_t value)
{
    uint64_t done = 1;

    __asm__ volatile("1: movb %1, (%2)\n"
                     "2:\n"
                     ".pushsection .fixups, \"a\"; .quad 1b, 2b; .popsection"
                     : "+a"(done)
                     : "r"(value), "r"(address)
                     : "memory");
    return done;
}

/* The CPU refuses at the target, not at the call: rip of the fault is the address called. The
 * stack then holds the return address, which is where to go on. */
static void execute_fault(struct trap_frame *frame, void *context)
{
    if (frame->rip != (uintptr_t)context) {
        dump(frame);
        panic("page fault while another was expected");
    }
    frame->rip = *(uint64_t *)frame->rsp;
    frame->rsp += 8;
    frame->rax = 0;
}

bool trap_try_execute(const void *address)
{
    uint64_t done = 1;

    trap_handle(TRAP_PAGE_FAULT, execute_fault, (void *)(uintptr_t)address);
    __asm__ volatile("call *%1" : "+a"(done) : "r"(address) : "memory");
    trap_handle(TRAP_PAGE_FAULT, NULL, NULL);
    return done;
}

void panic(const char *format, ...)
{
    va_list arguments;

    interrupts_off();
    console_panic_mode();
    print("\n*** PANIC: ");
    va_start(arguments, format);
    print_list(format, arguments);
    va_end(arguments);
    print("\n");
    xen_shutdown(XEN_SHUTDOWN_CRASH);
}
