/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One direction of an overlapped pipe: at most one request in flight, its buffer lent by the
 * owner. All requests of the loop share one event, which starting a request clears. So whoever
 * starts one must look at all the others again before it waits; the loops of the agents do (they
 * wait only after a round in which nothing happened). Loop thread only.
 */
#pragma once

#include <windows.h>

typedef struct PIPE_IO {
    HANDLE Pipe; /* the owner's; NULL: none, or ended */
    OVERLAPPED Io;
    BOOL Busy; /* a request is in flight; its buffer must stay */
} PIPE_IO;

typedef enum PIPE_RESULT {
    PipePending, /* nothing yet */
    PipeDone,    /* *Count bytes were moved */
    PipeEnded,   /* the other end is closed, or the request failed; GetLastError() says which */
} PIPE_RESULT;

void PipeIoInit(_Out_ PIPE_IO *Io, _In_ HANDLE Pipe, _In_ HANDLE SharedEvent);
PIPE_RESULT PipeRead(_Inout_ PIPE_IO *Io, _Out_writes_(Size) void *Buffer, _In_ DWORD Size,
                     _Out_ DWORD *Count);
PIPE_RESULT PipeWrite(_Inout_ PIPE_IO *Io, _In_reads_(Size) const void *Buffer, _In_ DWORD Size,
                      _Out_ DWORD *Count);
/* Of the request in flight. */
PIPE_RESULT PipePoll(_Inout_ PIPE_IO *Io, _Out_ DWORD *Count);
/* Takes the request in flight back: PipeDone when it was done before, else PipeEnded. */
PIPE_RESULT PipeCancel(_Inout_ PIPE_IO *Io, _Out_ DWORD *Count);

/* Bytes that a read would get at once. */
DWORD PipeAvailable(_In_ const PIPE_IO *Io);

/* An instance of a pipe for programs of this machine: byte stream, both ways, overlapped, Bytes of
 * room each way. SYSTEM and administrators may do everything; who is logged on reads and writes,
 * but makes no instances, with which one could pose as the server; the network gets nothing. First:
 * the name must not be in use, because who made it first has its rights and would share our
 * clients. INVALID_HANDLE_VALUE on failure. */
HANDLE PipeInstance(_In_ PCWSTR Name, _In_ BOOL First, _In_ DWORD Bytes);
