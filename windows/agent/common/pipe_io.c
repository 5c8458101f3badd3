/* SPDX-License-Identifier: BSD-2-Clause */
/* See pipe_io.h. */
#include <string.h>
#include "windows/agent/common/pipe_io.h"

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
