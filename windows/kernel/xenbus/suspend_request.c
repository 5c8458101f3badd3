/* SPDX-License-Identifier: BSD-2-Clause */
/* See suspend_request.h: a watch, whose callback starts work that may wait for xenstored. */
#include "suspend_request.h"
#include "suspend.h"
#include "../common/gate.h"
#include "../common/log.h"
#include "../common/pool.h"
#include <xenbus/store.h>

static const CHAR Word[] = "suspend";

struct _XENBUS_SUSPEND_REQUEST {
    PXENBUS_PARTS Parts;
    XENBUS_STORE_INTERFACE_V1 Store; /* without a reference: the bus outlives this part of it */
    PXENBUS_STORE_WATCH Watch;
    PIO_WORKITEM Work;
    GATE Gate;             /* the work is inside while it is queued or runs */
    volatile LONG Changes; /* of the key, that nobody has looked at */
    CHAR Answer[sizeof(Word)];
};

static BOOLEAN IsRequested(_In_ PXENBUS_SUSPEND_REQUEST Request)
{
    const XENBUS_STORE_COMMAND Read = {
        .Operation = XENBUS_STORE_READ,
        .Node = "control/shutdown",
        .Answer = Request->Answer,
        .AnswerRoom = sizeof(Request->Answer),
    };
    ULONG Length = 0;
    NTSTATUS Status =
        Request->Store.Execute(Request->Parts, &Read, XENBUS_STORE_TIMEOUT_DEFAULT_MS, &Length);

    return NT_SUCCESS(Status) && Length == sizeof(Word) - 1 &&
           RtlCompareMemory(Request->Answer, Word, Length) == Length;
}

/* An empty key says that the request was taken. Without that the toolstack would give up, and the
 * machine must not be suspended behind its back. */
static BOOLEAN Acknowledge(_In_ PXENBUS_SUSPEND_REQUEST Request)
{
    const XENBUS_STORE_COMMAND Write = {
        .Operation = XENBUS_STORE_WRITE,
        .Node = "control/shutdown",
        .Value = "",
    };
    NTSTATUS Status =
        Request->Store.Execute(Request->Parts, &Write, XENBUS_STORE_TIMEOUT_DEFAULT_MS, NULL);

    if (!NT_SUCCESS(Status))
        LogStatus(LogError, "the request to suspend cannot be answered:", Status);
    return NT_SUCCESS(Status);
}

static VOID NTAPI Act(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID Context)
{
    PXENBUS_SUSPEND_REQUEST Request = Context;
    LONG Seen;

    UNREFERENCED_PARAMETER(DeviceObject);
    do {
        Seen = Request->Changes;
        if (IsRequested(Request) && Acknowledge(Request))
            (VOID) SuspendTrigger(Request->Parts);
    } while (InterlockedExchangeAdd(&Request->Changes, -Seen) != Seen);
    GateLeave(&Request->Gate);
}

/* DISPATCH_LEVEL. Work that is under way looks once more. */
static VOID NTAPI Changed(_In_opt_ PVOID Argument, _In_ PCSTR Path)
{
    PXENBUS_SUSPEND_REQUEST Request = Argument;

    UNREFERENCED_PARAMETER(Path);
    if (InterlockedIncrement(&Request->Changes) != 1 || !GateEnter(&Request->Gate))
        return;
    IoQueueWorkItem(Request->Work, Act, DelayedWorkQueue, Request);
}

static VOID Free(_In_ PXENBUS_SUSPEND_REQUEST Request)
{
    if (Request->Work)
        IoFreeWorkItem(Request->Work);
    PoolFree(Request, POOL_TAG_SUSPEND);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SuspendRequestCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_SUSPEND_REQUEST *Request)
{
    PXENBUS_SUSPEND_REQUEST New = PoolAllocate(sizeof(*New), POOL_TAG_SUSPEND);
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Parts = Parts;
    GateInitialize(&New->Gate);
    GateOpen(&New->Gate);
    New->Work = IoAllocateWorkItem(Parts->DeviceObject);
    StoreService.Fill(XENBUS_STORE_VERSION, &New->Store.Interface);
    if (New->Work)
        Status = New->Store.AddWatch(Parts, NULL, "control/shutdown", Changed, New, &New->Watch);
    if (!NT_SUCCESS(Status)) {
        Free(New);
        return Status;
    }
    *Request = New;
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID SuspendRequestDestroy(_In_ PXENBUS_SUSPEND_REQUEST Request)
{
    Request->Store.RemoveWatch(Request->Parts, Request->Watch);
    GateClose(&Request->Gate);
    Free(Request);
}
