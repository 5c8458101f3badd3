/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile neighbours of the NT kernel's glue, a machine for each seed: a xenstored that says
 * anything, in pieces and out of order, and changes the ring's indexes; peers that fire all ports
 * at all times and map and unmap granted pages. Each request is completed once, nobody waits longer
 * than the time limit, nothing is read or written outside of its buffer (ASan), nothing leaks.
 */
#include <ntddk.h>

#include "platform.h"

#include "evtchn.h"
#include "gnttab.h"
#include "store.h"
#include "suspend.h"
#include "harness.h"
#include "model/fault.h"
#include "model/sched.h"

#include <core/xen/xs_wire.h>

static struct xen_store_page store_page __attribute__((aligned(4096)));
static LONG DebugRequests;

/* --- A xenstored that says anything. */

static uint32_t asked; /* number of the newest request seen */

static void put(const void *bytes, ULONG length)
{
    const uint8_t *from = bytes;

    for (; length && store_page.rsp_prod - store_page.rsp_cons < XEN_STORE_RING_BYTES; length--)
        store_page.rsp[store_page.rsp_prod++ % XEN_STORE_RING_BYTES] = *from++;
}

static void put_answer(uint32_t type, const void *payload, ULONG length)
{
    uint8_t head[XS_HEADER_BYTES];
    struct xs_header header = {.type = type, .request = asked, .length_bytes = length};

    xs_header_write(head, &header);
    put(head, sizeof(head));
    put(payload, length);
}

/* Takes what there is; a header at the beginning of a request is likely to be one. */
static void take_requests(void)
{
    struct xs_header header;
    uint8_t head[XS_HEADER_BYTES];

    if (store_page.req_prod - store_page.req_cons > XEN_STORE_RING_BYTES)
        return;
    while (store_page.req_prod - store_page.req_cons >= XS_HEADER_BYTES) {
        for (ULONG i = 0; i < sizeof(head); i++)
            head[i] = store_page.req[(store_page.req_cons + i) % XEN_STORE_RING_BYTES];
        xs_header_read(&header, head);
        asked = header.request;
        if (store_page.req_prod - store_page.req_cons < XS_HEADER_BYTES + header.length_bytes) {
            store_page.req_cons = store_page.req_prod;
            return;
        }
        store_page.req_cons += XS_HEADER_BYTES + header.length_bytes;
    }
}

static void say_anything(void)
{
    static const char *const texts[] = {"ENOENT", "E2BIG", "EAGAIN", "OK", "12", "n0", "", "x"};
    static const uint8_t types[] = {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 22, 99};
    uint8_t bytes[64];
    const char *text = texts[sched_random(RTL_NUMBER_OF(texts))];

    switch (sched_random(12)) {
    case 0:
        for (ULONG i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)sched_random(256);
        put(bytes, sched_random(sizeof(bytes)));
        break;
    case 1:
        put_answer(types[sched_random(sizeof(types))], NULL, 0);
        break;
    case 2:
        put_answer(22, "7\0aa\0bb", 8);
        break;
    case 3:
        put_answer(15, "data\00000000000", 14); /* an event of watch 0, perhaps */
        break;
    case 4:
        if (sched_random(20) == 0)
            store_page.rsp_prod += sched_random(5000);
        break;
    case 5:
        if (sched_random(20) == 0)
            store_page.req_cons -= sched_random(5000);
        break;
    case 6: /* silence */
        break;
    default:
        put_answer(sched_random(2) ? 16 : types[sched_random(sizeof(types))], text,
                   (ULONG)strlen(text) + 1);
        break;
    }
}

static void notified(void)
{
    take_requests();
    for (ULONG i = sched_random(3); i; i--)
        say_anything();
    platform_fire(PLATFORM_STORE_PORT);
}

typedef struct _WAITER {
    PXENBUS_STORE_REQUEST Request;
    volatile LONG Completions;
    char Answer[8];
} WAITER;

