/* SPDX-License-Identifier: BSD-2-Clause */
/* Which Windows the model is, and which routines a driver finds in it by name. */
#include "model/machine.h"
#include "model/windows.h"

static enum windows_version version = WINDOWS_11;

static const struct {
    ULONG major, minor, build;
} versions[] = {
    [WINDOWS_7] = {6, 1, 7601},         [WINDOWS_8] = {6, 2, 9200},
    [WINDOWS_10_1607] = {10, 0, 14393}, [WINDOWS_10_2004] = {10, 0, 19041},
    [WINDOWS_11] = {10, 0, 22631},
};

enum windows_version windows_version(void)
{
    return version;
}

void windows_set(enum windows_version wanted)
{
    version = wanted ? wanted : (enum windows_version)(WINDOWS_7 + sched_random(WINDOWS_11));
}

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation)
{
    MODEL_CALL(RtlGetVersion, PASSIVE_LEVEL, PASSIVE_LEVEL, "RtlGetVersion function (wdm.h)");
    if (lpVersionInformation->dwOSVersionInfoSize != sizeof(RTL_OSVERSIONINFOW) &&
        lpVersionInformation->dwOSVersionInfoSize != sizeof(RTL_OSVERSIONINFOEXW))
        return STATUS_INVALID_PARAMETER;
    lpVersionInformation->dwMajorVersion = versions[version].major;
    lpVersionInformation->dwMinorVersion = versions[version].minor;
    lpVersionInformation->dwBuildNumber = versions[version].build;
    lpVersionInformation->dwPlatformId = 2;
    lpVersionInformation->szCSDVersion[0] = 0;
    return STATUS_SUCCESS;
}

extern const struct system_routine *const __start_nt_routines[], *const __stop_nt_routines[];

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    MODEL_CALL(MmGetSystemRoutineAddress, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "MmGetSystemRoutineAddress function (wdm.h)");
    for (const struct system_routine *const *at = __start_nt_routines; at < __stop_nt_routines;
         at++) {
        size_t length = strlen((*at)->name);
        bool same = length * sizeof(WCHAR) == SystemRoutineName->Length;

        for (size_t i = 0; same && i < length; i++)
            same = SystemRoutineName->Buffer[i] == (WCHAR)(*at)->name[i];
        if (same)
            return version >= (*at)->since ? (PVOID)(ULONG_PTR)(*at)->address : NULL;
    }
    return NULL;
}
