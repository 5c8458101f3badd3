/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gui-agent.exe: shows the windows of the session that it is started in on the host's desktop. The
 * watchdog service (watchdog.c) starts it in the active session; by hand it runs until Ctrl-C.
 *
 *   gui-agent.exe [--full] [--log FILE] [--stop HANDLE]
 *   gui-agent.exe --self-test FOLDER
 *
 * --full: begin with the whole desktop in one window.
 * --stop: an inherited event that ends it.
 * --self-test: says in FOLDER\report.txt what this machine can capture (self_test.h).
 */
#include <stdio.h>
#include <wchar.h>
#include "windows/agent/common/service.h"
#include "windows/agent/gui/agent.h"
#include "windows/agent/gui/self_test.h"

static const char Usage[] = "usage: gui-agent.exe [--full] [--log FILE] [--stop HANDLE]\n"
                            "       gui-agent.exe --self-test FOLDER\n";

typedef struct PROGRAM {
    GUI_AGENT Agent;
    BOOL Full;
    HANDLE Stop; /* the watchdog's; NULL: none */
} PROGRAM;

static DWORD Open(_In_ PVOID Context)
{
    PROGRAM *const Program = Context;
    const DWORD Error = GuiAgentOpen(&Program->Agent);

    if (!Error && Program->Full)
        GuiAgentSetMode(&Program->Agent, ModeFull);
    return Error;
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    PROGRAM *const Program = Context;

    return GuiAgentRun(&Program->Agent, Program->Stop ? Program->Stop : Stop);
}

static void Close(_In_ PVOID Context)
{
    PROGRAM *const Program = Context;

    GuiAgentClose(&Program->Agent);
}

int wmain(int Count, WCHAR **Arguments)
{
    static PROGRAM Program;
    static const SERVICE_PROGRAM Service = {
        .Name = L"CasementGui", /* not a service: it belongs into the user's session */
        .FileName = L"gui-agent",
        .Context = &Program,
        .Open = Open,
        .Run = Run,
        .Close = Close,
    };
    PCWSTR LogFile = NULL;

    if (Count == 3 && !wcscmp(Arguments[1], L"--self-test"))
        return SelfTest(Arguments[2]);
    for (int i = 1; i < Count; i++) {
        if (!wcscmp(Arguments[i], L"--full")) {
            Program.Full = TRUE;
        } else if (!wcscmp(Arguments[i], L"--log") && i + 1 < Count) {
            LogFile = Arguments[++i];
        } else if (!wcscmp(Arguments[i], L"--stop") && i + 1 < Count) {
            Program.Stop = (HANDLE)(ULONG_PTR)_wcstoui64(Arguments[++i], NULL, 10);
        } else {
            fputs(Usage, stderr);
            return 2;
        }
    }
    return ServiceProgramMain(&Service, TRUE, LogFile, Usage);
}
