/* SPDX-License-Identifier: BSD-2-Clause */
/* See block_device.h. */
#include "windows/agent/common/block_device.h"
#include <winioctl.h>
#include <stdio.h>
#include <wchar.h>

HANDLE DeviceOpen(_In_ PCWSTR Name, _In_ DWORD Access)
{
    return CreateFileW(Name, Access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0,
                       NULL);
}

HANDLE DiskOpen(_In_ DWORD Number, _In_ DWORD Access)
{
    WCHAR Name[32];

    swprintf(Name, ARRAYSIZE(Name), L"\\\\.\\PhysicalDrive%lu", Number);
    return DeviceOpen(Name, Access);
}

DWORD DeviceControl(_In_ HANDLE Device, _In_ DWORD Code, _In_opt_ const void *In, _In_ DWORD InSize,
                    _Out_opt_ void *Out, _In_ DWORD OutSize)
{
    DWORD Count;

    return DeviceIoControl(Device, Code, (PVOID)In, InSize, Out, OutSize, &Count, NULL)
               ? ERROR_SUCCESS
               : GetLastError();
}

DWORD DiskGrowPartition(_In_ HANDLE Disk, _In_ DWORD Partition, _In_ ULONGLONG MoreBytes)
{
    DISK_GROW_PARTITION Grow = {.PartitionNumber = Partition};

    Grow.BytesToGrow.QuadPart = (LONGLONG)MoreBytes;
    return DeviceControl(Disk, IOCTL_DISK_GROW_PARTITION, &Grow, sizeof(Grow), NULL, 0);
}

/* It counts in the disk's sectors. */
DWORD VolumeExtend(_In_ HANDLE Volume, _In_ ULONGLONG PartitionBytes)
{
    DISK_GEOMETRY Geometry;
    const DWORD Error =
        DeviceControl(Volume, IOCTL_DISK_GET_DRIVE_GEOMETRY, NULL, 0, &Geometry, sizeof(Geometry));

    if (Error)
        return Error;
    if (Geometry.BytesPerSector == 0)
        return ERROR_INVALID_DATA;
    const LONGLONG Sectors = (LONGLONG)(PartitionBytes / Geometry.BytesPerSector);
    return DeviceControl(Volume, FSCTL_EXTEND_VOLUME, &Sectors, sizeof(Sectors), NULL, 0);
}
