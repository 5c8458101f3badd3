/* SPDX-License-Identifier: BSD-2-Clause */
/* See run.h. */
#include "windows/rpc/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "windows/agent/common/text.h"

static int ExitCodeOf(_In_ DWORD Error)
{
    if (Error == ERROR_FILE_NOT_FOUND || Error == ERROR_PATH_NOT_FOUND)
        return 127;
    return Error == ERROR_ACCESS_DENIED || Error == ERROR_BAD_EXE_FORMAT ? 126 : 125;
}

int RunCommandLine(_In_ PCSTR Service, _In_ PCSTR CommandLine)
{
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .dwFlags = STARTF_USESTDHANDLES};
    HANDLE *const Std[] = {&Startup.hStdInput, &Startup.hStdOutput, &Startup.hStdError};
    const PWSTR Line = TextToWide(CommandLine, strlen(CommandLine));
    PROCESS_INFORMATION Process;
    DWORD Code = 125;

    for (int i = 0; i < 3; i++) {
        *Std[i] = GetStdHandle(STD_INPUT_HANDLE - i);
        SetHandleInformation(*Std[i], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    }
    if (!Line || !CreateProcessW(NULL, Line, NULL, NULL, TRUE, 0, NULL, NULL, &Startup, &Process)) {
        const DWORD Error = GetLastError();
        fprintf(stderr, "%s: the program cannot be started: error %lu\n", Service, Error);
        free(Line);
        return ExitCodeOf(Error);
    }
    free(Line);
    /* Its stdin must end for it alone, not also for us. */
    CloseHandle(Startup.hStdInput);
    WaitForSingleObject(Process.hProcess, INFINITE);
    GetExitCodeProcess(Process.hProcess, &Code);
    return (int)Code;
}
