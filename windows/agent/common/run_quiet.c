/* SPDX-License-Identifier: BSD-2-Clause */
/* See run_quiet.h. */
#include "windows/agent/common/run_quiet.h"

static BOOL Start(_Inout_ PWSTR CommandLine, _Out_ PROCESS_INFORMATION *Process)
{
    SECURITY_ATTRIBUTES Inherit = {sizeof(Inherit), NULL, TRUE};
    const HANDLE Nothing =
        CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    &Inherit, OPEN_EXISTING, 0, NULL);
    STARTUPINFOW Startup = {
        .cb = sizeof(Startup),
        .dwFlags = STARTF_USESTDHANDLES,
        .hStdInput = Nothing,
        .hStdOutput = Nothing,
        .hStdError = Nothing,
    };
    const BOOL Started = CreateProcessW(NULL, CommandLine, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL,
                                        NULL, &Startup, Process);
    const DWORD Error = GetLastError();

    CloseHandle(Nothing);
    SetLastError(Error);
    return Started;
}

DWORD RunQuiet(_Inout_ PWSTR CommandLine, _In_opt_ HANDLE Stop, _In_ DWORD TimeLimitMs,
               _Out_ DWORD *Code)
{
    PROCESS_INFORMATION Process;
    DWORD Error = ERROR_SUCCESS;

    *Code = MAXDWORD;
    if (!Start(CommandLine, &Process))
        return GetLastError();
    const HANDLE Handles[] = {Process.hProcess, Stop};
    const DWORD Result = WaitForMultipleObjects(Stop ? 2 : 1, Handles, FALSE, TimeLimitMs);
    if (Result == WAIT_OBJECT_0)
        GetExitCodeProcess(Process.hProcess, Code);
    else
        Error = Result == WAIT_TIMEOUT ? ERROR_TIMEOUT : ERROR_CANCELLED;
    if (Error)
        TerminateProcess(Process.hProcess, *Code);
    CloseHandle(Process.hThread);
    CloseHandle(Process.hProcess);
    return Error;
}
