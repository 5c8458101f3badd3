/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine of the tests of the whole xenbus.sys: see live_machine.h. */
#include "live_machine.h"

#include <xenbus/store.h>
#include <xenbus/suspend.h>

#include "harness.h"
#include "model/fault.h"
#include "model/pci.h"
#include "model/pnp.h"
#include "model/print.h"
#include "model/sched.h"
#include "xen/machine.h"

DRIVER_INITIALIZE XenbusDriverEntry;

static const struct pnp_driver Driver = {
    .name = "xenbus", .hardware_id = "PCI\\VEN_5853&DEV_0001", .entry = XenbusDriverEntry};

void live_settle(void)
{
    for (int i = 0; i < 4; i++) {
        sched_settle();
        pnp_settle();
    }
}

struct pnp_node *live_start_any(void)
{
    struct pnp_node *platform;

    pnp_install(&Driver);
    platform = pci_add(&pci_xen_platform);
    (void)pnp_start(platform);
    live_settle();
    return platform;
}

struct pnp_node *live_start(void)
{
    struct pnp_node *platform = live_start_any();

    CHECK_EQ(platform->state, PNP_STARTED);
    return platform;
}

void live_uninstall(void)
{
    pnp_uninstall("xenbus");
}

void live_end(struct pnp_node *platform)
{
    if (platform->state == PNP_STARTED)
        CHECK_EQ(pnp_disable(platform), STATUS_SUCCESS);
    live_uninstall();
}

static void dom0(const char *program, const char *path, const char *value)
{
    char full[256], output[256];
    const char *arguments[] = {program, full, value, NULL};
    ULONG domid = xen_machine_domid(), digits = 1, length;

    RtlCopyMemory(full, "/local/domain/", 14);
    length = 14;
    for (ULONG rest = domid; rest >= 10; rest /= 10)
        digits++;
    for (ULONG i = digits; i > 0; i--, domid /= 10)
        full[length + i - 1] = (char)('0' + domid % 10);
    length += digits;
    full[length++] = '/';
    RtlCopyMemory(full + length, path, strlen(path) + 1);
    live_settle();
    CHECK_EQ(xen_machine_dom0(arguments, output, sizeof(output)), 0);
    if (pnp_find("CASEMENT\\IFACE"))
        xen_machine_expect(); /* the watch's event, which may come a little later */
}

void live_dom0_write(const char *path, const char *value)
{
    dom0("xenstore-write", path, value);
}

void live_dom0_remove(const char *path)
{
    dom0("xenstore-rm", path, NULL);
}

NTSTATUS live_query(const GUID *guid, USHORT size, PVOID out)
{
    struct pnp_node *iface = pnp_find("CASEMENT\\IFACE");

    if (!iface)
        return STATUS_NO_SUCH_DEVICE;
    return pnp_query_interface(iface->pdo, guid, size, 1, out, NULL);
}

NTSTATUS live_read(const char *path, char *value, ULONG room)
{
    XENBUS_STORE_COMMAND command = {
        .Operation = XENBUS_STORE_READ, .Node = path, .Answer = value, .AnswerRoom = room - 1};
    XENBUS_STORE_INTERFACE_V1 store;
    ULONG length = 0;
    NTSTATUS status = live_query(&GUID_XENBUS_STORE, sizeof(store), &store);

    if (!NT_SUCCESS(status))
        return status;
    status = store.Execute(store.Interface.Context, &command, 5000, &length);
    if (NT_SUCCESS(status))
        value[length] = 0;
    store.Interface.InterfaceDereference(store.Interface.Context);
    return status;
}

NTSTATUS live_suspend(void)
{
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    NTSTATUS status = live_query(&GUID_XENBUS_SUSPEND, sizeof(suspend), &suspend);

    if (!NT_SUCCESS(status))
        return status;
    status = suspend.Trigger(suspend.Interface.Context);
    suspend.Interface.InterfaceDereference(suspend.Interface.Context);
    return status;
}

ULONG live_number(const char *text)
{
    ULONG number = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (ULONG)(*text - '0');
    return number;
}

static BOOLEAN has_id(const struct pnp_node *node, const char *id)
{
    for (ULONG i = 0;; i++) {
        if (node->hardware_ids[i] != (WCHAR)id[i])
            return FALSE;
        if (!id[i])
            return TRUE;
    }
}

ULONG live_children(const char *hardware_id)
{
    struct pnp_node *iface = pnp_find("CASEMENT\\IFACE");
    ULONG count = 0;

    if (!iface)
        return 0;
    for (struct pnp_node *node = iface->parent->children; node; node = node->sibling)
        if (has_id(node, hardware_id) && node->state != PNP_REMOVED && node->reported)
            count++;
    return count;
}

struct wanted {
    const char *hardware_id;
    ULONG count;
};

static bool reached(void *context)
{
    struct wanted *wanted = context;

    return live_children(wanted->hardware_id) == wanted->count;
}

void live_wait_children(const char *hardware_id, ULONG count)
{
    struct wanted wanted = {hardware_id, count};

    test_run_until(reached, &wanted, 10000);
    live_settle();
}
