/* SPDX-License-Identifier: BSD-2-Clause */
/* What a driver asks about the system that it runs on. */
#include "model/machine.h"

#include "model/windows.h"

BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                           PUNICODE_STRING CSDVersion)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};

    MODEL_CALL(PsGetVersion, PASSIVE_LEVEL, DISPATCH_LEVEL, "PsGetVersion function (ntddk.h)");
    RtlGetVersion((PRTL_OSVERSIONINFOW)&version);
    if (MajorVersion != NULL)
        *MajorVersion = version.dwMajorVersion;
    if (MinorVersion != NULL)
        *MinorVersion = version.dwMinorVersion;
    if (BuildNumber != NULL)
        *BuildNumber = version.dwBuildNumber;
    if (CSDVersion != NULL)
        *CSDVersion = (UNICODE_STRING){0};
    return FALSE; /* a free build */
}
