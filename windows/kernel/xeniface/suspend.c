/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See suspend.h. Ports and grants do not survive a suspend: Xen has forgotten them, and the peer
 * may be another one. They are not made anew behind the program's back; its events are set, it
 * looks, finds its port dead, and begins again.
 */
#include "suspend.h"

#include "contract.h"
#include "port.h"
#include "windows/kernel/common/pool.h"

typedef struct _REGISTRATION {
    LIST_ENTRY Link; /* Handle->Registrations */
    PKEVENT Event;
    ULONG64 Id;
} REGISTRATION, *PREGISTRATION;

static PREGISTRATION RegistrationOf(_In_ PLIST_ENTRY Entry)
{
    return CONTAINING_RECORD(Entry, REGISTRATION, Link);
}

static BOOLEAN RegistrationMatch(_In_ PLIST_ENTRY Entry, _In_ ULONG64 Id)
{
    return RegistrationOf(Entry)->Id == Id;
}

static VOID RegistrationDestroy(_In_ PREGISTRATION Registration)
{
    ObDereferenceObject(Registration->Event);
    PoolFree(Registration, POOL_TAG_XENIFACE);
}

NTSTATUS IoctlSuspendGetCount(PIOCTL_CALL Call)
{
    ULONG Count = CALL(Call->Services, Suspend, GetCount);

    return IoctlAnswer(Call, &Count, sizeof(Count));
}

NTSTATUS IoctlSuspendRegister(PIOCTL_CALL Call)
{
    const XENIFACE_SUSPEND_REGISTER_IN *In = Call->Buffer;
    PXENIFACE_HANDLE Handle = Call->Handle;
    PREGISTRATION New = PoolAllocate(sizeof(*New), POOL_TAG_XENIFACE);
    ULONG64 Id;
    NTSTATUS Status;

    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = EventReference(In->Event, Call->Irp->RequestorMode, &New->Event);
    if (!NT_SUCCESS(Status)) {
        PoolFree(New, POOL_TAG_XENIFACE);
        return Status;
    }
    Status = HandleAdd(Handle, &Handle->Registrations, &Handle->RegistrationCount,
                       HANDLE_REGISTRATIONS_MAX, &New->Link, &New->Id, &Id);
    if (!NT_SUCCESS(Status)) {
        RegistrationDestroy(New);
        return Status;
    }
    return IoctlAnswer(Call, &Id, sizeof(Id));
}

NTSTATUS IoctlSuspendDeregister(PIOCTL_CALL Call)
{
    const XENIFACE_SUSPEND_REGISTER_OUT *In = Call->Buffer;
    PXENIFACE_HANDLE Handle = Call->Handle;
    PLIST_ENTRY Entry = HandleTake(Handle, &Handle->Registrations, &Handle->RegistrationCount,
                                   RegistrationMatch, (ULONG64)(ULONG_PTR)In->Context);

    if (Entry == NULL)
        return STATUS_NOT_FOUND;
    RegistrationDestroy(RegistrationOf(Entry));
    return STATUS_SUCCESS;
}

VOID RegistrationsDrain(PXENIFACE_HANDLE Handle)
{
    PLIST_ENTRY Entry;

    while ((Entry = HandleTake(Handle, &Handle->Registrations, &Handle->RegistrationCount, NULL,
                               0)) != NULL)
        RegistrationDestroy(RegistrationOf(Entry));
}

VOID NTAPI DeviceResumed(PVOID Argument)
{
    PXENIFACE_DEVICE Device = Argument;

    HandlesLock(Device);
    for (PLIST_ENTRY Entry = Device->Handles.Flink; Entry != &Device->Handles;
         Entry = Entry->Flink) {
        PXENIFACE_HANDLE Handle = CONTAINING_RECORD(Entry, XENIFACE_HANDLE, Link);

        PortsWake(Handle);
        ExAcquireFastMutex(&Handle->Mutex);
        for (PLIST_ENTRY Next = Handle->Registrations.Flink; Next != &Handle->Registrations;
             Next = Next->Flink)
            KeSetEvent(RegistrationOf(Next)->Event, EVENT_INCREMENT, FALSE);
        ExReleaseFastMutex(&Handle->Mutex);
    }
    HandlesUnlock(Device);
}
