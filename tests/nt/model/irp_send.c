/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that the model itself sends and waits for.
 */
#include "model/irp.h"
#include "model/device.h"

struct sent {
    KEVENT done;
    IO_STATUS_BLOCK result;
};

static BOOLEAN sent_done(PIRP irp, PVOID context)
{
    struct sent *sent = context;

    sent->result = irp->IoStatus;
    KeSetEvent(&sent->done, IO_NO_INCREMENT, FALSE);
    return TRUE;
}

static NTSTATUS send(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location, NTSTATUS initial,
                     KPROCESSOR_MODE mode, ULONG_PTR *information)
{
    PDEVICE_OBJECT top = device_top(device);
    struct sent sent;
    PIRP irp = irp_allocate(IRP_OF_MANAGER, top->StackSize, sent_done, &sent);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

    KeInitializeEvent(&sent.done, NotificationEvent, FALSE);
    *next = *location;
    next->Control = 0;
    next->CompletionRoutine = NULL;
    irp->IoStatus.Status = initial;
    irp->IoStatus.Information = information != NULL ? *information : 0;
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    irp->RequestorMode = mode;
    irp->Tail.Overlay.OriginalFileObject = location->FileObject;
    IoCallDriver(top, irp);
    KeWaitForSingleObject(&sent.done, Executive, KernelMode, FALSE, NULL);
    if (information != NULL)
        *information = sent.result.Information;
    return sent.result.Status;
}

NTSTATUS irp_send_and_wait(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location,
                           NTSTATUS initial, ULONG_PTR *information)
{
    return send(device, location, initial, KernelMode, information);
}

NTSTATUS irp_send_from(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location,
                       KPROCESSOR_MODE mode)
{
    return send(device, location, STATUS_SUCCESS, mode, NULL);
}
