/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of StorPort: a small miniport of memory that does everything right passes, also in a
 * dump; and one that bends a rule is caught.
 */
#include "model/storport.h"

#include "child_bus.h"
#include "harness.h"
#include "model/device.h"
#include "model/error_log.h"
#include "model/pnp.h"
#include "model/sched.h"
#include "model/windows.h"

static struct {
    HW_INITIALIZATION_DATA data;
    PORT_CONFIGURATION_INFORMATION bend; /* fields that are not 0 are set so */
    BOOLEAN not_virtual;
    HW_INITIALIZE *initialize;
    HW_STARTIO *start_io; /* in place of the right one */
    BOOLEAN bad_list, keeps, calls_late;
    PSCSI_REQUEST_BLOCK kept;
    PVOID extension;
} Mini;

/* --- A miniport that does everything right. */

static VOID finish(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    srb->SrbStatus = SRB_STATUS_SUCCESS;
    StorPortNotification(RequestComplete, extension, srb);
}

static BOOLEAN start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    if (Mini.start_io)
        return Mini.start_io(extension, srb);
    if (Mini.keeps)
        Mini.kept = srb;
    else
        finish(extension, srb);
    return TRUE;
}

static ULONG find(PVOID extension, PVOID context, PVOID bus, PVOID lower, PCHAR arguments,
                  PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    Mini.extension = extension;
    config->VirtualDevice = !Mini.not_virtual;
    config->MaximumTransferLength = 65536;
    config->NumberOfPhysicalBreaks =
        Mini.bend.NumberOfPhysicalBreaks ? Mini.bend.NumberOfPhysicalBreaks : 17;
    config->NumberOfBuses = config->MaximumNumberOfTargets = 1;
    config->MaximumNumberOfLogicalUnits = 1;
    *again = FALSE;
    return SP_RETURN_FOUND;
}

static ULONG find_in_dump(PVOID extension, PVOID context, PVOID bus, PCHAR arguments,
                          PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    CHECK(strcmp(arguments, "dump=1") == 0);
    Mini.not_virtual = TRUE;
    return find(extension, context, bus, NULL, arguments, config, again);
}

static BOOLEAN initialize(PVOID extension)
{
    return Mini.initialize ? Mini.initialize(extension) : TRUE;
}

static BOOLEAN reset_bus(PVOID extension, ULONG path)
{
    if (Mini.kept && !Mini.calls_late) {
        PSCSI_REQUEST_BLOCK srb = Mini.kept;
        Mini.kept = NULL;
        srb->SrbStatus = SRB_STATUS_BUS_RESET;
        StorPortNotification(RequestComplete, extension, srb);
    }
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS control(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type,
                                           PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    if (type != ScsiQuerySupportedControlTypes)
        return ScsiAdapterControlSuccess;
    if (Mini.bad_list)
        list->SupportedTypeList[list->MaxControlType] = TRUE;
    for (ULONG i = 0; i <= ScsiRestartAdapter && i < list->MaxControlType; i++)
        list->SupportedTypeList[i] = TRUE;
    return ScsiAdapterControlSuccess;
}

static VOID free_resources(PVOID extension)
{
}

static BOOLEAN NTAPI interrupt(PVOID extension)
{
    return FALSE;
}

static VOID good_data(void)
{
    Mini.data = (HW_INITIALIZATION_DATA){
        .HwInitializationDataSize = sizeof(Mini.data),
        .AdapterInterfaceType = Internal,
        .HwInitialize = initialize,
        .HwStartIo = start_io,
        .HwFindAdapter = (PVOID)find,
        .HwResetBus = reset_bus,
        .HwAdapterControl = control,
        .HwFreeAdapterResources = free_resources,
        .DeviceExtensionSize = 64,
        .SrbExtensionSize = 32,
        .NeedPhysicalAddresses = TRUE,
        .TaggedQueuing = TRUE,
        .AutoRequestSense = TRUE,
        .MultipleRequestPerLu = TRUE,
        .FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT,
        .SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK,
    };
}

static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    if (!Mini.data.HwInitializationDataSize)
        good_data();
    if (!driver) {
        Mini.data.HwFindAdapter = (PVOID)find_in_dump;
        Mini.data.HwInterrupt = interrupt;
        Mini.data.HwFreeAdapterResources = NULL;
        Mini.data.FeatureSupport = 0;
    }
    return (NTSTATUS)StorPortInitialize(driver, path, &Mini.data, NULL);
}

/* --- Its device. */

static const struct pnp_driver Driver = {
    .name = "mini", .hardware_id = "TEST\\STORPORT", .entry = entry};

