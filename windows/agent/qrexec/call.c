/* SPDX-License-Identifier: BSD-2-Clause */
/* See call.h. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/qrexec/agent.h"
#include "windows/agent/qrexec/call.h"
#include "windows/agent/qrexec/environment.h"
#include "windows/agent/common/log.h"
#include "windows/agent/common/text.h"

enum {
    HEADER_BYTES = sizeof(struct qrexec_header),
    /* A peer that is writing fills its ring in microseconds: for so many rounds in which nothing
     * more came, and for so many bytes, a request to the pipe waits. */
    HOLD_ROUNDS = 40,
    HOLD_BYTES = BLOCK_DATA_BYTES / 2,
};

void CallOpen(_Inout_ struct AGENT *Agent, _In_ const struct qrexec_control *Message)
{
    CALL *const Call = calloc(1, sizeof(*Call));
    const PSTR Text = _strdup(Message->command);

    if (!Call || !Text ||
        !LinkConnect(&Call->Link, &Agent->Links, Message->domain, Message->port,
                     QREXEC_CONNECT_TIMEOUT_MS)) {
        LogError(GetLastError(), "cannot open a call to domain %u port %u", Message->domain,
                 Message->port);
        free(Text);
        free(Call);
        ControlTerminated(Agent, Agent->Control.Session, Message->domain, Message->port);
        return;
    }
    Call->Session = Agent->Control.Session;
    Call->Domain = Message->domain;
    Call->Port = Message->port;
    Call->JustExec = Message->type == QREXEC_JUST_EXEC;
    Call->Text = Text;
    const enum qrexec_error Error = qrexec_parse_command(Text, &Call->Command);
    if (Error) {
        LogLine("port %u: the daemon sent %s", Call->Port, qrexec_error_text(Error));
        Call->CommandBad = TRUE;
    }
    qrexec_channel_init(&Call->Channel, QREXEC_SERVICE, QREXEC_VERSION, 0);
    Call->Next = Agent->Calls;
    Agent->Calls = Call;
}

static void CloseOutput(_Inout_ struct AGENT *Agent, _Inout_ CALL_OUTPUT *Output)
{
    DWORD Count;

    PipeCancel(&Output->Io, &Count);
    BlockReturn(&Agent->Blocks, Output->Block);
    Output->Block = NULL;
    Output->Filled = Output->Sent = 0;
    Output->Ended = TRUE;
}

static void CloseInput(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    CALL_INPUT *const Input = &Call->Input;
    DWORD Count;

    PipeCancel(&Input->Io, &Count);
    BlockReturn(&Agent->Blocks, Input->Writing);
    BlockReturn(&Agent->Blocks, Input->Gathering);
    Input->Writing = Input->Gathering = NULL;
    Input->Gathered = 0;
    if (Call->Child.Stdin)
        CloseHandle(Call->Child.Stdin);
    Call->Child.Stdin = NULL;
    Input->Broken = TRUE;
}

void CallClose(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    CloseInput(Agent, Call);
    CloseOutput(Agent, &Call->Outputs[0]);
    CloseOutput(Agent, &Call->Outputs[1]);
    ChildStartForget(Call->Start);
    ChildRelease(&Call->Child);
    LinkClose(&Call->Link);
    ControlTerminated(Agent, Call->Session, Call->Domain, Call->Port);
    free(Call->CommandLine);
    free(Call->Text);
    free(Call);
}

/* --- starting the program */

static void Decide(_Inout_ CALL *Call, _In_ int ExitCode)
{
    Call->Started = TRUE;
    Call->Decided = TRUE;
    Call->ExitCode = ExitCode;
    Call->Outputs[0].Ended = Call->Outputs[1].Ended = TRUE;
    Call->Input.Broken = TRUE;
}

