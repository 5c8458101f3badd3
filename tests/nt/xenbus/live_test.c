/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the whole of xenbus.sys on simxen with real xenstored: it starts, its children are those
 * that dom0 writes into xenstore and go when dom0 removes them; the store, the event interrupts and
 * the children are there again after a migration into another domain, and after hibernation; the
 * toolstack's word in control/shutdown suspends it; it can
 * be stopped and started for ever; and nothing is left in NT or in Xen, also when anything that can
 * fail fails once.
 */
#include <ntddk.h>

#include <xenbus/shared_info.h>
#include <xenbus/store.h>
#include <xenbus/suspend.h>

#include "harness.h"
#include "live_machine.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/pci.h"
#include "model/pnp.h"
#include "model/power.h"
#include "model/sched.h"
#include "xen/machine.h"

#define ON_XEN .set_up = xen_machine_set_up, .tear_down = xen_machine_tear_down

NT_TEST(it_starts_and_reads_the_store, .seeds = 5, ON_XEN)
{
    struct pnp_node *platform = live_start();
    char domid[16];

    CHECK_EQ(live_read("domid", domid, sizeof(domid)), STATUS_SUCCESS);
    CHECK_EQ(live_number(domid), xen_machine_domid());
    CHECK_EQ(live_children("CASEMENT\\IFACE"), 1);
    CHECK_EQ(live_children("CASEMENT\\VBD"), 0);
    live_end(platform);
}

NT_TEST(children_follow_the_store, .seeds = 5, ON_XEN)
{
    struct pnp_node *platform;

    live_dom0_write("device/vbd/768/backend", "/local/domain/0/backend/vbd/1/768");
    platform = live_start();
    CHECK_EQ(live_children("CASEMENT\\VBD"), 1);
    live_dom0_write("device/vbd/51712/backend", "/local/domain/0/backend/vbd/1/51712");
    live_dom0_write("device/vif/0/backend", "/local/domain/0/backend/vif/1/0");
    live_wait_children("CASEMENT\\VBD", 2);
    live_wait_children("CASEMENT\\VIF", 1);
    live_dom0_remove("device/vbd/768");
    live_wait_children("CASEMENT\\VBD", 1);
    CHECK_EQ(live_children("CASEMENT\\VIF"), 1);
    live_end(platform);
}

NT_TEST(a_migrated_machine_goes_on, .seeds = 8, ON_XEN)
{
    struct pnp_node *platform;
    ULONG before = xen_machine_domid();
    char domid[16];

    live_dom0_write("device/vbd/768/backend", "x");
    platform = live_start();
    CHECK_EQ(live_children("CASEMENT\\VBD"), 1);
    xen_machine_restores(TRUE);
    for (ULONG i = 1; i <= 2; i++) {
        CHECK_EQ(live_suspend(), STATUS_SUCCESS);
        CHECK_EQ(xen_machine_suspends(), i);
        CHECK(xen_machine_domid() != before);
        CHECK_EQ(live_read("domid", domid, sizeof(domid)), STATUS_SUCCESS);
        CHECK_EQ(live_number(domid), xen_machine_domid());
        /* The new host lists no disk: the watch tells. */
        live_wait_children("CASEMENT\\VBD", 0);
        live_dom0_write("device/vbd/768/backend", "x");
        live_wait_children("CASEMENT\\VBD", 1);
    }
    live_end(platform);
}

NT_TEST(a_checkpoint_changes_nothing, .seeds = 5, ON_XEN)
{
    struct pnp_node *platform = live_start();
    char domid[16];

    xen_machine_restores(FALSE);
    CHECK_EQ(live_suspend(), STATUS_CANCELLED);
    CHECK_EQ(live_read("domid", domid, sizeof(domid)), STATUS_SUCCESS);
    live_dom0_write("device/vif/3/backend", "x");
    live_wait_children("CASEMENT\\VIF", 1);
    live_end(platform);
}

static bool suspended(void *context)
{
    return xen_machine_suspends() >= *(ULONG *)context;
}

NT_TEST(a_request_to_suspend_is_taken_once, .seeds = 5, ON_XEN)
{
    struct pnp_node *platform = live_start();
    ULONG once = 1;
    char text[32] = "not read";

    xen_machine_restores(FALSE);
    live_dom0_write("control/shutdown", "suspend");
    test_run_until(suspended, &once, 10000);
    live_settle();
    CHECK_EQ(live_read("control/shutdown", text, sizeof(text)), STATUS_SUCCESS);
    CHECK_EQ(text[0], 0);
    CHECK_EQ(xen_machine_suspends(), 1);
    live_end(platform);
}

