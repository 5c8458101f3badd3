/* SPDX-License-Identifier: BSD-2-Clause */
/* The IRQL of each CPU: raising, lowering, and what becomes possible or forbidden with it. */
#include "model/machine.h"
#include "model/user_memory.h"

RULE(irql_raise, "KeRaiseIrql does not lower the IRQL", "KeRaiseIrql macro (wdm.h)");
RULE(irql_lower, "KeLowerIrql only returns to the IRQL before KeRaiseIrql",
     "KeLowerIrql function (wdm.h)");
RULE(paged_code, "Pageable code runs below DISPATCH_LEVEL", "PAGED_CODE macro (wdm.h)");

KIRQL irql_now(void)
{
    struct cpu *cpu = this_cpu();

    /* A shipped driver raises and lowers by itself (CR8), and calls nobody. */
    cpu->irql = host_cpu_irql(cpu->irql);
    return cpu->irql;
}

void irql_switched(void)
{
    host_cpu_show(this_cpu()->thread, this_cpu()->irql);
    pool_hide_paged(this_cpu()->irql >= DISPATCH_LEVEL);
    user_memory_switched();
}

void irql_set(KIRQL irql)
{
    struct cpu *cpu = this_cpu();

    if (irql < DISPATCH_LEVEL && cpu->irql >= DISPATCH_LEVEL)
        spinlock_none_held("the IRQL goes below DISPATCH_LEVEL");
    cpu->irql = irql;
    irql_switched();
    sched_deliver();
}

unsigned char BenchReadCr8(void)
{
    return irql_now();
}

KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    return machine.running ? irql_now() : PASSIVE_LEVEL;
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    KIRQL before = irql_now();

    if (NewIrql < before || NewIrql > HIGH_LEVEL)
        rule_broken(&irql_raise, "from %u to %u", before, NewIrql);
    BenchSchedulePoint();
    irql_set(NewIrql);
    return before;
}

VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    if (NewIrql > irql_now())
        rule_broken(&irql_lower, "from %u to %u", irql_now(), NewIrql);
    irql_set(NewIrql);
    BenchSchedulePoint();
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    MODEL_CHECK(KeRaiseIrqlToDpcLevel, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "KeRaiseIrqlToDpcLevel function (wdm.h)");
    return KfRaiseIrql(DISPATCH_LEVEL);
}

KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID)
{
    return KfRaiseIrql(12);
}

void BenchPagedCode(const char *function)
{
    if (machine.running && irql_now() > APC_LEVEL)
        rule_broken(&paged_code, "%s at IRQL %u", function, irql_now());
}
