/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process's user addresses. Each process has a range of its own below MmHighestUserAddress. Its
 * pages can be touched by the process's own code, and by driver code inside a SehCall while the
 * process is the current one; every other touch breaks a rule or, in the SehCall, raises: a driver
 * in the wrong context faults as on Windows (where the address would be another process's).
 */
#ifndef NT_MODEL_USER_MEMORY_H
#define NT_MODEL_USER_MEMORY_H

#include <ntifs.h>

void user_memory_start(void);
void user_memory_reserve(PEPROCESS process);
/* The address space goes. */
void user_memory_release(PEPROCESS process);
/* Another thread or CPU runs, or driver code goes on: nobody's user memory can be touched. */
void user_memory_hide(void);
void user_memory_switched(void);

BOOLEAN user_memory_is(const void *address);
/* Copies without touching the addresses: what the I/O manager does for a request. FALSE: a page is
 * not there or not writable. */
BOOLEAN user_memory_read(PEPROCESS process, void *to, const void *from, SIZE_T bytes);
BOOLEAN user_memory_write(PEPROCESS process, void *to, const void *from, SIZE_T bytes);

/* The frame at an address; FALSE: none, or it may not be written. */
BOOLEAN user_memory_frame(PEPROCESS process, const void *address, BOOLEAN write, ULONG64 *frame);
/* A driver's mapping of frames; NULL: no room. */
void *user_memory_map(PEPROCESS process, const PFN_NUMBER *frames, ULONG count, BOOLEAN write);
void user_memory_unmap(PEPROCESS process, void *address);

/* --- For a test's user programs, in a thread of the process. */

/* Zeroed pages. */
void *user_alloc(SIZE_T bytes);
void user_free(void *address);
/* Of the region that the address is in. */
void user_protect(void *address, BOOLEAN writable);

#endif
