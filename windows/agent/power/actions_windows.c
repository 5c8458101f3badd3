/* SPDX-License-Identifier: BSD-2-Clause */
/* See actions.h. */
#include "windows/agent/power/actions.h"
#include <powrprof.h>
#include "windows/agent/common/privilege.h"

enum { REASON = SHTDN_REASON_MAJOR_OTHER | SHTDN_REASON_MINOR_OTHER | SHTDN_REASON_FLAG_PLANNED };

/* InitiateSystemShutdownEx(): ExitWindowsEx() concerns a session, and a service's has no users. */
static DWORD ShutDown(_In_ BOOL Reboot)
{
    PrivilegeEnable(SE_SHUTDOWN_NAME);
    return InitiateSystemShutdownExW(NULL, NULL, 0, TRUE, Reboot, REASON) ? ERROR_SUCCESS
                                                                          : GetLastError();
}

static DWORD Sleeps(_In_ BOOL Hibernate)
{
    PrivilegeEnable(SE_SHUTDOWN_NAME);
    return SetSuspendState((BOOLEAN)Hibernate, FALSE, FALSE) ? ERROR_SUCCESS : GetLastError();
}

DWORD PowerAct(_In_ enum shutdown_action Action)
{
    switch (Action) {
    case SHUTDOWN_POWER_OFF:
        return ShutDown(FALSE);
    case SHUTDOWN_REBOOT:
        return ShutDown(TRUE);
    case SHUTDOWN_SLEEP:
        return Sleeps(FALSE);
    case SHUTDOWN_HIBERNATE:
        return Sleeps(TRUE);
    default:
        return ERROR_INVALID_PARAMETER;
    }
}
