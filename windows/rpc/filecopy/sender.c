/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filecopy-sender.exe: the local program of a call to qubes.Filecopy. Writes the stream to stdout
 * and reads the result from stdin; progress goes to stderr while it runs. Exit code is the errno
 * (Linux's number) of the result, or of what went wrong here.
 *
 *   qrexec-client-vm TARGET qubes.Filecopy filecopy-sender.exe [--ignore-symlinks] [--quiet]
 * PATH...
 *
 * A second thread reads the result, because the receiver may refuse at a time when this end is
 * blocked in writing.
 */
#include "core/filecopy/name.h"
#include "windows/rpc/filecopy/linuxerror.h"
#include "windows/rpc/filecopy/outgoing.h"

#include <stdio.h>
#include <string.h>

typedef struct _SEND {
    OUTGOING Outgoing;
    struct fc_result_reader Reader; /* the reading thread's until it has ended */
    volatile LONG Ended;            /* all is sent: the main thread takes the result */
    volatile LONG ReaderEnds;       /* the reading thread has only to return */
} SEND, *PSEND;

static VOID Say(_In_z_ PCSTR What, _In_z_ PCSTR Middle, _In_z_ PCSTR Name, _In_ enum fc_error Error)
{
    CHAR Text[FC_NAME_LIMIT + 512];
    DWORD Written;
    int Length = snprintf(Text, sizeof(Text), "filecopy: %s%s%s (error %d)\n", What,
                          Name[0] != '\0' ? Middle : "", Name, (int)Error);

    WriteFile(GetStdHandle(STD_ERROR_HANDLE), Text, (DWORD)Length, &Written, NULL);
}

static VOID ReportRefusal(_Inout_ struct fc_result_reader *Reader, _In_ enum fc_error Error)
{
    CHAR What[128];

    snprintf(What, sizeof(What), "the receiver says: %s",
             Error == FC_EBADMSG ? "what arrived is not what was sent (checksum)"
                                 : fc_error_text(Error));
    Say(What, ", last name ", fc_result_name(Reader), Error);
}

static DWORD WINAPI ReadResult(_In_ PVOID Context)
{
    PSEND Send = Context;
    enum fc_result_state State = FC_RESULT_WAITING;
    BYTE Bytes[512];
    DWORD Size;

    while (State != FC_RESULT_COMPLETE &&
           ReadFile(GetStdHandle(STD_INPUT_HANDLE), Bytes, sizeof(Bytes), &Size, NULL) && Size > 0)
        State = fc_result_feed(&Send->Reader, Bytes, Size);
    if (Send->Reader.have >= FC_RESULT_SIZE && Send->Reader.result.error != 0 &&
        InterlockedCompareExchange(&Send->Ended, 0, 0) == 0) {
        /* The main thread may be blocked in a write that nobody will read. */
        ReportRefusal(&Send->Reader, (enum fc_error)Send->Reader.result.error);
        ExitProcess(Send->Reader.result.error);
    }
    InterlockedExchange(&Send->ReaderEnds, 1);
    return 0;
}

static enum fc_error SendAll(_Inout_ POUTGOING Outgoing, _In_ PWSTR *Paths)
{
    enum fc_error Error = FC_OK;

    for (; *Paths != NULL && Error == FC_OK; Paths++)
        Error = OutgoingSend(Outgoing, *Paths);
    return Error == FC_OK ? OutgoingEnd(Outgoing) : Error;
}

static int Usage(VOID)
{
    static const CHAR Text[] = "usage: filecopy-sender [--ignore-symlinks] [--quiet] PATH...\n";
    DWORD Written;

    WriteFile(GetStdHandle(STD_ERROR_HANDLE), Text, sizeof(Text) - 1, &Written, NULL);
    return FC_EINVAL;
}

/* Returns the first path, or NULL. */
static PWSTR *ReadOptions(_Inout_ POUTGOING Outgoing, _In_ PWSTR *Arguments)
{
    DWORD ConsoleMode;

    Outgoing->ShowProgress = TRUE;
    Outgoing->IsConsole = GetConsoleMode(GetStdHandle(STD_ERROR_HANDLE), &ConsoleMode);
    for (; *Arguments != NULL && wcsncmp(*Arguments, L"--", 2) == 0; Arguments++) {
        if (wcscmp(*Arguments, L"--ignore-symlinks") == 0)
            Outgoing->IgnoreLinks = TRUE;
        else if (wcscmp(*Arguments, L"--quiet") == 0)
            Outgoing->ShowProgress = FALSE;
        else if (wcscmp(*Arguments, L"--") == 0)
            return Arguments[1] != NULL ? Arguments + 1 : NULL;
        else
            return NULL;
    }
    return *Arguments != NULL ? Arguments : NULL;
}

int wmain(int Count, PWSTR Arguments[])
{
    PSEND Send = VirtualAlloc(NULL, sizeof(*Send), MEM_COMMIT, PAGE_READWRITE);
    enum fc_error Error, Verdict;
    PWSTR *Paths;
    HANDLE Thread;

    if (Send == NULL)
        return FC_ENOMEM;
    OutgoingInit(&Send->Outgoing, GetStdHandle(STD_OUTPUT_HANDLE));
    fc_result_init(&Send->Reader);
    Paths = Count > 1 ? ReadOptions(&Send->Outgoing, Arguments + 1) : NULL;
    if (Paths == NULL)
        return Usage();
    Thread = CreateThread(NULL, 0, ReadResult, Send, 0, NULL);
    if (Thread == NULL)
        return LinuxLastError();
    Error = SendAll(&Send->Outgoing, Paths);
    if (Error != FC_OK && !Send->Outgoing.StreamBroken) {
        fc_make_printable(Send->Outgoing.Name);
        Say(Send->Outgoing.Problem, ": ", Send->Outgoing.Name, Error);
        /* The reading thread may be waiting for ever; but Wine dislikes an end of the process in
         * the middle of the end of a thread. */
        if (InterlockedCompareExchange(&Send->ReaderEnds, 0, 0) != 0)
            WaitForSingleObject(Thread, INFINITE);
        ExitProcess((UINT)Error);
    }
    InterlockedExchange(&Send->Ended, 1);
    WaitForSingleObject(Thread, INFINITE);
    CloseHandle(Thread);
    Verdict = fc_sender_verdict(&Send->Outgoing.Sender, &Send->Reader, Error == FC_OK);
    if (Verdict == FC_OK)
        OutgoingShowEnd(&Send->Outgoing);
    else
        ReportRefusal(&Send->Reader, Verdict);
    return (int)Verdict;
}
