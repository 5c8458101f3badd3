/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs taking turns, threads on CPUs, interrupts, and the idle machine; see sched.h.
 *
 * A CPU is a current thread (a host context) and an IRQL. While its IRQL is DISPATCH_LEVEL or more
 * it stays on that thread: interrupts and DPCs run nested on the same stack, and other CPUs take
 * turns at points. Below DISPATCH_LEVEL a point may also change the thread.
 */
#include "model/machine.h"

RULE(spin_deadlock, "Processors do not wait for each other's spin locks in a circle",
     "Introduction to Spin Locks");
RULE(spin_for_ever, "A loop that waits for another processor or device ends after a bounded time",
     "KeStallExecutionProcessor function (wdm.h)");
RULE(nothing_can_run, "A waiting thread waits for something that can still happen",
     "Introduction to Kernel Dispatcher Objects");
RULE(interrupt_irql, "An interrupt's handler returns at the IRQL at which it was called",
     "Managing Hardware Priorities");
RULE(outside_silent, "The bench's counterparts answer", "tests/nt/README.md");

enum {
    POINT_NS = 20,
    YIELD_NS = 1000,
    YIELDS_MAX = 3000000,
    OUTSIDE_LIMIT_MS = 20000,
    SWITCH_EVERY_MAX = 48,
};

struct machine machine;

/* --- The seed --- */

