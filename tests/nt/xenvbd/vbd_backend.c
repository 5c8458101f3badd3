/* SPDX-License-Identifier: BSD-2-Clause */
/* dom0's side of vbd_bus.h: states, rings, a disk in memory. */
#include "vbd_bus.h"
#include "vbd_backend.h"
#include "windows/kernel/xenbus/hypercall.h"

#include "harness.h"
#include "model/fault.h"
#include "model/machine.h"
#include "model/sched.h"

enum { QUEUES = 8 };

static struct {
    BOOLEAN Attached;
    struct blk_wire_ring *Ring;
    ULONG Entries, Cons, Prod, Port;
} Queues[QUEUES];
static ULONG QueueCount;
static UCHAR Platter[VBD_BUS_SECTORS * 512];
static KEVENT Wake, Gone;
static BOOLEAN Ending;
static BOOLEAN Polling; /* all else stands still: no lock is needed, and none allowed */

static PUCHAR Page(ULONG Reference)
{
    return Polling ? VbdBusPage(Reference) : VbdBusMap(Reference);
}

/* --- Text. */

static PCSTR Decimal(ULONG Number)
{
    static CHAR Text[12];
    CHAR *At = Text + sizeof(Text) - 1;

    *At = 0;
    do
        *--At = (CHAR)('0' + Number % 10);
    while (Number /= 10);
    return At;
}

static ULONG NumberOf(PCSTR Text)
{
    ULONG Number = 0;

    for (; Text && *Text >= '0' && *Text <= '9'; Text++)
        Number = Number * 10 + (ULONG)(*Text - '0');
    return Number;
}

VOID VbdBackendSet(PCSTR Node, PCSTR Value)
{
    VbdBusSet(VBD_BACK, Node, Value);
}

PCSTR VbdBackendGet(PCSTR Node)
{
    return VbdBusGet(VBD_BACK, Node);
}

PCSTR VbdFrontGet(PCSTR Node)
{
    return VbdBusGet(VBD_FRONT, Node);
}

/* --- States. */

static VOID Offer(VOID)
{
    VbdBackendSet("multi-queue-max-queues", Decimal(VbdBus.QueuesMax));
    VbdBackendSet("max-ring-page-order", Decimal(VbdBus.RingOrderMax));
    VbdBackendSet("feature-persistent", "1");
    VbdBackendSet("feature-flush-cache", VbdBus.NoFlush ? "0" : "1");
    VbdBackendSet("feature-discard", "1");
    VbdBackendSet("feature-max-indirect-segments", "256");
    VbdBackendSet("state", VbdBus.NoOffer ? "1" : "2");
}

static VOID Name(PSTR Out, ULONG Queue, PCSTR Node, ULONG Page, BOOLEAN Numbered)
{
    Out[0] = 0;
    if (QueueCount > 1) {
        strcpy(Out, "queue-");
        strcpy(Out + strlen(Out), Decimal(Queue));
        strcpy(Out + strlen(Out), "/");
    }
    strcpy(Out + strlen(Out), Node);
    if (Numbered)
        strcpy(Out + strlen(Out), Decimal(Page));
}

static VOID AttachQueue(ULONG Queue, ULONG Order)
{
    CHAR Node[48];
    PUCHAR First = NULL;

    for (ULONG i = 0; i < 1u << Order; i++) {
        PUCHAR Bytes;
        Name(Node, Queue, "ring-ref", i, Order > 0);
        Bytes = VbdBusMap(NumberOf(VbdFrontGet(Node)));
        CHECK(Bytes != NULL);
        if (i == 0)
            First = Bytes;
        CHECK(Bytes == First + i * PAGE_SIZE); /* side by side in this machine's memory too */
    }
    Name(Node, Queue, "event-channel", 0, FALSE);
    Queues[Queue].Port = NumberOf(VbdFrontGet(Node));
    Queues[Queue].Ring = (struct blk_wire_ring *)First;
    Queues[Queue].Entries = blk_wire_ring_entries(Order);
    Queues[Queue].Cons = Queues[Queue].Prod = 0;
    Queues[Queue].Attached = TRUE;
}

static VOID Connect(VOID)
{
    ULONG Order = NumberOf(VbdFrontGet("ring-page-order"));

    CHECK(strcmp(VbdFrontGet("protocol"), "x86_64-abi") == 0);
    QueueCount =
        VbdFrontGet("multi-queue-num-queues") ? NumberOf(VbdFrontGet("multi-queue-num-queues")) : 1;
    CHECK(QueueCount >= 1 && QueueCount <= VbdBus.QueuesMax && Order <= VbdBus.RingOrderMax);
    for (ULONG i = 0; i < QueueCount; i++)
        AttachQueue(i, Order);
    VbdBus.Connects++;
    VbdBackendSet("sectors", Decimal(VbdBus.Sectors));
    VbdBackendSet("sector-size", VbdBus.SectorSize ? VbdBus.SectorSize : "512");
    VbdBackendSet("physical-sector-size", "4096");
    VbdBackendSet("info", Decimal((VbdBus.ReadOnly ? 4u : 0) | (VbdBus.Cdrom ? 1u : 0)));
    VbdBackendSet("state", "4");
}

