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

#endif
