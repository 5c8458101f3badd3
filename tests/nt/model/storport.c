/* SPDX-License-Identifier: BSD-2-Clause */
/* StorPort: see storport.h. */
#include "model/storport.h"

#include <stdarg.h>

#include "model/device.h"
#include "model/driver_call.h"
#include "model/fault.h"
#include "model/machine.h"
#include "model/pnp.h"
#include "model/windows.h"

RULE(storport_data, "A miniport describes itself as StorPort requires",
     "HW_INITIALIZATION_DATA structure (storport.h)");
RULE(storport_config, "HwStorFindAdapter completes the configuration",
     "HW_FIND_ADAPTER callback function (storport.h)");
RULE(storport_pending, "A request is not completed as pending",
     "StorPortStatusPending rule (storport)");
RULE(storport_completed_once, "A request is completed once, by the adapter that it was sent to",
     "StorPortNotification function (storport.h)");
RULE(storport_start_failed, "HwStorStartIo returns TRUE for a request that it takes",
     "HW_STARTIO callback function (storport.h)");
RULE(storport_busy, "A miniport is busy for a time only",
     "HW_STARTIO callback function (storport.h)");
RULE(storport_length, "No more data is said to be transferred than was asked for",
     "SCSI_REQUEST_BLOCK structure (srb.h)");
RULE(storport_sense,
     "Sense data is only said to be valid when there is a buffer and it was written",
     "SCSI_REQUEST_BLOCK structure (srb.h)");
RULE(storport_reset_left, "A reset ends with every request of the bus completed",
     "HW_RESET_BUS callback function (storport.h)");
RULE(storport_request_left, "An adapter that is stopped or removed has completed its requests",
     "HW_ADAPTER_CONTROL callback function (storport.h)");
RULE(storport_control_list, "Only elements of the list of control types are set",
     "HW_ADAPTER_CONTROL callback function (storport.h)");
RULE(storport_from_initialize, "What belongs to initialization is called from HwStorInitialize",
     "StorPortInitializePerfOpts function (storport.h)");
RULE(storport_perf, "Only options that StorPort offers are asked for",
     "StorPortInitializePerfOpts function (storport.h)");
RULE(storport_gone, "StorPort is not called for an adapter that is not there",
     "StorPortNotification function (storport.h)");
RULE(storport_dump_memory, "A miniport in a dump takes no more than 32 kilobytes",
     "Restrictions on Miniport Drivers that Manage the Boot Drive");
RULE(storport_dump_done, "A request of a dump is done when it has been started and looked at",
     "Restrictions on Miniport Drivers that Manage the Boot Drive");
RULE(storport_dump_call, "A miniport in a dump uses neither DPCs nor passive initialization",
     "Restrictions on Miniport Drivers that Manage the Boot Drive");

enum {
    TAG = 0x726f7453, /* Stor */
    BUSY_MS = 50,
    BUSY_LIMIT = 600 * 1000 / 50, /* ten minutes */
    DUMP_BYTES = 32 * 1024,
    DUMP_LOOKS = 1000,
    REMOVE_LIMIT_S = 600,
    RESET_LIMIT_MS = 10,
    CONTROLS_MAX = 32,
    SENSE_BYTES = 32,
    GUARD_BYTES = 8, /* behind the list of control types */
};

struct storport_adapter {
    PDEVICE_OBJECT device, lower, pdo;
    const HW_INITIALIZATION_DATA *data;
    PVOID extension;
    BOOLEAN found, started, initializing, dump;
    BOOLEAN controls[CONTROLS_MAX];
    ULONG bus_changes, perf_flags;
    HW_INITIALIZE *passive;
    LIST_ENTRY outstanding;
    ULONG outstanding_count;
    struct storport_adapter *next;
};

struct miniport {
    HW_INITIALIZATION_DATA data;
};

static struct storport_adapter *Adapters;
static HW_INITIALIZATION_DATA DumpData;
static BOOLEAN InDump;

void (*storport_on_stall)(void);

/* --- StorPortInitialize. */

