/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-services.exe: makes the services of service_table.h what the table says, for an
 * administrator or an installer.
 *
 *   casement-services.exe install    registers what is missing and corrects the rest
 *   casement-services.exe start      the same, and starts those that do not run, in order
 *   casement-services.exe remove     stops and removes them
 *
 * The programs are those beside this one. Exit code: 0, or 1 with a line on stderr for each service
 * that failed; the others are done nevertheless.
 */
#include <windows.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/service_table.h"

enum { TEXT_UNITS = 512, RESTART_DELAY_MS = 1000, LATER_DELAY_MS = 5000, RESET_S = 86400 };

static BOOL Failed(_In_ const struct service_row *Row, _In_ PCSTR What)
{
    fprintf(stderr, "casement-services: %s: %s: error %lu\n", Row->name, What, GetLastError());
    return FALSE;
}

/* "A B" becomes L"A\0B\0\0", as Windows takes lists. The table's texts are short and ASCII. */
static void ToList(_In_ PCSTR Blanks, _Out_writes_(TEXT_UNITS) PWSTR List)
{
    SIZE_T i;

    for (i = 0; Blanks[i] && i < TEXT_UNITS - 2; i++)
        List[i] = Blanks[i] == ' ' ? 0 : (WCHAR)Blanks[i];
    List[i] = List[i + 1] = 0;
}

/* Quoted: without the quotes Windows would try C:\Program.exe first. */
static BOOL CommandLine(_In_ PCSTR Program, _Out_writes_(TEXT_UNITS) PWSTR Line)
{
    WCHAR Own[MAX_PATH];
    const DWORD Length = GetModuleFileNameW(NULL, Own, MAX_PATH);
    PWSTR Slash = Length && Length < MAX_PATH ? wcsrchr(Own, L'\\') : NULL;

    if (!Slash)
        return FALSE;
    *Slash = 0;
    return swprintf(Line, TEXT_UNITS, L"\"%ls\\%hs\"", Own, Program) > 0;
}

/* Wine has none of these levels: what it does not know it does not restrict either. */
static BOOL Change(_In_ SC_HANDLE Service, _In_ DWORD Level, _In_ PVOID Information)
{
    return ChangeServiceConfig2W(Service, Level, Information) ||
           GetLastError() == ERROR_INVALID_LEVEL;
}

/* What CreateService() has no argument for. */
static BOOL Configure(_In_ const struct service_row *Row, _In_ SC_HANDLE Service)
{
    WCHAR List[TEXT_UNITS];
    SERVICE_SID_INFO Sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    SC_ACTION Actions[] = {{SC_ACTION_RESTART, RESTART_DELAY_MS},
                           {SC_ACTION_RESTART, LATER_DELAY_MS},
                           {SC_ACTION_RESTART, LATER_DELAY_MS}};
    SERVICE_FAILURE_ACTIONSW Failure = {
        .dwResetPeriod = RESET_S, .cActions = 3, .lpsaActions = Actions};
    SERVICE_FAILURE_ACTIONS_FLAG AlsoErrors = {TRUE};
    SERVICE_REQUIRED_PRIVILEGES_INFOW Privileges = {List};

    ToList(Row->privileges ? Row->privileges : "", List);
    return Change(Service, SERVICE_CONFIG_SERVICE_SID_INFO, &Sid) &&
           Change(Service, SERVICE_CONFIG_FAILURE_ACTIONS, &Failure) &&
           Change(Service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &AlsoErrors) &&
           (!Row->privileges ||
            Change(Service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &Privileges));
}

static BOOL Install(_In_ SC_HANDLE Manager, _In_ const struct service_row *Row)
{
    WCHAR Name[64], Title[64], Account[64], Line[TEXT_UNITS], Depends[TEXT_UNITS];
    const DWORD Type = SERVICE_WIN32_OWN_PROCESS, Start = SERVICE_AUTO_START;

    if (!CommandLine(Row->program, Line))
        return Failed(Row, "where its program is");
    swprintf(Name, 64, L"%hs", Row->name);
    swprintf(Title, 64, L"%hs", Row->title);
    swprintf(Account, 64, L"%hs", Row->account ? Row->account : "LocalSystem");
    ToList(Row->depends_on, Depends);
    SC_HANDLE Service =
        CreateServiceW(Manager, Name, Title, SERVICE_ALL_ACCESS, Type, Start, SERVICE_ERROR_NORMAL,
                       Line, NULL, NULL, Depends, Account, NULL);
    if (!Service && GetLastError() == ERROR_SERVICE_EXISTS) {
        Service = OpenServiceW(Manager, Name, SERVICE_ALL_ACCESS);
        if (Service && !ChangeServiceConfigW(Service, Type, Start, SERVICE_ERROR_NORMAL, Line, NULL,
                                             NULL, Depends, Account, NULL, Title))
            Failed(Row, "correct it");
    }
    if (!Service)
        return Failed(Row, "register it");
    const BOOL Done = Configure(Row, Service) || Failed(Row, "set its rights and restarts");
    CloseServiceHandle(Service);
    return Done;
}

