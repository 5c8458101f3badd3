/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels: core/xen's ABIs and table with the guest's locks, hypercalls and interrupts. A
 * callback runs in the interrupt, on its channel's CPU, with interrupts off.
 */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/xen/abi.h"
#include "core/xen/evtchn_table.h"

enum events_abi { EVENTS_2L, EVENTS_FIFO };
enum events_delivery {
    EVENTS_BY_CALLBACK, /* one vector for all, by HVM_PARAM_CALLBACK_IRQ */
    EVENTS_BY_INTX,     /* the platform device's line, to CPU 0 */
    EVENTS_BY_UPCALL,   /* a vector of each vCPU's own local APIC */
};

struct event;
typedef void event_callback(struct event *event, void *context);

struct event { /* the owner's, zeroed; stays until event_close() or event_forget() */
    struct evtchn_channel channel;
    event_callback *callback; /* may be NULL */
    void *context;
    volatile uint32_t count; /* callbacks so far */
    volatile uint32_t cpu;   /* where the last one ran */
};

/* Chooses how; channels stay open. False: Xen has no way back to that (from FIFO to 2-level, from
 * the upcall vector to another), or the machine has no such line. */
bool events_use(enum events_abi abi, enum events_delivery delivery);
/* Whatever is in use already; at the first call 2-level, by callback. */
void events_start(void);
enum events_abi events_abi(void);
enum events_delivery events_delivery(void);

/* Turns a channel may have in each window of that many ms; 0: no limit. Before any is open. */
void events_throttle(uint32_t turns, uint32_t window_ms);

/* Xen's error (negative) or 0. */
long event_offer(struct event *event, xen_domid remote);
long event_bind(struct event *event, xen_domid remote, xen_port port);
long event_bind_virq(struct event *event, uint32_t virq, uint32_t cpu);
long event_bind_ipi(struct event *event, uint32_t cpu);
/* A port that the toolstack made; not closed at the end. */
void event_adopt(struct event *event, xen_port port);
void event_close(struct event *event);
void event_forget(struct event *event);

/* From now on on this CPU. */
long event_move(struct event *event, uint32_t cpu);
void event_hold(struct event *event);
void event_release(struct event *event);

long event_send(xen_port port);
/* False: fewer callbacks than that within the time. */
bool event_wait(struct event *event, uint32_t count, unsigned limit_ms);

uint64_t events_upcalls(uint32_t cpu); /* interrupts for events, so far */
uint64_t events_spurious(uint32_t cpu);

/* After a resume: Xen has closed all ports. Open channels stay attached to nothing until their
 * owners forget them; call it first. */
void events_resume(void);

#endif
