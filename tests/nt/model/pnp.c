/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PnP manager's state machine, see pnp.h. Bus relations and identities are in pnp_bus.c, the
 * resources of START in pnp_resources.c.
 */
#include "model/pnp_private.h"
#include "model/device_interface.h"
#include "model/fault.h"
#include "model/irp.h"
#include "model/object.h"
#include "model/power.h"
#include "model/wide.h"

RULE(add_device_initializing, "AddDevice clears DO_DEVICE_INITIALIZING when its device is ready",
     "Clearing the DO_DEVICE_INITIALIZING Flag");
RULE(add_device_failed_attached, "An AddDevice that fails leaves nothing attached",
     "Writing an AddDevice Routine");
RULE(add_device_not_attached, "AddDevice attaches a device object to the stack",
     "Writing an AddDevice Routine");
RULE(pnp_must_succeed, "Drivers do not fail this PnP request", "Plug and Play Minor IRPs");
RULE(pnp_remove_left_attached,
     "IRP_MN_REMOVE_DEVICE detaches and deletes the driver's device object",
     "Removing a Device in a Function Driver");
RULE(pnp_gone_pdo_kept, "A bus driver deletes the PDO of a missing device at IRP_MN_REMOVE_DEVICE",
     "Removing a Device in a Bus Driver");
RULE(pnp_present_pdo_deleted,
     "A bus driver keeps the PDO of a device that is present through IRP_MN_REMOVE_DEVICE",
     "Removing a Device in a Bus Driver");
RULE(pnp_unknown_changed,
     "A function driver does not change the status of a minor that it does not know",
     "Passing PnP IRPs Down the Device Stack");

/* --- The driver store. */

static const struct pnp_driver *Store[16];

void pnp_install(const struct pnp_driver *driver)
{
    ULONG slot = 0;

    while (slot < RTL_NUMBER_OF(Store) && Store[slot] != NULL)
        slot++;
    pnp_demand(slot < RTL_NUMBER_OF(Store), "too many drivers are installed");
    Store[slot] = driver;
}

BOOLEAN pnp_has_id(const struct pnp_node *node, const char *id)
{
    const WCHAR *lists[] = {node->hardware_ids, node->compatible_ids};

    if (wide_same_ascii(node->device_id, id))
        return TRUE;
    for (ULONG list = 0; list < RTL_NUMBER_OF(lists); list++)
        for (const WCHAR *one = lists[list]; *one != 0; one += wide_length(one) + 1)
            if (wide_same_ascii(one, id))
                return TRUE;
    return FALSE;
}

static NTSTATUS driver_of(const struct pnp_driver *entry, PDRIVER_OBJECT *driver)
{
    *driver = driver_find(entry->name);
    return *driver != NULL ? STATUS_SUCCESS : driver_load(entry->name, entry->entry, driver);
}

/* --- Building the stack. */

static NTSTATUS call_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT before = device_top(pdo);
    struct driver_call call = driver_call_enter("AddDevice", __builtin_frame_address(0));
    NTSTATUS status = driver->DriverExtension->AddDevice(driver, pdo);
    PDEVICE_OBJECT after;

    driver_call_leave(&call);
    after = device_top(pdo);
    if (!NT_SUCCESS(status)) {
        if (after != before)
            rule_broken(&add_device_failed_attached, "%wZ, %x", &driver->DriverName, status);
        return status;
    }
    if (after == before)
        rule_broken(&add_device_not_attached, "%wZ", &driver->DriverName);
    if (after->Flags & DO_DEVICE_INITIALIZING)
        rule_broken(&add_device_initializing, "%wZ", &driver->DriverName);
    return status;
}

static NTSTATUS add_driver(struct pnp_node *node, const struct pnp_driver *entry)
{
    PDRIVER_OBJECT driver;
    NTSTATUS status = driver_of(entry, &driver);

    if (!NT_SUCCESS(status))
        return status;
    if (!entry->upper_filter)
        node->driver = driver;
    if (entry->sddl != NULL)
        pnp_set_security(node, entry->sddl);
    return call_add_device(driver, node->pdo);
}