/* Finds the program and the user of the call; a failure decides the exit code. */
static void LookUp(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    const struct qrexec_command *const Command = &Call->Command;
    const PWSTR User = TextToWide(Command->user.text, Command->user.length);

    if (User && wcslen(User) < sizeof(Call->User) / sizeof(WCHAR))
        wcscpy(Call->User, User);
    free(User);
    if (!*Call->User) { /* which would be anybody */
        Decide(Call, QREXEC_EXIT_PROBLEM);
        return;
    }
    if (!Command->is_service) {
        Call->CommandLine = TextToWide(Command->command, strlen(Command->command));
        if (!Call->CommandLine)
            Decide(Call, QREXEC_EXIT_PROBLEM);
        return;
    }
    SERVICE_FOUND Found;
    const DWORD Error = ServiceLookup(&Agent->Folders, Command, &Found);
    if (Error) {
        LogError(Error, "service %.*s", (int)min(Command->full_name.length, 200),
                 Command->full_name.text);
        Decide(Call, Error == ERROR_FILE_NOT_FOUND ? QREXEC_EXIT_NOT_FOUND : QREXEC_EXIT_PROBLEM);
        return;
    }
    Call->CommandLine = Found.CommandLine;
    Call->AnySession = Found.Config.wait_for_session;
    Call->EndOnClientEof = Found.Config.exit_on_client_eof;
    Call->EndOnServiceEof = Found.Config.exit_on_service_eof;
    if (*Found.ForceUser)
        wcscpy(Call->User, Found.ForceUser);
}

/* Takes Token. */
static void StartProgram(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call, _In_opt_ HANDLE Token)
{
    const PWSTR Environment = EnvironmentForCall(Token, &Call->Command);
    const CHILD_ORDER Order = {Call->CommandLine, Environment, Token, Call->JustExec,
                               Call->Command.nogui};

    if (Environment)
        Call->Start = ChildStart(&Agent->Starter, &Order);
    if (Call->Start) {
        Call->CommandLine = NULL;
        return;
    }
    LogError(ERROR_NOT_ENOUGH_MEMORY, "cannot start %.*s", 200, Call->Command.command);
    Decide(Call, QREXEC_EXIT_PROBLEM);
    free(Environment);
    if (Token)
        CloseHandle(Token);
}

static BOOL ProgramStarted(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    DWORD Error;

    if (!ChildStarted(Call->Start, &Call->Child, &Error))
        return FALSE;
    Call->Start = NULL;
    if (!Error)
        Error = ChildRun(&Call->Child, Agent->WakeEvent);
    if (Error) {
        LogError(Error, "cannot start %.*s", 200, Call->Command.command);
        Decide(Call, ChildStartExitCode(Error));
        return TRUE;
    }
    Call->Started = TRUE;
    if (Call->JustExec) {
        Decide(Call, 0);
        return TRUE;
    }
    PipeIoInit(&Call->Input.Io, Call->Child.Stdin, Agent->IoEvent);
    PipeIoInit(&Call->Outputs[0].Io, Call->Child.Stdout, Agent->IoEvent);
    PipeIoInit(&Call->Outputs[1].Io, Call->Child.Stderr, Agent->IoEvent);
    return TRUE;
}

/* Starts the program when it may be: after HELLO, and when its user is there. */
static BOOL Start(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    HANDLE Token = NULL;

    if (Call->Start)
        return ProgramStarted(Agent, Call);
    if (Call->Started || !Call->Channel.version)
        return FALSE;
    const BOOL First = !Call->CommandLine;
    if (First && Call->CommandBad)
        Decide(Call, QREXEC_EXIT_PROBLEM);
    else if (First)
        LookUp(Agent, Call);
    else if (!Agent->SessionsChanged)
        return FALSE; /* still waiting for the session */
    if (Call->Started)
        return TRUE;
    if (Call->AnySession && !SessionExists(&Agent->Sessions))
        return First;
    const DWORD Error = SessionToken(&Agent->Sessions, Call->User, &Token);
    if (Error == ERROR_NO_SUCH_LOGON_SESSION)
        return First;
    if (Error)
        Decide(Call, QREXEC_EXIT_REFUSED);
    else
        StartProgram(Agent, Call, Token);
    return TRUE;
}

