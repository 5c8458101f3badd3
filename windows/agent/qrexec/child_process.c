/* SPDX-License-Identifier: BSD-2-Clause */
/* See child_process.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/qrexec/wire.h"
#include "windows/agent/qrexec/blocks.h"
#include "windows/agent/qrexec/child_process.h"
#include "windows/agent/qrexec/environment.h"

/* Room in the pipe: a block, so that the child works while one travels. */
enum { CHILD_PIPE_BYTES = BLOCK_DATA_BYTES };

typedef struct STDIO {
    HANDLE Ends[3]; /* the child's */
} STDIO;

static void CloseAll(_Inout_ STDIO *Stdio)
{
    for (int i = 0; i < 3; i++)
        if (Stdio->Ends[i])
            CloseHandle(Stdio->Ends[i]);
}

static DWORD OpenNull(_Out_ STDIO *Stdio)
{
    SECURITY_ATTRIBUTES Inherit = {sizeof(Inherit), NULL, TRUE};

    for (int i = 0; i < 3; i++) {
        const HANDLE Null =
            CreateFileW(L"NUL", i ? GENERIC_WRITE : GENERIC_READ,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, &Inherit, OPEN_EXISTING, 0, NULL);
        if (Null == INVALID_HANDLE_VALUE)
            return GetLastError();
        Stdio->Ends[i] = Null;
    }
    return ERROR_SUCCESS;
}

/* *Ours is overlapped, *Childs is inheritable and synchronous. Both are the caller's to close. */
static DWORD PipeForChild(_In_ BOOL ChildReads, _Out_ HANDLE *Ours, _Out_ HANDLE *Childs)
{
    static volatile LONG Serial;
    SECURITY_ATTRIBUTES Inherit = {sizeof(Inherit), NULL, TRUE};
    WCHAR Name[80];

    *Ours = *Childs = NULL;
    swprintf(Name, sizeof(Name) / sizeof(*Name), L"\\\\.\\pipe\\casement-qrexec-%lx-%lx-%llx",
             GetCurrentProcessId(), InterlockedIncrement(&Serial),
             (unsigned long long)GetTickCount64());
    const HANDLE Server =
        CreateNamedPipeW(Name,
                         (ChildReads ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND) |
                             FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                         PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, CHILD_PIPE_BYTES,
                         CHILD_PIPE_BYTES, 0, NULL);
    if (Server == INVALID_HANDLE_VALUE)
        return GetLastError();
    /* One instance: should anybody else have opened it in between, this fails. */
    const HANDLE Client = CreateFileW(Name,
                                      ChildReads ? GENERIC_READ | FILE_WRITE_ATTRIBUTES
                                                 : GENERIC_WRITE | FILE_READ_ATTRIBUTES,
                                      0, &Inherit, OPEN_EXISTING, 0, NULL);
    if (Client == INVALID_HANDLE_VALUE) {
        const DWORD Error = GetLastError();
        CloseHandle(Server);
        return Error;
    }
    *Ours = Server;
    *Childs = Client;
    return ERROR_SUCCESS;
}

static DWORD OpenPipes(_Inout_ CHILD *Child, _Out_ STDIO *Stdio)
{
    HANDLE *const Ours[] = {&Child->Stdin, &Child->Stdout, &Child->Stderr};

    for (int i = 0; i < 3; i++) {
        const DWORD Error = PipeForChild(i == 0, Ours[i], &Stdio->Ends[i]);
        if (Error)
            return Error;
    }
    return ERROR_SUCCESS;
}

/* Only these three handles are inherited, whatever else in the agent is inheritable. */
static LPPROC_THREAD_ATTRIBUTE_LIST InheritOnly(_In_ STDIO *Stdio)
{
    SIZE_T Size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &Size);
    const LPPROC_THREAD_ATTRIBUTE_LIST List = malloc(Size);
    if (List && (!InitializeProcThreadAttributeList(List, 1, 0, &Size) ||
                 !UpdateProcThreadAttribute(List, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, Stdio->Ends,
                                            sizeof(Stdio->Ends), NULL, NULL))) {
        free(List);
        return NULL;
    }
    return List;
}

