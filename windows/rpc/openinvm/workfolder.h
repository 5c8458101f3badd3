/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder of its own for one file, among the user's temporary files, which are nobody else's. */
#pragma once

#include <windows.h>

typedef struct WORKFOLDER {
    WCHAR Folder[MAX_PATH];
    WCHAR File[2 * MAX_PATH]; /* in it */
} WORKFOLDER;

/* Makes the folder, which nobody has yet, and the name of the file in it. */
DWORD WorkFolderMake(_Out_ WORKFOLDER *Work, _In_ PCSTR FileName);
/* Takes the file and the folder away, unless a program still has them open or put others there. */
void WorkFolderRemove(_In_ const WORKFOLDER *Work);