/* --- from the channel to the program */

/* Takes the messages apart that lie behind what was gathered, and adds their data to it. FALSE:
 * protocol error. */
static BOOL Unpack(_Inout_ CALL *Call, _In_ DWORD Count)
{
    CALL_INPUT *const Input = &Call->Input;
    const uint8_t *Next = Input->Gathering + Input->Gathered;
    size_t Left = Count;
    struct qrexec_arrival Arrival;
    enum qrexec_progress Progress;

    while ((Progress = qrexec_channel_receive(&Call->Channel, &Next, &Left, &Arrival)) ==
           QREXEC_MESSAGE) {
        if (Arrival.kind == QREXEC_GOT_DATA) {
            memmove(Input->Gathering + Input->Gathered, Arrival.data, Arrival.size);
            Input->Gathered += (DWORD)Arrival.size;
        } else if (Arrival.kind == QREXEC_GOT_END) {
            Input->Ended = TRUE;
        }
    }
    if (Input->Broken)
        Input->Gathered = 0;
    return Progress != QREXEC_FAILED;
}

/* The caller broke a rule. */
static void End(_Inout_ CALL *Call)
{
    ChildKill(&Call->Child);
    Call->Over = TRUE;
}

static void Fault(_Inout_ CALL *Call)
{
    LogLine("port %u of domain %u: the caller sent %s (type 0x%x, length %u): call ended",
            Call->Port, Call->Domain, qrexec_error_text(Call->Channel.error),
            Call->Channel.header.type, Call->Channel.header.length);
    End(Call);
}

/* How much may be read from the channel now. */
static DWORD InputRoom(_In_ const CALL *Call)
{
    /* Before HELLO only HELLO is taken: data for a program that is not there yet stays in the
     * ring. */
    if (!Call->Channel.version)
        return HEADER_BYTES + 4 - (DWORD)(Call->Channel.header_got + Call->Channel.body_got);
    return Call->Started ? BLOCK_DATA_BYTES - Call->Input.Gathered : 0;
}

static BOOL Gather(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    CALL_INPUT *const Input = &Call->Input;
    const DWORD Room = InputRoom(Call);

    if (!Room)
        return FALSE;
    if (!Input->Gathering)
        Input->Gathering = BlockTake(&Agent->Blocks);
    if (!Input->Gathering)
        return FALSE;
    const DWORD Count = LinkRead(&Call->Link, Input->Gathering + Input->Gathered, Room);
    if (Count)
        Input->Held = 0;
    if (Count && !Unpack(Call, Count))
        Fault(Call);
    if (!Input->Gathered) {
        BlockReturn(&Agent->Blocks, Input->Gathering);
        Input->Gathering = NULL;
    }
    return Count != 0;
}

/* Hands what was gathered to the program, or ends its stdin behind it. */
static BOOL WriteInput(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    CALL_INPUT *const Input = &Call->Input;
    PIPE_RESULT Result;
    DWORD Count;

    if (Input->Broken)
        return FALSE;
    if (Input->Io.Busy) {
        Result = PipePoll(&Input->Io, &Count);
    } else if (Input->Gathered && !Input->Ended && Input->Gathered < HOLD_BYTES &&
               Input->Held++ < HOLD_ROUNDS) {
        return TRUE;
    } else if (Input->Gathered) {
        Input->Held = 0;
        Input->Writing = Input->Gathering;
        Input->Gathering = NULL;
        Count = Input->Gathered;
        Input->Gathered = 0;
        Result = PipeWrite(&Input->Io, Input->Writing, Count, &Count);
        if (Result == PipePending)
            return TRUE;
    } else if (Input->Ended) {
        CloseInput(Agent, Call);
        if (Call->EndOnClientEof)
            ChildKill(&Call->Child);
        return TRUE;
    } else {
        return FALSE;
    }
    if (Result == PipePending)
        return FALSE;
    BlockReturn(&Agent->Blocks, Input->Writing);
    Input->Writing = NULL;
    if (Result == PipeEnded)
        CloseInput(Agent, Call);
    return TRUE;
}

