/* SPDX-License-Identifier: BSD-2-Clause */
/* See relay.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "windows/agent/qrexec/agent.h"
#include "windows/agent/common/log.h"
#include "windows/agent/qrexec/relay.h"

enum { PIPE_BYTES = 262144, REQUEST_BODY_BYTES = 96 + QREXEC_SERVICE_NAME_MAX + 1 };

void RelayListen(_Inout_ struct AGENT *Agent)
{
    ListenerInit(&Agent->Listener, Agent->PipeName, PIPE_BYTES, Agent->IoEvent);
    ListenerOpen(&Agent->Listener, TRUE);
}

static void Open(_Inout_ struct AGENT *Agent, _In_ HANDLE Pipe)
{
    RELAY *const Relay = calloc(1, sizeof(*Relay));
    BYTE *const Body = malloc(REQUEST_BODY_BYTES);

    if (!Relay || !Body) {
        free(Body);
        free(Relay);
        CloseHandle(Pipe);
        return;
    }
    Relay->Pipe = Pipe;
    PipeIoInit(&Relay->In, Pipe, Agent->IoEvent);
    PipeIoInit(&Relay->Out, Pipe, Agent->IoEvent);
    Relay->RequestBody = Body;
    qrexec_decoder_init(&Relay->Request, QREXEC_AT_DAEMON, QREXEC_VERSION, Body,
                        REQUEST_BODY_BYTES);
    /* A pipe to a client has no ring. It may send whatever HELLO its peer will read. */
    qrexec_channel_init(&Relay->Check, QREXEC_SERVICE, QREXEC_VERSION, 0);
    Relay->RingBytes = QREXEC_RING_BYTES;
    Relay->AskBy = GetTickCount64() + RELAY_REQUEST_MS;
    Relay->Next = Agent->Relays;
    Agent->Relays = Relay;
}

/* Another client may come. */
static BOOL HasRoom(_In_ const struct AGENT *Agent)
{
    DWORD Count = 0, Asked = 0;

    for (const RELAY *Relay = Agent->Relays; Relay; Relay = Relay->Next) {
        Count++;
        Asked += Relay->State == RelayAsked;
    }
    return Count < RELAYS_MAX && Asked < RELAYS_ASKED_MAX;
}

BOOL RelayAccept(_Inout_ struct AGENT *Agent)
{
    HANDLE Pipe;
    const BOOL Did =
        ListenerStep(&Agent->Listener, HasRoom(Agent), !Agent->Relays, &Agent->Links, &Pipe);

    if (Pipe)
        Open(Agent, Pipe);
    return Did;
}

void RelayClose(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay)
{
    DWORD Count;

    PipeCancel(&Relay->In, &Count);
    PipeCancel(&Relay->Out, &Count);
    BlockReturn(&Agent->Blocks, Relay->InBlock);
    BlockReturn(&Agent->Blocks, Relay->OutBlock);
    free(Relay->RequestBody);
    LinkClose(&Relay->Link);
    if (Relay->Port)
        ControlTerminated(Agent, Relay->Session, Relay->Domain, Relay->Port);
    CloseHandle(Relay->Pipe); /* what was written stays readable for the client */
    free(Relay);
}

/* --- what the client wants */

static void Fault(_Inout_ RELAY *Relay, _In_ enum qrexec_error Error,
                  _In_ struct qrexec_header Header)
{
    DWORD Process = 0;
    GetNamedPipeClientProcessId(Relay->Pipe, &Process);
    LogLine("local client (process %lu) sent %s (type 0x%x, length %u): connection ended", Process,
            qrexec_error_text(Error), Header.type, Header.length);
    Relay->Over = TRUE;
}

/* Passes the daemon's answer on. */
static void Answer(_Inout_ RELAY *Relay, _In_ RELAY_STATE Next)
{
    const size_t Room = sizeof(Relay->Answer);
    size_t Size = qrexec_put_hello(Relay->Answer, Room, QREXEC_VERSION);
    DWORD Count;

    Size += Next == RelayRunning
                ? qrexec_put_connect(Relay->Answer + Size, Room - Size, Relay->Domain, Relay->Port,
                                     &Relay->Ident)
                : qrexec_put_refused(Relay->Answer + Size, Room - Size, &Relay->Ident);
    Relay->State = Next;
    const PIPE_RESULT Result = PipeWrite(&Relay->Out, Relay->Answer, (DWORD)Size, &Count);
    Relay->Over = Result == PipeEnded || (Result == PipeDone && Next == RelayAnswering);
}

