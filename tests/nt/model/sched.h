/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs, and who runs when. One CPU runs at a time; at each point (a model call, an interlocked
 * operation) the seed decides whether another CPU goes on, an interrupt or DPC is delivered, or
 * another thread gets this CPU. The same seed and the same outside world give the same run.
 *
 * Time is virtual, in units of 100 ns: it grows a little at each point and jumps to the next timer
 * when every CPU is idle and nothing from outside is awaited. Nothing ever sleeps.
 */
#ifndef NT_MODEL_SCHED_H
#define NT_MODEL_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "model/host.h"

enum { SCHED_CPUS_MAX = 8 };

struct sched_config {
    uint64_t seed;
    unsigned cpus; /* 1 .. SCHED_CPUS_MAX */
    /* A point hands over with a chance of 1 in this number; 0: chosen by the seed. */
    unsigned switch_one_in;
};

void sched_start(const struct sched_config *config);

/* --- For model code. --- */

/* A point (see above). Nothing may be half done in the model's own records. */
void BenchSchedulePoint(void);
/* A point of a loop that waits for another CPU: another CPU goes on, time passes. */
void BenchYieldProcessor(void);

unsigned sched_cpus(void);
/* The running CPU, from 0. */
unsigned sched_cpu(void);
/* Below `bound`, from the seed. For every choice that NT leaves open. */
uint32_t sched_random(uint32_t bound);

/* Virtual time since the machine's start, 100 ns. */
uint64_t sched_time(void);
void sched_time_pass(uint64_t units);

/* An interrupt for a CPU: handler(context) runs there at IRQL `level` once the CPU's IRQL is below
   it, on whatever stack is current. Callable at any IRQL and from host_source.pump. `handler` runs
   to its end with points in between. Interrupts of one CPU and level come in order. */
void sched_interrupt(unsigned cpu, unsigned char level, void (*handler)(void *context),
                     void *context);

/* What drivers run inside (a DPC, an interrupt, a dispatch routine called by the model) starts here
   for stacks: reports and fault injection do not look further out. Returns what to restore. */
const void *sched_stack_floor(const void *frame);

/* The idle loop of the whole machine calls this when no CPU has work: fires the next timer.
   ke_timer.c owns timers; anything else that waits for time is one. */
bool timer_advance(void);

/* --- For tests, in a thread at PASSIVE_LEVEL. --- */

/* Lets everybody else run until every CPU is idle; the virtual time does not jump, and nothing
   awaited from outside is missed. */
void sched_settle(void);
/* How long an idle machine waits in real time for an outstanding answer (20 s). */
void sched_outside_limit_ms(unsigned limit_ms);
/* Settles, then lets virtual time jump to the next timer and settles again; false: no timer. */
bool sched_advance(void);

#endif
