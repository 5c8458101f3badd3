/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xenbus's service "debug": log lines on Xen's console, and a dump of every part's state when a
 * person asks for it (xl debug-keys q, or Trigger). A part registers a callback that says its
 * counters and tables, line by line.
 */
#ifndef XENBUS_DEBUG_H
#define XENBUS_DEBUG_H

#include <xenbus/interface.h>

/* {5E0A7F44-6C3D-4F7B-A1B9-57C8D24E90A3} */
DEFINE_GUID(GUID_XENBUS_DEBUG, 0x5e0a7f44, 0x6c3d, 0x4f7b, 0xa1, 0xb9, 0x57, 0xc8, 0xd2, 0x4e, 0x90,
            0xa3);

typedef struct _XENBUS_DEBUG_CALLBACK_ENTRY *PXENBUS_DEBUG_HANDLE;

/* Where a dump goes: Line is a string without a line end, of at most XENBUS_DEBUG_LINE_BYTES with
 * its NUL. It is copied. */
typedef struct _XENBUS_DEBUG_SINK {
    VOID(NTAPI *Write)(_In_ struct _XENBUS_DEBUG_SINK *Sink, _In_ PCSTR Line);
} XENBUS_DEBUG_SINK, *PXENBUS_DEBUG_SINK;

enum { XENBUS_DEBUG_LINE_BYTES = 256 };

/* PASSIVE_LEVEL. Says state, changes nothing. */
typedef VOID NTAPI XENBUS_DEBUG_CALLBACK(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink);

typedef struct _XENBUS_DEBUG_INTERFACE_V1 {
    INTERFACE Interface;
    /* PASSIVE_LEVEL. Name: shown before each line; the string is copied (16 bytes at most are
     * kept). The callback may run until Deregister has returned. */
    NTSTATUS(NTAPI *Register)
    (_In_ PVOID Context, _In_ PCSTR Name, _In_ XENBUS_DEBUG_CALLBACK *Callback,
     _In_opt_ PVOID Argument, _Out_ PXENBUS_DEBUG_HANDLE *Handle);
    /* PASSIVE_LEVEL, not from a callback. */
    VOID(NTAPI *Deregister)(_In_ PVOID Context, _In_ PXENBUS_DEBUG_HANDLE Handle);
    /* PASSIVE_LEVEL. Dumps everything to Xen's console and the kernel debugger. */
    VOID(NTAPI *Trigger)(_In_ PVOID Context);
    /* Any IRQL. One line on Xen's console. Bytes that are not printable ASCII appear as '?'. */
    VOID(NTAPI *Log)(_In_ PVOID Context, _In_ PCSTR Line);
} XENBUS_DEBUG_INTERFACE_V1, *PXENBUS_DEBUG_INTERFACE_V1;

#define XENBUS_DEBUG_VERSION 1

#endif