static NTSTATUS add_device(struct pnp_node *node)
{
    BOOLEAN found = FALSE;

    for (int filters = 0; filters <= 1; filters++) {
        for (ULONG slot = 0; slot < RTL_NUMBER_OF(Store); slot++) {
            const struct pnp_driver *entry = Store[slot];
            NTSTATUS status;

            if (entry == NULL || entry->upper_filter != filters ||
                !pnp_has_id(node, entry->hardware_id) || (!filters && found))
                continue;
            status = add_driver(node, entry);
            if (!NT_SUCCESS(status))
                return status;
            found = TRUE;
        }
        if (!found)
            return STATUS_NO_SUCH_DEVICE;
    }
    return STATUS_SUCCESS;
}

/* --- Requests. */

NTSTATUS pnp_send(struct pnp_node *node, const IO_STACK_LOCATION *location, ULONG_PTR *information)
{
    IO_STACK_LOCATION copy = *location;

    copy.MajorFunction = IRP_MJ_PNP;
    return irp_send_and_wait(node->pdo, &copy, STATUS_NOT_SUPPORTED, information);
}

static NTSTATUS send_minor(struct pnp_node *node, UCHAR minor)
{
    IO_STACK_LOCATION location = {.MinorFunction = minor};

    return pnp_send(node, &location, NULL);
}

static void send_must_succeed(struct pnp_node *node, UCHAR minor)
{
    NTSTATUS status = send_minor(node, minor);

    if (!NT_SUCCESS(status))
        rule_broken(&pnp_must_succeed, "minor %x: %x", minor, status);
}

/* A minor code of the future: it must come back as it was sent. */
static void send_unknown(struct pnp_node *node)
{
    NTSTATUS status = send_minor(node, 0x3e);

    if (status != STATUS_NOT_SUPPORTED)
        rule_broken(&pnp_unknown_changed, "minor 3e: %x", status);
}

/* --- The end of a stack. */

static void remove_stack(struct pnp_node *node)
{
    PDEVICE_OBJECT pdo = node->pdo;
    BOOLEAN stay = node->reported;

    send_must_succeed(node, IRP_MN_REMOVE_DEVICE);
    node->driver = NULL;
    if (!device_exists(pdo) || device_record(pdo)->deleted) {
        if (stay)
            rule_broken(&pnp_present_pdo_deleted, "%ws", node->device_id);
    } else {
        if (pdo->AttachedDevice != NULL)
            rule_broken(&pnp_remove_left_attached, "%p is attached to the PDO of %ws",
                        pdo->AttachedDevice, node->device_id);
        /* A root's PDO is its test's, unless its bus (pci.c) knows better. */
        if (!stay && node->parent != NULL)
            rule_broken(&pnp_gone_pdo_kept, "%ws", node->device_id);
    }
    device_interface_stack_removed(pdo);
    pnp_free_resources(node);
    pnp_forget_children(node);
    if (stay)
        return;
    pnp_release_pdo(node);
    pnp_unlink(node);
}

/* --- Start. */

static NTSTATUS start_device(struct pnp_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_START_DEVICE};
    NTSTATUS status = pnp_assign_resources(node);

    if (!NT_SUCCESS(status))
        return status;
    location.Parameters.StartDevice.AllocatedResources = node->raw;
    location.Parameters.StartDevice.AllocatedResourcesTranslated = node->translated;
    return pnp_send(node, &location, NULL);
}

static void query_device_state(struct pnp_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_PNP_DEVICE_STATE};
    ULONG_PTR state = 0;

    node->device_state = NT_SUCCESS(pnp_send(node, &location, &state)) ? (ULONG)state : 0;
}

