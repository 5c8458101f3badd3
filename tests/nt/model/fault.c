/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault injection (fault.h). A call stack is known by a hash of its return addresses up to the
 * model's call into the driver, so that a DPC is the same wherever it interrupts.
 */
#include "model/fault.h"
#include "model/machine.h"
#include "harness_run.h"

enum { DEPTH = 24 };

static unsigned paused;

void fault_pause(void)
{
    paused++;
}

void fault_resume(void)
{
    paused--;
}

bool fault_injected(void)
{
    const struct run *run = run_current();

    return run && run->result->fault_injected;
}

static uint64_t stack_hash(void)
{
    uintptr_t addresses[DEPTH];
    size_t count = host_stack(addresses, DEPTH, this_cpu()->stack_floor);
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ addresses[i]) * 0x100000001b3u;
    return hash;
}

bool fault_here(const char *what)
{
    const struct run *run = run_current();
    uint64_t hash;

    if (!run || !run->faults || paused || !machine.running || run->result->fault_injected ||
        run->result->faults == RUN_FAULTS_MAX)
        return false;
    hash = stack_hash();
    for (unsigned i = 0; i < run->result->faults; i++)
        if (run->result->fault_stacks[i] == hash)
            return false;
    run->result->fault_stacks[run->result->faults++] = hash;
    run->result->fault_injected = true;
    memcpy(run->result->fault_what, what,
           min(strlen(what) + 1, sizeof(run->result->fault_what) - 1));
    model_log("fault %u: this %s fails\n", run->result->faults, what);
    if (run->verbose)
        host_print_stack();
    return true;
}
