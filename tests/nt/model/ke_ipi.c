/* SPDX-License-Identifier: BSD-2-Clause */
/* Running on all processors at once: KeIpiGenericCall, KeGenericCallDpc. */
#include "model/machine.h"

struct ipi {
    PKIPI_BROADCAST_WORKER worker;
    ULONG_PTR argument;
    unsigned arrived, left;
    unsigned cpus;
};

static bool calling; /* one such call at a time, as in NT */

static void ipi_run(void *context)
{
    struct ipi *ipi = context;

    ipi->arrived++;
    while (ipi->arrived < ipi->cpus) /* all are captured before any runs the routine */
        BenchYieldProcessor();
    ipi->worker(ipi->argument);
    ipi->left++; /* the last touch: the caller may be gone from here on */
}

ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context)
{
    struct ipi ipi = {.worker = BroadcastFunction, .argument = Context, .cpus = machine.cpus};
    KIRQL before;
    unsigned self;
    ULONG_PTR result;

    MODEL_CALL(KeIpiGenericCall, PASSIVE_LEVEL, IPI_LEVEL - 1, "KeIpiGenericCall function (wdm.h)");
    while (calling)
        BenchYieldProcessor();
    calling = true;
    before = irql_now();
    this_cpu()->irql = max(before, DISPATCH_LEVEL); /* stay on this processor */
    irql_switched();
    self = machine.now;
    for (unsigned i = 0; i < machine.cpus; i++)
        if (i != self)
            sched_interrupt(i, IPI_LEVEL, ipi_run, &ipi);
    irql_set(IPI_LEVEL);
    ipi.arrived++;
    while (ipi.arrived < ipi.cpus)
        BenchYieldProcessor();
    result = BroadcastFunction(Context);
    ipi.left++;
    while (ipi.left < ipi.cpus)
        BenchYieldProcessor();
    calling = false;
    irql_set(before);
    return result;
}

/* KeGenericCallDpc and its helpers (ntddk.h since Windows 7 headers of 2019, exported since 2003).
 */
struct dpc_call {
    unsigned count, done;
    LONG barrier, signal;
    unsigned waiting, generation;
};

VOID NTAPI KeGenericCallDpc(PKDEFERRED_ROUTINE Routine, PVOID Context);
LOGICAL NTAPI KeSignalCallDpcSynchronize(PVOID SystemArgument2);
VOID NTAPI KeSignalCallDpcDone(PVOID SystemArgument1);

VOID NTAPI KeGenericCallDpc(PKDEFERRED_ROUTINE Routine, PVOID Context)
{
    struct dpc_call call = {.count = machine.cpus};
    KDPC dpc[SCHED_CPUS_MAX];

    MODEL_CALL(KeGenericCallDpc, PASSIVE_LEVEL, APC_LEVEL, "KeGenericCallDpc function");
    for (unsigned i = 0; i < machine.cpus; i++) {
        KeInitializeDpc(&dpc[i], Routine, Context);
        KeSetTargetProcessorDpc(&dpc[i], (CCHAR)i);
        KeInsertQueueDpc(&dpc[i], &call, &call);
    }
    while (call.done < call.count)
        BenchYieldProcessor();
}

LOGICAL NTAPI KeSignalCallDpcSynchronize(PVOID SystemArgument2)
{
    struct dpc_call *call = SystemArgument2;
    unsigned generation = call->generation;

    if (++call->waiting == call->count) {
        call->waiting = 0;
        call->generation++;
        return TRUE;
    }
    while (call->generation == generation)
        BenchYieldProcessor();
    return FALSE;
}

VOID NTAPI KeSignalCallDpcDone(PVOID SystemArgument1)
{
    ((struct dpc_call *)SystemArgument1)->done++;
}
