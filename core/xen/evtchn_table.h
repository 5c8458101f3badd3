/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's event channels: which ports are whose, whose turn it is, and how much of a CPU one peer
 * may have. A channel is a member of its owner's object. Each belongs to a vCPU; a vCPU's loop is
 *
 *     while ((channel = evtchn_next(table, cpu, now)))
 *         { the owner's callback, without the lock; if (evtchn_done(table, channel, now)) ... }
 *
 * From the moment a port is taken until evtchn_done() it is masked: events that come meanwhile cost
 * nothing and become one further turn. Turns go round: no channel has a second one before the
 * others had theirs.
 *
 * Throttle: in each window of time a channel has so many turns; when they are used up, its port
 * stays masked until the window ends, so that a peer that fires endlessly costs turns_per_window
 * callbacks a window and no upcall beyond them. Events are late then, but never lost.
 *
 * Nothing here waits, allocates, or calls Xen. Locks: every function that takes a channel or a cpu
 * is called with that vCPU's lock held (channel->cpu says which; it changes only in evtchn_move);
 * attach, detach and leaves also under one lock of the table. A channel may be freed when
 * evtchn_detach() has returned false, or evtchn_done() true.
 */
#ifndef CORE_XEN_EVTCHN_TABLE_H
#define CORE_XEN_EVTCHN_TABLE_H

#include "core/xen/evtchn_abi.h"

#include <stddef.h>

enum {
    EVTCHN_LEAF_PORTS = 512, /* ports of one leaf of the port table */
    EVTCHN_LEAVES = 256,
    EVTCHN_PORTS = EVTCHN_LEAF_PORTS * EVTCHN_LEAVES,
};

enum evtchn_flags {
    EVTCHN_URGENT = 1,    /* served before the others that are ready */
    EVTCHN_AUTO_HOLD = 2, /* each event holds the channel until its owner releases it */
};

enum evtchn_state {
    EVTCHN_ATTACHED = 1,
    EVTCHN_READY = 2,      /* waits for its turn */
    EVTCHN_RUNNING = 4,    /* between evtchn_next() and evtchn_done() */
    EVTCHN_HELD = 8,       /* its owner wants no events */
    EVTCHN_THROTTLED = 16, /* waits for its window's end; has an event */
    EVTCHN_OWED = 32,      /* held, and has an event */
    EVTCHN_DEAD = 64,      /* Xen has forgotten the port (evtchn_table_reset) */
};

struct evtchn_channel { /* zeroed by the owner before evtchn_attach() */
    uint32_t port;
    uint32_t cpu;
    uint32_t flags;
    uint32_t state;      /* enum evtchn_state, or-ed */
    uint32_t turns;      /* in a window; 0: no limit */
    uint32_t turns_left; /* in this one */
    uint64_t window_start;
    uint64_t events;                        /* turns it had */
    uint64_t throttles;                     /* windows it used up */
    struct evtchn_channel *previous, *next; /* of the list that state says it is on */
};

struct evtchn_list {
    struct evtchn_channel *first, *last;
};

struct evtchn_cpu { /* zeroed by the caller */
    struct evtchn_list ready, throttled;
    uint64_t due;   /* throttled: when the first of them may go on */
    uint32_t stray; /* see evtchn_stray() */
    uint32_t ready_count;
    uint32_t round_left; /* turns before the ABI is looked at again */
    uint64_t turns;
    uint64_t spurious; /* events of ports that nobody has; such a port stays masked */
};

struct evtchn_leaf {
    struct evtchn_channel *channels[EVTCHN_LEAF_PORTS];
    uint32_t cpus[EVTCHN_LEAF_PORTS]; /* whose lock guards the port's entry; written before it */
};

struct evtchn_table {
    struct evtchn_abi *abi;
    struct evtchn_cpu *cpus;
    uint32_t cpu_count;
    uint32_t turns_per_window;
    uint64_t window; /* in the unit of now */
    uint32_t open_ports;
    struct evtchn_leaf *leaves[EVTCHN_LEAVES];
};

/* cpus: cpu_count of them, zeroed; both abi and cpus live as long as the table.
 * turns_per_window 0: no throttle. now and window share a unit; now never goes back. */
void evtchn_table_init(struct evtchn_table *table, struct evtchn_abi *abi, struct evtchn_cpu *cpus,
                       uint32_t cpu_count, uint32_t turns_per_window, uint64_t window);

/* A port needs the leaf it lies in. True: give one (zeroed) before attaching the port. */
bool evtchn_table_needs_leaf(const struct evtchn_table *table, uint32_t port);
void evtchn_table_give_leaf(struct evtchn_table *table, uint32_t port, struct evtchn_leaf *leaf);
/* The leaves back, one a call, when no channel is attached; NULL: that was all. */
struct evtchn_leaf *evtchn_table_take_leaf(struct evtchn_table *table);

enum evtchn_attached {
    EVTCHN_ATTACH_OK,
    EVTCHN_ATTACH_BAD_PORT, /* beyond the ABI, or without leaf */
    EVTCHN_ATTACH_TAKEN,    /* the port has a channel */
};
/* The channel begins held: its owner calls evtchn_release() when it is ready for events. */
enum evtchn_attached evtchn_attach(struct evtchn_table *table, struct evtchn_channel *channel,
                                   uint32_t port, uint32_t cpu, uint32_t flags);

/* The port is masked and forgotten. False: no callback runs, and none will. True: the callback is
 * running; the evtchn_done() after it returns true, and until then the channel must stay. */
bool evtchn_detach(struct evtchn_table *table, struct evtchn_channel *channel);

/* No callback after the one that may be running, until evtchn_release(). */
void evtchn_hold(struct evtchn_table *table, struct evtchn_channel *channel);
/* True: an event was waiting and the vCPU has to run its loop. */
bool evtchn_release(struct evtchn_table *table, struct evtchn_channel *channel, uint64_t now);

/* A limit of the channel's own, in place of the table's. 0: none. */
void evtchn_limit(struct evtchn_channel *channel, uint32_t turns_per_window);

/* Another vCPU serves the channel from now on; Xen has been told so (EVTCHNOP_bind_vcpu) just
 * before. Both vCPUs' locks are held, and the channel is not running. True: the new vCPU has to run
 * its loop. */
bool evtchn_move(struct evtchn_table *table, struct evtchn_channel *channel, uint32_t cpu,
                 uint64_t now);

/* The channel whose turn it is, or NULL. */
struct evtchn_channel *evtchn_next(struct evtchn_table *table, uint32_t cpu, uint64_t now);
/* The callback has returned. True: the channel was detached meanwhile and is its owner's again. */
bool evtchn_done(struct evtchn_table *table, struct evtchn_channel *channel, uint64_t now);

/* An event that this vCPU found in its queue though the port belongs to another (it has been
 * moved). evtchn_next() finds no more until it is dealt with: with *owner's lock in place of this
 * vCPU's, call evtchn_deliver(). False: there is none. */
bool evtchn_stray(struct evtchn_table *table, uint32_t cpu, uint32_t *port, uint32_t *owner);
/* owner: the vCPU whose lock is held. True: it has to run its loop. */
bool evtchn_deliver(struct evtchn_table *table, uint32_t port, uint32_t owner, uint64_t now);

/* When the next throttled channel of this vCPU is due. False: there is none. Set a timer that calls
 * evtchn_next() (it looks for those that are due). */
bool evtchn_due(const struct evtchn_table *table, uint32_t cpu, uint64_t *due);

/* For a resume: every port is gone from Xen. abi is fresh. Channels are dead: they get no events,
 * and their ports may belong to others; their owners detach them. Nothing else runs. */
void evtchn_table_reset(struct evtchn_table *table, struct evtchn_abi *abi);

/* The channel of a port, or NULL; for a dump. */
struct evtchn_channel *evtchn_find(const struct evtchn_table *table, uint32_t port);

#endif
