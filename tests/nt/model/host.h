/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thin layer under the NT model: contexts to run on, memory, real time, output, and the world
 * outside of the machine. host_linux.c is the host of the bench; a bare-metal guest has its own.
 *
 * The model above uses nothing else: no libc but the freestanding mem*() and str*(), and no header
 * of the host. Everything runs on one thread of the host; contexts hand over to each other.
 */
#ifndef NT_MODEL_HOST_H
#define NT_MODEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- Contexts: a stack each, one runs at a time. --- */

struct host_context;

/* A context that calls entry(argument) when it is first switched to; entry must not return. */
struct host_context *host_context_create(void (*entry)(void *argument), void *argument,
                                         size_t stack_bytes);
/* The context that the host started the model on. */
struct host_context *host_context_first(void);
void host_context_switch(struct host_context *to);
/* The same, and from now on that CPU of the machine runs: for a host of shipped drivers, which ask
   the CPU itself where they are. */
void host_context_move(unsigned cpu, struct host_context *to);
/* Not the running one. */
void host_context_destroy(struct host_context *context);
/* Is the address in this context's stack? */
bool host_context_holds(const struct host_context *context, const void *address);

/* --- Output and stacks. --- */

void host_print(const char *text, size_t bytes);
/* Ends the run; what was printed appears. 0 is success. */
void host_exit(int status) __attribute__((noreturn));
/* Return addresses from the caller outwards, by frame pointers, up to the frame at `floor`
   (NULL: the whole stack of the context). */
size_t host_stack(uintptr_t *addresses, size_t max, const void *floor);
/* The running context's stack with names, as far as the host knows them. */
void host_print_stack(void);
/* One line with the name of a return address. */
void host_print_address(uintptr_t address);

/* --- What machine code may ask the CPU itself: CR8 and GS, on a host of shipped drivers. --- */

/* From now on the CPU shows this thread and IRQL. */
void host_cpu_show(void *thread, unsigned char irql);
/* The virtual time, in units of 100 ns: Windows shows it to everybody at KI_USER_SHARED_DATA. */
void host_time_show(uint64_t units);
/* The IRQL by what machine code has written since; `irql` where it cannot. */
unsigned char host_cpu_irql(unsigned char irql);

/* --- Memory. --- */

/* Zeroed memory for the model's own records (never for the driver's). Does not fail: a host
   without memory ends the run. */
void *host_alloc(size_t bytes);
void host_free(void *memory);
/* The machine's RAM when no hypervisor gives it: page aligned, zeroed, one piece. */
void *host_ram_map(size_t bytes);
/* Access to [address, +bytes) is an error from now on / allowed again, for the driver and the
   model. A host that cannot watch each byte does nothing. */
void host_memory_poison(const void *address, size_t bytes);
void host_memory_unpoison(const void *address, size_t bytes);
/* First forbidden byte in [address, +bytes), or NULL. */
const void *host_memory_poisoned(const void *address, size_t bytes);
/* Called once with the address when the driver touches what it must not, before the run ends. */
typedef void host_fault_fn(const void *address, bool is_write);
void host_on_fault(host_fault_fn *handler);
/* Called when the CPU faults on an address that is not mapped (or not so). It may leave by a jump;
   false: the fault is the end (host_fault_fn reports it). */
typedef bool host_trap_fn(const void *address, bool is_write);
void host_on_trap(host_trap_fn *handler);

/* --- The world outside: what makes interrupts. --- */

struct host_source {
    /* Readable when pump() has something to do; -1: only asked when the machine is idle. */
    int fd;
    /* Moves what arrived into the machine, e.g. raises interrupts; true if there was any.
       Never blocks, and calls no driver code. */
    bool (*pump)(void *context);
    /* May anything still arrive without the machine doing more (a request is unanswered)? Then an
       idle machine waits for it in real time before its virtual time jumps. NULL: never. */
    bool (*outstanding)(void *context);
    void *context;
    struct host_source *next;
};

void host_source_add(struct host_source *source);
void host_source_remove(struct host_source *source);
/* The first of the list, or NULL. */
struct host_source *host_sources(void);
/* Pumps every source once; true if anything arrived. */
bool host_pump(void);
bool host_outstanding(void);
/* Waits in real time until a source is readable; false after limit_ms. */
bool host_wait(unsigned limit_ms);
/* Real time since the start, only for limits against hanging and for benchmarks. */
uint64_t host_real_ns(void);

#endif
