/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Driver objects: loading (DriverEntry) and unloading.
 */
#include "model/device.h"
#include "model/driver_call.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/object.h"
#include "model/registry.h"
#include "model/rule.h"
#include "model/sched.h"

RULE(driver_no_add_device, "A PnP driver's DriverEntry sets AddDevice",
     "Writing a DriverEntry Routine");
RULE(driver_no_unload, "A PnP driver's DriverEntry sets DriverUnload", "Writing an Unload Routine");
RULE(driver_entry_failed_with_device, "A DriverEntry that fails leaves nothing behind",
     "DriverEntry's Required Responsibilities");
RULE(driver_entry_status, "DriverEntry returns success or an error, not STATUS_PENDING",
     "DRIVER_INITIALIZE callback function (wdm.h)");

struct driver_record {
    DRIVER_OBJECT object; /* first */
    DRIVER_EXTENSION extension;
    struct driver_extension *extensions;
    char name[32];
    struct driver_record *next;
};

/* IoAllocateDriverObjectExtension's: goes with the driver object. */
struct driver_extension {
    struct driver_extension *next;
    PVOID id;
    PVOID memory;
};

static struct driver_record *Drivers;

static void driver_deleted(void *object)
{
    struct driver_record *record = object, **link = &Drivers;

    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    while (record->extensions != NULL) {
        struct driver_extension *extension = record->extensions;

        record->extensions = extension->next;
        host_free(extension->memory);
        host_free(extension);
    }
    host_free(record->object.DriverName.Buffer);
    host_free(record->extension.ServiceKeyName.Buffer);
}

struct _OBJECT_TYPE driver_object_type = {.name = "Driver", .deleted = driver_deleted};

/* What a driver without a routine for this major function answers with. */
static NTSTATUS NTAPI invalid_request(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static UNICODE_STRING wide(const char *prefix, const char *name)
{
    SIZE_T first = strlen(prefix), second = strlen(name);
    UNICODE_STRING text = {.Length = (USHORT)((first + second) * sizeof(WCHAR))};

    text.MaximumLength = text.Length + sizeof(WCHAR);
    text.Buffer = host_alloc(text.MaximumLength);
    for (SIZE_T i = 0; i < first + second; i++)
        text.Buffer[i] = i < first ? (UCHAR)prefix[i] : (UCHAR)name[i - first];
    return text;
}

static struct driver_record *driver_create(const char *name, PDRIVER_INITIALIZE entry)
{
    struct driver_record *record = object_create(&driver_object_type, sizeof(*record));
    PDRIVER_OBJECT driver = &record->object;

    driver->Type = IO_TYPE_DRIVER;
    driver->Size = sizeof(*driver);
    driver->DriverExtension = &record->extension;
    driver->DriverName = wide("\\Driver\\", name);
    driver->DriverInit = entry;
    record->extension.DriverObject = driver;
    record->extension.ServiceKeyName = wide("", name);
    strncpy(record->name, name, sizeof(record->name) - 1);
    for (ULONG major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++)
        driver->MajorFunction[major] = invalid_request;
    record->next = Drivers;
    Drivers = record;
    return record;
}

static NTSTATUS call_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    struct driver_call call = driver_call_enter("DriverEntry", __builtin_frame_address(0));
    NTSTATUS status = driver->DriverInit(driver, path);

    driver_call_leave(&call);
    return status;
}

NTSTATUS driver_load(const char *name, PDRIVER_INITIALIZE entry, PDRIVER_OBJECT *driver)
{
    struct driver_record *record = driver_create(name, entry);
    UNICODE_STRING path = wide("\\Registry\\Machine\\System\\CurrentControlSet\\Services\\", name);
    NTSTATUS status;

    *driver = NULL;
    registry_make(path.Buffer);
    status = call_entry(&record->object, &path);
    host_free(path.Buffer);
    if (status == STATUS_PENDING)
        rule_broken(&driver_entry_status, "%s", name);
    if (!NT_SUCCESS(status)) {
        if (record->object.DeviceObject != NULL)
            rule_broken(&driver_entry_failed_with_device, "%s, %x", name, status);
        object_dereference(record);
        return status;
    }
    if (record->extension.AddDevice == NULL)
        rule_broken(&driver_no_add_device, "%s", name);
    if (record->object.DriverUnload == NULL)
        rule_broken(&driver_no_unload, "%s", name);
    *driver = &record->object;
    return STATUS_SUCCESS;
}

void driver_unload(PDRIVER_OBJECT driver)
{
    struct driver_call call;

    call = driver_call_enter("DriverUnload", __builtin_frame_address(0));
    driver->DriverUnload(driver);
    driver_call_leave(&call);
    device_check_leaks(driver);
    object_dereference(driver);
}

PDRIVER_OBJECT driver_find(const char *name)
{
    for (struct driver_record *record = Drivers; record != NULL; record = record->next)
        if (strcmp(record->name, name) == 0)
            return &record->object;
    return NULL;
}

static struct driver_extension *extension_of(struct driver_record *record, PVOID id)
{
    struct driver_extension *extension = record->extensions;

    while (extension != NULL && extension->id != id)
        extension = extension->next;
    return extension;
}

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                               PVOID ClientIdentificationAddress,
                                               ULONG DriverObjectExtensionSize,
                                               PVOID *DriverObjectExtension)
{
    struct driver_record *record = (struct driver_record *)DriverObject;
    struct driver_extension *extension;

    MODEL_CALL(IoAllocateDriverObjectExtension, PASSIVE_LEVEL, APC_LEVEL,
               "IoAllocateDriverObjectExtension function (wdm.h)");
    *DriverObjectExtension = NULL;
    if (extension_of(record, ClientIdentificationAddress) != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    if (fault_here("driver object extension"))
        return STATUS_INSUFFICIENT_RESOURCES;
    extension = host_alloc(sizeof(*extension));
    extension->id = ClientIdentificationAddress;
    *DriverObjectExtension = extension->memory = host_alloc(DriverObjectExtensionSize);
    extension->next = record->extensions;
    record->extensions = extension;
    return STATUS_SUCCESS;
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                       PVOID ClientIdentificationAddress)
{
    struct driver_extension *extension;

    MODEL_CALL(IoGetDriverObjectExtension, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoGetDriverObjectExtension function (wdm.h)");
    extension = extension_of((struct driver_record *)DriverObject, ClientIdentificationAddress);
    return extension == NULL ? NULL : extension->memory;
}