static void check_data(const HW_INITIALIZATION_DATA *data)
{
    BOOLEAN virtual_one = (data->FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT) != 0;

    if (data->HwInitializationDataSize != sizeof(*data))
        rule_broken(&storport_data, "size %u", data->HwInitializationDataSize);
    if (!data->HwInitialize || !data->HwStartIo || !data->HwFindAdapter || !data->HwResetBus ||
        !data->HwAdapterControl)
        rule_broken(&storport_data, "a routine is missing");
    if (virtual_one ? !data->HwFreeAdapterResources : !data->HwInterrupt)
        rule_broken(&storport_data, "a routine of this kind of miniport is missing");
    if (virtual_one && data->HwBuildIo)
        rule_broken(&storport_data, "a virtual miniport has no HwStorBuildIo");
    if (!virtual_one && data->HwFreeAdapterResources)
        rule_broken(&storport_data, "HwStorFreeAdapterResources is a virtual miniport's");
    if (data->HwDmaStarted || data->HwAdapterState)
        rule_broken(&storport_data, "HwDmaStarted and HwAdapterState are of the past");
    if (!data->NeedPhysicalAddresses || !data->TaggedQueuing || !data->AutoRequestSense ||
        !data->MultipleRequestPerLu)
        rule_broken(&storport_data, "a member that must be TRUE is not");
}

static DRIVER_ADD_DEVICE add_device;
static DRIVER_DISPATCH dispatch_pnp, dispatch_power;

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
}

ULONG NTAPI StorPortInitialize(PVOID Argument1, PVOID Argument2,
                               PHW_INITIALIZATION_DATA HwInitializationData, PVOID HwContext)
{
    PDRIVER_OBJECT driver = Argument1;
    struct miniport *miniport;
    NTSTATUS status;

    check_data(HwInitializationData);
    if (!driver) {
        MODEL_CHECK(StorPortInitialize, PASSIVE_LEVEL, HIGH_LEVEL,
                    "StorPortInitialize function (storport.h)");
        if (HwInitializationData->DeviceExtensionSize > DUMP_BYTES)
            rule_broken(&storport_dump_memory, "%u bytes",
                        HwInitializationData->DeviceExtensionSize);
        DumpData = *HwInitializationData;
        return (ULONG)STATUS_SUCCESS;
    }
    MODEL_CALL(StorPortInitialize, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "StorPortInitialize function (storport.h)");
    status = IoAllocateDriverObjectExtension(driver, (PVOID)StorPortInitialize, sizeof(*miniport),
                                             (PVOID *)&miniport);
    if (!NT_SUCCESS(status))
        return (ULONG)status;
    miniport->data = *HwInitializationData;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    return (ULONG)STATUS_SUCCESS;
}

/* --- Calls into the miniport. */

#define CALL_MINIPORT(what, expression)                                                            \
    do {                                                                                           \
        struct driver_call call_ = driver_call_enter(what, __builtin_frame_address(0));            \
        expression;                                                                                \
        driver_call_leave(&call_);                                                                 \
    } while (0)

static SCSI_ADAPTER_CONTROL_STATUS control(struct storport_adapter *adapter, ULONG type,
                                           PVOID parameters)
{
    SCSI_ADAPTER_CONTROL_STATUS status;

    CALL_MINIPORT("HwStorAdapterControl",
                  status = adapter->data->HwAdapterControl(
                      adapter->extension, (SCSI_ADAPTER_CONTROL_TYPE)type, parameters));
    return status;
}

static void query_controls(struct storport_adapter *adapter)
{
    struct {
        ULONG max;
        BOOLEAN list[CONTROLS_MAX + GUARD_BYTES];
    } list = {.max = 1 + sched_random(CONTROLS_MAX)};

    if (control(adapter, ScsiQuerySupportedControlTypes, &list) != ScsiAdapterControlSuccess)
        return;
    for (ULONG i = list.max; i < sizeof(list.list); i++)
        if (list.list[i])
            rule_broken(&storport_control_list, "element %u of %u", i, list.max);
    RtlCopyMemory(adapter->controls, list.list, sizeof(adapter->controls));
}

