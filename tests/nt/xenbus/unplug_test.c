/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that the driver finds the facts by which emulated devices are unplugged: what PV drivers
 * announced, whether their services start at boot, safe mode and the boot option, NVMe controllers
 * on the PCI buses; that it writes the ports once at its load and once after each resume, and that
 * a registry of any other content unplugs nothing. (core/xen/unplug.h decides: unit xen-unplug.)
 *
 * pv-drivers 3.2: 0x7B because a disk vanished before its driver could start, or because a real
 * NVMe controller was taken for an emulated one.
 */
#include <ntddk.h>

#include <core/xen/unplug.h>
#include <xenbus/suspend.h>
#include <xenbus/unplug.h>

#include "fake_xen.h"
#include "harness.h"
#include "machine_of_xenbus.h"
#include "model/error_log.h"
#include "model/fault.h"
#include "model/pci.h"
#include "model/pnp.h"
#include "model/registry.h"
#include "windows/kernel/common/registry.h"

#define CONTROL    L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control"
#define SERVICES   L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Services\\"
#define PARAMETERS SERVICES L"xenbus\\Parameters"

static void set_string(const WCHAR *path, const WCHAR *name, const WCHAR *value)
{
    registry_set(path, name, REG_SZ, value, (ULONG)(wcslen(value) + 1) * sizeof(WCHAR));
}

static void pv_driver(const WCHAR *service_key, const WCHAR *live, const WCHAR *service,
                      const WCHAR *name, ULONG start)
{
    registry_make(PARAMETERS);
    registry_set_dword(PARAMETERS, live, 1);
    set_string(PARAMETERS, service, name);
    registry_make(service_key);
    registry_set_dword(service_key, L"Start", start);
}

static void disk_driver(ULONG start)
{
    pv_driver(SERVICES L"xenvbd", L"DisksLive", L"DisksService", L"xenvbd", start);
    registry_set_dword(PARAMETERS, L"DisksBound", 1);
    registry_set_dword(PARAMETERS, L"DisksGoodBoot", 40);
    fake_xen.boot_number = 41;
}

static ULONG number(const WCHAR *name)
{
    UNICODE_STRING path = RTL_CONSTANT_STRING(PARAMETERS);
    ULONG value = 0;

    (void)RegistryReadDword(&path, name, &value);
    return value;
}

static void nic_driver(ULONG start)
{
    pv_driver(SERVICES L"xennet", L"NicsLive", L"NicsService", L"xennet", start);
}

static void nvme(USHORT vendor, USHORT device, UCHAR slot)
{
    struct pci_device_config config = {.vendor = vendor,
                                       .device = device,
                                       .class_base = 1,
                                       .class_sub = 8,
                                       .class_interface = 2,
                                       .slot = slot};

    (void)pci_add(&config);
}

/* What one boot writes to the port; 0: nothing. */
static ULONG boot(void)
{
    fake_xen.unplug_protocol = true;
    xenbus_end(xenbus_start());
    CHECK(fake_xen.unplug_writes <= 1);
    CHECK_EQ(fake_xen.unplug_writes != 0, fake_xen.unplug_mask != 0);
    return fake_xen.unplug_mask;
}

NT_TEST(nothing_is_unplugged_unasked)
{
    CHECK_EQ(boot(), 0);
}

NT_TEST(a_live_twin_with_a_boot_driver_is_unplugged)
{
    disk_driver(0);
    CHECK_EQ(boot(), XEN_UNPLUG_IDE_SCSI_DISKS);
}

NT_TEST(disks_and_nics_go_together)
{
    disk_driver(0);
    nic_driver(0);
    CHECK_EQ(boot(), XEN_UNPLUG_IDE_SCSI_DISKS | XEN_UNPLUG_NICS);
    CHECK(fake_xen_said("emulated disks: unplugged"));
    CHECK(fake_xen_said("emulated network cards: unplugged"));
}

NT_TEST(a_driver_that_starts_later_keeps_the_emulated_disk)
{
    disk_driver(3);
    CHECK_EQ(boot(), 0);
    CHECK(fake_xen_said("emulated disks: left: the PV driver does not start at boot"));
}

NT_TEST(an_uninstalled_driver_keeps_the_emulated_disk)
{
    disk_driver(0);
    registry_delete_value(SERVICES L"xenvbd", L"Start");
    CHECK_EQ(boot(), 0);
}

NT_TEST(a_boot_disk_that_the_driver_never_had_is_kept)
{
    disk_driver(0);
    registry_make(CONTROL);
    set_string(CONTROL, L"SystemBootDevice", L"multi(0)disk(0)rdisk(1)partition(2)");
    CHECK_EQ(boot(), 0);
    CHECK(fake_xen_said("the PV driver never had this boot disk"));
    CHECK(strstr(error_log_last(), "never had this boot disk") != NULL);
}

