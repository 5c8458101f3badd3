/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of an import of the shipped settings-agent: writes the time zone that is set to
 * C:\zone-calls. Wine has no such call.
 */
#include <windows.h>
#include <stdio.h>

static WINBOOL WINAPI RecordZone(const DYNAMIC_TIME_ZONE_INFORMATION *Zone)
{
    FILE *const File = fopen("C:\\zone-calls", "ab");

    fprintf(File, "SetDynamicTimeZoneInformation key=%ls bias=%ld daylight=%ld in=%u out=%u\n",
            Zone->TimeZoneKeyName, Zone->Bias, Zone->DaylightBias, Zone->DaylightDate.wMonth,
            Zone->StandardDate.wMonth);
    fclose(File);
    return TRUE;
}

WINBOOL(WINAPI *const __imp_SetDynamicTimeZoneInformation)
(const DYNAMIC_TIME_ZONE_INFORMATION *) = RecordZone;
