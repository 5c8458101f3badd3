/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt objects and their delivery; see interrupt.h.
 */
#include "model/interrupt.h"
#include "model/device.h"
#include "model/driver_call.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/rule.h"
#include "model/sched.h"

RULE(interrupt_not_assigned,
     "A driver connects only the vector, IRQL and processors that its translated resources name",
     "IoConnectInterruptEx function (wdm.h)");
RULE(interrupt_left_connected,
     "A device's interrupts are disconnected when it is stopped or removed",
     "IoDisconnectInterruptEx function (wdm.h)");
RULE(interrupt_is_connected, "Only a connected interrupt object is used",
     "IoDisconnectInterrupt function (wdm.h)");
RULE(interrupt_not_quieted,
     "An ISR of a level-sensitive interrupt makes its device stop interrupting", "Writing an ISR");

enum { RESOURCES_MAX = 64, LINES_MAX = 256, LINE_UNSERVED_MAX = 100, DEVICE_LEVEL_HIGHEST = 12 };

struct _KINTERRUPT {
    struct _KINTERRUPT *next;
    struct interrupt_resource resource;
    PKSERVICE_ROUTINE service;
    PKMESSAGE_SERVICE_ROUTINE message_service; /* or this one */
    ULONG message;
    PVOID context;
    PKSPIN_LOCK lock;
    KSPIN_LOCK own_lock;
    KIRQL synchronize_irql;
    ULONG running; /* CPUs in its ISR */
};

static struct _KINTERRUPT *Connected;
static struct interrupt_resource Resources[RESOURCES_MAX];
static ULONG ResourceCount;
static struct {
    BOOLEAN high, queued;
    BOOLEAN (*source)(void);
    ULONG unserved; /* in a row */
} Lines[LINES_MAX];

/* --- Assignment. */

static struct interrupt_resource *resource_add(void)
{
    if (ResourceCount == RESOURCES_MAX)
        host_exit(3);
    return &Resources[ResourceCount++];
}

static ULONG free_vector(void)
{
    for (ULONG vector = 0x91;; vector++) {
        ULONG i = 0;

        while (i < ResourceCount && Resources[i].vector != vector)
            i++;
        if (i == ResourceCount)
            return vector;
    }
}

static void resource_set_up(struct interrupt_resource *resource, PDEVICE_OBJECT pdo)
{
    resource->vector = free_vector();
    resource->irql = (KIRQL)(resource->vector >> 4);
    resource->pdo = pdo;
}

void interrupt_assign_message(PDEVICE_OBJECT pdo, KAFFINITY affinity,
                              struct interrupt_resource *out)
{
    struct interrupt_resource new = {.is_message = TRUE, .affinity = affinity};

    resource_set_up(&new, pdo);
    *resource_add() = *out = new;
}

void interrupt_assign_line(PDEVICE_OBJECT pdo, ULONG line, struct interrupt_resource *out)
{
    struct interrupt_resource new = {.line = line, .affinity = ((KAFFINITY)1 << sched_cpus()) - 1};

    resource_set_up(&new, pdo);
    *resource_add() = *out = new;
}

void interrupt_release(PDEVICE_OBJECT pdo)
{
    ULONG kept = 0;

    for (PKINTERRUPT one = Connected; one != NULL; one = one->next)
        if (one->resource.pdo == pdo)
            rule_broken(&interrupt_left_connected, "vector %x", one->resource.vector);
    for (ULONG i = 0; i < ResourceCount; i++)
        if (Resources[i].pdo != pdo)
            Resources[kept++] = Resources[i];
    ResourceCount = kept;
}

/* --- Delivery. */

static void lock_interrupt(PKINTERRUPT interrupt, KIRQL *old)
{
    *old = KeGetCurrentIrql();
    if (*old < interrupt->synchronize_irql)
        KeRaiseIrql(interrupt->synchronize_irql, old);
    KeAcquireSpinLockAtDpcLevel(interrupt->lock);
}

static void unlock_interrupt(PKINTERRUPT interrupt, KIRQL old)
{
    KeReleaseSpinLockFromDpcLevel(interrupt->lock);
    if (KeGetCurrentIrql() != old)
        KeLowerIrql(old);
}

