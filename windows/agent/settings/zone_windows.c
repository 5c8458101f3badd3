/* SPDX-License-Identifier: BSD-2-Clause */
/* See zone.h. */
#include <stdio.h>
#include <wchar.h>
#include "windows/agent/common/privilege.h"
#include "windows/agent/settings/zone.h"

/* The registry's value TZI. */
typedef struct ZONE_RECORD {
    LONG Bias, StandardBias, DaylightBias;
    SYSTEMTIME StandardDate, DaylightDate;
} ZONE_RECORD;

static DWORD ReadZone(_In_ PCWSTR Name, _Out_ DYNAMIC_TIME_ZONE_INFORMATION *Zone)
{
    const DYNAMIC_TIME_ZONE_INFORMATION Empty = {0};
    WCHAR Path[256];
    ZONE_RECORD Record;
    DWORD Size = sizeof(Record), Error;

    *Zone = Empty;
    swprintf(Path, 256, L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones\\%ls", Name);
    Error = RegGetValueW(HKEY_LOCAL_MACHINE, Path, L"TZI", RRF_RT_REG_BINARY, NULL, &Record, &Size);
    if (Error)
        return Error;
    if (Size != sizeof(Record))
        return ERROR_INVALID_DATA;
    Zone->Bias = Record.Bias;
    Zone->StandardBias = Record.StandardBias;
    Zone->DaylightBias = Record.DaylightBias;
    Zone->StandardDate = Record.StandardDate;
    Zone->DaylightDate = Record.DaylightDate;
    swprintf(Zone->TimeZoneKeyName, 128, L"%ls", Name);
    Size = sizeof(Zone->StandardName);
    RegGetValueW(HKEY_LOCAL_MACHINE, Path, L"Std", RRF_RT_REG_SZ, NULL, Zone->StandardName, &Size);
    Size = sizeof(Zone->DaylightName);
    RegGetValueW(HKEY_LOCAL_MACHINE, Path, L"Dlt", RRF_RT_REG_SZ, NULL, Zone->DaylightName, &Size);
    return ERROR_SUCCESS;
}

DWORD ZoneSet(_In_ PCSTR Name, _Out_ BOOL *Changed)
{
    DYNAMIC_TIME_ZONE_INFORMATION Now, Wanted;
    WCHAR Wide[128];
    DWORD Error;

    *Changed = FALSE;
    swprintf(Wide, 128, L"%hs", Name);
    if (GetDynamicTimeZoneInformation(&Now) != TIME_ZONE_ID_INVALID &&
        !wcscmp(Now.TimeZoneKeyName, Wide))
        return ERROR_SUCCESS;
    Error = ReadZone(Wide, &Wanted);
    if (Error)
        return Error;
    PrivilegeEnable(SE_TIME_ZONE_NAME);
    if (!SetDynamicTimeZoneInformation(&Wanted))
        return GetLastError();
    *Changed = TRUE;
    return ERROR_SUCCESS;
}
