/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One I/O request to the driver, from its issue to its completion. The request owns everything the
 * kernel may write to or read from meanwhile: the OVERLAPPED, the event and both buffers. It is
 * given back only when RequestWait() returned, or when it was never pending.
 */
#ifndef XENCONTROL_REQUEST_H
#define XENCONTROL_REQUEST_H

#include <windows.h>

typedef struct _XC_REQUEST {
    OVERLAPPED Overlapped; /* hEvent is the request's own */
    struct _XC_REQUEST *NextFree;
    SIZE_T BufferSize; /* what both buffers together may have */
    PVOID In, Out;     /* 8-byte aligned */
    ULONG InSize, OutSize;
} XC_REQUEST;

/* Small requests are kept for the next call: a notification costs no allocation and no new event.
 */
typedef struct _XC_REQUEST_POOL {
    SRWLOCK Lock;
    XC_REQUEST *Free;
} XC_REQUEST_POOL;

void RequestPoolInit(_Out_ XC_REQUEST_POOL *Pool);
/* Every request was given back before. */
void RequestPoolDestroy(_Inout_ XC_REQUEST_POOL *Pool);

/* Buffers of these sizes, content undefined; NULL when there is no memory or the sizes do not fit
 * into the ULONGs of an IOCTL. */
XC_REQUEST *RequestTake(_Inout_ XC_REQUEST_POOL *Pool, _In_ SIZE_T InSize, _In_ SIZE_T OutSize);
void RequestGive(_Inout_ XC_REQUEST_POOL *Pool, _In_ XC_REQUEST *Request);

/* ERROR_SUCCESS: completed; ERROR_IO_PENDING: RequestWait() must follow; others: it failed. */
DWORD RequestSend(_In_ HANDLE Device, _In_ ULONG Code, _Inout_ XC_REQUEST *Request);
/* Waits for the end of a request that was sent. Returned: bytes of output. */
DWORD RequestWait(_In_ HANDLE Device, _Inout_ XC_REQUEST *Request, _Out_ ULONG *Returned);
/* Send and wait. */
DWORD RequestRun(_In_ HANDLE Device, _In_ ULONG Code, _Inout_ XC_REQUEST *Request,
                 _Out_ ULONG *Returned);

#endif