/* What xl save and xl migrate do. The key is emptied before the machine goes: without that libxl
 * gives up. Other words are not for the kernel. */
NT_TEST(the_toolstack_suspends_it, .seeds = 8, ON_XEN)
{
    struct pnp_node *platform = live_start();
    char text[32];

    xen_machine_restores(TRUE);
    live_dom0_write("control/shutdown", "poweroff");
    live_settle();
    CHECK_EQ(xen_machine_suspends(), 0);
    for (ULONG i = 1; i <= 2; i++) {
        live_dom0_write("control/shutdown", "suspend");
        test_run_until(suspended, &i, 10000);
        live_settle();
        CHECK_EQ(xen_machine_suspends(), i);
        CHECK_EQ(live_read("domid", text, sizeof(text)), STATUS_SUCCESS);
        CHECK_EQ(live_number(text), xen_machine_domid());
    }
    live_end(platform);
}

NT_TEST(it_sleeps_and_wakes, .seeds = 5, ON_XEN)
{
    struct pnp_node *platform = live_start();
    char domid[16];

    for (int i = 0; i < 3; i++) {
        CHECK_EQ(power_sleep(PowerSystemSleeping3), STATUS_SUCCESS);
        power_wake();
        CHECK_EQ(live_read("domid", domid, sizeof(domid)), STATUS_SUCCESS);
    }
    live_end(platform);
}

NT_TEST(it_stops_and_starts_again, .seeds = 5, ON_XEN)
{
    struct pnp_node *platform = live_start();
    char domid[16];

    for (int i = 0; i < 5; i++) {
        CHECK_EQ(pnp_query_stop(platform), STATUS_SUCCESS);
        pnp_stop(platform);
        CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
        live_settle();
        CHECK_EQ(live_read("domid", domid, sizeof(domid)), STATUS_SUCCESS);
    }
    live_end(platform);
}

NT_TEST(it_is_pulled_out, .seeds = 5, ON_XEN)
{
    struct pnp_node *platform;

    live_dom0_write("device/vbd/768/backend", "x");
    platform = live_start();
    pci_unplug(platform);
    live_settle();
    live_uninstall();
}

NT_TEST(the_clock_runs, .seeds = 2, ON_XEN)
{
    XENBUS_SHARED_INFO_INTERFACE_V1 info;
    struct pnp_node *platform = live_start();
    LARGE_INTEGER time, later, delay = {.QuadPart = -10000000};
    BOOLEAN local;

    CHECK_EQ(live_query(&GUID_XENBUS_SHARED_INFO, sizeof(info), &info), STATUS_SUCCESS);
    CHECK_EQ(info.GetTime(info.Interface.Context, &time, &local), STATUS_SUCCESS);
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    host_pump(); /* simxen's time in shared info moves here */
    CHECK_EQ(info.GetTime(info.Interface.Context, &later, &local), STATUS_SUCCESS);
    CHECK(later.QuadPart - time.QuadPart >= 10000000);
    CHECK(later.QuadPart - time.QuadPart < 20000000);
    CHECK(time.QuadPart / 864000000000 >= 155000); /* days since 1601: 2025 or later */
    info.Interface.InterfaceDereference(info.Interface.Context);
    live_end(platform);
}

NT_TEST(every_failure_of_the_whole, .cpus = 2, .faults = true, ON_XEN)
{
    struct pnp_node *platform;

    live_dom0_write("device/vbd/768/backend", "x");
    platform = live_start_any();
    if (!fault_injected())
        CHECK_EQ(live_children("CASEMENT\\VBD"), 1);
    live_end(platform);
}

NT_TEST(every_failure_of_a_migration, .cpus = 1, .faults = true, ON_XEN)
{
    struct pnp_node *platform = live_start_any();
    NTSTATUS status;

    xen_machine_restores(TRUE);
    status = platform->state == PNP_STARTED ? live_suspend() : STATUS_DEVICE_NOT_READY;
    CHECK(status == STATUS_SUCCESS || fault_injected());
    live_settle();
    live_end(platform);
}
