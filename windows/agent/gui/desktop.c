/* SPDX-License-Identifier: BSD-2-Clause */
/* See desktop.h. */
#include <string.h>
#include <wchar.h>
#include "windows/agent/gui/desktop.h"

static BOOL NameOf(_In_ HDESK Handle, _Out_writes_(DESKTOP_NAME_ROOM) PWSTR Name)
{
    DWORD Needed;

    Name[0] = 0;
    return GetUserObjectInformationW(Handle, UOI_NAME, Name, DESKTOP_NAME_ROOM * sizeof(WCHAR),
                                     &Needed);
}

static void SetName(_Inout_ DESKTOP *Desktop, _In_ PCWSTR Name)
{
    wcscpy(Desktop->Name, Name);
    Desktop->Secure = _wcsicmp(Name, L"Default") != 0;
}

void DesktopOpen(_Out_ DESKTOP *Desktop)
{
    WCHAR Name[DESKTOP_NAME_ROOM];

    memset(Desktop, 0, sizeof(*Desktop));
    if (NameOf(GetThreadDesktop(GetCurrentThreadId()), Name))
        SetName(Desktop, Name);
}

void DesktopClose(_Inout_ DESKTOP *Desktop)
{
    if (Desktop->Handle)
        CloseDesktop(Desktop->Handle);
    Desktop->Handle = NULL;
}

/* While nobody may say which it is (it is being switched), it has not changed. */
BOOL DesktopChanged(_In_ const DESKTOP *Desktop)
{
    WCHAR Name[DESKTOP_NAME_ROOM];
    const HDESK Input = OpenInputDesktop(0, FALSE, DESKTOP_READOBJECTS);
    const BOOL Known = Input && NameOf(Input, Name);

    if (Input)
        CloseDesktop(Input);
    return Known && _wcsicmp(Name, Desktop->Name) != 0;
}

BOOL DesktopFollow(_Inout_ DESKTOP *Desktop)
{
    WCHAR Name[DESKTOP_NAME_ROOM];
    const HDESK Input = OpenInputDesktop(0, FALSE, MAXIMUM_ALLOWED);

    if (!Input)
        return FALSE;
    if (!NameOf(Input, Name) || !SetThreadDesktop(Input)) {
        CloseDesktop(Input);
        return FALSE;
    }
    DesktopClose(Desktop);
    Desktop->Handle = Input;
    SetName(Desktop, Name);
    return TRUE;
}
