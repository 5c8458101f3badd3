/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qrexec-client-vm.exe: calls a service of another domain. It asks the agent over its named pipe
 * and, once dom0 has agreed, is the caller's end of the data channel: its own stdin, stdout and
 * stderr, or those of a local program, which it starts itself and so with nobody's rights but its
 * user's. Command line and exit codes are those of the Linux program of this name (but for
 * --use-stdin-socket, which has no meaning here).
 *
 * The main thread reads from the agent; a second one sends what the local side writes.
 */
#include <windows.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "core/qrexec/arguments.h"
#include "core/qrexec/channel.h"
#include "core/qrexec/names.h"
#include "windows/agent/qrexec/relay.h"
#include "windows/agent/common/text.h"

enum { EXIT_USAGE = 2, BUFFER_BYTES = 65536 + 8 };

typedef struct OPTIONS {
    PCWSTR PipeName;
    PSTR Target, Service, PrefixData;
    unsigned int RingBytes;
    int FilterStdout, FilterStderr; /* -1: when it is a console */
    PWSTR *Program;                 /* local program and arguments; NULL: none */
    int ProgramCount;
} OPTIONS;

/* The pipe, used by one thread in each direction. */
typedef struct AGENT_PIPE {
    HANDLE Pipe, ReadEvent, WriteEvent;
} AGENT_PIPE;

typedef struct SENDER {
    AGENT_PIPE *Pipe;
    struct qrexec_channel Channel; /* its own, as of HELLO: only what it sends matters */
    HANDLE Input;
    PCSTR Prefix;
} SENDER;

static void Complain(_In_ PCSTR What, _In_ DWORD Error)
{
    fprintf(stderr, "qrexec-client-vm: %s: error %lu\n", What, Error);
}

static BOOL Transfer(_In_ HANDLE Pipe, _In_ HANDLE Event, _In_ BOOL Write, _Inout_ BYTE *Bytes,
                     _In_ DWORD Size, _Out_ DWORD *Count)
{
    OVERLAPPED Io = {.hEvent = Event};
    const BOOL Done =
        Write ? WriteFile(Pipe, Bytes, Size, NULL, &Io) : ReadFile(Pipe, Bytes, Size, NULL, &Io);

    *Count = 0;
    if (!Done && GetLastError() != ERROR_IO_PENDING)
        return FALSE;
    return GetOverlappedResult(Pipe, &Io, Count, TRUE);
}

/* Bytes read; 0: the agent closed the pipe. */
static DWORD ReadAgent(_In_ const AGENT_PIPE *Pipe, _Out_writes_(Size) BYTE *Bytes, _In_ DWORD Size)
{
    DWORD Count;
    return Transfer(Pipe->Pipe, Pipe->ReadEvent, FALSE, Bytes, Size, &Count) ? Count : 0;
}

static BOOL WriteAgent(_In_ const AGENT_PIPE *Pipe, _In_reads_(Size) BYTE *Bytes, _In_ DWORD Size)
{
    DWORD Count;
    while (Size) {
        if (!Transfer(Pipe->Pipe, Pipe->WriteEvent, TRUE, Bytes, Size, &Count))
            return FALSE;
        Bytes += Count;
        Size -= Count;
    }
    return TRUE;
}

static BOOL OpenAgent(_In_ PCWSTR Name, _Out_ AGENT_PIPE *Pipe)
{
    /* SECURITY_IDENTIFICATION: whoever serves the pipe learns who we are, and cannot act as us. */
    const DWORD Flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;

    do
        Pipe->Pipe = CreateFileW(Name, GENERIC_READ | FILE_WRITE_DATA | SYNCHRONIZE, 0, NULL,
                                 OPEN_EXISTING, Flags, NULL);
    while (Pipe->Pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY &&
           (WaitNamedPipeW(Name, QREXEC_CONNECT_TIMEOUT_MS) ||
            GetLastError() == ERROR_FILE_NOT_FOUND));
    if (Pipe->Pipe == INVALID_HANDLE_VALUE) {
        Complain("the agent does not answer", GetLastError());
        return FALSE;
    }
    Pipe->ReadEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    Pipe->WriteEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    return Pipe->ReadEvent && Pipe->WriteEvent;
}