static BOOLEAN initialize(struct storport_adapter *adapter)
{
    BOOLEAN good;

    adapter->initializing = TRUE;
    CALL_MINIPORT("HwStorInitialize", good = adapter->data->HwInitialize(adapter->extension));
    adapter->initializing = FALSE;
    if (good && adapter->passive)
        CALL_MINIPORT("HwStorPassiveInitialize", good = adapter->passive(adapter->extension));
    return good;
}

static void check_config(const struct storport_adapter *adapter,
                         const PORT_CONFIGURATION_INFORMATION *config)
{
    BOOLEAN virtual_one = (adapter->data->FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT) != 0;

    if (config->VirtualDevice != virtual_one)
        rule_broken(&storport_config, "VirtualDevice is %u", config->VirtualDevice);
    if (config->MaximumTransferLength == SP_UNINITIALIZED_VALUE ||
        config->NumberOfPhysicalBreaks == SP_UNINITIALIZED_VALUE ||
        config->MaximumTransferLength == 0 || config->NumberOfPhysicalBreaks < 16)
        rule_broken(&storport_config, "transfers of %u bytes, %u breaks",
                    config->MaximumTransferLength, config->NumberOfPhysicalBreaks);
    if (config->NumberOfBuses == 0 || config->MaximumNumberOfTargets == 0 ||
        config->MaximumNumberOfLogicalUnits == 0)
        rule_broken(&storport_config, "no bus, target or unit");
    if (config->MaxIOsPerLun > config->MaxNumberOfIO)
        rule_broken(&storport_config, "more requests for a unit than for the adapter");
}

static ULONG find_adapter(struct storport_adapter *adapter, PCHAR arguments,
                          PORT_CONFIGURATION_INFORMATION *config)
{
    BOOLEAN again = FALSE;
    ULONG found;

    config->Length = sizeof(*config);
    config->MaximumTransferLength = config->NumberOfPhysicalBreaks = SP_UNINITIALIZED_VALUE;
    config->MaxNumberOfIO = 1000;
    config->MaxIOsPerLun = 255;
    if (adapter->data->FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT) {
        VIRTUAL_HW_FIND_ADAPTER *find = (VIRTUAL_HW_FIND_ADAPTER *)adapter->data->HwFindAdapter;
        CALL_MINIPORT("HwStorFindAdapter",
                      found = find(adapter->extension, adapter->pdo, adapter->device,
                                   adapter->lower, arguments, config, &again));
    } else {
        HW_FIND_ADAPTER *find = (HW_FIND_ADAPTER *)adapter->data->HwFindAdapter;
        CALL_MINIPORT("HwStorFindAdapter",
                      found = find(adapter->extension, NULL, NULL, arguments, config, &again));
    }
    if (found == SP_RETURN_FOUND)
        check_config(adapter, config);
    return found;
}

/* --- Requests. */

static PSTORAGE_REQUEST_BLOCK extended(PSCSI_REQUEST_BLOCK srb)
{
    return srb->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK ? (PSTORAGE_REQUEST_BLOCK)srb : NULL;
}

