/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O request packets: allocation, the way down (IoCallDriver) and the way up (IoCompleteRequest),
 * with the rules of who owns the packet when. See irp.h for the record that each IRP has.
 */
#include "model/irp.h"
#include "model/device.h"
#include "model/driver_call.h"
#include "model/fault.h"
#include "model/grave.h"
#include "model/host.h"
#include "model/machine.h"
#include "model/rule.h"
#include "model/sched.h"

RULE(irp_is_live, "Only an IRP that was allocated and not freed is used",
     "IoFreeIrp function (wdm.h)");
RULE(irp_stack_location_left, "An IRP has a stack location for each driver that it is sent to",
     "I/O Stack Locations");
RULE(irp_completed_twice, "Each IRP is completed exactly once", "Completing IRPs");
RULE(irp_cancel_routine_down, "A driver passes down no IRP with its cancel routine set",
     "Implementing Cancelable IRPs");
RULE(irp_cancel_routine_done, "A driver completes no IRP with its cancel routine set",
     "Implementing Cancelable IRPs");
RULE(irp_completed_locked, "An IRP is completed with no spin lock held",
     "IoCompleteRequest macro (wdm.h)");
RULE(irp_completed_pending, "An IRP is not completed with STATUS_PENDING",
     "Setting the I/O Status Block in an IRP");
RULE(irp_pending_unmarked,
     "A dispatch routine that returns STATUS_PENDING has marked the IRP pending",
     "Returning Status from Dispatch Routines");
RULE(irp_marked_not_pending,
     "A dispatch routine that marked the IRP pending returns STATUS_PENDING",
     "IoMarkIrpPending function (wdm.h)");
RULE(irp_dropped, "A dispatch routine completes the IRP, passes it on, or returns STATUS_PENDING",
     "DRIVER_DISPATCH callback function (wdm.h)");
RULE(irp_status_differs, "A dispatch routine returns the status that it completed the IRP with",
     "Returning Status from Dispatch Routines");
RULE(irp_device_gone, "An IRP is sent only to a device object that exists",
     "IoCallDriver macro (wdm.h)");
RULE(irp_pnp_changed, "A PnP or power IRP keeps its function on its way down",
     "Passing PnP IRPs Down the Device Stack");
RULE(irp_pnp_failed_down, "A PnP IRP that failed is completed, not passed down",
     "Passing PnP IRPs Down the Device Stack");
RULE(irp_own_not_stopped,
     "A completion routine of the driver that allocated the IRP returns MORE_PROCESSING_REQUIRED",
     "IoAllocateIrp function (wdm.h)");
RULE(irp_freed_in_flight, "An IRP that a lower driver has is not freed",
     "IoFreeIrp function (wdm.h)");
RULE(irp_freed_by_other, "A driver frees only IRPs that it allocated with IoAllocateIrp",
     "IoFreeIrp function (wdm.h)");
RULE(irp_leaked, "Every IRP is completed, and freed by who allocated it",
     "IoAllocateIrp function (wdm.h)");

enum { IRP_BUCKETS = 128, IRP_RETURNED_MAX = 64 };

struct irp_location {
    NTSTATUS status;   /* IoStatus.Status when the IRP left this location upwards */
    BOOLEAN completed; /* it left this location upwards */
    BOOLEAN marked;    /* it was marked pending there when it left */
    BOOLEAN passed;    /* the driver there sent it on */
    BOOLEAN pending;   /* passed down, and the dispatch routine returned STATUS_PENDING */
};

struct irp_record {
    struct irp_record *next; /* in its bucket */
    PIRP irp;
    enum irp_kind kind;
    irp_done_fn *done;
    PVOID context;
    ULONG frames;        /* dispatch calls that carry it and have not returned */
    ULONG holds;         /* model code that must still find the memory */
    BOOLEAN in_flight;   /* some driver has it */
    BOOLEAN completed;   /* all the way up */
    BOOLEAN free_wanted; /* freed as soon as nobody holds it */
    BOOLEAN freed;
    CCHAR stack_count;
    struct irp_location location[IRP_RETURNED_MAX + 2];
};

static struct irp_record *Buckets[IRP_BUCKETS];

