/* SPDX-License-Identifier: BSD-2-Clause */
/* See control_channel.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/qrexec/agent.h"
#include "windows/agent/qrexec/call.h"
#include "windows/agent/common/log.h"
#include "windows/agent/qrexec/relay.h"

enum {
    BODY_BYTES = QREXEC_CONTROL_BODY_MAX + 1,
    QUEUE_MAX = 4 << 20, /* more unread messages than this: the daemon does not work */
    SERVE_RETRY_MS = 1000,
    DAEMON_DOMAIN = 0,
};

BOOL ControlOpen(_Out_ CONTROL_CHANNEL *Control)
{
    memset(Control, 0, sizeof(*Control));
    Control->Body = malloc(BODY_BYTES);
    return Control->Body != NULL;
}

/* Ends this daemon's session. Calls that are open go on; what it was asked is refused. */
static void Drop(_Inout_ struct AGENT *Agent)
{
    CONTROL_CHANNEL *const Control = &Agent->Control;

    LinkClose(&Control->Link);
    Control->QueueStart = Control->QueueEnd = 0;
    Control->Session++;
    RelaysForgetRequests(Agent);
}

void ControlClose(_Inout_ CONTROL_CHANNEL *Control)
{
    LinkClose(&Control->Link);
    free(Control->Body);
    free(Control->Queue);
    memset(Control, 0, sizeof(*Control));
}

/* Room for one more message at the end of the queue. */
static BOOL Reserve(_Inout_ CONTROL_CHANNEL *Control, _In_ DWORD Size)
{
    DWORD Used = Control->QueueEnd - Control->QueueStart;

    if (Control->QueueEnd + Size <= Control->QueueRoom)
        return TRUE;
    /* What the link is writing points into the queue: point it to the same bytes after the move. */
    if (Control->QueueStart) {
        memmove(Control->Queue, Control->Queue + Control->QueueStart, Used);
        Control->QueueStart = 0;
        Control->QueueEnd = Used;
        Control->Link.Out = Control->Queue;
    }
    if (Used + Size <= Control->QueueRoom)
        return TRUE;
    const DWORD Room = max(4096, 2 * (Used + Size));
    BYTE *const Queue = Room <= QUEUE_MAX ? realloc(Control->Queue, Room) : NULL;
    if (!Queue)
        return FALSE;
    Control->Queue = Queue;
    Control->QueueRoom = Room;
    Control->Link.Out = Queue;
    return TRUE;
}

static void Flush(_Inout_ CONTROL_CHANNEL *Control)
{
    LinkSend(&Control->Link, Control->Queue + Control->QueueStart,
             Control->QueueEnd - Control->QueueStart);
    LinkFlush(&Control->Link);
    Control->QueueStart = Control->QueueEnd - Control->Link.OutLeft;
    if (Control->QueueStart == Control->QueueEnd)
        Control->QueueStart = Control->QueueEnd = 0;
}

static BOOL DaemonReady(_In_ const CONTROL_CHANNEL *Control)
{
    return Control->Link.State == LinkOpen && Control->Decoder.version;
}

void ControlTerminated(_Inout_ struct AGENT *Agent, _In_ ULONGLONG Session, _In_ DWORD Domain,
                       _In_ DWORD Port)
{
    CONTROL_CHANNEL *const Control = &Agent->Control;

    if (Session != Control->Session || !DaemonReady(Control))
        return;
    if (!Reserve(Control, 64)) {
        LogLine("the daemon does not read its control channel: dropped");
        Drop(Agent);
        return;
    }
    Control->QueueEnd +=
        (DWORD)qrexec_put_terminated(Control->Queue + Control->QueueEnd, 64, Domain, Port);
    Flush(Control);
}

BOOL ControlTrigger(_Inout_ struct AGENT *Agent, _In_ PCSTR Target, _In_ PCSTR Service,
                    _In_ const struct qrexec_ident *Ident)
{
    CONTROL_CHANNEL *const Control = &Agent->Control;
    const DWORD Most = (DWORD)strlen(Service) + 256;

    if (!DaemonReady(Control) || !Reserve(Control, Most))
        return FALSE;
    const DWORD Size = (DWORD)qrexec_put_trigger(Control->Queue + Control->QueueEnd, Most,
                                                 Control->Decoder.version, Target, Service, Ident);
    Control->QueueEnd += Size;
    Flush(Control);
    return Size != 0;
}

