/* SPDX-License-Identifier: BSD-2-Clause */
/* For other tests: the whole list of events.c, once, with the ABI and the delivery given. Fails, or
 * skips, the test that runs. */
#ifndef GUEST_TESTS_EVENTS_WORK_H
#define GUEST_TESTS_EVENTS_WORK_H

#include "../events.h"

void events_work(enum events_abi abi, enum events_delivery delivery);

#endif
