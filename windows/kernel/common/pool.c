/* SPDX-License-Identifier: BSD-2-Clause */
/* Pool memory that is never executable: see pool.h. */
#include "pool.h"

#define POOL_FLAG_NON_PAGED_ 0x0000000000000040ULL /* wdm.h since Windows 10 2004 */

typedef PVOID(NTAPI EX_ALLOCATE_POOL2)(ULONG64 Flags, SIZE_T Bytes, ULONG Tag);

static struct {
    EX_ALLOCATE_POOL2 *AllocatePool2; /* NULL before Windows 10 2004 */
    POOL_TYPE Type;                   /* otherwise */
} Pool = {NULL, NonPagedPool};        /* set once by PoolInitialize() */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID PoolInitialize(VOID)
{
    UNICODE_STRING Name;
    RTL_OSVERSIONINFOW Version = {.dwOSVersionInfoSize = sizeof(Version)};

    RtlInitUnicodeString(&Name, L"ExAllocatePool2");
    Pool.AllocatePool2 = (EX_ALLOCATE_POOL2 *)MmGetSystemRoutineAddress(&Name);
    if (NT_SUCCESS(RtlGetVersion(&Version)) &&
        (Version.dwMajorVersion > 6 ||
         (Version.dwMajorVersion == 6 && Version.dwMinorVersion >= 2)))
        Pool.Type = NonPagedPoolNx;
}

_IRQL_requires_max_(DISPATCH_LEVEL) PVOID PoolAllocate(_In_ SIZE_T Bytes, _In_ ULONG Tag)
{
    PVOID Memory;

    if (Pool.AllocatePool2)
        return Pool.AllocatePool2(POOL_FLAG_NON_PAGED_, Bytes, Tag);
    Memory = ExAllocatePoolWithTag(Pool.Type, Bytes, Tag);
    if (Memory)
        RtlZeroMemory(Memory, Bytes);
    return Memory;
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID PoolFree(_In_opt_ PVOID Memory, _In_ ULONG Tag)
{
    if (Memory)
        ExFreePoolWithTag(Memory, Tag);
}
