/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the N-th system call of a Windows program fail: environment FAULT_AT=N, FAULT_CODE=C. When
 * it strikes it names the call in the file FAULT_REPORT. The program's sources are compiled with
 * -DCreateFileW=FaultyCreateFileW and so on (meson.build), so they import the functions made here.
 */
#undef CreateDirectoryW
#undef CreateFileW
#undef FindFirstFileExW
#undef FindNextFileW
#undef GetDiskFreeSpaceExW
#undef GetFileAttributesW
#undef GetFileInformationByHandleEx
#undef GetFileSizeEx
#undef ReadFile
#undef SetFileInformationByHandle
#undef WriteFile

#include <windows.h>
#include <stdlib.h>
#include <string.h>

static LONG Calls;

static BOOL Strike(PCSTR Name)
{
    WCHAR Report[MAX_PATH];
    CHAR Value[16];
    HANDLE File;
    DWORD Written;

    if (GetEnvironmentVariableA("FAULT_AT", Value, sizeof(Value)) == 0 ||
        InterlockedIncrement(&Calls) != atol(Value))
        return FALSE;
    GetEnvironmentVariableW(L"FAULT_REPORT", Report, MAX_PATH);
    File = CreateFileW(Report, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(File, Name, (DWORD)strlen(Name), &Written, NULL);
    CloseHandle(File);
    GetEnvironmentVariableA("FAULT_CODE", Value, sizeof(Value));
    SetLastError((DWORD)atol(Value));
    return TRUE;
}

#define FAULTY(Type, Failed, Name, Parameters, Arguments)                                          \
    Type WINAPI Faulty##Name Parameters;                                                           \
    Type WINAPI Faulty##Name Parameters                                                            \
    {                                                                                              \
        return Strike(#Name) ? Failed : Name Arguments;                                            \
    }                                                                                              \
    const void *__imp_Faulty##Name = (const void *)Faulty##Name;

FAULTY(BOOL, FALSE, CreateDirectoryW, (PCWSTR P, SECURITY_ATTRIBUTES *S), (P, S))
FAULTY(HANDLE, INVALID_HANDLE_VALUE, CreateFileW,
       (PCWSTR P, DWORD A, DWORD S, SECURITY_ATTRIBUTES *X, DWORD D, DWORD F, HANDLE T),
       (P, A, S, X, D, F, T))
FAULTY(HANDLE, INVALID_HANDLE_VALUE, FindFirstFileExW,
       (PCWSTR P, FINDEX_INFO_LEVELS L, PVOID D, FINDEX_SEARCH_OPS O, PVOID S, DWORD F),
       (P, L, D, O, S, F))
FAULTY(BOOL, FALSE, FindNextFileW, (HANDLE H, WIN32_FIND_DATAW *D), (H, D))
FAULTY(BOOL, FALSE, GetDiskFreeSpaceExW,
       (PCWSTR P, ULARGE_INTEGER *A, ULARGE_INTEGER *T, ULARGE_INTEGER *F), (P, A, T, F))
FAULTY(DWORD, INVALID_FILE_ATTRIBUTES, GetFileAttributesW, (PCWSTR P), (P))
FAULTY(BOOL, FALSE, GetFileInformationByHandleEx,
       (HANDLE H, FILE_INFO_BY_HANDLE_CLASS C, PVOID I, DWORD S), (H, C, I, S))
FAULTY(BOOL, FALSE, GetFileSizeEx, (HANDLE H, LARGE_INTEGER *S), (H, S))
FAULTY(BOOL, FALSE, ReadFile, (HANDLE H, PVOID B, DWORD S, DWORD *R, OVERLAPPED *O),
       (H, B, S, R, O))
FAULTY(BOOL, FALSE, SetFileInformationByHandle,
       (HANDLE H, FILE_INFO_BY_HANDLE_CLASS C, PVOID I, DWORD S), (H, C, I, S))
FAULTY(BOOL, FALSE, WriteFile, (HANDLE H, const VOID *B, DWORD S, DWORD *W, OVERLAPPED *O),
       (H, B, S, W, O))
