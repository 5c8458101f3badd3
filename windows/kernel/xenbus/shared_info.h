/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page that Xen shares with the whole machine: pending and mask bits of the 2-level event
 * channels, one area for each vCPU, the wall clock.
 */
#ifndef XENBUS_SHARED_INFO_PART_H
#define XENBUS_SHARED_INFO_PART_H

#include "parts.h"

struct shared_info; /* core/xen/abi.h */

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SharedInfoCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_SHARED_INFO *SharedInfo);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID SharedInfoDestroy(_In_ PXENBUS_SHARED_INFO SharedInfo);

/* Any IRQL. The page; the same address as long as the part lives, also over a resume. Its contents
 * are Xen's: read once, check, use. */
PVOID SharedInfoPage(_In_ PXENBUS_SHARED_INFO SharedInfo);

/* Any IRQL. 100 ns units since 1601, in whatever zone the machine's clock is kept. 0: no clock. */
ULONG64 SharedInfoWallClock(_In_ PXENBUS_SHARED_INFO SharedInfo);

#endif