static BOOL Receive(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    BOOL Did = Gather(Agent, Call);
    if (Call->Started && !Call->Over)
        Did |= WriteInput(Agent, Call);
    return Did;
}

/* --- from the program to the channel */

static BYTE *OutputBuffer(_Inout_ CALL_OUTPUT *Output)
{
    return Output->Block ? Output->Block : Output->Small;
}

static void OutputArrived(_Inout_ struct AGENT *Agent, _Inout_ CALL_OUTPUT *Output,
                          _In_ PIPE_RESULT Result, _In_ DWORD Count)
{
    if (Result == PipePending)
        return;
    Output->Filled = Result == PipeDone ? Count : 0;
    Output->Sent = 0;
    Output->Fast = Output->Filled >= sizeof(Output->Small) - HEADER_BYTES;
    if (Result == PipeEnded)
        CloseOutput(Agent, Output);
}

/* Nothing is in the pipe any more, and who wrote to it has ended. */
static BOOL Drained(_In_ const CALL *Call, _In_ const CALL_OUTPUT *Output)
{
    return ChildHasExited(&Call->Child) && !PipeAvailable(&Output->Io);
}

/* A block, only when there is more in the pipe than the small buffer takes. */
static DWORD PrepareRead(_Inout_ struct AGENT *Agent, _Inout_ CALL_OUTPUT *Output)
{
    const DWORD Small = sizeof(Output->Small) - HEADER_BYTES;

    if (Output->Fast && PipeAvailable(&Output->Io) > Small) {
        if (!Output->Block)
            Output->Block = BlockTake(&Agent->Blocks);
    } else {
        BlockReturn(&Agent->Blocks, Output->Block);
        Output->Block = NULL;
    }
    return Output->Block ? BLOCK_DATA_BYTES : Small;
}

static BOOL ReadOutput(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call, _Inout_ CALL_OUTPUT *Output)
{
    PIPE_RESULT Result;
    DWORD Count;

    if (Output->Ended || Output->Filled || !Output->Io.Pipe)
        return FALSE;
    if (Output->Io.Busy) {
        Result = PipePoll(&Output->Io, &Count);
        if (Result == PipePending && Drained(Call, Output))
            Result = PipeCancel(&Output->Io, &Count);
        OutputArrived(Agent, Output, Result, Count);
        return Result != PipePending;
    }
    const DWORD Room = PrepareRead(Agent, Output);
    Result = PipeRead(&Output->Io, OutputBuffer(Output) + HEADER_BYTES, Room, &Count);
    OutputArrived(Agent, Output, Result, Count);
    return TRUE;
}

/* Makes the next message, if there is one, the link's to write. */
static BOOL NextMessage(_Inout_ CALL *Call)
{
    size_t Size = qrexec_channel_put_hello(&Call->Channel, Call->Small, sizeof(Call->Small));

    for (int i = 0; i < 2 && !Size; i++) {
        CALL_OUTPUT *const Output = &Call->Outputs[i];
        const enum qrexec_stream Stream = i ? QREXEC_STDERR : QREXEC_STDOUT;
        struct qrexec_header Header;
        Output->Chunk = (DWORD)qrexec_channel_put_chunk(&Call->Channel, Stream,
                                                        Output->Filled - Output->Sent, &Header);
        if (Output->Chunk) {
            /* In front of the data: over bytes that are sent already, or the room for it. */
            BYTE *const At = OutputBuffer(Output) + Output->Sent;
            memcpy(At, &Header, sizeof(Header));
            LinkSend(&Call->Link, At, HEADER_BYTES + Output->Chunk);
            Call->Sending = Output;
            return TRUE;
        }
        if (Output->Ended && !Call->Decided)
            Size = qrexec_channel_put_end(&Call->Channel, Stream, Call->Small, sizeof(Call->Small));
    }
    if (!Size && Call->Decided && Call->Outputs[0].Ended && Call->Outputs[1].Ended)
        Size = qrexec_channel_put_exit(&Call->Channel, Call->ExitCode, Call->Small,
                                       sizeof(Call->Small));
    if (Size)
        LinkSend(&Call->Link, Call->Small, (DWORD)Size);
    return Size != 0;
}

