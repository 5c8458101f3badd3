/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gui-watchdog.exe: the service that keeps a GUI agent in the session that has the screen, as
 * SYSTEM, so that logon and UAC can be shown and answered too. It starts another when one ends or
 * another session gets the screen, and asks Windows for Ctrl+Alt+Del (attention.h), which only a
 * service may.
 *
 *   gui-watchdog.exe [--console] [--log FILE]
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/log.h"
#include "windows/agent/common/service.h"
#include "windows/agent/gui/attention.h"
#include <wtsapi32.h>

static const char Usage[] = "usage: gui-watchdog.exe [--console] [--log FILE]\n";

enum {
    RESTART_MS = 1000, /* after an agent that ended */
    END_LIMIT_MS = 3000,
    NO_SESSION = 0xffffffff,
};

typedef struct WATCHDOG {
    HANDLE Attention, SessionEvent; /* auto-reset */
    HANDLE AgentStop;               /* the running agent's; inherited by it */
    HANDLE Agent;                   /* NULL: none */
    DWORD Session;                  /* that it runs in */
    ULONGLONG StartAtMs;            /* GetTickCount64(): not before */
} WATCHDOG;

static DWORD Open(_In_ PVOID Context)
{
    WATCHDOG *const Watchdog = Context;
    SECURITY_ATTRIBUTES Inherited = {sizeof(Inherited), NULL, TRUE};

    Watchdog->Attention = AttentionEvent();
    Watchdog->SessionEvent = CreateEventW(NULL, FALSE, FALSE, NULL);
    Watchdog->AgentStop = CreateEventW(&Inherited, TRUE, FALSE, NULL);
    return Watchdog->Attention && Watchdog->SessionEvent && Watchdog->AgentStop ? ERROR_SUCCESS
                                                                                : GetLastError();
}

/* Asked first: an agent that is killed leaves keys down. */
static void EndAgent(_Inout_ WATCHDOG *Watchdog)
{
    if (!Watchdog->Agent)
        return;
    SetEvent(Watchdog->AgentStop);
    if (WaitForSingleObject(Watchdog->Agent, END_LIMIT_MS) != WAIT_OBJECT_0)
        TerminateProcess(Watchdog->Agent, 1);
    CloseHandle(Watchdog->Agent);
    Watchdog->Agent = NULL;
    ResetEvent(Watchdog->AgentStop);
}

static void Close(_In_ PVOID Context)
{
    WATCHDOG *const Watchdog = Context;
    const HANDLE Events[] = {Watchdog->Attention, Watchdog->SessionEvent, Watchdog->AgentStop};

    EndAgent(Watchdog);
    for (int i = 0; i < 3; i++)
        if (Events[i])
            CloseHandle(Events[i]);
}

/* Our own token, moved to the session; NULL: that is where we are. */
static BOOL TokenFor(_In_ DWORD Session, _Out_ HANDLE *Token)
{
    HANDLE Own = NULL;
    DWORD Here;

    *Token = NULL;
    if (ProcessIdToSessionId(GetCurrentProcessId(), &Here) && Here == Session)
        return TRUE;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &Own))
        return FALSE;
    const BOOL Made =
        DuplicateTokenEx(Own, MAXIMUM_ALLOWED, NULL, SecurityIdentification, TokenPrimary, Token) &&
        SetTokenInformation(*Token, TokenSessionId, &Session, sizeof(Session));
    CloseHandle(Own);
    return Made;
}

static BOOL StartIn(_In_ WATCHDOG *Watchdog, _In_ DWORD Session, _Inout_ PWSTR Line,
                    _Out_ PROCESS_INFORMATION *Process)
{
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .lpDesktop = (WCHAR[]){L"winsta0\\default"}};
    HANDLE Token;
    BOOL Started = FALSE;

    if (!TokenFor(Session, &Token))
        return FALSE;
    if (Token)
        Started = CreateProcessAsUserW(Token, NULL, Line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL,
                                       NULL, &Startup, Process);
    else
        Started = CreateProcessW(NULL, Line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL,
                                 &Startup, Process);
    const DWORD Error = GetLastError();
    if (Token)
        CloseHandle(Token);
    SetLastError(Error);
    return Started;
}