static BOOL Ask(_In_ const AGENT_PIPE *Pipe, _In_ const OPTIONS *Options, _Inout_ BYTE *Buffer)
{
    struct qrexec_ident Ident = {""};

    snprintf(Ident.text, sizeof(Ident.text), "RING %u", Options->RingBytes);
    size_t Size = qrexec_put_hello(Buffer, BUFFER_BYTES, QREXEC_VERSION);
    const size_t Request = qrexec_put_trigger(Buffer + Size, BUFFER_BYTES - Size, QREXEC_VERSION,
                                              Options->Target, Options->Service, &Ident);
    if (!Request) {
        fputs("qrexec-client-vm: no such name of a service or a domain can be\n", stderr);
        return FALSE;
    }
    return WriteAgent(Pipe, Buffer, (DWORD)(Size + Request));
}

/* Waits for the daemon's decision. 0: go on, else the exit code. What follows the decision lies at
 * *Bytes, *Count of it. */
static int AwaitDecision(_In_ const AGENT_PIPE *Pipe, _Inout_ BYTE *Buffer,
                         _Out_ const BYTE **Bytes, _Out_ DWORD *Count)
{
    BYTE Body[64];
    struct qrexec_decoder Decoder;
    struct qrexec_control Message = {0};

    qrexec_decoder_init(&Decoder, QREXEC_AT_AGENT, QREXEC_VERSION, Body, sizeof(Body));
    while ((*Count = ReadAgent(Pipe, Buffer, BUFFER_BYTES))) {
        const uint8_t *Next = Buffer;
        size_t Left = *Count;
        enum qrexec_progress Progress;
        while ((Progress = qrexec_decode_control(&Decoder, &Next, &Left, &Message)) ==
               QREXEC_MESSAGE) {
            *Bytes = Next;
            *Count = (DWORD)Left;
            if (Message.type == QREXEC_SERVICE_CONNECT)
                return 0;
            if (Message.type == QREXEC_SERVICE_REFUSED) {
                fputs("Request refused\n", stderr);
                return QREXEC_EXIT_REFUSED;
            }
        }
        if (Progress == QREXEC_FAILED)
            break;
    }
    fputs("qrexec-client-vm: the agent could not make the call\n", stderr);
    return QREXEC_EXIT_PROBLEM;
}

/* --- what goes out */

static BOOL SendData(_Inout_ SENDER *Sender, _Inout_ BYTE *Buffer, _In_ DWORD Size)
{
    struct qrexec_header Header;
    size_t Chunk;

    /* Header and data in one piece: the data lies behind room for the first header, and each
     * further header overwrites data that was sent. */
    for (BYTE *Data = Buffer + sizeof(Header); Size; Data += Chunk, Size -= (DWORD)Chunk) {
        Chunk = qrexec_channel_put_chunk(&Sender->Channel, QREXEC_STDIN, Size, &Header);
        memcpy(Data - sizeof(Header), &Header, sizeof(Header));
        if (!Chunk ||
            !WriteAgent(Sender->Pipe, Data - sizeof(Header), sizeof(Header) + (DWORD)Chunk))
            return FALSE;
    }
    return TRUE;
}

static DWORD WINAPI SendLocalInput(void *Context)
{
    SENDER *const Sender = Context;
    static BYTE Buffer[BUFFER_BYTES];
    DWORD Count;

    for (PCSTR Prefix = Sender->Prefix; Prefix && *Prefix; Prefix += Count) {
        Count = (DWORD)min(strlen(Prefix), 4096);
        memcpy(Buffer + 8, Prefix, Count);
        if (!SendData(Sender, Buffer, Count))
            return 1;
    }
    while (ReadFile(Sender->Input, Buffer + 8, BUFFER_BYTES - 8, &Count, NULL) && Count)
        if (!SendData(Sender, Buffer, Count))
            return 1;
    const size_t End = qrexec_channel_put_end(&Sender->Channel, QREXEC_STDIN, Buffer, BUFFER_BYTES);
    return !WriteAgent(Sender->Pipe, Buffer, (DWORD)End);
}

/* --- the local program */

typedef struct LOCAL {
    HANDLE Process;
    HANDLE Output; /* where the service's stdout goes */
    HANDLE Input;  /* whence the service's stdin comes */
} LOCAL;

