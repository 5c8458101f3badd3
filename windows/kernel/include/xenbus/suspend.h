/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xenbus's service "suspend": the machine is saved, migrated or checkpointed, and wakes up on a
 * hypervisor that has forgotten its ports, grants and watches. Who holds such state registers a
 * callback that establishes it again.
 *
 * The order of a resume: every CPU is stopped; the early callbacks run on one CPU with interrupts
 * off, in rising Order; the other CPUs go on; the late callbacks run at PASSIVE_LEVEL in the thread
 * that triggered, in rising Order. A suspend that Xen cancels runs no callback: nothing was lost.
 */
#ifndef XENBUS_SUSPEND_H
#define XENBUS_SUSPEND_H

#include <xenbus/interface.h>

/* {9C4E61F8-1D2B-4B0A-9B6E-6A2F03C17D51} */
DEFINE_GUID(GUID_XENBUS_SUSPEND, 0x9c4e61f8, 0x1d2b, 0x4b0a, 0x9b, 0x6e, 0x6a, 0x2f, 0x03, 0xc1,
            0x7d, 0x51);

typedef struct _XENBUS_SUSPEND_CALLBACK_ENTRY *PXENBUS_SUSPEND_HANDLE;

typedef enum _XENBUS_SUSPEND_PHASE {
    XenbusSuspendEarly, /* HIGH_LEVEL, one CPU, the others stopped: hypercalls and own memory only
                         */
    XenbusSuspendLate,  /* PASSIVE_LEVEL: everything is allowed, the store answers again */
} XENBUS_SUSPEND_PHASE;

/* The Order of callbacks: what others stand on comes first. Child drivers use ORDER_CHILD. */
enum {
    XENBUS_SUSPEND_ORDER_SHARED_INFO = 0x100,
    XENBUS_SUSPEND_ORDER_GNTTAB = 0x200,
    XENBUS_SUSPEND_ORDER_EVTCHN = 0x300,
    XENBUS_SUSPEND_ORDER_STORE = 0x400,
    XENBUS_SUSPEND_ORDER_CHILD = 0x1000,
};

typedef VOID NTAPI XENBUS_SUSPEND_CALLBACK(_In_opt_ PVOID Argument);

typedef struct _XENBUS_SUSPEND_INTERFACE_V1 {
    INTERFACE Interface;
    /* PASSIVE_LEVEL. The callback may run until Deregister has returned. */
    NTSTATUS(NTAPI *Register)
    (_In_ PVOID Context, _In_ XENBUS_SUSPEND_PHASE Phase, _In_ ULONG Order,
     _In_ XENBUS_SUSPEND_CALLBACK *Callback, _In_opt_ PVOID Argument,
     _Out_ PXENBUS_SUSPEND_HANDLE *Handle);
    /* PASSIVE_LEVEL, not from a callback. Afterwards the callback does not run any more. */
    VOID(NTAPI *Deregister)(_In_ PVOID Context, _In_ PXENBUS_SUSPEND_HANDLE Handle);
    /* Any IRQL. How often the machine has been resumed; a value that changed means that grants,
     * ports and watches made before are of the past. */
    ULONG(NTAPI *GetCount)(_In_ PVOID Context);
    /* PASSIVE_LEVEL. Suspends the machine now and returns when it runs again. STATUS_SUCCESS: it
     * was resumed. STATUS_CANCELLED: Xen went on without a suspend. STATUS_DEVICE_BUSY: another
     * thread is at it. */
    NTSTATUS(NTAPI *Trigger)(_In_ PVOID Context);
} XENBUS_SUSPEND_INTERFACE_V1, *PXENBUS_SUSPEND_INTERFACE_V1;

#define XENBUS_SUSPEND_VERSION 1

#endif
