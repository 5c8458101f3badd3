/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that a right function driver and bus go through the PnP and power states in any legal
 * order, that children come and go with the bus relations, and that the PnP and power managers
 * report drivers that break their rules.
 */
#include "model_tests/toy.h"

#include "model/power.h"
#include "model/walk.h"

/* --- Good ways. */

NT_TEST(start_and_uninstall, .seeds = 5, .faults = true)
{
    struct pnp_node *node = toy_plug_in();
    NTSTATUS status = pnp_start(node);

    CHECK(fault_injected() || NT_SUCCESS(status));
    pnp_uninstall("toy");
}

NT_TEST(stop_and_restart, .seeds = 5)
{
    struct pnp_node *node = toy_started();

    CHECK_EQ(pnp_query_stop(node), STATUS_SUCCESS);
    pnp_cancel_stop(node);
    CHECK_EQ(pnp_query_stop(node), STATUS_SUCCESS);
    pnp_stop(node);
    CHECK_EQ(pnp_start(node), STATUS_SUCCESS);
    CHECK_EQ(Toy.starts, 2);
    CHECK_EQ(pnp_query_remove(node), STATUS_SUCCESS);
    pnp_cancel_remove(node);
    CHECK_EQ(pnp_disable(node), STATUS_SUCCESS);
    CHECK_EQ(pnp_start(node), STATUS_SUCCESS);
    pnp_uninstall("toy");
    CHECK_EQ(Toy.removes, 2);
}

NT_TEST(surprise_removal, .seeds = 5)
{
    pci_unplug(toy_started());
    CHECK_EQ(Toy.removes, 1);
    pnp_uninstall("toy");
}

NT_TEST(sleep_and_wake, .seeds = 5)
{
    toy_started();
    CHECK_EQ(power_sleep(PowerSystemSleeping3), STATUS_SUCCESS);
    power_wake();
    pnp_uninstall("toy");
}

NT_TEST(children_come_and_go, .seeds = 10)
{
    struct pnp_node *node = toy_started();

    toy_child_new(1);
    toy_child_new(2);
    IoInvalidateDeviceRelations(Toy.toy->pdo, BusRelations);
    pnp_settle();
    CHECK(pnp_find("TOY\\CHILD") != NULL);
    CHECK(node->children->sibling != NULL);
    Toy.child[1].missing = TRUE;
    CHECK_EQ(pnp_rescan(node), STATUS_SUCCESS);
    CHECK(Toy.child[1].pdo == NULL);
    CHECK(node->children->sibling == NULL);
    pnp_uninstall("toy");
    CHECK(node->children == NULL);
}

NT_TEST(any_legal_order, .seeds = 40)
{
    struct pnp_node *node = toy_started();

    toy_child_new(3);
    walk(node, 30);
    pnp_uninstall("toy");
}

/* --- Bad function drivers. */

static NTSTATUS add_initializing(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    NTSTATUS status;

    Toy.add_device = NULL;
    status = toy_add_device(driver, pdo);
    Toy.toy->self->Flags |= DO_DEVICE_INITIALIZING;
    return status;
}

NT_TEST_BREAKS(initializing_flag_left, add_device_initializing)
{
    Toy.add_device = add_initializing;
    pnp_start(toy_plug_in());
}

static NTSTATUS add_nothing(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    return STATUS_SUCCESS;
}

NT_TEST_BREAKS(added_without_a_device, add_device_not_attached)
{
    Toy.add_device = add_nothing;
    pnp_start(toy_plug_in());
}

static NTSTATUS add_and_fail(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    Toy.add_device = NULL;
    toy_add_device(driver, pdo);
    return STATUS_UNSUCCESSFUL;
}

NT_TEST_BREAKS(failed_add_left_a_device, add_device_failed_attached)
{
    Toy.add_device = add_and_fail;
    pnp_start(toy_plug_in());
}

static UCHAR Chosen;
static NTSTATUS Answer;

/* Completes the chosen minor with the answer. */
static BOOLEAN answer_chosen(struct toy *toy, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    if (minor != Chosen)
        return FALSE;
    *status = toy_complete(irp, Answer);
    return TRUE;
}

NT_TEST_BREAKS(unknown_minor_failed, pnp_unknown_changed)
{
    Toy.hook = answer_chosen;
    Chosen = 0x3e;
    Answer = STATUS_INVALID_DEVICE_REQUEST;
    pnp_start(toy_plug_in());
}

NT_TEST_BREAKS(surprise_refused, pnp_must_succeed)
{
    struct pnp_node *node = toy_started();

    Toy.hook = answer_chosen;
    Chosen = IRP_MN_SURPRISE_REMOVAL;
    Answer = STATUS_UNSUCCESSFUL;
    pci_unplug(node);
}