static void ChunkSent(_Inout_ CALL_OUTPUT *Output)
{
    Output->Sent += Output->Chunk;
    if (Output->Sent == Output->Filled)
        Output->Filled = Output->Sent = 0; /* its buffer may be filled again */
}

static BOOL Send(_Inout_ CALL *Call)
{
    BOOL Did = FALSE;

    if (Call->Link.State != LinkOpen)
        return FALSE;
    do {
        Did |= LinkFlush(&Call->Link);
        if (Call->Link.OutLeft)
            return Did;
        if (Call->Sending)
            ChunkSent(Call->Sending);
        Call->Sending = NULL;
    } while (NextMessage(Call));
    return Did;
}

static BOOL CheckExit(_Inout_ CALL *Call)
{
    if (!Call->Started || Call->Decided)
        return FALSE;
    if (Call->EndOnServiceEof && Call->Link.State == LinkOpen && Call->Outputs[0].Ended &&
        !ChildHasExited(&Call->Child))
        ChildKill(&Call->Child);
    if (!ChildHasExited(&Call->Child) || !Call->Outputs[0].Ended || !Call->Outputs[1].Ended)
        return FALSE;
    Call->ExitCode = (int)ChildExitCode(&Call->Child);
    Call->Decided = TRUE;
    return TRUE;
}

/* The caller is gone, or never came. */
static BOOL CheckLink(_Inout_ CALL *Call)
{
    if (Call->Link.State == LinkFailed) {
        LogLine("port %u of domain %u: nobody was there", Call->Port, Call->Domain);
        Call->Over = TRUE;
    } else if (Call->Link.State == LinkEnded && LinkFault(&Call->Link)) {
        LogLine("port %u of domain %u: the caller stored %s: call ended", Call->Port, Call->Domain,
                LinkFault(&Call->Link));
        End(Call);
    } else if (Call->Link.State == LinkEnded && !Call->Input.Io.Busy) {
        if (qrexec_channel_closed(&Call->Channel) == QREXEC_CUT)
            LogLine("port %u of domain %u: the caller left before the end", Call->Port,
                    Call->Domain);
        if (Call->EndOnClientEof)
            ChildKill(&Call->Child);
        Call->Over = TRUE;
    } else if (Call->Channel.exit_sent && !Call->Link.OutLeft) {
        Call->Over = TRUE;
    }
    return Call->Over;
}

/* The caller is gone, and nobody will read what the program still writes. One that waited for room
 * there would neither end nor read on: its pipes break, as they do when the call is over. */
static BOOL DropOutputs(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    HANDLE *const Pipes[] = {&Call->Child.Stdout, &Call->Child.Stderr};
    BOOL Did = FALSE;

    Call->Sending = NULL;
    for (int i = 0; i < 2; i++) {
        if (!*Pipes[i])
            continue;
        CloseOutput(Agent, &Call->Outputs[i]);
        CloseHandle(*Pipes[i]);
        *Pipes[i] = NULL;
        Did = TRUE;
    }
    return Did;
}

BOOL CallStep(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call)
{
    BOOL Did = LinkPoll(&Call->Link);

    if (Call->Link.State == LinkConnecting)
        return Did;
    if (Call->Link.State == LinkEnded)
        Did |= DropOutputs(Agent, Call);
    Did |= Send(Call);
    Did |= Receive(Agent, Call);
    if (Call->Over)
        return TRUE;
    Did |= Start(Agent, Call);
    Did |= ReadOutput(Agent, Call, &Call->Outputs[0]);
    Did |= ReadOutput(Agent, Call, &Call->Outputs[1]);
    Did |= CheckExit(Call);
    Did |= Send(Call);
    /* What the caller wrote before it left is still to be read. */
    if (!Did)
        Did |= CheckLink(Call);
    return Did;
}
