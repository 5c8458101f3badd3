/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nonpaged memory that is never executable, zeroed, and every tag of the drivers in one list.
 * ExAllocatePool2 where NT has it, else ExAllocatePoolWithTag with NonPagedPoolNx where NT knows
 * that (Windows 8), else NonPagedPool (Windows 7, which has nothing better).
 */
#ifndef COMMON_POOL_H
#define COMMON_POOL_H

#include <ntddk.h>

#define POOL_TAG(a, b, c, d) ((ULONG)(a) | (ULONG)(b) << 8 | (ULONG)(c) << 16 | (ULONG)(d) << 24)
#define POOL_TAG_XENBUS      POOL_TAG('X', 'e', 'n', 'B') /* the bus and its children */
#define POOL_TAG_EVTCHN      POOL_TAG('X', 'e', 'n', 'E')
#define POOL_TAG_GNTTAB      POOL_TAG('X', 'e', 'n', 'G')
#define POOL_TAG_STORE       POOL_TAG('X', 'e', 'n', 'S')
#define POOL_TAG_SUSPEND     POOL_TAG('X', 'e', 'n', 'R')
#define POOL_TAG_DEBUG       POOL_TAG('X', 'e', 'n', 'D')
#define POOL_TAG_MEMORY      POOL_TAG('X', 'e', 'n', 'M')
#define POOL_TAG_INTERRUPT   POOL_TAG('X', 'e', 'n', 'V')
#define POOL_TAG_XENIFACE    POOL_TAG('X', 'e', 'n', 'I')
#define POOL_TAG_XENVBD      POOL_TAG('X', 'e', 'n', 'K') /* disks */

/* PASSIVE_LEVEL, once, at the start of DriverEntry. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID PoolInitialize(VOID);

/* IRQL <= DISPATCH_LEVEL. Zeroed; NULL when there is none. Bytes of PAGE_SIZE and more are aligned
 * to a page. */
_IRQL_requires_max_(DISPATCH_LEVEL) PVOID PoolAllocate(_In_ SIZE_T Bytes, _In_ ULONG Tag);
_IRQL_requires_max_(DISPATCH_LEVEL) VOID PoolFree(_In_opt_ PVOID Memory, _In_ ULONG Tag);

#endif
