/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * power-agent.exe: powers the machine off, restarts it or lets it sleep when the toolstack writes
 * so into XenStore (control/shutdown; core/services/shutdown.h), and tells the toolstack that it
 * does. It watches the key itself, so it works on any xeniface.sys. A Windows service, or in the
 * foreground:
 *
 *   power-agent.exe [--console] [--log FILE]
 */
#include <string.h>
#include "core/services/shutdown.h"
#include "include/xencontrol.h"
#include "windows/agent/common/log.h"
#include "windows/agent/common/service.h"
#include "windows/agent/power/actions.h"

static const char Usage[] = "usage: power-agent.exe [--console] [--log FILE]\n";
static char Key[] = "control/shutdown";

enum { CONNECT_RETRY_MS = 1000 }; /* xeniface's device says nobody when it comes */

typedef struct POWER {
    HANDLE Changed; /* auto-reset: the key */
    PXENCONTROL_CONTEXT Xc;
} POWER;

static BOOL Connect(_Inout_ POWER *Power)
{
    PVOID Watch;
    DWORD Error = XcOpen(NULL, &Power->Xc);

    if (Error) {
        Power->Xc = NULL;
        return FALSE;
    }
    for (const char *const *Feature = shutdown_feature_keys; *Feature && !Error; Feature++)
        Error = XcStoreWrite(Power->Xc, (PSTR)*Feature, (PCHAR) "1");
    if (Error) /* it shuts down nevertheless when it is asked */
        LogError(Error, "the toolstack cannot be told of what this guest acts on");
    Error = XcStoreAddWatch(Power->Xc, Key, Power->Changed, &Watch);
    if (!Error)
        return TRUE;
    LogError(Error, "the toolstack's requests cannot be watched");
    XcClose(Power->Xc);
    Power->Xc = NULL;
    return FALSE;
}

/* An empty key says that the request was taken: before the act, which may end us. */
static void Act(_Inout_ POWER *Power)
{
    CHAR Word[SHUTDOWN_WORD_BYTES];
    DWORD Error = XcStoreRead(Power->Xc, Key, sizeof(Word), Word);
    const enum shutdown_action Action = Error ? SHUTDOWN_NONE : shutdown_action_of(Word);

    if (Action == SHUTDOWN_NONE || Action == SHUTDOWN_KERNEL)
        return;
    if (Action == SHUTDOWN_UNKNOWN) {
        LogLine("the toolstack asks for something unknown");
        return;
    }
    LogLine("the toolstack asks for: %s", Word);
    Error = XcStoreWrite(Power->Xc, Key, (PCHAR) "");
    if (Error)
        LogError(Error, "the request cannot be answered");
    Error = PowerAct(Action);
    if (Error)
        LogError(Error, "Windows refused");
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    POWER *const Power = Context;
    const HANDLE Handles[] = {Stop, Power->Changed};

    for (;;) {
        const BOOL Connected = Power->Xc || Connect(Power);
        const DWORD Result =
            WaitForMultipleObjects(2, Handles, FALSE, Connected ? INFINITE : CONNECT_RETRY_MS);

        if (Result == WAIT_OBJECT_0)
            return ERROR_SUCCESS;
        if (Result == WAIT_FAILED)
            return GetLastError();
        if (Result == WAIT_OBJECT_0 + 1 && Power->Xc)
            Act(Power);
    }
}

static DWORD Open(_In_ PVOID Context)
{
    POWER *const Power = Context;

    Power->Changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    return Power->Changed ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

static void Close(_In_ PVOID Context)
{
    POWER *const Power = Context;

    XcClose(Power->Xc);
    if (Power->Changed)
        CloseHandle(Power->Changed);
}

int wmain(int Count, WCHAR **Arguments)
{
    static POWER Power;
    static const SERVICE_PROGRAM Service = {
        .Name = L"CasementPower",
        .FileName = L"power-agent",
        .Context = &Power,
        .Open = Open,
        .Run = Run,
        .Close = Close,
    };

    return ServiceProgramArguments(&Service, Count, Arguments, Usage);
}
