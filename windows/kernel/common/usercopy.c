/* SPDX-License-Identifier: BSD-2-Clause */
/* See usercopy.h: each function is a body that may raise, and its call through SehCall(). */
#include "usercopy.h"
#include "seh.h"

/* Flags of Windows 8's MmMapLockedPagesSpecifyCache(); older systems do not know them. */
#define MAPPING_NO_WRITE   0x80000000u
#define MAPPING_NO_EXECUTE 0x40000000u

typedef struct _USER_COPY {
    PVOID Destination;
    const VOID *Source;
    SIZE_T Length;
} USER_COPY;

static VOID CopyInBody(PVOID Context)
{
    USER_COPY *Copy = Context;

    ProbeForRead((PVOID)Copy->Source, Copy->Length, 1);
    RtlCopyMemory(Copy->Destination, Copy->Source, Copy->Length);
}

NTSTATUS UserCopyIn(PVOID Destination, const VOID *UserSource, SIZE_T Length)
{
    USER_COPY Copy = {Destination, UserSource, Length};

    return Length == 0 ? STATUS_SUCCESS : SehCall(CopyInBody, &Copy);
}

static VOID CopyOutBody(PVOID Context)
{
    USER_COPY *Copy = Context;

    ProbeForWrite(Copy->Destination, Copy->Length, 1);
    RtlCopyMemory(Copy->Destination, Copy->Source, Copy->Length);
}

NTSTATUS UserCopyOut(PVOID UserDestination, const VOID *Source, SIZE_T Length)
{
    USER_COPY Copy = {UserDestination, Source, Length};

    return Length == 0 ? STATUS_SUCCESS : SehCall(CopyOutBody, &Copy);
}

typedef struct _USER_LOCK {
    PMDL Mdl;
    KPROCESSOR_MODE Mode;
    LOCK_OPERATION Operation;
} USER_LOCK;

static VOID LockBody(PVOID Context)
{
    USER_LOCK *Lock = Context;

    MmProbeAndLockPages(Lock->Mdl, Lock->Mode, Lock->Operation);
}

NTSTATUS UserLockPages(PMDL Mdl, KPROCESSOR_MODE Mode, LOCK_OPERATION Operation)
{
    USER_LOCK Lock = {Mdl, Mode, Operation};

    return SehCall(LockBody, &Lock);
}

typedef struct _USER_MAP {
    PMDL Mdl;
    ULONG Priority;
    PVOID Address;
} USER_MAP;

static VOID MapBody(PVOID Context)
{
    USER_MAP *Map = Context;

    Map->Address =
        MmMapLockedPagesSpecifyCache(Map->Mdl, UserMode, MmCached, NULL, FALSE, Map->Priority);
}

/* Windows 8 is 6.2. */
static BOOLEAN KnowsMappingRights(VOID)
{
    ULONG Major = 0, Minor = 0;

    PsGetVersion(&Major, &Minor, NULL, NULL);
    return Major > 6 || (Major == 6 && Minor >= 2);
}

NTSTATUS UserMapPages(PMDL Mdl, BOOLEAN ReadOnly, PVOID *UserAddress)
{
    USER_MAP Map = {Mdl, NormalPagePriority, NULL};
    NTSTATUS Status;

    if (KnowsMappingRights())
        Map.Priority |= MAPPING_NO_EXECUTE | (ReadOnly ? MAPPING_NO_WRITE : 0);
    Status = SehCall(MapBody, &Map);
    if (NT_SUCCESS(Status) && Map.Address == NULL)
        Status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(Status))
        *UserAddress = Map.Address;
    return Status;
}
