/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore for the parts of xenbus; child drivers reach the same functions through
 * include/xenbus/store.h, which says the rules. core/xen/xs_client.h speaks the protocol; here are
 * the lock, the DPC that takes its actions, memory, and waiting.
 *
 *     store.c          life, the pump, suspend, dump
 *     store_request.c  commands: submit, cancel, execute
 *     store_watch.c    watches
 *
 * One DPC at a time pumps: it takes one action after the other from the client and calls callbacks
 * without a lock. Client calls happen at HIGH_LEVEL with the lock held: a suspend stops the machine
 * between two messages, and never in the middle of one.
 */
#ifndef XENBUS_STORE_PART_H
#define XENBUS_STORE_PART_H

#include "parts.h"
#include "evtchn.h"
#include "suspend.h"
#include "debug.h"
#include <xenbus/store.h>
#include <core/xen/xs_client.h>

enum {
    STORE_SLOTS = 16,    /* requests at xenstored at a time */
    STORE_WATCHES = 512, /* xenstored's own quota is 128 a domain */
    STORE_ACTIONS_PER_DPC = 64,
    STORE_DRAIN_MS = 5000,
};

struct _XENBUS_STORE_REQUEST {
    struct xs_request Core;
    XENBUS_STORE_OPERATION Operation;
    XENBUS_STORE_COMPLETED *Completed;
    PVOID Argument;
    PVOID Answer;
    ULONG AnswerRoom;
    PUCHAR Text; /* a reply that is not the answer yet */
    CHAR Payload[];
};

struct _XENBUS_STORE_WATCH {
    struct xs_watch Core;
    LIST_ENTRY Link; /* Store->Lock, as the rest */
    XENBUS_STORE_WATCH_CALLBACK *Callback;
    PVOID Argument;
    BOOLEAN Removed; /* its owner wants no more of it */
    BOOLEAN Running; /* its callback */
    PKEVENT Idle;    /* who waits for the end of that */
    PKEVENT Added;   /* AddWatch waits for xenstored's answer */
    NTSTATUS Status; /* which was that */
    CHAR Path[];
};

struct _XENBUS_STORE {
    PXENBUS_PARTS Parts;
    KSPIN_LOCK Lock; /* all below */
    struct xs_client Client;
    struct xs_client_slot Slots[STORE_SLOTS];
    struct xs_watch *WatchTable[STORE_WATCHES];
    LIST_ENTRY Watches;
    ULONG SuspendCount; /* of the connection */
    BOOLEAN Pumping, PumpAgain;
    PKEVENT Drained; /* Destroy waits until xenstored has answered everything */
    ULONG64 Actions;
    KDPC Dpc;
    PXENBUS_EVTCHN_CHANNEL Channel; /* PASSIVE_LEVEL, Send: with the lock; NULL after a resume */
    ULONG_PTR Frame;                /* the ring's */
    struct xs_ring_page *Page;
    PXENBUS_SUSPEND_HANDLE Late;
    PXENBUS_DEBUG_HANDLE Dump;
};

/* store.c. <= DISPATCH_LEVEL. */
VOID StorePumpSoon(_Inout_ PXENBUS_STORE Store);
/* The lock, at HIGH_LEVEL. */
VOID StoreLock(_Inout_ PXENBUS_STORE Store, _Out_ PKIRQL Irql);
VOID StoreUnlock(_Inout_ PXENBUS_STORE Store, _In_ KIRQL Irql);
NTSTATUS StoreStatus(_In_ enum xs_error Error);

/* store_request.c */
/* DISPATCH_LEVEL, no lock. The client has given it back: its caller is told, and it is freed. */
VOID StoreComplete(_In_ PXENBUS_STORE_REQUEST Request);
/* Bytes of "Prefix/Node" with NUL; 0: too long, or no name. */
ULONG StorePathBytes(_In_opt_ PCSTR Prefix, _In_ PCSTR Node);
VOID StorePathWrite(_Out_ PCHAR Out, _In_opt_ PCSTR Prefix, _In_ PCSTR Node);

/* Context: the PXENBUS_PARTS. See include/xenbus/store.h. */
NTSTATUS NTAPI StoreSubmit(_In_ PVOID Context, _In_ const XENBUS_STORE_COMMAND *Command,
                           _In_ XENBUS_STORE_COMPLETED *Completed, _In_opt_ PVOID Argument,
                           _Out_opt_ PXENBUS_STORE_REQUEST *Request);
BOOLEAN NTAPI StoreCancel(_In_ PVOID Context, _In_ PXENBUS_STORE_REQUEST Request);
NTSTATUS NTAPI StoreExecute(_In_ PVOID Context, _In_ const XENBUS_STORE_COMMAND *Command,
                            _In_ ULONG TimeoutMs, _Out_opt_ PULONG AnswerLength);
NTSTATUS NTAPI StoreAddWatch(_In_ PVOID Context, _In_opt_ PCSTR Prefix, _In_ PCSTR Node,
                             _In_ XENBUS_STORE_WATCH_CALLBACK *Callback, _In_opt_ PVOID Argument,
                             _Out_ PXENBUS_STORE_WATCH *Watch);
VOID NTAPI StoreRemoveWatch(_In_ PVOID Context, _In_ PXENBUS_STORE_WATCH Watch);

/* store_watch.c, for the pump. DISPATCH_LEVEL. */
/* No lock; it was Running when the lock was released. */
VOID StoreWatchFire(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch,
                    _In_ PCSTR Path);
/* The lock is held. xenstored has answered. */
VOID StoreWatchAdded(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch,
                     _In_ NTSTATUS Status);
/* The lock is held. TRUE: free it, with no lock. */
BOOLEAN StoreWatchRemoved(_Inout_ PXENBUS_STORE Store, _Inout_ PXENBUS_STORE_WATCH Watch);

#endif
