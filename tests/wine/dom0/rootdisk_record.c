/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of rootdisk_windows.c: a disk as C:\disk says ("BYTES PARTITION BEGIN BYTES ...", in
 * MiB; partition 2 is Windows' own). What is done to it is written to C:\grown.
 */
#include <stdio.h>
#include <string.h>
#include "windows/rpc/resizedisk/rootdisk.h"

enum { MIB = 1 << 20 };

DWORD RootDiskLook(_Out_ ROOT_DISK *Root)
{
    FILE *const File = fopen("C:\\disk", "r");
    unsigned int Bytes, Begin;

    memset(Root, 0, sizeof(*Root));
    if (!File || fscanf(File, "%u", &Bytes) != 1)
        return ERROR_NOT_READY;
    Root->Bytes = (ULONGLONG)Bytes * MIB;
    Root->Disk = 3;
    Root->PartitionNumber = 2;
    Root->Ours = 1;
    for (; fscanf(File, "%u %u", &Begin, &Bytes) == 2; Root->Count++)
        Root->Partitions[Root->Count] =
            (struct grow_partition){(uint64_t)Begin * MIB, (uint64_t)Bytes * MIB};
    fclose(File);
    return ERROR_SUCCESS;
}

static DWORD Record(_In_ PCSTR What, _In_ ULONGLONG Bytes)
{
    FILE *const File = fopen("C:\\grown", "ab");

    if (!File)
        return ERROR_ACCESS_DENIED;
    fprintf(File, "%s %u ", What, (unsigned int)(Bytes / MIB));
    return fclose(File) == 0 ? ERROR_SUCCESS : ERROR_WRITE_FAULT;
}

DWORD RootDiskGrowPartition(_In_ const ROOT_DISK *Root, _In_ ULONGLONG MoreBytes)
{
    return Root->Disk == 3 && Root->PartitionNumber == 2 ? Record("partition", MoreBytes)
                                                         : ERROR_INVALID_PARAMETER;
}

DWORD RootDiskGrowVolume(_In_ ULONGLONG PartitionBytes)
{
    return Record("volume", PartitionBytes);
}
