/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See usercopy.h. Each call is one body run under SehCall: what it raises becomes its status.
 */
#include "usercopy.h"
#include "seh.h"

struct UserCopy {
    PVOID To;
    const VOID *From;
    SIZE_T Length;
    KPROCESSOR_MODE Mode;
};

static NTSTATUS UserCopyInBody(PVOID Context)
{
    const struct UserCopy *copy = Context;

    if (copy->Mode != KernelMode)
        ProbeForRead((PVOID)(ULONG_PTR)copy->From, copy->Length, 1);
    RtlCopyMemory(copy->To, copy->From, copy->Length);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS UserCopyIn(PVOID To, const VOID *From, SIZE_T Length,
                                           KPROCESSOR_MODE Mode)
{
    struct UserCopy copy = {.To = To, .From = From, .Length = Length, .Mode = Mode};

    if (Length == 0)
        return STATUS_SUCCESS;
    /* Nobody has memory there, and C's own copying may not be given it. */
    return From == NULL ? STATUS_ACCESS_VIOLATION : SehCall(UserCopyInBody, &copy);
}

static NTSTATUS UserCopyOutBody(PVOID Context)
{
    const struct UserCopy *copy = Context;

    if (copy->Mode != KernelMode)
        ProbeForWrite(copy->To, copy->Length, 1);
    RtlCopyMemory(copy->To, copy->From, copy->Length);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS UserCopyOut(PVOID To, const VOID *From, SIZE_T Length,
                                            KPROCESSOR_MODE Mode)
{
    struct UserCopy copy = {.To = To, .From = From, .Length = Length, .Mode = Mode};

    if (Length == 0)
        return STATUS_SUCCESS;
    return To == NULL ? STATUS_ACCESS_VIOLATION : SehCall(UserCopyOutBody, &copy);
}

struct UserLock {
    PMDL Mdl;
    KPROCESSOR_MODE Mode;
    LOCK_OPERATION Operation;
};

static NTSTATUS UserLockBody(PVOID Context)
{
    const struct UserLock *lock = Context;

    MmProbeAndLockPages(lock->Mdl, lock->Mode, lock->Operation);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS UserLockPages(PMDL Mdl, KPROCESSOR_MODE Mode,
                                              LOCK_OPERATION Operation)
{
    struct UserLock lock = {.Mdl = Mdl, .Mode = Mode, .Operation = Operation};

    return SehCall(UserLockBody, &lock);
}

struct UserMap {
    PMDL Mdl;
    MEMORY_CACHING_TYPE CacheType;
    ULONG Priority;
    PVOID Address;
};

static NTSTATUS UserMapBody(PVOID Context)
{
    struct UserMap *map = Context;

    map->Address = MmMapLockedPagesSpecifyCache(map->Mdl, UserMode, map->CacheType, NULL, FALSE,
                                                map->Priority);
    return map->Address == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS UserMapPages(PMDL Mdl, MEMORY_CACHING_TYPE CacheType,
                                             ULONG Priority, PVOID *Address)
{
    struct UserMap map = {.Mdl = Mdl, .CacheType = CacheType, .Priority = Priority};
    NTSTATUS status = SehCall(UserMapBody, &map);

    *Address = NT_SUCCESS(status) ? map.Address : NULL;
    return status;
}
