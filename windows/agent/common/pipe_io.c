/* SPDX-License-Identifier: BSD-2-Clause */
/* See pipe_io.h. */
#include <string.h>
#include "windows/agent/common/pipe_io.h"
#include <sddl.h>

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

HANDLE PipeInstance(_In_ PCWSTR Name, _In_ BOOL First, _In_ DWORD Bytes)
{
    static const WCHAR Access[] = L"D:P(D;;GA;;;NU)(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;OW)"
                                  L"(A;;0x12019b;;;AU)"; /* all but FILE_CREATE_PIPE_INSTANCE */
    SECURITY_ATTRIBUTES Security = {sizeof(Security), NULL, FALSE};

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(Access, SDDL_REVISION_1,
                                                              &Security.lpSecurityDescriptor, NULL))
        return INVALID_HANDLE_VALUE;
    const HANDLE Pipe = CreateNamedPipeW(Name,
                                         PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED |
                                             (First ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
                                         PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
                                         PIPE_UNLIMITED_INSTANCES, Bytes, Bytes, 0, &Security);
    const DWORD Error = GetLastError();
    LocalFree(Security.lpSecurityDescriptor);
    SetLastError(Error);
    return Pipe;
}
