/* SPDX-License-Identifier: BSD-2-Clause */
/* Deferred procedure calls: a queue for each CPU, drained when its IRQL falls below DISPATCH_LEVEL.
 */
#include "model/machine.h"

RULE(dpc_valid, "A DPC object is initialised before it is used",
     "KeInitializeDpc function (wdm.h)");
RULE(dpc_queued_at_end, "No DPC is queued when the driver is gone",
     "KeFlushQueuedDpcs function (wdm.h)");
RULE(dpc_freed, "The memory of a queued DPC is not released", "KeRemoveQueueDpc function (wdm.h)");
RULE(dpc_long, "A DPC runs for at most 100 microseconds", "Guidelines for Writing DPC Routines");
RULE(dpc_irql, "A DPC routine returns at DISPATCH_LEVEL",
     "KDEFERRED_ROUTINE callback function (wdm.h)");

enum { DPC_LIMIT_NS = 100000, NUMBER_NONE = 0 };

/* KDPC.Number: 0 none chosen, else the CPU + 1 (Windows' own encoding is not documented). */

static PKDPC checked(PKDPC dpc)
{
    if (dpc->Type != KIND_DPC && dpc->Type != KIND_DPC_THREADED)
        rule_broken(&dpc_valid, "DPC %p has type %u", dpc, dpc->Type);
    return dpc;
}

static void initialize(PRKDPC Dpc, PKDEFERRED_ROUTINE routine, PVOID context, UCHAR type)
{
    dpc_released(Dpc, sizeof(*Dpc));
    memset(Dpc, 0, sizeof(*Dpc));
    Dpc->Type = type;
    Dpc->Importance = MediumImportance;
    Dpc->DeferredRoutine = routine;
    Dpc->DeferredContext = context;
}

VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    initialize(Dpc, DeferredRoutine, DeferredContext, KIND_DPC);
}

VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                                   PVOID DeferredContext)
{
    MODEL_CHECK(KeInitializeThreadedDpc, PASSIVE_LEVEL, PASSIVE_LEVEL,
                "KeInitializeThreadedDpc function (wdm.h)");
    initialize(Dpc, DeferredRoutine, DeferredContext, KIND_DPC_THREADED);
}

VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    checked(Dpc)->Importance = (UCHAR)Importance;
}

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    checked(Dpc)->Number = (USHORT)(Number + 1);
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Number >= machine.cpus || ProcNumber->Reserved)
        return STATUS_INVALID_PARAMETER;
    checked(Dpc)->Number = (USHORT)(ProcNumber->Number + 1);
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct cpu *cpu;

    BenchSchedulePoint();
    checked(Dpc);
    if (Dpc->DpcData)
        return FALSE;
    cpu = &machine.cpu[Dpc->Number == NUMBER_NONE || Dpc->Number > machine.cpus ? machine.now
                                                                                : Dpc->Number - 1u];
    Dpc->SystemArgument1 = SystemArgument1;
    Dpc->SystemArgument2 = SystemArgument2;
    Dpc->DpcData = cpu;
    if (Dpc->Importance == HighImportance)
        InsertHeadList(&cpu->dpcs, &Dpc->DpcListEntry);
    else
        InsertTailList(&cpu->dpcs, &Dpc->DpcListEntry);
    sched_deliver();
    return TRUE;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc)
{
    BenchSchedulePoint();
    checked(Dpc);
    if (!Dpc->DpcData)
        return FALSE;
    RemoveEntryList(&Dpc->DpcListEntry);
    Dpc->DpcData = NULL;
    return TRUE;
}

bool dpc_pending(const struct cpu *cpu)
{
    return !IsListEmpty(&cpu->dpcs);
}

static void run(struct cpu *cpu, PKDPC dpc)
{
    const void *floor = sched_stack_floor(__builtin_frame_address(0));
    PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
    PVOID context = dpc->DeferredContext, one = dpc->SystemArgument1, two = dpc->SystemArgument2;

    dpc->DpcData = NULL; /* from here on it may be queued again, or its memory freed */
    cpu->dpc = dpc;
    cpu->dpc_since = cpu->ran;
    routine(dpc, context, one, two);
    if (cpu->irql != DISPATCH_LEVEL)
        rule_broken(&dpc_irql, "routine %p returned at IRQL %u", (PVOID)(ULONG_PTR)routine,
                    cpu->irql);
    spinlock_none_held("a DPC routine returns");
    if (cpu->ran - cpu->dpc_since > DPC_LIMIT_NS)
        rule_broken(&dpc_long, "routine %p ran for %u us", (PVOID)(ULONG_PTR)routine,
                    (unsigned)((cpu->ran - cpu->dpc_since) / 1000));
    cpu->dpc = NULL;
    cpu->stack_floor = floor;
}

void dpc_drain(void)
{
    struct cpu *cpu = this_cpu();

    while (dpc_pending(cpu)) {
        PKDPC dpc = CONTAINING_RECORD(RemoveHeadList(&cpu->dpcs), KDPC, DpcListEntry);

        run(cpu, dpc);
        BenchSchedulePoint();
    }
}

static bool any_queued(void)
{
    for (unsigned i = 0; i < machine.cpus; i++)
        if (dpc_pending(&machine.cpu[i]) || machine.cpu[i].dpc || machine.cpu[i].timers_due)
            return true;
    return false;
}

VOID NTAPI KeFlushQueuedDpcs(VOID)
{
    MODEL_CALL(KeFlushQueuedDpcs, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "KeFlushQueuedDpcs function (wdm.h)");
    while (any_queued())
        BenchYieldProcessor();
}

void dpc_released(const void *memory, size_t bytes)
{
    const char *begin = memory;

    for (unsigned i = 0; i < machine.cpus; i++)
        for (PLIST_ENTRY at = machine.cpu[i].dpcs.Flink; at != &machine.cpu[i].dpcs; at = at->Flink)
            if ((char *)at >= begin && (char *)at < begin + bytes)
                rule_broken(&dpc_freed, "DPC %p", CONTAINING_RECORD(at, KDPC, DpcListEntry));
}

void dpc_check_end(void)
{
    for (unsigned i = 0; i < machine.cpus; i++)
        if (dpc_pending(&machine.cpu[i]))
            rule_broken(&dpc_queued_at_end, "CPU %u", i);
}
