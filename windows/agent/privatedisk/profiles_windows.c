/* SPDX-License-Identifier: BSD-2-Clause */
/* See profiles.h. */
#include "windows/agent/privatedisk/profiles.h"
#include <sddl.h>
#include <wchar.h>
#include "windows/agent/common/guarded_folder.h"
#include "windows/agent/privatedisk/place.h"

enum { PATH_UNITS = 512 };
static const WCHAR List[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList";
static const WCHAR Value[] = L"ProfilesDirectory", Kept[] = L"CasementProfilesDirectory";
static const WCHAR Ours[] = PRIVATE_FOLDER L"Profiles";
static const WCHAR Default[] = L"%SystemDrive%\\Users"; /* as Windows is set up */

/* As it stands there: with its %...%. */
static DWORD Read(_In_ PCWSTR Name, _Out_writes_(PATH_UNITS) PWSTR Path)
{
    DWORD Size = PATH_UNITS * sizeof(WCHAR);

    *Path = 0;
    return (DWORD)RegGetValueW(HKEY_LOCAL_MACHINE, List, Name,
                               RRF_RT_REG_EXPAND_SZ | RRF_RT_REG_SZ | RRF_NOEXPAND, NULL, Path,
                               &Size);
}

static DWORD Write(_In_ PCWSTR Name, _In_ PCWSTR Path)
{
    return (DWORD)RegSetKeyValueW(HKEY_LOCAL_MACHINE, List, Name, REG_EXPAND_SZ, Path,
                                  (DWORD)((wcslen(Path) + 1) * sizeof(WCHAR)));
}

DWORD ProfilesLook(_Out_ struct profiles_state *State)
{
    WCHAR Path[PATH_UNITS];
    const DWORD Error = Read(Value, Path);

    State->mounted = PrivateIsMounted();
    State->on_disk = !_wcsicmp(Path, Ours);
    return Error;
}

/* For SYSTEM and administrators to write in, for all to read, as Windows has it at C:\Users: each
 * profile gets its own list from Windows. */
static DWORD MakeFolder(void)
{
    SECURITY_ATTRIBUTES Security = {sizeof(Security), NULL, FALSE};
    DWORD Error = ERROR_SUCCESS;

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;GRGX;;;BU)(A;OICI;GRGX;;;WD)",
            SDDL_REVISION_1, &Security.lpSecurityDescriptor, NULL))
        return GetLastError();
    if (!CreateDirectoryW(Ours, &Security))
        Error = GetLastError();
    LocalFree(Security.lpSecurityDescriptor);
    /* One that was there: a new volume's root is for everybody. */
    return Error == ERROR_ALREADY_EXISTS ? FolderIsGuarded(Ours) : Error;
}

/* In this order: whatever ends it between, the next run finds a state that it knows. */
DWORD ProfilesToDisk(void)
{
    WCHAR Before[PATH_UNITS];
    DWORD Error = Read(Value, Before);

    if (!Error)
        Error = MakeFolder();
    if (!Error)
        Error = Write(Kept, Before);
    return Error ? Error : Write(Value, Ours);
}

DWORD ProfilesBack(void)
{
    WCHAR Now[PATH_UNITS], Before[PATH_UNITS];
    DWORD Error = Read(Value, Now);

    if (!Error && !_wcsicmp(Now, Ours))
        Error = Write(Value, Read(Kept, Before) ? Default : Before);
    if (!Error)
        RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, List, Kept);
    return Error;
}
