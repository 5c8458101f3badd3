/* SPDX-License-Identifier: BSD-2-Clause */
/* Time, and waiting for something with a limit. */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Xen's system time: nanoseconds since the host's start, from this CPU's vcpu_time and the TSC. */
uint64_t clock_ns(void);
/* From now on the TSC alone, at the rate that Xen's CPUID leaf names: for a guest whose shared info
 * page is a driver's. */
void clock_by_tsc(void);

enum { WAIT_MS = 20000 }; /* for what should come at once: this machine may be very slow */

/* Sleeps until an interrupt comes or the time is over, whichever is first; interrupts are off
 * before and after. False: it is over. */
bool clock_sleep_until(uint64_t deadline_ns);

/* Sleeps until condition(context) holds, looked at after each interrupt with interrupts off. False:
 * it did not within limit_ms. */
bool wait_for(bool (*condition)(void *context), void *context, unsigned limit_ms);

/* For that long, whatever comes. For proving that something does not happen. */
void clock_pass(unsigned ms);

#endif
