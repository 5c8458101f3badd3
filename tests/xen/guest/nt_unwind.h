/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structured exceptions of drivers' files: unwinding their frames by the exception directory
 * (Microsoft's "x64 exception handling") to the innermost __try whose handler takes every
 * exception, as SehCall's does (windows/kernel/common/seh_clang.c). The model's own frames are not
 * unwound: what a driver called is noted when it calls (nt_calls.S).
 */
#ifndef GUEST_NT_UNWIND_H
#define GUEST_NT_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

struct nt_registers {
    uint64_t
        general[16]; /* in the order of the architecture: rax rcx rdx rbx rsp rbp rsi rdi r8.. */
    uint64_t rip;
};

/* Of the context that runs: where its driver's code is, that called the model last, or faulted.
 * False: not in a driver, as far as can be told. */
bool nt_where(struct nt_registers *registers);

/* Unwinds to the handler; registers are then what it begins with. False: there is none. */
bool nt_find_handler(struct nt_registers *registers, uint32_t exception_code);

/* Both end the handling of a fault; the second one goes on there. */
void nt_forget_fault(void);
void nt_resume(const struct nt_registers *registers) __attribute__((noreturn));

#endif
