/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running code that may raise: the one place where structured exceptions are caught.
 *
 * Touching user memory, locking it and mapping into a process raise exceptions. gcc has no __try;
 * so what may raise is a function of its own, and SehCall() runs it. Two files implement it, chosen
 * by link: seh.c (clang's __try, in the .sys files), and the bench's (tests/nt), where the model
 * raises. Nothing may be held across a raise: no lock, no allocation that only the body knows.
 */
#ifndef CASEMENT_KERNEL_SEH_H
#define CASEMENT_KERNEL_SEH_H

#include <ntddk.h>

typedef VOID SEH_BODY(_Inout_opt_ PVOID Context);

/* Runs Body(Context). STATUS_SUCCESS, or the code of the exception that Body raised, which ends
 * Body where it stood. An access beyond user addresses with a bad kernel address is not caught by
 * NT: probe first. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS SehCall(_In_ SEH_BODY *Body, _Inout_opt_ PVOID Context);

#endif
