/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selectpath.exe file | folder, the services qubes.SelectFile and qubes.SelectDirectory: the user
 * of this qube chooses one, and its path goes to stdout as a line of UTF-8.
 *
 * Exit code: 0; 1 when nothing was chosen or, with a line on stderr, there is no way to choose.
 */
#define COBJMACROS
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#include <objbase.h>
#include <shobjidl.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "windows/agent/common/text.h"

static HRESULT PathOf(_In_ IFileOpenDialog *Dialog, _Outptr_ PWSTR *Path)
{
    IShellItem *Item;
    HRESULT Result = IFileOpenDialog_GetResult(Dialog, &Item);

    if (FAILED(Result))
        return Result;
    Result = IShellItem_GetDisplayName(Item, SIGDN_FILESYSPATH, Path);
    IShellItem_Release(Item);
    return Result;
}

static HRESULT Choose(_In_ BOOL Folder, _Outptr_ PWSTR *Path)
{
    WCHAR Domain[64] = L"", Title[128];
    IFileOpenDialog *Dialog;
    FILEOPENDIALOGOPTIONS Options = 0;
    HRESULT Result = CoCreateInstance(&CLSID_FileOpenDialog, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_IFileOpenDialog, (void **)&Dialog);

    if (FAILED(Result))
        return Result;
    /* The user has to know for whom he chooses. */
    GetEnvironmentVariableW(L"QREXEC_REMOTE_DOMAIN", Domain, ARRAYSIZE(Domain));
    swprintf(Title, ARRAYSIZE(Title), L"Choose a %ls for %ls", Folder ? L"folder" : L"file",
             Domain);
    IFileOpenDialog_GetOptions(Dialog, &Options);
    IFileOpenDialog_SetOptions(Dialog, Options | FOS_FORCEFILESYSTEM | FOS_PATHMUSTEXIST |
                                           (Folder ? FOS_PICKFOLDERS : FOS_FILEMUSTEXIST));
    IFileOpenDialog_SetTitle(Dialog, Title); /* under Wine the options replace it */
    Result = IFileOpenDialog_Show(Dialog, NULL);
    if (SUCCEEDED(Result))
        Result = PathOf(Dialog, Path);
    IFileOpenDialog_Release(Dialog);
    return Result;
}

static BOOL Print(_In_ PCWSTR Path)
{
    const PSTR Utf8 = TextToUtf8(Path);
    const BOOL Printed = Utf8 && printf("%s\n", Utf8) > 0 && fflush(stdout) == 0;

    free(Utf8);
    return Printed;
}

int wmain(int Count, PWSTR *Arguments)
{
    PWSTR Path = NULL;
    const BOOL Folder = Count == 2 && !wcscmp(Arguments[1], L"folder");

    if (!Folder && (Count != 2 || wcscmp(Arguments[1], L"file"))) {
        fputs("usage: selectpath file | folder\n", stderr);
        return 2;
    }
    _setmode(_fileno(stdout), _O_BINARY);
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    const HRESULT Result = Choose(Folder, &Path);
    if (FAILED(Result) && Result != HRESULT_FROM_WIN32(ERROR_CANCELLED))
        fprintf(stderr, "qubes.Select: nothing can be chosen (error 0x%08lx)\n", Result);
    const BOOL Printed = SUCCEEDED(Result) && Print(Path);
    CoTaskMemFree(Path);
    CoUninitialize();
    return Printed ? 0 : 1;
}
