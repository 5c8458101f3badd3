/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that xenbus's devices live as the PnP and power managers say: started, stopped, slept and
 * removed in any legal order; children that come and go with xenstore, whatever stands there;
 * services by version, alive as long as somebody holds them; and that nothing is left behind in NT
 * or in Xen, also when anything that can fail fails once. Xen is scripted (fake_xen.h).
 */
#include <ntddk.h>

#include "child_driver.h"
#include "fake_xen.h"
#include "harness.h"
#include "machine_of_xenbus.h"
#include "model/fault.h"
#include "model/pci.h"
#include "model/pnp.h"
#include "model/power.h"
#include "model/sched.h"

/* --- The platform device. --- */

NT_TEST(the_interface_child_is_there, .seeds = 20)
{
    struct pnp_node *platform = xenbus_start();

    CHECK(pnp_find("CASEMENT\\IFACE") != NULL);
    CHECK(pnp_find("CASEMENT\\VBD") == NULL);
    CHECK(xenbus_child("CASEMENT\\IFACE", L"0") != NULL);
    CHECK_EQ(fake_xen.holes, 1); /* shared info */
    CHECK(fake_xen_said("xenbus: loaded\n"));
    xenbus_end(platform);
}

NT_TEST(every_failure_of_a_start_leaves_nothing, .cpus = 2, .faults = true)
{
    struct pnp_node *platform;

    fake_list(XenbusVbdList, "51712\0", 6);
    platform = xenbus_start_any();
    if (!fault_injected()) {
        CHECK_EQ(platform->state, PNP_STARTED);
        CHECK(pnp_find("CASEMENT\\VBD") != NULL);
    }
    xenbus_end(platform);
}

NT_TEST(every_legal_order_of_pnp_and_power, .seeds = 300)
{
    struct pnp_node *platform;
    unsigned steps = 10 + sched_random(30);

    fake_list(XenbusVbdList, "768\0", 4);
    child_driver_install("CASEMENT\\IFACE");
    child_driver_install("CASEMENT\\VBD");
    platform = xenbus_start();
    for (unsigned i = 0; i < steps && platform->state == PNP_STARTED; i++) {
        switch (sched_random(8)) {
        case 0: /* rebalance; refused while a child holds services */
            if (NT_SUCCESS(pnp_query_stop(platform))) {
                CHECK(!child_driver_holds());
                if (sched_random(2)) {
                    pnp_cancel_stop(platform);
                } else {
                    pnp_stop(platform);
                    CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
                }
            }
            break;
        case 1:
            if (NT_SUCCESS(pnp_query_remove(platform)))
                pnp_cancel_remove(platform);
            break;
        case 2:
            CHECK_EQ(power_sleep(sched_random(2) ? PowerSystemSleeping3 : PowerSystemHibernate),
                     STATUS_SUCCESS);
            power_wake();
            CHECK_EQ(power_of(platform), PowerDeviceD0);
            break;
        case 3:
            fake_list(XenbusVbdList, "768\0005632\0", sched_random(2) ? 4 : 9);
            fake_xen_fire_watch();
            break;
        case 4:
            fake_list(XenbusVbdList, "", 0);
            fake_xen_fire_watch();
            break;
        case 5:
            fake_xen_debug_key();
            break;
        case 6:
            (void)child_driver_suspend();
            break;
        case 7:
            xenbus_settle();
            break;
        }
    }
    xenbus_settle();
    CHECK_EQ(platform->state, PNP_STARTED);
    if (sched_random(2))
        xenbus_end_by_surprise(platform);
    else
        xenbus_end(platform);
}

NT_TEST(the_platform_device_is_pulled_out, .seeds = 50)
{
    struct pnp_node *platform;

    fake_list(XenbusVbdList, "768\0", 4);
    child_driver_install("CASEMENT\\VBD");
    platform = xenbus_start();
    CHECK(child_driver_holds());
    xenbus_end_by_surprise(platform);
    CHECK(!child_driver_holds());
}