static struct storport_adapter *mini_start(void)
{
    pnp_install(&Driver);
    ChildBus.id = L"TEST\\STORPORT";
    ChildBus.instance = L"0";
    child_bus_make("minibus");
    CHECK_EQ(pnp_start(ChildBus.node), STATUS_SUCCESS);
    return storport_of(ChildBus.node);
}

static void mini_end(void)
{
    CHECK(NT_SUCCESS(pnp_disable(ChildBus.node)));
    pnp_uninstall("mini");
    child_bus_end();
}

static UCHAR run(struct storport_adapter *adapter)
{
    struct storport_request request = {.function = SRB_FUNCTION_EXECUTE_SCSI, .cdb_bytes = 6};

    return storport_run(adapter, &request);
}

/* --- Good miniports. */

NT_TEST(a_good_miniport, .seeds = 10)
{
    struct storport_adapter *adapter = mini_start();

    for (int i = 0; i < 10; i++)
        CHECK_EQ(run(adapter), SRB_STATUS_SUCCESS);
    storport_reset(adapter);
    storport_power(adapter, FALSE);
    storport_power(adapter, TRUE);
    CHECK_EQ(run(adapter), SRB_STATUS_SUCCESS);
    CHECK_EQ(storport_outstanding(adapter), 0);
    mini_end();
}

NT_TEST(a_reset_completes_what_is_kept, .seeds = 5)
{
    struct storport_request request = {.function = SRB_FUNCTION_EXECUTE_SCSI, .cdb_bytes = 6};
    struct storport_adapter *adapter = mini_start();

    Mini.keeps = TRUE;
    storport_send(adapter, &request);
    CHECK_EQ(storport_outstanding(adapter), 1);
    storport_reset(adapter);
    CHECK(KeReadStateEvent(&request.done));
    CHECK_EQ(request.status, SRB_STATUS_BUS_RESET);
    Mini.keeps = FALSE;
    mini_end();
}

NT_TEST(a_request_for_a_device_that_has_gone, .seeds = 5)
{
    struct storport_adapter *adapter = mini_start();
    PDEVICE_OBJECT device = IoGetAttachedDeviceReference(ChildBus.node->pdo);

    CHECK(NT_SUCCESS(pnp_disable(ChildBus.node)));
    CHECK_EQ(run(adapter), SRB_STATUS_NO_DEVICE);
    ObDereferenceObject(device);
    mini_end();
}

NT_TEST(a_good_dump, .cpus = 1)
{
    struct storport_request request = {.function = SRB_FUNCTION_EXECUTE_SCSI, .cdb_bytes = 6};
    struct storport_adapter *adapter = storport_dump_start(entry, NULL, DUMP_MODE_CRASH);

    CHECK(adapter != NULL);
    CHECK_EQ(storport_dump_run(adapter, &request), SRB_STATUS_SUCCESS);
    storport_dump_end(adapter);
}

/* --- Bad ones. */

NT_TEST_BREAKS(a_size_of_another_header, storport_data)
{
    good_data();
    Mini.data.HwInitializationDataSize = 128;
    mini_start();
}

NT_TEST_BREAKS(a_virtual_miniport_that_builds, storport_data)
{
    good_data();
    Mini.data.HwBuildIo = (PVOID)start_io;
    mini_start();
}

NT_TEST_BREAKS(too_few_breaks, storport_config)
{
    Mini.bend.NumberOfPhysicalBreaks = 15;
    mini_start();
}

NT_TEST_BREAKS(virtual_but_does_not_say_so, storport_config)
{
    Mini.not_virtual = TRUE;
    mini_start();
}

static BOOLEAN completes_pending(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    srb->SrbStatus = SRB_STATUS_PENDING;
    StorPortNotification(RequestComplete, extension, srb);
    return TRUE;
}

NT_TEST_BREAKS(completed_as_pending, storport_pending)
{
    Mini.start_io = completes_pending;
    run(mini_start());
}

static BOOLEAN completes_twice(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    finish(extension, srb);
    StorPortNotification(RequestComplete, extension, srb);
    return TRUE;
}

NT_TEST_BREAKS(completed_twice, storport_completed_once)
{
    Mini.start_io = completes_twice;
    run(mini_start());
}

static BOOLEAN touches_afterwards(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    finish(extension, srb);
    srb->SrbStatus = SRB_STATUS_SUCCESS;
    return TRUE;
}

NT_TEST_BREAKS(touched_when_it_was_completed, pool_freed_use)
{
    Mini.start_io = touches_afterwards;
    run(mini_start());
}

static BOOLEAN says_no(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    finish(extension, srb);
    return FALSE;
}

NT_TEST_BREAKS(not_started, storport_start_failed)
{
    Mini.start_io = says_no;
    run(mini_start());
}

static BOOLEAN always_busy(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    srb->SrbStatus = SRB_STATUS_BUSY;
    StorPortNotification(RequestComplete, extension, srb);
    return TRUE;
}

