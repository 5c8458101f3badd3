/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PCI bus driver, see pci.h. Its own allocations never fail: faults are for the driver under
 * test.
 */
#include "model/pci.h"
#include "model/device.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/irp.h"
#include "model/machine.h"
#include "model/object.h"
#include "model/pnp.h"
#include "model/rule.h"
#include "model/wide.h"

RULE(pci_config_range, "Configuration space is 256 bytes",
     "BUS_INTERFACE_STANDARD structure (wdm.h)");

enum { PCI_TAG = 0x20696350 /* "Pci " */, PCI_CONFIG_BYTES = 256 };

/* GUID_BUS_INTERFACE_STANDARD and GUID_BUS_TYPE_PCI; drivers define these names for themselves. */
static const GUID bus_interface_standard = {
    0x496B8280, 0x6F25, 0x11D0, {0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F}};
static const GUID bus_type_pci = {
    0xC8EBDFB0, 0xB510, 0x11D0, {0x80, 0xE5, 0x00, 0xA0, 0xC9, 0x25, 0x42, 0xE3}};

struct pci_device {
    struct pci_device_config config;
    PDEVICE_OBJECT pdo;
    BOOLEAN started, gone;
    LONG interfaces; /* references of BUS_INTERFACE_STANDARD */
    UCHAR space[PCI_CONFIG_BYTES];
};

const struct pci_device_config pci_xen_platform = {
    .vendor = 0x5853,
    .device = 0x0001,
    .subsystem_vendor = 0x5853,
    .subsystem = 0x0001,
    .revision = 1,
    .class_base = 0xff,
    .class_sub = 0x80,
    .slot = 2,
    .port = 0xc000,
    .port_bytes = 0x100,
    .memory = 0xf2000000,
    .memory_bytes = 0x1000000,
    .line = 28,
};

static void *pci_alloc(SIZE_T bytes)
{
    return pool_allocate(bytes, PCI_TAG, true, true);
}

/* --- Identity. */

static void append_hex(WCHAR *to, ULONG characters, ULONG value, int digits)
{
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
        WCHAR one[2] = {L"0123456789ABCDEF"[(value >> shift) & 15], 0};

        wide_append(to, characters, one);
    }
}

static void append_id(WCHAR *to, ULONG characters, const struct pci_device_config *config,
                      BOOLEAN full)
{
    wide_append(to, characters, L"PCI\\VEN_");
    append_hex(to, characters, config->vendor, 4);
    wide_append(to, characters, L"&DEV_");
    append_hex(to, characters, config->device, 4);
    if (!full)
        return;
    wide_append(to, characters, L"&SUBSYS_");
    append_hex(to, characters, config->subsystem, 4);
    append_hex(to, characters, config->subsystem_vendor, 4);
    wide_append(to, characters, L"&REV_");
    append_hex(to, characters, config->revision, 2);
}

