/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of an import of shipped programs: the folder C:\Private, if there is one, counts as
 * a mounted volume. Wine mounts none. */
#include <windows.h>
#include <string.h>

static WINBOOL WINAPI RecordVolume(PCWSTR Folder, PWSTR Name, DWORD Size)
{
    return !wcscmp(Folder, L"C:\\Private\\") &&
           GetFileAttributesW(Folder) != INVALID_FILE_ATTRIBUTES;
}

WINBOOL(WINAPI *const __imp_GetVolumeNameForVolumeMountPointW)(PCWSTR, PWSTR, DWORD) = RecordVolume;
