/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The NT model's host layer (tests/nt/model/host.h) on the bare machine: contexts on stacks with
 * guard pages, memory from the guest's pages, output on its console. What wakes the model is in
 * nt_world.c. No byte of memory is watched: what ASan finds, the bench finds.
 */
#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "memory.h"
#include "nt_unwind.h"
#include "nt_world.h"
#include "pe.h"
#include "print.h"
#include "tests/nt/model/host.h"
#include "trap.h"

/* --- Contexts. */

enum { SAVED_BYTES = 168 + 8 * 8, HOME_BYTES = 32 };

struct host_context {
    void *stack_pointer;
    uint8_t *end; /* of the stack; NULL: the machine's first */
    size_t bytes;
    void (*entry)(void *argument);
    void *argument;
    struct host_context *next_free;
    struct nt_registers called;     /* nt_calls.S: the driver's last call */
    const struct trap_frame *fault; /* that is being handled, or NULL */
};

static struct host_context first_context, *current = &first_context, *free_contexts;

/* What the CPU that runs is to show. */
static void *shown_thread;
static unsigned char shown_irql;

static void show(void)
{
    struct cpu *cpu = cpu_current();

    cpu->nt_calls = &current->called;
    cpu->nt_thread = shown_thread;
    write_cr8(shown_irql);
}

void *nt_stack_fresh(uint8_t *end, void (*entry)(void))
{
    void **top = (void **)(end - HOME_BYTES - 16);
    void *stack_pointer = (uint8_t *)top - SAVED_BYTES;

    /* What nt_stack_switch restores, zeroed, then the return address; above it the home of the
     * arguments. The stack is then as after a call: 8 beside 16. */
    memset(stack_pointer, 0, SAVED_BYTES);
    top[0] = (void *)entry;
    top[1] = NULL;
    return stack_pointer;
}

static void context_start(void)
{
    show(); /* the first move to a CPU ends here */
    current->entry(current->argument);
    panic("a context has returned");
}

struct host_context *host_context_create(void (*entry)(void *argument), void *argument,
                                         size_t stack_bytes)
{
    struct host_context **link = &free_contexts, *context;

    while (*link && (*link)->bytes != stack_bytes)
        link = &(*link)->next_free;
    context = *link;
    if (context) {
        *link = context->next_free;
    } else {
        context = host_alloc(sizeof *context);
        context->bytes = stack_bytes;
        context->end = stack_new((stack_bytes + PAGE_BYTES - 1) / PAGE_BYTES);
    }
    context->entry = entry;
    context->argument = argument;
    context->fault = NULL;
    context->stack_pointer = nt_stack_fresh(context->end, context_start);
    return context;
}

struct host_context *host_context_first(void)
{
    return &first_context;
}

void host_context_switch(struct host_context *to)
{
    struct host_context *from = current;

    if (to == from)
        return;
    current = to;
    cpu_current()->nt_calls = &to->called;
    nt_stack_switch(&from->stack_pointer, to->stack_pointer);
}

void host_context_move(unsigned cpu, struct host_context *to)
{
    struct host_context *from = current;

    if (cpu == cpu_current()->index) {
        host_context_switch(to);
        return;
    }
    current = to;
    nt_world_move(cpu, &from->stack_pointer, to->stack_pointer);
    show(); /* back, on whatever CPU */
}

void host_context_destroy(struct host_context *context)
{
    context->next_free = free_contexts;
    free_contexts = context;
}

bool host_context_holds(const struct host_context *context, const void *address)
{
    const uint8_t *at = address;

    return context->end && at >= context->end - context->bytes && at < context->end;
}

/* --- Where the running context's driver is. */

static void registers_of(const struct trap_frame *frame, struct nt_registers *out)
{
    *out = (struct nt_registers){
        .general = {frame->rax, frame->rcx, frame->rdx, frame->rbx, frame->rsp, frame->rbp,
                    frame->rsi, frame->rdi, frame->r8, frame->r9, frame->r10, frame->r11,
                    frame->r12, frame->r13, frame->r14, frame->r15},
        .rip = frame->rip + 1, /* as after a call */
    };
}

