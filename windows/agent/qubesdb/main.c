/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qubesdb-daemon.exe: the qube's QubesDB. It reads all keys from dom0 over vchan port 111, keeps
 * them up to date, and serves local programs (clients.h). When dom0's side goes away it connects
 * and reads again; what it knew answers meanwhile. A Windows service, or in the foreground:
 *
 *   qubesdb-daemon.exe [--console] [--pipe NAME] [--log FILE]
 */
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "windows/agent/common/log.h"
#include "windows/agent/common/service.h"
#include "windows/agent/common/vchan_link.h"
#include "windows/agent/qubesdb/clients.h"

static const char Usage[] = "usage: qubesdb-daemon.exe [--console] [--pipe NAME] [--log FILE]\n";

enum { CONNECT_RETRY_MS = 1000, READ_BYTES = 4096 };

typedef struct QUBESDB_DAEMON {
    PCWSTR PipeName;
    HANDLE IoEvent; /* auto-reset: any pipe request */
    LINK_LOOP Loop;
    VCHAN_LINK Link;
    ULONGLONG ConnectAt; /* GetTickCount64() units; 0: the link is there */
    struct qdb_database Database;
    DB_CLIENTS Clients;
    DWORD At, Length; /* of Bytes: what dom0 sent and was not yet taken */
    BYTE Bytes[READ_BYTES];
} QUBESDB_DAEMON;

static const struct qdb_memory Memory = {malloc, free};

static DWORD Open(_In_ PVOID Context)
{
    QUBESDB_DAEMON *const Daemon = Context;

    qdb_database_init(&Daemon->Database, &Memory, false);
    Daemon->Loop.Event = CreateEventW(NULL, FALSE, FALSE, NULL);
    Daemon->IoEvent = CreateEventW(NULL, FALSE, FALSE, NULL);
    Daemon->ConnectAt = 1;
    if (!Daemon->Loop.Event || !Daemon->IoEvent)
        return ERROR_NOT_ENOUGH_MEMORY;
    return ClientsOpen(&Daemon->Clients, &Daemon->Database, Daemon->IoEvent, Daemon->PipeName);
}

static void Close(_In_ PVOID Context)
{
    QUBESDB_DAEMON *const Daemon = Context;

    LinkClose(&Daemon->Link);
    ClientsClose(&Daemon->Clients);
    qdb_database_free(&Daemon->Database);
    if (Daemon->Loop.Event)
        CloseHandle(Daemon->Loop.Event);
    if (Daemon->IoEvent)
        CloseHandle(Daemon->IoEvent);
}

/* --- dom0 */

static void Disconnect(_Inout_ QUBESDB_DAEMON *Daemon, _In_ PCSTR Reason)
{
    LogLine("QubesDB of dom0: %s; connecting again", Reason);
    LinkClose(&Daemon->Link);
    qdb_link_disconnected(&Daemon->Database);
    Daemon->At = Daemon->Length = 0;
    /* A server that breaks what it sends is not to keep a CPU busy. */
    Daemon->ConnectAt = GetTickCount64() + CONNECT_RETRY_MS;
}

static BOOL Connect(_Inout_ QUBESDB_DAEMON *Daemon)
{
    if (GetTickCount64() < Daemon->ConnectAt) {
        LoopWakeBy(&Daemon->Loop, Daemon->ConnectAt);
        return FALSE;
    }
    if (!LinkConnect(&Daemon->Link, &Daemon->Loop, 0, QDB_VCHAN_PORT, 0)) {
        Daemon->ConnectAt = GetTickCount64() + CONNECT_RETRY_MS;
        LoopWakeBy(&Daemon->Loop, Daemon->ConnectAt);
        return FALSE;
    }
    Daemon->ConnectAt = 0;
    return TRUE;
}

