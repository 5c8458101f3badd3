/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process's user addresses. Each process has a range of its own below MmHighestUserAddress; only
 * while a thread of the process runs can anybody touch it, so a driver in the wrong context faults
 * as on Windows (the same address would there be another process's).
 */
#ifndef NT_MODEL_USER_MEMORY_H
#define NT_MODEL_USER_MEMORY_H

#include <ntifs.h>

void user_memory_reserve(PEPROCESS process);
/* The address space goes; a driver's mapping in it that was not taken away breaks a rule. */
void user_memory_release(PEPROCESS process);

#endif
