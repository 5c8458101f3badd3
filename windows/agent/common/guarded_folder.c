/* SPDX-License-Identifier: BSD-2-Clause */
/* See guarded_folder.h. */
#include "windows/agent/common/guarded_folder.h"
#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

/* With any of these one can replace what lies in a folder that is not empty, or let oneself do it.
 * DELETE is not among them: it says nothing of a root, and moves any other folder. */
static const DWORD Replacing =
    FILE_DELETE_CHILD | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL;

/* With any of these one can change a file or what is in a folder, or let oneself do it. */
static const DWORD Writing = FILE_DELETE_CHILD | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE |
                             GENERIC_ALL | FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_WRITE_EA |
                             FILE_WRITE_ATTRIBUTES | DELETE;

static BOOL IsOwnUser(_In_ PSID Sid)
{
    BYTE Buffer[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    HANDLE Token;
    DWORD Size;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &Token))
        return FALSE;
    const BOOL Same = GetTokenInformation(Token, TokenUser, Buffer, sizeof(Buffer), &Size) &&
                      EqualSid(((TOKEN_USER *)Buffer)->User.Sid, Sid);
    CloseHandle(Token);
    return Same;
}

static BOOL IsTrusted(_In_ PSID Sid)
{
    static const PCWSTR TrustedInstaller =
        L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
    PWSTR Text = NULL;

    if (IsWellKnownSid(Sid, WinLocalSystemSid) ||
        IsWellKnownSid(Sid, WinBuiltinAdministratorsSid) || IsOwnUser(Sid))
        return TRUE;
    if (!ConvertSidToStringSidW(Sid, &Text))
        return FALSE;
    const BOOL Same = !wcscmp(Text, TrustedInstaller);
    LocalFree(Text);
    return Same;
}

static BOOL EntryIsHarmless(_In_ const ACE_HEADER *Header, _In_ DWORD Rights)
{
    const ACCESS_ALLOWED_ACE *const Allowed = (const ACCESS_ALLOWED_ACE *)Header;

    if (Header->AceType == ACCESS_DENIED_ACE_TYPE || (Header->AceFlags & INHERIT_ONLY_ACE))
        return TRUE;
    if (Header->AceType != ACCESS_ALLOWED_ACE_TYPE)
        return FALSE; /* of a kind that nobody gives a folder */
    return !(Allowed->Mask & Rights) || IsTrusted((PSID)&Allowed->SidStart);
}

static BOOL ListIsHarmless(_In_opt_ const ACL *List, _In_ DWORD Rights)
{
    void *Entry;

    if (!List)
        return FALSE; /* no list: everybody may do everything */
    for (DWORD i = 0; i < List->AceCount; i++)
        if (!GetAce((PACL)List, i, &Entry) || !EntryIsHarmless(Entry, Rights))
            return FALSE;
    return TRUE;
}

/* Nobody but the trusted owns the object or has any of the rights. */
static DWORD ObjectIsGuarded(_In_ HANDLE Object, _In_ DWORD Rights)
{
    PSECURITY_DESCRIPTOR Descriptor = NULL;
    PSID Owner = NULL;
    PACL List = NULL;
    DWORD Error = GetSecurityInfo(Object, SE_FILE_OBJECT,
                                  OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &Owner,
                                  NULL, &List, NULL, &Descriptor);

    if (Error)
        return Error;
    if (!Owner || !IsTrusted(Owner) || !ListIsHarmless(List, Rights))
        Error = ERROR_ACCESS_DENIED;
    LocalFree(Descriptor);
    return Error;
}

/* *Link: it is a link or a mounted volume, which with LinkFlag (FILE_FLAG_OPEN_REPARSE_POINT) is
 * itself looked at. */
static DWORD Look(_In_ PCWSTR Path, _In_ DWORD LinkFlag, _In_ DWORD Rights, _Out_ BOOL *Link)
{
    BY_HANDLE_FILE_INFORMATION Information;
    DWORD Error;
    const HANDLE Folder = CreateFileW(Path, READ_CONTROL | FILE_READ_ATTRIBUTES,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                      OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | LinkFlag, NULL);

    *Link = FALSE;
    if (Folder == INVALID_HANDLE_VALUE)
        return GetLastError();
    if (!GetFileInformationByHandle(Folder, &Information))
        Error = GetLastError();
    else if (!(Information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
        Error = ERROR_ACCESS_DENIED;
    else {
        *Link = (Information.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
        Error = ObjectIsGuarded(Folder, *Link ? Writing : Rights);
    }
    CloseHandle(Folder);
    return Error;
}

/* Root: with its "\". What a volume is mounted on was seen to be guarded. */
static DWORD RootIsGuarded(_In_ PCWSTR Root)
{
    BOOL Link;

    return Look(Root, 0, Replacing, &Link);
}

/* Part: one of the folders above. */
static DWORD PartIsGuarded(_In_ PCWSTR Part)
{
    WCHAR Root[MAX_PATH + 2], Volume[64];
    BOOL Link;
    const DWORD Error = Look(Part, FILE_FLAG_OPEN_REPARSE_POINT, Replacing | DELETE, &Link);

    if (Error || !Link)
        return Error;
    wcscpy(Root, Part);
    wcscat(Root, L"\\");
    if (!GetVolumeNameForVolumeMountPointW(Root, Volume, ARRAYSIZE(Volume)))
        return ERROR_ACCESS_DENIED; /* a link to some folder */
    return RootIsGuarded(Root);
}

DWORD FolderIsGuarded(_In_ PCWSTR Path)
{
    BOOL Link;
    const DWORD Error = Look(Path, FILE_FLAG_OPEN_REPARSE_POINT, Writing, &Link);

    return !Error && Link ? ERROR_ACCESS_DENIED : Error;
}

/* From above: once a folder is known to hold its place, so is what the next name in it means. */
DWORD PathIsGuarded(_In_ PCWSTR Path)
{
    WCHAR Part[MAX_PATH];

    if (wcslen(Path) < 4 || wcslen(Path) >= MAX_PATH || Path[1] != L':' || Path[2] != L'\\')
        return ERROR_BAD_PATHNAME;
    swprintf(Part, MAX_PATH, L"%.3ls", Path);
    DWORD Error = RootIsGuarded(Part);
    for (PCWSTR End = Path + 3; !Error && (End = wcschr(End, L'\\')); End++) {
        swprintf(Part, MAX_PATH, L"%.*ls", (int)(End - Path), Path);
        Error = PartIsGuarded(Part);
    }
    return Error ? Error : FolderIsGuarded(Path);
}

DWORD FileIsGuarded(_In_ HANDLE File)
{
    BY_HANDLE_FILE_INFORMATION Information;

    if (!GetFileInformationByHandle(File, &Information))
        return GetLastError();
    return Information.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT
               ? ERROR_ACCESS_DENIED
               : ObjectIsGuarded(File, Writing);
}
