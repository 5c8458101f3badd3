/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events that a driver announces on its device for whoever asked to hear of them. Nobody registers
 * in the bench: the model checks the announcement, counts it, and calls back as NT does.
 */
#include "model/device.h"
#include "model/device_event.h"
#include "model/driver_call.h"
#include "model/fault.h"
#include "model/machine.h"
#include "model/object.h"

RULE(device_event_not_pdo, "A device event is announced on the physical device object",
     "IoReportTargetDeviceChangeAsynchronous function (wdm.h)");
RULE(device_event_malformed, "A notification structure has version 1, its size and a custom GUID",
     "TARGET_DEVICE_CUSTOM_NOTIFICATION structure (wdm.h)");

enum { EVENTS_KEPT = 64 };

struct event {
    PDEVICE_OBJECT device;
    PDEVICE_CHANGE_COMPLETE_CALLBACK callback;
    PVOID context;
};

static GUID Announced[EVENTS_KEPT];
static ULONG Count;

ULONG device_events(const GUID *event)
{
    ULONG count = 0;

    for (ULONG i = 0; i < min(Count, (ULONG)EVENTS_KEPT); i++)
        count +=
            event == NULL || RtlCompareMemory(&Announced[i], event, sizeof(GUID)) == sizeof(GUID);
    return count;
}

static void check(PDEVICE_OBJECT device, PTARGET_DEVICE_CUSTOM_NOTIFICATION notification)
{
    if (device_record(device)->node == NULL)
        rule_broken(&device_event_not_pdo, "%p", device);
    if (notification->Version != 1 ||
        notification->Size < FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer))
        rule_broken(&device_event_malformed, "version %u, size %u", notification->Version,
                    notification->Size);
    Announced[Count++ % EVENTS_KEPT] = notification->Event;
}

static VOID NTAPI call_back(PVOID argument)
{
    struct event event = *(struct event *)argument;
    struct driver_call call;

    host_free(argument);
    call = driver_call_enter("a device change callback", __builtin_frame_address(0));
    event.callback(event.context);
    driver_call_leave(&call);
    object_dereference(event.device);
}

NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject,
                                                      PVOID NotificationStructure,
                                                      PDEVICE_CHANGE_COMPLETE_CALLBACK Callback,
                                                      PVOID Context)
{
    struct event *event;

    MODEL_CALL(IoReportTargetDeviceChangeAsynchronous, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoReportTargetDeviceChangeAsynchronous function (wdm.h)");
    check(PhysicalDeviceObject, NotificationStructure);
    if (fault_here("device event"))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Callback == NULL)
        return STATUS_PENDING;
    event = host_alloc(sizeof(*event));
    *event = (struct event){PhysicalDeviceObject, Callback, Context};
    object_reference(PhysicalDeviceObject);
    thread_create("device event", call_back, event, NULL)->of_model = true;
    return STATUS_PENDING;
}

NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject,
                                          PVOID NotificationStructure)
{
    MODEL_CALL(IoReportTargetDeviceChange, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoReportTargetDeviceChange function (wdm.h)");
    check(PhysicalDeviceObject, NotificationStructure);
    return fault_here("device event") ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}
