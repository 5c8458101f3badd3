/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts and exceptions. A vector has one handler, called with interrupts off on the CPU's
 * own or the running thread's stack; an exception that nobody expects prints the machine's state
 * and stops the guest. A test that expects one says so by using the trap_try functions.
 */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include <stdbool.h>
#include <stdint.h>

struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

enum { TRAP_PAGE_FAULT = 14, TRAP_DOUBLE_FAULT = 8, TRAP_FIRST_FREE = 0x30 };

typedef void trap_handler(struct trap_frame *frame, void *context);

void trap_init(void); /* once */
void trap_load(void); /* each CPU: the table */
/* NULL: the vector is not expected any more. */
void trap_handle(unsigned vector, trap_handler *handler, void *context);

/* One byte read or written; false: the CPU refused. */
bool trap_try_read(const volatile void *address, uint8_t *value);
bool trap_try_write(volatile void *address, uint8_t value);
/* Calls address, where a `ret` should be; false: the CPU refused to run it. */
bool trap_try_execute(const void *address);

/* Prints and stops the guest, which Xen then reports as crashed. */
void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