static void make_extended(struct storport_request *request)
{
    struct whole {
        STORAGE_REQUEST_BLOCK srb;
        STOR_ADDR_BTL8 address;
        ULONG pad;
        SRBEX_DATA_SCSI_CDB16 command;
    } *whole = pool_allocate(sizeof(*whole), TAG, false, true);
    PSTORAGE_REQUEST_BLOCK srb = &whole->srb;

    srb->Length = FIELD_OFFSET(STORAGE_REQUEST_BLOCK, Signature);
    srb->Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    srb->Signature = SRB_SIGNATURE;
    srb->Version = STORAGE_REQUEST_BLOCK_VERSION_1;
    srb->SrbLength = sizeof(*whole);
    srb->SrbFunction = request->function;
    srb->AddressOffset = FIELD_OFFSET(struct whole, address);
    srb->NumSrbExData = request->function == SRB_FUNCTION_EXECUTE_SCSI;
    srb->DataTransferLength = request->data_bytes;
    srb->DataBuffer = request->data;
    srb->MiniportContext = request->extension;
    srb->SrbExDataOffset[0] = FIELD_OFFSET(struct whole, command);
    whole->address = (STOR_ADDR_BTL8){.Type = STOR_ADDRESS_TYPE_BTL8,
                                      .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH,
                                      .Target = request->target,
                                      .Lun = request->lun};
    whole->command.Type = SrbExDataTypeScsiCdb16;
    whole->command.Length = SRBEX_DATA_SCSI_CDB16_LENGTH;
    whole->command.CdbLength = request->cdb_bytes;
    whole->command.SenseInfoBuffer = request->sense_buffer;
    whole->command.SenseInfoBufferLength = request->sense_buffer ? SENSE_BYTES : 0;
    RtlCopyMemory(whole->command.Cdb, request->cdb, sizeof(request->cdb));
    request->srb = (PSCSI_REQUEST_BLOCK)srb;
}

static void make_legacy(struct storport_request *request)
{
    PSCSI_REQUEST_BLOCK srb = pool_allocate(sizeof(*srb), TAG, false, true);

    srb->Length = sizeof(*srb);
    srb->Function = (UCHAR)request->function;
    srb->TargetId = request->target;
    srb->Lun = request->lun;
    srb->CdbLength = request->cdb_bytes;
    srb->DataTransferLength = request->data_bytes;
    srb->DataBuffer = request->data;
    srb->SenseInfoBuffer = request->sense_buffer;
    srb->SenseInfoBufferLength = request->sense_buffer ? SENSE_BYTES : 0;
    srb->SrbExtension = request->extension;
    RtlCopyMemory(srb->Cdb, request->cdb, sizeof(srb->Cdb));
    request->srb = srb;
}

static void make(struct storport_adapter *adapter, struct storport_request *request)
{
    BOOLEAN can_extended = (adapter->data->SrbTypeFlags & SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK) != 0;
    ULONG bytes = adapter->data->SrbExtensionSize;

    request->adapter = adapter;
    request->before_reset = FALSE;
    request->extension = NULL;
    if (bytes) { /* "The Storport driver does not initialize SRB extensions" */
        request->extension = pool_allocate(bytes, TAG, false, false);
        memset(request->extension, 0xa5, bytes);
    }
    request->sense_buffer = request->no_sense ? NULL : pool_allocate(SENSE_BYTES, TAG, false, true);
    if (can_extended && (request->kind == STORPORT_EXTENDED ||
                         (request->kind == STORPORT_BY_SEED && sched_random(2))))
        make_extended(request);
    else
        make_legacy(request);
}

/* Takes the outcome out of the request's memory, which goes. */
static void unmake(struct storport_request *request)
{
    PSTORAGE_REQUEST_BLOCK srb = extended(request->srb);
    PSRBEX_DATA_SCSI_CDB16 command =
        srb ? (PSRBEX_DATA_SCSI_CDB16)((PUCHAR)srb + srb->SrbExDataOffset[0]) : NULL;
    ULONG sense_bytes = srb ? command->SenseInfoBufferLength : request->srb->SenseInfoBufferLength;

    request->status = request->srb->SrbStatus;
    request->scsi_status = srb ? command->ScsiStatus : request->srb->ScsiStatus;
    request->transferred = srb ? srb->DataTransferLength : request->srb->DataTransferLength;
    if (request->transferred > request->data_bytes)
        rule_broken(&storport_length, "%u of %u bytes", request->transferred, request->data_bytes);
    if (SRB_STATUS(request->status) == SRB_STATUS_PENDING)
        rule_broken(&storport_pending, "SRB %p", request->srb);
    if (request->status & SRB_STATUS_AUTOSENSE_VALID) {
        if (!request->sense_buffer || sense_bytes > SENSE_BYTES || sense_bytes == 0 ||
            !*(UCHAR *)request->sense_buffer)
            rule_broken(&storport_sense, "SRB %p, %u bytes", request->srb, sense_bytes);
        RtlCopyMemory(request->sense, request->sense_buffer, sense_bytes);
    }
    pool_release(request->srb);
    if (request->extension)
        pool_release(request->extension);
    if (request->sense_buffer)
        pool_release(request->sense_buffer);
    request->srb = NULL;
}

