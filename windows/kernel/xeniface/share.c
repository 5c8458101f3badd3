/* SPDX-License-Identifier: BSD-2-Clause */
/* See share.h. */
#include <ntifs.h>

#include "share.h"

#include "contract.h"
#include "port.h"
#include "windows/kernel/common/pool.h"

/* --- The list and the cancel-safe queue, which are one; guarded by SharingsLock */

static PXENIFACE_SHARING SharingOf(_In_ PLIST_ENTRY Entry)
{
    return CONTAINING_RECORD(Entry, XENIFACE_SHARING, Link);
}

static PXENIFACE_HANDLE HandleOfQueue(_In_ PIO_CSQ Csq)
{
    return CONTAINING_RECORD(Csq, XENIFACE_HANDLE, Csq);
}

static PXENIFACE_SHARING SharingOfIrp(_In_ PIRP Irp)
{
    return Irp->Tail.Overlay.DriverContext[0];
}

static BOOLEAN SameName(_In_ const SHARING_KEY *One, _In_ const SHARING_KEY *Other)
{
    if (One->Kind != Other->Kind || One->Process != Other->Process ||
        One->ByNumber != Other->ByNumber)
        return FALSE;
    if (One->ByNumber)
        return One->RequestId == Other->RequestId;
    return One->Address != NULL && One->Address == Other->Address;
}

static VOID NTAPI QueueInsert(_In_ PIO_CSQ Csq, _In_ PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    SharingOfIrp(Irp)->Irp = Irp;
}

static VOID NTAPI QueueRemove(_In_ PIO_CSQ Csq, _In_ PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    SharingOfIrp(Irp)->Irp = NULL;
}

/* The next pending one behind Irp (NULL: from the start) that has the name Key (NULL: any). */
static PIRP NTAPI QueuePeek(_In_ PIO_CSQ Csq, _In_opt_ PIRP Irp, _In_opt_ PVOID Key)
{
    PLIST_ENTRY Head = &HandleOfQueue(Csq)->Sharings;
    PLIST_ENTRY Entry = Irp == NULL ? Head->Flink : SharingOfIrp(Irp)->Link.Flink;

    for (; Entry != Head; Entry = Entry->Flink) {
        PXENIFACE_SHARING Sharing = SharingOf(Entry);

        if (Sharing->Irp != NULL && (Key == NULL || SameName(&Sharing->Request.Key, Key)))
            return Sharing->Irp;
    }
    return NULL;
}

static VOID NTAPI QueueLock(_In_ PIO_CSQ Csq, _Out_ PKIRQL Irql)
{
    KeAcquireSpinLock(&HandleOfQueue(Csq)->SharingsLock, Irql);
}

static VOID NTAPI QueueUnlock(_In_ PIO_CSQ Csq, _In_ KIRQL Irql)
{
    KeReleaseSpinLock(&HandleOfQueue(Csq)->SharingsLock, Irql);
}

static IO_WORKITEM_ROUTINE SharingEndCancelled;

/* Cancelled, at up to DISPATCH_LEVEL, in any thread. */
static VOID NTAPI QueueCancelled(_In_ PIO_CSQ Csq, _In_ PIRP Irp)
{
    PXENIFACE_SHARING Sharing = SharingOfIrp(Irp);

    UNREFERENCED_PARAMETER(Csq);
    IoQueueWorkItem(Sharing->EndWork, SharingEndCancelled, DelayedWorkQueue, Irp);
}

NTSTATUS SharingsInitialize(PXENIFACE_HANDLE Handle)
{
    KeInitializeSpinLock(&Handle->SharingsLock);
    InitializeListHead(&Handle->Sharings);
    KeInitializeEvent(&Handle->SharingsGone, NotificationEvent, TRUE);
    return IoCsqInitialize(&Handle->Csq, QueueInsert, QueueRemove, QueuePeek, QueueLock,
                           QueueUnlock, QueueCancelled);
}

/* --- The end */

