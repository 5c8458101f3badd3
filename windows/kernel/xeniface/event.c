/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caller's events: the driver's own reference to one that user mode named by handle, checked
 * for its type and for the right to set it. A file of its own, because Wine's ntoskrnl cannot look
 * up handles of a program; the test driver for Wine has another (tests/wine/drivers).
 */
#include "handle.h"

#include "windows/kernel/common/event_type.h"

NTSTATUS EventReference(HANDLE Event, KPROCESSOR_MODE Mode, PKEVENT *Object)
{
    return ObReferenceObjectByHandle(Event, EVENT_MODIFY_STATE, EventObjectType(), Mode,
                                     (PVOID *)Object, NULL);
}
