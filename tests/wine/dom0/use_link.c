/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * use_link.exe LINK FILE...: does what Explorer does when files are sent to a link: starts its
 * program with its arguments and the files behind them. Exit code: 1 when the program ended with
 * another than 0, which is printed; 2 when there is no such link.
 */
#define COBJMACROS
#include <windows.h>
#include <objbase.h>
#include <shlobj.h>
#include <stdio.h>
#include <wchar.h>

static BOOL ReadLink(_In_ PCWSTR Path, _Out_ PWSTR Program, _Out_ PWSTR Arguments)
{
    IShellLinkW *Link;
    IPersistFile *File;

    return SUCCEEDED(CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_IShellLinkW, (void **)&Link)) &&
           SUCCEEDED(IShellLinkW_QueryInterface(Link, &IID_IPersistFile, (void **)&File)) &&
           SUCCEEDED(IPersistFile_Load(File, Path, STGM_READ)) &&
           IShellLinkW_GetPath(Link, Program, MAX_PATH, NULL, 0) == S_OK &&
           SUCCEEDED(IShellLinkW_GetArguments(Link, Arguments, MAX_PATH));
}

int wmain(int Count, WCHAR **Words)
{
    static WCHAR Program[MAX_PATH], Arguments[MAX_PATH], Line[32767];
    STARTUPINFOW Startup = {.cb = sizeof(Startup)};
    PROCESS_INFORMATION Process;
    DWORD Code;

    CoInitialize(NULL);
    if (Count < 3 || !ReadLink(Words[1], Program, Arguments))
        return 2;
    swprintf(Line, ARRAYSIZE(Line), L"\"%ls\" %ls", Program, Arguments);
    for (int i = 2; i < Count; i++)
        wcscat(wcscat(wcscat(Line, L" \""), Words[i]), L"\"");
    if (!CreateProcessW(NULL, Line, NULL, NULL, FALSE, 0, NULL, NULL, &Startup, &Process))
        return 2;
    WaitForSingleObject(Process.hProcess, INFINITE);
    GetExitCodeProcess(Process.hProcess, &Code);
    printf("%lu", Code);
    return Code != 0;
}
