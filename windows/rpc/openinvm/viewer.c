/* SPDX-License-Identifier: BSD-2-Clause */
/* See viewer.h. */
#include <windows.h>
#include <shellapi.h>
#include "windows/rpc/openinvm/viewer.h"
#include "windows/rpc/userprogram/user_program.h"

static DWORD Start(_In_ PCWSTR File, _Out_ HANDLE *Process)
{
    SHELLEXECUTEINFOW Order = {
        .cbSize = sizeof(Order),
        .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI,
        .lpFile = File,
        .nShow = SW_SHOWNORMAL,
    };

    if (!ShellExecuteExW(&Order)) {
        if (GetLastError() != ERROR_NO_ASSOCIATION)
            return GetLastError();
        Order.lpVerb = L"openas"; /* the user chooses a program */
        if (!ShellExecuteExW(&Order))
            return GetLastError();
    }
    *Process = Order.hProcess;
    return ERROR_SUCCESS;
}

DWORD ViewerShow(_In_ PCWSTR File, _In_ PCWSTR Title, _In_ PCWSTR Text)
{
    USER_PROGRAM Program = {.Job = UserProgramJob()};
    const DWORD Error = Start(File, &Program.Process);

    if (Error)
        return Error;
    /* Not by name: were that of the wrong program, changes would be lost. */
    return UserProgramWait(&Program) || UserProgramOthersRun(&Program, FALSE)
               ? UserProgramAsk(&Program, FALSE, Title, Text)
               : ERROR_SUCCESS;
}
