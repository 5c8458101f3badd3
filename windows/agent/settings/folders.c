/* SPDX-License-Identifier: BSD-2-Clause */
/* See folders.h. */
#include <initguid.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/privatedisk/place.h"
#include "windows/agent/settings/folders.h"
#include <aclapi.h>
#include <knownfolders.h>
#include <sddl.h>
#include <shlobj.h>

enum { PATH_UNITS = 512 };

static const struct {
    const GUID *Id;
    PCWSTR Leaf;
} Folders[] = {
    {&FOLDERID_Documents, L"Documents"}, {&FOLDERID_Desktop, L"Desktop"},
    {&FOLDERID_Downloads, L"Downloads"}, {&FOLDERID_Pictures, L"Pictures"},
    {&FOLDERID_Music, L"Music"},         {&FOLDERID_Videos, L"Videos"},
    {&FOLDERID_Favorites, L"Favorites"},
};

/* Of the program's user; LocalFree() it. NULL: not to be had. */
static PWSTR UserSid(void)
{
    union {
        TOKEN_USER User;
        BYTE Room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } Buffer;
    HANDLE Token;
    PWSTR Text = NULL;
    DWORD Size;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &Token))
        return NULL;
    if (!GetTokenInformation(Token, TokenUser, &Buffer, sizeof(Buffer), &Size) ||
        !ConvertSidToStringSidW(Buffer.User.User.Sid, &Text))
        Text = NULL;
    CloseHandle(Token);
    return Text;
}

/* A folder that was there before: made by us, or by somebody who waits for our files? */
static DWORD CheckOwner(_In_ PCWSTR Path, _In_ PCWSTR Sid)
{
    PSECURITY_DESCRIPTOR Descriptor;
    PWSTR Text = NULL;
    PSID Owner;
    DWORD Error = GetNamedSecurityInfoW((PWSTR)Path, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION,
                                        &Owner, NULL, NULL, NULL, &Descriptor);

    if (Error)
        return Error;
    if (!ConvertSidToStringSidW(Owner, &Text))
        Error = GetLastError();
    else if (wcscmp(Text, Sid) && wcscmp(Text, L"S-1-5-32-544")) /* administrators own as one */
        Error = ERROR_INVALID_OWNER;
    LocalFree(Text);
    LocalFree(Descriptor);
    return Error;
}

/* For this user, SYSTEM and administrators alone; a new volume's root is for everybody. */
static DWORD MakeHome(_Out_writes_(PATH_UNITS) PWSTR Home)
{
    WCHAR Name[128], Access[256];
    DWORD Size = 128, Error = ERROR_SUCCESS;
    const PWSTR Sid = UserSid();
    SECURITY_ATTRIBUTES Security = {sizeof(Security), NULL, FALSE};

    if (!Sid || !GetUserNameW(Name, &Size))
        return GetLastError();
    swprintf(Home, PATH_UNITS, L"%lsUsers", PRIVATE_FOLDER);
    CreateDirectoryW(Home, NULL);
    swprintf(Home, PATH_UNITS, L"%lsUsers\\%ls", PRIVATE_FOLDER, Name);
    swprintf(Access, 256, L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;%ls)", Sid);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            Access, SDDL_REVISION_1, &Security.lpSecurityDescriptor, NULL)) {
        Error = GetLastError();
    } else {
        if (!CreateDirectoryW(Home, &Security))
            Error = GetLastError() == ERROR_ALREADY_EXISTS ? CheckOwner(Home, Sid) : GetLastError();
        LocalFree(Security.lpSecurityDescriptor);
    }
    LocalFree(Sid);
    return Error;
}

/* Is it on the private disk now? */
static BOOL IsPrivate(_In_ PCWSTR Path)
{
    return !_wcsnicmp(Path, PRIVATE_FOLDER, wcslen(PRIVATE_FOLDER));
}

static DWORD SetFolder(_In_ const GUID *Id, _In_ PCWSTR Wanted)
{
    PWSTR Now = NULL;
    const BOOL Already = SUCCEEDED(SHGetKnownFolderPath(Id, KF_FLAG_DONT_VERIFY, NULL, &Now)) &&
                         !_wcsicmp(Now, Wanted);

    CoTaskMemFree(Now);
    if (Already)
        return ERROR_SUCCESS;
    CreateDirectoryW(Wanted, NULL);
    return SUCCEEDED(SHSetKnownFolderPath(Id, 0, NULL, Wanted)) ? ERROR_SUCCESS : ERROR_GEN_FAILURE;
}

static DWORD GoBack(_In_ const GUID *Id)
{
    PWSTR Now = NULL, Default = NULL;
    DWORD Error = ERROR_SUCCESS;

    if (SUCCEEDED(SHGetKnownFolderPath(Id, KF_FLAG_DONT_VERIFY, NULL, &Now)) && IsPrivate(Now) &&
        SUCCEEDED(
            SHGetKnownFolderPath(Id, KF_FLAG_DONT_VERIFY | KF_FLAG_DEFAULT_PATH, NULL, &Default)))
        Error = SetFolder(Id, Default);
    CoTaskMemFree(Now);
    CoTaskMemFree(Default);
    return Error;
}

DWORD FoldersSet(_In_ BOOL Private)
{
    WCHAR Home[PATH_UNITS], Path[PATH_UNITS];
    DWORD Error = Private ? MakeHome(Home) : ERROR_SUCCESS;

    for (size_t i = 0; i < ARRAYSIZE(Folders) && !Error; i++) {
        if (!Private) {
            Error = GoBack(Folders[i].Id);
            continue;
        }
        swprintf(Path, PATH_UNITS, L"%ls\\%ls", Home, Folders[i].Leaf);
        Error = SetFolder(Folders[i].Id, Path);
    }
    return Error;
}
