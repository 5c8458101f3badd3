/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cancelling: the system's cancel spin lock and IoCancelIrp. (IoSetCancelRoutine is inline in the
 * DDK: an interlocked exchange, and so a point at which another CPU may cancel.)
 */
#include "model/irp.h"
#include "model/driver_call.h"
#include "model/rule.h"
#include "model/sched.h"

RULE(cancel_lock_kept, "A cancel routine releases the cancel spin lock",
     "Implementing a Cancel Routine");
RULE(cancel_lock_irql, "A cancel routine releases the cancel spin lock to the IRP's CancelIrql",
     "IoReleaseCancelSpinLock function (wdm.h)");
RULE(cancel_lock_not_held, "The cancel spin lock is released by the processor that holds it",
     "IoReleaseCancelSpinLock function (wdm.h)");

static struct {
    KSPIN_LOCK lock;
    BOOLEAN held;
    ULONG cpu;
} CancelLock;

VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql)
{
    MODEL_CALL(IoAcquireCancelSpinLock, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoAcquireCancelSpinLock function (wdm.h)");
    KeAcquireSpinLock(&CancelLock.lock, Irql);
    CancelLock.held = TRUE;
    CancelLock.cpu = sched_cpu();
}

VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql)
{
    MODEL_CHECK(IoReleaseCancelSpinLock, DISPATCH_LEVEL, DISPATCH_LEVEL,
                "IoReleaseCancelSpinLock function (wdm.h)");
    if (!CancelLock.held || CancelLock.cpu != sched_cpu())
        rule_broken(&cancel_lock_not_held, "by CPU %u", sched_cpu());
    CancelLock.held = FALSE;
    KeReleaseSpinLock(&CancelLock.lock, Irql);
}

static void call_cancel(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp, KIRQL irql)
{
    /* Not driver_call_enter: the routine rightly returns at another IRQL than it was called at. */
    const void *floor = sched_stack_floor(__builtin_frame_address(0));

    routine(device, irp);
    sched_stack_floor(floor);
    if (CancelLock.held && CancelLock.cpu == sched_cpu() && KeGetCurrentIrql() == DISPATCH_LEVEL &&
        irql < DISPATCH_LEVEL)
        rule_broken(&cancel_lock_kept, "IRP %p", irp);
    if (KeGetCurrentIrql() != irql)
        rule_broken(&cancel_lock_irql, "IRP %p: %d, was %d", irp, KeGetCurrentIrql(), irql);
}

BOOLEAN NTAPI IoCancelIrp(PIRP Irp)
{
    PDRIVER_CANCEL routine;
    PDEVICE_OBJECT device = NULL;
    KIRQL irql;

    MODEL_CALL(IoCancelIrp, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoCancelIrp function (wdm.h)");
    IoAcquireCancelSpinLock(&irql);
    Irp->Cancel = TRUE;
    routine = IoSetCancelRoutine(Irp, NULL);
    if (routine == NULL) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    Irp->CancelIrql = irql;
    if (Irp->CurrentLocation <= Irp->StackCount)
        device = Irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    call_cancel(routine, device, Irp, irql);
    return TRUE;
}
