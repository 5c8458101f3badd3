/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine's host does in Linux's world: domains and programs (outside_linux.c). */
#ifndef NT_XEN_OUTSIDE_H
#define NT_XEN_OUTSIDE_H

#include <stddef.h>
#include <stdint.h>

/* A new guest domain of the instance in SIMXEN_DIR. Ends the run when there is none. */
uint32_t outside_create_domain(void);
/* The instance's folder. */
const char *outside_instance(void);
int outside_run(const char *const arguments[], char *output, size_t bytes);

#endif
