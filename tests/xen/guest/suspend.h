/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole guest goes to sleep when the toolstack asks for it (xl save), and wakes up: as another
 * domain, where everything of Xen's is new, or as the same, when the suspend was cancelled
 * (xl save -c). CPU 0 only.
 */
#ifndef GUEST_SUSPEND_H
#define GUEST_SUSPEND_H

#include <stdbool.h>

/* Waits for the word "suspend" in control/shutdown, and takes the order. False: it did not come
 * within limit_ms. */
bool suspend_await(unsigned limit_ms);

/* Returns when the guest runs again. True: restored. Shared info, clock, console, events, grants
 * and XenStore's client work then; ports and grants made before are of the past, watches are set
 * again. False: cancelled, nothing changed. */
bool suspend_now(void);

#endif
