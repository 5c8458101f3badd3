/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's event channels: see evtchn_table.h. A port is masked whenever its channel is ready,
 * running, held or throttled, so that the ABI can never hand out a port whose channel is on a list.
 */
#include "core/xen/evtchn_table.h"

#include <string.h>

/* How many events are looked for before the first of them gets its turn. */
enum { EVENTS_A_LOOK = 32 };

static void append(struct evtchn_list *list, struct evtchn_channel *channel)
{
    channel->previous = list->last;
    channel->next = NULL;
    *(list->last ? &list->last->next : &list->first) = channel;
    list->last = channel;
}

static void prepend(struct evtchn_list *list, struct evtchn_channel *channel)
{
    channel->previous = NULL;
    channel->next = list->first;
    *(list->first ? &list->first->previous : &list->last) = channel;
    list->first = channel;
}

static void take_off(struct evtchn_list *list, struct evtchn_channel *channel)
{
    *(channel->previous ? &channel->previous->next : &list->first) = channel->next;
    *(channel->next ? &channel->next->previous : &list->last) = channel->previous;
    channel->previous = channel->next = NULL;
}

/* From whatever list it is on. True: it had an event. */
static bool take_off_lists(struct evtchn_table *table, struct evtchn_channel *channel)
{
    struct evtchn_cpu *cpu = &table->cpus[channel->cpu];
    if (channel->state & EVTCHN_READY) {
        take_off(&cpu->ready, channel);
        cpu->ready_count--;
    } else if (channel->state & EVTCHN_THROTTLED)
        take_off(&cpu->throttled, channel);
    else
        return false;
    channel->state &= ~(uint32_t)(EVTCHN_READY | EVTCHN_THROTTLED);
    return true;
}

/* --- The port table. */

void evtchn_table_init(struct evtchn_table *table, struct evtchn_abi *abi, struct evtchn_cpu *cpus,
                       uint32_t cpu_count, uint32_t turns_per_window, uint64_t window)
{
    memset(table, 0, sizeof(*table));
    table->abi = abi;
    table->cpus = cpus;
    table->cpu_count = cpu_count;
    table->turns_per_window = turns_per_window;
    table->window = window;
}

bool evtchn_table_needs_leaf(const struct evtchn_table *table, uint32_t port)
{
    return port < EVTCHN_PORTS && !table->leaves[port / EVTCHN_LEAF_PORTS];
}

void evtchn_table_give_leaf(struct evtchn_table *table, uint32_t port, struct evtchn_leaf *leaf)
{
    __atomic_store_n(&table->leaves[port / EVTCHN_LEAF_PORTS], leaf, __ATOMIC_RELEASE);
}

struct evtchn_leaf *evtchn_table_take_leaf(struct evtchn_table *table)
{
    for (uint32_t i = 0; i < EVTCHN_LEAVES; i++) {
        struct evtchn_leaf *leaf = table->leaves[i];
        table->leaves[i] = NULL;
        if (leaf)
            return leaf;
    }
    return NULL;
}

static struct evtchn_leaf *leaf_of(const struct evtchn_table *table, uint32_t port)
{
    if (port >= EVTCHN_PORTS)
        return NULL;
    return __atomic_load_n(&table->leaves[port / EVTCHN_LEAF_PORTS], __ATOMIC_ACQUIRE);
}

/* The entry may change unless its vCPU's lock is held; that vCPU is told, too. */
static struct evtchn_channel *look_up(const struct evtchn_table *table, uint32_t port,
                                      uint32_t *owner)
{
    struct evtchn_leaf *leaf = leaf_of(table, port);
    uint32_t index = port % EVTCHN_LEAF_PORTS;
    if (!leaf)
        return NULL;
    struct evtchn_channel *channel = __atomic_load_n(&leaf->channels[index], __ATOMIC_ACQUIRE);
    *owner = __atomic_load_n(&leaf->cpus[index], __ATOMIC_ACQUIRE);
    return channel;
}

struct evtchn_channel *evtchn_find(const struct evtchn_table *table, uint32_t port)
{
    uint32_t owner;
    return look_up(table, port, &owner);
}

