/* SPDX-License-Identifier: BSD-2-Clause */
/* IoGetDeviceProperty: what the PnP manager knows of a device. */
#include "model/device.h"
#include "model/fault.h"
#include "model/object.h"
#include "model/pnp.h"
#include "model/rule.h"
#include "model/sched.h"
#include "model/wide.h"

RULE(property_not_pdo, "A device's properties are those of its physical device object",
     "IoGetDeviceProperty function (wdm.h)");

static NTSTATUS give(const void *data, ULONG bytes, ULONG room, PVOID buffer, PULONG length)
{
    *length = bytes;
    if (bytes > room)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(buffer, data, bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS give_text(const WCHAR *text, ULONG room, PVOID buffer, PULONG length)
{
    return give(text, (wide_length(text) + 1) * sizeof(WCHAR), room, buffer, length);
}

static NTSTATUS give_list(const WCHAR *list, ULONG room, PVOID buffer, PULONG length)
{
    ULONG characters = 0;

    while (list[characters] != 0)
        characters += wide_length(list + characters) + 1;
    return give(list, (characters + 1) * sizeof(WCHAR), room, buffer, length);
}

NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject,
                                   DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength,
                                   PVOID PropertyBuffer, PULONG ResultLength)
{
    struct pnp_node *node;
    ULONG zero = 0;

    MODEL_CALL(IoGetDeviceProperty, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoGetDeviceProperty function (wdm.h)");
    node = device_record(DeviceObject)->node;
    if (node == NULL)
        rule_broken(&property_not_pdo, "%p", DeviceObject);
    if (fault_here("device property"))
        return STATUS_INSUFFICIENT_RESOURCES;
    switch (DeviceProperty) {
    case DevicePropertyDeviceDescription:
    case DevicePropertyFriendlyName:
        return give_text(node->description, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyHardwareID:
        return give_list(node->hardware_ids, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyCompatibleIDs:
        return give_list(node->compatible_ids, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyPhysicalDeviceObjectName:
        return give_text(object_name(node->pdo)->Length != 0 ? object_name(node->pdo)->Buffer : L"",
                         BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyBusNumber:
        return give(&zero, sizeof(zero), BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyAddress:
        return give(&node->capabilities.Address, sizeof(ULONG), BufferLength, PropertyBuffer,
                    ResultLength);
    case DevicePropertyUINumber:
        return give(&node->capabilities.UINumber, sizeof(ULONG), BufferLength, PropertyBuffer,
                    ResultLength);
    default:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
}
