/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions, for model functions that raise them (ProbeForRead, MmProbeAndLockPages, ...). */
#ifndef NT_MODEL_SEH_H
#define NT_MODEL_SEH_H

#include <stdbool.h>
#include <ntddk.h>

/* Ends the innermost SehCall of this thread with the status; breaks a rule where there is none. */
void seh_raise(NTSTATUS status) __attribute__((noreturn));
/* Is this thread inside of a SehCall? */
bool seh_guarded(void);

/* Which addresses are a user's, by range, whether or not something is mapped: a CPU's fault there
   is an exception. Set once by the memory half. */
typedef bool seh_user_test_fn(const void *address);
void seh_set_user_test(seh_user_test_fn *test);

/* The host's trap handler (host_on_trap). */
bool seh_on_trap(const void *address, bool is_write);

#endif
