/* SPDX-License-Identifier: BSD-2-Clause */
/* See service.h. */
#include <stdio.h>
#include <wchar.h>
#include "windows/agent/common/log.h"
#include "windows/agent/common/service.h"

/* What the entry points, which get no context, share. Written before any of them can run. */
static struct {
    const SERVICE_PROGRAM *Program;
    SERVICE_STATUS_HANDLE Status; /* NULL: in a console */
    HANDLE Stop;                  /* manual reset */
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
        Status.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN;
    if (State == SERVICE_RUNNING && Service.Program->SessionChanged)
        Status.dwControlsAccepted |= SERVICE_ACCEPT_SESSIONCHANGE;
    if (State == SERVICE_RUNNING && Service.Program->Resumed)
        Status.dwControlsAccepted |= SERVICE_ACCEPT_POWEREVENT;
    if (Service.Status)
        SetServiceStatus(Service.Status, &Status);
}

static DWORD WINAPI OnControl(DWORD Control, DWORD EventType, void *EventData, void *Context)
{
    switch (Control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
        Report(SERVICE_STOP_PENDING, ERROR_SUCCESS);
        SetEvent(Service.Stop);
        return NO_ERROR;
    case SERVICE_CONTROL_SESSIONCHANGE:
        if (Service.Program->SessionChanged)
            Service.Program->SessionChanged(Service.Program->Context);
        return NO_ERROR;
    case SERVICE_CONTROL_POWEREVENT:
        if (Service.Program->Resumed && EventType == PBT_APMRESUMEAUTOMATIC)
            Service.Program->Resumed(Service.Program->Context);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    }
    return ERROR_CALL_NOT_IMPLEMENTED;
}

static DWORD OpenAndRun(void)
{
    const SERVICE_PROGRAM *const Program = Service.Program;
    DWORD Error = Program->Open(Program->Context);

    if (Error) {
        LogError(Error, "%ls cannot start", Program->FileName);
    } else {
        Report(SERVICE_RUNNING, ERROR_SUCCESS);
        if (!Service.Status)
            LogLine("ready");
        Error = Program->Run(Program->Context, Service.Stop);
    }
    return Error;
}

static void WINAPI ServiceMain(DWORD Count, PWSTR *Arguments)
{
    Service.Status = RegisterServiceCtrlHandlerExW(Service.Program->Name, OnControl, NULL);
    if (!Service.Status)
        return;
    Report(SERVICE_START_PENDING, ERROR_SUCCESS);
    const DWORD Error = OpenAndRun();
    Service.Program->Close(Service.Program->Context);
    Report(SERVICE_STOPPED, Error);
}

static BOOL WINAPI OnConsoleEvent(DWORD Event)
{
    return SetEvent(Service.Stop);
}

static int RunInConsole(void)
{
    SetConsoleCtrlHandler(OnConsoleEvent, TRUE);
    const DWORD Error = OpenAndRun();
    SetConsoleCtrlHandler(OnConsoleEvent, FALSE);
    Service.Program->Close(Service.Program->Context);
    return Error ? 1 : 0;
}

static BOOL OpenUsualLog(void)
{
    WCHAR Programs[MAX_PATH], Path[2 * MAX_PATH];
    const DWORD Length = GetModuleFileNameW(NULL, Programs, MAX_PATH);
    PWSTR Slash = Length && Length < MAX_PATH ? wcsrchr(Programs, L'\\') : NULL;

    if (!Slash)
        return FALSE;
    *Slash = 0;
    swprintf(Path, 2 * MAX_PATH, L"%ls\\..\\log", Programs);
    CreateDirectoryW(Path, NULL);
    swprintf(Path, 2 * MAX_PATH, L"%ls\\..\\log\\%ls.log", Programs, Service.Program->FileName);
    return LogOpen(Path);
}

int ServiceProgramMain(_In_ const SERVICE_PROGRAM *Program, _In_ BOOL Console,
                       _In_opt_ PCWSTR LogFile, _In_ PCSTR Usage)
{
    const SERVICE_TABLE_ENTRYW Table[] = {{(PWSTR)Program->Name, ServiceMain}, {NULL, NULL}};

    Service.Program = Program;
    Service.Stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!Service.Stop)
        return 1;
    /* A service goes on without a log; a person is told. */
    if (!(LogFile || Console ? LogOpen(LogFile) : OpenUsualLog()) && Console) {
        fprintf(stderr, "%ls: cannot open the log file\n", Program->FileName);
        return 1;
    }
    if (Console)
        return RunInConsole();
    if (StartServiceCtrlDispatcherW(Table))
        return 0;
    if (GetLastError() == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
        fputs(Usage, stderr);
    return GetLastError() == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT ? 2 : 1;
}

int ServiceProgramArguments(_In_ const SERVICE_PROGRAM *Program, _In_ int Count,
                            _In_reads_(Count) WCHAR **Arguments, _In_ PCSTR Usage)
{
    PCWSTR LogFile = NULL;
    BOOL Console = FALSE;

    for (int i = 1; i < Count; i++) {
        if (!wcscmp(Arguments[i], L"--console")) {
            Console = TRUE;
        } else if (!wcscmp(Arguments[i], L"--log") && i + 1 < Count) {
            LogFile = Arguments[++i];
        } else {
            fputs(Usage, stderr);
            return 2;
        }
    }
    return ServiceProgramMain(Program, Console, LogFile, Usage);
}
