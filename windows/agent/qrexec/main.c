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
#include "windows/agent/common/service.h"
#include "windows/agent/qrexec/relay.h"

static const char Usage[] =
    "usage: qrexec-agent.exe [--console] [--logon-event NAME] [--pipe NAME]\n"
    "                        [--services FOLDER]... [--log FILE]\n";

typedef struct PROGRAM {
    AGENT Agent;
    AGENT_OPTIONS Options;
} PROGRAM;

static DWORD Open(_In_ PVOID Context)
{
    PROGRAM *const Program = Context;

    return AgentOpen(&Program->Agent, &Program->Options);
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    PROGRAM *const Program = Context;

    return AgentRun(&Program->Agent, Stop);
}

static void Close(_In_ PVOID Context)
{
    PROGRAM *const Program = Context;

    AgentClose(&Program->Agent);
}

static void SessionChanged(_In_ PVOID Context)
{
    PROGRAM *const Program = Context;

    AgentSessionChanged(&Program->Agent);
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

int wmain(int Count, WCHAR **Arguments)
{
    static PROGRAM Program;
    static const SERVICE_PROGRAM Service = {
        .Name = L"QrexecAgent",
        .FileName = L"qrexec-agent",
        .Context = &Program,
        .Open = Open,
        .Run = Run,
        .Close = Close,
        .SessionChanged = SessionChanged,
    };
    PCWSTR LogFile;

    if (!ParseOptions(Count, Arguments, &Program.Options, &LogFile)) {
        fputs(Usage, stderr);
        return 2;
    }
    return ServiceProgramMain(&Service, Program.Options.Console, LogFile, Usage);
}