static NTSTATUS NTAPI remove_and_stay(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    return toy_pass_down(device->DeviceExtension, irp);
}

NT_TEST_BREAKS(device_left_at_remove, pnp_remove_left_attached)
{
    toy_started();
    Toy.driver->MajorFunction[IRP_MJ_PNP] = remove_and_stay;
    pnp_uninstall("toy");
}

static BOOLEAN grow_in_place(struct toy *toy, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    if (minor != IRP_MN_FILTER_RESOURCE_REQUIREMENTS)
        return FALSE;
    ((PIO_RESOURCE_REQUIREMENTS_LIST)irp->IoStatus.Information)->ListSize += 64;
    *status = toy_complete(irp, STATUS_SUCCESS);
    return TRUE;
}

NT_TEST_BREAKS(requirements_list_grown, requirements_grown_in_place)
{
    Toy.hook = grow_in_place;
    pnp_start(toy_plug_in());
}

static BOOLEAN miscount(struct toy *toy, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    if (minor != IRP_MN_FILTER_RESOURCE_REQUIREMENTS)
        return FALSE;
    ((PIO_RESOURCE_REQUIREMENTS_LIST)irp->IoStatus.Information)->List[0].Count += 100;
    *status = toy_complete(irp, STATUS_SUCCESS);
    return TRUE;
}

NT_TEST_BREAKS(requirements_list_miscounted, requirements_malformed)
{
    Toy.hook = miscount;
    pnp_start(toy_plug_in());
}

NT_TEST_BREAKS(relations_of_a_function_device, pnp_not_pdo)
{
    toy_started();
    IoInvalidateDeviceRelations(Toy.toy->self, BusRelations);
}

NT_TEST_BREAKS(property_of_a_function_device, property_not_pdo)
{
    ULONG number, length;

    toy_started();
    IoGetDeviceProperty(Toy.toy->self, DevicePropertyBusNumber, sizeof(number), &number, &length);
}

NT_TEST_BREAKS(configuration_read_beyond_its_end, pci_config_range)
{
    UCHAR byte;
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_READ_CONFIG};

    location.Parameters.ReadWriteConfig.Buffer = &byte;
    location.Parameters.ReadWriteConfig.Offset = 256;
    location.Parameters.ReadWriteConfig.Length = 1;
    pnp_send(toy_started(), &location, NULL);
}

/* --- Bad buses. */

static BOOLEAN relations_unreferenced(struct toy *toy, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    DEVICE_RELATIONS *relations;

    if (minor != IRP_MN_QUERY_DEVICE_RELATIONS)
        return FALSE;
    toy_relations(irp);
    relations = (PVOID)irp->IoStatus.Information;
    ObDereferenceObject(relations->Objects[0]);
    irp->IoStatus.Status = STATUS_SUCCESS;
    *status = toy_pass_down(toy, irp);
    return TRUE;
}

static void scan_with_one_child(void)
{
    struct pnp_node *node = toy_started();

    toy_child_new(1);
    pnp_rescan(node);
}

NT_TEST_BREAKS(children_not_referenced, pnp_relations_unreferenced)
{
    Toy.hook = NULL;
    toy_plug_in();
    CHECK_EQ(pnp_start(pnp_find("PCI\\VEN_5853&DEV_0001")), STATUS_SUCCESS);
    toy_child_new(1);
    Toy.hook = relations_unreferenced;
    pnp_rescan(pnp_find("PCI\\VEN_5853&DEV_0001"));
}

static BOOLEAN relations_doubled(struct toy *toy, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    DEVICE_RELATIONS *relations;

    if (minor != IRP_MN_QUERY_DEVICE_RELATIONS || Toy.child[1].pdo == NULL)
        return FALSE;
    toy_relations(irp);
    relations = (PVOID)irp->IoStatus.Information;
    relations->Objects[relations->Count++] = relations->Objects[0];
    irp->IoStatus.Status = STATUS_SUCCESS;
    *status = toy_pass_down(toy, irp);
    return TRUE;
}

NT_TEST_BREAKS(a_child_reported_twice, pnp_relations_twice)
{
    Toy.hook = relations_doubled;
    scan_with_one_child();
}

static BOOLEAN relations_of_deleted(struct toy *toy, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    if (minor != IRP_MN_QUERY_DEVICE_RELATIONS || Toy.child[1].pdo == NULL)
        return FALSE;
    toy_relations(irp);
    IoDeleteDevice(Toy.child[1].pdo);
    irp->IoStatus.Status = STATUS_SUCCESS;
    *status = toy_pass_down(toy, irp);
    return TRUE;
}

