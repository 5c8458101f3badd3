/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qrexec-agent.exe: as a Windows service (started by the service control manager), or with
 * --console in the foreground, until Ctrl-C.
 *
 *   qrexec-agent.exe [--console] [--logon-event NAME] [--pipe NAME] [--services FOLDER]...
 *                    [--log FILE]
 *
 * --logon-event (console only): nobody is logged on until that named event is set.
 * --services: folders to look for services in, instead of the usual ones; first wins.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/qrexec/agent.h"
#include "windows/agent/qrexec/log.h"
#include "windows/agent/qrexec/relay.h"

static WCHAR ServiceName[] = L"QrexecAgent";

/* What the service's entry points, which get no context, share. Written before the control
 * handler is registered. */
static struct {
    AGENT Agent;
    AGENT_OPTIONS Options;
    SERVICE_STATUS_HANDLE Status;
} Service;

static void Report(_In_ DWORD State, _In_ DWORD Error)
{
    SERVICE_STATUS Status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = State,
        .dwWin32ExitCode = Error,
        .dwWaitHint = 10000,
    };
    if (State == SERVICE_RUNNING)
        Status.dwControlsAccepted =
            SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_SESSIONCHANGE;
    SetServiceStatus(Service.Status, &Status);
}

static DWORD WINAPI OnControl(DWORD Control, DWORD EventType, void *EventData, void *Context)
{
    switch (Control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
        Report(SERVICE_STOP_PENDING, ERROR_SUCCESS);
        SetEvent(Service.Agent.StopEvent);
        return NO_ERROR;
    case SERVICE_CONTROL_SESSIONCHANGE:
        AgentSessionChanged(&Service.Agent);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    }
    return ERROR_CALL_NOT_IMPLEMENTED;
}

static DWORD OpenAndRun(void)
{
    DWORD Error = AgentOpen(&Service.Agent, &Service.Options);

    if (Error)
        LogError(Error, "the agent cannot start");
    else if (Service.Status)
        Report(SERVICE_RUNNING, ERROR_SUCCESS);
    else
        LogLine("ready");
    if (!Error)
        Error = AgentRun(&Service.Agent);
    return Error;
}

static void WINAPI ServiceMain(DWORD Count, PWSTR *Arguments)
{
    Service.Status = RegisterServiceCtrlHandlerExW(ServiceName, OnControl, NULL);
    if (!Service.Status)
        return;
    Report(SERVICE_START_PENDING, ERROR_SUCCESS);
    const DWORD Error = OpenAndRun();
    AgentClose(&Service.Agent);
    Report(SERVICE_STOPPED, Error);
}

static BOOL WINAPI OnConsoleEvent(DWORD Event)
{
    return SetEvent(Service.Agent.StopEvent);
}

static int RunInConsole(void)
{
    SetConsoleCtrlHandler(OnConsoleEvent, TRUE);
    const DWORD Error = OpenAndRun();
    SetConsoleCtrlHandler(OnConsoleEvent, FALSE);
    AgentClose(&Service.Agent);
    return Error ? 1 : 0;
}

static int Usage(void)
{
    fputs("usage: qrexec-agent.exe [--console] [--logon-event NAME] [--pipe NAME]\n"
          "                        [--services FOLDER]... [--log FILE]\n",
          stderr);
    return 2;
}

static BOOL AddFolder(_Inout_ SERVICE_FOLDERS *Folders, _Inout_ BOOL *Replaced, _In_ PCWSTR Path)
{
    if (!*Replaced)
        Folders->Count = Folders->Guarded = 0;
    *Replaced = TRUE;
    if (Folders->Count == SERVICE_FOLDERS_MAX || wcslen(Path) >= MAX_PATH)
        return FALSE;
    wcscpy(Folders->Paths[Folders->Count++], Path);
    return TRUE;
}

static BOOL ParseOptions(_In_ int Count, _In_ WCHAR **Arguments, _Out_ AGENT_OPTIONS *Options,
                         _Out_ PCWSTR *LogFile)
{
    BOOL Replaced = FALSE;

    memset(Options, 0, sizeof(*Options));
    *LogFile = NULL;
    Options->PipeName = QREXEC_LOCAL_PIPE;
    ServiceFoldersDefault(&Options->Folders);
    for (int i = 1; i < Count; i++) {
        const PCWSTR Option = Arguments[i];
        const PCWSTR Value = i + 1 < Count ? Arguments[i + 1] : NULL;
        if (!wcscmp(Option, L"--console")) {
            Options->Console = TRUE;
            continue;
        }
        if (!Value)
            return FALSE;
        i++;
        if (!wcscmp(Option, L"--logon-event"))
            Options->LogonEventName = Value;
        else if (!wcscmp(Option, L"--pipe"))
            Options->PipeName = Value;
        else if (!wcscmp(Option, L"--log"))
            *LogFile = Value;
        else if (wcscmp(Option, L"--services") || !AddFolder(&Options->Folders, &Replaced, Value))
            return FALSE;
    }
    return Options->Console || !Options->LogonEventName;
}

/* ..\log\qrexec-agent.log seen from the program. */
static void DefaultLog(_In_ PCWSTR Programs, _Out_writes_(MAX_PATH) PWSTR Path)
{
    if (swprintf(Path, MAX_PATH, L"%ls\\..\\log", Programs) < 0)
        *Path = 0;
    CreateDirectoryW(Path, NULL);
    if (swprintf(Path, MAX_PATH, L"%ls\\..\\log\\qrexec-agent.log", Programs) < 0)
        *Path = 0;
}

int wmain(int Count, WCHAR **Arguments)
{
    const SERVICE_TABLE_ENTRYW Table[] = {{ServiceName, ServiceMain}, {NULL, NULL}};
    WCHAR LogPath[MAX_PATH];
    PCWSTR LogFile;

    if (!ParseOptions(Count, Arguments, &Service.Options, &LogFile))
        return Usage();
    if (!LogFile && !Service.Options.Console) {
        DefaultLog(Service.Options.Folders.Programs, LogPath);
        LogFile = LogPath;
    }
    if (!LogOpen(LogFile) && Service.Options.Console) {
        fputs("qrexec-agent: cannot open the log file\n", stderr);
        return 1;
    }
    if (Service.Options.Console)
        return RunInConsole();
    if (StartServiceCtrlDispatcherW(Table))
        return 0;
    if (GetLastError() == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
        return Usage();
    return 1;
}
