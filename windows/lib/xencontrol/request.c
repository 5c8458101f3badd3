/* SPDX-License-Identifier: BSD-2-Clause */
/* One I/O request to the driver, from its issue to its completion; see request.h. */
#include "request.h"

enum { SMALL_BUFFER_SIZE = 64 }; /* holds the buffers of everything but strings and page lists */

static SIZE_T AlignUp(_In_ SIZE_T Size)
{
    return (Size + 7) & ~(SIZE_T)7;
}

void RequestPoolInit(XC_REQUEST_POOL *Pool)
{
    InitializeSRWLock(&Pool->Lock);
    Pool->Free = NULL;
}

static void RequestFree(_In_ XC_REQUEST *Request)
{
    CloseHandle(Request->Overlapped.hEvent);
    HeapFree(GetProcessHeap(), 0, Request);
}

void RequestPoolDestroy(XC_REQUEST_POOL *Pool)
{
    XC_REQUEST *Request;

    while ((Request = Pool->Free) != NULL) {
        Pool->Free = Request->NextFree;
        RequestFree(Request);
    }
}

static XC_REQUEST *RequestCreate(_In_ SIZE_T BufferSize)
{
    XC_REQUEST *Request =
        HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*Request) + BufferSize);

    if (Request == NULL)
        return NULL;
    Request->BufferSize = BufferSize;
    Request->Overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (Request->Overlapped.hEvent == NULL) {
        HeapFree(GetProcessHeap(), 0, Request);
        return NULL;
    }
    return Request;
}

XC_REQUEST *RequestTake(XC_REQUEST_POOL *Pool, SIZE_T InSize, SIZE_T OutSize)
{
    XC_REQUEST *Request = NULL;
    SIZE_T BufferSize;

    if (InSize > MAXLONG || OutSize > MAXLONG)
        return NULL;
    BufferSize = AlignUp(InSize) + AlignUp(OutSize);
    if (BufferSize <= SMALL_BUFFER_SIZE) {
        BufferSize = SMALL_BUFFER_SIZE;
        AcquireSRWLockExclusive(&Pool->Lock);
        Request = Pool->Free;
        if (Request != NULL)
            Pool->Free = Request->NextFree;
        ReleaseSRWLockExclusive(&Pool->Lock);
    }
    if (Request == NULL)
        Request = RequestCreate(BufferSize);
    if (Request == NULL)
        return NULL;
    Request->In = Request + 1;
    Request->Out = (BYTE *)Request->In + AlignUp(InSize);
    Request->InSize = (ULONG)InSize;
    Request->OutSize = (ULONG)OutSize;
    return Request;
}

void RequestGive(XC_REQUEST_POOL *Pool, XC_REQUEST *Request)
{
    if (Request->BufferSize != SMALL_BUFFER_SIZE) {
        RequestFree(Request);
        return;
    }
    AcquireSRWLockExclusive(&Pool->Lock);
    Request->NextFree = Pool->Free;
    Pool->Free = Request;
    ReleaseSRWLockExclusive(&Pool->Lock);
}

DWORD RequestSend(HANDLE Device, ULONG Code, XC_REQUEST *Request)
{
    if (DeviceIoControl(Device, Code, Request->InSize != 0 ? Request->In : NULL, Request->InSize,
                        Request->OutSize != 0 ? Request->Out : NULL, Request->OutSize, NULL,
                        &Request->Overlapped))
        return ERROR_SUCCESS;
    return GetLastError();
}

DWORD RequestWait(HANDLE Device, XC_REQUEST *Request, ULONG *Returned)
{
    *Returned = 0;
    return GetOverlappedResult(Device, &Request->Overlapped, Returned, TRUE) ? ERROR_SUCCESS
                                                                             : GetLastError();
}

DWORD RequestRun(HANDLE Device, ULONG Code, XC_REQUEST *Request, ULONG *Returned)
{
    DWORD Error = RequestSend(Device, Code, Request);

    *Returned = 0;
    if (Error != ERROR_SUCCESS && Error != ERROR_IO_PENDING)
        return Error;
    return RequestWait(Device, Request, Returned);
}