static VOID NTAPI OnCompleted(_In_opt_ PVOID Argument, _In_ NTSTATUS Status, _In_ ULONG Length)
{
    WAITER *Waiter = Argument;

    CHECK(!NT_SUCCESS(Status) || Length <= sizeof(Waiter->Answer));
    CHECK_EQ(InterlockedIncrement(&Waiter->Completions), 1);
}

static VOID NTAPI OnWatch(_In_opt_ PVOID Argument, _In_ PCSTR Path)
{
    CHECK(strlen(Path) < XEN_STORE_PAYLOAD_MAX_BYTES);
}

static void begin_store(void)
{
    platform_init();
    platform.parts.Debug = (PXENBUS_DEBUG)&DebugRequests;
    RtlZeroMemory(&store_page, sizeof(store_page));
    platform_store_page = &store_page;
}

NT_TEST(a_xenstored_that_says_anything, .cpus = 2, .seeds = 150)
{
    enum { REQUESTS = 20 };
    WAITER *waiters = ExAllocatePoolWithTag(NonPagedPoolNx, REQUESTS * sizeof(WAITER), 'tseT');
    XENBUS_STORE_WATCH *watch = NULL;
    ULONG length;

    RtlZeroMemory(waiters, REQUESTS * sizeof(WAITER));
    begin_store();
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
    CHECK_EQ(StoreCreate(&platform.parts, &platform.parts.Store), STATUS_SUCCESS);
    platform_store_notified = notified;
    for (ULONG i = 0; i < REQUESTS; i++) {
        XENBUS_STORE_COMMAND command = {
            .Operation = (XENBUS_STORE_OPERATION)sched_random(XENBUS_STORE_BEGIN + 1),
            .Node = "data/x",
            .Value = "\5\0\1\0\6\0\2\0",
            .ValueLength = 8,
            .Answer = waiters[i].Answer,
            .AnswerRoom = sizeof(waiters[i].Answer)};
        switch (sched_random(4)) {
        case 0:
            if (!watch)
                (VOID) StoreAddWatch(&platform.parts, "data", "w", OnWatch, NULL, &watch);
            break;
        case 1:
            command.AnswerRoom = sched_random(sizeof(waiters[i].Answer) + 1);
            (VOID) StoreExecute(&platform.parts, &command, 20, &length);
            break;
        default:
            if (StoreSubmit(&platform.parts, &command, OnCompleted, &waiters[i],
                            &waiters[i].Request) != STATUS_PENDING)
                waiters[i].Completions = 1;
            break;
        }
    }
    if (watch)
        StoreRemoveWatch(&platform.parts, watch);
    StoreDestroy(platform.parts.Store); /* completes what is left */
    for (ULONG i = 0; i < REQUESTS; i++)
        CHECK_EQ(waiters[i].Completions, waiters[i].Request != NULL || waiters[i].Completions);
    platform_store_notified = NULL;
    EvtchnDestroy(platform.parts.Evtchn);
    platform_check_nothing_left();
    ExFreePoolWithTag(waiters, 'tseT');
}

/* xenstored never answers: the synchronous calls have a time limit, and so has the end. */
NT_TEST(a_xenstored_that_is_silent, .cpus = 2, .seeds = 10)
{
    XENBUS_STORE_COMMAND command = {.Operation = XENBUS_STORE_WRITE, .Node = "data/x"};
    PXENBUS_STORE_WATCH watch;
    ULONGLONG start;

    begin_store();
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
    CHECK_EQ(StoreCreate(&platform.parts, &platform.parts.Store), STATUS_SUCCESS);
    start = KeQueryInterruptTime();
    CHECK_EQ(StoreExecute(&platform.parts, &command, 500, NULL), STATUS_IO_TIMEOUT);
    CHECK(KeQueryInterruptTime() - start < 6000000);
    CHECK_EQ(StoreAddWatch(&platform.parts, NULL, "data", OnWatch, NULL, &watch),
             STATUS_IO_TIMEOUT);
    CHECK(watch == NULL);
    StoreDestroy(platform.parts.Store);
    EvtchnDestroy(platform.parts.Evtchn);
    platform_check_nothing_left();
}

