/* SPDX-License-Identifier: BSD-2-Clause */
/* See pipe_listener.h. */
#include <string.h>
#include "windows/agent/common/log.h"
#include "windows/agent/common/pipe_listener.h"

enum { RETRY_MS = 1000 };

void ListenerInit(_Out_ PIPE_LISTENER *Listener, _In_ PCWSTR Name, _In_ DWORD Bytes,
                  _In_ HANDLE IoEvent)
{
    memset(Listener, 0, sizeof(*Listener));
    Listener->Name = Name;
    Listener->Bytes = Bytes;
    PipeIoInit(&Listener->Waiting, NULL, IoEvent);
}

DWORD ListenerOpen(_Inout_ PIPE_LISTENER *Listener, _In_ BOOL First)
{
    PIPE_IO *const Waiting = &Listener->Waiting;
    const HANDLE Pipe = PipeInstance(Listener->Name, First, Listener->Bytes);

    if (Pipe == INVALID_HANDLE_VALUE) {
        const DWORD Error = GetLastError();
        if (!Listener->RetryAt)
            LogError(Error, "cannot listen for local clients; trying again");
        Listener->RetryAt = GetTickCount64() + RETRY_MS;
        return Error;
    }
    Listener->RetryAt = 0;
    PipeIoInit(Waiting, Pipe, Waiting->Io.hEvent);
    /* The request of ConnectNamedPipe is polled as a read of nothing. */
    if (!ConnectNamedPipe(Pipe, &Waiting->Io) && GetLastError() == ERROR_IO_PENDING)
        Waiting->Busy = TRUE;
    return ERROR_SUCCESS;
}

BOOL ListenerStep(_Inout_ PIPE_LISTENER *Listener, _In_ BOOL HasRoom, _In_ BOOL First,
                  _Inout_ LINK_LOOP *Loop, _Out_ HANDLE *Client)
{
    PIPE_IO *const Waiting = &Listener->Waiting;
    DWORD Count;

    *Client = NULL;
    if (Waiting->Pipe) {
        if (Waiting->Busy && PipePoll(Waiting, &Count) == PipePending)
            return FALSE;
        *Client = Waiting->Pipe;
        Waiting->Pipe = NULL;
        return TRUE;
    }
    if (!HasRoom)
        return FALSE;
    if (GetTickCount64() >= Listener->RetryAt && ListenerOpen(Listener, First) == ERROR_SUCCESS)
        return TRUE;
    LoopWakeBy(Loop, Listener->RetryAt);
    return FALSE;
}

void ListenerClose(_Inout_ PIPE_LISTENER *Listener)
{
    DWORD Count;

    if (!Listener->Waiting.Pipe)
        return;
    PipeCancel(&Listener->Waiting, &Count);
    CloseHandle(Listener->Waiting.Pipe);
    Listener->Waiting.Pipe = NULL;
}