static uint64_t random_next(void)
{
    uint64_t x;

    machine.random += 0x9e3779b97f4a7c15u;
    x = machine.random;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint32_t sched_random(uint32_t bound)
{
    return (uint32_t)(((random_next() >> 32) * bound) >> 32);
}

/* --- Time --- */

uint64_t sched_time(void)
{
    return machine.time_ns / 100;
}

static void pass_ns(uint64_t ns)
{
    machine.time_ns += ns;
    host_time_show(machine.time_ns / 100);
    this_cpu()->ran += ns;
    if (machine.time_ns / 100 >= machine.next_timer)
        timer_clock();
}

void sched_time_pass(uint64_t units)
{
    pass_ns(units * 100);
}

/* --- Interrupts --- */

void sched_interrupt(unsigned cpu, unsigned char level, void (*handler)(void *context),
                     void *context)
{
    struct interrupt **link = &machine.cpu[cpu].interrupts;
    struct interrupt *interrupt = host_alloc(sizeof(*interrupt));

    interrupt->level = level;
    interrupt->handler = handler;
    interrupt->context = context;
    while (*link && (*link)->level >= level)
        link = &(*link)->next;
    interrupt->next = *link;
    *link = interrupt;
}

const void *sched_stack_floor(const void *frame)
{
    struct cpu *cpu = this_cpu();
    const void *before = cpu->stack_floor;

    cpu->stack_floor = frame;
    return before;
}

static void interrupt_run(struct cpu *cpu)
{
    struct interrupt *interrupt = cpu->interrupts;
    const void *floor = sched_stack_floor(__builtin_frame_address(0));
    uint64_t before = cpu->ran;
    KIRQL irql = cpu->irql;

    cpu->interrupts = interrupt->next;
    cpu->irql = interrupt->level;
    irql_switched();
    cpu->isr_depth++;
    interrupt->handler(interrupt->context);
    cpu->isr_depth--;
    if (irql_now() != interrupt->level)
        rule_broken(&interrupt_irql, "an interrupt at level %u returned at IRQL %u",
                    interrupt->level, cpu->irql);
    cpu->irql = irql;
    /* What was interrupted held its locks no longer by its own fault (and what interrupted this
       interrupt has set its time back already). */
    cpu->ran = before;
    cpu->stack_floor = floor;
    irql_switched();
    host_free(interrupt);
}

/* What is pending for this CPU and its IRQL lets through. */
static bool deliverable(const struct cpu *cpu)
{
    if (cpu->interrupts && cpu->interrupts->level > cpu->irql)
        return true;
    return cpu->irql < DISPATCH_LEVEL && (cpu->timers_due || dpc_pending(cpu));
}

static void deliver_software(struct cpu *cpu)
{
    KIRQL irql = cpu->irql;

    cpu->irql = DISPATCH_LEVEL;
    irql_switched();
    if (cpu->timers_due) {
        cpu->timers_due = false;
        timer_run_due();
    }
    dpc_drain();
    cpu->irql = irql;
    irql_switched();
}

static void deliver(void)
{
    struct cpu *cpu = this_cpu();

    while (deliverable(cpu)) {
        sched_progress();
        if (cpu->interrupts && cpu->interrupts->level > cpu->irql)
            interrupt_run(cpu);
        else
            deliver_software(cpu);
    }
}

void sched_deliver(void)
{
    deliver();
}

/* --- Threads on CPUs --- */

void sched_ready(PKTHREAD thread)
{
    thread->state = THREAD_READY;
    InsertTailList(&machine.ready, &thread->queue);
    sched_progress();
}

static bool may_run_on(const KTHREAD *thread, unsigned cpu)
{
    return thread->affinity & ((KAFFINITY)1 << cpu);
}

static PKTHREAD ready_for(unsigned cpu)
{
    for (PLIST_ENTRY entry = machine.ready.Flink; entry != &machine.ready; entry = entry->Flink) {
        PKTHREAD thread = CONTAINING_RECORD(entry, KTHREAD, queue);

        if (may_run_on(thread, cpu))
            return thread;
    }
    return NULL;
}

/* Any of those that may run: NT promises an order only between priorities, and drivers should not
   need even that. */
static PKTHREAD ready_pick(unsigned cpu)
{
    PKTHREAD picked = NULL;
    uint32_t seen = 0;

    for (PLIST_ENTRY entry = machine.ready.Flink; entry != &machine.ready; entry = entry->Flink) {
        PKTHREAD thread = CONTAINING_RECORD(entry, KTHREAD, queue);

        if (may_run_on(thread, cpu) && sched_random(++seen) == 0)
            picked = thread;
    }
    return picked;
}

static void reap(void)
{
    struct cpu *cpu = this_cpu();

    if (cpu->ended) {
        PKTHREAD ended = cpu->ended;

        cpu->ended = NULL;
        thread_reap(ended);
    }
}

void sched_thread_started(void)
{
    reap();
}

static void thread_switch(PKTHREAD next)
{
    struct cpu *cpu = this_cpu();
    PKTHREAD before = cpu->thread;

    spinlock_none_held("another thread is given the processor");
    before->irql = cpu->irql;
    before->stack_floor = cpu->stack_floor;
    if (before->state == THREAD_ENDED)
        cpu->ended = before;
    if (!next->is_idle) {
        RemoveEntryList(&next->queue);
        next->state = THREAD_RUNNING;
    }
    cpu->thread = next;
    cpu->irql = next->irql;
    cpu->stack_floor = next->stack_floor;
    irql_switched();
    host_context_switch(next->context);
    /* Here again, perhaps on another CPU. */
    reap();
}

void sched_switch_away(void)
{
    PKTHREAD next = ready_pick(machine.now);

    thread_switch(next ? next : this_cpu()->idle);
}

static void preempt(void)
{
    PKTHREAD next = ready_pick(machine.now);

    if (!next)
        return;
    this_thread()->state = THREAD_READY;
    InsertTailList(&machine.ready, &this_thread()->queue);
    thread_switch(next);
}

/* --- CPUs taking turns --- */

static bool can_run(const struct cpu *cpu)
{
    if (cpu->spins_on)
        return cpu->spin_free(cpu->spins_on) || deliverable(cpu);
    return !cpu->in_idle || deliverable(cpu) || ready_for(cpu->number);
}

static unsigned pick_other(void)
{
    unsigned picked = machine.now, seen = 0;

    for (unsigned i = 0; i < machine.cpus; i++)
        if (i != machine.now && can_run(&machine.cpu[i]) && sched_random(++seen) == 0)
            picked = i;
    return picked;
}

static void hand_over(unsigned to)
{
    if (to == machine.now)
        return;
    machine.now = to;
    irql_switched();
    host_context_move(to, machine.cpu[to].thread->context);
    reap();
}

static void turn_length(void)
{
    machine.until_switch = 1 + sched_random(2 * machine.switch_every);
}

void BenchSchedulePoint(void)
{
    if (!machine.running)
        return;
    machine.points++;
    (void)irql_now();
    pass_ns(POINT_NS);
    sched_progress();
    deliver();
    if (--machine.until_switch)
        return;
    turn_length();
    if (this_cpu()->irql < DISPATCH_LEVEL && this_thread() && !this_thread()->is_idle &&
        sched_random(2))
        preempt();
    hand_over(pick_other());
    deliver();
}

void sched_progress(void)
{
    machine.yields = 0;
}

void BenchYieldProcessor(void)
{
    unsigned other;

    if (!machine.running)
        return;
    machine.points++;
    (void)irql_now();
    pass_ns(YIELD_NS);
    if (++machine.yields > YIELDS_MAX)
        rule_broken(&spin_for_ever, "%u turns of a waiting loop, and nothing else happened",
                    machine.yields);
    deliver();
    if (this_cpu()->irql < DISPATCH_LEVEL && ready_for(machine.now)) {
        preempt();
        return;
    }
    other = pick_other();
    if (other == machine.now && machine.yields % 16 == 0) {
        if (!host_pump() && host_outstanding())
            host_wait(1);
    }
    hand_over(other);
    deliver();
}

void sched_spin(const void *lock, bool (*is_free)(const void *lock))
{
    struct cpu *cpu = this_cpu();

    while (!is_free(lock)) {
        unsigned other;

        cpu->spins_on = lock;
        cpu->spin_free = is_free;
        deliver();
        other = pick_other();
        if (other == machine.now && !is_free(lock) && !deliverable(cpu))
            rule_broken(&spin_deadlock, "lock %p is never released: its owner waits too", lock);
        hand_over(other);
        cpu->spins_on = NULL;
    }
}

/* --- The idle machine --- */

/* Every CPU is idle. Makes something happen. */
static void world_idle(void)
{
    if (host_pump())
        return;
    if (host_outstanding()) {
        if (!host_wait(machine.outside_limit_ms) && !host_pump())
            rule_broken(&outside_silent, "no answer within %u ms", machine.outside_limit_ms);
        return;
    }
    if (machine.settler) {
        PKTHREAD settler = machine.settler;

        machine.settler = NULL;
        sched_ready(settler);
        return;
    }
    if (!timer_advance())
        rule_broken(&nothing_can_run, "every thread waits, no timer is set, nothing comes from "
                                      "outside");
}

static void idle_loop(void *argument)
{
    (void)argument;
    reap();
    for (;;) {
        struct cpu *cpu = this_cpu();
        PKTHREAD next;
        unsigned other;

        cpu->in_idle = false;
        deliver();
        next = ready_pick(cpu->number);
        if (next) {
            thread_switch(next);
            continue;
        }
        cpu->in_idle = true;
        other = pick_other();
        if (other == cpu->number && !can_run(cpu))
            world_idle();
        else
            hand_over(other);
    }
}

void sched_settle(void)
{
    PKTHREAD self = this_thread();

    MODEL_CHECK(sched_settle, PASSIVE_LEVEL, PASSIVE_LEVEL, "tests/nt/harness.h");
    self->state = THREAD_WAITING;
    machine.settler = self;
    sched_switch_away();
}

bool sched_advance(void)
{
    sched_settle();
    if (!timer_advance())
        return false;
    sched_settle();
    return true;
}

void sched_outside_limit_ms(unsigned limit_ms)
{
    machine.outside_limit_ms = limit_ms;
}

unsigned sched_cpus(void)
{
    return machine.cpus;
}

unsigned sched_cpu(void)
{
    return machine.now;
}

void sched_start(const struct sched_config *config)
{
    memset(&machine, 0, sizeof(machine));
    InitializeListHead(&machine.ready);
    InitializeListHead(&machine.waiting);
    InitializeListHead(&machine.threads);
    machine.random = config->seed * 0xd1342543de82ef95u + 1;
    machine.cpus = config->cpus;
    machine.next_timer = UINT64_MAX;
    machine.outside_limit_ms = OUTSIDE_LIMIT_MS;
    machine.switch_every =
        config->switch_one_in ? config->switch_one_in : 1 + sched_random(SWITCH_EVERY_MAX);
    turn_length();
    for (unsigned i = 0; i < config->cpus; i++) {
        struct cpu *cpu = &machine.cpu[i];

        cpu->number = i;
        InitializeListHead(&cpu->dpcs);
        cpu->idle = thread_create_idle(i, idle_loop);
        cpu->thread = cpu->idle;
        cpu->in_idle = i != 0;
    }
    machine.running = true;
}
