/* SPDX-License-Identifier: BSD-2-Clause */
/* See shutdown.h: a watch, whose callback starts work that may wait for xenstored. */
#include "shutdown.h"

#include "contract.h"
#include "windows/kernel/common/pool.h"

enum { WORD_MAX = XENIFACE_SHUTDOWN_WORD_MAX };

/* The notification is copied by NT before the call returns. */
static VOID Announce(_In_ PDEVICE_OBJECT Pdo, _In_reads_(Length) const CHAR *Word,
                     _In_ ULONG Length)
{
    const ULONG Head = FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer);
    PTARGET_DEVICE_CUSTOM_NOTIFICATION Note = PoolAllocate(Head + WORD_MAX, POOL_TAG_XENIFACE);

    if (Note == NULL)
        return;
    Note->Version = 1;
    Note->Size = (USHORT)(Head + Length + 1);
    Note->Event = GUID_XENIFACE_SHUTDOWN_REQUEST;
    Note->NameBufferOffset = -1;
    RtlCopyMemory(Note->CustomDataBuffer, Word, Length); /* and a NUL: the memory is zero */
    (VOID) IoReportTargetDeviceChangeAsynchronous(Pdo, Note, NULL, NULL);
    PoolFree(Note, POOL_TAG_XENIFACE);
}

/* An empty key is no request: whoever acted on the last one has cleared it. */
static VOID ReadAndAnnounce(_In_ PSHUTDOWN_WATCH Watch)
{
    XENBUS_STORE_COMMAND Command = {.Operation = XENBUS_STORE_READ, .Node = "control/shutdown"};
    ULONG Length = 0;
    PCHAR Word = PoolAllocate(WORD_MAX, POOL_TAG_XENIFACE);
    NTSTATUS Status;

    if (Word == NULL)
        return;
    Command.Answer = Word;
    Command.AnswerRoom = WORD_MAX - 1;
    Status =
        CALL(Watch->Services, Store, Execute, &Command, XENBUS_STORE_TIMEOUT_DEFAULT_MS, &Length);
    if (Status == STATUS_SUCCESS && Length > 0 && Length < WORD_MAX)
        Announce(Watch->Pdo, Word, Length);
    PoolFree(Word, POOL_TAG_XENIFACE);
}

static VOID NTAPI ShutdownWork(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PSHUTDOWN_WATCH Watch = Context;
    LONG Seen;

    UNREFERENCED_PARAMETER(DeviceObject);
    do {
        Seen = Watch->Changes;
        ReadAndAnnounce(Watch);
    } while (InterlockedExchangeAdd(&Watch->Changes, -Seen) != Seen);
    GateLeave(&Watch->Gate);
}

/* DISPATCH_LEVEL. The work that is under way looks once more. */
static VOID NTAPI ShutdownChanged(PVOID Argument, PCSTR Path)
{
    PSHUTDOWN_WATCH Watch = Argument;

    UNREFERENCED_PARAMETER(Path);
    if (InterlockedIncrement(&Watch->Changes) == 1 && GateEnter(&Watch->Gate))
        IoQueueWorkItem(Watch->Work, ShutdownWork, DelayedWorkQueue, Watch);
}

NTSTATUS ShutdownWatchStart(PSHUTDOWN_WATCH Watch, PDEVICE_OBJECT Self, PDEVICE_OBJECT Pdo,
                            PXENIFACE_SERVICES Services)
{
    NTSTATUS Status;

    RtlZeroMemory(Watch, sizeof(*Watch));
    Watch->Pdo = Pdo;
    Watch->Services = Services;
    Watch->Work = IoAllocateWorkItem(Self);
    if (Watch->Work == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    GateInitialize(&Watch->Gate);
    GateOpen(&Watch->Gate);
    Status = CALL(Services, Store, AddWatch, NULL, "control/shutdown", ShutdownChanged, Watch,
                  &Watch->Watch);
    if (!NT_SUCCESS(Status)) {
        GateClose(&Watch->Gate);
        IoFreeWorkItem(Watch->Work);
    }
    return Status;
}

VOID ShutdownWatchStop(PSHUTDOWN_WATCH Watch)
{
    CALL(Watch->Services, Store, RemoveWatch, Watch->Watch);
    GateClose(&Watch->Gate);
    IoFreeWorkItem(Watch->Work);
}
