/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A user program that uses xeniface, for the tests: processes and their ends, and the calls that
 * xencontrol.dll makes, with buffers in the program's own memory. A buffer ends where its page
 * ends, with nothing behind it, so that one byte too many faults.
 *
 * What is called inside a program (Run) runs as a user thread of its process.
 */
#ifndef TESTS_NT_XENIFACE_PROGRAM_H
#define TESTS_NT_XENIFACE_PROGRAM_H

#include <ntifs.h>

#include "windows/kernel/xeniface/contract.h"
#include "harness.h"
#include "model/fault.h"
#include "model/process.h"
#include "model/security.h"

/* --- From a system thread */

/* An administrator's process that runs Main(Context) and then waits for nothing: Main may leave
 * requests and handles behind. The process lives on until Kill. */
PEPROCESS Start(process_main_fn *Main, void *Context);
/* Once more in the same process. */
void Run(PEPROCESS Process, process_main_fn *Main, void *Context);
/* The process dies with all it has. */
void Kill(PEPROCESS Process);
/* Start and Kill. */
void Program(process_main_fn *Main, void *Context);

/* --- Inside a program */

/* The device. STATUS_SUCCESS or why not. */
NTSTATUS Open(ACCESS_MASK Access, HANDLE *Handle);
/* With all rights; it works. */
HANDLE OpenAll(void);
void Close(HANDLE Handle);
HANDLE NewEvent(void);
/* Whether it is set; resets it. */
BOOLEAN TakeEvent(HANDLE Event);
/* Memory of the program: NULL: none. Bytes, at the end of their pages. */
PVOID Memory(SIZE_T Bytes);
void FreeMemory(PVOID Address, SIZE_T Bytes);

/* An IOCTL whose input and output are copied from and to the test's own memory. Waits for it.
 * Information may be NULL. */
NTSTATUS Call(HANDLE Handle, ULONG Code, const void *In, ULONG InLength, void *Out, ULONG OutLength,
              ULONG_PTR *Information);

/* One that stays: a grant or a mapping. */
typedef struct _PENDING {
    HANDLE Handle;
    NTSTATUS Status; /* what the call returned */
    PIO_STATUS_BLOCK Result;
    PVOID In, Out; /* in the program's memory */
    ULONG InLength, OutLength;
} PENDING;

/* Status is STATUS_PENDING or why not; what was allocated is freed if it does not pend. */
void Begin(PENDING *Pending, HANDLE Handle, ULONG Code, const void *In, ULONG InLength,
           ULONG OutLength);
BOOLEAN IsOver(const PENDING *Pending);
/* The request's final status; frees its memory. */
NTSTATUS Finish(PENDING *Pending);
void Cancel(PENDING *Pending);

/* The calls by name. */
NTSTATUS BindUnbound(HANDLE Handle, USHORT Domain, HANDLE Event, BOOLEAN Mask, ULONG *Port);
NTSTATUS PortCall(HANDLE Handle, ULONG Code, ULONG Port);
NTSTATUS AddWatch(HANDLE Handle, const char *Path, HANDLE Event, PVOID *Watch);
NTSTATUS RemoveWatch(HANDLE Handle, PVOID Watch);
/* Version 2; Address NULL: fresh pages. */
void Grant(PENDING *Pending, HANDLE Handle, USHORT Domain, ULONG Pages, PVOID Address, ULONG Flags,
           ULONG Offset, ULONG Port);
void Map(PENDING *Pending, HANDLE Handle, USHORT Domain, ULONG Pages, const ULONG *References,
         ULONG Flags, ULONG Offset, ULONG Port);
PVOID AddressOf(const PENDING *Pending);
ULONG ReferenceOf(const PENDING *Pending, ULONG Page);
NTSTATUS Revoke(HANDLE Handle, PVOID Address);
NTSTATUS Unmap(HANDLE Handle, PVOID Address);

#endif
