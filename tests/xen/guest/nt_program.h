/* SPDX-License-Identifier: BSD-2-Clause */
/* A user program in the NT tests: opens xeniface's interface and uses it by IOCTL. */
#ifndef GUEST_NT_PROGRAM_H
#define GUEST_NT_PROGRAM_H

#include <ntifs.h>

/* Runs it as a user's process, to the process's end. */
void program_run(void (*program)(HANDLE device));

/* --- For programs. */

/* An IOCTL with buffers of the program's; out may be NULL. */
NTSTATUS program_call(HANDLE device, ULONG code, const void *in, ULONG in_bytes, void *out,
                      ULONG out_bytes);
void program_write_key(HANDLE device, const char *path, const char *value);
/* value is NUL-terminated. */
NTSTATUS program_read_key(HANDLE device, const char *path, char *value, ULONG room);
/* A synchronization event, and waiting for one with a limit of real time: the model's time runs
 * away while the machine is idle. */
HANDLE program_event(void);
void program_wait(HANDLE event);
/* An event that XenStore's path sets from now on; the watch lives as long as the program. */
HANDLE program_watch(HANDLE device, const char *path);

/* --- Programs. */

void program_uses_store(HANDLE device);
/* Says "ready" to its partner in dom0, until dom0 has written data/go. */
void program_asks_dom0(HANDLE device);
/* A vchan for dom0, to and fro (nt_vchan.c). */
void program_serves_vchan(HANDLE device);
/* It lives while dom0 suspends its machine (nt_resume.c): and goes on, or saves and restores it. */
void program_is_checkpointed(HANDLE device);
void program_is_restored(HANDLE device);

#endif
