/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of the imports of the shipped private-disk that reach disks, and of
 * volume_windows.c: PhysicalDrive1 is the file C:\private.img, whose bytes are real, and each call
 * that would change a disk or a volume is written to C:\disk-calls and leaves its mark in the
 * file. Drive C: is on disk 0. Wine can neither partition nor format.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/privatedisk/disk_attributes.h"
#include "windows/agent/privatedisk/volume.h"

static struct {
    HANDLE File, System; /* the last opened of each */
    BOOL Online, Mounted;
    uint64_t PartitionBegin, PartitionBytes, VolumeBytes;
    WCHAR Name[36];
} Disk;

static void Record(PCSTR Format, ...)
{
    FILE *const File = fopen("C:\\disk-calls", "ab");
    va_list Arguments;

    va_start(Arguments, Format);
    vfprintf(File, Format, Arguments);
    va_end(Arguments);
    fputc('\n', File);
    fclose(File);
}

static void Mark(uint64_t At, PCSTR Bytes)
{
    FILE *const File = fopen("C:\\private.img", "r+b");

    fseek(File, (long)At, SEEK_SET);
    fwrite(Bytes, 1, strlen(Bytes), File);
    fclose(File);
}

static FARPROC Real(PCSTR Name)
{
    return GetProcAddress(GetModuleHandleW(L"kernel32.dll"), Name);
}

static HANDLE WINAPI RecordCreateFile(PCWSTR Name, DWORD Access, DWORD Share,
                                      LPSECURITY_ATTRIBUTES Security, DWORD How, DWORD Flags,
                                      HANDLE Template)
{
    HANDLE(WINAPI *const Create)
    (PCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE) =
        (void *)Real("CreateFileW");
    const BOOL Ours = !wcscmp(Name, L"\\\\.\\PhysicalDrive1");
    const BOOL System = !wcscmp(Name, L"\\\\.\\C:");

    if (!Ours && !System && !wcsncmp(Name, L"\\\\.\\Phys", 8)) {
        SetLastError(ERROR_FILE_NOT_FOUND);
        return INVALID_HANDLE_VALUE;
    }
    const HANDLE File = Create(Ours     ? L"C:\\private.img"
                               : System ? L"C:\\windows\\win.ini"
                                        : Name,
                               Access, Share, Security, How, Flags, Template);
    if (Ours)
        Disk.File = File;
    if (System)
        Disk.System = File;
    return File;
}

/* --- The disk */

static void Describe(PVOID Out)
{
    struct {
        STORAGE_DEVICE_DESCRIPTOR Descriptor;
        CHAR Vendor[16], Product[16], Serial[16];
    } *const Answer = Out;

    Answer->Descriptor.VendorIdOffset = (DWORD)(Answer->Vendor - (PCHAR)Out);
    Answer->Descriptor.ProductIdOffset = (DWORD)(Answer->Product - (PCHAR)Out);
    Answer->Descriptor.SerialNumberOffset = (DWORD)(Answer->Serial - (PCHAR)Out);
    strcpy(Answer->Vendor, "CASEMENT");
    strcpy(Answer->Product, "DISK");
    strcpy(Answer->Serial, "00051728");
}

static void TellLayout(DRIVE_LAYOUT_INFORMATION_EX *Layout)
{
    memset(Layout, 0, sizeof(*Layout));
    Layout->PartitionStyle = PARTITION_STYLE_GPT;
    Layout->PartitionCount = 1;
    Layout->PartitionEntry[0].StartingOffset.QuadPart = (LONGLONG)Disk.PartitionBegin;
    Layout->PartitionEntry[0].PartitionLength.QuadPart = (LONGLONG)Disk.PartitionBytes;
    Layout->PartitionEntry[0].Gpt.PartitionType.Data1 = 0xebd0a0a2;
    memcpy(Layout->PartitionEntry[0].Gpt.Name, Disk.Name, sizeof(Disk.Name));
}

static void TakeLayout(const DRIVE_LAYOUT_INFORMATION_EX *Layout)
{
    const PARTITION_INFORMATION_EX *const Entry = &Layout->PartitionEntry[0];

    Record("SET_DRIVE_LAYOUT style=%lu count=%lu from=%I64d bytes=%I64d type=%08lx name=%ls",
           Layout->PartitionStyle, Layout->PartitionCount, Entry->StartingOffset.QuadPart,
           Entry->PartitionLength.QuadPart, Entry->Gpt.PartitionType.Data1, Entry->Gpt.Name);
    Disk.PartitionBegin = (uint64_t)Entry->StartingOffset.QuadPart;
    Disk.PartitionBytes = (uint64_t)Entry->PartitionLength.QuadPart;
    memcpy(Disk.Name, Entry->Gpt.Name, sizeof(Disk.Name));
    Mark(512, "EFI PART");
}

