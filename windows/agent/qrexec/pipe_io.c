/* SPDX-License-Identifier: BSD-2-Clause */
/* See pipe_io.h. */
#include <stdio.h>
#include <string.h>
#include "windows/agent/qrexec/blocks.h"
#include "windows/agent/qrexec/pipe_io.h"

/* Room in the pipe: a block, so that the child works while one travels. */
enum { CHILD_PIPE_BYTES = BLOCK_DATA_BYTES };

void PipeIoInit(_Out_ PIPE_IO *Io, _In_ HANDLE Pipe, _In_ HANDLE SharedEvent)
{
    memset(Io, 0, sizeof(*Io));
    Io->Pipe = Pipe;
    Io->Io.hEvent = SharedEvent;
}

static PIPE_RESULT Started(_Inout_ PIPE_IO *Io, _In_ BOOL Done, _Out_ DWORD *Count)
{
    if (Done)
        return GetOverlappedResult(Io->Pipe, &Io->Io, Count, FALSE) ? PipeDone : PipeEnded;
    *Count = 0;
    if (GetLastError() != ERROR_IO_PENDING)
        return PipeEnded;
    Io->Busy = TRUE;
    return PipePending;
}

PIPE_RESULT PipeRead(_Inout_ PIPE_IO *Io, _Out_writes_(Size) void *Buffer, _In_ DWORD Size,
                     _Out_ DWORD *Count)
{
    return Started(Io, ReadFile(Io->Pipe, Buffer, Size, NULL, &Io->Io), Count);
}

PIPE_RESULT PipeWrite(_Inout_ PIPE_IO *Io, _In_reads_(Size) const void *Buffer, _In_ DWORD Size,
                      _Out_ DWORD *Count)
{
    return Started(Io, WriteFile(Io->Pipe, Buffer, Size, NULL, &Io->Io), Count);
}

PIPE_RESULT PipePoll(_Inout_ PIPE_IO *Io, _Out_ DWORD *Count)
{
    *Count = 0;
    if (!HasOverlappedIoCompleted(&Io->Io))
        return PipePending;
    Io->Busy = FALSE;
    return GetOverlappedResult(Io->Pipe, &Io->Io, Count, FALSE) ? PipeDone : PipeEnded;
}

PIPE_RESULT PipeCancel(_Inout_ PIPE_IO *Io, _Out_ DWORD *Count)
{
    *Count = 0;
    if (!Io->Busy)
        return PipeEnded;
    CancelIoEx(Io->Pipe, &Io->Io);
    /* Not GetOverlappedResult(wait): it would wait for the shared event. */
    while (!HasOverlappedIoCompleted(&Io->Io))
        WaitForSingleObject(Io->Io.hEvent, INFINITE);
    SetEvent(Io->Io.hEvent); /* it may have been another's */
    return PipePoll(Io, Count);
}

DWORD PipeAvailable(_In_ const PIPE_IO *Io)
{
    DWORD Available = 0;
    PeekNamedPipe(Io->Pipe, NULL, 0, NULL, &Available, NULL);
    return Available;
}

DWORD PipeForChild(_In_ BOOL ChildReads, _Out_ HANDLE *Ours, _Out_ HANDLE *Childs)
{
    static volatile LONG Serial;
    SECURITY_ATTRIBUTES Inherit = {sizeof(Inherit), NULL, TRUE};
    WCHAR Name[80];

    *Ours = *Childs = NULL;
    swprintf(Name, sizeof(Name) / sizeof(*Name), L"\\\\.\\pipe\\casement-qrexec-%lx-%lx-%llx",
             GetCurrentProcessId(), InterlockedIncrement(&Serial),
             (unsigned long long)GetTickCount64());
    const HANDLE Server =
        CreateNamedPipeW(Name,
                         (ChildReads ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND) |
                             FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                         PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, CHILD_PIPE_BYTES,
                         CHILD_PIPE_BYTES, 0, NULL);
    if (Server == INVALID_HANDLE_VALUE)
        return GetLastError();
    /* One instance: should anybody else have opened it in between, this fails. */
    const HANDLE Client = CreateFileW(Name,
                                      ChildReads ? GENERIC_READ | FILE_WRITE_ATTRIBUTES
                                                 : GENERIC_WRITE | FILE_READ_ATTRIBUTES,
                                      0, &Inherit, OPEN_EXISTING, 0, NULL);
    if (Client == INVALID_HANDLE_VALUE) {
        const DWORD Error = GetLastError();
        CloseHandle(Server);
        return Error;
    }
    *Ours = Server;
    *Childs = Client;
    return ERROR_SUCCESS;
}