/* --- Not hostile, but as dangerous: the ring is a new one, and we do not know it yet. */

static VOID NTAPI BetweenResumeAndReconnect(_In_opt_ PVOID Argument)
{
    PXENBUS_STORE_REQUEST request;

    (VOID) StoreSubmit(&platform.parts, Argument, OnCompleted,
                       ((XENBUS_STORE_COMMAND *)Argument)->Answer, &request);
    sched_settle();
    CHECK_EQ(store_page.req_prod, 0); /* not the rest of an old message, and no new one */
}

NT_TEST(nothing_is_written_between_resume_and_reconnect, .cpus = 2, .seeds = 20)
{
    static UCHAR value[3000];
    WAITER first = {NULL}, second = {NULL};
    XENBUS_STORE_COMMAND long_write = {.Operation = XENBUS_STORE_WRITE,
                                       .Node = "data/x",
                                       .Value = value,
                                       .ValueLength = sizeof(value)},
                         other = {
                             .Operation = XENBUS_STORE_MKDIR, .Node = "data/y", .Answer = &second};
    PXENBUS_SUSPEND_HANDLE handle;

    begin_store();
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
    CHECK_EQ(StoreCreate(&platform.parts, &platform.parts.Store), STATUS_SUCCESS);
    CHECK_EQ(SuspendRegister(&platform.parts, XenbusSuspendLate, 1, BetweenResumeAndReconnect,
                             &other, &handle),
             STATUS_SUCCESS);
    CHECK_EQ(StoreSubmit(&platform.parts, &long_write, OnCompleted, &first, NULL), STATUS_PENDING);
    sched_settle();
    CHECK_EQ(store_page.req_prod, XEN_STORE_RING_BYTES); /* a part of it */
    platform_suspend();
    sched_settle();
    CHECK_EQ(store_page.req_prod, XEN_STORE_RING_BYTES); /* from its beginning */
    CHECK_EQ(store_page.req[0], XS_TYPE_WRITE);
    SuspendDeregister(&platform.parts, handle);
    StoreDestroy(platform.parts.Store);
    CHECK_EQ(first.Completions + second.Completions, 2);
    EvtchnDestroy(platform.parts.Evtchn);
    platform_check_nothing_left();
}

NT_TEST(store_faults, .faults = true)
{
    NTSTATUS status;

    fault_pause();
    begin_store();
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
    fault_resume();
    status = StoreCreate(&platform.parts, &platform.parts.Store);
    CHECK(NT_SUCCESS(status) || fault_injected());
    if (NT_SUCCESS(status))
        StoreDestroy(platform.parts.Store);
    fault_pause();
    EvtchnDestroy(platform.parts.Evtchn);
    platform_check_nothing_left();
    fault_resume();
}

/* --- Peers. */

static VOID NTAPI OnEvent(_In_opt_ PVOID Argument)
{
    platform_fire(1 + sched_random(40));
    if (sched_random(4) == 0)
        platform_fire(1 + sched_random(40));
}

/* Every callback causes more events, everywhere: a storm that feeds itself. Channels come, go, move
 * and are masked meanwhile; the machine still gets through. */