static VOID Detach(VOID)
{
    for (ULONG i = 0; i < QUEUES; i++)
        Queues[i].Attached = FALSE;
    if (!VbdBus.KeepsMapped)
        VbdBusUnmapAll();
}

VOID VbdBackendFollow(PCSTR Node)
{
    ULONG State;

    if (strcmp(Node, "state") != 0 || VbdBus.Stubborn)
        return;
    State = NumberOf(VbdFrontGet("state"));
    if (State == 3) {
        Connect();
    } else if (State == 5) {
        VbdBackendSet("state", "5");
    } else if (State == 6) {
        Detach();
        VbdBackendSet("state", "6");
    } else if (State == 1) {
        Offer();
    }
}

/* What Linux's backend does when a frontend that was Closed looks at it again: it waits. */
VOID VbdBackendForget(VOID)
{
    for (ULONG i = 0; i < QUEUES; i++)
        Queues[i].Attached = FALSE;
    VbdBusSet(VBD_FRONT, "state", "1");
    Offer();
}

/* --- Requests. */

static int Move(const struct blk_wire_segment *Segment, uint64_t *Sector, BOOLEAN Write)
{
    PUCHAR Bytes = Page(Segment->ref);
    ULONG Count = Segment->last_sector - Segment->first_sector + 1u;

    if (!Bytes || Segment->last_sector >= 8 || Segment->first_sector > Segment->last_sector ||
        *Sector + Count > VbdBus.Sectors)
        return BLK_WIRE_ERROR;
    if (Write)
        memcpy(Platter + *Sector * 512, Bytes + Segment->first_sector * 512, Count * 512);
    else
        memcpy(Bytes + Segment->first_sector * 512, Platter + *Sector * 512, Count * 512);
    *Sector += Count;
    return BLK_WIRE_OKAY;
}

static int Transfer(const union blk_wire_request *Request)
{
    BOOLEAN Indirect = Request->rw.operation == BLK_WIRE_INDIRECT;
    UCHAR Operation = Indirect ? Request->indirect.indirect_operation : Request->rw.operation;
    ULONG Count = Indirect ? Request->indirect.segment_count : Request->rw.segment_count;
    const struct blk_wire_segment *Segments = Request->rw.segments;
    uint64_t Sector = Indirect ? Request->indirect.sector : Request->rw.sector;

    if (Indirect)
        Segments = (const struct blk_wire_segment *)Page(Request->indirect.refs[0]);
    if (!Segments || Count == 0 || Count > (Indirect ? 256 : BLK_WIRE_SEGMENTS) ||
        (Operation == BLK_WIRE_WRITE && VbdBus.ReadOnly))
        return BLK_WIRE_ERROR;
    if (Operation == BLK_WIRE_WRITE)
        VbdBus.Writes++;
    else
        VbdBus.Reads++;
    for (ULONG i = 0; i < Count; i++)
        if (Move(&Segments[i], &Sector, Operation == BLK_WIRE_WRITE) != BLK_WIRE_OKAY)
            return BLK_WIRE_ERROR;
    return BLK_WIRE_OKAY;
}

static int Serve(const union blk_wire_request *Request)
{
    VbdBus.Requests++;
    if (VbdBus.FailNext > 0) {
        VbdBus.FailNext--;
        return BLK_WIRE_ERROR;
    }
    switch (Request->rw.operation) {
    case BLK_WIRE_READ:
    case BLK_WIRE_WRITE:
    case BLK_WIRE_INDIRECT:
        return Transfer(Request);
    case BLK_WIRE_FLUSH:
        VbdBus.Flushes++;
        return VbdBus.FlushLies ? BLK_WIRE_NOT_SUPPORTED : BLK_WIRE_OKAY;
    case BLK_WIRE_DISCARD:
        VbdBus.Discards++;
        memset(Platter + Request->discard.sector * 512, 0, Request->discard.sector_count * 512);
        return BLK_WIRE_OKAY;
    }
    return BLK_WIRE_NOT_SUPPORTED;
}

static struct blk_wire_response AnswerTo(const union blk_wire_request *Request)
{
    struct blk_wire_response Answer = {
        .id = Request->rw.id, /* at one place in all of them */
        .operation = Request->rw.operation == BLK_WIRE_INDIRECT
                         ? Request->indirect.indirect_operation
                         : Request->rw.operation,
    };