static struct irp_record **bucket_of(const IRP *irp)
{
    return &Buckets[((ULONG_PTR)irp >> 6) % IRP_BUCKETS];
}

static struct irp_record *record_of(const IRP *irp)
{
    struct irp_record *record;

    for (record = *bucket_of(irp); record != NULL; record = record->next)
        if (record->irp == irp && !record->free_wanted)
            return record;
    rule_broken(&irp_is_live, "IRP %p", irp);
}

/* Also one that is over but still held. */
static struct irp_record *record_held(const IRP *irp)
{
    struct irp_record *record = *bucket_of(irp);

    while (record != NULL && (record->irp != irp || record->freed))
        record = record->next;
    if (record == NULL)
        rule_broken(&irp_is_live, "IRP %p", irp);
    return record;
}

static void irp_set_up(PIRP irp, CCHAR stack_size)
{
    RtlZeroMemory(irp, IoSizeOfIrp(stack_size));
    irp->Type = IO_TYPE_IRP;
    irp->Size = IoSizeOfIrp(stack_size);
    irp->StackCount = stack_size;
    irp->CurrentLocation = stack_size + 1;
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
    InitializeListHead(&irp->ThreadListEntry);
}

PIRP irp_allocate(enum irp_kind kind, CCHAR stack_size, irp_done_fn *done, PVOID context)
{
    struct irp_record *record;

    if (kind != IRP_OF_MANAGER && fault_here("irp"))
        return NULL;
    record = host_alloc(sizeof(*record));
    record->irp = host_alloc(IoSizeOfIrp(stack_size));
    record->kind = kind;
    record->done = done;
    record->context = context;
    record->stack_count = stack_size;
    irp_set_up(record->irp, stack_size);
    record->next = *bucket_of(record->irp);
    *bucket_of(record->irp) = record;
    return record->irp;
}

/* The record goes when the IRP is freed and nobody carries it any more. */
static void record_settle(struct irp_record *record)
{
    struct irp_record **link = bucket_of(record->irp);

    if (record->free_wanted && !record->freed && record->holds == 0) {
        grave_bury(record->irp, IoSizeOfIrp(record->stack_count), &irp_is_live, "IRP");
        record->freed = TRUE;
    }
    if (!record->freed || record->frames != 0)
        return;
    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    host_free(record);
}

void irp_free(PIRP irp)
{
    struct irp_record *record = record_of(irp);

    record->free_wanted = TRUE;
    record_settle(record);
}

void irp_hold(PIRP irp)
{
    record_of(irp)->holds++;
}

void irp_unhold(PIRP irp)
{
    struct irp_record *record = record_held(irp);

    record->holds--;
    record_settle(record);
}

BOOLEAN irp_completed(PIRP irp)
{
    return record_held(irp)->completed;
}

PVOID irp_context(PIRP irp)
{
    return record_of(irp)->context;
}

void irp_check_leaks(void)
{
    for (ULONG bucket = 0; bucket < IRP_BUCKETS; bucket++)
        if (Buckets[bucket] != NULL)
            rule_broken(&irp_leaked, "IRP %p: %s", Buckets[bucket]->irp,
                        Buckets[bucket]->in_flight ? "not completed" : "not freed");
}

/* --- The way down. */

static BOOLEAN is_pnp_or_power(UCHAR major)
{
    return major == IRP_MJ_PNP || major == IRP_MJ_POWER;
}

static void check_sent(struct irp_record *record, PDEVICE_OBJECT device)
{
    PIRP irp = record->irp;
    PIO_STACK_LOCATION here = irp->Tail.Overlay.CurrentStackLocation, next = here - 1;

    if (irp->CurrentLocation <= 1)
        rule_broken(&irp_stack_location_left, "IRP %p has %d", irp, irp->StackCount);
    if (irp->CancelRoutine != NULL)
        rule_broken(&irp_cancel_routine_down, "IRP %p, routine %p", irp, irp->CancelRoutine);
    if (!device_exists(device))
        rule_broken(&irp_device_gone, "IRP %p, device %p", irp, device);
    if (next->MajorFunction == IRP_MJ_PNP && !NT_SUCCESS(irp->IoStatus.Status) &&
        irp->IoStatus.Status != STATUS_NOT_SUPPORTED)
        rule_broken(&irp_pnp_failed_down, "minor %x, status %x", next->MinorFunction,
                    irp->IoStatus.Status);
    if (irp->CurrentLocation > irp->StackCount || !is_pnp_or_power(here->MajorFunction))
        return;
    if (next->MajorFunction != here->MajorFunction || next->MinorFunction != here->MinorFunction)
        rule_broken(&irp_pnp_changed, "%x/%x became %x/%x", here->MajorFunction,
                    here->MinorFunction, next->MajorFunction, next->MinorFunction);
}

