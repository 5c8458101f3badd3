/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations that count.py counts the instructions of, in the driver's own code: an event from
 * port to callback, a grant and its revoke, a XenStore read. Xen and xenstored are played by
 * tests/nt/xenbus/glue/platform.c and below; neither they nor the NT model are counted.
 *
 * Each case does --count=N operations after a set-up that does not depend on N.
 */
#include <ntddk.h>

#include "core/xen/abi.h"
#include "core/xen/xs_wire.h"
#include "evtchn.h"
#include "gnttab.h"
#include "platform.h"
#include "store.h"

#include "harness.h"
#include "model/sched.h"

enum { MANY_PORTS = 4000, FEW_GRANTS = 256, MANY_GRANTS = 32768 };

static LONG debug_requests;

static void begin(void)
{
    platform_init();
    platform.parts.Debug = (PXENBUS_DEBUG)&debug_requests;
}

/* --- Events --- */

static volatile LONG calls;

static VOID NTAPI on_event(_In_opt_ PVOID Argument)
{
    (void)Argument;
    calls++;
}

static PXENBUS_EVTCHN_CHANNEL open_channel(ULONG *port)
{
    XENBUS_EVTCHN_PARAMETERS parameters = {.Type = XENBUS_EVTCHN_UNBOUND,
                                           .RemoteDomain = PLATFORM_PEER};
    PXENBUS_EVTCHN_CHANNEL channel;
    XENBUS_EVTCHN_STATE state;

    CHECK_EQ(EvtchnOpen(&platform.parts, &parameters, on_event, NULL, &channel), STATUS_SUCCESS);
    EvtchnGetState(&platform.parts, channel, &state);
    *port = state.LocalPort;
    EvtchnUnmask(&platform.parts, channel);
    return channel;
}

static void events(ULONG ports, BOOLEAN two_level)
{
    static PXENBUS_EVTCHN_CHANNEL channels[MANY_PORTS];
    static ULONG port[MANY_PORTS];
    LARGE_INTEGER pause = {.QuadPart = -100000}; /* 10 ms: below any throttle */
    ULONG count = test_count(10);

    begin();
    platform.no_fifo = two_level;
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
    for (ULONG i = 0; i < ports; i++)
        channels[i] = open_channel(&port[i]);
    sched_settle();
    calls = 0;
    for (ULONG i = 0; i < count; i++) {
        platform_fire(port[i % ports]);
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
    CHECK_EQ(calls, count);
    for (ULONG i = 0; i < ports; i++)
        EvtchnClose(&platform.parts, channels[i]);
    EvtchnDestroy(platform.parts.Evtchn);
}

NT_TEST(event, .cpus = 1)
{
    events(1, FALSE);
}

NT_TEST(event_two_level, .cpus = 1)
{
    events(1, TRUE);
}

NT_TEST(event_two_level_among_4000, .cpus = 1)
{
    events(MANY_PORTS, TRUE);
}

NT_TEST(event_among_4000, .cpus = 1)
{
    events(MANY_PORTS, FALSE);
}

/* --- Grants --- */

/* --count grants, made and revoked `at_once` at a time. */
static void grants(ULONG at_once)
{
    static ULONG references[MANY_GRANTS];
    PXENBUS_GNTTAB_CLIENT client;
    ULONG count = test_count(at_once);

    begin();
    platform.frames_maximum = PLATFORM_FRAMES;
    CHECK_EQ(GnttabCreate(&platform.parts, &platform.parts.Gnttab), STATUS_SUCCESS);
    CHECK_EQ(GnttabCreateClient(&platform.parts, "bench", at_once, &client), STATUS_SUCCESS);
    for (ULONG done = 0; done < count; done += at_once) {
        for (ULONG i = 0; i < at_once; i++)
            CHECK_EQ(GnttabPermit(&platform.parts, client, PLATFORM_PEER, 0x1000 + i, FALSE,
                                  &references[i]),
                     STATUS_SUCCESS);
        for (ULONG i = 0; i < at_once; i++)
            CHECK_EQ(GnttabRevoke(&platform.parts, client, references[i]), STATUS_SUCCESS);
    }
    GnttabDestroyClient(&platform.parts, client);
    GnttabDestroy(platform.parts.Gnttab);
}

NT_TEST(grant, .cpus = 1)
{
    grants(1);
}

NT_TEST(grant_among_256, .cpus = 1)
{
    grants(FEW_GRANTS);
}

NT_TEST(grant_among_32768, .cpus = 1)
{
    grants(MANY_GRANTS);
}

/* --- XenStore --- */

static struct xen_store_page store_page __attribute__((aligned(4096)));

/* xenstored with one value: answers whatever request it has whole. */
static void answer(void)
{
    static const char value[] = "/local/domain/0/backend/vif/7/0";
    struct xs_wire_header {
        uint32_t type, request, transaction, length;
    } header;
    uint8_t *to = (uint8_t *)&header;

    while (store_page.req_prod - store_page.req_cons >= sizeof(header)) {
        for (ULONG i = 0; i < sizeof(header); i++)
            to[i] = (uint8_t)store_page.req[(store_page.req_cons + i) % sizeof(store_page.req)];
        if (store_page.req_prod - store_page.req_cons < sizeof(header) + header.length)
            break;
        store_page.req_cons += (uint32_t)sizeof(header) + header.length;
        header.length = sizeof(value) - 1;
        for (ULONG i = 0; i < sizeof(header); i++)
            store_page.rsp[(store_page.rsp_prod + i) % sizeof(store_page.rsp)] = to[i];
        store_page.rsp_prod += sizeof(header);
        for (ULONG i = 0; i < header.length; i++)
            store_page.rsp[(store_page.rsp_prod + i) % sizeof(store_page.rsp)] = (uint8_t)value[i];
        store_page.rsp_prod += header.length;
    }
    platform_fire(PLATFORM_STORE_PORT);
}

NT_TEST(store_read, .cpus = 1)
{
    ULONG count = test_count(10);
    CHAR buffer[64];
    XENBUS_STORE_COMMAND command = {.Operation = XENBUS_STORE_READ,
                                    .Prefix = "device/vif/0",
                                    .Node = "backend",
                                    .Answer = buffer,
                                    .AnswerRoom = sizeof(buffer)};

    begin();
    platform_store_page = &store_page;
    platform_store_notified = answer;
    CHECK_EQ(EvtchnCreate(&platform.parts, &platform.parts.Evtchn), STATUS_SUCCESS);
    CHECK_EQ(StoreCreate(&platform.parts, &platform.parts.Store), STATUS_SUCCESS);
    for (ULONG i = 0; i < count; i++) {
        ULONG length;

        CHECK_EQ(StoreExecute(&platform.parts, &command, XENBUS_STORE_TIMEOUT_DEFAULT_MS, &length),
                 STATUS_SUCCESS);
        CHECK_EQ(length, 31);
    }
    StoreDestroy(platform.parts.Store);
    EvtchnDestroy(platform.parts.Evtchn);
}
