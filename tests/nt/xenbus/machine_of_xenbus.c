/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine with the platform device: see machine_of_xenbus.h. */
#include "machine_of_xenbus.h"

#include "child_driver.h"
#include "fake_xen.h"
#include "harness.h"
#include "model/fault.h"
#include "model/pci.h"
#include "model/sched.h"
#include "model/wide.h"

DRIVER_INITIALIZE XenbusDriverEntry;

const struct pnp_driver Xenbus = {
    .name = "xenbus", .hardware_id = "PCI\\VEN_5853&DEV_0001", .entry = XenbusDriverEntry};

void xenbus_settle(void)
{
    for (int i = 0; i < 4; i++) { /* a removal may ask for a scan, which may find a device */
        sched_settle();
        pnp_settle();
    }
}

struct pnp_node *xenbus_start_any(void)
{
    struct pnp_node *platform;

    pnp_install(&Xenbus);
    platform = pci_add(&pci_xen_platform);
    (void)pnp_start(platform);
    xenbus_settle();
    return platform;
}

struct pnp_node *xenbus_start(void)
{
    struct pnp_node *platform = xenbus_start_any();

    CHECK_EQ(platform->state, PNP_STARTED);
    return platform;
}

void xenbus_start_again(struct pnp_node *platform)
{
    pnp_install(&Xenbus);
    CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
    xenbus_settle();
}

void xenbus_start_times(struct pnp_node *platform, PLARGE_INTEGER at)
{
    CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
    at->QuadPart = fake_xen.first_list_time ? (LONG64)fake_xen.first_list_time
                                            : (LONG64)KeQueryInterruptTime();
}

static void end(void)
{
    child_driver_uninstall();
    pnp_uninstall("xenbus");
    CHECK_EQ(fake_xen.holes, 0);
    CHECK(!fake_xen_watched());
}

void xenbus_end(struct pnp_node *platform)
{
    if (platform->state == PNP_STARTED)
        CHECK_EQ(pnp_disable(platform), STATUS_SUCCESS);
    end();
}

void xenbus_end_by_surprise(struct pnp_node *platform)
{
    pci_unplug(platform);
    xenbus_settle();
    end();
}

void fake_list(int which, const char *bytes, ULONG length)
{
    if (which == XenbusVbdList) {
        fake_xen.vbds = bytes;
        fake_xen.vbds_bytes = length;
    } else {
        fake_xen.vifs = bytes;
        fake_xen.vifs_bytes = length;
    }
}

static bool has_id(const struct pnp_node *node, const char *id)
{
    for (ULONG i = 0;; i++) {
        if (node->hardware_ids[i] != (WCHAR)id[i])
            return false;
        if (!id[i])
            return true;
    }
}

/* The manager puts something of the parent's in front: the ids are not unique in the machine. */
static bool ends_with(const WCHAR *text, const WCHAR *end)
{
    SIZE_T length = wcslen(text), tail = wcslen(end);

    return length > tail && text[length - tail - 1] == L'&' &&
           wcscmp(text + length - tail, end) == 0;
}

static struct pnp_node *walk(const char *id, const WCHAR *instance, ULONG *count)
{
    struct pnp_node *iface = pnp_find("CASEMENT\\IFACE"), *found = NULL;

    *count = 0;
    if (!iface)
        return NULL;
    for (struct pnp_node *node = iface->parent->children; node; node = node->sibling) {
        if (!has_id(node, id) || node->state == PNP_REMOVED || !node->reported)
            continue;
        if (instance && !ends_with(node->instance_id, instance))
            continue;
        found = node;
        ++*count;
    }
    return found;
}

ULONG xenbus_children(const char *hardware_id)
{
    ULONG count;

    walk(hardware_id, NULL, &count);
    return count;
}

struct wanted {
    const char *hardware_id;
    ULONG count;
};

static bool reached(void *context)
{
    const struct wanted *wanted = context;

    return xenbus_children(wanted->hardware_id) == wanted->count;
}

void xenbus_wait_children(const char *hardware_id, ULONG count)
{
    struct wanted wanted = {hardware_id, count};

    test_run_until(reached, &wanted, 300 * 1000);
}

struct pnp_node *xenbus_child(const char *hardware_id, const WCHAR *instance)
{
    ULONG count;

    return walk(hardware_id, instance, &count);
}
