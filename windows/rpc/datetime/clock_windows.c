/* SPDX-License-Identifier: BSD-2-Clause */
/* See clock.h. */
#include "windows/rpc/datetime/clock.h"
#include "windows/agent/common/privilege.h"

DWORD ClockSet(_In_ const SYSTEMTIME *Time)
{
    PrivilegeEnable(SE_SYSTEMTIME_NAME);
    return SetSystemTime(Time) ? ERROR_SUCCESS : GetLastError();
}
