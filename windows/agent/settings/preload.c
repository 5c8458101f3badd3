/* SPDX-License-Identifier: BSD-2-Clause */
/* See preload.h. */
#include <stdio.h>
#include <wchar.h>
#include "windows/agent/settings/preload.h"

BOOL LayoutName(_In_ DWORD Layout, _Out_writes_(LAYOUT_UNITS) PWSTR Name)
{
    WCHAR Path[128];

    swprintf(Name, LAYOUT_UNITS, L"%08lx", Layout);
    swprintf(Path, 128, L"SYSTEM\\CurrentControlSet\\Control\\Keyboard Layouts\\%ls", Name);
    return RegGetValueW(HKEY_LOCAL_MACHINE, Path, L"Layout Text", RRF_RT_REG_SZ, NULL, NULL,
                        NULL) == ERROR_SUCCESS;
}

DWORD PreloadSet(_In_ HKEY User, _In_ PCWSTR Name, _Out_ BOOL *Changed)
{
    WCHAR Now[LAYOUT_UNITS] = L"";
    DWORD Size = sizeof(Now), Error;
    HKEY Key;

    *Changed = FALSE;
    Error = RegCreateKeyExW(User, L"Keyboard Layout\\Preload", 0, NULL, 0,
                            KEY_QUERY_VALUE | KEY_SET_VALUE, NULL, &Key, NULL);
    if (Error)
        return Error;
    RegGetValueW(Key, NULL, L"1", RRF_RT_REG_SZ, NULL, Now, &Size);
    if (wcscmp(Now, Name)) {
        Error = RegSetValueExW(Key, L"1", 0, REG_SZ, (const BYTE *)Name,
                               (DWORD)((wcslen(Name) + 1) * sizeof(WCHAR)));
        *Changed = Error == ERROR_SUCCESS;
    }
    RegCloseKey(Key);
    return Error;
}