NT_TEST(peers_that_fire_everything, .cpus = 2, .seeds = 40)
{
    enum { CHANNELS = 8 };
    PXENBUS_EVTCHN_CHANNEL channels[CHANNELS] = {NULL};
    XENBUS_EVTCHN_PARAMETERS parameters = {.Type = XENBUS_EVTCHN_UNBOUND,
                                           .RemoteDomain = PLATFORM_PEER};

    platform_init();
    platform.no_fifo = sched_random(2) != 0;
    platform.parts.Debug = (PXENBUS_DEBUG)&DebugRequests;
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
    for (int i = 0; i < 120; i++) {
        ULONG which = sched_random(CHANNELS);
        PXENBUS_EVTCHN_CHANNEL *channel = &channels[which];

        parameters.Cpu = sched_random(2);
        parameters.Flags = sched_random(4);
        if (!*channel) {
            CHECK_EQ(EvtchnOpen(&platform.parts, &parameters, OnEvent, NULL, channel),
                     STATUS_SUCCESS);
            EvtchnUnmask(&platform.parts, *channel);
        } else if (sched_random(3) == 0) {
            EvtchnClose(&platform.parts, *channel);
            *channel = NULL;
        } else if (sched_random(3) == 0) {
            (VOID) EvtchnBindCpu(&platform.parts, *channel, sched_random(3));
        } else if (sched_random(2)) {
            EvtchnMask(&platform.parts, *channel);
        } else {
            EvtchnUnmask(&platform.parts, *channel);
        }
        platform_fire(1 + sched_random(40));
    }
    for (int i = 0; i < CHANNELS; i++)
        if (channels[i])
            EvtchnClose(&platform.parts, channels[i]);
    EvtchnDestroy(platform.parts.Evtchn);
    platform_check_nothing_left();
}

static volatile LONG Returned;

static VOID NTAPI OnRevoked(_In_opt_ PVOID Argument)
{
    InterlockedIncrement(&Returned);
}

/* A peer maps and unmaps granted pages at any time: a reference is reused only when it does not
 * have the page, and each page comes back once. */
NT_TEST(a_peer_that_maps_at_any_time, .cpus = 2, .seeds = 40)
{
    enum { IN_USE = XEN_GTF_READING | XEN_GTF_WRITING };
    PXENBUS_GNTTAB_CLIENT client;
    ULONG references[100], count = 0, reference;
    LONG deferred = 0;

    Returned = 0;
    platform_init();
    platform_add_device();
    CHECK_EQ(GnttabCreate(&platform.parts, &platform.parts.Gnttab), STATUS_SUCCESS);
    CHECK_EQ(GnttabCreateClient(&platform.parts, "test", 5, &client), STATUS_SUCCESS);
    for (int i = 0; i < 400; i++) {
        struct xen_grant_entry *entry = platform_entry(8 + sched_random(60));
        if (entry->flags & XEN_GTF_PERMIT_ACCESS)
            entry->flags =
                sched_random(2) ? entry->flags | IN_USE : (uint16_t)(entry->flags & ~IN_USE);
        if (count < RTL_NUMBER_OF(references) && sched_random(2)) {
            CHECK_EQ(GnttabPermit(&platform.parts, client, PLATFORM_PEER, 1 + (ULONG)i, FALSE,
                                  &reference),
                     STATUS_SUCCESS);
            CHECK_EQ(platform_entry(reference)->flags, XEN_GTF_PERMIT_ACCESS); /* nobody's */
            references[count++] = reference;
        } else if (count) {
            ULONG which = sched_random(count);
            NTSTATUS status =
                GnttabRevokeLater(&platform.parts, client, references[which], OnRevoked, NULL);
            CHECK(status == STATUS_SUCCESS || status == STATUS_PENDING);
            deferred += status == STATUS_PENDING;
            references[which] = references[--count];
        }
        if (sched_random(20) == 0)
            (VOID) sched_advance();
        (VOID) GnttabRevoke(&platform.parts, client, sched_random(1u << 20) + 200000);
    }
    while (count)
        deferred += GnttabRevokeLater(&platform.parts, client, references[--count], OnRevoked,
                                      NULL) == STATUS_PENDING;
    for (ULONG i = 8; i < XEN_GNTTAB_V1_PER_PAGE; i++)
        platform_entry(i)->flags &= (uint16_t)~IN_USE;
    while (Returned < deferred)
        CHECK(sched_advance());
    CHECK_EQ(Returned, deferred);
    GnttabDestroyClient(&platform.parts, client);
    GnttabDestroy(platform.parts.Gnttab);
    platform_remove_device();
    platform_check_nothing_left();
}
