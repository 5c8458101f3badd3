/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vchan on the loop: coming up within a time limit, moving what it can, and ending after the
 * last byte. Loop thread only.
 */
#pragma once

#include <windows.h>
#include "include/libvchan.h"

typedef enum LINK_STATE {
    LinkNone,
    LinkConnecting, /* the other side is not there yet */
    LinkOpen,
    LinkEnded, /* the other side is gone; what it wrote may still be read */
    LinkFailed /* it never came: its domain is gone, or the time limit passed */
} LINK_STATE;

/* What of the loop its links need. Peers are asked to wake us only while AskForWakeUp is set:
 * before the loop waits, not while it goes round. */
typedef struct LINK_LOOP {
    HANDLE Event; /* auto-reset: any vchan */
    BOOL AskForWakeUp;
    BOOL Joining;           /* a client was not joined yet, in this round or the one before */
    ULONG Signals;          /* how often Event was found set */
    ULONGLONG NextDeadline; /* GetTickCount64() units; 0: none. The loop clears it for each round */
} LINK_LOOP;

typedef struct VCHAN_LINK {
    libvchan_t *Vchan;
    LINK_STATE State;
    BOOL Client;
    LINK_LOOP *Loop;
    ULONG SignalsSeen;  /* a client's: Loop->Signals at its last try to join */
    ULONGLONG Deadline; /* GetTickCount64() units; 0: none */
    const BYTE *Out;    /* part of a message not written yet; its memory is the owner's */
    DWORD OutLeft;
} VCHAN_LINK;

/* The loop is not to wait beyond Deadline (not 0). */
void LoopWakeBy(_Inout_ LINK_LOOP *Loop, _In_ ULONGLONG Deadline);

/* At the beginning of each round: was Event set? */
void LoopBeginRound(_Inout_ LINK_LOOP *Loop);

/* TimeLimitMs 0: waits for ever. FALSE: the vchan could not be made. */
BOOL LinkServe(_Out_ VCHAN_LINK *Link, _In_ LINK_LOOP *Loop, _In_ DWORD Domain, _In_ DWORD Port,
               _In_ DWORD RingBytes, _In_ DWORD TimeLimitMs);
BOOL LinkConnect(_Out_ VCHAN_LINK *Link, _In_ LINK_LOOP *Loop, _In_ DWORD Domain, _In_ DWORD Port,
                 _In_ DWORD TimeLimitMs);
/* Data written before stays readable for the other side. */
void LinkClose(_Inout_ VCHAN_LINK *Link);

/* Looks at the vchan; TRUE: the state changed. */
BOOL LinkPoll(_Inout_ VCHAN_LINK *Link);
/* Bytes read; 0: none now (and when State is LinkEnded: none any more). */
DWORD LinkRead(_Inout_ VCHAN_LINK *Link, _Out_writes_(Size) void *Buffer, _In_ DWORD Size);
/* Makes these the bytes to write; only when OutLeft is 0. */
void LinkSend(_Inout_ VCHAN_LINK *Link, _In_ const void *Bytes, _In_ DWORD Size);
/* Writes what there is room for; TRUE: some was written. */
BOOL LinkFlush(_Inout_ VCHAN_LINK *Link);