    if (!VbdBus.Hook || !VbdBus.Hook(Request, &Answer))
        Answer.status = (int16_t)Serve(Request);
    return Answer;
}

/* TRUE: the frontend wants to be told. */
static BOOLEAN Respond(ULONG Queue, const struct blk_wire_response *Answer)
{
    struct blk_wire_ring *Ring = Queues[Queue].Ring;

    Ring->entries[Queues[Queue].Prod & (Queues[Queue].Entries - 1)].response = *Answer;
    Queues[Queue].Prod++;
    __atomic_store_n(&Ring->response_prod, Queues[Queue].Prod, __ATOMIC_RELEASE);
    return Queues[Queue].Prod == __atomic_load_n(&Ring->response_event, __ATOMIC_SEQ_CST);
}

/* One request of a queue; FALSE: there is none. */
static BOOLEAN ServeOne(ULONG Queue, PBOOLEAN Tell)
{
    struct blk_wire_ring *Ring = Queues[Queue].Ring;
    union blk_wire_request Request;
    struct blk_wire_response Answer;

    if (!Queues[Queue].Attached || VbdBus.Mute)
        return FALSE;
    Ring->request_event = Queues[Queue].Cons + 1;
    if (Queues[Queue].Cons == __atomic_load_n(&Ring->request_prod, __ATOMIC_SEQ_CST))
        return FALSE;
    Request = Ring->entries[Queues[Queue].Cons++ & (Queues[Queue].Entries - 1)].request;
    Answer = AnswerTo(&Request);
    *Tell |= Respond(Queue, &Answer);
    return TRUE;
}

static VOID ServeAll(BOOLEAN Fire)
{
    for (ULONG i = 0; i < QUEUES; i++) {
        BOOLEAN Tell = FALSE;

        while (ServeOne(i, &Tell)) {
            if (Fire && Tell && sched_random(3) == 0) { /* some together, some alone */
                VbdBusFire(Queues[i].Port);
                Tell = FALSE;
            }
        }
        if (Fire && Tell)
            VbdBusFire(Queues[i].Port);
    }
}

VOID VbdBackendPoll(VOID)
{
    Polling = TRUE;
    ServeAll(FALSE);
    Polling = FALSE;
}

VOID VbdBackendLie(const struct blk_wire_response *Response, ULONG Produced)
{
    struct blk_wire_ring *Ring = Queues[0].Ring;

    if (Response)
        Ring->entries[Queues[0].Prod & (Queues[0].Entries - 1)].response = *Response;
    Queues[0].Prod += Produced;
    Ring->response_prod = Queues[0].Prod;
    VbdBusFire(Queues[0].Port);
}

/* --- The thread. */

VOID VbdBackendNotify(VOID)
{
    (VOID) KeSetEvent(&Wake, IO_NO_INCREMENT, FALSE);
}

VOID VbdBackendWake(VOID)
{
    VbdBackendNotify();
}

static VOID NTAPI Run(PVOID Context)
{
    while (!Ending) {
        (VOID) KeWaitForSingleObject(&Wake, Executive, KernelMode, FALSE, NULL);
        ServeAll(TRUE);
    }
    KeSetEvent(&Gone, IO_NO_INCREMENT, FALSE);
}

VOID VbdBackendBegin(VOID)
{
    VbdBus.Disk = Platter;
    if (!VbdBus.Sectors)
        VbdBus.Sectors = VBD_BUS_SECTORS;
    for (ULONG i = 0; i < sizeof(Platter); i++)
        Platter[i] = (UCHAR)(i / 512 * 7 + i);
    KeInitializeEvent(&Wake, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Gone, NotificationEvent, FALSE);
    VbdBusSet(VBD_FRONT, "backend", VBD_BACK);
    VbdBusSet(VBD_FRONT, "backend-id", Decimal(VBD_BACKEND_DOMAIN));
    VbdBusSet(VBD_FRONT, "state", "1");
    Offer();
    thread_create("dom0", Run, NULL, NULL)->of_model = true;
}

VOID VbdBackendEnd(VOID)
{
    Ending = TRUE;
    VbdBackendNotify();
    (VOID) KeWaitForSingleObject(&Gone, Executive, KernelMode, FALSE, NULL);
}

/* --- The hypervisor, for the one thing that a dump asks of it. */

NTSTATUS XenHypercallInitialize(VOID)
{
    return STATUS_SUCCESS;
}

LONG_PTR XenHypercall(ULONG Number, ULONG_PTR A1, ULONG_PTR A2, ULONG_PTR A3, ULONG_PTR A4,
                      ULONG_PTR A5)
{
    CHECK(Polling || KeGetCurrentIrql() == HIGH_LEVEL);
    VbdBus.DumpSends++;
    return 0;
}