NT_TEST(the_second_disk_may_be_the_boot_disk)
{
    disk_driver(0);
    registry_set_dword(PARAMETERS, L"DisksBound", 2);
    registry_make(CONTROL);
    set_string(CONTROL, L"SystemBootDevice", L"multi(0)disk(0)rdisk(1)partition(2)");
    CHECK_EQ(boot(), XEN_UNPLUG_IDE_SCSI_DISKS);
}

NT_TEST(after_a_failed_boot_the_emulated_disk_is_kept_and_the_user_told)
{
    disk_driver(0);
    fake_xen.boot_number = 42; /* 41 never came so far as to write itself down */
    CHECK_EQ(boot(), 0);
    CHECK_EQ(number(L"DisksFailures"), 1);
    CHECK_EQ(error_log_entries(), 1);
    CHECK(strcmp(error_log_last(),
                 "The emulated disks are left: the last boot without them did not come up") == 0);
}

NT_TEST(after_three_failures_it_is_left_at_that)
{
    disk_driver(0);
    registry_set_dword(PARAMETERS, L"DisksFailures", 3);
    CHECK_EQ(boot(), 0);
    CHECK_EQ(number(L"DisksFailures"), 3);
    CHECK(strstr(error_log_last(), "several boots") != NULL);
}

NT_TEST(a_boot_loader_that_does_not_count_unplugs_no_disk)
{
    disk_driver(0);
    nic_driver(0);
    fake_xen.boot_number = 0;
    CHECK_EQ(boot(), XEN_UNPLUG_NICS);
}

NT_TEST(safe_mode_keeps_everything)
{
    disk_driver(0);
    registry_make(CONTROL L"\\SafeBoot\\Option");
    CHECK_EQ(boot(), 0);
}

NT_TEST(the_boot_option_keeps_everything)
{
    disk_driver(0);
    registry_make(CONTROL);
    set_string(CONTROL, L"SystemStartOptions", L" NOEXECUTE=OPTIN  casement:Boot_Emulated FOO");
    CHECK_EQ(boot(), 0);
    CHECK(fake_xen_said("the boot option"));
}

NT_TEST(other_boot_options_mean_nothing)
{
    disk_driver(0);
    registry_make(CONTROL);
    set_string(CONTROL, L"SystemStartOptions", L"CASEMENT:BOOT_EMULATE CASEMENT: BOOT_EMULATED");
    CHECK_EQ(boot(), XEN_UNPLUG_IDE_SCSI_DISKS);
}

NT_TEST(a_host_that_refuses_us_is_left_alone)
{
    disk_driver(0);
    fake_xen.unplug_refused = true;
    CHECK_EQ(boot(), 0);
}

NT_TEST(an_emulated_nvme_disk_goes_with_the_disks)
{
    disk_driver(0);
    nvme(0x1b36, 0x0010, 9);
    CHECK_EQ(boot(), XEN_UNPLUG_IDE_SCSI_DISKS | XEN_UNPLUG_NVME_DISKS);
}

NT_TEST(a_real_nvme_controller_never_goes)
{
    disk_driver(0);
    nvme(0x1b36, 0x0010, 9);
    nvme(0x144d, 0xa808, 10); /* passed through */
    CHECK_EQ(boot(), XEN_UNPLUG_IDE_SCSI_DISKS);
    CHECK(fake_xen_said("emulated NVMe: left: the machine has a real NVMe controller"));
}

NT_TEST(values_of_another_shape_mean_nothing)
{
    WCHAR name[600];

    disk_driver(0);
    nic_driver(0);
    for (ULONG i = 0; i < RTL_NUMBER_OF(name); i++)
        name[i] = L'a';
    registry_set(PARAMETERS, L"DisksLive", REG_BINARY, L"\1", 2);
    registry_set(PARAMETERS, L"NicsService", REG_SZ, name, sizeof(name)); /* not terminated */
    CHECK_EQ(boot(), 0);
}

