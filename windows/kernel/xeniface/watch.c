/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore watches of a handle: each has an event of the caller's, which the store's callback sets.
 * What the caller gets as its name is a number of the handle, never an address.
 */
#include "watch.h"

#include "contract.h"
#include "store.h"
#include "windows/kernel/common/pool.h"

typedef struct _XENIFACE_WATCH {
    LIST_ENTRY Link; /* Handle->Watches */
    PXENBUS_STORE_WATCH Watch;
    PKEVENT Event;
    ULONG64 Id;
} XENIFACE_WATCH, *PXENIFACE_WATCH;

static PXENIFACE_WATCH WatchOf(_In_ PLIST_ENTRY Entry)
{
    return CONTAINING_RECORD(Entry, XENIFACE_WATCH, Link);
}

static BOOLEAN WatchMatch(_In_ PLIST_ENTRY Entry, _In_ ULONG64 Id)
{
    return WatchOf(Entry)->Id == Id;
}

/* DISPATCH_LEVEL. */
static VOID NTAPI WatchFired(_In_opt_ PVOID Argument, _In_ PCSTR Path)
{
    PXENIFACE_WATCH Watch = Argument;

    UNREFERENCED_PARAMETER(Path);
    KeSetEvent(Watch->Event, EVENT_INCREMENT, FALSE);
}

static VOID WatchDestroy(_In_ PXENIFACE_SERVICES Services, _In_ PXENIFACE_WATCH Watch)
{
    if (Watch->Watch != NULL)
        CALL(Services, Store, RemoveWatch, Watch->Watch);
    if (Watch->Event != NULL)
        ObDereferenceObject(Watch->Event);
    PoolFree(Watch, POOL_TAG_XENIFACE);
}

NTSTATUS IoctlStoreAddWatch(PIOCTL_CALL Call)
{
    const XENIFACE_STORE_ADD_WATCH_IN *In = Call->Buffer;
    PXENIFACE_HANDLE Handle = Call->Handle;
    PXENIFACE_WATCH Watch;
    PSTR Path = NULL;
    ULONG64 Id;
    NTSTATUS Status = StoreCapturePath(Call, In->Path, In->PathLength, &Path);

    if (!NT_SUCCESS(Status))
        return Status;
    Watch = PoolAllocate(sizeof(*Watch), POOL_TAG_XENIFACE);
    if (Watch == NULL) {
        PoolFree(Path, POOL_TAG_XENIFACE);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = EventReference(In->Event, Call->Irp->RequestorMode, &Watch->Event);
    if (NT_SUCCESS(Status))
        Status =
            CALL(Call->Services, Store, AddWatch, NULL, Path, WatchFired, Watch, &Watch->Watch);
    PoolFree(Path, POOL_TAG_XENIFACE);
    /* Once it is in the list, another thread may remove it. */
    if (NT_SUCCESS(Status))
        Status = HandleAdd(Handle, &Handle->Watches, &Handle->WatchCount, HANDLE_WATCHES_MAX,
                           &Watch->Link, &Watch->Id, &Id);
    if (!NT_SUCCESS(Status)) {
        WatchDestroy(Call->Services, Watch);
        return Status;
    }
    return IoctlAnswer(Call, &Id, sizeof(Id));
}

NTSTATUS IoctlStoreRemoveWatch(PIOCTL_CALL Call)
{
    const XENIFACE_STORE_REMOVE_WATCH_IN *In = Call->Buffer;
    PXENIFACE_HANDLE Handle = Call->Handle;
    PLIST_ENTRY Entry = HandleTake(Handle, &Handle->Watches, &Handle->WatchCount, WatchMatch,
                                   (ULONG64)(ULONG_PTR)In->Context);

    if (Entry == NULL)
        return STATUS_NOT_FOUND;
    WatchDestroy(Call->Services, WatchOf(Entry));
    return STATUS_SUCCESS;
}

VOID WatchesDrain(PXENIFACE_HANDLE Handle)
{
    PLIST_ENTRY Entry;

    while ((Entry = HandleTake(Handle, &Handle->Watches, &Handle->WatchCount, NULL, 0)) != NULL)
        WatchDestroy(&Handle->Device->Services, WatchOf(Entry));
}
