/* SPDX-License-Identifier: BSD-2-Clause */
/* A user program in the NT tests: opens xeniface's interface and uses it by IOCTL. */
#ifndef GUEST_NT_PROGRAM_H
#define GUEST_NT_PROGRAM_H

#include <ntifs.h>

/* Runs it as a user's process, to the process's end. */
void program_run(void (*program)(HANDLE device));

void program_uses_store(HANDLE device);
/* A vchan for dom0, to and fro (nt_vchan.c). */
void program_serves_vchan(HANDLE device);

#endif
