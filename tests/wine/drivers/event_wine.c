/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EventReference() of xeniface under Wine, whose ObReferenceObjectByHandle() knows the handles of
 * winedevice.exe only: the program's handle is duplicated first. The object is the same, and is set
 * by the shipped code.
 */
#include <ntifs.h>

#include "windows/kernel/common/event_type.h"
#include "windows/kernel/xeniface/handle.h"

enum { PROCESS_DUP = 0x0040 }; /* PROCESS_DUP_HANDLE */

/* The event as a handle of winedevice.exe. */
static NTSTATUS Duplicate(_In_ HANDLE Event, _Out_ PHANDLE Own)
{
    OBJECT_ATTRIBUTES Attributes;
    CLIENT_ID Client = {.UniqueProcess = PsGetCurrentProcessId()};
    HANDLE Process;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, NULL, 0, NULL, NULL);
    Status = ZwOpenProcess(&Process, PROCESS_DUP, &Attributes, &Client);
    if (!NT_SUCCESS(Status))
        return Status;
    Status =
        ZwDuplicateObject(Process, Event, NtCurrentProcess(), Own, 0, 0, DUPLICATE_SAME_ACCESS);
    ZwClose(Process);
    return Status;
}

NTSTATUS EventReference(HANDLE Event, KPROCESSOR_MODE Mode, PKEVENT *Object)
{
    HANDLE Own;
    NTSTATUS Status = Duplicate(Event, &Own);

    UNREFERENCED_PARAMETER(Mode);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Own, EVENT_MODIFY_STATE, EventObjectType(), KernelMode,
                                       (PVOID *)Object, NULL);
    ZwClose(Own);
    return Status;
}
