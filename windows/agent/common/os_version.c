/* SPDX-License-Identifier: BSD-2-Clause */
/* See os_version.h. */
#include <string.h>
#include "windows/agent/common/os_version.h"

void OsVersion(_Out_ OSVERSIONINFOW *Version)
{
    LONG(WINAPI * RtlGetVersion)
    (OSVERSIONINFOW *) = (LONG(WINAPI *)(OSVERSIONINFOW *))(void *)GetProcAddress(
        GetModuleHandleW(L"ntdll.dll"), "RtlGetVersion");

    memset(Version, 0, sizeof(*Version));
    Version->dwOSVersionInfoSize = sizeof(*Version);
    if (RtlGetVersion)
        RtlGetVersion(Version);
}