/* The byte first, then the port: who is woken finds the byte. */
static VOID SharingNotify(_In_ PXENIFACE_SHARING Sharing)
{
    const SHARING_REQUEST *Request = &Sharing->Request;

    if (Request->Flags & XENIFACE_GNTTAB_USE_NOTIFY_OFFSET) {
        *(volatile UCHAR *)(Sharing->SystemAddress + Request->NotifyOffset) = 0;
        __sync_synchronize();
    }
    /* A port that is gone has nobody to tell. */
    if (Request->Flags & XENIFACE_GNTTAB_USE_NOTIFY_PORT)
        (VOID) PortNotify(Sharing->Handle, Request->NotifyPort);
}

/* Gives the place in the handle back. The handle may be gone after it. */
static VOID SharingRelease(_In_ PXENIFACE_SHARING Sharing)
{
    PXENIFACE_HANDLE Handle = Sharing->Handle;
    PEPROCESS Process = Sharing->Request.Key.Process;
    KIRQL Irql;

    IoFreeWorkItem(Sharing->EndWork);
    KeAcquireSpinLock(&Handle->SharingsLock, &Irql);
    RemoveEntryList(&Sharing->Link);
    Handle->SharingCount--;
    Handle->SharedPages -= Sharing->Request.NumberPages;
    if (IsListEmpty(&Handle->Sharings))
        KeSetEvent(&Handle->SharingsGone, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&Handle->SharingsLock, Irql);
    PoolFree(Sharing, POOL_TAG_XENIFACE);
    ObDereferenceObject(Process);
}

/* Frees a sharing whose IRP is in no queue. What is mapped can be unmapped in its process only. */
static VOID SharingFree(_In_ PXENIFACE_SHARING Sharing, _In_ BOOLEAN Notify)
{
    PEPROCESS Process = Sharing->Request.Key.Process;
    BOOLEAN Elsewhere = PsGetCurrentProcess() != Process;
    KAPC_STATE Apc;

    if (Notify)
        SharingNotify(Sharing);
    if (Elsewhere)
        KeStackAttachProcess((PKPROCESS)Process, &Apc);
    if (Sharing->Request.Key.Kind == SharingGrant)
        GrantFree(Sharing);
    else
        MapFree(Sharing);
    if (Elsewhere)
        KeUnstackDetachProcess(&Apc);
    SharingRelease(Sharing);
}

/* Irp was taken out of the queue: its sharing ends, then it. */
static VOID SharingEnd(_In_ PIRP Irp, _In_ NTSTATUS Status)
{
    SharingFree(SharingOfIrp(Irp), TRUE);
    CompleteIrp(Irp, Status, 0);
}

static VOID NTAPI SharingEndCancelled(PDEVICE_OBJECT DeviceObject, PVOID Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    SharingEnd(Irp, STATUS_CANCELLED);
}

VOID SharingsDrain(PXENIFACE_HANDLE Handle)
{
    PIRP Irp;

    while ((Irp = IoCsqRemoveNextIrp(&Handle->Csq, NULL)) != NULL)
        SharingEnd(Irp, STATUS_CANCELLED);
    (VOID) KeWaitForSingleObject(&Handle->SharingsGone, Executive, KernelMode, FALSE, NULL);
}

VOID SharingAbandon(PXENIFACE_SHARING Sharing)
{
    SharingFree(Sharing, FALSE);
}

