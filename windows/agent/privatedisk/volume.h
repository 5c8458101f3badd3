/* SPDX-License-Identifier: BSD-2-Clause */
/* The volume that Windows makes of a partition: found by where it lies. */
#pragma once

#include <windows.h>
#include "core/privatedisk/plan.h"

enum { VOLUME_UNITS = 64 };

/* Name: "\\?\Volume{...}\". ERROR_NOT_FOUND: none begins there (Windows has not seen it yet). */
DWORD VolumeFind(_In_ ULONG Disk, _In_ uint64_t Begin, _Out_writes_(VOLUME_UNITS) PWSTR Name);
/* Of its file system; 0: none that Windows can read. */
uint64_t VolumeBytes(_In_ PCWSTR Name);
BOOL VolumeIsMounted(_In_ PCWSTR Name);
DWORD VolumeMount(_In_ PCWSTR Name);
/* An NTFS file system of nothing. The volume was seen to be empty. */
DWORD VolumeFormat(_In_ PCWSTR Name);
/* To the end of its partition. */
DWORD VolumeGrow(_In_ PCWSTR Name, _In_ uint64_t PartitionBytes);