NT_TEST_BREAKS(busy_for_ever, storport_busy)
{
    Mini.start_io = always_busy;
    run(mini_start());
}

static BOOLEAN transfers_too_much(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK)
        ((PSTORAGE_REQUEST_BLOCK)srb)->DataTransferLength = 1;
    else
        srb->DataTransferLength = 1;
    finish(extension, srb);
    return TRUE;
}

NT_TEST_BREAKS(more_than_asked_for, storport_length)
{
    Mini.start_io = transfers_too_much;
    run(mini_start());
}

static BOOLEAN sense_of_nothing(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    srb->SrbStatus = SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID;
    StorPortNotification(RequestComplete, extension, srb);
    return TRUE;
}

NT_TEST_BREAKS(sense_that_was_not_written, storport_sense)
{
    Mini.start_io = sense_of_nothing;
    run(mini_start());
}

NT_TEST_BREAKS(a_reset_that_leaves_requests, storport_reset_left)
{
    struct storport_request request = {.function = SRB_FUNCTION_EXECUTE_SCSI, .cdb_bytes = 6};
    struct storport_adapter *adapter = mini_start();

    Mini.keeps = Mini.calls_late = TRUE;
    storport_send(adapter, &request);
    storport_reset(adapter);
}

NT_TEST_BREAKS(stopped_with_requests, storport_request_left)
{
    struct storport_request request = {.function = SRB_FUNCTION_EXECUTE_SCSI, .cdb_bytes = 6};
    struct storport_adapter *adapter = mini_start();

    Mini.keeps = TRUE;
    storport_send(adapter, &request);
    storport_power(adapter, FALSE);
}

NT_TEST_BREAKS(a_list_overrun, storport_control_list)
{
    Mini.bad_list = TRUE;
    mini_start();
}

static BOOLEAN asks_for_speed(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    PERF_CONFIGURATION_DATA data = {.Version = STOR_PERF_VERSION_4, .Size = sizeof(data)};

    (void)StorPortInitializePerfOpts(extension, TRUE, &data);
    finish(extension, srb);
    return TRUE;
}

NT_TEST_BREAKS(options_after_initialization, storport_from_initialize)
{
    Mini.start_io = asks_for_speed;
    run(mini_start());
}

static BOOLEAN wants_everything(PVOID extension)
{
    PERF_CONFIGURATION_DATA data = {
        .Version = STOR_PERF_VERSION_4, .Size = sizeof(data), .Flags = 0xffffffff};

    while (StorPortInitializePerfOpts(extension, FALSE, &data) == STOR_STATUS_NOT_IMPLEMENTED)
        ;
    return TRUE;
}

NT_TEST_BREAKS(options_that_nobody_offered, storport_perf, .windows = WINDOWS_11)
{
    Mini.initialize = wants_everything;
    mini_start();
}

NT_TEST_BREAKS(notified_when_the_adapter_is_gone, storport_gone)
{
    mini_start();
    mini_end();
    StorPortNotification(BusChangeDetected, Mini.extension, 0);
}

NT_TEST_BREAKS(a_dump_of_much_memory, storport_dump_memory, .cpus = 1)
{
    good_data();
    Mini.data.DeviceExtensionSize = 64 * 1024;
    (void)storport_dump_start(entry, NULL, DUMP_MODE_CRASH);
}

NT_TEST_BREAKS(a_dump_that_waits_for_an_interrupt, storport_dump_done, .cpus = 1)
{
    struct storport_request request = {.function = SRB_FUNCTION_EXECUTE_SCSI, .cdb_bytes = 6};
    struct storport_adapter *adapter = storport_dump_start(entry, NULL, DUMP_MODE_CRASH);

    Mini.keeps = TRUE;
    (void)storport_dump_run(adapter, &request);
}

static BOOLEAN initializes_a_dpc(PVOID extension)
{
    StorPortNotification((SCSI_NOTIFICATION_TYPE)InitializeDpc, extension, NULL, NULL);
    return TRUE;
}

NT_TEST_BREAKS(a_dump_with_a_dpc, storport_dump_call, .cpus = 1)
{
    Mini.initialize = initializes_a_dpc;
    (void)storport_dump_start(entry, NULL, DUMP_MODE_CRASH);
}

static BOOLEAN allocates(PVOID extension)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'tseT') != NULL;
}

NT_TEST_BREAKS(a_dump_that_allocates, irql, .cpus = 1)
{
    Mini.initialize = allocates;
    (void)storport_dump_start(entry, NULL, DUMP_MODE_CRASH);
}

NT_TEST_BREAKS(an_event_log_entry_too_long, error_log_entry)
{
    mini_start();
    (void)IoAllocateErrorLogEntry(ChildBus.child, 255);
}
