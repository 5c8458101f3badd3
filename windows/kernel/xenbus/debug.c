/* SPDX-License-Identifier: BSD-2-Clause */
/* The dump of state on request: see include/xenbus/debug.h. */
#include "debug.h"
#include "../common/gate.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/text.h"

enum { NAME_BYTES = 17 };

struct _XENBUS_DEBUG_CALLBACK_ENTRY {
    LIST_ENTRY Link;
    CHAR Name[NAME_BYTES];
    XENBUS_DEBUG_CALLBACK *Callback;
    PVOID Argument;
};

struct _XENBUS_DEBUG {
    KMUTEX Lock; /* Callbacks; held while a dump runs */
    LIST_ENTRY Callbacks;
    PXENBUS_PARTS Parts;
    PIO_WORKITEM Work;
    volatile LONG Asked; /* the work item is queued or runs */
    GATE Gate;           /* then it is inside */
};

typedef struct _LOG_SINK {
    XENBUS_DEBUG_SINK Sink;
    PCSTR Name;
} LOG_SINK;

static VOID Acquire(_In_ PXENBUS_DEBUG Debug)
{
    (VOID) KeWaitForSingleObject(&Debug->Lock, Executive, KernelMode, FALSE, NULL);
}

static VOID Release(_In_ PXENBUS_DEBUG Debug)
{
    (VOID) KeReleaseMutex(&Debug->Lock, FALSE);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    DebugCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_DEBUG *Debug)
{
    PXENBUS_DEBUG New = PoolAllocate(sizeof(*New), POOL_TAG_DEBUG);

    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Work = IoAllocateWorkItem(Parts->DeviceObject);
    if (!New->Work) {
        PoolFree(New, POOL_TAG_DEBUG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    New->Parts = Parts;
    KeInitializeMutex(&New->Lock, 0);
    InitializeListHead(&New->Callbacks);
    GateInitialize(&New->Gate);
    GateOpen(&New->Gate);
    *Debug = New;
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID DebugDestroy(_In_ PXENBUS_DEBUG Debug)
{
    GateClose(&Debug->Gate);
    while (!IsListEmpty(&Debug->Callbacks)) /* of a child that forgot to deregister */
        PoolFree(CONTAINING_RECORD(RemoveHeadList(&Debug->Callbacks),
                                   struct _XENBUS_DEBUG_CALLBACK_ENTRY, Link),
                 POOL_TAG_DEBUG);
    IoFreeWorkItem(Debug->Work);
    PoolFree(Debug, POOL_TAG_DEBUG);
}

NTSTATUS NTAPI DebugRegister(_In_ PVOID Context, _In_ PCSTR Name,
                             _In_ XENBUS_DEBUG_CALLBACK *Callback, _In_opt_ PVOID Argument,
                             _Out_ PXENBUS_DEBUG_HANDLE *Handle)
{
    PXENBUS_DEBUG Debug = ((PXENBUS_PARTS)Context)->Debug;
    PXENBUS_DEBUG_HANDLE New;

    if (!Callback)
        return STATUS_INVALID_PARAMETER;
    New = PoolAllocate(sizeof(*New), POOL_TAG_DEBUG);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < NAME_BYTES - 1 && Name[i]; i++)
        New->Name[i] = Name[i];
    New->Callback = Callback;
    New->Argument = Argument;
    Acquire(Debug);
    InsertTailList(&Debug->Callbacks, &New->Link);
    Release(Debug);
    *Handle = New;
    return STATUS_SUCCESS;
}

VOID NTAPI DebugDeregister(_In_ PVOID Context, _In_ PXENBUS_DEBUG_HANDLE Handle)
{
    PXENBUS_DEBUG Debug = ((PXENBUS_PARTS)Context)->Debug;

    Acquire(Debug);
    RemoveEntryList(&Handle->Link);
    Release(Debug);
    PoolFree(Handle, POOL_TAG_DEBUG);
}

static VOID NTAPI WriteLine(_In_ PXENBUS_DEBUG_SINK Sink, _In_ PCSTR Line)
{
    TEXT Text;

    TextInit(&Text, CONTAINING_RECORD(Sink, LOG_SINK, Sink)->Name);
    TextAdd(&Text, ": ");
    TextAdd(&Text, Line);
    LogLine(LogInfo, Text.Buffer);
}

VOID NTAPI DebugTrigger(_In_ PVOID Context)
{
    PXENBUS_DEBUG Debug = ((PXENBUS_PARTS)Context)->Debug;

    Acquire(Debug);
    LogLine(LogInfo, "state, as asked for");
    for (PLIST_ENTRY Entry = Debug->Callbacks.Flink; Entry != &Debug->Callbacks;
         Entry = Entry->Flink) {
        PXENBUS_DEBUG_HANDLE Each =
            CONTAINING_RECORD(Entry, struct _XENBUS_DEBUG_CALLBACK_ENTRY, Link);
        LOG_SINK Sink = {.Sink.Write = WriteLine, .Name = Each->Name};
        Each->Callback(Each->Argument, &Sink.Sink);
    }
    LogLine(LogInfo, "end of state");
    Release(Debug);
}

static VOID NTAPI DumpSoon(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID Context)
{
    PXENBUS_DEBUG Debug = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    DebugTrigger(Debug->Parts);
    InterlockedExchange(&Debug->Asked, 0);
    GateLeave(&Debug->Gate);
}

VOID DebugRequest(_In_ PXENBUS_DEBUG Debug)
{
    /* One dump at a time; who asks during one sees that one. */
    if (InterlockedExchange(&Debug->Asked, 1) == 0 && GateEnter(&Debug->Gate))
        IoQueueWorkItem(Debug->Work, DumpSoon, DelayedWorkQueue, Debug);
}

static VOID NTAPI DebugLog(_In_ PVOID Context, _In_ PCSTR Line)
{
    UNREFERENCED_PARAMETER(Context);
    LogLine(LogInfo, Line);
}

/* --- The service. --- */

static VOID Fill(_In_ USHORT Version, _Out_ PINTERFACE Interface)
{
    PXENBUS_DEBUG_INTERFACE_V1 V1 = (PXENBUS_DEBUG_INTERFACE_V1)Interface;

    UNREFERENCED_PARAMETER(Version);
    V1->Register = DebugRegister;
    V1->Deregister = DebugDeregister;
    V1->Trigger = DebugTrigger;
    V1->Log = DebugLog;
}

static const USHORT Sizes[] = {sizeof(XENBUS_DEBUG_INTERFACE_V1)};
const XENBUS_SERVICE DebugService = {&GUID_XENBUS_DEBUG, RTL_NUMBER_OF(Sizes), Sizes, Fill};
