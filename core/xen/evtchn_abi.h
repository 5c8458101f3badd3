/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One face for Xen's two ways to tell a guest which ports have events: the two-level bitmaps
 * (evtchn_2l.h) and the FIFO queues (evtchn_fifo.h). A port is taken with one step: it is left
 * masked and its pending bit is clear, so it cannot come again until its owner is through with it,
 * however fast the peer fires. Unmasking looks for an event that came meanwhile and takes it at
 * once; no unmask hypercall is ever needed.
 *
 * The memory behind it is shared with Xen alone, which is trusted to keep the ABI; ports and links
 * that make no sense are dropped all the same.
 *
 * Locks: next, unmask and bind of ports of one vCPU must not run at the same time (the caller has a
 * lock for each vCPU); mask may be called at any time.
 */
#ifndef CORE_XEN_EVTCHN_ABI_H
#define CORE_XEN_EVTCHN_ABI_H

#include <stdbool.h>
#include <stdint.h>

enum { EVTCHN_NO_PORT = 0 }; /* Xen gives no guest port 0 */

struct evtchn_abi;
struct evtchn_abi_ops {
    const char *name;
    /* The next port of this vCPU that has an event and is not masked, taken; or EVTCHN_NO_PORT. */
    uint32_t (*next)(struct evtchn_abi *abi, uint32_t cpu);
    void (*mask)(struct evtchn_abi *abi, uint32_t port);
    /* True: an event was waiting; it is taken, and the port is still masked. */
    bool (*unmask)(struct evtchn_abi *abi, uint32_t port);
    bool (*pending)(const struct evtchn_abi *abi, uint32_t port);
    bool (*masked)(const struct evtchn_abi *abi, uint32_t port);
    /* The port's events go to this vCPU from now on (EVTCHNOP_bind_vcpu is the caller's). The port
     * must be masked. */
    void (*bind)(struct evtchn_abi *abi, uint32_t port, uint32_t cpu);
    /* Ports at or above it cannot be used yet (FIFO: array pages are missing). */
    uint32_t (*port_limit)(const struct evtchn_abi *abi);
};

struct evtchn_abi { /* the first member of evtchn_2l and evtchn_fifo */
    const struct evtchn_abi_ops *ops;
};

#endif