static void StartAgent(_Inout_ WATCHDOG *Watchdog)
{
    WCHAR Folder[MAX_PATH], Line[4 * MAX_PATH];
    PROCESS_INFORMATION Process;
    const DWORD Length = GetModuleFileNameW(NULL, Folder, MAX_PATH);
    const PWSTR Slash = Length && Length < MAX_PATH ? wcsrchr(Folder, L'\\') : NULL;

    Watchdog->Session = WTSGetActiveConsoleSessionId();
    Watchdog->StartAtMs = GetTickCount64() + RESTART_MS;
    if (!Slash || Watchdog->Session == NO_SESSION)
        return; /* a session will be told of */
    *Slash = 0;
    swprintf(Line, ARRAYSIZE(Line),
             L"\"%ls\\gui-agent.exe\" --log \"%ls\\..\\log\\gui-agent.log\" --stop %llu", Folder,
             Folder, (ULONGLONG)(ULONG_PTR)Watchdog->AgentStop);
    if (!StartIn(Watchdog, Watchdog->Session, Line, &Process)) {
        LogError(GetLastError(), "the agent cannot be started in session %lu", Watchdog->Session);
        return;
    }
    LogLine("an agent runs in session %lu", Watchdog->Session);
    CloseHandle(Process.hThread);
    Watchdog->Agent = Process.hProcess;
}

static void AgentEnded(_Inout_ WATCHDOG *Watchdog)
{
    DWORD Code = 0;

    GetExitCodeProcess(Watchdog->Agent, &Code);
    LogLine("the agent ended with code %lu", Code);
    CloseHandle(Watchdog->Agent);
    Watchdog->Agent = NULL;
}

static DWORD TimeLimitMs(_In_ const WATCHDOG *Watchdog)
{
    const ULONGLONG Now = GetTickCount64();

    if (Watchdog->Agent || Watchdog->Session == NO_SESSION)
        return INFINITE;
    return Watchdog->StartAtMs <= Now ? 0 : (DWORD)(Watchdog->StartAtMs - Now);
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    WATCHDOG *const Watchdog = Context;

    for (;;) {
        const HANDLE Handles[] = {Stop, Watchdog->Attention, Watchdog->SessionEvent,
                                  Watchdog->Agent};

        if (!Watchdog->Agent && GetTickCount64() >= Watchdog->StartAtMs) {
            StartAgent(Watchdog);
            continue;
        }
        switch (WaitForMultipleObjects(Watchdog->Agent ? 4 : 3, Handles, FALSE,
                                       TimeLimitMs(Watchdog))) {
        case WAIT_OBJECT_0:
            return ERROR_SUCCESS;
        case WAIT_OBJECT_0 + 1:
            AttentionDo();
            break;
        case WAIT_OBJECT_0 + 2:
            if (Watchdog->Session != WTSGetActiveConsoleSessionId()) {
                EndAgent(Watchdog);
                Watchdog->StartAtMs = 0;
            }
            break;
        case WAIT_OBJECT_0 + 3:
            AgentEnded(Watchdog);
            break;
        case WAIT_FAILED:
            return GetLastError();
        }
    }
}

static void SessionChanged(_In_ PVOID Context)
{
    WATCHDOG *const Watchdog = Context;

    SetEvent(Watchdog->SessionEvent);
}

int wmain(int Count, WCHAR **Arguments)
{
    static WATCHDOG Watchdog;
    static const SERVICE_PROGRAM Service = {
        .Name = L"QubesGuiWatchdog",
        .FileName = L"gui-watchdog",
        .Context = &Watchdog,
        .Open = Open,
        .Run = Run,
        .Close = Close,
        .SessionChanged = SessionChanged,
    };

    return ServiceProgramArguments(&Service, Count, Arguments, Usage);
}
