/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copyloop.exe FROM TO: copies a tree with CopyFile, file by file: what a Windows user's own loop
 * costs.
 */
#include <windows.h>
#include <stdio.h>

static int CopyTree(PWSTR From, PWSTR To)
{
    SIZE_T FromLength = wcslen(From), ToLength = wcslen(To);
    WIN32_FIND_DATAW Found;
    HANDLE Find;
    int Failures = 0;

    if (!CreateDirectoryW(To, NULL))
        return 1;
    wcscpy(From + FromLength, L"\\*");
    Find = FindFirstFileW(From, &Found);
    if (Find == INVALID_HANDLE_VALUE)
        return 1;
    do {
        if (wcscmp(Found.cFileName, L".") == 0 || wcscmp(Found.cFileName, L"..") == 0)
            continue;
        swprintf(From + FromLength, MAX_PATH, L"\\%ls", Found.cFileName);
        swprintf(To + ToLength, MAX_PATH, L"\\%ls", Found.cFileName);
        if (Found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
            Failures += CopyTree(From, To);
        else if (!CopyFileW(From, To, TRUE))
            Failures++;
    } while (FindNextFileW(Find, &Found));
    FindClose(Find);
    From[FromLength] = To[ToLength] = L'\0';
    return Failures;
}

int wmain(int Count, PWSTR Arguments[])
{
    static WCHAR From[4096], To[4096];

    if (Count != 3)
        return 2;
    wcscpy(From, Arguments[1]);
    wcscpy(To, Arguments[2]);
    return CopyTree(From, To) != 0;
}
