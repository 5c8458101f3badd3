/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake of fake_port.h. */
#include "tests/unit/vchan/fake_port.h"

#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SERVER_EVENT = 7 };

void fake_world_init(struct fake_world *world)
{
    memset(world, 0, sizeof(*world));
    pthread_mutex_init(&world->lock, NULL);
    pthread_cond_init(&world->event, NULL);
    world->next_ref = 1;
}

void fake_world_end(struct fake_world *world)
{
    assert(world->shared == 0 && world->mapped == 0 && world->events == 0 && !world->offered);
    pthread_cond_destroy(&world->event);
    pthread_mutex_destroy(&world->lock);
}

struct vchan_port fake_port(struct fake_world *world)
{
    return (struct vchan_port){.world = world};
}

static bool fails(struct fake_world *world)
{
    return ++world->calls == world->fail_at;
}

static void fire(struct fake_world *world, struct vchan_port *port)
{
    pthread_mutex_lock(&world->lock);
    if (port) {
        port->pending++;
        pthread_cond_broadcast(&world->event);
    }
    pthread_mutex_unlock(&world->lock);
}

void fake_kill(struct fake_world *world, struct vchan_port *survivor, uint8_t *live)
{
    __atomic_store_n(live, 0, __ATOMIC_SEQ_CST);
    fire(world, survivor);
}

int vchan_port_offer_event(struct vchan_port *port, uint32_t peer_domid)
{
    if (fails(port->world))
        return VCHAN_NO_MEMORY;
    port->has_event = true;
    port->world->events++;
    port->world->server = port;
    return VCHAN_OK;
}

int vchan_port_bind_event(struct vchan_port *port, uint32_t peer_domid, uint32_t peer_event)
{
    if (fails(port->world))
        return VCHAN_NO_MEMORY;
    if (peer_event != SERVER_EVENT || !port->world->server)
        return VCHAN_NO_SERVER;
    port->has_event = true;
    port->world->events++;
    port->world->client = port;
    return VCHAN_OK;
}

void vchan_port_drop_event(struct vchan_port *port)
{
    struct fake_world *world = port->world;

    if (!port->has_event)
        return;
    pthread_mutex_lock(&world->lock);
    port->has_event = false;
    world->events--;
    if (world->server == port)
        world->server = NULL;
    else
        world->client = NULL;
    pthread_mutex_unlock(&world->lock);
}

void vchan_port_notify(struct vchan_port *port)
{
    struct fake_world *world = port->world;

    port->notifications++;
    pthread_mutex_lock(&world->lock);
    struct vchan_port *other = world->server == port ? world->client : world->server;
    if (other) {
        other->pending++;
        pthread_cond_broadcast(&world->event);
    }
    pthread_mutex_unlock(&world->lock);
}

int vchan_port_sleep(struct vchan_port *port)
{
    pthread_mutex_lock(&port->world->lock);
    while (!port->pending)
        pthread_cond_wait(&port->world->event, &port->world->lock);
    port->pending = 0;
    port->sleeps++;
    pthread_mutex_unlock(&port->world->lock);
    return VCHAN_OK;
}

void vchan_port_drain(struct vchan_port *port)
{
    pthread_mutex_lock(&port->world->lock);
    port->pending = 0;
    pthread_mutex_unlock(&port->world->lock);
}

int vchan_port_share(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                     uint32_t clear_offset, uint32_t *refs, void **out)
{
    struct fake_world *world = port->world;

    if (fails(world))
        return VCHAN_NO_MEMORY;
    *out = aligned_alloc(4096, (size_t)pages * 4096);
    memset(*out, 0, (size_t)pages * 4096);
    for (uint32_t i = 0; i < pages; i++) {
        assert(world->next_ref < FAKE_REFS);
        refs[i] = world->next_ref;
        world->pages[world->next_ref++] = (char *)*out + i * 4096;
    }
    world->shared++;
    return VCHAN_OK;
}

/* Like gntalloc's, the memory lives on while the client maps it: the test frees it with the last
 * user. */
static void drop_pages(struct fake_world *world, void *address, int *count)
{
    (*count)--;
    if (count == &world->mapped)
        return;
    free(address);
}

void vchan_port_unshare(struct vchan_port *port, void *address, uint32_t pages)
{
    drop_pages(port->world, address, &port->world->shared);
}

int vchan_port_map(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                   uint32_t clear_offset, const uint32_t *refs, void **out)
{
    struct fake_world *world = port->world;

    if (fails(world))
        return VCHAN_NO_MEMORY;
    for (uint32_t i = 0; i < pages; i++) {
        if (refs[i] >= FAKE_REFS || !world->pages[refs[i]])
            return VCHAN_NO_SERVER;
        if ((char *)world->pages[refs[i]] != (char *)world->pages[refs[0]] + i * 4096)
            return VCHAN_NO_SERVER;
    }
    *out = world->pages[refs[0]];
    world->mapped++;
    return VCHAN_OK;
}

void vchan_port_unmap(struct vchan_port *port, void *address, uint32_t pages)
{
    drop_pages(port->world, address, &port->world->mapped);
}

int vchan_port_publish(struct vchan_port *port, uint32_t peer_domid, const char *path,
                       uint32_t ring_ref)
{
    struct fake_world *world = port->world;

    if (fails(world))
        return VCHAN_DENIED;
    snprintf(world->ring_ref, sizeof(world->ring_ref), "%u", ring_ref);
    snprintf(world->event_channel, sizeof(world->event_channel), "%d", SERVER_EVENT);
    world->offered = true;
    return VCHAN_OK;
}

void vchan_port_unpublish(struct vchan_port *port)
{
    port->world->offered = false;
}

int vchan_port_read_key(struct vchan_port *port, const char *path, const char *leaf, char *value,
                        size_t capacity)
{
    struct fake_world *world = port->world;
    const char *text = strcmp(leaf, "ring-ref") == 0 ? world->ring_ref : world->event_channel;

    if (!world->offered)
        return VCHAN_NO_SERVER;
    if (strlen(text) >= capacity)
        return VCHAN_BAD_PEER;
    if (world->restless && text == world->event_channel)
        return snprintf(value, capacity, "%u", world->restless++);
    strcpy(value, text);
    return (int)strlen(text);
}

bool vchan_port_watches_peer(const struct vchan_port *port)
{
    return true;
}

bool vchan_port_peer_died(struct vchan_port *port, uint32_t peer_domid, bool connected)
{
    void (*acts)(void *context) = port->world->acts;

    if (acts) {
        port->world->acts = NULL;
        acts(port->world->context);
    }
    return __atomic_load_n(&port->world->domain_died, __ATOMIC_SEQ_CST);
}

uint64_t vchan_port_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool vchan_port_many_cpus(void)
{
    /* Sleeping is what is to be tested most; vchan_spin_test has the other. */
    return getenv("FAKE_PORT_SPIN") != NULL;
}

void vchan_port_pause(void)
{
}

void vchan_port_yield(void)
{
    sched_yield();
}