static BOOL SendSome(_Inout_ QUBESDB_DAEMON *Daemon)
{
    struct qdb_queue *const Output = &Daemon->Database.link.output;

    if (Output->length == 0)
        return FALSE;
    LinkSend(&Daemon->Link, Output->bytes + Output->start, (DWORD)Output->length);
    const BOOL Did = LinkFlush(&Daemon->Link);
    qdb_queue_sent(Output, Output->length - Daemon->Link.OutLeft);
    Daemon->Link.OutLeft = 0; /* the rest stays in the queue, which may move */
    return Did;
}

/* *Problem: what dom0 did wrong. */
static BOOL TakeSome(_Inout_ QUBESDB_DAEMON *Daemon, _Inout_ PCSTR *Problem)
{
    size_t Taken;

    if (Daemon->At == Daemon->Length) {
        Daemon->At = 0;
        Daemon->Length = LinkRead(&Daemon->Link, Daemon->Bytes, sizeof(Daemon->Bytes));
        if (Daemon->Length == 0)
            return FALSE;
    }
    *Problem = qdb_link_feed(&Daemon->Database, Daemon->Bytes + Daemon->At,
                             Daemon->Length - Daemon->At, &Taken);
    Daemon->At += (DWORD)Taken;
    return Taken > 0;
}

static BOOL StepLink(_Inout_ QUBESDB_DAEMON *Daemon)
{
    const enum qdb_link_state Before = Daemon->Database.link.state;
    PCSTR Problem = NULL;

    if (Daemon->ConnectAt)
        return Connect(Daemon);
    BOOL Did = LinkPoll(&Daemon->Link);
    if (Daemon->Link.State == LinkOpen && Before == QDB_LINK_DOWN)
        qdb_link_connected(&Daemon->Database);
    Did |= SendSome(Daemon);
    Did |= TakeSome(Daemon, &Problem);
    if (Daemon->Database.link.state == QDB_LINK_UP && Before != QDB_LINK_UP)
        LogLine("QubesDB of dom0: %u keys read", Daemon->Database.store.count);
    if (Problem)
        Disconnect(Daemon, Problem);
    else if (Daemon->Link.State == LinkFailed || (Daemon->Link.State == LinkEnded && !Did))
        Disconnect(Daemon,
                   LinkFault(&Daemon->Link) ? LinkFault(&Daemon->Link) : "the connection ended");
    return Did;
}

/* --- The loop */

static BOOL Round(_In_ PVOID Context)
{
    QUBESDB_DAEMON *const Daemon = Context;

    LoopBeginRound(&Daemon->Loop);
    BOOL Did = StepLink(Daemon);

    Did |= ClientsStep(&Daemon->Clients, &Daemon->Loop);
    return Did;
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    QUBESDB_DAEMON *const Daemon = Context;
    const HANDLE Handles[] = {Stop, Daemon->Loop.Event, Daemon->IoEvent};
    DWORD Which, Error;

    do
        while (Round(Daemon) || LoopLastRound(&Daemon->Loop, Round, Daemon))
            ;
    while (LoopWait(&Daemon->Loop, Handles, 3, LoopTimeLimitMs(&Daemon->Loop), &Which, &Error));
    return Error;
}

int wmain(int Count, WCHAR **Arguments)
{
    static QUBESDB_DAEMON Daemon = {.PipeName = L"\\\\.\\pipe\\qubesdb.sock"};
    static const SERVICE_PROGRAM Service = {
        .Name = L"QubesDB",
        .FileName = L"qubesdb-daemon",
        .Context = &Daemon,
        .Open = Open,
        .Run = Run,
        .Close = Close,
    };
    PCWSTR LogFile = NULL;
    BOOL Console = FALSE;

    for (int i = 1; i < Count; i++) {
        if (!wcscmp(Arguments[i], L"--console")) {
            Console = TRUE;
        } else if (!wcscmp(Arguments[i], L"--pipe") && i + 1 < Count) {
            Daemon.PipeName = Arguments[++i];
        } else if (!wcscmp(Arguments[i], L"--log") && i + 1 < Count) {
            LogFile = Arguments[++i];
        } else {
            fputs(Usage, stderr);
            return 2;
        }
    }
    return ServiceProgramMain(&Service, Console, LogFile, Usage);
}
