/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks and volumes as Windows' devices: opened, asked, and grown into the room behind them. The
 * caller closes the handles. Errors are Win32's. Any thread.
 */
#pragma once

#include <windows.h>

/* Name: "\\.\C:", "\\?\Volume{...}"; Access 0 is enough to ask what a device is. It stays usable by
 * others. INVALID_HANDLE_VALUE: GetLastError() says why. */
HANDLE DeviceOpen(_In_ PCWSTR Name, _In_ DWORD Access);
/* "\\.\PhysicalDrive<Number>". */
HANDLE DiskOpen(_In_ DWORD Number, _In_ DWORD Access);
/* DeviceIoControl() of a code whose answer has a known size. */
DWORD DeviceControl(_In_ HANDLE Device, _In_ DWORD Code, _In_opt_ const void *In, _In_ DWORD InSize,
                    _Out_opt_ void *Out, _In_ DWORD OutSize);
DWORD DiskGrowPartition(_In_ HANDLE Disk, _In_ DWORD Partition, _In_ ULONGLONG MoreBytes);
/* The file system becomes as large as its partition. */
DWORD VolumeExtend(_In_ HANDLE Volume, _In_ ULONGLONG PartitionBytes);
