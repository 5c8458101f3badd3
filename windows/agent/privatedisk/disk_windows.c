/* SPDX-License-Identifier: BSD-2-Clause */
/* See disk.h. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/block_device.h"
#include "windows/agent/privatedisk/disk.h"
#include "windows/agent/privatedisk/disk_attributes.h"
#include "windows/agent/privatedisk/volume.h"

enum { DISKS_MAX = 64, PARTITIONS_MAX = 128 };
static const WCHAR PartitionName[] = L"Casement private";

/* Microsoft's basic data and reserved partitions. */
static const GUID BasicData = {
    0xebd0a0a2, 0xb9e5, 0x4433, {0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7}};
static const GUID Reserved = {
    0xe3c9e316, 0x0b5c, 0x4db8, {0x81, 0x7d, 0xf9, 0x2d, 0xf0, 0x02, 0x15, 0xae}};

typedef union LAYOUT {
    DRIVE_LAYOUT_INFORMATION_EX Info;
    BYTE Room[sizeof(DRIVE_LAYOUT_INFORMATION_EX) +
              PARTITIONS_MAX * sizeof(PARTITION_INFORMATION_EX)];
} LAYOUT;

/* --- Which one */

static void CopyText(_Out_writes_(DISK_TEXT_BYTES) PSTR To, _In_ const BYTE *From,
                     _In_ DWORD Offset, _In_ DWORD Size)
{
    DWORD i = 0;

    for (; Offset && Offset + i < Size && From[Offset + i] && i + 1 < DISK_TEXT_BYTES; i++)
        To[i] = (CHAR)From[Offset + i];
    To[i] = 0;
}

static DWORD Identify(_In_ HANDLE Disk, _Out_ struct disk_identity *Identity)
{
    const STORAGE_PROPERTY_QUERY Query = {.PropertyId = StorageDeviceProperty,
                                          .QueryType = PropertyStandardQuery};
    union {
        STORAGE_DEVICE_DESCRIPTOR Descriptor;
        BYTE Bytes[1024];
    } Answer = {0};
    GET_LENGTH_INFORMATION Length;
    DWORD Error;

    memset(Identity, 0, sizeof(*Identity));
    Error = DeviceControl(Disk, IOCTL_STORAGE_QUERY_PROPERTY, &Query, sizeof(Query), &Answer,
                          sizeof(Answer));
    if (!Error)
        Error = DeviceControl(Disk, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &Length, sizeof(Length));
    if (Error)
        return Error;
    CopyText(Identity->vendor, Answer.Bytes, Answer.Descriptor.VendorIdOffset, sizeof(Answer));
    CopyText(Identity->product, Answer.Bytes, Answer.Descriptor.ProductIdOffset, sizeof(Answer));
    CopyText(Identity->serial, Answer.Bytes, Answer.Descriptor.SerialNumberOffset, sizeof(Answer));
    Identity->bytes = (uint64_t)Length.Length.QuadPart;
    return ERROR_SUCCESS;
}

/* Windows' own disk; when it cannot be told, every disk may be that. */
static BOOL IsSystem(_In_ ULONG Number)
{
    const HANDLE Volume = DeviceOpen(L"\\\\.\\C:", 0);
    VOLUME_DISK_EXTENTS Extents;

    if (Volume == INVALID_HANDLE_VALUE)
        return TRUE;
    const DWORD Error = DeviceControl(Volume, IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS, NULL, 0,
                                      &Extents, sizeof(Extents));
    CloseHandle(Volume);
    return Error || Extents.NumberOfDiskExtents != 1 || Extents.Extents[0].DiskNumber == Number;
}

DWORD DiskFind(_In_ uint64_t ExpectedBytes, _Out_ ULONG *Number)
{
    for (ULONG i = 0; i < DISKS_MAX; i++) {
        const HANDLE Disk = DiskOpen(i, GENERIC_READ);
        struct disk_identity Identity;

        if (Disk == INVALID_HANDLE_VALUE)
            continue;
        const DWORD Error = Identify(Disk, &Identity);
        CloseHandle(Disk);
        Identity.system = IsSystem(i);
        if (!Error && private_disk_is(&Identity, ExpectedBytes)) {
            *Number = i;
            return ERROR_SUCCESS;
        }
    }
    return ERROR_NOT_FOUND;
}

/* --- What is on it */

static DWORD ReadAt(_In_ HANDLE Disk, _In_ uint64_t At, _Out_writes_(Size) BYTE *Bytes,
                    _In_ DWORD Size)
{
    const LARGE_INTEGER Where = {.QuadPart = (LONGLONG)At};
    DWORD Count;

    if (!SetFilePointerEx(Disk, Where, NULL, FILE_BEGIN) ||
        !ReadFile(Disk, Bytes, Size, &Count, NULL))
        return GetLastError();
    return Count == Size ? ERROR_SUCCESS : ERROR_READ_FAULT;
}