static NTSTATUS answer_id(struct pci_device *device, BUS_QUERY_ID_TYPE type, PIRP irp)
{
    enum { CHARACTERS = 128 };
    WCHAR *text;

    if (type > BusQueryInstanceID)
        return irp->IoStatus.Status;
    text = pci_alloc(CHARACTERS * sizeof(WCHAR));
    switch (type) {
    case BusQueryDeviceID:
        append_id(text, CHARACTERS, &device->config, TRUE);
        break;
    case BusQueryHardwareIDs:
        append_id(text, CHARACTERS, &device->config, TRUE);
        append_id(text + wide_length(text) + 1, 60, &device->config, FALSE);
        break;
    case BusQueryInstanceID:
        wide_append(text, CHARACTERS, L"3&267a616a&0&");
        append_hex(text, CHARACTERS, (ULONG)device->config.slot << 3, 2);
        break;
    default: /* compatible ids: the class */
        wide_append(text, CHARACTERS, L"PCI\\CC_");
        append_hex(text, CHARACTERS, device->config.class_base, 2);
        append_hex(text, CHARACTERS, device->config.class_sub, 2);
    }
    irp->IoStatus.Information = (ULONG_PTR)text;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_text(PIRP irp)
{
    WCHAR *text = pci_alloc(32 * sizeof(WCHAR));

    wide_append(text, 32, L"PCI Device");
    irp->IoStatus.Information = (ULONG_PTR)text;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_bus_information(PIRP irp)
{
    PPNP_BUS_INFORMATION answer = pci_alloc(sizeof(*answer));

    answer->BusTypeGuid = bus_type_pci;
    answer->LegacyBusType = PCIBus;
    irp->IoStatus.Information = (ULONG_PTR)answer;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_target_relation(struct pci_device *device, PIRP irp)
{
    PDEVICE_RELATIONS answer = pci_alloc(sizeof(*answer));

    answer->Count = 1;
    answer->Objects[0] = device->pdo;
    object_lend(device->pdo);
    irp->IoStatus.Information = (ULONG_PTR)answer;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_capabilities(struct pci_device *device, PDEVICE_CAPABILITIES out)
{
    if (out->Version != 1 || out->Size < sizeof(*out))
        return STATUS_UNSUCCESSFUL;
    out->UniqueID = TRUE;
    out->SurpriseRemovalOK = TRUE;
    out->Address = (ULONG)device->config.slot << 16;
    out->UINumber = (ULONG)-1;
    for (int state = PowerSystemWorking; state < PowerSystemMaximum; state++)
        out->DeviceState[state] = state == PowerSystemWorking ? PowerDeviceD0 : PowerDeviceD3;
    return STATUS_SUCCESS;
}

/* --- Resources. */

static ULONG describe(const struct pci_device_config *config, PIO_RESOURCE_DESCRIPTOR out)
{
    ULONG count = 0;

    if (config->port_bytes != 0) {
        out[count].Type = CmResourceTypePort;
        out[count].ShareDisposition = CmResourceShareDeviceExclusive;
        out[count].Flags = CM_RESOURCE_PORT_IO;
        out[count].u.Port.Length = config->port_bytes;
        out[count].u.Port.Alignment = config->port_bytes;
        out[count].u.Port.MinimumAddress.QuadPart = config->port;
        out[count++].u.Port.MaximumAddress.QuadPart = config->port + config->port_bytes - 1;
    }
    if (config->memory_bytes != 0) {
        out[count].Type = CmResourceTypeMemory;
        out[count].ShareDisposition = CmResourceShareDeviceExclusive;
        out[count].Flags = CM_RESOURCE_MEMORY_PREFETCHABLE;
        out[count].u.Memory.Length = (ULONG)config->memory_bytes;
        out[count].u.Memory.Alignment = (ULONG)config->memory_bytes;
        out[count].u.Memory.MinimumAddress.QuadPart = (LONGLONG)config->memory;
        out[count++].u.Memory.MaximumAddress.QuadPart =
            (LONGLONG)(config->memory + config->memory_bytes - 1);
    }
    if (config->line != 0) {
        out[count].Type = CmResourceTypeInterrupt;
        out[count].ShareDisposition = CmResourceShareShared;
        out[count].Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
        out[count].u.Interrupt.MinimumVector = config->line;
        out[count++].u.Interrupt.MaximumVector = config->line;
    }
    for (ULONG i = 0; i < config->messages; i++) {
        out[count].Type = CmResourceTypeInterrupt;
        out[count].ShareDisposition = CmResourceShareDeviceExclusive;
        out[count].Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
        out[count].u.Interrupt.MinimumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
        out[count++].u.Interrupt.MaximumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
    }
    return count;
}

static NTSTATUS answer_requirements(struct pci_device *device, PIRP irp)
{
    ULONG most = 3 + device->config.messages;
    ULONG bytes = sizeof(IO_RESOURCE_REQUIREMENTS_LIST) + most * sizeof(IO_RESOURCE_DESCRIPTOR);
    PIO_RESOURCE_REQUIREMENTS_LIST list = pci_alloc(bytes);

    list->ListSize = bytes;
    list->InterfaceType = PCIBus;
    list->SlotNumber = device->config.slot;
    list->AlternativeLists = 1;
    list->List[0].Version = list->List[0].Revision = 1;
    list->List[0].Count = describe(&device->config, list->List[0].Descriptors);
    irp->IoStatus.Information = (ULONG_PTR)list;
    return STATUS_SUCCESS;
}

/* --- Configuration space. */

static void put(struct pci_device *device, ULONG offset, ULONG value, ULONG bytes)
{
    RtlCopyMemory(device->space + offset, &value, bytes);
}

static void fill_space(struct pci_device *device)
{
    const struct pci_device_config *config = &device->config;

    put(device, 0x00, config->vendor, 2);
    put(device, 0x02, config->device, 2);
    put(device, 0x08, config->revision, 1);
    put(device, 0x09, config->class_interface, 1);
    put(device, 0x0a, config->class_sub, 1);
    put(device, 0x0b, config->class_base, 1);
    put(device, 0x10, config->port | 1, 4);
    put(device, 0x14, (ULONG)config->memory | 8, 4);
    put(device, 0x2c, config->subsystem_vendor, 2);
    put(device, 0x2e, config->subsystem, 2);
    put(device, 0x3c, config->line, 1);
    put(device, 0x3d, config->line != 0, 1);
}

static ULONG access_space(struct pci_device *device, BOOLEAN write, ULONG offset, PVOID buffer,
                          ULONG bytes)
{
    if (device->gone) { /* nobody answers on the bus */
        if (!write)
            RtlFillMemory(buffer, bytes, 0xff);
        return write ? 0 : bytes;
    }
    if (offset > PCI_CONFIG_BYTES || bytes > PCI_CONFIG_BYTES - offset)
        rule_broken(&pci_config_range, "offset %x, %u bytes", offset, bytes);
    if (write)
        RtlCopyMemory(device->space + offset, buffer, bytes);
    else
        RtlCopyMemory(buffer, device->space + offset, bytes);
    return bytes;
}

static ULONG NTAPI set_bus_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG bytes)
{
    MODEL_CALL(SetBusData, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "GET_SET_DEVICE_DATA callback function (wdm.h)");
    return access_space(context, TRUE, offset, buffer, bytes);
}

static ULONG NTAPI get_bus_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG bytes)
{
    MODEL_CALL(GetBusData, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "GET_SET_DEVICE_DATA callback function (wdm.h)");
    return access_space(context, FALSE, offset, buffer, bytes);
}

static VOID NTAPI interface_reference(PVOID context)
{
    ((struct pci_device *)context)->interfaces++;
    object_lend(((struct pci_device *)context)->pdo);
}

static VOID NTAPI interface_dereference(PVOID context)
{
    ((struct pci_device *)context)->interfaces--;
    ObDereferenceObject(((struct pci_device *)context)->pdo);
}

static struct _DMA_ADAPTER *NTAPI no_dma(PVOID context, struct _DEVICE_DESCRIPTION *description,
                                         PULONG registers)
{
    return NULL;
}

static BOOLEAN NTAPI translate(PVOID context, PHYSICAL_ADDRESS address, ULONG length, PULONG space,
                               PPHYSICAL_ADDRESS translated)
{
    *translated = address;
    return TRUE;
}

static NTSTATUS answer_interface(struct pci_device *device, PIO_STACK_LOCATION location, PIRP irp)
{
    PBUS_INTERFACE_STANDARD out = (PVOID)location->Parameters.QueryInterface.Interface;

    if (RtlCompareMemory(location->Parameters.QueryInterface.InterfaceType, &bus_interface_standard,
                         sizeof(GUID)) != sizeof(GUID))
        return irp->IoStatus.Status;
    if (location->Parameters.QueryInterface.Size < sizeof(*out) ||
        location->Parameters.QueryInterface.Version != 1)
        return STATUS_INVALID_PARAMETER;
    *out = (BUS_INTERFACE_STANDARD){
        .Size = sizeof(*out),
        .Version = 1,
        .Context = device,
        .InterfaceReference = interface_reference,
        .InterfaceDereference = interface_dereference,
        .TranslateBusAddress = translate,
        .GetDmaAdapter = no_dma,
        .SetBusData = set_bus_data,
        .GetBusData = get_bus_data,
    };
    interface_reference(device);
    return STATUS_SUCCESS;
}

static NTSTATUS answer_config(struct pci_device *device, PIO_STACK_LOCATION location, PIRP irp)
{
    irp->IoStatus.Information = access_space(device, location->MinorFunction == IRP_MN_WRITE_CONFIG,
                                             location->Parameters.ReadWriteConfig.Offset,
                                             location->Parameters.ReadWriteConfig.Buffer,
                                             location->Parameters.ReadWriteConfig.Length);
    return STATUS_SUCCESS;
}

/* --- Dispatch. */

static NTSTATUS answer_pnp(struct pci_device *device, PIO_STACK_LOCATION location, PIRP irp)
{
    switch (location->MinorFunction) {
    case IRP_MN_START_DEVICE:
        device->started = TRUE;
        return STATUS_SUCCESS;
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_REMOVE_DEVICE:
        device->started = FALSE;
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_ID:
        return answer_id(device, location->Parameters.QueryId.IdType, irp);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return answer_text(irp);
    case IRP_MN_QUERY_BUS_INFORMATION:
        return answer_bus_information(irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return answer_capabilities(device, location->Parameters.DeviceCapabilities.Capabilities);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
        return answer_requirements(device, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (location->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation)
            return answer_target_relation(device, irp);
        return irp->IoStatus.Status;
    case IRP_MN_QUERY_INTERFACE:
        return answer_interface(device, location, irp);
    case IRP_MN_READ_CONFIG:
    case IRP_MN_WRITE_CONFIG:
        return answer_config(device, location, irp);
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS NTAPI pci_pnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct pci_device *device = *(struct pci_device **)pdo->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    BOOLEAN last = location->MinorFunction == IRP_MN_REMOVE_DEVICE && device->gone;
    NTSTATUS status = answer_pnp(device, location, irp);

    if (last)
        IoDeleteDevice(pdo);
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI pci_power(PDEVICE_OBJECT pdo, PIRP irp)
{
    PoStartNextPowerIrp(irp);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI pci_refuse(PDEVICE_OBJECT pdo, PIRP irp)
{
    NTSTATUS status = irp->IoStatus.Status;

    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI pci_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    return STATUS_NO_SUCH_DEVICE;
}

static VOID NTAPI pci_unload(PDRIVER_OBJECT driver)
{
}

static NTSTATUS NTAPI pci_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->MajorFunction[IRP_MJ_PNP] = pci_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = pci_power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = pci_refuse;
    driver->DriverExtension->AddDevice = pci_add_device;
    driver->DriverUnload = pci_unload;
    return STATUS_SUCCESS;
}

/* --- The model's side. */

struct pnp_node *pci_add(const struct pci_device_config *config)
{
    struct pci_device *device = host_alloc(sizeof(*device));
    PDRIVER_OBJECT driver = driver_find("pci");
    struct pnp_node *node;

    fault_pause();
    if (driver == NULL)
        driver_load("pci", pci_entry, &driver);
    IoCreateDevice(driver, sizeof(device), NULL, FILE_DEVICE_UNKNOWN,
                   FILE_AUTOGENERATED_DEVICE_NAME | FILE_DEVICE_SECURE_OPEN, FALSE, &device->pdo);
    *(struct pci_device **)device->pdo->DeviceExtension = device;
    device->pdo->Flags |= DO_BUS_ENUMERATED_DEVICE | DO_POWER_PAGABLE;
    device->pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    device->config = *config;
    fill_space(device);
    node = pnp_add_root(device->pdo);
    fault_resume();
    return node;
}

static struct pci_device *pci_of(const struct pnp_node *node)
{
    return *(struct pci_device **)node->pdo->DeviceExtension;
}

void pci_unplug(struct pnp_node *node)
{
    pci_of(node)->gone = TRUE;
    pnp_surprise_remove(node);
}

BOOLEAN pci_is_started(const struct pnp_node *node)
{
    return pci_of(node)->started;
}

BOOLEAN pci_decodes(ULONG64 address, ULONG64 bytes)
{
    PDRIVER_OBJECT driver = driver_find("pci");

    if (driver == NULL)
        return FALSE;
    for (PDEVICE_OBJECT pdo = driver->DeviceObject; pdo != NULL; pdo = pdo->NextDevice) {
        struct pci_device *device = *(struct pci_device **)pdo->DeviceExtension;

        if (device->started && address >= device->config.memory &&
            address - device->config.memory <= device->config.memory_bytes &&
            bytes <= device->config.memory_bytes - (address - device->config.memory))
            return TRUE;
    }
    return FALSE;
}

/* Configuration space of whatever is at a slot, for who looks over the whole bus. */
ULONG NTAPI HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber,
                                  PVOID Buffer, ULONG Offset, ULONG Length)
{
    PCI_SLOT_NUMBER slot = {.u.AsULONG = SlotNumber};
    PDRIVER_OBJECT driver;

    MODEL_CALL(HalGetBusDataByOffset, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "HalGetBusDataByOffset function (ntddk.h)");
    driver = driver_find("pci");
    if (BusDataType != PCIConfiguration || BusNumber != 0 || driver == NULL)
        return 0;
    for (PDEVICE_OBJECT pdo = driver->DeviceObject; pdo != NULL; pdo = pdo->NextDevice) {
        struct pci_device *device = *(struct pci_device **)pdo->DeviceExtension;

        if (device->config.slot == slot.u.bits.DeviceNumber && slot.u.bits.FunctionNumber == 0 &&
            !device->gone)
            return access_space(device, FALSE, Offset, Buffer, Length);
    }
    /* An empty slot has no vendor. */
    RtlFillMemory(Buffer, Length, 0xff);
    return min(Length, 2u);
}