static BOOLEAN call_service(PKINTERRUPT interrupt)
{
    struct driver_call call;
    BOOLEAN served;
    KIRQL old;

    interrupt->running++;
    lock_interrupt(interrupt, &old);
    call = driver_call_enter("an interrupt service routine", __builtin_frame_address(0));
    if (interrupt->message_service != NULL)
        served = interrupt->message_service(interrupt, interrupt->context, interrupt->message);
    else
        served = interrupt->service(interrupt, interrupt->context);
    driver_call_leave(&call);
    unlock_interrupt(interrupt, old);
    interrupt->running--;
    return served;
}

static BOOLEAN serves(PKINTERRUPT interrupt, ULONG vector)
{
    return interrupt->resource.vector == vector &&
           (interrupt->resource.affinity & ((KAFFINITY)1 << sched_cpu()));
}

static BOOLEAN call_vector(ULONG vector)
{
    BOOLEAN served = FALSE;

    for (PKINTERRUPT one = Connected, next; one != NULL; one = next) {
        one->running++; /* it stays while it is looked at */
        if (serves(one, vector))
            served |= call_service(one);
        next = one->next;
        one->running--;
    }
    return served;
}

static void message_arrives(void *context)
{
    call_vector((ULONG)(ULONG_PTR)context);
}

BOOLEAN interrupt_raise(ULONG cpu, ULONG vector)
{
    for (PKINTERRUPT one = Connected; one != NULL; one = one->next) {
        if (one->resource.vector != vector || !(one->resource.affinity & ((KAFFINITY)1 << cpu)))
            continue;
        sched_interrupt(cpu, one->resource.irql, message_arrives, (void *)(ULONG_PTR)vector);
        return TRUE;
    }
    return FALSE;
}

static void line_queue(ULONG line);

static ULONG line_vector(ULONG line, KIRQL *irql)
{
    for (ULONG i = 0; i < ResourceCount; i++)
        if (!Resources[i].is_message && Resources[i].line == line) {
            *irql = Resources[i].irql;
            return Resources[i].vector;
        }
    return 0;
}

static void line_arrives(void *context)
{
    ULONG line = (ULONG)(ULONG_PTR)context;
    KIRQL irql;

    Lines[line].queued = FALSE;
    if (!Lines[line].high)
        return;
    call_vector(line_vector(line, &irql));
    if (Lines[line].source != NULL)
        Lines[line].high = Lines[line].source();
    if (!Lines[line].high) {
        Lines[line].unserved = 0;
        return;
    }
    if (++Lines[line].unserved > LINE_UNSERVED_MAX)
        rule_broken(&interrupt_not_quieted, "line %u", line);
    line_queue(line);
}

static BOOLEAN is_connected(ULONG vector)
{
    for (PKINTERRUPT one = Connected; one != NULL; one = one->next)
        if (one->resource.vector == vector)
            return TRUE;
    return FALSE;
}

static void line_queue(ULONG line)
{
    KIRQL irql = 0;
    ULONG vector = line_vector(line, &irql);

    if (!Lines[line].high || Lines[line].queued || vector == 0 || !is_connected(vector))
        return;
    Lines[line].queued = TRUE;
    sched_interrupt(sched_random(sched_cpus()), irql, line_arrives, (void *)(ULONG_PTR)line);
}

void interrupt_line_source(ULONG line, BOOLEAN (*level)(void))
{
    Lines[line].source = level;
}

void interrupt_line(ULONG line, BOOLEAN high)
{
    Lines[line].high = high;
    if (!high)
        Lines[line].unserved = 0;
    line_queue(line);
}

/* --- Connecting. */

static NTSTATUS connect(const struct _KINTERRUPT *what, PKINTERRUPT *out)
{
    PKINTERRUPT interrupt;

    if (fault_here("interrupt"))
        return STATUS_INSUFFICIENT_RESOURCES;
    interrupt = host_alloc(sizeof(*interrupt));
    *interrupt = *what;
    KeInitializeSpinLock(&interrupt->own_lock);
    if (interrupt->lock == NULL)
        interrupt->lock = &interrupt->own_lock;
    if (interrupt->synchronize_irql < interrupt->resource.irql)
        interrupt->synchronize_irql = interrupt->resource.irql;
    *out = interrupt;
    interrupt->next = Connected;
    Connected = interrupt;
    if (!interrupt->resource.is_message)
        line_queue(interrupt->resource.line);
    return STATUS_SUCCESS;
}