/* Of the disk or of a part of it. Sizes of disks and partitions are multiples of their sectors. */
static DWORD ReadContent(_In_ HANDLE Disk, _In_ uint64_t Begin, _In_ uint64_t Bytes,
                         _Out_ enum disk_content *Content)
{
    const DWORD HeadSize = (DWORD)min(Bytes, (uint64_t)DISK_HEAD_BYTES);
    const DWORD TailSize = (DWORD)min(Bytes, (uint64_t)DISK_TAIL_BYTES);
    BYTE *const Head = malloc(DISK_HEAD_BYTES + DISK_TAIL_BYTES);
    DWORD Error;

    if (!Head)
        return ERROR_NOT_ENOUGH_MEMORY;
    Error = ReadAt(Disk, Begin, Head, HeadSize);
    if (!Error)
        Error = ReadAt(Disk, Begin + Bytes - TailSize, Head + DISK_HEAD_BYTES, TailSize);
    if (!Error)
        *Content = disk_content_of(Head, HeadSize, Head + DISK_HEAD_BYTES, TailSize);
    free(Head);
    return Error;
}

static DWORD ReadPartition(_In_ HANDLE Disk, _Inout_ struct private_disk *State)
{
    static const GUID None = {0};
    const PARTITION_INFORMATION_EX *Only = NULL;
    LAYOUT Layout = {0};
    const DWORD Error =
        DeviceControl(Disk, IOCTL_DISK_GET_DRIVE_LAYOUT_EX, NULL, 0, &Layout, sizeof(Layout));

    if (Error)
        return Error;
    if (Layout.Info.PartitionStyle != PARTITION_STYLE_GPT)
        return ERROR_SUCCESS; /* Windows sees none: no partition, refused */
    for (DWORD i = 0; i < Layout.Info.PartitionCount && i < PARTITIONS_MAX; i++) {
        const PARTITION_INFORMATION_EX *const Entry = &Layout.Info.PartitionEntry[i];

        if (IsEqualGUID(&Entry->Gpt.PartitionType, &None) ||
            IsEqualGUID(&Entry->Gpt.PartitionType, &Reserved))
            continue;
        State->partitions++;
        Only = Entry;
    }
    if (State->partitions != 1)
        return ERROR_SUCCESS;
    State->ours = !wcsncmp(Only->Gpt.Name, PartitionName, ARRAYSIZE(Only->Gpt.Name));
    State->partition_begin = (uint64_t)Only->StartingOffset.QuadPart;
    State->partition_bytes = (uint64_t)Only->PartitionLength.QuadPart;
    if (State->partition_begin > State->bytes ||
        State->partition_bytes > State->bytes - State->partition_begin)
        return ERROR_SUCCESS; /* refused */
    return ReadContent(Disk, State->partition_begin, State->partition_bytes,
                       &State->partition_content);
}

static DWORD ReadState(_In_ HANDLE Disk, _Inout_ struct private_disk *State)
{
    GET_DISK_ATTRIBUTES Attributes = {0};
    GET_LENGTH_INFORMATION Length;
    DWORD Error = DeviceControl(Disk, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &Length, sizeof(Length));

    if (!Error)
        Error = DeviceControl(Disk, IOCTL_DISK_GET_DISK_ATTRIBUTES, NULL, 0, &Attributes,
                              sizeof(Attributes));
    if (Error)
        return Error;
    State->bytes = (uint64_t)Length.Length.QuadPart;
    State->offline = (Attributes.Attributes & DISK_ATTRIBUTE_OFFLINE) != 0;
    State->read_only =
        DeviceControl(Disk, IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0) != ERROR_SUCCESS;
    Error = ReadContent(Disk, 0, State->bytes, &State->content);
    if (Error || State->content != DISK_GPT)
        return Error;
    return ReadPartition(Disk, State);
}

DWORD DiskLook(_In_ ULONG Number, _Out_ struct private_disk *Disk)
{
    const HANDLE Handle = DiskOpen(Number, GENERIC_READ);
    WCHAR Volume[VOLUME_UNITS];

    memset(Disk, 0, sizeof(*Disk));
    if (Handle == INVALID_HANDLE_VALUE)
        return GetLastError();
    DeviceControl(Handle, IOCTL_DISK_UPDATE_PROPERTIES, NULL, 0, NULL,
                  0); /* its size may be another */
    const DWORD Error = ReadState(Handle, Disk);
    CloseHandle(Handle);
    if (!Error && Disk->partitions == 1 && !VolumeFind(Number, Disk->partition_begin, Volume)) {
        Disk->volume_bytes = VolumeBytes(Volume);
        Disk->mounted = VolumeIsMounted(Volume);
    }
    return Error;
}

