/* SPDX-License-Identifier: BSD-2-Clause */
/* See walk.h. */
#include "model/walk.h"
#include "model/pnp_private.h"
#include "model/power.h"

static void from_started(struct pnp_node *node)
{
    switch (sched_random(6)) {
    case 0:
        pnp_query_stop(node);
        break;
    case 1:
        pnp_query_remove(node);
        break;
    case 2:
        pnp_disable(node);
        break;
    case 3:
        pnp_rescan(node);
        break;
    case 4:
        if (NT_SUCCESS(power_sleep((SYSTEM_POWER_STATE)(PowerSystemSleeping1 + sched_random(4)))))
            power_wake();
        break;
    default:
        pnp_settle();
    }
}

static void step(struct pnp_node *node)
{
    switch (node->state) {
    case PNP_STARTED:
        from_started(node);
        break;
    case PNP_STOP_PENDING:
        if (sched_random(2))
            pnp_stop(node);
        else
            pnp_cancel_stop(node);
        break;
    case PNP_STOPPED:
        if (sched_random(4) == 0)
            pnp_disable(node);
        else
            pnp_start(node);
        break;
    case PNP_REMOVE_PENDING:
        if (sched_random(2))
            pnp_remove(node);
        else
            pnp_cancel_remove(node);
        break;
    case PNP_SURPRISE_REMOVED:
        pnp_settle();
        break;
    default: /* without a stack */
        pnp_start(node);
    }
}

void walk(struct pnp_node *node, unsigned steps)
{
    for (unsigned i = 0; i < steps && node->pdo != NULL; i++)
        step(node);
    /* Back to where an uninstall may begin. */
    if (node->state == PNP_STOP_PENDING)
        pnp_cancel_stop(node);
    if (node->state == PNP_REMOVE_PENDING)
        pnp_cancel_remove(node);
}
