/* SPDX-License-Identifier: BSD-2-Clause */
/* See clipboard_worker.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/clipboard_worker.h"
#include "windows/agent/common/clipboard.h"
#include "windows/agent/common/log.h"

enum { END_LIMIT_MS = 2000 };

static void WriteIt(_In_ PSTR Text, _In_ SIZE_T Bytes)
{
    const DWORD Error = ClipboardWrite(Text, Bytes);

    if (Error)
        LogError(Error, "the host's clipboard could not be taken over");
    free(Text);
}

static void ReadIt(_Inout_ CLIPBOARD_WORKER *Worker)
{
    PSTR Text = NULL;
    SIZE_T Bytes = 0;
    const DWORD Error = ClipboardRead(&Text, &Bytes);

    if (Error) {
        LogError(Error, "the clipboard could not be read for the host");
        Text = calloc(1, 1);
        Bytes = 0;
    }
    AcquireSRWLockExclusive(&Worker->Lock);
    free(Worker->Text);
    Worker->Text = Text;
    Worker->TextBytes = Bytes;
    ReleaseSRWLockExclusive(&Worker->Lock);
    SetEvent(Worker->Done);
}

static DWORD WINAPI Work(_In_ PVOID Context)
{
    CLIPBOARD_WORKER *const Worker = Context;

    while (WaitForSingleObject(Worker->Wake, INFINITE) == WAIT_OBJECT_0 && !Worker->End) {
        AcquireSRWLockExclusive(&Worker->Lock);
        const PSTR Text = Worker->Write;
        const SIZE_T Bytes = Worker->WriteBytes;
        const BOOL Read = Worker->Read;
        Worker->Write = NULL;
        Worker->Read = FALSE;
        ReleaseSRWLockExclusive(&Worker->Lock);
        if (Text)
            WriteIt(Text, Bytes);
        if (Read)
            ReadIt(Worker);
    }
    return 0;
}

BOOL ClipboardWorkerOpen(_Out_ CLIPBOARD_WORKER *Worker)
{
    memset(Worker, 0, sizeof(*Worker));
    InitializeSRWLock(&Worker->Lock);
    Worker->Wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    Worker->Done = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (Worker->Wake && Worker->Done)
        Worker->Thread = CreateThread(NULL, 0, Work, Worker, 0, NULL);
    return Worker->Thread != NULL;
}

void ClipboardWorkerClose(_Inout_ CLIPBOARD_WORKER *Worker)
{
    BOOL Ended = TRUE;

    if (Worker->Thread) {
        Worker->End = TRUE;
        SetEvent(Worker->Wake);
        Ended = WaitForSingleObject(Worker->Thread, END_LIMIT_MS) == WAIT_OBJECT_0;
        CloseHandle(Worker->Thread);
    }
    if (!Ended)
        return; /* the clipboard's owner holds it up; it ends with the process */
    if (Worker->Wake)
        CloseHandle(Worker->Wake);
    if (Worker->Done)
        CloseHandle(Worker->Done);
    free(Worker->Write);
    free(Worker->Text);
}

void ClipboardWorkerRead(_Inout_ CLIPBOARD_WORKER *Worker)
{
    AcquireSRWLockExclusive(&Worker->Lock);
    Worker->Read = TRUE;
    ReleaseSRWLockExclusive(&Worker->Lock);
    SetEvent(Worker->Wake);
}

void ClipboardWorkerWrite(_Inout_ CLIPBOARD_WORKER *Worker, _In_reads_(Bytes) const BYTE *Text,
                          _In_ SIZE_T Bytes)
{
    const PSTR Copy = malloc(Bytes + 1);

    if (!Copy)
        return;
    memcpy(Copy, Text, Bytes);
    Copy[Bytes] = 0;
    AcquireSRWLockExclusive(&Worker->Lock);
    free(Worker->Write);
    Worker->Write = Copy;
    Worker->WriteBytes = Bytes;
    ReleaseSRWLockExclusive(&Worker->Lock);
    SetEvent(Worker->Wake);
}

PSTR ClipboardWorkerTake(_Inout_ CLIPBOARD_WORKER *Worker, _Out_ SIZE_T *Bytes)
{
    AcquireSRWLockExclusive(&Worker->Lock);
    const PSTR Text = Worker->Text;
    *Bytes = Worker->TextBytes;
    Worker->Text = NULL;
    ReleaseSRWLockExclusive(&Worker->Lock);
    return Text;
}
