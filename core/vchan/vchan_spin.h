/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether to look at the ring a little longer before sleeping. A sleep costs the peer a
 * notification and this side a wake-up, across CPUs some 50 µs; a peer that runs already often
 * answers within one. So a wait begins with a spin of at most VCHAN_SPIN_NS, what a wake-up takes
 * (so that a wait never costs more than twice what it must), and only as long as spins pay off:
 *
 *   - two in vain, one after the other, and it stops;
 *   - it yields the CPU between looks, for a peer that shares it; when a yield cost more than a
 *     spin may (somebody else ran), it stops yielding, until a spin without was in vain;
 *   - it is tried again after a sleep of less than VCHAN_SHORT_SLEEP_NS (a spin would have ended
 *     sooner if both sides had been awake), but not before VCHAN_SPIN_REST times the time of a spin
 *     has passed (a cost of less than a percent), twice as long after each trial in vain;
 *   - it never happens where the process may use one CPU only.
 *
 * Pure arithmetic: the caller owns the struct and the clock.
 */
#ifndef VCHAN_SPIN_H
#define VCHAN_SPIN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    VCHAN_SPIN_NS = 50000,
    VCHAN_SHORT_SLEEP_NS = 1000000,
    VCHAN_SPIN_CREDIT_MAX = 2,
    VCHAN_SPIN_REST = 128,
    VCHAN_SPIN_DOUBLINGS = 5,
};

struct vchan_spin {
    bool allowed;
    uint8_t credit;    /* spins in vain that are still allowed */
    uint8_t doublings; /* trials in vain, one after the other */
    bool yields;
    uint64_t rest_until_ns;
};

static inline void vchan_spin_init(struct vchan_spin *spin, bool allowed)
{
    spin->allowed = allowed;
    spin->credit = allowed ? 1 : 0;
    spin->doublings = 0;
    spin->yields = true;
    spin->rest_until_ns = 0;
}

/* How long to spin now; 0: not at all. */
static inline uint32_t vchan_spin_budget_ns(const struct vchan_spin *spin)
{
    return spin->credit ? VCHAN_SPIN_NS : 0;
}

/* After a spin that began at start_ns and ended at now_ns. */
static inline void vchan_spin_ended(struct vchan_spin *spin, bool found, uint64_t start_ns,
                                    uint64_t now_ns)
{
    bool lost_cpu = now_ns - start_ns > 2 * VCHAN_SPIN_NS;

    if (found) {
        if (spin->credit < VCHAN_SPIN_CREDIT_MAX)
            spin->credit++;
        spin->doublings = 0;
        spin->yields = spin->yields && !lost_cpu;
        return;
    }
    spin->yields = !spin->yields;
    if (--spin->credit > 0)
        return;
    spin->rest_until_ns = now_ns + ((uint64_t)VCHAN_SPIN_NS * VCHAN_SPIN_REST << spin->doublings);
    if (spin->doublings < VCHAN_SPIN_DOUBLINGS)
        spin->doublings++;
}

/* After a sleep without a spin before it. */
static inline void vchan_spin_slept(struct vchan_spin *spin, uint64_t start_ns, uint64_t now_ns)
{
    if (spin->allowed && !spin->credit && now_ns - start_ns <= VCHAN_SHORT_SLEEP_NS &&
        now_ns >= spin->rest_until_ns)
        spin->credit = 1;
}

#endif
