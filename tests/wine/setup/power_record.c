/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of the imports of the shipped power-agent that end or stop the machine: writes each
 * call with its arguments to C:\power-calls. Wine reports success and does nothing.
 */
#include <windows.h>
#include <stdio.h>

static void Record(PCSTR Line)
{
    FILE *const File = fopen("C:\\power-calls", "ab");

    fprintf(File, "%s\n", Line);
    fclose(File);
}

static WINBOOL WINAPI RecordShutdown(PWSTR Machine, PWSTR Message, DWORD Timeout, WINBOOL Force,
                                     WINBOOL Reboot, DWORD Reason)
{
    char Line[128];

    snprintf(Line, sizeof(Line),
             "InitiateSystemShutdownEx machine=%p message=%p seconds=%lu force=%d reboot=%d "
             "reason=%08lx",
             (void *)Machine, (void *)Message, Timeout, Force, Reboot, Reason);
    Record(Line);
    return TRUE;
}

/* What the linker would take from the import library. */
WINBOOL(WINAPI *const __imp_InitiateSystemShutdownExW)
(PWSTR, PWSTR, DWORD, WINBOOL, WINBOOL, DWORD) = RecordShutdown;

BOOLEAN WINAPI SetSuspendState(BOOLEAN Hibernate, BOOLEAN Force, BOOLEAN NoWakeEvents)
{
    char Line[64];

    snprintf(Line, sizeof(Line), "SetSuspendState hibernate=%d force=%d no-wake=%d", Hibernate,
             Force, NoWakeEvents);
    Record(Line);
    return TRUE;
}
