/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows' disks as core/privatedisk sees them, and the steps that make the private one a volume.
 * All functions return Win32 error codes.
 */
#pragma once

#include <windows.h>
#include "core/privatedisk/plan.h"

/* ExpectedBytes: as XenStore says, or 0. ERROR_NOT_FOUND: there is none (yet). */
DWORD DiskFind(_In_ uint64_t ExpectedBytes, _Out_ ULONG *Number);
DWORD DiskLook(_In_ ULONG Number, _Out_ struct private_disk *Disk);
DWORD DiskStep(_In_ ULONG Number, _In_ enum private_step Step,
               _In_ const struct private_disk *Disk);