static WINBOOL ControlDisk(DWORD Code, PVOID In, PVOID Out)
{
    LARGE_INTEGER Size;

    GetFileSizeEx(Disk.File, &Size);
    switch (Code) {
    case IOCTL_STORAGE_QUERY_PROPERTY:
        Describe(Out);
        return TRUE;
    case IOCTL_DISK_GET_LENGTH_INFO:
        ((GET_LENGTH_INFORMATION *)Out)->Length = Size;
        return TRUE;
    case IOCTL_DISK_GET_DISK_ATTRIBUTES:
        ((GET_DISK_ATTRIBUTES *)Out)->Attributes = Disk.Online ? 0 : DISK_ATTRIBUTE_OFFLINE;
        return TRUE;
    case IOCTL_DISK_SET_DISK_ATTRIBUTES:
        Record("SET_DISK_ATTRIBUTES %I64x of %I64x persist=%d",
               ((SET_DISK_ATTRIBUTES *)In)->Attributes, ((SET_DISK_ATTRIBUTES *)In)->AttributesMask,
               ((SET_DISK_ATTRIBUTES *)In)->Persist);
        Disk.Online = TRUE;
        return TRUE;
    case IOCTL_DISK_CREATE_DISK:
        Record("CREATE_DISK style=%d", ((CREATE_DISK *)In)->PartitionStyle);
        return TRUE;
    case IOCTL_DISK_SET_DRIVE_LAYOUT_EX:
        TakeLayout(In);
        return TRUE;
    case IOCTL_DISK_GET_DRIVE_LAYOUT_EX:
        TellLayout(Out);
        return TRUE;
    case IOCTL_DISK_GROW_PARTITION:
        Record("GROW_PARTITION %lu by=%I64d", ((DISK_GROW_PARTITION *)In)->PartitionNumber,
               ((DISK_GROW_PARTITION *)In)->BytesToGrow.QuadPart);
        Disk.PartitionBytes += (uint64_t)((DISK_GROW_PARTITION *)In)->BytesToGrow.QuadPart;
        return TRUE;
    case IOCTL_DISK_IS_WRITABLE:
    case IOCTL_DISK_UPDATE_PROPERTIES:
        return TRUE;
    }
    return FALSE;
}

static WINBOOL WINAPI RecordControl(HANDLE File, DWORD Code, PVOID In, DWORD InSize, PVOID Out,
                                    DWORD OutSize, PDWORD Count, LPOVERLAPPED Overlapped)
{
    WINBOOL(WINAPI *const Control)
    (HANDLE, DWORD, PVOID, DWORD, PVOID, DWORD, PDWORD, LPOVERLAPPED) =
        (void *)Real("DeviceIoControl");

    if (File == Disk.System && Code == IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS) {
        memset(Out, 0, OutSize);
        ((VOLUME_DISK_EXTENTS *)Out)->NumberOfDiskExtents = 1;
        return TRUE;
    }
    if (File == Disk.File)
        return ControlDisk(Code, In, Out);
    return Control(File, Code, In, InSize, Out, OutSize, Count, Overlapped);
}

HANDLE(WINAPI *const __imp_CreateFileW)
(PCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE) = RecordCreateFile;
WINBOOL(WINAPI *const __imp_DeviceIoControl)
(HANDLE, DWORD, PVOID, DWORD, PVOID, DWORD, PDWORD, LPOVERLAPPED) = RecordControl;

/* --- The volume */

DWORD VolumeFind(ULONG Number, uint64_t Begin, PWSTR Name)
{
    wcscpy(Name, L"\\\\?\\Volume{1}\\");
    return Number == 1 && Begin == Disk.PartitionBegin ? ERROR_SUCCESS : ERROR_NOT_FOUND;
}

uint64_t VolumeBytes(PCWSTR Name)
{
    return Disk.VolumeBytes;
}

BOOL VolumeIsMounted(PCWSTR Name)
{
    return Disk.Mounted;
}

DWORD VolumeMount(PCWSTR Name)
{
    Record("mount %ls", Name);
    Disk.Mounted = TRUE;
    return ERROR_SUCCESS;
}

DWORD VolumeFormat(PCWSTR Name)
{
    Record("format %ls", Name);
    Mark(Disk.PartitionBegin + 3, "NTFS    ");
    Disk.VolumeBytes = Disk.PartitionBytes;
    return ERROR_SUCCESS;
}

DWORD VolumeGrow(PCWSTR Name, uint64_t PartitionBytes)
{
    Record("grow %ls to=%I64u", Name, PartitionBytes);
    Disk.VolumeBytes = PartitionBytes;
    return ERROR_SUCCESS;
}
