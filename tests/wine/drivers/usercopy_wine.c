/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See machine.h and windows/kernel/common/usercopy.h. A program's memory is another process's here:
 * it is read through Wine, and can neither be locked nor mapped into.
 */
#include <ntifs.h>

#include "program_memory.h"
#include "windows/kernel/common/usercopy.h"

NTSTATUS UserCopyIn(PVOID To, const VOID *From, SIZE_T Length, KPROCESSOR_MODE Mode)
{
    UNREFERENCED_PARAMETER(Mode);
    if (Length == 0)
        return STATUS_SUCCESS;
    return program_memory_read((ULONG)(ULONG_PTR)PsGetCurrentProcessId(), From, To, Length)
               ? STATUS_SUCCESS
               : STATUS_ACCESS_VIOLATION;
}

NTSTATUS UserCopyOut(PVOID To, const VOID *From, SIZE_T Length, KPROCESSOR_MODE Mode)
{
    UNREFERENCED_PARAMETER(To);
    UNREFERENCED_PARAMETER(From);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(Mode);
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS UserLockPages(PMDL Mdl, KPROCESSOR_MODE Mode, LOCK_OPERATION Operation)
{
    UNREFERENCED_PARAMETER(Mdl);
    UNREFERENCED_PARAMETER(Mode);
    UNREFERENCED_PARAMETER(Operation);
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS UserMapPages(PMDL Mdl, MEMORY_CACHING_TYPE CacheType, ULONG Priority, PVOID *Address)
{
    UNREFERENCED_PARAMETER(Mdl);
    UNREFERENCED_PARAMETER(CacheType);
    UNREFERENCED_PARAMETER(Priority);
    *Address = NULL;
    return STATUS_NOT_IMPLEMENTED;
}