NTSTATUS SharingEndByName(PXENIFACE_HANDLE Handle, const SHARING_KEY *Key)
{
    PIRP Irp = IoCsqRemoveNextIrp(&Handle->Csq, (PVOID)Key);

    if (Irp == NULL)
        return STATUS_NOT_FOUND;
    SharingEnd(Irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

/* --- The beginning */

NTSTATUS SharingCheck(const SHARING_REQUEST *Request)
{
    ULONG64 Bytes = (ULONG64)Request->NumberPages * PAGE_SIZE;

    if (Request->NumberPages == 0 || Request->NumberPages > XENIFACE_GNTTAB_PAGES_MAX)
        return STATUS_INVALID_PARAMETER;
    if (Request->Flags & ~(ULONG)XENIFACE_GNTTAB_ALLOWED_FLAGS)
        return STATUS_INVALID_PARAMETER;
    if ((Request->Flags & XENIFACE_GNTTAB_USE_NOTIFY_OFFSET) && Request->NotifyOffset >= Bytes)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static BOOLEAN NameTaken(_In_ PXENIFACE_HANDLE Handle, _In_ const SHARING_KEY *Key)
{
    for (PLIST_ENTRY Entry = Handle->Sharings.Flink; Entry != &Handle->Sharings;
         Entry = Entry->Flink)
        if (SameName(&SharingOf(Entry)->Request.Key, Key))
            return TRUE;
    return FALSE;
}

/* Adds the sharing to the list if the handle takes it. */
static NTSTATUS SharingEnter(_Inout_ PXENIFACE_HANDLE Handle, _Inout_ PXENIFACE_SHARING Sharing)
{
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql;

    KeAcquireSpinLock(&Handle->SharingsLock, &Irql);
    if (Handle->Closing)
        Status = STATUS_FILE_CLOSED;
    else if (NameTaken(Handle, &Sharing->Request.Key))
        Status = STATUS_INVALID_PARAMETER;
    else if (Handle->SharingCount >= HANDLE_SHARINGS_MAX ||
             Handle->SharedPages + Sharing->Request.NumberPages > HANDLE_PAGES_MAX)
        Status = STATUS_QUOTA_EXCEEDED;
    else {
        InsertTailList(&Handle->Sharings, &Sharing->Link);
        Handle->SharingCount++;
        Handle->SharedPages += Sharing->Request.NumberPages;
        KeClearEvent(&Handle->SharingsGone);
    }
    KeReleaseSpinLock(&Handle->SharingsLock, Irql);
    return Status;
}

NTSTATUS SharingReserve(PXENIFACE_HANDLE Handle, const SHARING_REQUEST *Request,
                        PXENIFACE_SHARING *Sharing)
{
    PXENIFACE_SHARING New = PoolAllocate(sizeof(*New), POOL_TAG_XENIFACE);
    NTSTATUS Status;

    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Handle = Handle;
    New->Request = *Request;
    New->EndWork = IoAllocateWorkItem(Handle->Device->Self);
    Status = New->EndWork == NULL ? STATUS_INSUFFICIENT_RESOURCES : SharingEnter(Handle, New);
    if (!NT_SUCCESS(Status)) {
        if (New->EndWork != NULL)
            IoFreeWorkItem(New->EndWork);
        PoolFree(New, POOL_TAG_XENIFACE);
        return Status;
    }
    ObReferenceObject(New->Request.Key.Process);
    *Sharing = New;
    return STATUS_SUCCESS;
}

NTSTATUS SharingPend(PXENIFACE_SHARING Sharing, PVOID Address, PIRP Irp)
{
    PXENIFACE_HANDLE Handle = Sharing->Handle;
    KIRQL Irql;

    KeAcquireSpinLock(&Handle->SharingsLock, &Irql);
    Sharing->Request.Key.Address = Address;
    KeReleaseSpinLock(&Handle->SharingsLock, Irql);

    Irp->Tail.Overlay.DriverContext[0] = Sharing;
    HandleReference(Handle);
    /* Marks it pending. From here on it may be cancelled, ended and completed, and with its IRP the
     * file object may go. */
    IoCsqInsertIrp(&Handle->Csq, Irp, NULL);
    /* A cleanup that has looked already waits for this one. */
    if (Handle->Closing) {
        while ((Irp = IoCsqRemoveNextIrp(&Handle->Csq, NULL)) != NULL)
            SharingEnd(Irp, STATUS_CANCELLED);
    }
    HandleDereference(Handle);
    return STATUS_PENDING;
}
