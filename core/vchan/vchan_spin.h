/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether to look at the ring a little longer before sleeping. Sleeping costs the peer a
 * notification and this side a wake-up, together some 10 µs; a peer that runs on another CPU often
 * answers sooner. So a wait begins with a spin of at most VCHAN_SPIN_NS, as long as spins pay off:
 *
 *   - two spins in vain and it stops;
 *   - it is tried again after some sleeps that turned out shorter than a spin, twice as many
 *     after each trial in vain;
 *   - it never happens where the process may use one CPU only.
 *
 * Pure arithmetic: the caller owns the struct and the clock.
 */
#ifndef VCHAN_SPIN_H
#define VCHAN_SPIN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    VCHAN_SPIN_NS = 25000,
    VCHAN_SPIN_CREDIT_MAX = 2,
    VCHAN_SPIN_FIRST_TRIAL = 2,
    VCHAN_SPIN_LAST_TRIAL = 1024,
};

struct vchan_spin {
    bool allowed;
    uint8_t credit;        /* spins in vain that are still allowed */
    uint16_t short_sleeps; /* since the last spin in vain */
    uint16_t trial_after;  /* so many of them earn another trial */
};

static inline void vchan_spin_init(struct vchan_spin *spin, bool allowed)
{
    spin->allowed = allowed;
    spin->credit = allowed ? 1 : 0;
    spin->short_sleeps = 0;
    spin->trial_after = VCHAN_SPIN_FIRST_TRIAL;
}

/* How long to spin now; 0: not at all. */
static inline uint32_t vchan_spin_budget_ns(const struct vchan_spin *spin)
{
    return spin->credit ? VCHAN_SPIN_NS : 0;
}

static inline void vchan_spin_paid(struct vchan_spin *spin)
{
    if (spin->credit < VCHAN_SPIN_CREDIT_MAX)
        spin->credit++;
    spin->trial_after = VCHAN_SPIN_FIRST_TRIAL;
}

static inline void vchan_spin_in_vain(struct vchan_spin *spin)
{
    spin->credit--;
    spin->short_sleeps = 0;
    if (spin->credit == 0 && spin->trial_after < VCHAN_SPIN_LAST_TRIAL)
        spin->trial_after *= 2;
}

/* After a sleep without a spin before it. */
static inline void vchan_spin_slept(struct vchan_spin *spin, uint64_t slept_ns)
{
    if (!spin->allowed || spin->credit || slept_ns > VCHAN_SPIN_NS)
        return;
    if (++spin->short_sleeps >= spin->trial_after) {
        spin->short_sleeps = 0;
        spin->credit = 1;
    }
}

#endif
