/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * appmenus.exe, the service qubes.GetAppmenus: the Start menu as dom0 reads it, a few lines
 * "<id>.desktop:<Key>=<Value>" for each program. Icon is the id again: dom0 asks qubes.GetImageRGBA
 * for "xdgicon:<id>". dom0 starts a program with qubes.StartApp+<id>.
 */
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#include <objbase.h>
#include <stdio.h>
#include "windows/rpc/apps/startmenu.h"

enum { APPS_MAX = 20000 }; /* dom0 takes 100,000 lines */

static BOOL Print(_In_ PVOID Context, _In_ const APP *App)
{
    int *const Left = Context;

    printf("%s.desktop:Name=%s\n", App->Id, App->Name);
    printf("%s.desktop:Icon=%s\n", App->Id, App->Id);
    printf("%s.desktop:Categories=X-Windows;\n", App->Id);
    return --*Left > 0;
}

int wmain(void)
{
    int Left = APPS_MAX;

    _setmode(_fileno(stdout), _O_BINARY);
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    const DWORD Error = StartMenuEnumerate(Print, &Left);
    CoUninitialize();
    if (Error) {
        fprintf(stderr, "qubes.GetAppmenus: the Start menu cannot be read (error %lu)\n", Error);
        return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
