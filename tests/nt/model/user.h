/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of user programs in a test: called from a thread of a process (process.h), with
 * buffers from user_alloc(). Pointers of OBJECT_ATTRIBUTES and results of the calls themselves
 * (handles, counts) may be the test's own memory; everything that a driver sees may not.
 */
#ifndef NT_MODEL_USER_H
#define NT_MODEL_USER_H

#include <ntifs.h>

#include "model/user_memory.h"

NTSTATUS NTAPI NtCancelIoFileEx(HANDLE FileHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                PIO_STATUS_BLOCK IoStatusBlock);
/* Those of the calling thread. */
NTSTATUS NTAPI NtCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock);
NTSTATUS NTAPI NtCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState);
NTSTATUS NTAPI NtSetEvent(HANDLE EventHandle, PLONG PreviousState);
NTSTATUS NTAPI NtResetEvent(HANDLE EventHandle, PLONG PreviousState);
NTSTATUS NTAPI NtWaitForSingleObject(HANDLE Object, BOOLEAN Alertable, PLARGE_INTEGER Timeout);
NTSTATUS NTAPI NtDuplicateHandle(HANDLE Handle, PEPROCESS Target, PHANDLE Duplicate);

/* One IOCTL as a hostile program fires it: any handle, any code, any pointers (user addresses that
 * are mapped or not, system addresses, NULL) and any lengths. A request that pends is cancelled and
 * waited for. Returns the final status. */
NTSTATUS user_fire_ioctl(HANDLE Handle, ULONG Code, PVOID In, ULONG InLength, PVOID Out,
                         ULONG OutLength);

#endif
