/* SPDX-License-Identifier: BSD-2-Clause */
/* make_link.exe LINK PROGRAM ARGUMENTS: makes a .lnk file, as installers do. */
#define COBJMACROS
#include <windows.h>
#include <objbase.h>
#include <shlobj.h>

int wmain(int Count, WCHAR **Arguments)
{
    IShellLinkW *Link;
    IPersistFile *File;
    HRESULT Result;

    if (Count != 4 || FAILED(CoInitialize(NULL)))
        return 2;
    Result = CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER, &IID_IShellLinkW,
                              (void **)&Link);
    if (FAILED(Result))
        return 1;
    IShellLinkW_SetPath(Link, Arguments[2]);
    IShellLinkW_SetArguments(Link, Arguments[3]);
    Result = IShellLinkW_QueryInterface(Link, &IID_IPersistFile, (void **)&File);
    if (SUCCEEDED(Result))
        Result = IPersistFile_Save(File, Arguments[1], TRUE);
    return SUCCEEDED(Result) ? 0 : 1;
}