NT_TEST_BREAKS(a_deleted_child_reported, pnp_relations_deleted)
{
    Toy.hook = relations_of_deleted;
    scan_with_one_child();
}

NT_TEST_BREAKS(a_child_still_initializing, pnp_pdo_initializing)
{
    struct pnp_node *node = toy_started();

    toy_child_new(1)->Flags |= DO_DEVICE_INITIALIZING;
    pnp_rescan(node);
}

NT_TEST_BREAKS(two_children_with_one_name, pnp_same_instance)
{
    struct pnp_node *node = toy_started();

    toy_child_new(1);
    *(ULONG *)toy_child_new(2)->DeviceExtension = 1;
    pnp_rescan(node);
}

static const WCHAR *BadId;

static BOOLEAN id_of_choice(PDEVICE_OBJECT pdo, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    if (minor != IRP_MN_QUERY_ID ||
        IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType != BusQueryDeviceID)
        return FALSE;
    *status = toy_complete(irp, BadId == NULL ? irp->IoStatus.Status
                                              : toy_text(irp, BadId, 8 * sizeof(WCHAR)));
    return TRUE;
}

NT_TEST_BREAKS(a_comma_in_an_id, pnp_id_malformed)
{
    Toy.pdo_hook = id_of_choice;
    BadId = L"TOY,1\0\0";
    scan_with_one_child();
}

NT_TEST_BREAKS(a_child_without_an_id, pnp_id_missing)
{
    Toy.pdo_hook = id_of_choice;
    scan_with_one_child();
}

static BOOLEAN keep_at_remove(PDEVICE_OBJECT pdo, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    if (minor != IRP_MN_REMOVE_DEVICE)
        return FALSE;
    *status = toy_complete(irp, STATUS_SUCCESS);
    return TRUE;
}

NT_TEST_BREAKS(the_pdo_of_a_missing_child_kept, pnp_gone_pdo_kept)
{
    struct pnp_node *node = toy_started();

    Toy.pdo_hook = keep_at_remove;
    toy_child_new(1);
    pnp_rescan(node);
    Toy.child[1].missing = TRUE;
    pnp_rescan(node);
}

static BOOLEAN delete_at_remove(PDEVICE_OBJECT pdo, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    if (minor != IRP_MN_REMOVE_DEVICE)
        return FALSE;
    IoDeleteDevice(pdo);
    *status = toy_complete(irp, STATUS_SUCCESS);
    return TRUE;
}

NT_TEST_BREAKS(the_pdo_of_a_present_child_deleted, pnp_present_pdo_deleted)
{
    struct pnp_node *node = toy_started();

    Toy.pdo_hook = delete_at_remove;
    toy_child_new(1);
    pnp_rescan(node);
    /* Disabled alone: the child has no function driver, so its state is set up by hand. */
    node->children->state = PNP_REMOVE_PENDING;
    pnp_remove(node->children);
}

static BOOLEAN forget_children(struct toy *toy, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    Toy.child[1].pdo = NULL;
    return FALSE;
}

NT_TEST_BREAKS(children_outlive_their_bus, pnp_children_left)
{
    struct pnp_node *node = toy_started();

    toy_child_new(1);
    pnp_rescan(node);
    Toy.hook = forget_children;
    pnp_disable(node);
}

/* --- Bad power. */

static NTSTATUS NTAPI power_fails(PDEVICE_OBJECT device, PIRP irp)
{
    PoStartNextPowerIrp(irp);
    if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_SET_POWER)
        return toy_complete(irp, STATUS_UNSUCCESSFUL);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(Toy.toy->lower, irp);
}

NT_TEST_BREAKS(set_power_refused, power_set_must_succeed)
{
    toy_started();
    Toy.power = power_fails;
    power_sleep(PowerSystemSleeping3);
}

NT_TEST_BREAKS(a_power_request_of_another_kind, power_minor)
{
    POWER_STATE state = {.DeviceState = PowerDeviceD3};

    toy_started();
    PoRequestPowerIrp(Toy.toy->self, IRP_MN_POWER_SEQUENCE, state, NULL, NULL, NULL);
}

static NTSTATUS NTAPI power_again(PDEVICE_OBJECT device, PIRP irp)
{
    POWER_STATE state = {.DeviceState = PowerDeviceD3};

    PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, NULL, NULL, NULL);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(Toy.toy->lower, irp);
}

NT_TEST_BREAKS(two_power_requests_at_once, power_two_at_once)
{
    POWER_STATE state = {.DeviceState = PowerDeviceD3};

    toy_started();
    Toy.power = power_again;
    PoRequestPowerIrp(Toy.toy->self, IRP_MN_SET_POWER, state, NULL, NULL, NULL);
}
