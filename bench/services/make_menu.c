/* SPDX-License-Identifier: BSD-2-Clause */
/* make-menu.exe FOLDER COUNT ICON: links named "Program 0001" and on, 50 in a folder, all with the
 * icon of that file, as a machine with many programs has them. */
#define COBJMACROS
#include <windows.h>
#include <objbase.h>
#include <shlobj.h>
#include <stdio.h>

int wmain(int Count, WCHAR **Arguments)
{
    WCHAR Path[MAX_PATH];
    IShellLinkW *Link;
    IPersistFile *File;

    if (Count != 4 || FAILED(CoInitialize(NULL)) ||
        FAILED(CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER, &IID_IShellLinkW,
                                (void **)&Link)) ||
        FAILED(IShellLinkW_QueryInterface(Link, &IID_IPersistFile, (void **)&File)))
        return 2;
    IShellLinkW_SetPath(Link, L"C:\\windows\\system32\\cmd.exe");
    IShellLinkW_SetIconLocation(Link, Arguments[3], 0);
    for (int i = 0; i < _wtoi(Arguments[2]); i++) {
        swprintf(Path, MAX_PATH, L"%ls\\Folder %02d", Arguments[1], i / 50);
        CreateDirectoryW(Path, NULL);
        swprintf(Path, MAX_PATH, L"%ls\\Folder %02d\\Program %04d.lnk", Arguments[1], i / 50, i);
        if (FAILED(IPersistFile_Save(File, Path, TRUE)))
            return 1;
    }
    return 0;
}