static DWORD Create(_In_ const CHILD_ORDER *Order, _In_ STDIO *Stdio,
                    _Out_ PROCESS_INFORMATION *Process)
{
    const DWORD Flags = CREATE_UNICODE_ENVIRONMENT | CREATE_SUSPENDED | CREATE_NO_WINDOW |
                        EXTENDED_STARTUPINFO_PRESENT;
    PCWSTR Home = EnvironmentGet(Order->Environment, L"USERPROFILE");
    STARTUPINFOEXW Startup = {.StartupInfo.cb = sizeof(Startup)};
    STARTUPINFOW *const Info = &Startup.StartupInfo;
    BOOL Created;

    Startup.lpAttributeList = InheritOnly(Stdio);
    if (!Startup.lpAttributeList)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (Home && GetFileAttributesW(Home) == INVALID_FILE_ATTRIBUTES)
        Home = NULL;
    Info->dwFlags = STARTF_USESTDHANDLES;
    Info->hStdInput = Stdio->Ends[0];
    Info->hStdOutput = Stdio->Ends[1];
    Info->hStdError = Stdio->Ends[2];
    if (Order->HideWindow) {
        Info->dwFlags |= STARTF_USESHOWWINDOW;
        Info->wShowWindow = SW_HIDE;
    }
    if (Order->Token) {
        Info->lpDesktop = (PWSTR)L"winsta0\\default";
        Created = CreateProcessAsUserW(Order->Token, NULL, Order->CommandLine, NULL, NULL, TRUE,
                                       Flags, (void *)Order->Environment, Home, Info, Process);
    } else {
        Created = CreateProcessW(NULL, Order->CommandLine, NULL, NULL, TRUE, Flags,
                                 (void *)Order->Environment, Home, Info, Process);
    }
    const DWORD Error = Created ? ERROR_SUCCESS : GetLastError();
    DeleteProcThreadAttributeList(Startup.lpAttributeList);
    free(Startup.lpAttributeList);
    return Error;
}

static void LimitJob(_In_ HANDLE Job, _In_ DWORD Flags)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION Limits = {.BasicLimitInformation.LimitFlags = Flags};
    SetInformationJobObject(Job, JobObjectExtendedLimitInformation, &Limits, sizeof(Limits));
}

/* In a wait thread of the thread pool, which serves many processes. */
static void CALLBACK OnExit(void *Context, BOOLEAN TimedOut)
{
    CHILD *const Child = Context;
    InterlockedExchange(&Child->Exited, 1);
    SetEvent(Child->WakeEvent);
}

static DWORD Supervise(_Inout_ CHILD *Child)
{
    /* Without a job (it may not be allowed inside another one) only the kill is weaker. A program
     * that starts others outside its job is not refused that, as it would be by default. */
    Child->Job = CreateJobObjectW(NULL, NULL);
    if (Child->Job) {
        LimitJob(Child->Job, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK);
        AssignProcessToJobObject(Child->Job, Child->Process);
    }
    if (!RegisterWaitForSingleObject(&Child->WaitHandle, Child->Process, OnExit, Child, INFINITE,
                                     WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD)) {
        const DWORD Error = GetLastError();
        Child->WaitHandle = NULL;
        return Error;
    }
    return ERROR_SUCCESS;
}

DWORD ChildCreate(_Out_ CHILD *Child, _In_ const CHILD_ORDER *Order)
{
    STDIO Stdio = {{NULL}};
    PROCESS_INFORMATION Process;

    memset(Child, 0, sizeof(*Child));
    DWORD Error = Order->NullStdio ? OpenNull(&Stdio) : OpenPipes(Child, &Stdio);
    if (!Error)
        Error = Create(Order, &Stdio, &Process);
    CloseAll(&Stdio);
    if (Error) {
        ChildRelease(Child);
        return Error;
    }
    Child->Process = Process.hProcess;
    Child->Thread = Process.hThread;
    return ERROR_SUCCESS;
}

DWORD ChildRun(_Inout_ CHILD *Child, _In_ HANDLE WakeEvent)
{
    Child->WakeEvent = WakeEvent;
    const DWORD Error = Supervise(Child);
    if (Error) {
        TerminateProcess(Child->Process, QREXEC_EXIT_PROBLEM);
        ChildRelease(Child);
        return Error;
    }
    ResumeThread(Child->Thread);
    CloseHandle(Child->Thread);
    Child->Thread = NULL;
    return ERROR_SUCCESS;
}

BOOL ChildHasExited(_In_ const CHILD *Child)
{
    return Child->Exited != 0;
}

DWORD ChildExitCode(_In_ const CHILD *Child)
{
    DWORD Code = QREXEC_EXIT_PROBLEM;
    GetExitCodeProcess(Child->Process, &Code);
    return Code;
}

void ChildKill(_Inout_ CHILD *Child)
{
    if (Child->Job)
        TerminateJobObject(Child->Job, QREXEC_EXIT_PROBLEM);
    if (Child->Process)
        TerminateProcess(Child->Process, QREXEC_EXIT_PROBLEM);
}

void ChildRelease(_Inout_ CHILD *Child)
{
    if (Child->WaitHandle)
        UnregisterWaitEx(Child->WaitHandle, INVALID_HANDLE_VALUE); /* after a running OnExit */
    if (Child->Job)
        LimitJob(Child->Job, JOB_OBJECT_LIMIT_BREAKAWAY_OK);
    const HANDLE Handles[] = {Child->Job,   Child->Process, Child->Thread,
                              Child->Stdin, Child->Stdout,  Child->Stderr};
    for (int i = 0; i < 6; i++)
        if (Handles[i])
            CloseHandle(Handles[i]);
    memset(Child, 0, sizeof(*Child));
}

int ChildStartExitCode(_In_ DWORD Error)
{
    switch (Error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
        return QREXEC_EXIT_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_BAD_EXE_FORMAT:
    case 740: /* ERROR_ELEVATION_REQUIRED */
        return QREXEC_EXIT_REFUSED;
    default:
        return QREXEC_EXIT_PROBLEM;
    }
}
