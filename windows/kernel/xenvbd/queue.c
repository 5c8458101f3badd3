/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue with its lock. Requests are completed, and the backend notified, when the lock has been
 * let go: StorPort may send the next request from within a completion.
 */
#include "adapter.h"

enum { NO_EVENT, EVENT };

/* What a turn at a queue left to do. */
typedef struct _TURN {
    BOOLEAN Notify;
    enum blk_fault Fault;
    struct blk_request *Done; /* a list by next */
} TURN, *PTURN;

/* The lock is held. */
static VOID Turn(_In_ PVBD_QUEUE Queue, _In_ int Event, _Out_ PTURN Turn)
{
    struct blk_request *Request, **Link = &Turn->Done;

    Turn->Fault = Event == EVENT ? blk_queue_event(&Queue->Core, NowMs()) : BLK_NO_FAULT;
    Turn->Notify = blk_queue_push(&Queue->Core, NowMs());
    while ((Request = blk_queue_done(&Queue->Core)) != NULL) {
        *Link = Request;
        Link = &Request->next;
    }
    *Link = NULL;
}

static VOID Finish(_In_ PVBD_QUEUE Queue, _In_ const TURN *Turn)
{
    struct blk_request *Next;
    PVBD_ADAPTER Adapter = Queue->Adapter;

    for (struct blk_request *Request = Turn->Done; Request; Request = Next) {
        Next = Request->next; /* the request goes with its completion */
        RequestDone(Adapter, CONTAINING_RECORD(Request, VBD_REQUEST, Core));
    }
    if (Turn->Fault)
        DiskFault(Adapter, Turn->Fault);
}

/* The lock is held: the channel is not closed before the queue was detached under it. */
static VOID Notify(_In_ PVBD_QUEUE Queue, _In_ const TURN *Turn)
{
    if (Turn->Notify)
        (VOID) CALL(&Queue->Adapter->Services, Evtchn, Send, Queue->Channel);
}

PVBD_QUEUE QueueLock(_In_ PVBD_ADAPTER Adapter, _Out_ PKIRQL Irql)
{
    for (;;) {
        ULONG Count = (ULONG)Adapter->QueueCount;
        PVBD_QUEUE Queue = &Adapter->Queues[KeGetCurrentProcessorNumberEx(NULL) % Count];

        KeAcquireSpinLock(&Queue->Lock, Irql);
        if (Queue < &Adapter->Queues[Adapter->QueueCount])
            return Queue;
        KeReleaseSpinLock(&Queue->Lock, *Irql); /* a new connection has fewer queues */
    }
}

VOID QueueUnlock(_In_ PVBD_QUEUE Queue, _In_ KIRQL Irql, _In_opt_ struct blk_request *Request)
{
    TURN Left;

    if (!Request) {
        KeReleaseSpinLock(&Queue->Lock, Irql);
        return;
    }
    blk_queue_submit(&Queue->Core, Request);
    Turn(Queue, NO_EVENT, &Left);
    Notify(Queue, &Left);
    KeReleaseSpinLock(&Queue->Lock, Irql);
    Finish(Queue, &Left);
}

static VOID TakeTurn(_In_ PVBD_QUEUE Queue, _In_ int Event)
{
    TURN Left;
    KIRQL Irql;

    KeAcquireSpinLock(&Queue->Lock, &Irql);
    Turn(Queue, Event, &Left);
    Notify(Queue, &Left);
    KeReleaseSpinLock(&Queue->Lock, Irql);
    Finish(Queue, &Left);
}

VOID NTAPI QueueEvent(_In_opt_ PVOID Argument)
{
    TakeTurn(Argument, EVENT);
}

VOID QueuePush(_In_ PVBD_QUEUE Queue)
{
    TakeTurn(Queue, NO_EVENT);
}

VOID QueuesFail(_In_ PVBD_ADAPTER Adapter)
{
    for (ULONG i = 0; i < Adapter->QueuesMade; i++) {
        PVBD_QUEUE Queue = &Adapter->Queues[i];
        TURN Left;
        KIRQL Irql;

        KeAcquireSpinLock(&Queue->Lock, &Irql);
        blk_queue_fail(&Queue->Core, BLK_FAILED);
        Turn(Queue, NO_EVENT, &Left);
        KeReleaseSpinLock(&Queue->Lock, Irql);
        Finish(Queue, &Left);
    }
}
