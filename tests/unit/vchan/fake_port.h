/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vchan_port.h in memory, for both ends of a channel in one process: pages are plain memory, an
 * event channel is a condition variable, the xenstore holds one offer. A test can spoil the offer,
 * make any call of a set-up fail, kill the peer's domain, and count what happened.
 */
#ifndef FAKE_PORT_H
#define FAKE_PORT_H

#include <pthread.h>

#include "core/vchan/vchan_port.h"

enum { FAKE_REFS = 1024 };

struct fake_world {
    pthread_mutex_t lock;
    pthread_cond_t event;
    void *pages[FAKE_REFS]; /* by reference; NULL: not granted */
    uint32_t next_ref;
    char ring_ref[32], event_channel[32];
    bool offered, domain_died;
    uint32_t restless; /* not 0: the offer's event channel, another at each look */
    struct vchan_port *server, *client;
    int fail_at; /* this call (from 1) that can fail does; 0: none */
    int calls;
    int shared, mapped, events; /* alive */
    /* What a peer does just when somebody asks whether it died, once; NULL: nothing. */
    void (*acts)(void *context);
    void *context;
};

struct vchan_port {
    struct fake_world *world;
    bool has_event, published, one_cpu;
    unsigned pending, notifications, sleeps;
};

void fake_world_init(struct fake_world *world);
/* Everything that was made must be gone. */
void fake_world_end(struct fake_world *world);
struct vchan_port fake_port(struct fake_world *world);
/* The peer's process is killed: what the kernel does then. offset: of its live byte. */
void fake_kill(struct fake_world *world, struct vchan_port *survivor, uint8_t *live);

#endif
