/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one open handle (a FILE_OBJECT) owns: ports, watches, resume registrations, and sharings
 * (grants and mappings). All of it is freed when the last user handle is closed, when the device
 * stops or goes, in this order: sharings (whose notifications may need the ports), ports, watches,
 * registrations. The limits keep one program from taking all of Xen's or NT's memory.
 */
#ifndef XENIFACE_HANDLE_H
#define XENIFACE_HANDLE_H

#include <ntddk.h>

#include "device.h"

enum {
    HANDLE_PORTS_MAX = 1024,
    HANDLE_WATCHES_MAX = 1024,
    HANDLE_REGISTRATIONS_MAX = 64,
    HANDLE_SHARINGS_MAX = 8192,
    HANDLE_PAGES_MAX = 256 * 1024, /* shared, granted and mapped together: 1 GiB */
};

typedef struct _XENIFACE_HANDLE {
    LIST_ENTRY Link; /* Device->Handles, until the file object is closed */
    PXENIFACE_DEVICE Device;
    volatile LONG References; /* the file object's, and of calls that may outlive it */

    FAST_MUTEX Mutex; /* guards what follows, up to the sharings */
    BOOLEAN Closing;  /* the last user handle is gone: nothing may be added */
    LIST_ENTRY Ports, Watches, Registrations;
    ULONG PortCount, WatchCount, RegistrationCount;
    ULONG64 LastId; /* names watches and registrations; never used twice */

    IO_CSQ Csq; /* the IRPs that pend for the sharings */
    KSPIN_LOCK SharingsLock;
    LIST_ENTRY Sharings; /* also those that begin or end */
    ULONG SharingCount;
    ULONG64 SharedPages;
    BOOLEAN SharingsClosing;
    KEVENT SharingsGone; /* Sharings is empty */
} XENIFACE_HANDLE, *PXENIFACE_HANDLE;

/* A list entry that is owned by a handle, and its place. */
#define HANDLE_OF(FileObject) ((PXENIFACE_HANDLE)(FileObject)->FsContext)

/* HandlesLock, exclusively. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID HandlesLock(_Inout_ PXENIFACE_DEVICE Device);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID HandlesUnlock(_Inout_ PXENIFACE_DEVICE Device);

VOID HandleReference(_Inout_ PXENIFACE_HANDLE Handle);
VOID HandleDereference(_Inout_ PXENIFACE_HANDLE Handle);

/* Frees everything that the handle owns. The device's HandlesLock is held; the services work, or
 * nothing is owned. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID HandleDrain(_Inout_ PXENIFACE_HANDLE Handle);

/* Adds Entry to one of the lists guarded by Mutex, if the handle is not closing and *Count is below
 * Maximum. OwnId, if wanted, and Id get a number that the handle gives once. STATUS_QUOTA_EXCEEDED,
 * STATUS_FILE_CLOSED. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    HandleAdd(_Inout_ PXENIFACE_HANDLE Handle, _Inout_ PLIST_ENTRY List, _Inout_ PULONG Count,
              _In_ ULONG Maximum, _Inout_ PLIST_ENTRY Entry, _Out_opt_ PULONG64 OwnId,
              _Out_opt_ PULONG64 Id);

typedef BOOLEAN HANDLE_MATCH(_In_ PLIST_ENTRY Entry, _In_ ULONG64 Name);
/* Takes the entry that Match names out of the list; NULL: there is none. Match NULL: any. */
_IRQL_requires_max_(PASSIVE_LEVEL) PLIST_ENTRY
    HandleTake(_Inout_ PXENIFACE_HANDLE Handle, _Inout_ PLIST_ENTRY List, _Inout_ PULONG Count,
               _In_opt_ HANDLE_MATCH *Match, _In_ ULONG64 Name);

/* The event of the calling process. On success ObDereferenceObject() is owed (event.c). */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    EventReference(_In_ HANDLE Event, _In_ KPROCESSOR_MODE Mode, _Outptr_ PKEVENT *Object);

#endif
