/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of store_apps_windows.c: a Store with two apps. Which of them is started is written
 * to C:\\store; the icon is 2 x 1 pixels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/rpc/apps/store_apps.h"

static const STORE_APP Apps[] = {
    {L"Example.Rechner_8wekyb3d8bbwe!App", L"Taschenrechner f\x00fcr \x041c\x0438\x0440"},
    {L"Example.Other_8wekyb3d8bbwe!Other", L"Other"},
};

void StoreAppsEnumerate(_In_ BOOL (*Found)(_In_ PVOID Context, _In_ const STORE_APP *App),
                        _In_ PVOID Context)
{
    for (int i = 0; i < 2 && Found(Context, &Apps[i]); i++)
        ;
}

DWORD StoreAppStart(_In_ PCWSTR Id, _Out_ DWORD *ProcessId)
{
    FILE *const File = fopen("C:\\store", "wb");

    *ProcessId = 0;
    if (!File)
        return ERROR_ACCESS_DENIED;
    fprintf(File, "%ls", Id);
    return fclose(File) == 0 ? ERROR_SUCCESS : ERROR_WRITE_FAULT;
}

DWORD StoreAppIcon(_In_ PCWSTR Id, _In_ int Side, _Out_ PIXELS *Pixels)
{
    static const BYTE Rgba[] = {'r', 'g', 'b', 'a', 'R', 'G', 'B', 'A'};

    if (wcscmp(Id, Apps[0].Id) || Side != 128)
        return ERROR_FILE_NOT_FOUND;
    *Pixels = (PIXELS){2, 1, malloc(sizeof(Rgba))};
    memcpy(Pixels->Rgba, Rgba, sizeof(Rgba));
    return ERROR_SUCCESS;
}
