/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stub for each of the 256 vectors: stack the same frame (struct trap_frame, trap.h) for all,
 * save the vector registers too (drivers may use them in an interrupt) and call trap_dispatch().
 */
    .text
    .macro stub number
    .align 16
    .if !((\number == 8) || ((\number >= 10) && (\number <= 14)) || (\number == 17) || \
          (\number == 21) || (\number == 29) || (\number == 30))
    push $0                     /* where the CPU stacks no error code */
    .endif
    push $\number
    jmp common
    .endm

    .align 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 256
    stub vector
    .set vector, vector + 1
    .endr

common:
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rbx
    mov %rsp, %rdi
    and $-16, %rsp
    sub $512, %rsp
    fxsave64 (%rsp)
    call trap_dispatch
    fxrstor64 (%rsp)
    mov %rbx, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rbp
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rbx
    pop %rax
    add $16, %rsp
    iretq

    .section .note.GNU-stack, "", @progbits
