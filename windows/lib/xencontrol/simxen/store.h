/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session's connection to XenStore: the domain's socket, which speaks the wire protocol. Any
 * thread asks, one at a time; the session's thread reads, hands each answer to the thread that
 * waits for it and sets the events of watches. When the connection breaks, every call from then on
 * fails with ERROR_GEN_FAILURE.
 */
#ifndef XENCONTROL_STORE_H
#define XENCONTROL_STORE_H

#include <windows.h>

#include "core/xen/xs_wire.h"

typedef struct _XC_WATCH {
    struct _XC_WATCH *Next;
    ULONG64 Token;
    HANDLE Event; /* our duplicate */
    CHAR Path[];
} XC_WATCH;

typedef struct _XC_STORE {
    int Socket;
    SRWLOCK Turn; /* one question at a time; guards LastRequest, LastToken */
    ULONG LastRequest;
    ULONG64 LastToken;

    /* The answer, passed between the threads: 0 nobody asks, 1 awaited, 2 there, 3 broken. */
    UINT32 Answered;
    struct xs_header Answer;
    CHAR AnswerText[XS_PAYLOAD_MAX_BYTES + 1]; /* NUL behind the payload */

    SRWLOCK WatchLock;
    XC_WATCH *Watches;
    struct xs_assembler Input; /* the reading thread's */
} XC_STORE;

/* dir/dom<Domain>/xenbus. Returns a negative Linux errno when it cannot be reached. */
int StoreOpen(_Out_ XC_STORE *Store, _In_z_ const CHAR *Directory, _In_ ULONG Domain);
void StoreClose(_Inout_ XC_STORE *Store);

/* One question. Parts are joined to the payload. The answer stays in Store->AnswerText, of
 * Store->Answer.length_bytes bytes, until StoreDone(), which must follow whatever the result. */
typedef struct _XC_PART {
    const void *Bytes;
    SIZE_T Size;
} XC_PART;
DWORD StoreAsk(_Inout_ XC_STORE *Store, _In_ enum xs_type Type,
               _In_reads_(Count) const XC_PART *Parts, _In_ ULONG Count);
void StoreDone(_Inout_ XC_STORE *Store);

DWORD StoreAddWatch(_Inout_ XC_STORE *Store, _In_z_ const CHAR *Path, _In_ HANDLE Event,
                    _Outptr_ PVOID *Watch);
DWORD StoreRemoveWatch(_Inout_ XC_STORE *Store, _In_ PVOID Watch);

/* The reading thread: the socket is readable. FALSE: the connection is broken. */
BOOL StoreReceive(_Inout_ XC_STORE *Store);

#endif
