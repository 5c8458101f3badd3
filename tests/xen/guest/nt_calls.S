/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call of a driver into the model passes here (nt_world.c makes a stub for each import, which
 * loads r11): what the convention lets a function keep is noted in the running context's struct
 * nt_registers (nt_unwind.h), so that an exception that the model raises finds the driver's frames.
 */
    .text
    .globl nt_call
nt_call:
    mov %gs:0x190, %rax
    mov %rbx, 24(%rax)
    mov %rbp, 40(%rax)
    mov %rsi, 48(%rax)
    mov %rdi, 56(%rax)
    mov %r12, 96(%rax)
    mov %r13, 104(%rax)
    mov %r14, 112(%rax)
    mov %r15, 120(%rax)
    mov (%rsp), %r10
    mov %r10, 128(%rax)         /* rip: after the call */
    lea 8(%rsp), %r10
    mov %r10, 32(%rax)          /* rsp: as the driver's code has it */
    jmp *%r11

/* nt_resume_at(rcx: struct nt_registers): goes on there. */
    .globl nt_resume_at
nt_resume_at:
    mov %rcx, %rax
    mov 24(%rax), %rbx
    mov 40(%rax), %rbp
    mov 48(%rax), %rsi
    mov 56(%rax), %rdi
    mov 96(%rax), %r12
    mov 104(%rax), %r13
    mov 112(%rax), %r14
    mov 120(%rax), %r15
    mov 32(%rax), %rsp
    mov 128(%rax), %r10
    mov 0(%rax), %rax
    jmp *%r10

    .section .note.GNU-stack, "", @progbits
