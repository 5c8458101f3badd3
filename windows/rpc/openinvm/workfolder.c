/* SPDX-License-Identifier: BSD-2-Clause */
/* See workfolder.h. */
#include <windows.h>
#include <bcrypt.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/rpc/openinvm/workfolder.h"

DWORD WorkFolderMake(_Out_ WORKFOLDER *Work, _In_ PCSTR FileName)
{
    WCHAR Temporary[MAX_PATH];
    ULONGLONG Number;
    const DWORD Length = GetTempPathW(MAX_PATH, Temporary);

    memset(Work, 0, sizeof(*Work));
    if (Length == 0 || Length > MAX_PATH - 40)
        return ERROR_PATH_NOT_FOUND;
    if (BCryptGenRandom(NULL, (PUCHAR)&Number, sizeof(Number), BCRYPT_USE_SYSTEM_PREFERRED_RNG))
        return ERROR_NOT_SUPPORTED;
    swprintf(Work->Folder, MAX_PATH, L"%lsqubes-%08lx%08lx", Temporary, (ULONG)(Number >> 32),
             (ULONG)Number);
    swprintf(Work->File, 2 * MAX_PATH, L"%ls\\%hs", Work->Folder, FileName);
    return CreateDirectoryW(Work->Folder, NULL) ? ERROR_SUCCESS : GetLastError();
}

void WorkFolderRemove(_In_ const WORKFOLDER *Work)
{
    SetFileAttributesW(Work->File, FILE_ATTRIBUTE_NORMAL);
    DeleteFileW(Work->File);
    RemoveDirectoryW(Work->Folder);
}
