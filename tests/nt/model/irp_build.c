/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IRPs that drivers have built for them and that the I/O manager frees:
 * IoBuildSynchronousFsdRequest and IoBuildDeviceIoControlRequest. They belong to the thread that
 * built them.
 */
#include "model/irp.h"
#include "model/device.h"
#include "model/host.h"
#include "model/rule.h"
#include "model/sched.h"

struct built {
    PVOID output; /* the caller's buffer, for METHOD_BUFFERED */
    ULONG output_bytes;
};

static BOOLEAN built_done(PIRP irp, PVOID context)
{
    struct built *built = context;

    if (built->output != NULL && irp->AssociatedIrp.SystemBuffer != NULL &&
        !NT_ERROR(irp->IoStatus.Status))
        RtlCopyMemory(built->output, irp->AssociatedIrp.SystemBuffer,
                      min(irp->IoStatus.Information, built->output_bytes));
    host_free(irp->AssociatedIrp.SystemBuffer);
    host_free(built);
    if (irp->UserIosb != NULL)
        *irp->UserIosb = irp->IoStatus;
    if (irp->UserEvent != NULL)
        KeSetEvent(irp->UserEvent, IO_NO_INCREMENT, FALSE);
    return TRUE;
}

static PIRP build(PDEVICE_OBJECT device, PKEVENT event, PIO_STATUS_BLOCK status,
                  struct built **built)
{
    PIRP irp;

    *built = host_alloc(sizeof(**built));
    irp = irp_allocate(IRP_OF_THREAD, device->StackSize, built_done, *built);
    if (irp == NULL) {
        host_free(*built);
        return NULL;
    }
    irp->UserEvent = event;
    irp->UserIosb = status;
    irp->RequestorMode = KernelMode;
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    return irp;
}

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                        PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                        PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    struct built *built;
    PIRP irp;

    MODEL_CALL(IoBuildSynchronousFsdRequest, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoBuildSynchronousFsdRequest function (wdm.h)");
    device_record(DeviceObject);
    irp = build(DeviceObject, Event, IoStatusBlock, &built);
    if (irp == NULL)
        return NULL;
    IoGetNextIrpStackLocation(irp)->MajorFunction = (UCHAR)MajorFunction;
    if (MajorFunction == IRP_MJ_READ || MajorFunction == IRP_MJ_WRITE) {
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

        irp->UserBuffer = Buffer;
        next->Parameters.Read.Length = Length;
        if (StartingOffset != NULL)
            next->Parameters.Read.ByteOffset = *StartingOffset;
    }
    return irp;
}

/* METHOD_BUFFERED: what goes in, and room for what comes out. */
static void set_buffered(PIRP irp, struct built *built, PVOID input, ULONG input_bytes,
                         PVOID output, ULONG output_bytes)
{
    ULONG bytes = max(input_bytes, output_bytes);

    if (bytes == 0)
        return;
    irp->AssociatedIrp.SystemBuffer = host_alloc(bytes);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, input, input_bytes);
    built->output = output;
    built->output_bytes = output_bytes;
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                         PVOID InputBuffer, ULONG InputBufferLength,
                                         PVOID OutputBuffer, ULONG OutputBufferLength,
                                         BOOLEAN InternalDeviceIoControl, PKEVENT Event,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    PIO_STACK_LOCATION next;
    struct built *built;
    PIRP irp;

    MODEL_CALL(IoBuildDeviceIoControlRequest, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoBuildDeviceIoControlRequest function (wdm.h)");
    device_record(DeviceObject);
    irp = build(DeviceObject, Event, IoStatusBlock, &built);
    if (irp == NULL)
        return NULL;
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction =
        InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    next->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    next->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    if ((IoControlCode & 3) == METHOD_BUFFERED) {
        set_buffered(irp, built, InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength);
    } else {
        next->Parameters.DeviceIoControl.Type3InputBuffer = InputBuffer;
        irp->UserBuffer = OutputBuffer;
    }
    return irp;
}
