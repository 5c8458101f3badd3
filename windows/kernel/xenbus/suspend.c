/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suspend, resume and migration: see include/xenbus/suspend.h for the order of things. The same
 * walk through the callbacks follows hibernation, after which Xen has forgotten us as well.
 */
#include "suspend.h"
#include "hypercall.h"
#include "interrupts.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/text.h"
#include <core/xen/abi.h>

struct _XENBUS_SUSPEND_CALLBACK_ENTRY {
    LIST_ENTRY Link;
    ULONG Order;
    XENBUS_SUSPEND_CALLBACK *Callback;
    PVOID Argument;
};

struct _XENBUS_SUSPEND {
    KMUTEX Lock; /* the lists; held, at PASSIVE_LEVEL, while a suspend is under way */
    LIST_ENTRY Callbacks[2];
    volatile LONG Busy; /* a thread triggers */
    volatile LONG Count;
    LONG Cancelled;
};

static VOID Acquire(_In_ PXENBUS_SUSPEND Suspend)
{
    (VOID) KeWaitForSingleObject(&Suspend->Lock, Executive, KernelMode, FALSE, NULL);
}

static VOID Release(_In_ PXENBUS_SUSPEND Suspend)
{
    (VOID) KeReleaseMutex(&Suspend->Lock, FALSE);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SuspendCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_SUSPEND *Suspend)
{
    PXENBUS_SUSPEND New = PoolAllocate(sizeof(*New), POOL_TAG_SUSPEND);

    UNREFERENCED_PARAMETER(Parts);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeMutex(&New->Lock, 0);
    InitializeListHead(&New->Callbacks[XenbusSuspendEarly]);
    InitializeListHead(&New->Callbacks[XenbusSuspendLate]);
    *Suspend = New;
    return STATUS_SUCCESS;
}

/* A child that forgot to deregister is not left behind: its entry is ours. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID SuspendDestroy(_In_ PXENBUS_SUSPEND Suspend)
{
    for (ULONG Phase = 0; Phase < RTL_NUMBER_OF(Suspend->Callbacks); Phase++)
        while (!IsListEmpty(&Suspend->Callbacks[Phase]))
            PoolFree(CONTAINING_RECORD(RemoveHeadList(&Suspend->Callbacks[Phase]),
                                       struct _XENBUS_SUSPEND_CALLBACK_ENTRY, Link),
                     POOL_TAG_SUSPEND);
    PoolFree(Suspend, POOL_TAG_SUSPEND);
}

NTSTATUS NTAPI SuspendRegister(_In_ PVOID Context, _In_ XENBUS_SUSPEND_PHASE Phase,
                               _In_ ULONG Order, _In_ XENBUS_SUSPEND_CALLBACK *Callback,
                               _In_opt_ PVOID Argument, _Out_ PXENBUS_SUSPEND_HANDLE *Handle)
{
    PXENBUS_SUSPEND Suspend = ((PXENBUS_PARTS)Context)->Suspend;
    PXENBUS_SUSPEND_HANDLE New;
    PLIST_ENTRY Before;

    if ((ULONG)Phase >= RTL_NUMBER_OF(Suspend->Callbacks) || !Callback)
        return STATUS_INVALID_PARAMETER;
    New = PoolAllocate(sizeof(*New), POOL_TAG_SUSPEND);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Order = Order;
    New->Callback = Callback;
    New->Argument = Argument;

    Acquire(Suspend);
    for (Before = Suspend->Callbacks[Phase].Flink; Before != &Suspend->Callbacks[Phase];
         Before = Before->Flink)
        if (CONTAINING_RECORD(Before, struct _XENBUS_SUSPEND_CALLBACK_ENTRY, Link)->Order > Order)
            break;
    InsertTailList(Before, &New->Link);
    Release(Suspend);
    *Handle = New;
    return STATUS_SUCCESS;
}

VOID NTAPI SuspendDeregister(_In_ PVOID Context, _In_ PXENBUS_SUSPEND_HANDLE Handle)
{
    PXENBUS_SUSPEND Suspend = ((PXENBUS_PARTS)Context)->Suspend;

    Acquire(Suspend);
    RemoveEntryList(&Handle->Link);
    Release(Suspend);
    PoolFree(Handle, POOL_TAG_SUSPEND);
}

ULONG NTAPI SuspendGetCount(_In_ PVOID Context)
{
    return (ULONG)((PXENBUS_PARTS)Context)->Suspend->Count;
}

static VOID RunCallbacks(_In_ PXENBUS_SUSPEND Suspend, _In_ XENBUS_SUSPEND_PHASE Phase)
{
    for (PLIST_ENTRY Entry = Suspend->Callbacks[Phase].Flink; Entry != &Suspend->Callbacks[Phase];
         Entry = Entry->Flink) {
        PXENBUS_SUSPEND_HANDLE Each =
            CONTAINING_RECORD(Entry, struct _XENBUS_SUSPEND_CALLBACK_ENTRY, Link);
        Each->Callback(Each->Argument);
    }
}

/* --- Every CPU is held in one broadcast, and vCPU 0 does the work: when a suspend is cancelled,
 * libxl writes the result of the hypercall into that one's registers, whoever made it. --- */