NT_TEST(a_second_platform_device_is_left_alone, .seeds = 20)
{
    struct pci_device_config other = pci_xen_platform;
    struct pnp_node *platform = xenbus_start(), *second;

    other.slot = 7;
    other.line = 0;
    second = pci_add(&other);
    CHECK_EQ(pnp_start(second), STATUS_SUCCESS);
    xenbus_settle();
    CHECK_EQ(fake_xen.shared_info_maps, 1);
    CHECK(second->children == NULL);
    CHECK(pnp_find("CASEMENT\\IFACE") != NULL);
    CHECK_EQ(pnp_disable(second), STATUS_SUCCESS);
    xenbus_end(platform);
}

NT_TEST(a_machine_that_is_not_on_xen_boots)
{
    struct pnp_node *platform;

    fake_xen.absent = true;
    platform = xenbus_start_any();
    CHECK(platform->state != PNP_STARTED);
    CHECK_EQ(fake_xen.console_bytes, 0); /* not a byte to a port that is not Xen's */
    xenbus_end(platform);
}

/* pv-drivers 3.2: the start waited 1200 s for the balloon, and bugchecked. */
NT_TEST(a_start_waits_for_nobody, .cpus = 2)
{
    struct pnp_node *platform;
    LARGE_INTEGER before, after;

    pnp_install(&Xenbus);
    fake_xen.list_delay_ms = 60 * 1000; /* a dead xenstored; the real store's limit is in execute */
    fake_xen.list_status = STATUS_IO_TIMEOUT;
    platform = pci_add(&pci_xen_platform);
    before.QuadPart = (LONG64)KeQueryInterruptTime();
    xenbus_start_times(platform, &after);
    CHECK(after.QuadPart - before.QuadPart < 10000000); /* 1 s */
    xenbus_settle();
    CHECK_EQ(platform->state, PNP_STARTED);
    CHECK(pnp_find("CASEMENT\\IFACE") != NULL);
    xenbus_end(platform);
}

NT_TEST(a_paging_file_holds_the_devices, .seeds = 20)
{
    IO_STACK_LOCATION use = {.MinorFunction = IRP_MN_DEVICE_USAGE_NOTIFICATION};
    struct pnp_node *platform, *vbd;

    fake_list(XenbusVbdList, "768\0", 4);
    child_driver_install("CASEMENT\\VBD");
    platform = xenbus_start();
    vbd = pnp_find("CASEMENT\\VBD");
    use.Parameters.UsageNotification.InPath = TRUE;
    use.Parameters.UsageNotification.Type = DeviceUsageTypePaging;
    if (pnp_send(vbd, &use, NULL) == STATUS_SUCCESS) {
        CHECK(!NT_SUCCESS(pnp_query_remove(vbd)));
        CHECK(!NT_SUCCESS(pnp_query_remove(platform)));
        use.Parameters.UsageNotification.InPath = FALSE;
        CHECK_EQ(pnp_send(vbd, &use, NULL), STATUS_SUCCESS);
    }
    xenbus_end(platform);
}

/* --- Children. --- */

NT_TEST(disks_and_cards_come_and_go, .seeds = 100)
{
    struct pnp_node *platform;

    fake_list(XenbusVbdList, "768\00051712\0", 10);
    fake_list(XenbusVifList, "0\0", 2);
    platform = xenbus_start();
    CHECK_EQ(xenbus_children("CASEMENT\\VBD"), 2);
    CHECK_EQ(xenbus_children("CASEMENT\\VIF"), 1);

    fake_list(XenbusVbdList, "51712\0005632\0", 11);
    fake_list(XenbusVifList, NULL, 0);
    fake_xen_fire_watch();
    xenbus_settle();
    CHECK_EQ(xenbus_children("CASEMENT\\VBD"), 2);
    CHECK(xenbus_child("CASEMENT\\VBD", L"768") == NULL);
    CHECK(xenbus_child("CASEMENT\\VBD", L"5632") != NULL);
    CHECK_EQ(xenbus_children("CASEMENT\\VIF"), 0);
    xenbus_end(platform);
}