static void fail_node(struct pnp_node *node, NTSTATUS status)
{
    remove_stack(node);
    node->problem = status;
    node->state = PNP_FAILED;
}

NTSTATUS pnp_start_locked(struct pnp_node *node)
{
    NTSTATUS status;

    pnp_demand(node->state == PNP_NEW || node->state == PNP_ADDED || node->state == PNP_STOPPED ||
                   node->state == PNP_REMOVED || node->state == PNP_FAILED,
               "a device is started in a state that forbids it");
    if (node->state != PNP_ADDED && node->state != PNP_STOPPED) {
        status = add_device(node);
        if (!NT_SUCCESS(status)) {
            if (status != STATUS_NO_SUCH_DEVICE || node->pdo->AttachedDevice != NULL)
                fail_node(node, status);
            return status;
        }
        node->state = PNP_ADDED;
        send_unknown(node);
    }
    status = start_device(node);
    if (!NT_SUCCESS(status)) {
        fail_node(node, status);
        return status;
    }
    node->state = PNP_STARTED;
    node->power = PowerDeviceD0;
    pnp_query_capabilities(node);
    query_device_state(node);
    pnp_enumerate(node); /* when that fails, nothing is new */
    return STATUS_SUCCESS;
}

/* --- Stop. */

NTSTATUS pnp_query_stop_locked(struct pnp_node *node)
{
    NTSTATUS status;

    pnp_demand(node->state == PNP_STARTED, "only a started device is asked to stop");
    status = send_minor(node, IRP_MN_QUERY_STOP_DEVICE);
    node->state = PNP_STOP_PENDING;
    if (!NT_SUCCESS(status))
        pnp_cancel_stop_locked(node);
    return status;
}

void pnp_cancel_stop_locked(struct pnp_node *node)
{
    pnp_demand(node->state == PNP_STOP_PENDING, "no stop is pending");
    send_must_succeed(node, IRP_MN_CANCEL_STOP_DEVICE);
    node->state = PNP_STARTED;
}

void pnp_stop_locked(struct pnp_node *node)
{
    pnp_demand(node->state == PNP_STOP_PENDING, "a device is stopped only when it agreed");
    send_must_succeed(node, IRP_MN_STOP_DEVICE);
    pnp_free_resources(node);
    node->state = PNP_STOPPED;
}

/* --- Remove. */

static BOOLEAN has_stack(const struct pnp_node *node)
{
    return node->state != PNP_NEW && node->state != PNP_REMOVED && node->state != PNP_FAILED;
}

NTSTATUS pnp_query_remove_locked(struct pnp_node *node)
{
    NTSTATUS status = STATUS_SUCCESS;

    pnp_demand(has_stack(node) && node->state != PNP_SURPRISE_REMOVED,
               "a device is asked for removal in a state that forbids it");
    for (struct pnp_node *child = node->children; child != NULL; child = child->sibling) {
        if (has_stack(child) && child->state != PNP_SURPRISE_REMOVED &&
            child->state != PNP_REMOVE_PENDING)
            status = pnp_query_remove_locked(child);
        if (!NT_SUCCESS(status))
            break;
    }
    if (NT_SUCCESS(status)) {
        status = send_minor(node, IRP_MN_QUERY_REMOVE_DEVICE);
        node->state = PNP_REMOVE_PENDING;
    }
    if (NT_SUCCESS(status) && pnp_open_handles(node) != 0)
        status = STATUS_UNSUCCESSFUL; /* the drivers agree, but the manager does not */
    if (!NT_SUCCESS(status))
        pnp_cancel_remove_locked(node);
    return status;
}

/* The parent first, as in a start. */
void pnp_cancel_remove_locked(struct pnp_node *node)
{
    if (node->state == PNP_REMOVE_PENDING) {
        send_must_succeed(node, IRP_MN_CANCEL_REMOVE_DEVICE);
        node->state = PNP_STARTED;
    }
    for (struct pnp_node *child = node->children; child != NULL; child = child->sibling)
        if (child->state == PNP_REMOVE_PENDING)
            pnp_cancel_remove_locked(child);
}

