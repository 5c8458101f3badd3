/* SPDX-License-Identifier: BSD-2-Clause */
/* See machine.h and windows/kernel/common/pool.h: whole pages may be told to Xen, so they are the
 * guest's. */
#include "machine.h"

#include "windows/kernel/common/pool.h"

VOID PoolInitialize(VOID)
{
}

PVOID PoolAllocate(SIZE_T Bytes, ULONG Tag)
{
    PVOID Memory;

    if (Bytes >= PAGE_SIZE)
        return MachinePages((ULONG)((Bytes + PAGE_SIZE - 1) / PAGE_SIZE));
    Memory = ExAllocatePoolWithTag(NonPagedPool, Bytes, Tag);
    if (Memory != NULL)
        RtlZeroMemory(Memory, Bytes);
    return Memory;
}

VOID PoolFree(PVOID Memory, ULONG Tag)
{
    if (Memory == NULL)
        return;
    if (MachineHas(Memory))
        MachinePagesFree(Memory);
    else
        ExFreePoolWithTag(Memory, Tag);
}