static void Request(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay,
                    _In_ const struct qrexec_control *Message)
{
    unsigned int Ring;

    if (sscanf(Message->ident.text, "RING %u", &Ring) == 1)
        Relay->RingBytes = max(4096, min(Ring, 1 << 20));
    memset(&Relay->Ident, 0, sizeof(Relay->Ident));
    snprintf(Relay->Ident.text, sizeof(Relay->Ident.text), "SOCKET%llu",
             (unsigned long long)++Agent->NextRequest);
    /* It waits before it asks: the answer may come at once. */
    Relay->State = RelayRequested;
    Relay->Session = Agent->Control.Session;
    if (!ControlTrigger(Agent, Message->target, Message->service, &Relay->Ident)) {
        LogLine("service call of a local client: no daemon, or names too long for it");
        Relay->Over = TRUE; /* without an answer: a problem, not a refusal */
    }
}

/* Reads what there is; bytes at *Bytes. Reads of an idle client need no block. */
static PIPE_RESULT ReadClient(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay, _Out_ BYTE **Bytes,
                              _Out_ DWORD *Count)
{
    PIPE_RESULT Result;

    if (Relay->In.Busy) {
        Result = PipePoll(&Relay->In, Count);
    } else {
        if (Relay->Fast && !Relay->InBlock)
            Relay->InBlock = BlockTake(&Agent->Blocks);
        if (!Relay->Fast) {
            BlockReturn(&Agent->Blocks, Relay->InBlock);
            Relay->InBlock = NULL;
        }
        Result = PipeRead(&Relay->In, Relay->InBlock ? Relay->InBlock : Relay->Small,
                          Relay->InBlock ? BLOCK_BYTES : sizeof(Relay->Small), Count);
    }
    *Bytes = Relay->InBlock ? Relay->InBlock : Relay->Small;
    if (Result == PipeDone)
        Relay->Fast = *Count >= sizeof(Relay->Small);
    return Result;
}

/* It has not yet said all of what it wants. */
static BOOL AwaitRequest(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay)
{
    DWORD Process = 0;

    if (GetTickCount64() < Relay->AskBy) {
        LoopWakeBy(&Agent->Links, Relay->AskBy);
        return FALSE;
    }
    GetNamedPipeClientProcessId(Relay->Pipe, &Process);
    LogLine("local client (process %lu) asked for nothing: connection ended", Process);
    Relay->Over = TRUE;
    return TRUE;
}

static BOOL Ask(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay)
{
    BYTE *Bytes;
    DWORD Count;
    struct qrexec_control Message;
    const BOOL Started = !Relay->In.Busy;
    const PIPE_RESULT Result = ReadClient(Agent, Relay, &Bytes, &Count);

    if (Result == PipePending)
        return AwaitRequest(Agent, Relay) || Started;
    if (Result == PipeEnded) {
        Relay->Over = TRUE;
        return TRUE;
    }
    const uint8_t *Next = Bytes;
    size_t Left = Count;
    enum qrexec_progress Progress;
    while ((Progress = qrexec_decode_control(&Relay->Request, &Next, &Left, &Message)) ==
           QREXEC_MESSAGE) {
        if (Message.type == QREXEC_HELLO)
            continue;
        if (Message.type != QREXEC_TRIGGER_SERVICE3 || Left) {
            /* More than one request, or data before the answer. */
            Fault(Relay, Left ? QREXEC_BAD_LENGTH : QREXEC_BAD_TYPE, Relay->Request.header);
            return TRUE;
        }
        Request(Agent, Relay, &Message);
        free(Relay->RequestBody);
        Relay->RequestBody = NULL;
        return TRUE;
    }
    if (Progress == QREXEC_FAILED)
        Fault(Relay, Relay->Request.error, Relay->Request.header);
    return TRUE;
}

/* --- the daemon's answer */

static RELAY *Find(_In_ const struct AGENT *Agent, _In_ const struct qrexec_ident *Ident)
{
    for (RELAY *Relay = Agent->Relays; Relay; Relay = Relay->Next)
        if (Relay->State == RelayRequested && !Relay->Over &&
            memcmp(&Relay->Ident, Ident, sizeof(*Ident)) == 0)
            return Relay;
    return NULL;
}

BOOL RelayAccepted(_Inout_ struct AGENT *Agent, _In_ const struct qrexec_control *Message)
{
    RELAY *const Relay = Find(Agent, &Message->ident);

    if (!Relay)
        return FALSE;
    Relay->Domain = Message->domain;
    Relay->Port = Message->port;
    if (!LinkServe(&Relay->Link, &Agent->Links, Message->domain, Message->port, Relay->RingBytes,
                   QREXEC_CONNECT_TIMEOUT_MS)) {
        LogError(GetLastError(), "cannot serve vchan %u for domain %u", Message->port,
                 Message->domain);
        Relay->Over = TRUE;
    } else {
        Answer(Relay, RelayRunning);
    }
    return TRUE;
}