NT_TEST(a_disk_comes_back_under_its_number, .seeds = 200)
{
    struct pnp_node *platform;

    child_driver_install("CASEMENT\\VBD");
    fake_list(XenbusVbdList, "768\0", 4);
    platform = xenbus_start();
    for (int i = 0; i < 4; i++) { /* with and without time in between */
        fake_list(XenbusVbdList, "", 0);
        fake_xen_fire_watch();
        if (sched_random(2))
            xenbus_settle();
        fake_list(XenbusVbdList, "768\0", 4);
        fake_xen_fire_watch();
        if (sched_random(2))
            xenbus_settle();
    }
    xenbus_settle();
    CHECK_EQ(xenbus_children("CASEMENT\\VBD"), 1);
    CHECK_EQ(xenbus_child("CASEMENT\\VBD", L"768")->state, PNP_STARTED);
    xenbus_end(platform);
}

NT_TEST(a_list_that_cannot_be_read_takes_no_disk_away, .seeds = 20)
{
    static const NTSTATUS Errors[] = {STATUS_IO_TIMEOUT, STATUS_IO_DEVICE_ERROR,
                                      STATUS_ACCESS_DENIED, STATUS_CANCELLED};
    struct pnp_node *platform;

    fake_list(XenbusVbdList, "768\0", 4);
    platform = xenbus_start();
    for (ULONG i = 0; i < RTL_NUMBER_OF(Errors); i++) {
        fake_xen.list_status = Errors[i];
        fake_xen_fire_watch();
        xenbus_settle();
        CHECK_EQ(xenbus_children("CASEMENT\\VBD"), 1);
    }
    fake_xen.list_status = STATUS_SUCCESS;
    fake_list(XenbusVbdList, NULL, 20000); /* longer than anything believable */
    fake_xen.vbds = "";
    fake_xen_fire_watch();
    xenbus_settle();
    CHECK_EQ(xenbus_children("CASEMENT\\VBD"), 1);
    xenbus_end(platform);
}

NT_TEST(a_hostile_xenstored_lists_anything, .seeds = 300)
{
    static char Bytes[4096];
    struct pnp_node *platform = xenbus_start();

    for (int round = 0; round < 3; round++) {
        ULONG length = sched_random(sched_random(2) ? 40 : sizeof(Bytes));
        for (ULONG i = 0; i < length; i++)
            Bytes[i] = sched_random(3) ? (char)('0' + sched_random(4))
                                       : (char)(sched_random(4) ? 0 : sched_random(256));
        /* The model has room for so many children. */
        fake_list(XenbusVbdList, Bytes, length < 60 ? length : 60);
        fake_xen_fire_watch();
        if (sched_random(2))
            xenbus_settle();
    }
    fake_xen.list_delay_ms = 0;
    xenbus_settle();
    CHECK_EQ(platform->state, PNP_STARTED);
    xenbus_end(platform);
}

NT_TEST(watches_in_a_storm_cost_few_scans, .seeds = 20)
{
    struct pnp_node *platform = xenbus_start();
    ULONG before = fake_xen.lists_read;

    for (int i = 0; i < 1000; i++)
        fake_xen_fire_watch();
    xenbus_settle();
    CHECK(fake_xen.lists_read - before < 1000);
    xenbus_end(platform);
}

NT_TEST(a_list_that_failed_is_asked_for_again, .seeds = 20)
{
    struct pnp_node *platform;

    fake_list(XenbusVbdList, "768\0", 4);
    fake_xen.list_failures = 9;
    platform = xenbus_start();
    CHECK_EQ(xenbus_children("CASEMENT\\VBD"), 0);
    xenbus_wait_children("CASEMENT\\VBD", 1); /* no watch tells */
    fake_xen.list_failures = 1000;            /* for ever: and is ended while it waits */
    fake_xen_fire_watch();
    xenbus_settle();
    xenbus_end(platform);
}

/* What failed once is made good, without a further event. */
NT_TEST(hot_plug_survives_every_failure, .cpus = 2, .faults = true)
{
    struct pnp_node *platform;

    child_driver_install("CASEMENT\\VBD");
    platform = xenbus_start_any();
    if (platform->state == PNP_STARTED) {
        fake_list(XenbusVbdList, "768\0005632\0", 9);
        fake_xen_fire_watch();
        xenbus_wait_children("CASEMENT\\VBD", 2);
        fake_list(XenbusVbdList, "5632\0", 5);
        fake_xen_fire_watch();
        xenbus_wait_children("CASEMENT\\VBD", 1);
    }
    xenbus_end(platform);
}
