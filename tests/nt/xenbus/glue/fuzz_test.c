/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever xenstored or a peer domain does, xenbus's store, event channels and grants neither crash
 * nor hang nor leak, and go away when they are told to. The input says what both sides do; run with
 * --fuzz=SECONDS to look for inputs that reach new code (gcc's coverage).
 */
#include <ntddk.h>

#include "core/xen/abi.h"
#include "evtchn.h"
#include "gnttab.h"
#include "platform.h"
#include "store.h"

#include "harness.h"
#include "model/sched.h"

static LONG DebugRequests;

static void begin(void)
{
    platform_init();
    platform.no_fifo = test_input_byte() & 1;
    platform.no_vector = test_input_byte() % 4 == 0;
    platform.parts.Debug = (PXENBUS_DEBUG)&DebugRequests;
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
}

static void pass_ms(ULONG ms)
{
    LARGE_INTEGER pause = {.QuadPart = -(LONGLONG)ms * 10000};

    KeDelayExecutionThread(KernelMode, FALSE, &pause);
}

/* --- A hostile xenstored --- */

enum { COMMANDS = 8, WATCHES = 6, ANSWER_BYTES = 48 };

static struct command {
    PXENBUS_STORE_REQUEST request;
    CHAR answer[ANSWER_BYTES];
    volatile BOOLEAN open; /* not completed, not cancelled */
} commands[COMMANDS];

static KSPIN_LOCK commands_lock;
static PXENBUS_STORE_WATCH watches[WATCHES];
static struct xen_store_page page __attribute__((aligned(4096)));

static VOID NTAPI on_completed(_In_opt_ PVOID Argument, _In_ NTSTATUS Status,
                               _In_ ULONG AnswerLength)
{
    struct command *command = Argument;

    KeAcquireSpinLockAtDpcLevel(&commands_lock);
    CHECK(command->open); /* once, and not after a cancel that succeeded */
    CHECK(!NT_SUCCESS(Status) || AnswerLength <= ANSWER_BYTES);
    command->open = FALSE;
    KeReleaseSpinLockFromDpcLevel(&commands_lock);
}

static VOID NTAPI on_watch(_In_opt_ PVOID Argument, _In_ PCSTR Path)
{
    CHECK(Argument == watches);
    CHECK(strlen(Path) < 4096);
}

static XENBUS_STORE_COMMAND some_command(PVOID answer)
{
    static const PCSTR nodes[] = {"a", "device/vif/0/state", "", "with space", "@releaseDomain"};

    return (XENBUS_STORE_COMMAND){
        .Operation = test_input_byte() % (XENBUS_STORE_ABORT + 2),
        .Transaction = {test_input_byte() % 3, 0},
        .Prefix = test_input_byte() & 1 ? "backend" : NULL,
        .Node = nodes[test_input_byte() % RTL_NUMBER_OF(nodes)],
        .Value = "value",
        .ValueLength = test_input_byte() % 6,
        .Answer = answer,
        .AnswerRoom = answer ? test_input_byte() % (ANSWER_BYTES + 1) : 0,
    };
}

static void submit(struct command *slot)
{
    XENBUS_STORE_COMMAND command = some_command(slot->answer);
    KIRQL irql;

    if (slot->open)
        return;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    slot->open = TRUE;
    if (StoreSubmit(&platform.parts, &command, on_completed, slot, &slot->request) !=
        STATUS_PENDING)
        slot->open = FALSE;
    KeLowerIrql(irql);
}

static void cancel(struct command *slot)
{
    KIRQL irql;

    KeAcquireSpinLock(&commands_lock, &irql);
    if (slot->open && StoreCancel(&platform.parts, slot->request))
        slot->open = FALSE;
    KeReleaseSpinLock(&commands_lock, irql);
}

static void change_watch(PXENBUS_STORE_WATCH *watch)
{
    if (*watch) {
        StoreRemoveWatch(&platform.parts, *watch);
        *watch = NULL;
    } else if (!NT_SUCCESS(StoreAddWatch(&platform.parts, NULL,
                                         test_input_byte() & 1 ? "device" : "a/b", on_watch,
                                         watches, watch))) {
        *watch = NULL;
    }
}

/* Bytes to the guest, as many as the input says, with or without room for them. */
static void say(const void *bytes, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        page.rsp[(page.rsp_prod + i) % sizeof(page.rsp)] = ((const UCHAR *)bytes)[i];
    page.rsp_prod += count;
}

static void say_anything(void)
{
    UCHAR bytes[32];
    ULONG count = test_input_byte() % sizeof(bytes);

    test_input(bytes, count);
    say(bytes, count);
}

/* A reply that has its form: the newest request's number or any, any type, any text. */
static void say_reply(void)
{
    static const UCHAR types[] = {0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 22, 255};
    struct {
        uint32_t type, request, transaction, length;
    } header = {.type = types[test_input_byte() % sizeof(types)],
                .transaction = test_input_byte() & 1};
    UCHAR text[64];

    RtlCopyMemory(&header.request, &page.req[(page.req_cons + 4) % (sizeof(page.req) - 4)], 4);
    if (test_input_byte() % 4 == 0)
        header.request = test_input_byte();
    header.length = test_input_byte() % sizeof(text);
    test_input(text, header.length);
    if (test_input_byte() % 8 == 0)
        header.length = 0x1000 + test_input_byte() - 128u;
    say(&header, sizeof(header));
    say(text, min(header.length, sizeof(text)));
}

/* More than the ring holds, as the guest takes it out. */
static void flood(void)
{
    UCHAR bytes[256];

    RtlFillMemory(bytes, sizeof(bytes), test_input_byte());
    for (ULONG i = test_input_byte() % 24; i; i--) {
        page.req_cons = page.req_prod;
        say(bytes, sizeof(bytes));
        platform_fire(PLATFORM_STORE_PORT);
        sched_settle();
    }
}

static void consume_request(void)
{
    uint32_t length;

    RtlCopyMemory(&length, &page.req[(page.req_cons + 12) % (sizeof(page.req) - 4)], 4);
    if (page.req_cons != page.req_prod)
        page.req_cons += 16 + length % 1024;
}

static void store_step(void)
{
    uint32_t anything;

    switch (test_input_byte() % 15) {
    case 14:
        flood();
        break;
    case 0:
    case 1:
        submit(&commands[test_input_byte() % COMMANDS]);
        break;
    case 2:
        cancel(&commands[test_input_byte() % COMMANDS]);
        break;
    case 3:
        change_watch(&watches[test_input_byte() % WATCHES]);
        break;
    case 4:
        say_anything();
        break;
    case 5:
    case 6:
        say_reply();
        break;
    case 7:
        page.req_cons = page.req_prod;
        break;
    case 8:
        consume_request();
        break;
    case 9:
        test_input(&anything, sizeof(anything));
        if (anything & 1)
            page.rsp_prod = anything >> 1;
        else
            page.req_cons = anything >> 1;
        break;
    case 10:
        platform_fire(PLATFORM_STORE_PORT);
        sched_settle();
        break;
    case 11: {
        CHAR answer[ANSWER_BYTES];
        XENBUS_STORE_COMMAND command = some_command(answer);

        StoreExecute(&platform.parts, &command, 20, NULL);
        break;
    }
    case 12:
        platform_suspend();
        break;
    case 13:
        pass_ms(test_input_byte() * 16u);
        break;
    }
}

NT_TEST(hostile_xenstored, .cpus = 2)
{
    KeInitializeSpinLock(&commands_lock);
    platform_store_page = &page;
    begin();
    if (!NT_SUCCESS(StoreCreate(&platform.parts, &platform.parts.Store))) {
        EvtchnDestroy(platform.parts.Evtchn);
        return;
    }
    while (test_input_left())
        store_step();
    for (ULONG i = 0; i < WATCHES; i++)
        if (watches[i])
            StoreRemoveWatch(&platform.parts, watches[i]);
    for (ULONG i = 0; i < COMMANDS; i++)
        cancel(&commands[i]);
    sched_settle();
    for (ULONG i = 0; i < COMMANDS; i++)
        CHECK(!commands[i].open);
    StoreDestroy(platform.parts.Store);
    EvtchnDestroy(platform.parts.Evtchn);
    platform_check_nothing_left();
}

/* --- A hostile peer --- */

enum { CHANNELS = 12, GRANTS = 40 };

static struct listener {
    PXENBUS_EVTCHN_CHANNEL channel;
    ULONG port;
    volatile LONG calls;
} listeners[CHANNELS];

static struct grant {
    ULONG reference;
    BOOLEAN made;
    volatile LONG later; /* RevokeLater was called, and its end has not come */
} grants[GRANTS];

static PXENBUS_GNTTAB_CLIENT client;

static VOID NTAPI on_event(_In_opt_ PVOID Argument)
{
    struct listener *listener = Argument;

    CHECK(listener->channel != NULL);
    listener->calls++;
}

static VOID NTAPI on_revoked(_In_opt_ PVOID Argument)
{
    struct grant *grant = Argument;

    CHECK_EQ(InterlockedExchange(&grant->later, 0), 1);
}

static void change_channel(struct listener *listener)
{
    XENBUS_EVTCHN_PARAMETERS parameters = {
        .Type = test_input_byte() & 1 ? XENBUS_EVTCHN_UNBOUND : XENBUS_EVTCHN_INTERDOMAIN,
        .Flags = test_input_byte() % 4,
        .RemoteDomain = PLATFORM_PEER,
        .RemotePort = test_input_byte(),
        .Cpu = test_input_byte() % 2};
    PXENBUS_EVTCHN_CHANNEL channel;
    XENBUS_EVTCHN_STATE state;

    if (listener->channel) {
        EvtchnClose(&platform.parts, listener->channel);
        listener->channel = NULL;
    } else if (NT_SUCCESS(EvtchnOpen(&platform.parts, &parameters, on_event, listener, &channel))) {
        listener->channel = channel;
        EvtchnGetState(&platform.parts, channel, &state);
        listener->port = state.LocalPort;
        EvtchnUnmask(&platform.parts, channel);
    }
}

static void use_channel(struct listener *listener)
{
    if (!listener->channel)
        return;
    switch (test_input_byte() % 4) {
    case 0:
        EvtchnMask(&platform.parts, listener->channel);
        break;
    case 1:
        EvtchnUnmask(&platform.parts, listener->channel);
        break;
    case 2:
        EvtchnSend(&platform.parts, listener->channel);
        break;
    case 3:
        EvtchnBindCpu(&platform.parts, listener->channel, test_input_byte() % 3);
        break;
    }
}

/* The peer fires as fast as it can for a while. */
static void storm(ULONG port)
{
    for (ULONG i = test_input_byte(); i; i--) {
        platform_fire(port);
        YieldProcessor();
    }
}

static void change_grant(struct grant *grant)
{
    NTSTATUS status;

    if (!grant->made) {
        if (grant->later)
            return;
        grant->made = NT_SUCCESS(GnttabPermit(&platform.parts, client, PLATFORM_PEER, 0x1234,
                                              test_input_byte() & 1, &grant->reference));
        return;
    }
    if (test_input_byte() & 1) {
        BOOLEAN used =
            (platform_entry(grant->reference)->flags & (XEN_GTF_READING | XEN_GTF_WRITING)) != 0;

        status = GnttabRevoke(&platform.parts, client, grant->reference);
        CHECK_EQ(status, used ? STATUS_DEVICE_BUSY : STATUS_SUCCESS);
        grant->made = used;
        return;
    }
    grant->later = 1;
    grant->made = FALSE;
    status = GnttabRevokeLater(&platform.parts, client, grant->reference, on_revoked, grant);
    if (status != STATUS_PENDING) {
        CHECK_EQ(status, STATUS_SUCCESS);
        CHECK_EQ(platform_entry(grant->reference)->flags, XEN_GTF_INVALID);
        grant->later = 0;
    }
}

/* The peer maps or lets go, whenever it likes: Xen marks that in the entry. */
static void use_grant(const struct grant *grant)
{
    struct xen_grant_entry *entry;

    if (!grant->made && !grant->later)
        return;
    entry = platform_entry(grant->reference);
    if (test_input_byte() & 1)
        entry->flags |= XEN_GTF_READING | XEN_GTF_WRITING;
    else
        entry->flags &= (USHORT) ~(XEN_GTF_READING | XEN_GTF_WRITING);
}

static void map_something(void)
{
    PXENBUS_GNTTAB_MAPPING mapping;
    ULONG references[4];

    for (ULONG i = 0; i < RTL_NUMBER_OF(references); i++)
        references[i] = test_input_byte() % 8;
    if (NT_SUCCESS(GnttabMap(&platform.parts, test_input_byte() % 8, 1 + test_input_byte() % 4,
                             references, test_input_byte() & 1, &mapping)))
        GnttabUnmap(&platform.parts, mapping);
}

static void peer_step(void)
{
    switch (test_input_byte() % 9) {
    case 0:
        change_channel(&listeners[test_input_byte() % CHANNELS]);
        break;
    case 1:
        use_channel(&listeners[test_input_byte() % CHANNELS]);
        break;
    case 2:
        platform_fire(test_input_byte());
        break;
    case 3:
        storm(listeners[test_input_byte() % CHANNELS].port);
        break;
    case 4:
        change_grant(&grants[test_input_byte() % GRANTS]);
        break;
    case 5:
        use_grant(&grants[test_input_byte() % GRANTS]);
        break;
    case 6:
        map_something();
        break;
    case 7:
        GnttabRevoke(&platform.parts, client, test_input_byte() * 257u);
        break;
    case 8:
        pass_ms(test_input_byte());
        break;
    }
}

static bool no_grant_is_left(void *context)
{
    (void)context;
    for (ULONG i = 0; i < GRANTS; i++)
        if (grants[i].later)
            return false;
    return true;
}

NT_TEST(hostile_peer, .cpus = 2)
{
    begin();
    CHECK_EQ(GnttabCreate(&platform.parts, &platform.parts.Gnttab), STATUS_SUCCESS);
    CHECK_EQ(GnttabCreateClient(&platform.parts, "hostile", 4, &client), STATUS_SUCCESS);
    while (test_input_left())
        peer_step();
    for (ULONG i = 0; i < CHANNELS; i++)
        if (listeners[i].channel)
            EvtchnClose(&platform.parts, listeners[i].channel);
    for (ULONG i = 0; i < GRANTS; i++)
        if (grants[i].made || grants[i].later)
            platform_entry(grants[i].reference)->flags &=
                (USHORT) ~(XEN_GTF_READING | XEN_GTF_WRITING);
    for (ULONG i = 0; i < GRANTS; i++)
        if (grants[i].made)
            CHECK_EQ(GnttabRevoke(&platform.parts, client, grants[i].reference), STATUS_SUCCESS);
    test_run_until(no_grant_is_left, NULL, 60000);
    GnttabDestroyClient(&platform.parts, client);
    GnttabDestroy(platform.parts.Gnttab);
    EvtchnDestroy(platform.parts.Evtchn);
    platform_check_nothing_left();
}
