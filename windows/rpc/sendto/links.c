/* SPDX-License-Identifier: BSD-2-Clause */
/* See links.h. */
#define COBJMACROS
#include <initguid.h>
#include <windows.h>
#include <knownfolders.h>
#include <objbase.h>
#include <shlobj.h>
#include <stdio.h>
#include <wchar.h>
#include "windows/rpc/sendto/links.h"

static const struct {
    PCWSTR Name, Arguments;
} Links[] = {
    {L"Copy to other qube", L"copy"},
    {L"Edit in other qube", L"edit"},
    {L"View in disposable", L"view"},
};

static HRESULT Save(_In_ IShellLinkW *Link, _In_ PCWSTR Path)
{
    IPersistFile *File;
    HRESULT Result = IShellLinkW_QueryInterface(Link, &IID_IPersistFile, (void **)&File);

    if (FAILED(Result))
        return Result;
    Result = IPersistFile_Save(File, Path, TRUE);
    IPersistFile_Release(File);
    return Result;
}

static HRESULT MakeLink(_In_ PCWSTR Path, _In_ PCWSTR Program, _In_ PCWSTR Arguments)
{
    IShellLinkW *Link;
    HRESULT Result = CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_IShellLinkW, (void **)&Link);

    if (FAILED(Result))
        return Result;
    if (SUCCEEDED(Result = IShellLinkW_SetPath(Link, Program)) &&
        SUCCEEDED(Result = IShellLinkW_SetArguments(Link, Arguments)))
        Result = Save(Link, Path);
    IShellLinkW_Release(Link);
    return Result;
}

DWORD LinksMake(void)
{
    WCHAR Program[MAX_PATH], Path[MAX_PATH];
    PWSTR Folder = NULL;
    HRESULT Result = SHGetKnownFolderPath(&FOLDERID_SendTo, KF_FLAG_CREATE, NULL, &Folder);

    if (GetModuleFileNameW(NULL, Program, MAX_PATH) >= MAX_PATH)
        Result = E_FAIL;
    for (SIZE_T i = 0; i < ARRAYSIZE(Links) && SUCCEEDED(Result); i++) {
        if (swprintf(Path, MAX_PATH, L"%ls\\%ls.lnk", Folder, Links[i].Name) < 0)
            Result = E_FAIL;
        else
            Result = MakeLink(Path, Program, Links[i].Arguments);
    }
    CoTaskMemFree(Folder);
    return SUCCEEDED(Result) ? ERROR_SUCCESS : (DWORD)Result;
}
