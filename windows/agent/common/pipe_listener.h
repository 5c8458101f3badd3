/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instance of a service's pipe that waits for the next local program. When one came, its pipe
 * is the service's, and another instance waits, as long as the service has room. Loop thread only.
 */
#pragma once

#include "windows/agent/common/loop.h"
#include "windows/agent/common/pipe_io.h"

typedef struct PIPE_LISTENER {
    PCWSTR Name;
    DWORD Bytes;       /* of room in the pipe, each way */
    PIPE_IO Waiting;   /* its Pipe is NULL: nobody listens */
    ULONGLONG RetryAt; /* GetTickCount64() units: listening failed, next try; 0: it did not */
} PIPE_LISTENER;

void ListenerInit(_Out_ PIPE_LISTENER *Listener, _In_ PCWSTR Name, _In_ DWORD Bytes,
                  _In_ HANDLE IoEvent);
/* Listens. First: no program of ours has a pipe of this name, so nobody else may have made it.
 * ERROR_SUCCESS or why not; ListenerStep() tries again. */
DWORD ListenerOpen(_Inout_ PIPE_LISTENER *Listener, _In_ BOOL First);
/* TRUE: something was done. *Client: the pipe of a program that came, the caller's to close; NULL:
 * none now. HasRoom: one more may come. */
BOOL ListenerStep(_Inout_ PIPE_LISTENER *Listener, _In_ BOOL HasRoom, _In_ BOOL First,
                  _Inout_ LINK_LOOP *Loop, _Out_ HANDLE *Client);
void ListenerClose(_Inout_ PIPE_LISTENER *Listener);
