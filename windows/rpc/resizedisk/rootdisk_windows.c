/* SPDX-License-Identifier: BSD-2-Clause */
/* See rootdisk.h. */
#include <windows.h>
#include <winioctl.h>
#include <stdlib.h>
#include <string.h>
#include "windows/agent/common/block_device.h"
#include "windows/rpc/resizedisk/rootdisk.h"

enum {
    LAYOUT_BYTES =
        sizeof(DRIVE_LAYOUT_INFORMATION_EX) + ROOT_PARTITIONS_MAX * sizeof(PARTITION_INFORMATION_EX)
};

static HANDLE OpenVolume(_In_ DWORD Access)
{
    WCHAR Windows[MAX_PATH], Name[] = L"\\\\.\\C:";

    if (!GetSystemWindowsDirectoryW(Windows, MAX_PATH))
        return INVALID_HANDLE_VALUE;
    Name[4] = Windows[0];
    return DeviceOpen(Name, Access);
}

static DWORD LookAtVolume(_Inout_ ROOT_DISK *Root)
{
    STORAGE_DEVICE_NUMBER Number;
    const HANDLE Volume = OpenVolume(0);
    DWORD Error;

    if (Volume == INVALID_HANDLE_VALUE)
        return GetLastError();
    Error =
        DeviceControl(Volume, IOCTL_STORAGE_GET_DEVICE_NUMBER, NULL, 0, &Number, sizeof(Number));
    CloseHandle(Volume);
    Root->Disk = Number.DeviceNumber;
    Root->PartitionNumber = Number.PartitionNumber;
    return Error;
}

static DWORD TakeLayout(_Inout_ ROOT_DISK *Root, _In_ const DRIVE_LAYOUT_INFORMATION_EX *Layout)
{
    DWORD Error = ERROR_NOT_FOUND;

    for (DWORD i = 0; i < Layout->PartitionCount && Root->Count < ROOT_PARTITIONS_MAX; i++) {
        const PARTITION_INFORMATION_EX *const Entry = &Layout->PartitionEntry[i];

        if (Entry->PartitionLength.QuadPart <= 0) /* an empty row of an MBR */
            continue;
        if (Entry->PartitionNumber == Root->PartitionNumber) {
            Root->Ours = Root->Count;
            Error = ERROR_SUCCESS;
        }
        Root->Partitions[Root->Count].begin = (ULONGLONG)Entry->StartingOffset.QuadPart;
        Root->Partitions[Root->Count++].bytes = (ULONGLONG)Entry->PartitionLength.QuadPart;
    }
    return Error;
}

static DWORD LookAtDisk(_Inout_ ROOT_DISK *Root, _In_ HANDLE Disk)
{
    GET_LENGTH_INFORMATION Length;
    DRIVE_LAYOUT_INFORMATION_EX *const Layout = calloc(1, LAYOUT_BYTES);
    DWORD Error = Layout ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;

    if (!Error)
        Error = DeviceControl(Disk, IOCTL_DISK_UPDATE_PROPERTIES, NULL, 0, NULL, 0);
    if (!Error)
        Error = DeviceControl(Disk, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &Length, sizeof(Length));
    if (!Error)
        Error = DeviceControl(Disk, IOCTL_DISK_GET_DRIVE_LAYOUT_EX, NULL, 0, Layout, LAYOUT_BYTES);
    if (!Error) {
        Root->Bytes = (ULONGLONG)Length.Length.QuadPart;
        Error = TakeLayout(Root, Layout);
    }
    free(Layout);
    return Error;
}

DWORD RootDiskLook(_Out_ ROOT_DISK *Root)
{
    memset(Root, 0, sizeof(*Root));
    DWORD Error = LookAtVolume(Root);
    if (Error)
        return Error;
    const HANDLE Disk = DiskOpen(Root->Disk, GENERIC_READ);
    if (Disk == INVALID_HANDLE_VALUE)
        return GetLastError();
    Error = LookAtDisk(Root, Disk);
    CloseHandle(Disk);
    return Error;
}

DWORD RootDiskGrowPartition(_In_ const ROOT_DISK *Root, _In_ ULONGLONG MoreBytes)
{
    const HANDLE Disk = DiskOpen(Root->Disk, GENERIC_READ | GENERIC_WRITE);

    if (Disk == INVALID_HANDLE_VALUE)
        return GetLastError();
    const DWORD Error = DiskGrowPartition(Disk, Root->PartitionNumber, MoreBytes);
    CloseHandle(Disk);
    return Error;
}

DWORD RootDiskGrowVolume(_In_ ULONGLONG PartitionBytes)
{
    const HANDLE Volume = OpenVolume(GENERIC_READ | GENERIC_WRITE);

    if (Volume == INVALID_HANDLE_VALUE)
        return GetLastError();
    const DWORD Error = VolumeExtend(Volume, PartitionBytes);
    CloseHandle(Volume);
    return Error;
}