NT_TEST(what_a_driver_announces_counts_at_the_next_boot)
{
    XENBUS_UNPLUG_INTERFACE_V2 unplug;
    struct pnp_node *platform;
    WCHAR longest[65];

    registry_make(SERVICES L"xenbus");
    registry_make(SERVICES L"xenvbd");
    registry_set_dword(SERVICES L"xenvbd", L"Start", 0);
    fake_xen.unplug_protocol = true;
    fake_xen.boot_number = 7;
    platform = xenbus_start();
    CHECK_EQ(pnp_query_interface(pnp_find("CASEMENT\\IFACE")->pdo, &GUID_XENBUS_UNPLUG,
                                 sizeof(unplug), 2, &unplug.Interface, NULL),
             STATUS_SUCCESS);
    CHECK(!unplug.IsUnplugged(unplug.Interface.Context, XenbusUnplugDisks));
    for (ULONG i = 0; i < 64; i++)
        longest[i] = L'x';
    longest[64] = 0;
    CHECK_EQ(unplug.Announce(unplug.Interface.Context, XenbusUnplugDisks, L"", TRUE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(unplug.Announce(unplug.Interface.Context, XenbusUnplugDisks, L"..\\x", TRUE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(unplug.Announce(unplug.Interface.Context, XenbusUnplugDisks, longest, TRUE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(unplug.Announce(unplug.Interface.Context, (XENBUS_UNPLUG_CLASS)2, L"xenvbd", TRUE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(unplug.AnnounceDisk(unplug.Interface.Context, L"xenvbd", 7), STATUS_INVALID_PARAMETER);
    CHECK_EQ(unplug.AnnounceDisk(unplug.Interface.Context, L"xenvbd", 51712), STATUS_SUCCESS);
    unplug.Interface.InterfaceDereference(unplug.Interface.Context);
    CHECK_EQ(fake_xen.unplug_writes, 0); /* not in this boot */
    CHECK_EQ(number(L"DisksBound"), 1);
    CHECK_EQ(number(L"DisksGoodBoot"), 7);
    xenbus_end(platform);

    fake_xen.boot_number = 8;

    xenbus_start_again(platform);
    CHECK_EQ(fake_xen.unplug_mask, XEN_UNPLUG_IDE_SCSI_DISKS);
    CHECK_EQ(pnp_query_interface(pnp_find("CASEMENT\\IFACE")->pdo, &GUID_XENBUS_UNPLUG,
                                 sizeof(unplug), 2, &unplug.Interface, NULL),
             STATUS_SUCCESS);
    CHECK(unplug.IsUnplugged(unplug.Interface.Context, XenbusUnplugDisks));
    CHECK(!unplug.IsUnplugged(unplug.Interface.Context, XenbusUnplugNics));
    CHECK_EQ(unplug.AnnounceDisk(unplug.Interface.Context, L"xenvbd", 51728), STATUS_SUCCESS);
    CHECK_EQ(number(L"DisksBound"), 3);
    CHECK_EQ(number(L"DisksGoodBoot"), 8);
    CHECK_EQ(unplug.Announce(unplug.Interface.Context, XenbusUnplugDisks, L"xenvbd", FALSE),
             STATUS_SUCCESS);
    unplug.Interface.InterfaceDereference(unplug.Interface.Context);
    xenbus_end(platform);

    fake_xen.unplug_mask = 0;
    xenbus_start_again(platform);
    xenbus_end(platform);
    CHECK_EQ(fake_xen.unplug_mask, 0); /* it said that it is live no more */
}

NT_TEST(the_new_host_of_a_migrated_machine_is_told_again)
{
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    struct pnp_node *platform;

    disk_driver(0);
    fake_xen.unplug_protocol = true;
    platform = xenbus_start();
    CHECK_EQ(fake_xen.unplug_writes, 1);
    CHECK_EQ(pnp_query_interface(pnp_find("CASEMENT\\IFACE")->pdo, &GUID_XENBUS_SUSPEND,
                                 sizeof(suspend), 1, &suspend.Interface, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(suspend.Trigger(suspend.Interface.Context), STATUS_SUCCESS);
    CHECK_EQ(fake_xen.unplug_writes, 2);
    CHECK_EQ(fake_xen.unplug_mask, XEN_UNPLUG_IDE_SCSI_DISKS);
    suspend.Interface.InterfaceDereference(suspend.Interface.Context);
    xenbus_end(platform);
}

/* A registry that cannot be read for a moment must not unplug more than one that can. */
NT_TEST(a_failure_never_unplugs_more, .cpus = 1, .faults = true)
{
    disk_driver(0);
    registry_make(CONTROL L"\\SafeBoot");
    nvme(0x144d, 0xa808, 10);
    fake_xen.unplug_protocol = true;
    xenbus_end(xenbus_start_any());
    CHECK(fake_xen.unplug_mask == XEN_UNPLUG_IDE_SCSI_DISKS ||
          (fault_injected() && fake_xen.unplug_mask == 0));
}

NT_TEST(a_failure_in_safe_mode_unplugs_nothing, .cpus = 1, .faults = true)
{
    disk_driver(0);
    registry_make(CONTROL L"\\SafeBoot\\Option");
    fake_xen.unplug_protocol = true;
    xenbus_end(xenbus_start_any());
    CHECK_EQ(fake_xen.unplug_mask, 0);
}

NT_TEST(a_failure_with_the_boot_option_unplugs_nothing, .cpus = 1, .faults = true)
{
    disk_driver(0);
    registry_make(CONTROL);
    set_string(CONTROL, L"SystemStartOptions", L"CASEMENT:BOOT_EMULATED");
    fake_xen.unplug_protocol = true;
    xenbus_end(xenbus_start_any());
    CHECK_EQ(fake_xen.unplug_mask, 0);
}