void pnp_remove_locked(struct pnp_node *node)
{
    pnp_demand(has_stack(node), "a device without a stack is removed");
    pnp_demand(node->state == PNP_REMOVE_PENDING || node->state == PNP_SURPRISE_REMOVED,
               "a device is removed only after a query or a surprise");
    pnp_demand(pnp_open_handles(node) == 0, "a device is removed while handles are open on it");
    for (struct pnp_node *child = node->children; child != NULL; child = child->sibling)
        if (has_stack(child))
            pnp_remove_locked(child);
    remove_stack(node);
    node->state = PNP_REMOVED;
}

static void surprise(struct pnp_node *node)
{
    for (struct pnp_node *child = node->children; child != NULL; child = child->sibling)
        if (has_stack(child) && child->state != PNP_SURPRISE_REMOVED)
            surprise(child);
    if (node->state == PNP_ADDED) { /* never started: no surprise */
        node->state = PNP_REMOVE_PENDING;
        return;
    }
    send_must_succeed(node, IRP_MN_SURPRISE_REMOVAL);
    node->state = PNP_SURPRISE_REMOVED;
}

/* Whether nobody in the subtree holds a handle. */
static BOOLEAN subtree_closed(const struct pnp_node *node)
{
    if (has_stack(node) && pnp_open_handles(node) != 0)
        return FALSE;
    for (struct pnp_node *child = node->children; child != NULL; child = child->sibling)
        if (!subtree_closed(child))
            return FALSE;
    return TRUE;
}

void pnp_surprise_remove_locked(struct pnp_node *node)
{
    pnp_demand(has_stack(node), "a device without a stack is gone by surprise");
    node->reported = FALSE;
    if (node->state != PNP_SURPRISE_REMOVED)
        surprise(node);
    if (subtree_closed(node))
        pnp_remove_locked(node);
}

void pnp_finish_surprise_removals(struct pnp_node *node)
{
    for (struct pnp_node *child = node->children; child != NULL; child = child->sibling)
        pnp_finish_surprise_removals(child);
    if (node->state == PNP_SURPRISE_REMOVED && subtree_closed(node))
        pnp_remove_locked(node);
}

/* --- Uninstall. */

static void disable_driven_by(struct pnp_node *node, PDRIVER_OBJECT driver)
{
    for (; node != NULL; node = node->sibling) {
        disable_driven_by(node->children, driver);
        if (node->driver == driver && has_stack(node)) {
            pnp_demand(NT_SUCCESS(pnp_disable_locked(node)),
                       "a driver is uninstalled whose device refuses to go");
        }
    }
}

void pnp_uninstall_locked(const char *name)
{
    PDRIVER_OBJECT driver = driver_find(name);

    if (driver != NULL) {
        disable_driven_by(pnp_roots(), driver);
        device_check_leaks(driver);
        driver_unload(driver);
    }
    for (ULONG slot = 0; slot < RTL_NUMBER_OF(Store); slot++)
        if (Store[slot] != NULL && strcmp(Store[slot]->name, name) == 0)
            Store[slot] = NULL;
}

NTSTATUS pnp_disable_locked(struct pnp_node *node)
{
    NTSTATUS status;

    if (!has_stack(node))
        return STATUS_SUCCESS;
    if (node->state == PNP_STOPPED || node->state == PNP_ADDED)
        node->state = PNP_REMOVE_PENDING;
    if (node->state != PNP_REMOVE_PENDING && node->state != PNP_SURPRISE_REMOVED) {
        status = pnp_query_remove_locked(node);
        if (!NT_SUCCESS(status))
            return status;
    }
    pnp_remove_locked(node);
    return STATUS_SUCCESS;
}
