/* SPDX-License-Identifier: BSD-2-Clause */
/* See clients.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/qubesdb/clients.h"
#include "windows/agent/common/log.h"

enum { PIPE_BYTES = 65536 };

typedef struct DB_CLIENT {
    struct DB_CLIENT *Next;
    HANDLE Pipe;
    PIPE_IO In, Out;
    BOOL Identified, Over;
    struct qdb_client Session;
    DWORD At, Length; /* of Bytes: what was read and not yet taken */
    BYTE Bytes[CLIENT_READ_BYTES];
    DWORD OutLength; /* of the write under way */
    BYTE OutBytes[PIPE_BYTES];
} DB_CLIENT;

static void Accept(_Inout_ DB_CLIENTS *Clients, _In_ HANDLE Pipe)
{
    DB_CLIENT *const Client = calloc(1, sizeof(*Client));

    if (!Client) {
        CloseHandle(Pipe);
        return;
    }
    Client->Pipe = Pipe;
    PipeIoInit(&Client->In, Pipe, Clients->IoEvent);
    PipeIoInit(&Client->Out, Pipe, Clients->IoEvent);
    qdb_client_add(Clients->Database, &Client->Session, false);
    Client->Next = Clients->First;
    Clients->First = Client;
    Clients->Count++;
}

static void Free(_Inout_ DB_CLIENTS *Clients, _Inout_ DB_CLIENT *Client)
{
    DWORD Count;

    PipeCancel(&Client->In, &Count);
    PipeCancel(&Client->Out, &Count);
    CloseHandle(Client->Pipe);
    qdb_client_remove(Clients->Database, &Client->Session);
    Clients->Count--;
    free(Client);
}

DWORD ClientsOpen(_Out_ DB_CLIENTS *Clients, _In_ struct qdb_database *Database,
                  _In_ HANDLE IoEvent, _In_ PCWSTR PipeName)
{
    memset(Clients, 0, sizeof(*Clients));
    Clients->Database = Database;
    Clients->IoEvent = IoEvent;
    ListenerInit(&Clients->Listener, PipeName, PIPE_BYTES, IoEvent);
    return ListenerOpen(&Clients->Listener, TRUE);
}

void ClientsClose(_Inout_ DB_CLIENTS *Clients)
{
    DB_CLIENT *Client;

    ListenerClose(&Clients->Listener);
    while ((Client = Clients->First)) {
        Clients->First = Client->Next;
        Free(Clients, Client);
    }
}

/* The program on the other end, as it was when it opened the pipe. */
static BOOL MayWrite(_In_ HANDLE Pipe)
{
    static const WELL_KNOWN_SID_TYPE Masters[] = {WinLocalSystemSid, WinBuiltinAdministratorsSid};
    BYTE Sid[SECURITY_MAX_SID_SIZE];
    BOOL Member = FALSE;

    if (!ImpersonateNamedPipeClient(Pipe))
        return FALSE;
    for (int i = 0; i < 2 && !Member; i++) {
        DWORD Size = sizeof(Sid);

        if (!CreateWellKnownSid(Masters[i], NULL, Sid, &Size) ||
            !CheckTokenMembership(NULL, Sid, &Member))
            Member = FALSE;
    }
    if (!RevertToSelf())
        abort(); /* nothing may go on as somebody else */
    return Member;
}

static BOOL StepIn(_Inout_ DB_CLIENTS *Clients, _Inout_ DB_CLIENT *Client)
{
    size_t Taken;

    if (!qdb_client_takes_input(&Client->Session))
        return FALSE;
    if (Client->At == Client->Length) {
        const PIPE_RESULT Result =
            Client->In.Busy
                ? PipePoll(&Client->In, &Client->Length)
                : PipeRead(&Client->In, Client->Bytes, sizeof(Client->Bytes), &Client->Length);

        Client->At = 0;
        if (Result != PipeDone)
            Client->Length = 0;
        if (Result == PipeEnded)
            Client->Over = TRUE;
        if (Result != PipeDone)
            return FALSE;
    }
    if (!Client->Identified) { /* Windows tells who it is only after the first read */
        Client->Session.may_write = MayWrite(Client->Pipe);
        Client->Identified = TRUE;
    }
    qdb_client_feed(Clients->Database, &Client->Session, Client->Bytes + Client->At,
                    Client->Length - Client->At, &Taken);
    Client->At += (DWORD)Taken;
    return TRUE;
}

static BOOL StepOut(_Inout_ DB_CLIENT *Client)
{
    struct qdb_queue *const Output = &Client->Session.output;
    DWORD Count;

    if (!Client->Out.Busy && Client->OutLength == 0) {
        Client->OutLength = (DWORD)min(Output->length, sizeof(Client->OutBytes));
        if (Client->OutLength == 0)
            return FALSE;
        memcpy(Client->OutBytes, Output->bytes + Output->start, Client->OutLength);
        qdb_queue_sent(Output, Client->OutLength);
    }
    switch (Client->Out.Busy
                ? PipePoll(&Client->Out, &Count)
                : PipeWrite(&Client->Out, Client->OutBytes, Client->OutLength, &Count)) {
    case PipeDone:
        memmove(Client->OutBytes, Client->OutBytes + Count, Client->OutLength - Count);
        Client->OutLength -= Count;
        return TRUE;
    case PipeEnded:
        Client->Over = TRUE;
        break;
    case PipePending:
        break;
    }
    return FALSE;
}

static BOOL StepClient(_Inout_ DB_CLIENTS *Clients, _Inout_ DB_CLIENT *Client)
{
    BOOL Did = StepOut(Client);

    if (!Client->Over)
        Did |= StepIn(Clients, Client);
    if (Client->Session.problem && !Client->Over) {
        LogLine("a program that uses QubesDB: %s; its connection ends", Client->Session.problem);
        Client->Over = TRUE;
    }
    return Did || Client->Over;
}

BOOL ClientsStep(_Inout_ DB_CLIENTS *Clients, _Inout_ LINK_LOOP *Loop)
{
    HANDLE Pipe;
    BOOL Did = ListenerStep(&Clients->Listener, Clients->Count < CLIENTS_MAX, !Clients->First, Loop,
                            &Pipe);

    if (Pipe)
        Accept(Clients, Pipe);
    for (DB_CLIENT *Client = Clients->First; Client; Client = Client->Next)
        Did |= StepClient(Clients, Client);
    for (DB_CLIENT **Link = &Clients->First; *Link;) {
        DB_CLIENT *const Client = *Link;
        if (!Client->Over) {
            Link = &Client->Next;
            continue;
        }
        *Link = Client->Next;
        Free(Clients, Client);
    }
    return Did;
}
