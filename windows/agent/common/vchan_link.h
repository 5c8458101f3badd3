/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vchan on the loop: coming up within a time limit, moving what it can, and ending after the
 * last byte. Peers are asked to wake us only in the loop's last round, not while it goes round.
 * Loop thread only.
 */
#pragma once

#include "include/libvchan.h"
#include "windows/agent/common/loop.h"

typedef enum LINK_STATE {
    LinkNone,
    LinkConnecting, /* the other side is not there yet */
    LinkOpen,
    LinkEnded, /* the other side is gone; what it wrote may still be read */
    LinkFailed /* it never came: its domain is gone, or the time limit passed */
} LINK_STATE;

typedef struct VCHAN_LINK {
    libvchan_t *Vchan;
    LINK_STATE State;
    BOOL Client;
    BOOL PeerIsGuest; /* it may be destroyed without a word: looked at every few seconds */
    LINK_LOOP *Loop;
    ULONG SignalsSeen;  /* a client's: Loop->Signals at its last try to join */
    ULONGLONG Deadline; /* GetTickCount64() units; 0: none */
    const BYTE *Out;    /* part of a message not written yet; its memory is the owner's */
    DWORD OutLeft;
} VCHAN_LINK;

/* TimeLimitMs 0: waits for ever. FALSE: the vchan could not be made. */
BOOL LinkServe(_Out_ VCHAN_LINK *Link, _In_ LINK_LOOP *Loop, _In_ DWORD Domain, _In_ DWORD Port,
               _In_ DWORD RingBytes, _In_ DWORD TimeLimitMs);
BOOL LinkConnect(_Out_ VCHAN_LINK *Link, _In_ LINK_LOOP *Loop, _In_ DWORD Domain, _In_ DWORD Port,
                 _In_ DWORD TimeLimitMs);
/* Data written before stays readable for the other side. */
void LinkClose(_Inout_ VCHAN_LINK *Link);

/* Looks at the vchan; TRUE: the state changed. */
BOOL LinkPoll(_Inout_ VCHAN_LINK *Link);
/* What the other side did to the ring that ended it; NULL: nothing. */
PCSTR LinkFault(_In_ const VCHAN_LINK *Link);
/* Bytes read; 0: none now (and when State is LinkEnded: none any more). */
DWORD LinkRead(_Inout_ VCHAN_LINK *Link, _Out_writes_(Size) void *Buffer, _In_ DWORD Size);
/* Makes these the bytes to write; only when OutLeft is 0. */
void LinkSend(_Inout_ VCHAN_LINK *Link, _In_ const void *Bytes, _In_ DWORD Size);
/* Writes what there is room for; TRUE: some was written. */
BOOL LinkFlush(_Inout_ VCHAN_LINK *Link);
