/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore for other drivers. Everything is asynchronous underneath; nobody waits above
 * PASSIVE_LEVEL, and nobody waits for ever: the synchronous calls have a time limit.
 *
 * Paths and values are bytes, with a length or ending with NUL as said; xenstored's own limits hold
 * (path 3072 bytes absolute, message 4096). Prefix and Node are joined by '/'; Prefix may be NULL.
 *
 * Status of every call: STATUS_OBJECT_NAME_NOT_FOUND (ENOENT), STATUS_ACCESS_DENIED (EACCES),
 * STATUS_INVALID_PARAMETER (EINVAL), STATUS_RETRY (EAGAIN: do the transaction again; also after a
 * suspend), STATUS_BUFFER_OVERFLOW (the value is longer than the room), STATUS_DISK_FULL (ENOSPC: a
 * quota of xenstored), STATUS_INSUFFICIENT_RESOURCES, STATUS_NOT_SUPPORTED (ENOSYS),
 * STATUS_OBJECT_NAME_COLLISION (EEXIST), STATUS_DIRECTORY_NOT_EMPTY, STATUS_MEDIA_WRITE_PROTECTED
 * (EROFS), STATUS_DEVICE_BUSY (EBUSY), STATUS_IO_DEVICE_ERROR (EIO, or xenstored breaks the
 * protocol), STATUS_IO_TIMEOUT, STATUS_CANCELLED (xenbus.sys is being stopped).
 */
#ifndef XENBUS_STORE_H
#define XENBUS_STORE_H

#include <xenbus/interface.h>

/* {A1F1D3DE-5B0C-4D3A-9a86-9f4f6a6c0e03} */
DEFINE_GUID(GUID_XENBUS_STORE, 0xa1f1d3de, 0x5b0c, 0x4d3a, 0x9a, 0x86, 0x9f, 0x4f, 0x6a, 0x6c, 0x0e,
            0x03);

#define XENBUS_STORE_TIMEOUT_DEFAULT_MS 10000

typedef struct _XENBUS_STORE_WATCH XENBUS_STORE_WATCH, *PXENBUS_STORE_WATCH;
typedef struct _XENBUS_STORE_REQUEST XENBUS_STORE_REQUEST, *PXENBUS_STORE_REQUEST;

/* A value: { 0, 0 } stands for no transaction. */
typedef struct _XENBUS_STORE_TRANSACTION {
    ULONG Number, Epoch;
} XENBUS_STORE_TRANSACTION, *PXENBUS_STORE_TRANSACTION;

#define XENBUS_STORE_ACCESS_READ  1
#define XENBUS_STORE_ACCESS_WRITE 2
typedef struct _XENBUS_STORE_PERMISSION {
    USHORT Domain; /* the first entry: the owner, with the access that all others have */
    USHORT Access; /* XENBUS_STORE_ACCESS_*, or-ed */
} XENBUS_STORE_PERMISSION, *PXENBUS_STORE_PERMISSION;

typedef enum _XENBUS_STORE_OPERATION {
    XENBUS_STORE_READ,            /* answer: the value, without NUL */
    XENBUS_STORE_WRITE,           /* needs Value */
    XENBUS_STORE_MKDIR,           /* succeeds when it is there already */
    XENBUS_STORE_REMOVE,          /* with everything below */
    XENBUS_STORE_DIRECTORY,       /* answer: names, each with NUL; of any length */
    XENBUS_STORE_GET_PERMISSIONS, /* answer: XENBUS_STORE_PERMISSION entries */
    XENBUS_STORE_SET_PERMISSIONS, /* Value: XENBUS_STORE_PERMISSION entries */
    XENBUS_STORE_BEGIN,           /* a transaction; answer: XENBUS_STORE_TRANSACTION */
    XENBUS_STORE_COMMIT,
    XENBUS_STORE_ABORT,
} XENBUS_STORE_OPERATION;

typedef struct _XENBUS_STORE_COMMAND {
    XENBUS_STORE_OPERATION Operation;
    XENBUS_STORE_TRANSACTION Transaction;
    PCSTR Prefix, Node;
    const VOID *Value; /* copied before the call returns, as are Prefix and Node */
    ULONG ValueLength;
    PVOID Answer; /* nonpaged, stays until the command is completed or cancelled; may be NULL */
    ULONG AnswerRoom;
} XENBUS_STORE_COMMAND, *PXENBUS_STORE_COMMAND;

/* A submitted command's end. DISPATCH_LEVEL; holding no lock. AnswerLength is what came; with
 * STATUS_BUFFER_OVERFLOW what is needed, or 0 if that is not known. The request is gone. */
typedef VOID NTAPI XENBUS_STORE_COMPLETED(_In_opt_ PVOID Argument, _In_ NTSTATUS Status,
                                          _In_ ULONG AnswerLength);

/* Something at or below the watched path changed (or the watch is new, or set again after a
 * suspend). DISPATCH_LEVEL, never twice at a time for a watch. Path is valid during the call. */
typedef VOID NTAPI XENBUS_STORE_WATCH_CALLBACK(_In_opt_ PVOID Argument, _In_ PCSTR Path);

typedef struct _XENBUS_STORE_INTERFACE_V1 {
    INTERFACE Interface;

    /* <= DISPATCH_LEVEL. STATUS_PENDING: Completed will be called once, unless Cancel says that it
     * won't; it may be called before Submit returns. Any other status: it will not be called. */
    NTSTATUS(NTAPI *Submit)
    (_In_ PVOID Context, _In_ const XENBUS_STORE_COMMAND *Command,
     _In_ XENBUS_STORE_COMPLETED *Completed, _In_opt_ PVOID Argument,
     _Out_opt_ PXENBUS_STORE_REQUEST *Request);

    /* <= DISPATCH_LEVEL. For a request whose Completed has not returned yet (the caller knows by a
     * lock of its own). TRUE: Completed will not be called, Answer is the caller's again, what the
     * command left behind in xenstored is cleaned up. FALSE: Completed is being called. */
    BOOLEAN(NTAPI *Cancel)(_In_ PVOID Context, _In_ PXENBUS_STORE_REQUEST Request);

    /* PASSIVE_LEVEL. Waits for the answer, at most TimeoutMs. */
    NTSTATUS(NTAPI *Execute)
    (_In_ PVOID Context, _In_ const XENBUS_STORE_COMMAND *Command, _In_ ULONG TimeoutMs,
     _Out_opt_ PULONG AnswerLength);

    /* PASSIVE_LEVEL. Callback comes once soon after, and then for each change. */
    NTSTATUS(NTAPI *AddWatch)
    (_In_ PVOID Context, _In_opt_ PCSTR Prefix, _In_ PCSTR Node,
     _In_ XENBUS_STORE_WATCH_CALLBACK *Callback, _In_opt_ PVOID Argument,
     _Out_ PXENBUS_STORE_WATCH *Watch);

    /* PASSIVE_LEVEL, not from the watch's own callback. When it returns, no callback runs or will
     * run. It does not wait for xenstored. */
    VOID(NTAPI *RemoveWatch)(_In_ PVOID Context, _In_ PXENBUS_STORE_WATCH Watch);
} XENBUS_STORE_INTERFACE_V1, *PXENBUS_STORE_INTERFACE_V1;

#define XENBUS_STORE_VERSION 1

#endif
