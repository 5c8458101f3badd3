/* SPDX-License-Identifier: BSD-2-Clause */
/* LogConsole of the drivers that do not own Xen's console: their lines go to the debugger alone. */
#include "log.h"

VOID LogConsole(_In_ PCSTR Line)
{
    UNREFERENCED_PARAMETER(Line);
}