static void start_io(struct storport_adapter *adapter, struct storport_request *request)
{
    PSCSI_REQUEST_BLOCK srb = request->srb;
    BOOLEAN taken;

    InsertTailList(&adapter->outstanding, &request->link);
    adapter->outstanding_count++;
    CALL_MINIPORT("HwStorStartIo", taken = adapter->data->HwStartIo(adapter->extension, srb));
    if (!taken)
        rule_broken(&storport_start_failed, "SRB %p", srb);
}

/* The miniport does not hear of a request for a device that is stopped or gone. */
static void refuse(struct storport_request *request)
{
    request->srb->SrbStatus = SRB_STATUS_NO_DEVICE;
    unmake(request);
    KeSetEvent(&request->done, IO_NO_INCREMENT, FALSE);
}

void storport_send(struct storport_adapter *adapter, struct storport_request *request)
{
    KIRQL irql = KeGetCurrentIrql();
    BOOLEAN raise = irql < DISPATCH_LEVEL && sched_random(2);

    KeInitializeEvent(&request->done, NotificationEvent, FALSE);
    make(adapter, request);
    if (raise)
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (adapter->started)
        start_io(adapter, request);
    else
        refuse(request);
    if (raise)
        KeLowerIrql(irql);
}

UCHAR storport_run(struct storport_adapter *adapter, struct storport_request *request)
{
    LARGE_INTEGER delay = {.QuadPart = -(LONG64)BUSY_MS * 10000};

    for (ULONG i = 0;; i++) {
        if (i == BUSY_LIMIT)
            rule_broken(&storport_busy, "SRB function %u", request->function);
        storport_send(adapter, request);
        KeWaitForSingleObject(&request->done, Executive, KernelMode, FALSE, NULL);
        if (SRB_STATUS(request->status) != SRB_STATUS_BUSY)
            return SRB_STATUS(request->status);
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    }
}

static void complete(struct storport_adapter *adapter, PSCSI_REQUEST_BLOCK srb)
{
    struct storport_request *request = NULL;

    for (PLIST_ENTRY at = adapter->outstanding.Flink; at != &adapter->outstanding; at = at->Flink)
        if (CONTAINING_RECORD(at, struct storport_request, link)->srb == srb)
            request = CONTAINING_RECORD(at, struct storport_request, link);
    if (!request)
        rule_broken(&storport_completed_once, "SRB %p", srb);
    RemoveEntryList(&request->link);
    adapter->outstanding_count--;
    unmake(request);
    if (adapter->dump)
        return; /* nobody waits in a dump, and nobody can be woken */
    KeSetEvent(&request->done, IO_NO_INCREMENT, FALSE);
}

static struct storport_adapter *of_extension(PVOID extension)
{
    for (struct storport_adapter *adapter = Adapters; adapter; adapter = adapter->next)
        if (adapter->extension == extension)
            return adapter;
    rule_broken(&storport_gone, "%p", extension);
}

