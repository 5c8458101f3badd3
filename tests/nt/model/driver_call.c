/* SPDX-License-Identifier: BSD-2-Clause */
/* See driver_call.h. */
#include "model/driver_call.h"
#include "model/rule.h"
#include "model/sched.h"

RULE(irql_restored, "A driver's routine returns at the IRQL it was called at",
     "Managing Hardware Priorities");

struct driver_call driver_call_enter(const char *what, const void *frame)
{
    struct driver_call call = {.what = what};

    BenchSchedulePoint();
    call.irql = KeGetCurrentIrql();
    call.floor = sched_stack_floor(frame);
    return call;
}

void driver_call_leave(const struct driver_call *call)
{
    if (KeGetCurrentIrql() != call->irql)
        rule_broken(&irql_restored, "%s was called at %d and returned at %d", call->what,
                    call->irql, KeGetCurrentIrql());
    sched_stack_floor(call->floor);
    BenchSchedulePoint();
}