/* --- Steps */

static DWORD BringOnline(_In_ HANDLE Disk)
{
    const SET_DISK_ATTRIBUTES Attributes = {
        .Version = sizeof(Attributes),
        .Persist = TRUE,
        .AttributesMask = DISK_ATTRIBUTE_OFFLINE,
    };

    return DeviceControl(Disk, IOCTL_DISK_SET_DISK_ATTRIBUTES, &Attributes, sizeof(Attributes),
                         NULL, 0);
}

/* One partition from the first MiB to the last. */
static DWORD Partition(_In_ HANDLE Disk, _In_ uint64_t Bytes)
{
    CREATE_DISK Create = {.PartitionStyle = PARTITION_STYLE_GPT};
    DRIVE_LAYOUT_INFORMATION_EX Layout = {.PartitionStyle = PARTITION_STYLE_GPT,
                                          .PartitionCount = 1};
    PARTITION_INFORMATION_EX *const Entry = &Layout.PartitionEntry[0];
    DWORD Error;

    if (CoCreateGuid(&Create.Gpt.DiskId) || CoCreateGuid(&Entry->Gpt.PartitionId))
        return ERROR_GEN_FAILURE;
    Error = DeviceControl(Disk, IOCTL_DISK_CREATE_DISK, &Create, sizeof(Create), NULL, 0);
    if (Error)
        return Error;
    Layout.Gpt.DiskId = Create.Gpt.DiskId;
    Layout.Gpt.MaxPartitionCount = PARTITIONS_MAX;
    Layout.Gpt.StartingUsableOffset.QuadPart = PRIVATE_ALIGN_BYTES;
    Layout.Gpt.UsableLength.QuadPart =
        (LONGLONG)((Bytes / PRIVATE_ALIGN_BYTES - 2) * PRIVATE_ALIGN_BYTES);
    Entry->PartitionStyle = PARTITION_STYLE_GPT;
    Entry->StartingOffset.QuadPart = PRIVATE_ALIGN_BYTES;
    Entry->PartitionLength = Layout.Gpt.UsableLength;
    Entry->PartitionNumber = 1;
    Entry->RewritePartition = TRUE;
    Entry->Gpt.PartitionType = BasicData;
    wcscpy(Entry->Gpt.Name, PartitionName);
    Error = DeviceControl(Disk, IOCTL_DISK_SET_DRIVE_LAYOUT_EX, &Layout, sizeof(Layout), NULL, 0);
    if (!Error)
        DeviceControl(Disk, IOCTL_DISK_UPDATE_PROPERTIES, NULL, 0, NULL, 0);
    return Error;
}

static DWORD GrowPartition(_In_ HANDLE Disk, _In_ const struct private_disk *State)
{
    const uint64_t End = (State->bytes / PRIVATE_ALIGN_BYTES - 1) * PRIVATE_ALIGN_BYTES;

    return DiskGrowPartition(Disk, 1, End - State->partition_begin - State->partition_bytes);
}

static DWORD OnDisk(_In_ ULONG Number, _In_ enum private_step Step,
                    _In_ const struct private_disk *Disk)
{
    const HANDLE Handle = DiskOpen(Number, GENERIC_READ | GENERIC_WRITE);
    DWORD Error;

    if (Handle == INVALID_HANDLE_VALUE)
        return GetLastError();
    Error = Step == PRIVATE_ONLINE      ? BringOnline(Handle)
            : Step == PRIVATE_PARTITION ? Partition(Handle, Disk->bytes)
                                        : GrowPartition(Handle, Disk);
    CloseHandle(Handle);
    return Error;
}

DWORD DiskStep(_In_ ULONG Number, _In_ enum private_step Step, _In_ const struct private_disk *Disk)
{
    WCHAR Volume[VOLUME_UNITS];
    DWORD Error;

    if (Step == PRIVATE_ONLINE || Step == PRIVATE_PARTITION || Step == PRIVATE_GROW_PARTITION)
        return OnDisk(Number, Step, Disk);
    Error = VolumeFind(Number, Disk->partition_begin, Volume);
    if (Error)
        return Error;
    switch (Step) {
    case PRIVATE_FORMAT:
        return VolumeFormat(Volume);
    case PRIVATE_MOUNT:
        return VolumeMount(Volume);
    case PRIVATE_GROW_VOLUME:
        return VolumeGrow(Volume, Disk->partition_bytes);
    default:
        return ERROR_INVALID_PARAMETER;
    }
}
