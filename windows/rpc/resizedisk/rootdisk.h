/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk that Windows is on, and its volume: the calls of Windows alone. A test has a file of its
 * own in the place of rootdisk_windows.c, because Wine's disks cannot grow. All functions return
 * Win32 error codes.
 */
#pragma once

#include <windows.h>
#include "core/services/grow.h"

enum { ROOT_PARTITIONS_MAX = 128 };

typedef struct ROOT_DISK {
    DWORD Disk;            /* its number */
    DWORD PartitionNumber; /* of Windows' own */
    ULONGLONG Bytes;       /* as it is now */
    DWORD Count, Ours;     /* Ours: Windows' own is Partitions[Ours] */
    struct grow_partition Partitions[ROOT_PARTITIONS_MAX];
} ROOT_DISK;

/* Asks the disk anew for its size. */
DWORD RootDiskLook(_Out_ ROOT_DISK *Root);
DWORD RootDiskGrowPartition(_In_ const ROOT_DISK *Root, _In_ ULONGLONG MoreBytes);
/* The volume becomes as large as its partition. */
DWORD RootDiskGrowVolume(_In_ ULONGLONG PartitionBytes);
