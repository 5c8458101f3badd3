/* SPDX-License-Identifier: BSD-2-Clause */
/* See clock.h. */
#include "windows/rpc/datetime/clock.h"

/* The privilege is in an administrator's token, but off. */
static void EnablePrivilege(void)
{
    TOKEN_PRIVILEGES Privileges = {.PrivilegeCount = 1};
    HANDLE Token;

    Privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &Token))
        return;
    if (LookupPrivilegeValueW(NULL, SE_SYSTEMTIME_NAME, &Privileges.Privileges[0].Luid))
        AdjustTokenPrivileges(Token, FALSE, &Privileges, 0, NULL, NULL);
    CloseHandle(Token);
}

DWORD ClockSet(_In_ const SYSTEMTIME *Time)
{
    EnablePrivilege();
    return SetSystemTime(Time) ? ERROR_SUCCESS : GetLastError();
}
