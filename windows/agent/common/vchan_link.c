/* SPDX-License-Identifier: BSD-2-Clause */
/* See vchan_link.h. */
#include <string.h>
#include "windows/agent/common/vchan_link.h"

static BOOL Begin(_Inout_ VCHAN_LINK *Link, _In_opt_ libvchan_t *Vchan, _In_ DWORD TimeLimitMs)
{
    Link->Vchan = Vchan;
    Link->State = Vchan ? LinkConnecting : LinkFailed;
    Link->Deadline = TimeLimitMs ? GetTickCount64() + TimeLimitMs : 0;
    if (Vchan)
        libvchan_set_blocking(Vchan, false);
    return Vchan != NULL;
}

BOOL LinkServe(_Out_ VCHAN_LINK *Link, _In_ LINK_LOOP *Loop, _In_ DWORD Domain, _In_ DWORD Port,
               _In_ DWORD RingBytes, _In_ DWORD TimeLimitMs)
{
    memset(Link, 0, sizeof(*Link));
    Link->Loop = Loop;
    Link->PeerIsGuest = Domain != 0;
    return Begin(Link,
                 libvchan_server_init_on(Loop->Event, (int)Domain, (int)Port, RingBytes, RingBytes),
                 TimeLimitMs);
}

BOOL LinkConnect(_Out_ VCHAN_LINK *Link, _In_ LINK_LOOP *Loop, _In_ DWORD Domain, _In_ DWORD Port,
                 _In_ DWORD TimeLimitMs)
{
    memset(Link, 0, sizeof(*Link));
    Link->Loop = Loop;
    Link->Client = TRUE;
    Link->PeerIsGuest = Domain != 0;
    Link->SignalsSeen = Loop->Signals - 1;
    return Begin(Link, libvchan_client_init_on(Loop->Event, (int)Domain, (int)Port), TimeLimitMs);
}

void LinkClose(_Inout_ VCHAN_LINK *Link)
{
    if (Link->Vchan)
        libvchan_close(Link->Vchan);
    memset(Link, 0, sizeof(*Link));
}

/* A try asks xenstore, which keeps the whole loop waiting: not before there can be news. */
static BOOL MayJoin(_Inout_ VCHAN_LINK *Link)
{
    Link->Loop->Joining = TRUE;
    if (Link->SignalsSeen == Link->Loop->Signals)
        return FALSE;
    Link->SignalsSeen = Link->Loop->Signals;
    return TRUE;
}

static LINK_STATE PollConnecting(_Inout_ VCHAN_LINK *Link)
{
    if (Link->Client) {
        const int Result =
            MayJoin(Link) ? libvchan_client_init_async_finish(Link->Vchan, false) : 1;
        if (Result < 0)
            return LinkFailed;
        if (Result == 0)
            return LinkOpen;
    } else {
        const int Open = libvchan_is_open(Link->Vchan);
        if (Open == VCHAN_CONNECTED)
            return LinkOpen;
        if (Open == VCHAN_DISCONNECTED) /* came and went; it may have left data */
            return LinkEnded;
    }
    if (!Link->Deadline)
        return LinkConnecting;
    if (GetTickCount64() >= Link->Deadline)
        return LinkFailed;
    LoopWakeBy(Link->Loop, Link->Deadline);
    return LinkConnecting;
}

BOOL LinkPoll(_Inout_ VCHAN_LINK *Link)
{
    const LINK_STATE Before = Link->State;

    if (Link->State == LinkConnecting)
        Link->State = PollConnecting(Link);
    else if (Link->State == LinkOpen && libvchan_is_open(Link->Vchan) != VCHAN_CONNECTED)
        Link->State = LinkEnded;
    if (Link->State == LinkOpen && Link->PeerIsGuest && Link->Loop->AskForWakeUp)
        LoopWakeBy(Link->Loop, GetTickCount64() + LIBVCHAN_PEER_LOOK_MS);
    return Link->State != Before;
}

PCSTR LinkFault(_In_ const VCHAN_LINK *Link)
{
    return Link->Vchan ? libvchan_fault(Link->Vchan) : NULL;
}

/* No more than is there: reading less than was asked would ask the peer to wake us. */
DWORD LinkRead(_Inout_ VCHAN_LINK *Link, _Out_writes_(Size) void *Buffer, _In_ DWORD Size)
{
    if (Link->State != LinkOpen && Link->State != LinkEnded)
        return 0;
    const int Ready = Link->Loop->AskForWakeUp ? libvchan_data_ready(Link->Vchan)
                                               : libvchan_data_now(Link->Vchan);
    if (Ready <= 0)
        return 0;
    const int Count = libvchan_read(Link->Vchan, Buffer, min(Size, (DWORD)Ready));
    return Count > 0 ? (DWORD)Count : 0;
}

void LinkSend(_Inout_ VCHAN_LINK *Link, _In_ const void *Bytes, _In_ DWORD Size)
{
    Link->Out = Bytes;
    Link->OutLeft = Size;
}

BOOL LinkFlush(_Inout_ VCHAN_LINK *Link)
{
    BOOL Wrote = FALSE;

    if (Link->State == LinkEnded)
        Link->OutLeft = 0; /* nobody will read it */
    while (Link->State == LinkOpen && Link->OutLeft) {
        const int Room = Link->Loop->AskForWakeUp ? libvchan_buffer_space(Link->Vchan)
                                                  : libvchan_space_now(Link->Vchan);
        if (Room <= 0)
            break;
        const int Count = libvchan_write(Link->Vchan, Link->Out, min(Link->OutLeft, (DWORD)Room));
        if (Count <= 0)
            break;
        Link->Out += Count;
        Link->OutLeft -= (DWORD)Count;
        Wrote = TRUE;
    }
    return Wrote;
}
