/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bench machine that is a guest of a private simxen instance: its RAM is the guest's memory, its
 * hypercalls (windows/kernel/xenbus/hypercall.h) are answered by simxen, its events come as
 * interrupts, and real xenstored and Linux programs of the instance are on the other side.
 *
 *     NT_TEST(case, .set_up = xen_machine_set_up, .tear_down = xen_machine_tear_down)
 *
 * in a test that meson runs as `simxen host -- TEST`. Each run is a new domain. Hypercalls that Xen
 * may refuse for want of memory are failure points.
 */
#ifndef NT_XEN_MACHINE_H
#define NT_XEN_MACHINE_H

#include <ntddk.h>

struct simxen_guest;

void xen_machine_set_up(void);
void xen_machine_tear_down(void);

ULONG xen_machine_domid(void);
struct simxen_guest *xen_machine_guest(void);

/* Something will come from outside though no request of the machine's is open (a Linux program was
 * told to act): an idle machine waits for the next event in real time. */
void xen_machine_expect(void);

/* It has come, maybe before it was expected: an idle machine waits no more for it. Whoever expects
 * what a wait ends with says this after the wait. */
void xen_machine_came(void);

/* What the toolstack does when the driver suspends: restores (another domain id) or cancels. */
void xen_machine_restores(BOOLEAN restores);
ULONG xen_machine_suspends(void);
/* SCHEDOP_shutdown's last reason other than suspend; -1: none. */
LONG xen_machine_shutdown_reason(void);

/* The emulated devices that were unplugged through the platform's ports (bits as written). */
ULONG xen_machine_unplugged(void);
/* Xen has no platform here: XenHypercallInitialize finds nothing. */
void xen_machine_absent(BOOLEAN absent);

/* Runs a Linux program of domain 0 with arguments (NULL at the end) and waits for it; its exit
 * code. output: what it printed, cut to bytes. */
int xen_machine_dom0(const char *const arguments[], char *output, SIZE_T bytes);

#endif