bool nt_where(struct nt_registers *registers)
{
    if (current->fault && pe_of((void *)current->fault->rip)) {
        registers_of(current->fault, registers);
        return true;
    }
    *registers = current->called;
    /* A call that has returned since is no place to be. */
    return registers->general[4] > (uintptr_t)__builtin_frame_address(0) &&
           host_context_holds(current, (void *)registers->general[4]);
}

void nt_resume_at(const struct nt_registers *registers) __attribute__((noreturn));

void nt_forget_fault(void)
{
    current->fault = NULL;
}

void nt_resume(const struct nt_registers *registers)
{
    nt_forget_fault();
    nt_resume_at(registers);
}

/* --- What machine code asks of the CPU: the IRQL is CR8, the thread is at gs:[0x188]. */

void host_cpu_show(void *thread, unsigned char irql)
{
    shown_thread = thread;
    shown_irql = irql;
    cpu_current()->nt_thread = thread;
    write_cr8(irql);
}

unsigned char host_cpu_irql(unsigned char irql)
{
    return (unsigned char)read_cr8();
}

/* What drivers read without a call: KUSER_SHARED_DATA, at the address that Windows gave it for ever
 * (wdm.h). Read-only there. */
#define SHARED_USER_DATA  0xfffff78000000000ull
#define SYSTEM_TIME_START 133500000000000000ull /* some day in 2024 */
enum { TICK_UNITS = 156250, INTERRUPT_TIME_AT = 8, SYSTEM_TIME_AT = 0x14, TICK_COUNT_AT = 0x320 };

struct system_time { /* KSYSTEM_TIME: the second high part is written first */
    uint32_t low;
    int32_t high_1, high_2;
};

static void show_time(volatile struct system_time *time, uint64_t value)
{
    time->high_2 = (int32_t)(value >> 32);
    time->low = (uint32_t)value;
    time->high_1 = (int32_t)(value >> 32);
}

void host_time_show(uint64_t units)
{
    static uint8_t *page;

    if (!page) {
        page = page_new(1);
        memory_map((void *)SHARED_USER_DATA, (uintptr_t)page, PAGE_BYTES, PAGE_READ);
    }
    show_time((void *)(page + INTERRUPT_TIME_AT), units);
    show_time((void *)(page + SYSTEM_TIME_AT), units + SYSTEM_TIME_START);
    show_time((void *)(page + TICK_COUNT_AT), units / TICK_UNITS);
}

/* --- Output and stacks. */

void host_print(const char *text, size_t bytes)
{
    nt_world_print(text, bytes);
}

void host_exit(int status)
{
    nt_world_end(status == 0);
}

/* Driver code keeps no frame pointers: the walk ends, or skips frames, where it begins. */
size_t host_stack(uintptr_t *addresses, size_t max, const void *floor)
{
    void *const *frame = __builtin_frame_address(0);
    size_t count = 0;

    while (frame && count < max && (const void *)frame != floor) {
        void *const *outer = frame[0];

        if (!frame[1])
            break;
        addresses[count++] = (uintptr_t)frame[1];
        if (outer <= frame || !host_context_holds(current, outer))
            break;
        frame = outer;
    }
    return count;
}

void host_print_address(uintptr_t address)
{
    const struct pe_image *image = pe_of((void *)address);
    char line[96];
    int length = image ? snprintf(line, sizeof line, "    %s + %#lx\n", image->name,
                                  address - (uintptr_t)image->base)
                       : snprintf(line, sizeof line, "    %#lx\n", address);

    host_print(line, (size_t)length);
}

void host_print_stack(void)
{
    uintptr_t addresses[24];
    size_t count = host_stack(addresses, 24, NULL);

    for (size_t i = 0; i < count; i++)
        host_print_address(addresses[i]);
    /* Whatever else on the stack looks like a return address into a driver. */
    for (uint64_t *at = __builtin_frame_address(0); host_context_holds(current, at); at++)
        if (pe_of((void *)*at))
            host_print_address(*at);
}

/* --- Memory: blocks of powers of two below a page, whole pages above. */

