/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File objects: opening a device, and what its driver hears when handles close (CLEANUP in the
 * closing process) and when the last reference goes (CLOSE).
 */
#include "model/file.h"
#include "model/device.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/irp.h"
#include "model/machine.h"
#include "model/object.h"
#include "model/pnp.h"
#include "model/process.h"
#include "model/security.h"

RULE(file_close_fails, "IRP_MJ_CLEANUP and IRP_MJ_CLOSE succeed", "DispatchCleanup Routines");

/* --- The ends of a file. */

static void send(PFILE_OBJECT file, UCHAR major)
{
    IO_STACK_LOCATION location = {.MajorFunction = major, .FileObject = file};
    NTSTATUS status = irp_send_and_wait(file->DeviceObject, &location, STATUS_SUCCESS, NULL);

    /* A driver without a cleanup routine has none: that is allowed. */
    if (!NT_SUCCESS(status) && status != STATUS_INVALID_DEVICE_REQUEST)
        rule_broken(&file_close_fails, "major %x: %x", major, status);
}

static void handle_closed(void *object, PEPROCESS process, ULONG_PTR left)
{
    PFILE_OBJECT file = object;

    if (left != 0 || (file->Flags & FO_HANDLE_CREATED) == 0)
        return;
    send(file, IRP_MJ_CLEANUP);
    file->Flags |= FO_CLEANUP_COMPLETE;
}

static void close(PFILE_OBJECT file)
{
    PDEVICE_OBJECT device = file->DeviceObject, bottom = device_bottom(device);

    if (file->Flags & FO_HANDLE_CREATED)
        send(file, IRP_MJ_CLOSE);
    device_closed(device);
    pnp_last_close(bottom);
    host_free(file->FileName.Buffer);
    host_free(file);
}

static VOID NTAPI close_later(PVOID context)
{
    close(context);
}

static void file_deleted(void *object)
{
    if (irql_now() == PASSIVE_LEVEL)
        close(object);
    else
        thread_create("closing a file", close_later, object, NULL)->of_model = true;
}

struct _OBJECT_TYPE file_type = {
    .name = "File",
    .mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS},
    .handle_closed = handle_closed,
    .deleted = file_deleted,
};
static POBJECT_TYPE file_type_pointer = &file_type;
POBJECT_TYPE *IoFileObjectType = &file_type_pointer;

PGENERIC_MAPPING NTAPI IoGetFileObjectGenericMapping(VOID)
{
    return &file_type.mapping;
}

NTSTATUS file_of(HANDLE handle, PFILE_OBJECT *file, ACCESS_MASK *granted)
{
    NTSTATUS status =
        handle_object(handle, 0, &file_type, process_previous_mode(), (void **)file, granted);

    if (NT_SUCCESS(status))
        object_reference(*file);
    return status;
}

/* --- Opening. */

static BOOLEAN is_secure_open(PDEVICE_OBJECT device)
{
    for (device = device_bottom(device); device != NULL; device = device->AttachedDevice)
        if (device->Characteristics & FILE_DEVICE_SECURE_OPEN)
            return TRUE;
    return FALSE;
}

/* The device's own descriptor guards its name; names below it only with FILE_DEVICE_SECURE_OPEN. */
static NTSTATUS check_access(PDEVICE_OBJECT device, PCUNICODE_STRING rest, ACCESS_MASK desired,
                             ACCESS_MASK *granted)
{
    if (process_previous_mode() == KernelMode || (rest->Length != 0 && !is_secure_open(device))) {
        *granted = security_map(desired, &file_type.mapping);
        return STATUS_SUCCESS;
    }
    return security_check(device->SecurityDescriptor, process_current()->token, desired,
                          &file_type.mapping, granted);
}

static PFILE_OBJECT file_create(PDEVICE_OBJECT device, PCUNICODE_STRING rest, ACCESS_MASK granted,
                                ULONG options)
{
    PFILE_OBJECT file = host_alloc(sizeof(*file));

    object_adopt(&file_type, file);
    file->Type = IO_TYPE_FILE;
    file->Size = sizeof(*file);
    file->DeviceObject = device;
    file->ReadAccess = (granted & FILE_READ_DATA) != 0;
    file->WriteAccess = (granted & FILE_WRITE_DATA) != 0;
    file->DeleteAccess = (granted & DELETE) != 0;
    if (options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT))
        file->Flags |= FO_SYNCHRONOUS_IO;
    file->FileName.Length = rest->Length;
    file->FileName.MaximumLength = rest->Length + sizeof(WCHAR);
    file->FileName.Buffer = host_alloc(file->FileName.MaximumLength);
    RtlCopyMemory(file->FileName.Buffer, rest->Buffer, rest->Length);
    KeInitializeEvent(&file->Event, NotificationEvent, FALSE);
    KeInitializeEvent(&file->Lock, SynchronizationEvent, TRUE);
    InitializeListHead(&file->IrpList);
    device_opened(device);
    return file;
}

static NTSTATUS send_create(PFILE_OBJECT file, ACCESS_MASK granted, ACCESS_MASK desired,
                            ULONG share, ULONG disposition, ULONG options)
{
    ACCESS_STATE state = {
        .PreviouslyGrantedAccess = granted,
        .OriginalDesiredAccess = desired,
        .SubjectSecurityContext = {.PrimaryToken = (PACCESS_TOKEN)process_current()->token},
    };
    IO_SECURITY_CONTEXT context = {
        .AccessState = &state, .DesiredAccess = granted, .FullCreateOptions = options};
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_CREATE, .FileObject = file};

    location.Parameters.Create.SecurityContext = &context;
    location.Parameters.Create.Options = disposition << 24 | (options & 0xffffff);
    location.Parameters.Create.ShareAccess = (USHORT)share;
    return irp_send_from(file->DeviceObject, &location, process_previous_mode());
}

static NTSTATUS open(PHANDLE handle, ACCESS_MASK desired, POBJECT_ATTRIBUTES attributes,
                     ULONG share, ULONG disposition, ULONG options)
{
    UNICODE_STRING rest;
    PDEVICE_OBJECT device = device_by_path(attributes->ObjectName, &rest);
    ACCESS_MASK granted;
    PFILE_OBJECT file;
    NTSTATUS status;

    if (device == NULL || device_record(device)->deleted)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    status = check_access(device, &rest, desired, &granted);
    if (!NT_SUCCESS(status))
        return status;
    if (device_record(device)->exclusive && device->ReferenceCount != 0)
        return STATUS_ACCESS_DENIED;
    file = file_create(device, &rest, granted, options);
    status = send_create(file, granted, desired, share, disposition, options);
    if (NT_SUCCESS(status)) {
        file->Flags |= FO_HANDLE_CREATED;
        status = handle_create(process_current(), (attributes->Attributes & OBJ_KERNEL_HANDLE) != 0,
                               file, granted, handle);
    }
    object_dereference(file);
    return status;
}

NTSTATUS NTAPI NtCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength)
{
    NTSTATUS status;

    MODEL_CALL(NtCreateFile, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwCreateFile function (wdm.h)");
    process_in_system(TRUE);
    status = open(FileHandle, DesiredAccess, ObjectAttributes, ShareAccess, CreateDisposition,
                  CreateOptions);
    process_in_system(FALSE);
    return status;
}

NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength)
{
    NTSTATUS status;

    MODEL_CALL(ZwCreateFile, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwCreateFile function (wdm.h)");
    process_from_kernel(TRUE);
    status = open(FileHandle, DesiredAccess, ObjectAttributes, ShareAccess, CreateDisposition,
                  CreateOptions);
    process_from_kernel(FALSE);
    return status;
}