typedef struct _CAPTURE {
    PXENBUS_SUSPEND Suspend;
    ULONG Worker;   /* NT's number of that CPU */
    BOOLEAN AskXen; /* FALSE: the machine has already slept (hibernation) */
    ULONG Cpus;
    volatile LONG Arrived;
    volatile LONG Done;
    LONG_PTR Result; /* of SCHEDOP_shutdown */
} CAPTURE, *PCAPTURE;

static LONG_PTR AskXenToSuspend(VOID)
{
    struct xen_sched_shutdown Shutdown = {.reason = XEN_SHUTDOWN_SUSPEND};

    return XenHypercall(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_SHUTDOWN, (ULONG_PTR)&Shutdown, 0, 0,
                        0);
}

static ULONG_PTR NTAPI OnEachCpu(_In_ ULONG_PTR Argument)
{
    PCAPTURE Capture = (PCAPTURE)Argument;
    KIRQL Irql;

    /* No interrupt may use a port or grant between Xen's forgetting and our early callbacks. */
    KeRaiseIrql(HIGH_LEVEL, &Irql);
    InterlockedIncrement(&Capture->Arrived);
    if (KeGetCurrentProcessorNumberEx(NULL) == Capture->Worker) {
        while ((ULONG)Capture->Arrived < Capture->Cpus)
            YieldProcessor();
        Capture->Result = Capture->AskXen ? AskXenToSuspend() : 0;
        if (Capture->Result == 0) {
            InterlockedIncrement(&Capture->Suspend->Count);
            RunCallbacks(Capture->Suspend, XenbusSuspendEarly);
        }
        InterlockedExchange(&Capture->Done, 1);
    } else {
        while (!Capture->Done)
            YieldProcessor();
    }
    KeLowerIrql(Irql);
    return 0;
}

static NTSTATUS Run(_In_ PXENBUS_PARTS Parts, _In_ BOOLEAN AskXen)
{
    PXENBUS_SUSPEND Suspend = Parts->Suspend;
    CAPTURE Capture = {.Suspend = Suspend,
                       .Worker = InterruptsCpuOfVcpu0(Parts->Interrupts),
                       .AskXen = AskXen,
                       .Cpus = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS)};
    NTSTATUS Status = STATUS_SUCCESS;
    TEXT Text;

    if (InterlockedCompareExchange(&Suspend->Busy, 1, 0))
        return STATUS_DEVICE_BUSY;
    Acquire(Suspend);
    if (AskXen)
        LogLine(LogInfo, "suspending");
    (VOID) KeIpiGenericCall(OnEachCpu, (ULONG_PTR)&Capture);
    if (Capture.Result == 0) {
        RunCallbacks(Suspend, XenbusSuspendLate);
        TextInit(&Text, "resumed, count ");
        TextAddDecimal(&Text, (ULONG)Suspend->Count);
        LogLine(LogInfo, Text.Buffer);
    } else if (Capture.Result > 0) {
        Suspend->Cancelled++;
        LogLine(LogInfo, "the suspend was cancelled");
        Status = STATUS_CANCELLED;
    } else {
        LogLine(LogError, "Xen refused to suspend");
        Status = STATUS_UNSUCCESSFUL;
    }
    Release(Suspend);
    InterlockedExchange(&Suspend->Busy, 0);
    return Status;
}

NTSTATUS NTAPI SuspendTrigger(_In_ PVOID Context)
{
    return Run(Context, TRUE);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS SuspendAfterHibernation(_In_ PXENBUS_PARTS Parts)
{
    return Run(Parts, FALSE);
}

VOID NTAPI SuspendDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink)
{
    PXENBUS_SUSPEND Suspend = ((PXENBUS_PARTS)Argument)->Suspend;
    TEXT Text;

    TextInit(&Text, "resumed ");
    TextAddDecimal(&Text, (ULONG)Suspend->Count);
    TextAdd(&Text, " times, cancelled ");
    TextAddDecimal(&Text, (ULONG)Suspend->Cancelled);
    Sink->Write(Sink, Text.Buffer);
}

/* --- The service. --- */

static VOID Fill(_In_ USHORT Version, _Out_ PINTERFACE Interface)
{
    PXENBUS_SUSPEND_INTERFACE_V1 V1 = (PXENBUS_SUSPEND_INTERFACE_V1)Interface;

    UNREFERENCED_PARAMETER(Version);
    V1->Register = SuspendRegister;
    V1->Deregister = SuspendDeregister;
    V1->GetCount = SuspendGetCount;
    V1->Trigger = SuspendTrigger;
}

static const USHORT Sizes[] = {sizeof(XENBUS_SUSPEND_INTERFACE_V1)};
const XENBUS_SERVICE SuspendService = {&GUID_XENBUS_SUSPEND, RTL_NUMBER_OF(Sizes), Sizes, Fill};