static const struct interrupt_resource *find_assigned(ULONG vector, KIRQL irql, KAFFINITY affinity,
                                                      KINTERRUPT_MODE mode)
{
    for (ULONG i = 0; i < ResourceCount; i++)
        if (Resources[i].vector == vector && Resources[i].irql == irql &&
            Resources[i].is_message == (mode == Latched) &&
            (Resources[i].affinity & affinity) == affinity && affinity != 0)
            return &Resources[i];
    rule_broken(&interrupt_not_assigned, "vector %x, IRQL %d, processors %lx", vector, irql,
                (unsigned long)affinity);
}

NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                  PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector,
                                  KIRQL Irql, KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode,
                                  BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask,
                                  BOOLEAN FloatingSave)
{
    struct _KINTERRUPT what = {.service = ServiceRoutine,
                               .context = ServiceContext,
                               .lock = SpinLock,
                               .synchronize_irql = SynchronizeIrql};

    MODEL_CALL(IoConnectInterrupt, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoConnectInterrupt function (wdm.h)");
    what.resource = *find_assigned(Vector, Irql, ProcessorEnableMask, InterruptMode);
    what.resource.affinity = ProcessorEnableMask;
    return connect(&what, InterruptObject);
}

static NTSTATUS connect_fully(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *in)
{
    struct _KINTERRUPT what = {.service = in->ServiceRoutine,
                               .context = in->ServiceContext,
                               .lock = in->SpinLock,
                               .synchronize_irql = in->SynchronizeIrql};

    what.resource =
        *find_assigned(in->Vector, in->Irql, in->ProcessorEnableMask, in->InterruptMode);
    if (what.resource.pdo != in->PhysicalDeviceObject)
        rule_broken(&interrupt_not_assigned, "vector %x is another device's", in->Vector);
    what.resource.affinity = in->ProcessorEnableMask;
    return connect(&what, in->InterruptObject);
}

static NTSTATUS connect_line(IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS *in)
{
    struct _KINTERRUPT what = {.service = in->ServiceRoutine,
                               .context = in->ServiceContext,
                               .lock = in->SpinLock,
                               .synchronize_irql = in->SynchronizeIrql};

    for (ULONG i = 0; i < ResourceCount; i++) {
        if (Resources[i].pdo != in->PhysicalDeviceObject || Resources[i].is_message)
            continue;
        what.resource = Resources[i];
        return connect(&what, in->InterruptObject);
    }
    return STATUS_NOT_FOUND;
}

static ULONG count_messages(PDEVICE_OBJECT pdo)
{
    ULONG count = 0;

    for (ULONG i = 0; i < ResourceCount; i++)
        count += Resources[i].pdo == pdo && Resources[i].is_message;
    return count;
}

static void disconnect(PKINTERRUPT interrupt)
{
    PKINTERRUPT *link = &Connected;

    while (*link != NULL && *link != interrupt)
        link = &(*link)->next;
    if (*link == NULL)
        rule_broken(&interrupt_is_connected, "%p", interrupt);
    *link = interrupt->next;
    while (interrupt->running != 0)
        BenchYieldProcessor();
    host_free(interrupt);
}

static NTSTATUS connect_messages(IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS *in)
{
    ULONG count = count_messages(in->PhysicalDeviceObject), made = 0;
    PIO_INTERRUPT_MESSAGE_INFO table =
        host_alloc(sizeof(*table) + count * sizeof(table->MessageInfo[0]));
    NTSTATUS status = STATUS_SUCCESS;

    for (ULONG i = 0; i < ResourceCount && NT_SUCCESS(status); i++) {
        struct _KINTERRUPT what = {.message_service = in->MessageServiceRoutine,
                                   .message = made,
                                   .context = in->ServiceContext,
                                   .lock = in->SpinLock,
                                   .synchronize_irql = in->SynchronizeIrql,
                                   .resource = Resources[i]};
        PIO_INTERRUPT_MESSAGE_INFO_ENTRY entry = &table->MessageInfo[made];

        if (Resources[i].pdo != in->PhysicalDeviceObject || !Resources[i].is_message)
            continue;
        status = connect(&what, &entry->InterruptObject);
        entry->TargetProcessorSet = what.resource.affinity;
        entry->Vector = what.resource.vector;
        entry->Irql = table->UnifiedIrql = what.resource.irql;
        entry->Mode = Latched;
        made += NT_SUCCESS(status);
    }
    table->MessageCount = made;
    *in->ConnectionContext.InterruptMessageTable = table;
    if (NT_SUCCESS(status))
        return status;
    while (made != 0)
        disconnect(table->MessageInfo[--made].InterruptObject);
    host_free(table);
    *in->ConnectionContext.InterruptMessageTable = NULL;
    return status;
}

NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    MODEL_CALL(IoConnectInterruptEx, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoConnectInterruptEx function (wdm.h)");
    switch (Parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return connect_fully(&Parameters->FullySpecified);
    case CONNECT_LINE_BASED:
        return connect_line(&Parameters->LineBased);
    case CONNECT_MESSAGE_BASED:
        if (count_messages(Parameters->MessageBased.PhysicalDeviceObject) != 0)
            return connect_messages(&Parameters->MessageBased);
        if (Parameters->MessageBased.FallBackServiceRoutine != NULL) {
            IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS line = {
                .PhysicalDeviceObject = Parameters->MessageBased.PhysicalDeviceObject,
                .InterruptObject = Parameters->MessageBased.ConnectionContext.InterruptObject,
                .ServiceRoutine = Parameters->MessageBased.FallBackServiceRoutine,
                .ServiceContext = Parameters->MessageBased.ServiceContext,
                .SpinLock = Parameters->MessageBased.SpinLock,
                .SynchronizeIrql = Parameters->MessageBased.SynchronizeIrql,
            };

            Parameters->Version = CONNECT_LINE_BASED;
            return connect_line(&line);
        }
        return STATUS_NOT_FOUND;
    default:
        Parameters->Version = CONNECT_FULLY_SPECIFIED_GROUP;
        return STATUS_NOT_SUPPORTED;
    }
}

VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject)
{
    MODEL_CALL(IoDisconnectInterrupt, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoDisconnectInterrupt function (wdm.h)");
    disconnect(InterruptObject);
}

VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    PIO_INTERRUPT_MESSAGE_INFO table;

    MODEL_CALL(IoDisconnectInterruptEx, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoDisconnectInterruptEx function (wdm.h)");
    if (Parameters->Version != CONNECT_MESSAGE_BASED) {
        disconnect(Parameters->ConnectionContext.InterruptObject);
        return;
    }
    table = Parameters->ConnectionContext.InterruptMessageTable;
    for (ULONG i = 0; i < table->MessageCount; i++)
        disconnect(table->MessageInfo[i].InterruptObject);
    host_free(table);
}

/* --- Synchronizing with an ISR. */

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt,
                                     PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     PVOID SynchronizeContext)
{
    BOOLEAN result;
    KIRQL old;

    MODEL_CALL(KeSynchronizeExecution, PASSIVE_LEVEL, DEVICE_LEVEL_HIGHEST,
               "KeSynchronizeExecution function (wdm.h)");
    lock_interrupt(Interrupt, &old);
    result = SynchronizeRoutine(SynchronizeContext);
    unlock_interrupt(Interrupt, old);
    return result;
}

KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    KIRQL old;

    MODEL_CALL(KeAcquireInterruptSpinLock, PASSIVE_LEVEL, DEVICE_LEVEL_HIGHEST,
               "KeAcquireInterruptSpinLock function (wdm.h)");
    lock_interrupt(Interrupt, &old);
    return old;
}

VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    MODEL_CHECK(KeReleaseInterruptSpinLock, DISPATCH_LEVEL, DEVICE_LEVEL_HIGHEST,
                "KeReleaseInterruptSpinLock function (wdm.h)");
    unlock_interrupt(Interrupt, OldIrql);
}
