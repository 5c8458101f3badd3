/* SPDX-License-Identifier: BSD-2-Clause */
/* See volume.h. */
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/block_device.h"
#include "windows/agent/privatedisk/place.h"
#include "windows/agent/privatedisk/volume.h"
#include <sddl.h>
#include <winioctl.h>

static const WCHAR Label[] = L"Private";

/* Names of volumes end with a backslash, which would mean their root folder. */
static HANDLE Open(_In_ PCWSTR Name, _In_ DWORD Access)
{
    WCHAR Path[VOLUME_UNITS];

    wcscpy(Path, Name);
    Path[wcslen(Path) - 1] = 0;
    return DeviceOpen(Path, Access);
}

static BOOL LiesAt(_In_ PCWSTR Name, _In_ ULONG Disk, _In_ uint64_t Begin)
{
    const HANDLE Volume = Open(Name, 0);
    VOLUME_DISK_EXTENTS Extents; /* of one: a volume of several does not fit, and is not ours */

    if (Volume == INVALID_HANDLE_VALUE)
        return FALSE;
    const DWORD Error = DeviceControl(Volume, IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS, NULL, 0,
                                      &Extents, sizeof(Extents));
    CloseHandle(Volume);
    return !Error && Extents.NumberOfDiskExtents == 1 && Extents.Extents[0].DiskNumber == Disk &&
           (uint64_t)Extents.Extents[0].StartingOffset.QuadPart == Begin;
}

DWORD VolumeFind(_In_ ULONG Disk, _In_ uint64_t Begin, _Out_writes_(VOLUME_UNITS) PWSTR Name)
{
    BOOL Found = FALSE;
    const HANDLE Search = FindFirstVolumeW(Name, VOLUME_UNITS);

    if (Search == INVALID_HANDLE_VALUE)
        return GetLastError();
    do
        Found = LiesAt(Name, Disk, Begin);
    while (!Found && FindNextVolumeW(Search, Name, VOLUME_UNITS));
    FindVolumeClose(Search);
    return Found ? ERROR_SUCCESS : ERROR_NOT_FOUND;
}

uint64_t VolumeBytes(_In_ PCWSTR Name)
{
    ULARGE_INTEGER Total;

    return GetDiskFreeSpaceExW(Name, NULL, &Total, NULL) ? Total.QuadPart : 0;
}

BOOL VolumeIsMounted(_In_ PCWSTR Name)
{
    WCHAR There[VOLUME_UNITS];

    return GetVolumeNameForVolumeMountPointW(PRIVATE_FOLDER, There, VOLUME_UNITS) &&
           !_wcsicmp(There, Name);
}

/* One in which users cannot mount something else: what they may do in the volume, it says itself.
 */
static DWORD MakeFolder(void)
{
    SECURITY_ATTRIBUTES Attributes = {.nLength = sizeof(Attributes)};
    DWORD Error = ERROR_SUCCESS;

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            L"O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)", SDDL_REVISION_1,
            &Attributes.lpSecurityDescriptor, NULL))
        return GetLastError();
    if (!CreateDirectoryW(PRIVATE_FOLDER, &Attributes))
        Error = GetLastError();
    LocalFree(Attributes.lpSecurityDescriptor);
    return Error == ERROR_ALREADY_EXISTS ? ERROR_SUCCESS : Error;
}

/* The letter is for those who look for it there; the folder is what counts. */
DWORD VolumeMount(_In_ PCWSTR Name)
{
    SetVolumeMountPointW(PRIVATE_LETTER, Name);
    const DWORD Error = MakeFolder();
    if (Error)
        return Error;
    return SetVolumeMountPointW(PRIVATE_FOLDER, Name) ? ERROR_SUCCESS : GetLastError();
}

/* FormatEx is in fmifs.dll since Windows NT 4 and in no header. It tells its result through the
 * callback alone, which has no context: one formatting at a time. */
typedef BOOLEAN(WINAPI *FORMAT_CALLBACK)(DWORD Command, DWORD Action, PVOID Data);
typedef VOID(WINAPI *FORMAT_EX)(PWSTR Root, DWORD Media, PWSTR FileSystem, PWSTR Label,
                                BOOLEAN Quick, DWORD ClusterBytes, FORMAT_CALLBACK Callback);
enum { FORMAT_DONE = 11, MEDIA_HARD_DISK = 0xc };
static BOOLEAN Formatted;

static BOOLEAN WINAPI FormatTold(DWORD Command, DWORD Action, PVOID Data)
{
    if (Command == FORMAT_DONE)
        Formatted = *(BOOLEAN *)Data;
    return TRUE;
}

DWORD VolumeFormat(_In_ PCWSTR Name)
{
    const HMODULE Library = LoadLibraryExW(L"fmifs.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    const FORMAT_EX Format =
        Library ? (FORMAT_EX)(void *)GetProcAddress(Library, "FormatEx") : NULL;

    if (!Format)
        return ERROR_PROC_NOT_FOUND;
    Formatted = FALSE;
    Format((PWSTR)Name, MEDIA_HARD_DISK, (PWSTR)L"NTFS", (PWSTR)Label, TRUE, 0, FormatTold);
    return Formatted ? ERROR_SUCCESS : ERROR_GEN_FAILURE;
}

DWORD VolumeGrow(_In_ PCWSTR Name, _In_ uint64_t PartitionBytes)
{
    const HANDLE Volume = Open(Name, GENERIC_READ | GENERIC_WRITE);

    if (Volume == INVALID_HANDLE_VALUE)
        return GetLastError();
    const DWORD Error = VolumeExtend(Volume, PartitionBytes);
    CloseHandle(Volume);
    return Error;
}
