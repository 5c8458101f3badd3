/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remove locks. The driver's IO_REMOVE_LOCK has the count; the model keeps the tags beside it, so
 * that a release without its acquire is seen.
 */
#include "model/fault.h"
#include "model/host.h"
#include "model/rule.h"
#include "model/sched.h"
#include <ntddk.h>

RULE(remove_lock_initialized, "A remove lock is initialized before use", "Using Remove Locks");
RULE(remove_lock_tag, "A remove lock is released with a tag that it was acquired with",
     "IoReleaseRemoveLock macro (wdm.h)");
RULE(remove_lock_waited_without, "IoReleaseRemoveLockAndWait is called by who holds the lock",
     "IoReleaseRemoveLockAndWait macro (wdm.h)");
RULE(remove_lock_waited_twice, "A remove lock is waited for once",
     "IoReleaseRemoveLockAndWait macro (wdm.h)");

struct holder {
    struct holder *next;
    PIO_REMOVE_LOCK lock;
    PVOID tag;
};

static struct holder *Holders;

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                                    ULONG HighWatermark, ULONG RemlockSize)
{
    MODEL_CALL(IoInitializeRemoveLock, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoInitializeRemoveLock macro (wdm.h)");
    RtlZeroMemory(Lock, RemlockSize);
    Lock->Common.IoCount = 1;
    KeInitializeEvent(&Lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                                     ULONG RemlockSize)
{
    struct holder *holder;

    MODEL_CALL(IoAcquireRemoveLock, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoAcquireRemoveLock macro (wdm.h)");
    if (RemoveLock->Common.IoCount <= 0 && !RemoveLock->Common.Removed)
        rule_broken(&remove_lock_initialized, "%p", RemoveLock);
    if (RemoveLock->Common.Removed)
        return STATUS_DELETE_PENDING;
    RemoveLock->Common.IoCount++;
    holder = host_alloc(sizeof(*holder));
    *holder = (struct holder){Holders, RemoveLock, Tag};
    Holders = holder;
    return STATUS_SUCCESS;
}

static void release(PIO_REMOVE_LOCK lock, PVOID tag)
{
    struct holder **link = &Holders, *found;

    while (*link != NULL && ((*link)->lock != lock || (*link)->tag != tag))
        link = &(*link)->next;
    found = *link;
    if (found == NULL)
        rule_broken(&remove_lock_tag, "lock %p, tag %p", lock, tag);
    *link = found->next;
    host_free(found);
    if (--lock->Common.IoCount == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
}

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    MODEL_CALL(IoReleaseRemoveLock, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoReleaseRemoveLock macro (wdm.h)");
    release(RemoveLock, Tag);
}

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    MODEL_CALL(IoReleaseRemoveLockAndWait, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoReleaseRemoveLockAndWait macro (wdm.h)");
    if (RemoveLock->Common.Removed)
        rule_broken(&remove_lock_waited_twice, "%p", RemoveLock);
    if (RemoveLock->Common.IoCount < 2)
        rule_broken(&remove_lock_waited_without, "%p", RemoveLock);
    RemoveLock->Common.Removed = TRUE;
    release(RemoveLock, Tag);
    if (--RemoveLock->Common.IoCount > 0)
        KeWaitForSingleObject(&RemoveLock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}