enum evtchn_attached evtchn_attach(struct evtchn_table *table, struct evtchn_channel *channel,
                                   uint32_t port, uint32_t cpu, uint32_t flags)
{
    struct evtchn_leaf *leaf = leaf_of(table, port);
    uint32_t index = port % EVTCHN_LEAF_PORTS;
    if (port == EVTCHN_NO_PORT || !leaf || port >= table->abi->ops->port_limit(table->abi) ||
        cpu >= table->cpu_count)
        return EVTCHN_ATTACH_BAD_PORT;
    if (leaf->channels[index])
        return EVTCHN_ATTACH_TAKEN;
    channel->port = port;
    channel->cpu = cpu;
    channel->flags = flags;
    channel->state = EVTCHN_ATTACHED | EVTCHN_HELD;
    channel->turns = table->turns_per_window;
    channel->turns_left = channel->turns;
    table->abi->ops->mask(table->abi, port);
    table->abi->ops->bind(table->abi, port, cpu);
    table->open_ports++;
    __atomic_store_n(&leaf->cpus[index], cpu, __ATOMIC_RELEASE);
    __atomic_store_n(&leaf->channels[index], channel, __ATOMIC_RELEASE);
    return EVTCHN_ATTACH_OK;
}

bool evtchn_detach(struct evtchn_table *table, struct evtchn_channel *channel)
{
    take_off_lists(table, channel);
    if ((channel->state & EVTCHN_ATTACHED) && !(channel->state & EVTCHN_DEAD)) {
        struct evtchn_leaf *leaf = leaf_of(table, channel->port);
        table->abi->ops->mask(table->abi, channel->port);
        __atomic_store_n(&leaf->channels[channel->port % EVTCHN_LEAF_PORTS], NULL,
                         __ATOMIC_RELEASE);
        table->open_ports--;
    }
    channel->state &= ~(uint32_t)(EVTCHN_ATTACHED | EVTCHN_OWED);
    return channel->state & EVTCHN_RUNNING;
}

void evtchn_table_reset(struct evtchn_table *table, struct evtchn_abi *abi)
{
    for (uint32_t i = 0; i < EVTCHN_LEAVES; i++)
        for (uint32_t j = 0; table->leaves[i] && j < EVTCHN_LEAF_PORTS; j++) {
            struct evtchn_channel *channel = table->leaves[i]->channels[j];
            if (!channel)
                continue;
            take_off_lists(table, channel);
            channel->state = (channel->state & ~(uint32_t)EVTCHN_OWED) | EVTCHN_DEAD;
            table->leaves[i]->channels[j] = NULL;
        }
    for (uint32_t i = 0; i < table->cpu_count; i++)
        table->cpus[i].stray = EVTCHN_NO_PORT;
    table->open_ports = 0;
    table->abi = abi;
}

/* --- An event has been taken: its port is masked. True: it is ready. */

static bool make_ready(struct evtchn_table *table, struct evtchn_channel *channel, uint64_t now)
{
    struct evtchn_cpu *cpu = &table->cpus[channel->cpu];
    if (channel->turns && !channel->turns_left) {
        if (now - channel->window_start < table->window) {
            uint64_t due = channel->window_start + table->window;
            if (!cpu->throttled.first || due < cpu->due)
                cpu->due = due;
            channel->state |= EVTCHN_THROTTLED;
            channel->throttles++;
            append(&cpu->throttled, channel);
            return false;
        }
        channel->window_start = now;
        channel->turns_left = channel->turns;
    }
    if (channel->turns)
        channel->turns_left--;
    channel->state |= EVTCHN_READY;
    cpu->ready_count++;
    if (channel->flags & EVTCHN_URGENT)
        prepend(&cpu->ready, channel);
    else
        append(&cpu->ready, channel);
    return true;
}

/* An event that was found: a port that keeps the ABI is masked unless its channel is idle, but it
 * may have been found in a former vCPU's queue. */
static bool arrived(struct evtchn_table *table, struct evtchn_channel *channel, uint64_t now)
{
    if (channel->state & (EVTCHN_READY | EVTCHN_THROTTLED))
        return false;
    if (channel->state & (EVTCHN_HELD | EVTCHN_RUNNING)) {
        channel->state |= EVTCHN_OWED;
        return false;
    }
    return make_ready(table, channel, now);
}

static void end_throttles(struct evtchn_table *table, struct evtchn_cpu *cpu, uint64_t now)
{
    struct evtchn_list list = cpu->throttled;
    if (!list.first || now < cpu->due)
        return;
    cpu->throttled.first = cpu->throttled.last = NULL;
    for (struct evtchn_channel *channel = list.first, *next; channel; channel = next) {
        next = channel->next;
        channel->state &= ~(uint32_t)EVTCHN_THROTTLED;
        if (!make_ready(table, channel, now))
            channel->throttles--; /* the same window as before */
    }
}

bool evtchn_due(const struct evtchn_table *table, uint32_t cpu, uint64_t *due)
{
    *due = table->cpus[cpu].due;
    return table->cpus[cpu].throttled.first != NULL;
}

/* --- Turns. */

