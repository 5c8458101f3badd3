/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Xen's side of the two event-channel ABIs, as far as a guest can see it in memory: what setting a
 * port pending does to the bits, words and queues (event_channel.h and the FIFO ABI's design). One
 * thread; written from the ABI, not from core/xen.
 */
#ifndef FAKE_EVTCHN_H
#define FAKE_EVTCHN_H

#include "core/xen/evtchn_2l.h"
#include "core/xen/evtchn_fifo.h"
#include "core/xen/evtchn_table.h"

#include <string.h>

enum { FAKE_CPUS = 2, FAKE_PORTS = 8192 };

struct fake_xen {
    bool fifo;
    uint32_t cpu_of[FAKE_PORTS];      /* EVTCHNOP_bind_vcpu */
    uint32_t priority_of[FAKE_PORTS]; /* EVTCHNOP_set_priority */
    uint32_t upcalls[FAKE_CPUS];      /* interrupts that the vCPU would have got */
    /* What the guest gave: below, or wherever the test's guest has it. */
    struct xen_shared_info *info;
    struct xen_fifo_control_block *blocks[FAKE_CPUS];
    uint32_t *pages[FAKE_PORTS / XEN_FIFO_WORDS_PER_PAGE];
    struct xen_shared_info shared;
    struct evtchn_2l two;
    struct evtchn_2l_cpu two_cpus[FAKE_CPUS];
    struct evtchn_fifo queues;
    struct evtchn_fifo_cpu queue_cpus[FAKE_CPUS];
    struct xen_fifo_control_block control[FAKE_CPUS];
    uint32_t tails[FAKE_CPUS][XEN_FIFO_QUEUES];
    uint32_t words[FAKE_PORTS];
};

static inline struct evtchn_abi *fake_init(struct fake_xen *xen, bool fifo)
{
    memset(xen, 0, sizeof(*xen));
    xen->fifo = fifo;
    xen->info = &xen->shared;
    for (uint32_t i = 0; i < FAKE_CPUS; i++)
        xen->blocks[i] = &xen->control[i];
    for (uint32_t i = 0; i < FAKE_PORTS; i += XEN_FIFO_WORDS_PER_PAGE)
        xen->pages[i / XEN_FIFO_WORDS_PER_PAGE] = &xen->words[i];
    for (uint32_t i = 0; i < FAKE_PORTS; i++)
        xen->priority_of[i] = XEN_FIFO_PRIORITY_DEFAULT;
    if (!fifo) {
        for (uint32_t i = 0; i < FAKE_CPUS; i++)
            xen->two_cpus[i].info = &xen->shared.vcpu[i];
        evtchn_2l_init(&xen->two, &xen->shared, xen->two_cpus, FAKE_CPUS);
        return &xen->two.abi;
    }
    for (uint32_t i = 0; i < FAKE_CPUS; i++)
        xen->queue_cpus[i].control = &xen->control[i];
    evtchn_fifo_init(&xen->queues, xen->queue_cpus, FAKE_CPUS);
    for (uint32_t i = 0; i < FAKE_PORTS; i += XEN_FIFO_WORDS_PER_PAGE)
        evtchn_fifo_add_page(&xen->queues, &xen->words[i]);
    return &xen->queues.abi;
}

static inline void fake_upcall(struct fake_xen *xen, uint32_t cpu)
{
    if (xen->info->vcpu[cpu].upcall_pending)
        return;
    xen->info->vcpu[cpu].upcall_pending = 1;
    xen->upcalls[cpu]++;
}

static inline void fake_fire_2l(struct fake_xen *xen, uint32_t port)
{
    uint64_t bit = (uint64_t)1 << port % 64, word = (uint64_t)1 << port / 64;
    struct xen_vcpu_info *info = &xen->info->vcpu[xen->cpu_of[port]];
    if (xen->info->evtchn_pending[port / 64] & bit)
        return;
    xen->info->evtchn_pending[port / 64] |= bit;
    if ((xen->info->evtchn_mask[port / 64] & bit) || (info->pending_sel & word))
        return;
    info->pending_sel |= word;
    fake_upcall(xen, xen->cpu_of[port]);
}

static inline uint32_t *fake_word(struct fake_xen *xen, uint32_t port)
{
    return &xen->pages[port / XEN_FIFO_WORDS_PER_PAGE][port % XEN_FIFO_WORDS_PER_PAGE];
}

static inline void fake_fire_fifo(struct fake_xen *xen, uint32_t port)
{
    uint32_t *word = fake_word(xen, port), cpu = xen->cpu_of[port], queue = xen->priority_of[port];
    uint32_t *tail = &xen->tails[cpu][queue];
    bool pending = *word & XEN_FIFO_PENDING, linked = false;
    *word |= XEN_FIFO_PENDING;
    if (pending || (*word & (XEN_FIFO_MASKED | XEN_FIFO_LINKED)))
        return;
    *word |= XEN_FIFO_LINKED;
    if (*tail && *tail != port && (*fake_word(xen, *tail) & XEN_FIFO_LINKED)) {
        *fake_word(xen, *tail) = (*fake_word(xen, *tail) & ~XEN_FIFO_LINK_MASK) | port;
        linked = true;
    }
    if (!linked)
        xen->blocks[cpu]->head[queue] = port;
    *tail = port;
    if (!linked && !(xen->blocks[cpu]->ready & 1u << queue)) {
        xen->blocks[cpu]->ready |= 1u << queue;
        fake_upcall(xen, cpu);
    }
}

/* A port is closed: what was pending goes with it. */
static inline void fake_clear(struct fake_xen *xen, uint32_t port)
{
    if (!xen->fifo)
        xen->info->evtchn_pending[port / 64] &= ~((uint64_t)1 << port % 64);
    else if (xen->pages[port / XEN_FIFO_WORDS_PER_PAGE])
        *fake_word(xen, port) &= ~XEN_FIFO_PENDING;
}

static inline void fake_fire(struct fake_xen *xen, uint32_t port)
{
    if (xen->fifo)
        fake_fire_fifo(xen, port);
    else
        fake_fire_2l(xen, port);
}

#endif
