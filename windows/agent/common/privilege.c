/* SPDX-License-Identifier: BSD-2-Clause */
/* See privilege.h. */
#include "windows/agent/common/privilege.h"

void PrivilegeEnable(_In_ PCWSTR Name)
{
    TOKEN_PRIVILEGES Privileges = {.PrivilegeCount = 1};
    HANDLE Token;

    Privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &Token))
        return;
    if (LookupPrivilegeValueW(NULL, Name, &Privileges.Privileges[0].Luid))
        AdjustTokenPrivileges(Token, FALSE, &Privileges, 0, NULL, NULL);
    CloseHandle(Token);
}