/* What a dispatch routine says on its return must agree with what became of the IRP. */
static void check_returned(struct irp_record *record, int location, NTSTATUS status)
{
    const struct irp_location *seen = &record->location[location];
    BOOLEAN gone = record->freed || record->free_wanted;
    BOOLEAN marked;

    if (seen->completed)
        marked = seen->marked;
    else if (gone)
        return;
    else
        marked =
            ((PIO_STACK_LOCATION)(record->irp + 1))[location - 1].Control & SL_PENDING_RETURNED;
    if (status == STATUS_PENDING && !marked) {
        /* Passed down, the completion routine may still mark it. */
        if (seen->completed || !seen->passed)
            rule_broken(&irp_pending_unmarked, "IRP %p, location %d", record->irp, location);
        record->location[location].pending = TRUE;
    }
    if (status != STATUS_PENDING && marked)
        rule_broken(&irp_marked_not_pending, "IRP %p, location %d, returned %x", record->irp,
                    location, status);
    if (status == STATUS_PENDING)
        return;
    if (!seen->completed)
        rule_broken(&irp_dropped, "IRP %p, location %d, returned %x", record->irp, location,
                    status);
    if (seen->status != status)
        rule_broken(&irp_status_differs, "IRP %p: completed with %x, returned %x", record->irp,
                    seen->status, status);
}

static NTSTATUS dispatch(PDRIVER_DISPATCH routine, PDEVICE_OBJECT device, PIRP irp)
{
    struct driver_call call = driver_call_enter("a dispatch routine", __builtin_frame_address(0));
    NTSTATUS status = routine(device, irp);

    driver_call_leave(&call);
    return status;
}

NTSTATUS FASTCALL IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct irp_record *record;
    PIO_STACK_LOCATION location;
    int number;
    NTSTATUS status;

    MODEL_CALL(IoCallDriver, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoCallDriver macro (wdm.h)");
    record = record_of(Irp);
    check_sent(record, DeviceObject);
    Irp->CurrentLocation--;
    location = --Irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = DeviceObject;
    number = Irp->CurrentLocation;
    record->location[number] = (struct irp_location){0};
    record->location[number + 1].passed = TRUE;
    record->in_flight = TRUE;
    record->frames++;
    status = dispatch(DeviceObject->DriverObject->MajorFunction[location->MajorFunction],
                      DeviceObject, Irp);
    check_returned(record, number, status);
    record->frames--;
    record_settle(record);
    return status;
}

NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    MODEL_CALL(PoCallDriver, PASSIVE_LEVEL, DISPATCH_LEVEL, "PoCallDriver function (ntifs.h)");
    return IofCallDriver(DeviceObject, Irp);
}

/* --- The way up. */

static BOOLEAN wants_completion(const IO_STACK_LOCATION *location, const IRP *irp)
{
    if (location->CompletionRoutine == NULL)
        return FALSE;
    return (NT_SUCCESS(irp->IoStatus.Status) && (location->Control & SL_INVOKE_ON_SUCCESS)) ||
           (!NT_SUCCESS(irp->IoStatus.Status) && (location->Control & SL_INVOKE_ON_ERROR)) ||
           (irp->Cancel && (location->Control & SL_INVOKE_ON_CANCEL));
}

static NTSTATUS call_completion(PIO_COMPLETION_ROUTINE routine, PDEVICE_OBJECT device, PIRP irp,
                                PVOID context)
{
    struct driver_call call = driver_call_enter("a completion routine", __builtin_frame_address(0));
    NTSTATUS status = routine(device, irp, context);

    driver_call_leave(&call);
    return status;
}