VOID __cdecl StorPortNotification(SCSI_NOTIFICATION_TYPE NotificationType, PVOID HwDeviceExtension,
                                  ...)
{
    struct storport_adapter *adapter;
    PSCSI_REQUEST_BLOCK srb = NULL;
    HW_INITIALIZE *passive = NULL;
    LONG *good = NULL;
    va_list arguments;

    va_start(arguments, HwDeviceExtension);
    if (NotificationType == RequestComplete)
        srb = va_arg(arguments, PSCSI_REQUEST_BLOCK);
    if ((ULONG)NotificationType == EnablePassiveInitialization) {
        passive = va_arg(arguments, HW_INITIALIZE *);
        good = va_arg(arguments, LONG *);
    }
    va_end(arguments);
    if (InDump) {
        MODEL_CHECK(StorPortNotification, PASSIVE_LEVEL, HIGH_LEVEL,
                    "StorPortNotification function (storport.h)");
    } else {
        MODEL_CALL(StorPortNotification, PASSIVE_LEVEL, DISPATCH_LEVEL,
                   "StorPortNotification function (storport.h)");
    }
    adapter = of_extension(HwDeviceExtension);
    switch ((ULONG)NotificationType) {
    case RequestComplete:
        complete(adapter, srb);
        break;
    case NextRequest:
    case NextLuRequest:
    case ResetDetected:
        break;
    case BusChangeDetected:
        if (!adapter->found)
            rule_broken(&storport_gone, "the adapter is not found yet");
        adapter->bus_changes++;
        break;
    case EnablePassiveInitialization:
        if (adapter->dump)
            rule_broken(&storport_dump_call, "EnablePassiveInitialization");
        if (!adapter->initializing)
            rule_broken(&storport_from_initialize, "EnablePassiveInitialization");
        adapter->passive = passive;
        *good = TRUE;
        break;
    case InitializeDpc:
    case IssueDpc:
        if (adapter->dump)
            rule_broken(&storport_dump_call, "a DPC");
        BenchUnsupported("StorPort's DPCs");
    default:
        BenchUnsupported("StorPortNotification of this type");
    }
}

/* --- Extended functions. */

static ULONG perf_opts(struct storport_adapter *adapter, ULONG query, PERF_CONFIGURATION_DATA *data)
{
    ULONG offered = STOR_PERF_DPC_REDIRECTION | STOR_PERF_CONCURRENT_CHANNELS;

    if (!adapter->initializing)
        rule_broken(&storport_from_initialize, "StorPortInitializePerfOpts");
    if (windows_version() < WINDOWS_8 || sched_random(4) == 0)
        return STOR_STATUS_NOT_IMPLEMENTED;
    if (windows_version() >= WINDOWS_10_1607)
        offered |= STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO;
    if (data->Size < sizeof(*data) || data->Version < STOR_PERF_VERSION_2)
        return STOR_STATUS_INVALID_PARAMETER;
    if (query) {
        data->Flags = offered;
        return STOR_STATUS_SUCCESS;
    }
    if (data->Flags & ~offered)
        rule_broken(&storport_perf, "flags %x of %x", data->Flags, offered);
    if ((data->Flags & STOR_PERF_CONCURRENT_CHANNELS) && data->ConcurrentChannels == 0)
        rule_broken(&storport_perf, "no channels");
    adapter->perf_flags = data->Flags;
    return STOR_STATUS_SUCCESS;
}

ULONG __cdecl StorPortExtendedFunction(ULONG FunctionCode, PVOID HwDeviceExtension, ...)
{
    struct storport_adapter *adapter;
    PERF_CONFIGURATION_DATA *data;
    va_list arguments;
    ULONG query;

    MODEL_CALL(StorPortExtendedFunction, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "StorPortInitializePerfOpts function (storport.h)");
    adapter = of_extension(HwDeviceExtension);
    if (FunctionCode != ExtFunctionInitializePerformanceOptimizations)
        return STOR_STATUS_NOT_IMPLEMENTED;
    va_start(arguments, HwDeviceExtension);
    query = va_arg(arguments, ULONG);
    data = va_arg(arguments, PERF_CONFIGURATION_DATA *);
    va_end(arguments);
    return perf_opts(adapter, query, data);
}

VOID NTAPI StorPortStallExecution(ULONG Microseconds)
{
    MODEL_CHECK(StorPortStallExecution, PASSIVE_LEVEL, HIGH_LEVEL,
                "StorPortStallExecution function (storport.h)");
    sched_time_pass(Microseconds * 10ull);
    if (storport_on_stall)
        storport_on_stall();
}

/* --- Reset, power. */

