/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between host_linux.c and what checks memory accesses: host_asan.c, or host_plain.c, which checks
 * nothing and is for benchmarks.
 */
#ifndef NT_MODEL_HOST_CHECK_H
#define NT_MODEL_HOST_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Around a change of stacks: before it on the old one, after it on the new one. */
void check_stack_leaving(void **fake_stack, const void *bottom, size_t bytes);
void check_stack_entered(void *fake_stack, const void **old_bottom, size_t *old_bytes);

/* The checker found a fault, or ends the process for another reason (address NULL). */
void host_faulted(const void *address, bool is_write);

#endif
