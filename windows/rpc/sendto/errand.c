/* SPDX-License-Identifier: BSD-2-Clause */
/* See errand.h. */
#include <windows.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/text.h"
#include "windows/rpc/notice/notice.h"
#include "windows/rpc/sendto/errand.h"

enum { LINE_BYTES = 1024 };

typedef struct ERRAND {
    HANDLE Job, Process;
    HANDLE Words; /* what the program says */
    NOTICE Notice;
    WCHAR Last[NOTICE_TEXT_UNITS]; /* the listening thread's until that has ended */
} ERRAND;

/* The text of a program need not be UTF-8. */
static void Show(_Inout_ ERRAND *Errand, _In_ PCSTR Line, _In_ SIZE_T Length)
{
    if (Length && Line[Length - 1] == '\r')
        Length--;
    if (Length == 0)
        return;
    const int Units =
        MultiByteToWideChar(CP_UTF8, 0, Line, (int)Length, Errand->Last, NOTICE_TEXT_UNITS - 1);
    Errand->Last[Units] = 0;
    NoticeSetText(&Errand->Notice, Errand->Last);
}

/* Until nobody can write any more. Too long a line is shown in parts. */
static DWORD WINAPI Listen(_In_ PVOID Context)
{
    ERRAND *const Errand = Context;
    CHAR Line[LINE_BYTES];
    SIZE_T Used = 0, Begin;
    DWORD Count;

    while (ReadFile(Errand->Words, Line + Used, (DWORD)(LINE_BYTES - Used), &Count, NULL) &&
           Count) {
        const SIZE_T End = Used + Count;

        Begin = 0;
        for (; Used < End; Used++)
            if (Line[Used] == '\n') {
                Show(Errand, Line + Begin, Used - Begin);
                Begin = Used + 1;
            }
        if (Begin == 0 && Used == LINE_BYTES) {
            Show(Errand, Line, Used);
            Begin = Used;
        }
        Used -= Begin;
        memmove(Line, Line + Begin, Used);
    }
    Show(Errand, Line, Used);
    return 0;
}

/* The program is in the job before it runs, so that whatever it starts is in it too. */
static DWORD Start(_Inout_ ERRAND *Errand, _In_ PCWSTR Line)
{
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .dwFlags = STARTF_USESTDHANDLES};
    SECURITY_ATTRIBUTES Inherit = {.nLength = sizeof(Inherit), .bInheritHandle = TRUE};
    PROCESS_INFORMATION Process;
    PWSTR Copy = _wcsdup(Line);
    DWORD Error = ERROR_SUCCESS;

    Errand->Job = CreateJobObjectW(NULL, NULL);
    Startup.hStdInput = CreateFileW(L"NUL", GENERIC_READ, 0, &Inherit, OPEN_EXISTING, 0, NULL);
    Startup.hStdOutput = CreateFileW(L"NUL", GENERIC_WRITE, 0, &Inherit, OPEN_EXISTING, 0, NULL);
    if (!Copy || !Errand->Job || !CreatePipe(&Errand->Words, &Startup.hStdError, NULL, 0)) {
        free(Copy);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    SetHandleInformation(Startup.hStdError, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    if (!CreateProcessW(NULL, Copy, NULL, NULL, TRUE, CREATE_NO_WINDOW | CREATE_SUSPENDED, NULL,
                        NULL, &Startup, &Process))
        Error = GetLastError();
    CloseHandle(Startup.hStdInput);
    CloseHandle(Startup.hStdOutput);
    CloseHandle(Startup.hStdError);
    free(Copy);
    if (Error)
        return Error;
    AssignProcessToJobObject(Errand->Job, Process.hProcess);
    ResumeThread(Process.hThread);
    CloseHandle(Process.hThread);
    Errand->Process = Process.hProcess;
    return ERROR_SUCCESS;
}

/* Its exit code, or ERRAND_CANCELLED. Listener ends when the program and its children have. */
static DWORD Attend(_Inout_ ERRAND *Errand, _In_ HANDLE Listener)
{
    DWORD Code, Which;

    if (NoticeWait(&Errand->Notice, &Listener, 1, &Which)) {
        TerminateJobObject(Errand->Job, ERRAND_CANCELLED);
        TerminateProcess(Errand->Process, ERRAND_CANCELLED); /* were it not in the job */
        return ERRAND_CANCELLED;
    }
    WaitForSingleObject(Errand->Process, INFINITE);
    GetExitCodeProcess(Errand->Process, &Code);
    return Code;
}

static void ShowEnd(_In_ PCWSTR Title, _In_ PCWSTR Last)
{
    NOTICE Notice;
    DWORD Which;

    if (!NoticeOpen(&Notice, Title, Last[0] ? Last : L"It did not work.", L"&Close", FALSE))
        NoticeWait(&Notice, NULL, 0, &Which);
    NoticeClose(&Notice);
}

DWORD ErrandRun(_In_ PCWSTR Line, _In_ PCWSTR Title, _In_ PCWSTR Text)
{
    static ERRAND Errand;
    DWORD Code = NoticeOpen(&Errand.Notice, Title, Text, L"&Cancel", TRUE);

    if (!Code)
        Code = Start(&Errand, Line);
    if (Code)
        return Code;
    const HANDLE Listener = CreateThread(NULL, 0, Listen, &Errand, 0, NULL);
    if (!Listener)
        return GetLastError();
    Code = Attend(&Errand, Listener);
    NoticeClose(&Errand.Notice);
    if (Code && Code != ERRAND_CANCELLED)
        ShowEnd(Title, Errand.Last);
    return Code;
}
