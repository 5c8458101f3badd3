/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of clock_windows.c: writes what would be set to C:\clock. */
#include <stdio.h>
#include "windows/rpc/datetime/clock.h"

DWORD ClockSet(_In_ const SYSTEMTIME *Time)
{
    FILE *const File = fopen("C:\\clock", "wb");

    if (!File)
        return ERROR_ACCESS_DENIED;
    fprintf(File, "%u-%u-%u %u:%u:%u.%u", Time->wYear, Time->wMonth, Time->wDay, Time->wHour,
            Time->wMinute, Time->wSecond, Time->wMilliseconds);
    return fclose(File) == 0 ? ERROR_SUCCESS : ERROR_WRITE_FAULT;
}
