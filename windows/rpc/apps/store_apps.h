/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Apps of the Store (UWP and packaged programs), which have no link in the Start menu: the shell
 * shows them in its folder "Applications" by their application user model id, such as
 * "Microsoft.WindowsCalculator_8wekyb3d8bbwe!App". The calls of Windows alone; a test has a file of
 * its own in the place of store_apps_windows.c, because Wine has no Store.
 *
 * COM is initialised.
 */
#pragma once

#include <windows.h>
#include "windows/agent/common/pixels.h"

enum { STORE_APP_ID_UNITS = 130, STORE_APP_NAME_UNITS = 256 };

typedef struct STORE_APP {
    WCHAR Id[STORE_APP_ID_UNITS];
    WCHAR Name[STORE_APP_NAME_UNITS]; /* as the Start menu shows it */
} STORE_APP;

/* Calls Found for each until it returns FALSE. Where there is no Store there are none. */
void StoreAppsEnumerate(_In_ BOOL (*Found)(_In_ PVOID Context, _In_ const STORE_APP *App),
                        _In_ PVOID Context);
/* Starts one, or shows it when it runs. *ProcessId is its process. */
DWORD StoreAppStart(_In_ PCWSTR Id, _Out_ DWORD *ProcessId);
/* Its icon, about Side pixels wide. */
DWORD StoreAppIcon(_In_ PCWSTR Id, _In_ int Side, _Out_ PIXELS *Pixels);
