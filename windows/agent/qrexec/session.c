/* SPDX-License-Identifier: BSD-2-Clause */
/* See session.h. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/qrexec/session.h"
#include "windows/agent/qrexec/user_name.h"
#include <wtsapi32.h>

DWORD SessionsOpen(_Out_ SESSIONS *Sessions, _In_ BOOL Console, _In_opt_ PCWSTR LogonEventName)
{
    memset(Sessions, 0, sizeof(*Sessions));
    Sessions->Console = Console;
    if (!LogonEventName)
        return ERROR_SUCCESS;
    Sessions->LogonEvent = CreateEventW(NULL, TRUE, FALSE, LogonEventName);
    return Sessions->LogonEvent ? ERROR_SUCCESS : GetLastError();
}

void SessionsClose(_Inout_ SESSIONS *Sessions)
{
    if (Sessions->LogonEvent)
        CloseHandle(Sessions->LogonEvent);
    Sessions->LogonEvent = NULL;
}

static BOOL IsAgent(_In_ PCWSTR User)
{
    return !_wcsicmp(User, L"SYSTEM") || !_wcsicmp(User, L"root") ||
           !_wcsicmp(User, L"LocalSystem") || !_wcsicmp(User, L"NT AUTHORITY\\SYSTEM");
}

static BOOL IsAnybody(_In_ PCWSTR User)
{
    return !*User || !_wcsicmp(User, L"DEFAULT");
}

static BOOL TokenIsOf(_In_ HANDLE Token, _In_ PCWSTR User)
{
    BYTE Buffer[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    WCHAR Name[256], Domain[256], Computer[MAX_COMPUTERNAME_LENGTH + 1] = L"";
    DWORD Size, NameSize = 256, DomainSize = 256, ComputerSize = MAX_COMPUTERNAME_LENGTH + 1;
    SID_NAME_USE Use;

    GetComputerNameW(Computer, &ComputerSize);
    return GetTokenInformation(Token, TokenUser, Buffer, sizeof(Buffer), &Size) &&
           LookupAccountSidW(NULL, ((TOKEN_USER *)Buffer)->User.Sid, Name, &NameSize, Domain,
                             &DomainSize, &Use) &&
           UserNameIsOf(User, Domain, Name, Computer);
}

static BOOL TokenOfSession(_In_ DWORD Session, _In_ PCWSTR User, _Out_ HANDLE *Token)
{
    if (Session == 0xffffffff || !WTSQueryUserToken(Session, Token))
        return FALSE;
    if (IsAnybody(User) || TokenIsOf(*Token, User))
        return TRUE;
    CloseHandle(*Token);
    return FALSE;
}

static DWORD TokenFromWindows(_In_ PCWSTR User, _Out_ HANDLE *Token)
{
    PWTS_SESSION_INFOW Infos = NULL;
    DWORD Count = 0;
    BOOL Found = TokenOfSession(WTSGetActiveConsoleSessionId(), User, Token);

    if (!Found && WTSEnumerateSessionsW(WTS_CURRENT_SERVER_HANDLE, 0, 1, &Infos, &Count)) {
        for (DWORD i = 0; i < Count && !Found; i++)
            if (Infos[i].State == WTSActive || Infos[i].State == WTSDisconnected)
                Found = TokenOfSession(Infos[i].SessionId, User, Token);
        WTSFreeMemory(Infos);
    }
    if (!Found)
        *Token = NULL;
    return Found ? ERROR_SUCCESS : ERROR_NO_SUCH_LOGON_SESSION;
}

DWORD SessionToken(_In_ const SESSIONS *Sessions, _In_ PCWSTR User, _Out_ HANDLE *Token)
{
    *Token = NULL;
    if (IsAgent(User))
        return ERROR_SUCCESS;
    if (!Sessions->Console)
        return TokenFromWindows(User, Token);
    return SessionExists(Sessions) ? ERROR_SUCCESS : ERROR_NO_SUCH_LOGON_SESSION;
}

BOOL SessionExists(_In_ const SESSIONS *Sessions)
{
    HANDLE Token;

    if (Sessions->Console)
        return !Sessions->LogonEvent ||
               WaitForSingleObject(Sessions->LogonEvent, 0) == WAIT_OBJECT_0;
    if (TokenFromWindows(L"", &Token) != ERROR_SUCCESS)
        return FALSE;
    CloseHandle(Token);
    return TRUE;
}
