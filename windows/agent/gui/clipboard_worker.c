/* SPDX-License-Identifier: BSD-2-Clause */
/* See clipboard_worker.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/clipboard_worker.h"
#include "windows/agent/common/clipboard.h"
#include "windows/agent/common/log.h"

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
    AcquireSRWLockExclusive(&Worker->Worker.Lock);
    free(Worker->Text);
    Worker->Text = Text;
    Worker->TextBytes = Bytes;
    ReleaseSRWLockExclusive(&Worker->Worker.Lock);
    SetEvent(Worker->Worker.Done);
}

static DWORD WINAPI Work(_In_ PVOID Context)
{
    CLIPBOARD_WORKER *const Worker = Context;

    while (WorkerNext(&Worker->Worker)) {
        AcquireSRWLockExclusive(&Worker->Worker.Lock);
        const PSTR Text = Worker->Write;
        const SIZE_T Bytes = Worker->WriteBytes;
        const BOOL Read = Worker->Read;
        Worker->Write = NULL;
        Worker->Read = FALSE;
        ReleaseSRWLockExclusive(&Worker->Worker.Lock);
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
    return WorkerOpen(&Worker->Worker, Work, Worker);
}

void ClipboardWorkerClose(_Inout_ CLIPBOARD_WORKER *Worker)
{
    if (!WorkerClose(&Worker->Worker))
        return;
    free(Worker->Write);
    free(Worker->Text);
}

void ClipboardWorkerRead(_Inout_ CLIPBOARD_WORKER *Worker)
{
    AcquireSRWLockExclusive(&Worker->Worker.Lock);
    Worker->Read = TRUE;
    ReleaseSRWLockExclusive(&Worker->Worker.Lock);
    SetEvent(Worker->Worker.Wake);
}

void ClipboardWorkerWrite(_Inout_ CLIPBOARD_WORKER *Worker, _In_reads_(Bytes) const BYTE *Text,
                          _In_ SIZE_T Bytes)
{
    const PSTR Copy = malloc(Bytes + 1);

    if (!Copy)
        return;
    memcpy(Copy, Text, Bytes);
    Copy[Bytes] = 0;
    AcquireSRWLockExclusive(&Worker->Worker.Lock);
    free(Worker->Write);
    Worker->Write = Copy;
    Worker->WriteBytes = Bytes;
    ReleaseSRWLockExclusive(&Worker->Worker.Lock);
    SetEvent(Worker->Worker.Wake);
}

PSTR ClipboardWorkerTake(_Inout_ CLIPBOARD_WORKER *Worker, _Out_ SIZE_T *Bytes)
{
    AcquireSRWLockExclusive(&Worker->Worker.Lock);
    const PSTR Text = Worker->Text;
    *Bytes = Worker->TextBytes;
    Worker->Text = NULL;
    ReleaseSRWLockExclusive(&Worker->Worker.Lock);
    return Text;
}
