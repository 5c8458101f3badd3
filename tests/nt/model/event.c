/* SPDX-License-Identifier: BSD-2-Clause */
/* Event objects with handles, and waiting on a handle. */
#include "model/fault.h"
#include "model/machine.h"
#include "model/object.h"
#include "model/process.h"
#include "model/user.h"

static struct _OBJECT_TYPE event_type = {
    .name = "Event",
    .mapping = {STANDARD_RIGHTS_READ | EVENT_QUERY_STATE,
                STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE, STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE,
                EVENT_ALL_ACCESS},
};
static POBJECT_TYPE event_type_pointer = &event_type;
POBJECT_TYPE *ExEventObjectType = &event_type_pointer;

static NTSTATUS create(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                       EVENT_TYPE type, BOOLEAN state)
{
    BOOLEAN kernel = attributes != NULL && (attributes->Attributes & OBJ_KERNEL_HANDLE);
    PKEVENT event = object_create(&event_type, sizeof(*event));
    NTSTATUS status;

    KeInitializeEvent(event, type, state);
    status = handle_create(process_current(), kernel, event, access, handle);
    object_dereference(event);
    return status;
}

NTSTATUS NTAPI NtCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState)
{
    return create(EventHandle, DesiredAccess, ObjectAttributes, EventType, InitialState);
}

NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState)
{
    MODEL_CALL(ZwCreateEvent, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwCreateEvent function (ntifs.h)");
    if (fault_here("event"))
        return STATUS_INSUFFICIENT_RESOURCES;
    return create(EventHandle, DesiredAccess, ObjectAttributes, EventType, InitialState);
}

static NTSTATUS event_of(HANDLE handle, PKEVENT *event)
{
    return handle_object(handle, EVENT_MODIFY_STATE, &event_type, process_previous_mode(),
                         (void **)event, NULL);
}

NTSTATUS NTAPI NtSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    PKEVENT event;
    NTSTATUS status = event_of(EventHandle, &event);
    LONG before;

    if (!NT_SUCCESS(status))
        return status;
    before = KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    if (PreviousState != NULL)
        *PreviousState = before;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    NTSTATUS status;

    MODEL_CALL(ZwSetEvent, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwSetEvent function (ntifs.h)");
    process_from_kernel(TRUE);
    status = NtSetEvent(EventHandle, PreviousState);
    process_from_kernel(FALSE);
    return status;
}

NTSTATUS NTAPI NtResetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    PKEVENT event;
    NTSTATUS status = event_of(EventHandle, &event);

    if (!NT_SUCCESS(status))
        return status;
    if (PreviousState != NULL)
        *PreviousState = KeReadStateEvent(event);
    KeClearEvent(event);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle)
{
    NTSTATUS status;

    MODEL_CALL(ZwClearEvent, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwClearEvent function (ntifs.h)");
    process_from_kernel(TRUE);
    status = NtResetEvent(EventHandle, NULL);
    process_from_kernel(FALSE);
    return status;
}

static NTSTATUS wait(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    void *object;
    NTSTATUS status =
        handle_object(handle, SYNCHRONIZE, NULL, process_previous_mode(), &object, NULL);

    if (!NT_SUCCESS(status))
        return status;
    object_reference(object);
    status = KeWaitForSingleObject(
        object_type(object) == *IoFileObjectType ? &((PFILE_OBJECT)object)->Event : object,
        UserRequest, process_previous_mode(), alertable, timeout);
    object_dereference(object);
    return status;
}

NTSTATUS NTAPI NtWaitForSingleObject(HANDLE Object, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    NTSTATUS status;

    process_in_system(TRUE);
    status = wait(Object, Alertable, Timeout);
    process_in_system(FALSE);
    return status;
}

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    NTSTATUS status;

    MODEL_CALL(ZwWaitForSingleObject, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "ZwWaitForSingleObject function (ntifs.h)");
    process_from_kernel(TRUE);
    status = wait(Handle, Alertable, Timeout);
    process_from_kernel(FALSE);
    return status;
}

NTSTATUS NTAPI NtDuplicateHandle(HANDLE Handle, PEPROCESS Target, PHANDLE Duplicate)
{
    ACCESS_MASK granted;
    void *object;
    NTSTATUS status = handle_object(Handle, 0, NULL, process_previous_mode(), &object, &granted);

    return NT_SUCCESS(status) ? handle_create(Target, FALSE, object, granted, Duplicate) : status;
}