/* Those that were there when the reset began. */
static ULONG left_of_before(const struct storport_adapter *adapter)
{
    ULONG count = 0;

    for (PLIST_ENTRY at = adapter->outstanding.Flink; at != &adapter->outstanding; at = at->Flink)
        count += CONTAINING_RECORD(at, struct storport_request, link)->before_reset;
    return count;
}

void storport_reset(struct storport_adapter *adapter)
{
    LARGE_INTEGER moment = {.QuadPart = -10000};
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (PLIST_ENTRY at = adapter->outstanding.Flink; at != &adapter->outstanding; at = at->Flink)
        CONTAINING_RECORD(at, struct storport_request, link)->before_reset = TRUE;
    CALL_MINIPORT("HwStorResetBus", (void)adapter->data->HwResetBus(adapter->extension, 0));
    KeLowerIrql(irql);
    /* One may be in the middle of its completion on another CPU. */
    for (ULONG i = 0; left_of_before(adapter); i++) {
        if (i == RESET_LIMIT_MS)
            rule_broken(&storport_reset_left, "%u requests", left_of_before(adapter));
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
}

void storport_power(struct storport_adapter *adapter, BOOLEAN up)
{
    ULONG type = up ? ScsiRestartAdapter : ScsiStopAdapter;

    if (!up && adapter->outstanding_count)
        rule_broken(&storport_request_left, "%u requests", adapter->outstanding_count);
    if (adapter->controls[type])
        (void)control(adapter, type, NULL);
}

ULONG storport_outstanding(const struct storport_adapter *adapter)
{
    return adapter->outstanding_count;
}

ULONG storport_bus_changes(const struct storport_adapter *adapter)
{
    return adapter->bus_changes;
}

ULONG storport_perf_flags(const struct storport_adapter *adapter)
{
    return adapter->perf_flags;
}

/* --- The device. */

struct storport_adapter *storport_of(const struct pnp_node *node)
{
    for (struct storport_adapter *adapter = Adapters; adapter; adapter = adapter->next)
        if (adapter->pdo == node->pdo)
            return adapter;
    return NULL;
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    struct miniport *miniport = IoGetDriverObjectExtension(driver, (PVOID)StorPortInitialize);
    struct storport_adapter *adapter;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(*adapter), NULL, FILE_DEVICE_CONTROLLER,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    adapter = device->DeviceExtension;
    RtlZeroMemory(adapter, sizeof(*adapter));
    adapter->device = device;
    adapter->pdo = pdo;
    adapter->data = &miniport->data;
    InitializeListHead(&adapter->outstanding);
    adapter->lower = IoAttachDeviceToDeviceStack(device, pdo);
    if (!adapter->lower) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    adapter->extension = pool_allocate(miniport->data.DeviceExtensionSize, TAG, false, true);
    adapter->next = Adapters;
    Adapters = adapter;
    device->Flags |= adapter->lower->Flags & DO_POWER_PAGABLE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI wake(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS start(struct storport_adapter *adapter, PIRP irp)
{
    PORT_CONFIGURATION_INFORMATION config = {.Length = sizeof(config)};
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, wake, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(adapter->lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    if (!NT_SUCCESS(irp->IoStatus.Status))
        return irp->IoStatus.Status;
    if (find_adapter(adapter, NULL, &config) != SP_RETURN_FOUND)
        return STATUS_NO_SUCH_DEVICE;
    adapter->found = TRUE;
    if (!initialize(adapter))
        return STATUS_ADAPTER_HARDWARE_ERROR;
    query_controls(adapter);
    adapter->started = TRUE;
    return STATUS_SUCCESS;
}

/* No new request comes; those that are there are waited for, in bounds. */
static void drain(struct storport_adapter *adapter)
{
    LARGE_INTEGER second = {.QuadPart = -10000000};

    for (ULONG i = 0; adapter->outstanding_count; i++) {
        if (i == REMOVE_LIMIT_S)
            rule_broken(&storport_request_left, "%u requests", adapter->outstanding_count);
        KeDelayExecutionThread(KernelMode, FALSE, &second);
    }
}

static void stop(struct storport_adapter *adapter)
{
    struct storport_request flush = {.function = SRB_FUNCTION_FLUSH};

    if (!adapter->started)
        return;
    (void)storport_run(adapter, &flush);
    adapter->started = FALSE; /* who goes on sending is refused, and does not keep it here */
    drain(adapter);
    if (adapter->controls[ScsiStopAdapter])
        (void)control(adapter, ScsiStopAdapter, NULL);
}

static void remove_adapter(struct storport_adapter *adapter)
{
    struct storport_adapter **link = &Adapters;

    stop(adapter);
    if (adapter->found && adapter->data->HwFreeAdapterResources)
        CALL_MINIPORT("HwStorFreeAdapterResources",
                      adapter->data->HwFreeAdapterResources(adapter->extension));
    if (adapter->outstanding_count)
        rule_broken(&storport_request_left, "%u requests", adapter->outstanding_count);
    while (*link != adapter)
        link = &(*link)->next;
    *link = adapter->next;
    pool_release(adapter->extension);
}

static NTSTATUS pass_down(struct storport_adapter *adapter, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(adapter->lower, irp);
}

static NTSTATUS NTAPI dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct storport_adapter *adapter = device->DeviceExtension;
    NTSTATUS status;

    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = start(adapter, irp);
        irp->IoStatus.Status = status;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    case IRP_MN_REMOVE_DEVICE:
        remove_adapter(adapter);
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass_down(adapter, irp);
        IoDetachDevice(adapter->lower);
        IoDeleteDevice(device);
        return status;
    case IRP_MN_STOP_DEVICE:
        stop(adapter);
        /* fall through */
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass_down(adapter, irp);
    default:
        return pass_down(adapter, irp);
    }
}

static NTSTATUS NTAPI dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    struct storport_adapter *adapter = device->DeviceExtension;

    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(adapter->lower, irp);
}

/* --- The dump environment. */

static struct storport_adapter Dumper;
static KIRQL BeforeDump;

struct storport_adapter *storport_dump_start(PDRIVER_INITIALIZE entry, PVOID dump_data, UCHAR mode)
{
    PORT_CONFIGURATION_INFORMATION config = {.MiniportDumpData = dump_data, .DumpMode = mode};
    static CHAR arguments[] = "dump=1";
    NTSTATUS status;
    BOOLEAN good;

    KeRaiseIrql(HIGH_LEVEL, &BeforeDump);
    InDump = TRUE;
    CALL_MINIPORT("DriverEntry in dump mode", status = entry(NULL, NULL));
    good = NT_SUCCESS(status);
    if (good) {
        Dumper = (struct storport_adapter){.data = &DumpData, .dump = TRUE};
        InitializeListHead(&Dumper.outstanding);
        Dumper.extension = pool_allocate(DumpData.DeviceExtensionSize, TAG, false, true);
        Dumper.next = Adapters;
        Adapters = &Dumper;
        Dumper.found = find_adapter(&Dumper, arguments, &config) == SP_RETURN_FOUND;
        good = Dumper.found && initialize(&Dumper);
        if (!good)
            storport_dump_end(&Dumper);
    } else {
        InDump = FALSE;
        KeLowerIrql(BeforeDump);
    }
    return good ? &Dumper : NULL;
}

UCHAR storport_dump_run(struct storport_adapter *adapter, struct storport_request *request)
{
    make(adapter, request);
    start_io(adapter, request);
    for (ULONG i = 0; request->srb; i++) {
        if (i == DUMP_LOOKS)
            rule_broken(&storport_dump_done, "SRB %p", request->srb);
        CALL_MINIPORT("HwStorInterrupt", (void)adapter->data->HwInterrupt(adapter->extension));
    }
    return SRB_STATUS(request->status);
}

void storport_dump_end(struct storport_adapter *adapter)
{
    Adapters = adapter->next;
    InDump = FALSE;
    KeLowerIrql(BeforeDump);
    pool_release(adapter->extension);
}