BOOL RelayRefused(_Inout_ struct AGENT *Agent, _In_ const struct qrexec_ident *Ident)
{
    RELAY *const Relay = Find(Agent, Ident);

    if (Relay)
        Answer(Relay, RelayAnswering);
    return Relay != NULL;
}

void RelaysForgetRequests(_Inout_ struct AGENT *Agent)
{
    for (RELAY *Relay = Agent->Relays; Relay; Relay = Relay->Next)
        if (Relay->State == RelayRequested)
            Relay->Over = TRUE;
}

/* --- passing on */

/* Looks at every message that the client sends. FALSE: it broke a rule. */
static BOOL CheckClient(_Inout_ RELAY *Relay, _In_ const BYTE *Bytes, _In_ DWORD Count)
{
    const uint8_t *Next = Bytes;
    size_t Left = Count;
    struct qrexec_arrival Arrival;
    enum qrexec_progress Progress;

    while ((Progress = qrexec_channel_receive(&Relay->Check, &Next, &Left, &Arrival)) ==
           QREXEC_MESSAGE)
        ;
    if (Progress == QREXEC_FAILED)
        Fault(Relay, Relay->Check.error, Relay->Check.header);
    return Progress != QREXEC_FAILED;
}

static BOOL ClientToVchan(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay)
{
    BYTE *Bytes;
    DWORD Count;
    BOOL Did = LinkFlush(&Relay->Link);

    /* A client that writes for ever to nobody would keep the call for ever. */
    if (Relay->Link.OutLeft || Relay->ClientGone || Relay->Link.State == LinkEnded)
        return Did;
    const BOOL Started = !Relay->In.Busy;
    const PIPE_RESULT Result = ReadClient(Agent, Relay, &Bytes, &Count);
    if (Result == PipeEnded)
        Relay->ClientGone = TRUE;
    if (Result == PipeDone && CheckClient(Relay, Bytes, Count)) {
        LinkSend(&Relay->Link, Bytes, Count);
        LinkFlush(&Relay->Link);
    }
    return Did || Started || Result != PipePending;
}

static BOOL VchanToClient(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay)
{
    DWORD Count;
    BOOL Did = FALSE;

    if (Relay->Out.Busy) {
        const PIPE_RESULT Result = PipePoll(&Relay->Out, &Count);
        if (Result == PipePending)
            return FALSE;
        Relay->ClientGone |= Result == PipeEnded;
        Did = TRUE;
    }
    if (!Relay->OutBlock)
        Relay->OutBlock = BlockTake(&Agent->Blocks);
    if (!Relay->OutBlock)
        return Did;
    Count = LinkRead(&Relay->Link, Relay->OutBlock, BLOCK_BYTES);
    if (Count && !Relay->ClientGone) {
        Did = TRUE;
        if (PipeWrite(&Relay->Out, Relay->OutBlock, Count, &Count) == PipeEnded)
            Relay->ClientGone = TRUE;
    }
    if (!Relay->Out.Busy) {
        BlockReturn(&Agent->Blocks, Relay->OutBlock);
        Relay->OutBlock = NULL;
    }
    return Did;
}

static BOOL PassOn(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay)
{
    BOOL Did = LinkPoll(&Relay->Link);

    Did |= ClientToVchan(Agent, Relay);
    Did |= VchanToClient(Agent, Relay);
    if (Did || Relay->Over)
        return TRUE;
    if (Relay->Link.State == LinkEnded && LinkFault(&Relay->Link))
        LogLine("port %u of domain %u: the service stored %s: call ended", Relay->Port,
                Relay->Domain, LinkFault(&Relay->Link));
    /* Either side is gone, and what it had written is passed on. */
    if (Relay->Link.State == LinkFailed || (Relay->Link.State == LinkEnded && !Relay->Out.Busy) ||
        (Relay->ClientGone && !Relay->Link.OutLeft))
        Relay->Over = TRUE;
    return Relay->Over;
}

/* While the daemon thinks, the client may only go away. */
static BOOL WaitForAnswer(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay)
{
    BYTE *Bytes;
    DWORD Count;
    const BOOL Started = !Relay->In.Busy;
    const PIPE_RESULT Result = ReadClient(Agent, Relay, &Bytes, &Count);

    if (Result == PipePending)
        return Started;
    if (Result == PipeDone)
        Fault(Relay, QREXEC_NO_HELLO, (struct qrexec_header){0, Count});
    Relay->Over = TRUE;
    return TRUE;
}

BOOL RelayStep(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay)
{
    DWORD Count;

    switch (Relay->State) {
    case RelayAsked:
        return Ask(Agent, Relay);
    case RelayRequested:
        return WaitForAnswer(Agent, Relay);
    case RelayRunning:
        return PassOn(Agent, Relay);
    case RelayAnswering:
        Relay->Over = PipePoll(&Relay->Out, &Count) != PipePending;
        return Relay->Over;
    }
    return FALSE;
}
