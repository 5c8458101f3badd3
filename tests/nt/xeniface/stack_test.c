/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves both drivers together on simxen: a program of the bench uses real xenstored through
 * xeniface's IOCTLs, sees what domain 0 changes there, and serves a vchan whose rings were granted
 * through them to Debian's libxenvchan, which sends 1 MiB through it and checks what comes back.
 */
#include "../xenbus/live_machine.h"
#include "core/vchan/vchan_channel.h"
#include "model/pnp.h"
#include "model/sched.h"
#include "model/user.h"
#include "program.h"
#include "vchan_bench.h"
#include "xen/machine.h"

#define ON_XEN .set_up = xen_machine_set_up, .tear_down = xen_machine_tear_down

DRIVER_INITIALIZE XenifaceDriverEntry;

static const struct pnp_driver Function = {
    .name = "xeniface",
    .hardware_id = "CASEMENT\\IFACE",
    .entry = XenifaceDriverEntry,
    .sddl = "D:P(A;;GA;;;SY)(A;;GA;;;BA)",
};

static struct pnp_node *StackStart(void)
{
    struct pnp_node *platform;

    pnp_install(&Function);
    platform = live_start();
    live_wait_children("CASEMENT\\IFACE", 1);
    live_settle();
    CHECK_EQ(pnp_find("CASEMENT\\IFACE")->state, PNP_STARTED);
    return platform;
}

static void StackEnd(struct pnp_node *platform)
{
    live_settle();
    live_end(platform);
    pnp_uninstall("xeniface");
}

static HANDLE WatchEvent;

static void store(void *Unused)
{
    HANDLE Handle = OpenAll();
    char Value[32];
    PVOID Watch;

    WatchEvent = NewEvent();
    CHECK_EQ(
        Call(Handle, IOCTL_XENIFACE_STORE_WRITE, "data/x\0from a program\0", 23, NULL, 0, NULL),
        STATUS_SUCCESS);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_READ, "data/x", 7, Value, sizeof(Value), NULL),
             STATUS_SUCCESS);
    CHECK(strcmp(Value, "from a program") == 0);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_READ, "data/y", 7, Value, sizeof(Value), NULL),
             STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_WRITE, "/tool/x\0x\0", 11, NULL, 0, NULL),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(AddWatch(Handle, "data/x", WatchEvent, &Watch), STATUS_SUCCESS);
    live_settle();
    CHECK(TakeEvent(WatchEvent));
    live_dom0_write("data/x", "from domain 0");
    xen_machine_expect();
    CHECK_EQ(NtWaitForSingleObject(WatchEvent, FALSE, NULL), STATUS_SUCCESS);
    xen_machine_came();
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_READ, "data/x", 7, Value, sizeof(Value), NULL),
             STATUS_SUCCESS);
    CHECK(strcmp(Value, "from domain 0") == 0);
}

NT_TEST(a_program_reaches_xenstored_through_both_drivers, .seeds = 5, ON_XEN)
{
    struct pnp_node *platform = StackStart();

    Program(store, NULL);
    StackEnd(platform);
}

/* --- vchan */

/* vchan_echo (tests/simxen) runs beside this machine; it holds a lock until it has ended. */
static void StartClient(void)
{
    static const char Script[] = "exec 9>\"$SIMXEN_DIR/client\"; flock 9; "
                                 "{ vchan_echo client $0 /local/domain/$0/data/bench >&2; "
                                 "echo $? >\"$SIMXEN_DIR/client.rc\"; } >&2 &";
    char Domain[12] = {0};
    ULONG Number = xen_machine_domid(), Place = sizeof(Domain) - 1;
    const char *Arguments[] = {"sh", "-c", Script, NULL, NULL};

    do {
        Domain[--Place] = (char)('0' + Number % 10);
        Number /= 10;
    } while (Number != 0);
    Arguments[3] = Domain + Place;
    CHECK_EQ(xen_machine_dom0(Arguments, NULL, 0), 0);
}

static void ClientSucceeded(void)
{
    const char *Arguments[] = {
        "sh", "-c", "flock \"$SIMXEN_DIR/client\" grep -qx 0 \"$SIMXEN_DIR/client.rc\"", NULL};

    CHECK_EQ(xen_machine_dom0(Arguments, NULL, 0), 0);
}

static void serve(void *Unused)
{
    struct vchan_port *port = vchan_bench_open(OpenAll());
    struct vchan_channel channel;
    static char bytes[4096];
    ULONG total = 0;
    int got;

    CHECK_EQ(vchan_channel_serve(&channel, port, 0, "data/bench", 4096, 4096), VCHAN_OK);
    StartClient();
    while ((got = vchan_channel_read(&channel, bytes, sizeof(bytes), true)) > 0) {
        CHECK_EQ(vchan_channel_send(&channel, bytes, (size_t)got, true), got);
        total += (ULONG)got;
    }
    CHECK(total >= 1 << 20);
    ClientSucceeded();
    vchan_channel_close(&channel);
}

NT_TEST(debians_libxenvchan_talks_to_rings_granted_by_ioctl, .seeds = 2, ON_XEN)
{
    struct pnp_node *platform = StackStart();

    Program(serve, NULL);
    StackEnd(platform);
}

static void leave(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    PENDING Fresh, Own;
    PVOID Watch;
    ULONG Port;

    CHECK_EQ(BindUnbound(Handle, 0, Event, FALSE, &Port), STATUS_SUCCESS);
    CHECK_EQ(AddWatch(Handle, "data/x", Event, &Watch), STATUS_SUCCESS);
    Grant(&Fresh, Handle, 0, 5, NULL, XENIFACE_GNTTAB_USE_NOTIFY_PORT, 0, Port);
    Grant(&Own, Handle, 0, 3, Memory(3 * PAGE_SIZE), XENIFACE_GNTTAB_READONLY, 0, 0);
    CHECK_EQ(Fresh.Status, STATUS_PENDING);
    CHECK_EQ(Own.Status, STATUS_PENDING);
}

NT_TEST(what_a_dead_program_had_is_gone_from_xen, .seeds = 10, ON_XEN)
{
    struct pnp_node *platform = StackStart();

    Program(leave, NULL);
    Program(leave, NULL);
    StackEnd(platform);
}