static void Obey(_Inout_ struct AGENT *Agent, _In_ const struct qrexec_control *Message)
{
    switch (Message->type) {
    case QREXEC_EXEC_CMDLINE:
    case QREXEC_JUST_EXEC:
        CallOpen(Agent, Message);
        break;
    case QREXEC_SERVICE_CONNECT:
        if (!RelayAccepted(Agent, Message)) {
            LogLine("SERVICE_CONNECT for a request that nobody waits for");
            ControlTerminated(Agent, Agent->Control.Session, Message->domain, Message->port);
        }
        break;
    case QREXEC_SERVICE_REFUSED:
        RelayRefused(Agent, &Message->ident);
        break;
    case QREXEC_HELLO:
        LogLine("the daemon is there, protocol %u", Agent->Control.Decoder.version);
        break;
    }
}

static BOOL Receive(_Inout_ struct AGENT *Agent)
{
    CONTROL_CHANNEL *const Control = &Agent->Control;
    BYTE Bytes[4096];
    const DWORD Count = LinkRead(&Control->Link, Bytes, sizeof(Bytes));
    const ULONGLONG Session = Control->Session;
    const uint8_t *Next = Bytes;
    size_t Left = Count;
    struct qrexec_control Message;
    enum qrexec_progress Progress = QREXEC_MORE;

    while (Session == Control->Session &&
           (Progress = qrexec_decode_control(&Control->Decoder, &Next, &Left, &Message)) ==
               QREXEC_MESSAGE)
        Obey(Agent, &Message);
    if (Session == Control->Session && Progress == QREXEC_FAILED) {
        LogLine("the daemon sent %s (%s, type 0x%x, length %u): control channel dropped",
                qrexec_error_text(Control->Decoder.error),
                qrexec_type_name(Control->Decoder.header.type), Control->Decoder.header.type,
                Control->Decoder.header.length);
        Drop(Agent);
    }
    return Count != 0;
}

static BOOL Serve(_Inout_ struct AGENT *Agent)
{
    CONTROL_CHANNEL *const Control = &Agent->Control;
    const ULONGLONG Now = GetTickCount64();

    if (Control->RetryAt && Now < Control->RetryAt) {
        LoopWakeBy(&Agent->Links, Control->RetryAt);
        return FALSE;
    }
    if (!LinkServe(&Control->Link, &Agent->Links, DAEMON_DOMAIN, QREXEC_CONTROL_PORT,
                   QREXEC_RING_BYTES, 0)) {
        if (!Control->RetryAt)
            LogError(GetLastError(), "cannot serve vchan %d for domain %d", QREXEC_CONTROL_PORT,
                     DAEMON_DOMAIN);
        Control->Link.State = LinkNone;
        Control->RetryAt = Now + SERVE_RETRY_MS;
        LoopWakeBy(&Agent->Links, Control->RetryAt);
        return FALSE;
    }
    Control->RetryAt = 0;
    qrexec_decoder_init(&Control->Decoder, QREXEC_AT_AGENT, QREXEC_VERSION, Control->Body,
                        BODY_BYTES);
    return TRUE;
}

BOOL ControlStep(_Inout_ struct AGENT *Agent)
{
    CONTROL_CHANNEL *const Control = &Agent->Control;

    if (Control->Link.State == LinkNone)
        return Serve(Agent);
    BOOL Did = LinkPoll(&Control->Link);
    if (Did && Control->Link.State == LinkOpen && Reserve(Control, 64)) {
        Control->QueueEnd +=
            (DWORD)qrexec_put_hello(Control->Queue + Control->QueueEnd, 64, QREXEC_VERSION);
        Flush(Control);
    }
    if (Control->Link.State == LinkOpen && Control->QueueEnd) {
        const DWORD Before = Control->QueueEnd - Control->QueueStart;
        Flush(Control);
        Did |= Control->QueueEnd - Control->QueueStart != Before;
    }
    if (Receive(Agent))
        return TRUE;
    if (Control->Link.State == LinkEnded || Control->Link.State == LinkFailed) {
        if (LinkFault(&Control->Link))
            LogLine("the daemon stored %s: control channel dropped", LinkFault(&Control->Link));
        else
            LogLine("the daemon is gone%s; waiting for the next one",
                    qrexec_decoder_between_messages(&Control->Decoder) ? "" : " inside a message");
        Drop(Agent);
        return TRUE;
    }
    return Did;
}
