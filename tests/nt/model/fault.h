/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault injection: everything that may fail asks here first. In a run with faults, the first call
 * with a call stack that never failed before in this series fails; the harness repeats the case
 * until a run meets no new stack. A driver must survive each and leak nothing.
 */
#ifndef NT_MODEL_FAULT_H
#define NT_MODEL_FAULT_H

#include <stdbool.h>

/* Shall this call fail? `what` is named in the report: "pool", "mapping", "hypercall", ... */
bool fault_here(const char *what);
/* Was a fault injected in this run? A test's checks of success may depend on it. */
bool fault_injected(void);
/* The test's own calls do not fail between these (they nest). */
void fault_pause(void);
void fault_resume(void);

#endif