static BOOL MakePipe(_Out_ HANDLE *Ours, _Out_ HANDLE *Theirs, _In_ BOOL TheyRead)
{
    HANDLE Read, Write;
    if (!CreatePipe(&Read, &Write, NULL, 262144))
        return FALSE;
    *Ours = TheyRead ? Write : Read;
    *Theirs = TheyRead ? Read : Write;
    return SetHandleInformation(*Theirs, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

static PWSTR LocalCommandLine(_In_ const OPTIONS *Options)
{
    enum { ROOM = 3 * 32767 };
    const PSTR Line = calloc(1, ROOM);
    BOOL Fits = Line != NULL;
    PWSTR Wide = NULL;

    for (int i = 0; i < Options->ProgramCount && Fits; i++) {
        const PSTR Argument = TextToUtf8(Options->Program[i]);
        Fits = Argument && qrexec_append_argument(Line, ROOM, Argument, i == 0);
        free(Argument);
    }
    if (Fits)
        Wide = TextToWide(Line, strlen(Line));
    free(Line);
    return Wide;
}

static BOOL StartLocal(_In_ const OPTIONS *Options, _Out_ LOCAL *Local)
{
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION Process;
    BOOL Started = FALSE;

    const PWSTR CommandLine = LocalCommandLine(Options);
    if (CommandLine && MakePipe(&Local->Output, &Startup.hStdInput, TRUE) &&
        MakePipe(&Local->Input, &Startup.hStdOutput, FALSE)) {
        Startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
        Started =
            CreateProcessW(NULL, CommandLine, NULL, NULL, TRUE, 0, NULL, NULL, &Startup, &Process);
    }
    if (!Started)
        Complain("cannot start the local program", GetLastError());
    free(CommandLine);
    if (Startup.hStdInput)
        CloseHandle(Startup.hStdInput);
    if (Startup.hStdOutput)
        CloseHandle(Startup.hStdOutput);
    if (!Started)
        return FALSE;
    CloseHandle(Process.hThread);
    Local->Process = Process.hProcess;
    return TRUE;
}

/* --- what comes in */

/* Control characters and what is not ASCII could command the terminal that shows them. */
static void Filter(_Inout_ BYTE *Text, _In_ size_t Size)
{
    for (; Size; Text++, Size--)
        if ((*Text < ' ' && *Text != '\n' && *Text != '\r' && *Text != '\t') || *Text > '~')
            *Text = '_';
}

static void WriteAll(_Inout_ HANDLE *To, _In_ const BYTE *Bytes, _In_ size_t Size)
{
    DWORD Count;
    while (*To && Size) {
        if (!WriteFile(*To, Bytes, (DWORD)Size, &Count, NULL))
            *To = NULL; /* its reader is gone: the rest is dropped */
        Bytes += Count;
        Size -= Count;
    }
}

typedef struct RECEIVER {
    AGENT_PIPE *Pipe;
    struct qrexec_channel Channel;
    LOCAL *Local;
    HANDLE Outputs[2];
    BOOL Filters[2];
    SENDER Sender;
} RECEIVER;

static void EndLocalInput(_Inout_ RECEIVER *Receiver)
{
    if (Receiver->Local->Process && Receiver->Local->Output)
        CloseHandle(Receiver->Local->Output);
    Receiver->Local->Output = NULL;
    Receiver->Outputs[0] = NULL;
}

static BOOL Take(_Inout_ RECEIVER *Receiver, _In_ const struct qrexec_arrival *Arrival)
{
    const int Which = Arrival->stream == QREXEC_STDERR;

    switch (Arrival->kind) {
    case QREXEC_GOT_HELLO:
        Receiver->Sender.Channel = Receiver->Channel;
        Receiver->Sender.Pipe = Receiver->Pipe;
        CloseHandle(CreateThread(NULL, 0, SendLocalInput, &Receiver->Sender, 0, NULL));
        return TRUE;
    case QREXEC_GOT_DATA:
        if (Receiver->Filters[Which])
            Filter((BYTE *)Arrival->data, Arrival->size);
        WriteAll(&Receiver->Outputs[Which], Arrival->data, Arrival->size);
        return TRUE;
    case QREXEC_GOT_END:
        if (!Which)
            EndLocalInput(Receiver);
        return TRUE;
    case QREXEC_GOT_EXIT:
        EndLocalInput(Receiver);
        return FALSE;
    }
    return FALSE;
}

/* Until the exit code, which it returns. */
static int Receive(_Inout_ RECEIVER *Receiver, _Inout_ BYTE *Buffer, _In_ const BYTE *Bytes,
                   _In_ DWORD Count)
{
    struct qrexec_arrival Arrival;

    do {
        const uint8_t *Next = Bytes;
        size_t Left = Count;
        enum qrexec_progress Progress;
        while ((Progress = qrexec_channel_receive(&Receiver->Channel, &Next, &Left, &Arrival)) ==
               QREXEC_MESSAGE)
            if (!Take(Receiver, &Arrival))
                return Receiver->Channel.exit_code;
        if (Progress == QREXEC_FAILED)
            break;
        Bytes = Buffer;
    } while ((Count = ReadAgent(Receiver->Pipe, Buffer, BUFFER_BYTES)));
    fprintf(stderr, "qrexec-client-vm: the call broke off: %s\n",
            qrexec_error_text(qrexec_channel_closed(&Receiver->Channel)));
    EndLocalInput(Receiver);
    return QREXEC_EXIT_PROBLEM;
}

static int Call(_In_ const OPTIONS *Options)
{
    static BYTE Buffer[BUFFER_BYTES];
    LOCAL Local = {NULL, GetStdHandle(STD_OUTPUT_HANDLE), GetStdHandle(STD_INPUT_HANDLE)};
    AGENT_PIPE Pipe;
    const BYTE *Bytes;
    DWORD Count, LocalCode = 0;

    if (!OpenAgent(Options->PipeName, &Pipe) || !Ask(&Pipe, Options, Buffer))
        return QREXEC_EXIT_PROBLEM;
    const int Decision = AwaitDecision(&Pipe, Buffer, &Bytes, &Count);
    if (Decision)
        return Decision;
    if (Options->Program && !StartLocal(Options, &Local))
        return QREXEC_EXIT_PROBLEM;
    RECEIVER Receiver = {
        .Pipe = &Pipe,
        .Local = &Local,
        .Outputs = {Local.Output, GetStdHandle(STD_ERROR_HANDLE)},
        .Filters = {Options->FilterStdout > 0, Options->FilterStderr > 0},
        .Sender = {.Input = Local.Input, .Prefix = Options->PrefixData},
    };
    BYTE Hello[16];
    qrexec_channel_init(&Receiver.Channel, QREXEC_CALLER, QREXEC_VERSION, 0);
    const size_t Size = qrexec_channel_put_hello(&Receiver.Channel, Hello, sizeof(Hello));
    if (!WriteAgent(&Pipe, Hello, (DWORD)Size))
        return QREXEC_EXIT_PROBLEM;
    const int RemoteCode = Receive(&Receiver, Buffer, Bytes, Count);
    if (Local.Process) {
        WaitForSingleObject(Local.Process, INFINITE);
        GetExitCodeProcess(Local.Process, &LocalCode);
    }
    return RemoteCode ? RemoteCode : (int)LocalCode;
}

/* --- command line */

static int Usage(_In_ int Code)
{
    fputs("usage: qrexec-client-vm [options] target_vmname service[+argument]"
          " [local_program [arguments]]\n"
          "  --buffer-size=BYTES  room of the channel in each direction (default: 64k)\n"
          "  -t, --filter-escape-chars-stdout  show only printable ASCII of the service's stdout\n"
          "      (default if stdout is a console and no local program is given)\n"
          "  -T, --filter-escape-chars-stderr  the same for stderr\n"
          "  --no-filter-escape-chars-stdout, --no-filter-escape-chars-stderr  do not\n"
          "  -p, --prefix-data=TEXT  send TEXT before the local data\n"
          "  -a, --agent-socket=NAME  named pipe of the agent\n"
          "  -h, --help  this text\n"
          "Linux' --use-stdin-socket is refused: on Windows nobody gives a program a socket as its "
          "stdin.\n",
          Code ? stderr : stdout);
    return Code;
}

static BOOL Buffer(_In_ PCWSTR Value, _Inout_ OPTIONS *Options)
{
    PWSTR End;

    Options->RingBytes = wcstoul(Value, &End, 0);
    return *Value >= L'0' && *Value <= L'9' && !*End && Options->RingBytes <= INT_MAX;
}

static BOOL Prefix(_In_ PCWSTR Value, _Inout_ OPTIONS *Options)
{
    if (Options->PrefixData)
        return FALSE;
    Options->PrefixData = TextToUtf8(Value);
    return Options->PrefixData != NULL;
}

static BOOL Agent(_In_ PCWSTR Value, _Inout_ OPTIONS *Options)
{
    Options->PipeName = Value;
    return TRUE;
}

static const struct {
    PCWSTR Name;
    WCHAR Letter; /* 0: none */
    BOOL (*Take)(_In_ PCWSTR Value, _Inout_ OPTIONS *Options);
} WithValue[] = {
    {L"--buffer-size", 0, Buffer},
    {L"--agent-socket", L'a', Agent},
    {L"--prefix-data", L'p', Prefix},
};

/* "--name=VALUE", "--name VALUE", "-aVALUE" or "-a VALUE", of which *Index may count two. FALSE: no
 * such option, or no such value. */
static BOOL TakeValue(_In_ PWSTR *Arguments, _In_ int Count, _Inout_ int *Index,
                      _Inout_ OPTIONS *Options)
{
    const PCWSTR Argument = Arguments[*Index];

    for (SIZE_T i = 0; i < ARRAYSIZE(WithValue); i++) {
        const SIZE_T Length = wcslen(WithValue[i].Name);
        PCWSTR Value;

        if (!wcsncmp(Argument, WithValue[i].Name, Length) &&
            (!Argument[Length] || Argument[Length] == L'='))
            Value = Argument[Length] ? Argument + Length + 1 : NULL;
        else if (WithValue[i].Letter && Argument[1] == WithValue[i].Letter)
            Value = Argument[2] ? Argument + 2 : NULL;
        else
            continue;
        if (!Value && *Index + 1 < Count)
            Value = Arguments[++*Index];
        return Value && WithValue[i].Take(Value, Options);
    }
    return FALSE;
}

static BOOL TakeLetters(_In_ PCWSTR Letters, _Inout_ OPTIONS *Options)
{
    for (; *Letters; Letters++) {
        if (*Letters == L't')
            Options->FilterStdout = 1;
        else if (*Letters == L'T')
            Options->FilterStderr = 1;
        else
            return FALSE;
    }
    return TRUE;
}

static BOOL TakeOption(_In_ PWSTR *Arguments, _In_ int Count, _Inout_ int *Index,
                       _Inout_ OPTIONS *Options)
{
    const PCWSTR Argument = Arguments[*Index];

    if (!wcscmp(Argument, L"--filter-escape-chars-stdout"))
        Options->FilterStdout = 1;
    else if (!wcscmp(Argument, L"--filter-escape-chars-stderr"))
        Options->FilterStderr = 1;
    else if (!wcscmp(Argument, L"--no-filter-escape-chars-stdout"))
        Options->FilterStdout = 0;
    else if (!wcscmp(Argument, L"--no-filter-escape-chars-stderr"))
        Options->FilterStderr = 0;
    else
        return TakeValue(Arguments, Count, Index, Options) ||
               (Argument[1] != L'-' && TakeLetters(Argument + 1, Options));
    return TRUE;
}

static BOOL IsConsole(_In_ DWORD StdHandle)
{
    DWORD Mode;
    return GetConsoleMode(GetStdHandle(StdHandle), &Mode);
}

int wmain(int Count, PWSTR *Arguments)
{
    OPTIONS Options = {.PipeName = QREXEC_LOCAL_PIPE,
                       .RingBytes = QREXEC_RING_BYTES,
                       .FilterStdout = -1,
                       .FilterStderr = -1};
    int i = 1;

    for (; i < Count && Arguments[i][0] == L'-' && Arguments[i][1]; i++) {
        if (!wcscmp(Arguments[i], L"--")) {
            i++;
            break;
        }
        if (!wcscmp(Arguments[i], L"-h") || !wcscmp(Arguments[i], L"--help"))
            return Usage(0);
        if (!TakeOption(Arguments, Count, &i, &Options))
            return Usage(EXIT_USAGE);
    }
    if (Count - i < 2)
        return Usage(EXIT_USAGE);
    Options.Target = TextToUtf8(Arguments[i]);
    Options.Service = TextToUtf8(Arguments[i + 1]);
    if (!Options.Target || !Options.Service)
        return QREXEC_EXIT_PROBLEM;
    if (!Options.RingBytes)
        Options.RingBytes = QREXEC_RING_BYTES;
    qrexec_sanitise_target(Options.Target);
    qrexec_sanitise_service(Options.Service);
    if (Count - i > 2) {
        Options.Program = Arguments + i + 2;
        Options.ProgramCount = Count - i - 2;
    }
    if (Options.FilterStdout < 0)
        Options.FilterStdout = !Options.Program && IsConsole(STD_OUTPUT_HANDLE);
    if (Options.FilterStderr < 0)
        Options.FilterStderr = IsConsole(STD_ERROR_HANDLE);
    const UINT Code = (UINT)Call(&Options);
    fflush(stderr);
    /* Also while the second thread still reads, which no one can stop in every case. */
    TerminateProcess(GetCurrentProcess(), Code);
    return 0;
}
