/* SPDX-License-Identifier: BSD-2-Clause */
/* See guarded_folder.h. */
#include "windows/agent/qrexec/guarded_folder.h"
#include <aclapi.h>
#include <sddl.h>
#include <string.h>

/* With any of these one can change what is in a folder, or let oneself do it. */
static const DWORD Writing = FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_WRITE_EA |
                             FILE_WRITE_ATTRIBUTES | FILE_DELETE_CHILD | DELETE | WRITE_DAC |
                             WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL;

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

static BOOL EntryIsHarmless(_In_ const ACE_HEADER *Header)
{
    const ACCESS_ALLOWED_ACE *const Allowed = (const ACCESS_ALLOWED_ACE *)Header;

    if (Header->AceType == ACCESS_DENIED_ACE_TYPE || (Header->AceFlags & INHERIT_ONLY_ACE))
        return TRUE;
    if (Header->AceType != ACCESS_ALLOWED_ACE_TYPE)
        return FALSE; /* of a kind that nobody gives a folder */
    return !(Allowed->Mask & Writing) || IsTrusted((PSID)&Allowed->SidStart);
}

static BOOL ListIsHarmless(_In_opt_ const ACL *List)
{
    void *Entry;

    if (!List)
        return FALSE; /* no list: everybody may do everything */
    for (DWORD i = 0; i < List->AceCount; i++)
        if (!GetAce((PACL)List, i, &Entry) || !EntryIsHarmless(Entry))
            return FALSE;
    return TRUE;
}

DWORD FolderIsGuarded(_In_ PCWSTR Path)
{
    const DWORD Attributes = GetFileAttributesW(Path);
    PSECURITY_DESCRIPTOR Descriptor = NULL;
    PSID Owner = NULL;
    PACL List = NULL;

    if (Attributes == INVALID_FILE_ATTRIBUTES)
        return GetLastError();
    if (!(Attributes & FILE_ATTRIBUTE_DIRECTORY) || (Attributes & FILE_ATTRIBUTE_REPARSE_POINT))
        return ERROR_ACCESS_DENIED;
    DWORD Error = GetNamedSecurityInfoW((PWSTR)Path, SE_FILE_OBJECT,
                                        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                                        &Owner, NULL, &List, NULL, &Descriptor);
    if (Error)
        return Error;
    if (!Owner || !IsTrusted(Owner) || !ListIsHarmless(List))
        Error = ERROR_ACCESS_DENIED;
    LocalFree(Descriptor);
    return Error;
}
