/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One IOCTL on its way: what ioctl.c has checked (the code, the handle's access, both sizes), and
 * where a handler finds its input and leaves its output.
 */
#ifndef XENIFACE_IOCTL_H
#define XENIFACE_IOCTL_H

#include <ntddk.h>

struct _XENIFACE_HANDLE;
struct _XENIFACE_SERVICES;

typedef struct _IOCTL_CALL {
    PIRP Irp;
    struct _XENIFACE_HANDLE *Handle;
    struct _XENIFACE_SERVICES *Services;
    ULONG Code;
    PVOID Buffer; /* METHOD_BUFFERED: the input, and the output; NULL when both are empty */
    ULONG InLength, OutLength;
    const VOID *UserIn; /* METHOD_NEITHER: addresses of the calling process */
    PVOID UserOut;
    ULONG_PTR Information; /* bytes of output */
} IOCTL_CALL, *PIOCTL_CALL;

/* PASSIVE_LEVEL, inside the gate, in the caller's context. STATUS_PENDING: the IRP is marked and
 * belongs to somebody else by now; any other status completes it. */
typedef NTSTATUS IOCTL_HANDLER(_Inout_ PIOCTL_CALL Call);

/* Copies an answer of at most OutLength bytes over the input. STATUS_SUCCESS. */
NTSTATUS IoctlAnswer(_Inout_ PIOCTL_CALL Call, _In_reads_bytes_(Length) const VOID *Answer,
                     _In_ ULONG Length);

#endif