/* One location up. FALSE: the completion routine kept the IRP (which may be gone by now). */
static BOOLEAN climb(struct irp_record *record)
{
    PIRP irp = record->irp;
    PIO_STACK_LOCATION left = irp->Tail.Overlay.CurrentStackLocation;
    IO_STACK_LOCATION was = *left;
    PDEVICE_OBJECT upper = NULL;
    BOOLEAN wanted = wants_completion(left, irp);

    if (record->location[(int)irp->CurrentLocation].pending && !(was.Control & SL_PENDING_RETURNED))
        rule_broken(&irp_pending_unmarked, "IRP %p, location %d, and its completion routine", irp,
                    irp->CurrentLocation);
    record->location[(int)irp->CurrentLocation] = (struct irp_location){
        .status = irp->IoStatus.Status,
        .completed = TRUE,
        .marked = (was.Control & SL_PENDING_RETURNED) != 0,
    };
    irp->PendingReturned = (was.Control & SL_PENDING_RETURNED) != 0;
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
    if (irp->CurrentLocation <= irp->StackCount)
        upper = irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    left->CompletionRoutine = NULL;
    left->Control = 0;
    if (!wanted) {
        if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
            IoMarkIrpPending(irp);
        return TRUE;
    }
    if (irp->CurrentLocation > irp->StackCount)
        record->in_flight = FALSE; /* back with who allocated it */
    return call_completion(was.CompletionRoutine, upper, irp, was.Context) !=
           STATUS_MORE_PROCESSING_REQUIRED;
}

static void check_completed(struct irp_record *record)
{
    PIRP irp = record->irp;

    if (record->completed || irp->CurrentLocation > irp->StackCount)
        rule_broken(&irp_completed_twice, "IRP %p, status %x", irp, irp->IoStatus.Status);
    if (irp->CancelRoutine != NULL)
        rule_broken(&irp_cancel_routine_done, "IRP %p, routine %p", irp, irp->CancelRoutine);
    if (irp->IoStatus.Status == STATUS_PENDING)
        rule_broken(&irp_completed_pending, "IRP %p", irp);
    if (this_cpu()->held_count != 0)
        rule_broken(&irp_completed_locked, "IRP %p, %s %p", irp, this_cpu()->held[0].kind,
                    this_cpu()->held[0].lock);
}

VOID FASTCALL IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    struct irp_record *record;

    MODEL_CALL(IoCompleteRequest, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoCompleteRequest macro (wdm.h)");
    record = record_of(Irp);
    check_completed(record);
    record->frames++; /* the record outlives a completion routine that frees the IRP */
    while (Irp->CurrentLocation <= Irp->StackCount) {
        if (!climb(record)) {
            record->frames--;
            record_settle(record);
            return;
        }
    }
    record->frames--;
    record->completed = TRUE;
    record->in_flight = FALSE;
    if (record->kind == IRP_OF_DRIVER)
        rule_broken(&irp_own_not_stopped, "IRP %p", Irp);
    if (record->done == NULL || record->done(Irp, record->context))
        record->free_wanted = TRUE;
    record_settle(record);
}

/* --- What drivers allocate. */

PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    MODEL_CALL(IoAllocateIrp, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoAllocateIrp function (wdm.h)");
    return irp_allocate(IRP_OF_DRIVER, StackSize, NULL, NULL);
}

VOID NTAPI IoFreeIrp(PIRP Irp)
{
    struct irp_record *record;

    MODEL_CALL(IoFreeIrp, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoFreeIrp function (wdm.h)");
    record = record_of(Irp);
    if (record->kind != IRP_OF_DRIVER)
        rule_broken(&irp_freed_by_other, "IRP %p", Irp);
    if (record->in_flight)
        rule_broken(&irp_freed_in_flight, "IRP %p", Irp);
    irp_free(Irp);
}

VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    struct irp_record *record;

    MODEL_CALL(IoReuseIrp, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoReuseIrp function (wdm.h)");
    record = record_of(Irp);
    if (record->kind != IRP_OF_DRIVER)
        rule_broken(&irp_freed_by_other, "IoReuseIrp of IRP %p", Irp);
    if (record->in_flight)
        rule_broken(&irp_freed_in_flight, "IoReuseIrp of IRP %p", Irp);
    irp_set_up(Irp, record->stack_count);
    Irp->IoStatus.Status = Iostatus;
    record->completed = FALSE;
}
