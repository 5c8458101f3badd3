/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A drop-in library's connection to the instance that the environment names. There is one for the
 * process, opened when first needed and closed by the process's end: to the hypervisor, what a
 * process holds is gone when the process is. A child after fork() gets its own.
 */
#ifndef SIMXEN_LIB_PROCESS_H
#define SIMXEN_LIB_PROCESS_H

#include "../client.h"

/* The connection, or NULL with errno set (ENOENT: no instance, as without a /dev/xen). */
struct simxen *process_connection(void);
/* A client result as a library gives it: negative becomes -1 and errno. */
int process_result(int result);

#endif
