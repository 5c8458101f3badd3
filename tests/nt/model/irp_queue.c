/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cancel-safe queues (IoCsq*): the driver has the list and its lock, the system the races. An IRP
 * in a queue has the queue's cancel routine; whoever takes that routine away owns the IRP.
 * Tail.Overlay.DriverContext[3] leads to the queue, or to the context that stands for the IRP.
 */
#include "model/irp.h"
#include "model/driver_call.h"
#include "model/rule.h"
#include "model/sched.h"

RULE(csq_initialized, "A cancel-safe queue is initialized before use", "Cancel-Safe IRP Queues");
RULE(csq_inserted_twice, "An IRP with a cancel routine is not inserted into a cancel-safe queue",
     "IoCsqInsertIrp function (wdm.h)");

static void check_queue(const IO_CSQ *csq)
{
    if (csq->Type != IO_TYPE_CSQ && csq->Type != IO_TYPE_CSQ_EX)
        rule_broken(&csq_initialized, "queue %p", csq);
}

static void queue_up(PIO_CSQ csq, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                     PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                     PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    csq->CsqInsertIrp = insert;
    csq->CsqRemoveIrp = remove;
    csq->CsqPeekNextIrp = peek;
    csq->CsqAcquireLock = acquire;
    csq->CsqReleaseLock = release;
    csq->CsqCompleteCanceledIrp = complete;
    csq->ReservePointer = NULL;
}

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                               PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                               PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                               PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                               PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                               PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    MODEL_CALL(IoCsqInitialize, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoCsqInitialize function (wdm.h)");
    queue_up(Csq, CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock,
             CsqCompleteCanceledIrp);
    Csq->Type = IO_TYPE_CSQ;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                                 PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                                 PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                 PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                 PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    MODEL_CALL(IoCsqInitializeEx, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoCsqInitializeEx function (wdm.h)");
    queue_up(Csq, (PIO_CSQ_INSERT_IRP)(PVOID)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp,
             CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
    Csq->Type = IO_TYPE_CSQ_EX;
    return STATUS_SUCCESS;
}

static PIO_CSQ queue_of(PIRP irp)
{
    PIO_CSQ csq = irp->Tail.Overlay.DriverContext[3];

    if (csq->Type == IO_TYPE_CSQ_IRP_CONTEXT)
        csq = ((PIO_CSQ_IRP_CONTEXT)(PVOID)csq)->Csq;
    check_queue(csq);
    return csq;
}

/* The IRP leaves the queue; its context does not stand for it any more. */
static void detach(PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context = irp->Tail.Overlay.DriverContext[3];

    if (context->Type == IO_TYPE_CSQ_IRP_CONTEXT)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

static VOID NTAPI cancelled(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_CSQ csq = queue_of(irp);
    KIRQL irql = 0;

    IoReleaseCancelSpinLock(irp->CancelIrql);
    csq->CsqAcquireLock(csq, &irql);
    csq->CsqRemoveIrp(csq, irp);
    detach(irp);
    csq->CsqReleaseLock(csq, irql);
    csq->CsqCompleteCanceledIrp(csq, irp);
}

static NTSTATUS insert(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context)
{
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql = 0;

    check_queue(csq);
    if (irp->CancelRoutine != NULL)
        rule_broken(&csq_inserted_twice, "IRP %p", irp);
    irp->Tail.Overlay.DriverContext[3] = context != NULL ? (PVOID)context : (PVOID)csq;
    if (context != NULL)
        *context = (IO_CSQ_IRP_CONTEXT){.Type = IO_TYPE_CSQ_IRP_CONTEXT, .Irp = irp, .Csq = csq};
    csq->CsqAcquireLock(csq, &irql);
    if (csq->Type == IO_TYPE_CSQ_EX)
        status = ((PIO_CSQ_INSERT_IRP_EX)(PVOID)csq->CsqInsertIrp)(csq, irp, insert_context);
    else
        csq->CsqInsertIrp(csq, irp);
    if (!NT_SUCCESS(status)) {
        detach(irp);
        csq->CsqReleaseLock(csq, irql);
        return status;
    }
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancelled);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) {
        csq->CsqRemoveIrp(csq, irp);
        detach(irp);
        csq->CsqReleaseLock(csq, irql);
        csq->CsqCompleteCanceledIrp(csq, irp);
        return status;
    }
    csq->CsqReleaseLock(csq, irql);
    return status;
}

VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    MODEL_CALL(IoCsqInsertIrp, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoCsqInsertIrp function (wdm.h)");
    insert(Csq, Irp, Context, NULL);
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context,
                                PVOID InsertContext)
{
    MODEL_CALL(IoCsqInsertIrpEx, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoCsqInsertIrpEx function (wdm.h)");
    return insert(Csq, Irp, Context, InsertContext);
}

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    PIRP irp;
    KIRQL irql = 0;

    MODEL_CALL(IoCsqRemoveNextIrp, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoCsqRemoveNextIrp function (wdm.h)");
    check_queue(Csq);
    Csq->CsqAcquireLock(Csq, &irql);
    irp = Csq->CsqPeekNextIrp(Csq, NULL, PeekContext);
    /* Without its cancel routine an IRP is being cancelled: not this caller's. */
    while (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL)
        irp = Csq->CsqPeekNextIrp(Csq, irp, PeekContext);
    if (irp != NULL) {
        Csq->CsqRemoveIrp(Csq, irp);
        detach(irp);
    }
    Csq->CsqReleaseLock(Csq, irql);
    return irp;
}

PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    PIRP irp;
    KIRQL irql = 0;

    MODEL_CALL(IoCsqRemoveIrp, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoCsqRemoveIrp function (wdm.h)");
    check_queue(Csq);
    Csq->CsqAcquireLock(Csq, &irql);
    irp = Context->Irp;
    if (irp != NULL && IoSetCancelRoutine(irp, NULL) != NULL) {
        Csq->CsqRemoveIrp(Csq, irp);
        detach(irp);
    } else {
        irp = NULL;
    }
    Csq->CsqReleaseLock(Csq, irql);
    return irp;
}
