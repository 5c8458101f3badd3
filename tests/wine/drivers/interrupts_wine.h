/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_WINE_DRIVERS_INTERRUPTS_WINE_H
#define TESTS_WINE_DRIVERS_INTERRUPTS_WINE_H

#include <ntddk.h>

/* On the event thread: what is pending reaches the upcall, if one is connected. */
VOID InterruptsDeliver(VOID);

#endif
