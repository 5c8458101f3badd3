/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host layer of the NT bench on Linux: contexts are hand-made stacks on one thread, sources are
 * file descriptors. What watches memory is in host_asan.c, or host_plain.c for benchmarks.
 */
#include "model/host.h"
#include "model/host_check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/* --- Contexts --- */

struct host_context {
    void *stack_pointer;
    char *stack; /* with a guard page below */
    size_t stack_bytes;
    void *fake_stack;
    void (*entry)(void *argument);
    void *argument;
};

enum { GUARD_BYTES = 4096 };

static struct host_context first_context;
static struct host_context *current = &first_context;

/* Saves what the ABI lets a function keep, changes stacks, restores. */
void host_stack_switch(void **save, void *to);
__asm__(".text\n"
        ".type host_stack_switch,@function\n"
        "host_stack_switch:\n"
        "    push %rbp\n"
        "    push %rbx\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n"
        "    pop %r14\n"
        "    pop %r13\n"
        "    pop %r12\n"
        "    pop %rbx\n"
        "    pop %rbp\n"
        "    ret\n"
        ".size host_stack_switch,.-host_stack_switch\n");

static void arrived(struct host_context *from)
{
    const void *bottom;
    size_t bytes;

    check_stack_entered(current->fake_stack, &bottom, &bytes);
    if (from == &first_context) {
        first_context.stack = (char *)bottom;
        first_context.stack_bytes = bytes;
    }
}

static struct host_context *came_from;

static void context_start(void)
{
    arrived(came_from);
    current->entry(current->argument);
    abort();
}

struct host_context *host_context_create(void (*entry)(void *argument), void *argument,
                                         size_t stack_bytes)
{
    struct host_context *context = host_alloc(sizeof(*context));
    char *memory = mmap(NULL, stack_bytes + GUARD_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    void **top;

    if (memory == MAP_FAILED || mprotect(memory, GUARD_BYTES, PROT_NONE) != 0) {
        perror("host: stack");
        abort();
    }
    context->stack = memory + GUARD_BYTES;
    context->stack_bytes = stack_bytes;
    context->entry = entry;
    context->argument = argument;
    /* What host_stack_switch pops: six registers, then the return address; rbp 0 ends the walk. */
    top = (void **)(context->stack + stack_bytes) - 1; /* as after a call: 8 beside 16 */
    *--top = (void *)context_start;
    top -= 6;
    context->stack_pointer = top;
    return context;
}

struct host_context *host_context_first(void)
{
    return &first_context;
}

__attribute__((no_sanitize("address"))) void host_context_switch(struct host_context *to)
{
    struct host_context *from = current;

    if (to == from)
        return;
    check_stack_leaving(&from->fake_stack, to->stack, to->stack_bytes);
    current = to;
    came_from = from;
    host_stack_switch(&from->stack_pointer, to->stack_pointer);
    arrived(came_from);
}

void host_context_move(unsigned cpu, struct host_context *to)
{
    (void)cpu; /* all of them are this thread */
    host_context_switch(to);
}

void host_context_destroy(struct host_context *context)
{
    host_memory_unpoison(context->stack, context->stack_bytes);
    munmap(context->stack - GUARD_BYTES, context->stack_bytes + GUARD_BYTES);
    host_free(context);
}

bool host_context_holds(const struct host_context *context, const void *address)
{
    const char *at = address;

    return context->stack && at >= context->stack && at < context->stack + context->stack_bytes;
}

/* --- Output and stacks --- */

void host_print(const char *text, size_t bytes)
{
    while (bytes) {
        ssize_t written = write(STDERR_FILENO, text, bytes);

        if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            text += written;
            bytes -= (size_t)written;
        }
    }
}

void host_exit(int status)
{
    _exit(status);
}

__attribute__((no_sanitize("address"))) size_t host_stack(uintptr_t *addresses, size_t max,
                                                          const void *floor)
{
    void *const *frame = __builtin_frame_address(0);
    size_t count = 0;

    while (frame && count < max && (const void *)frame != floor) {
        void *const *outer = frame[0];

        if (!frame[1])
            break;
        addresses[count++] = (uintptr_t)frame[1];
        if (outer <= frame || (current->stack && !host_context_holds(current, outer)))
            break;
        frame = outer;
    }
    return count;
}

/* --- The CPU: the bench's drivers ask the model. --- */

void host_cpu_show(void *thread, unsigned char irql)
{
    (void)thread;
    (void)irql;
}

void host_time_show(uint64_t units)
{
    (void)units;
}

unsigned char host_cpu_irql(unsigned char irql)
{
    return irql;
}

/* --- Memory --- */

void *host_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes ? bytes : 1);

    if (!memory) {
        fprintf(stderr, "host: out of memory\n");
        abort();
    }
    return memory;
}

void host_free(void *memory)
{
    free(memory);
}

void *host_ram_map(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED) {
        perror("host: RAM");
        abort();
    }
    return memory;
}

static host_fault_fn *fault_handler;

void host_on_fault(host_fault_fn *handler)
{
    fault_handler = handler;
}

void host_faulted(const void *address, bool is_write)
{
    if (fault_handler)
        fault_handler(address, is_write);
}

/* --- The CPU's faults --- */

static host_trap_fn *trap_handler;

/* The stack of the code that faulted: its place, then the chain of frame pointers. */
__attribute__((no_sanitize("address"))) static void print_trap_stack(const ucontext_t *context)
{
    void *const *frame = (void *const *)context->uc_mcontext.gregs[REG_RBP];

    host_print_address((uintptr_t)context->uc_mcontext.gregs[REG_RIP] + 1);
    while (host_context_holds(current, frame) && frame[1]) {
        host_print_address((uintptr_t)frame[1]);
        if ((void *const *)frame[0] <= frame)
            break;
        frame = frame[0];
    }
    host_print("\n", 1);
}

static void on_trap(int sig, siginfo_t *info, void *opaque)
{
    const ucontext_t *context = opaque;
    bool is_write = context->uc_mcontext.gregs[REG_ERR] & 2;

    (void)sig;
    if (trap_handler && trap_handler(info->si_addr, is_write))
        return;
    if (fault_handler)
        fault_handler(info->si_addr, is_write);
    print_trap_stack(context);
    _exit(1);
}

void host_on_trap(host_trap_fn *handler)
{
    static char stack[64 * 1024];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_sigaction = on_trap,
                               .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

    trap_handler = handler;
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

/* --- The world outside --- */

bool host_wait(unsigned limit_ms)
{
    struct pollfd fds[16];
    nfds_t count = 0;
    int ready;

    for (struct host_source *source = host_sources(); source; source = source->next)
        if (source->fd >= 0 && count < 16)
            fds[count++] = (struct pollfd){.fd = source->fd, .events = POLLIN};
    do {
        ready = poll(fds, count, (int)limit_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

uint64_t host_real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