/* Moves events from the ABI to the list of those that are ready. */
static void look(struct evtchn_table *table, uint32_t index, uint64_t now)
{
    struct evtchn_cpu *cpu = &table->cpus[index];
    for (uint32_t i = 0; i < EVENTS_A_LOOK && !cpu->stray; i++) {
        uint32_t port = table->abi->ops->next(table->abi, index), owner = 0;
        if (port == EVTCHN_NO_PORT)
            return;
        struct evtchn_channel *channel = look_up(table, port, &owner);
        if (!channel)
            cpu->spurious++;
        else if (owner != index)
            cpu->stray = port;
        else
            arrived(table, channel, now);
    }
}

struct evtchn_channel *evtchn_next(struct evtchn_table *table, uint32_t index, uint64_t now)
{
    struct evtchn_cpu *cpu = &table->cpus[index];
    end_throttles(table, cpu, now);
    /* A round: those that are ready have their turn before new events are looked for, and new
     * events are looked for before anybody has a second turn. */
    if (!cpu->round_left || !cpu->ready.first) {
        look(table, index, now);
        cpu->round_left = cpu->ready_count;
    }
    struct evtchn_channel *channel = cpu->ready.first;
    if (!channel)
        return NULL;
    cpu->round_left--;
    take_off_lists(table, channel);
    channel->state |= EVTCHN_RUNNING;
    if (channel->flags & EVTCHN_AUTO_HOLD)
        channel->state |= EVTCHN_HELD;
    channel->events++;
    cpu->turns++;
    return channel;
}

/* Nothing keeps the channel from events any more: unmask it, or take what came meanwhile. */
static bool listen(struct evtchn_table *table, struct evtchn_channel *channel, uint64_t now)
{
    bool owed = channel->state & EVTCHN_OWED;
    channel->state &= ~(uint32_t)EVTCHN_OWED;
    return (owed || table->abi->ops->unmask(table->abi, channel->port)) &&
           make_ready(table, channel, now);
}

bool evtchn_done(struct evtchn_table *table, struct evtchn_channel *channel, uint64_t now)
{
    channel->state &= ~(uint32_t)EVTCHN_RUNNING;
    if (!(channel->state & EVTCHN_ATTACHED))
        return true;
    if (!(channel->state & (EVTCHN_HELD | EVTCHN_DEAD)))
        listen(table, channel, now);
    return false;
}

bool evtchn_stray(struct evtchn_table *table, uint32_t cpu, uint32_t *port, uint32_t *owner)
{
    *port = table->cpus[cpu].stray;
    if (*port == EVTCHN_NO_PORT)
        return false;
    table->cpus[cpu].stray = EVTCHN_NO_PORT;
    return look_up(table, *port, owner) != NULL;
}

bool evtchn_deliver(struct evtchn_table *table, uint32_t port, uint32_t owner, uint64_t now)
{
    uint32_t cpu = owner;
    struct evtchn_channel *channel = look_up(table, port, &cpu);
    return channel && cpu == owner && arrived(table, channel, now);
}

/* --- What the owner wants. */

void evtchn_hold(struct evtchn_table *table, struct evtchn_channel *channel)
{
    channel->state |= EVTCHN_HELD;
    if (channel->state & EVTCHN_DEAD)
        return;
    table->abi->ops->mask(table->abi, channel->port);
    if (take_off_lists(table, channel))
        channel->state |= EVTCHN_OWED;
}

bool evtchn_release(struct evtchn_table *table, struct evtchn_channel *channel, uint64_t now)
{
    if (!(channel->state & EVTCHN_HELD))
        return false;
    channel->state &= ~(uint32_t)EVTCHN_HELD;
    if ((channel->state & (EVTCHN_DEAD | EVTCHN_RUNNING)) || !(channel->state & EVTCHN_ATTACHED))
        return false;
    return listen(table, channel, now);
}

void evtchn_limit(struct evtchn_channel *channel, uint32_t turns_per_window)
{
    channel->turns = turns_per_window;
    if (channel->turns_left > turns_per_window)
        channel->turns_left = turns_per_window;
}

bool evtchn_move(struct evtchn_table *table, struct evtchn_channel *channel, uint32_t cpu,
                 uint64_t now)
{
    struct evtchn_leaf *leaf = leaf_of(table, channel->port);
    if (channel->state & (EVTCHN_DEAD | EVTCHN_RUNNING) || !leaf || cpu >= table->cpu_count)
        return false;
    table->abi->ops->mask(table->abi, channel->port);
    if (take_off_lists(table, channel))
        channel->state |= EVTCHN_OWED;
    table->abi->ops->bind(table->abi, channel->port, cpu);
    channel->cpu = cpu;
    __atomic_store_n(&leaf->cpus[channel->port % EVTCHN_LEAF_PORTS], cpu, __ATOMIC_RELEASE);
    return !(channel->state & EVTCHN_HELD) && listen(table, channel, now);
}