static BOOL Start(_In_ SC_HANDLE Manager, _In_ const struct service_row *Row)
{
    WCHAR Name[64];

    swprintf(Name, 64, L"%hs", Row->name);
    const SC_HANDLE Service = OpenServiceW(Manager, Name, SERVICE_START);
    if (!Service)
        return Failed(Row, "find it");
    const BOOL Started =
        StartServiceW(Service, 0, NULL) || GetLastError() == ERROR_SERVICE_ALREADY_RUNNING;
    if (!Started)
        Failed(Row, "start it");
    CloseServiceHandle(Service);
    return Started;
}

/* Stopping is asked for, not waited for: the service vanishes when it has stopped. */
static BOOL Remove(_In_ SC_HANDLE Manager, _In_ const struct service_row *Row)
{
    WCHAR Name[64];
    SERVICE_STATUS Status;

    swprintf(Name, 64, L"%hs", Row->name);
    const SC_HANDLE Service = OpenServiceW(Manager, Name, SERVICE_STOP | DELETE);
    if (!Service)
        return GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST || Failed(Row, "find it");
    ControlService(Service, SERVICE_CONTROL_STOP, &Status);
    const BOOL Removed = DeleteService(Service) ||
                         GetLastError() == ERROR_SERVICE_MARKED_FOR_DELETE ||
                         Failed(Row, "remove it");
    CloseServiceHandle(Service);
    return Removed;
}

static DWORD SetRunValue(_In_ HKEY Key, _In_ const struct session_row *Row)
{
    WCHAR Name[64], Line[TEXT_UNITS];

    swprintf(Name, 64, L"%hs", Row->name);
    if (!CommandLine(Row->program, Line) ||
        wcslen(Line) + strlen(Row->arguments) >= ARRAYSIZE(Line))
        return ERROR_FILENAME_EXCED_RANGE;
    swprintf(Line + wcslen(Line), TEXT_UNITS - wcslen(Line), L"%hs", Row->arguments);
    return (DWORD)RegSetValueExW(Key, Name, 0, REG_SZ, (const BYTE *)Line,
                                 (DWORD)((wcslen(Line) + 1) * sizeof(WCHAR)));
}

/* What Windows starts at each log-on. */
static BOOL SessionPrograms(_In_ BOOL Remove)
{
    WCHAR Name[64];
    HKEY Key;
    DWORD Error =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run", 0,
                      KEY_SET_VALUE, &Key);

    if (Error) {
        fprintf(stderr, "casement-services: what starts at a log-on: error %lu\n", Error);
        return FALSE;
    }
    for (int i = 0; i < SESSION_TABLE_ROWS; i++) {
        swprintf(Name, 64, L"%hs", session_table[i].name);
        if (Remove)
            RegDeleteValueW(Key, Name);
        else if ((Error = SetRunValue(Key, &session_table[i])))
            fprintf(stderr, "casement-services: %s: error %lu\n", session_table[i].program, Error);
    }
    RegCloseKey(Key);
    return Error == ERROR_SUCCESS;
}

int wmain(int Count, WCHAR **Arguments)
{
    const PCWSTR Word = Count == 2 ? Arguments[1] : L"";
    const BOOL Removing = !wcscmp(Word, L"remove"), Starting = !wcscmp(Word, L"start");
    BOOL Done = TRUE;

    if (!Removing && !Starting && wcscmp(Word, L"install")) {
        fputs("usage: casement-services.exe install|start|remove\n", stderr);
        return 2;
    }
    const SC_HANDLE Manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (!Manager) {
        fprintf(stderr, "casement-services: error %lu (an administrator is needed)\n",
                GetLastError());
        return 1;
    }
    for (int i = 0; i < SERVICE_TABLE_ROWS; i++) {
        /* Who needs others goes before them. */
        const struct service_row *const Row =
            &service_table[Removing ? SERVICE_TABLE_ROWS - 1 - i : i];

        Done &= Removing ? Remove(Manager, Row) : Install(Manager, Row);
        if (Starting)
            Done &= Start(Manager, Row);
    }
    CloseServiceHandle(Manager);
    return SessionPrograms(Removing) && Done ? 0 : 1;
}