enum { BLOCK_HEADER_BYTES = 16, CLASSES = 8, SMALLEST_SHIFT = 5 };

struct block { /* before what is given out */
    struct block *next;
    uint32_t class, pages; /* class CLASSES: of its own pages */
};
_Static_assert(sizeof(struct block) == BLOCK_HEADER_BYTES, "keeps the alignment");

static struct block *free_blocks[CLASSES];

static unsigned class_for(size_t bytes)
{
    unsigned class = 0;

    while (class < CLASSES && (size_t)1 << (class + SMALLEST_SHIFT) < bytes)
        class ++;
    return class;
}

static void class_fill(unsigned class)
{
    size_t bytes = (size_t)1 << (class + SMALLEST_SHIFT);
    uint8_t *page = nt_world_ram(1);

    for (size_t at = 0; at + bytes <= PAGE_BYTES; at += bytes) {
        struct block *block = (struct block *)(page + at);

        block->class = class;
        block->next = free_blocks[class];
        free_blocks[class] = block;
    }
}

void *host_alloc(size_t bytes)
{
    unsigned class = class_for(bytes + BLOCK_HEADER_BYTES);
    struct block *block;

    if (class == CLASSES) {
        uint32_t pages = (uint32_t)((bytes + BLOCK_HEADER_BYTES + PAGE_BYTES - 1) / PAGE_BYTES);

        block = nt_world_ram(pages);
        block->class = CLASSES;
        block->pages = pages;
        return block + 1;
    }
    if (!free_blocks[class])
        class_fill(class);
    block = free_blocks[class];
    free_blocks[class] = block->next;
    return memset(block + 1, 0, ((size_t)1 << (class + SMALLEST_SHIFT)) - BLOCK_HEADER_BYTES);
}

void host_free(void *memory)
{
    struct block *block = (struct block *)memory - 1;

    if (!memory)
        return;
    if (block->class == CLASSES) {
        page_free((uint8_t *)block - MEMORY_ALIAS, block->pages);
        return;
    }
    block->next = free_blocks[block->class];
    free_blocks[block->class] = block;
}

void *host_ram_map(size_t bytes)
{
    return nt_world_ram(bytes / PAGE_BYTES);
}

void host_memory_poison(const void *address, size_t bytes)
{
    (void)address;
    (void)bytes;
}

void host_memory_unpoison(const void *address, size_t bytes)
{
    (void)address;
    (void)bytes;
}

const void *host_memory_poisoned(const void *address, size_t bytes)
{
    (void)address;
    (void)bytes;
    return NULL;
}

/* --- The CPU's faults. */

static host_fault_fn *fault_handler;
static host_trap_fn *handler_of_traps;

static void on_page_fault(struct trap_frame *frame, void *context)
{
    const void *address = (const void *)read_cr2();
    bool is_write = frame->error & 2;

    (void)context;
    interrupts_restore(frame->rflags & 0x200);
    current->fault = frame;
    if (handler_of_traps && handler_of_traps(address, is_write)) {
        current->fault = NULL;
        return;
    }
    print("\nA fault at %p, %s; rip ", address, is_write ? "written" : "read");
    host_print_address(frame->rip);
    for (uint64_t *at = (uint64_t *)frame->rsp; host_context_holds(current, at); at++)
        if (pe_of((void *)*at))
            host_print_address(*at);
    if (fault_handler)
        fault_handler(address, is_write);
    host_exit(1);
}

void host_on_fault(host_fault_fn *handler)
{
    fault_handler = handler;
    trap_handle(TRAP_PAGE_FAULT, on_page_fault, NULL);
}

void host_on_trap(host_trap_fn *handler)
{
    handler_of_traps = handler;
}

/* --- The world outside. */

enum { WAIT_SLICE_MS = 100 };

/* In short sleeps: whether it is worth while to go on waiting is the source's to say. */
bool host_wait(unsigned limit_ms)
{
    nt_world_sleep(limit_ms < WAIT_SLICE_MS ? limit_ms : WAIT_SLICE_MS);
    return true;
}

uint64_t host_real_ns(void)
{
    return clock_ns();
}
