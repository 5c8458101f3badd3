/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the list of behaviours runs: a guest of two vCPUs or more, seen through these few
 * functions. Two environments host the same sources: simxen (tests/xen/behaviours/simxen.c, a Linux
 * program) and the bare-metal guest on real Xen (tests/xen/guest). A row of the list is one call
 * with its answer, which is Xen 4.17's; a row that differs in either environment fails there.
 *
 * The other side is dom0: the program tests/xen/behaviours/peer.c over Xen's libraries, the same in
 * both environments. The guest asks it through two XenStore nodes, so an environment needs nothing
 * of its own for that but env_store_*().
 *
 * What an environment promises:
 *  - Everything runs on vCPU 0, in one thread. Guest virtual addresses are C pointers.
 *  - Shared info is mapped, the 2-level ABI is on, every vCPU has an upcall vector and may take it
 *    at any time (but see env_mask()). Its interrupt handler clears upcall_pending, counts, and
 *    does nothing else: no pending bit or queue is touched; the list reads those itself.
 *  - XenStore's ring is the list's alone (store.c). It looks at it without events until something
 *    has changed, and env_idle() passes the time meanwhile.
 *  - The list may close all ports. It binds those that the environment needs (XenStore's, and its
 *    console's if it has one) again and says so by env_port_is().
 *  - References 64 to 511 of grant frame 0 are the list's. The environment uses others, if any.
 *  - It calls the groups of behaviours.h one after the other, in order, in one life of the domain,
 *    and prints "N passed, N failed" at last, the number of rows.
 *
 * Freestanding: stdint.h, stddef.h, stdbool.h, string.h's mem* and strlen, strcmp. No floating
 * point.
 */
#ifndef BEHAVIOURS_ENV_H
#define BEHAVIOURS_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/xen/abi.h"

/* By vCPU 0. What Xen returns. */
int64_t env_hypercall(uint32_t number, uint64_t a1, uint64_t a2, uint64_t a3);

uint32_t env_domid(void);
uint32_t env_vcpus(void);

/* A guest-physical page of RAM, zeroed, for ever the list's. About 40 are asked for. */
uint64_t env_page_new(void);
/* A guest-physical page number where nothing is, for Xen to put something there. About 16. */
uint64_t env_hole_new(void);
/* Where a frame of either kind is in the program's address space. */
void *env_at(uint64_t frame);
/* An address that no guest virtual memory is at (Xen answers EFAULT). */
uint64_t env_bad_address(void);

struct xen_shared_info *env_shared_info(void);
uint64_t env_shared_frame(void); /* where it is */
/* Frame 0 of the grant table, at a frame of the guest that env_grant_frame() names. */
struct xen_grant_entry *env_grant_table(void);
uint64_t env_grant_frame(void);

/* How often the vCPU's upcall came since the start. */
uint32_t env_upcalls(uint32_t vcpu);
/* Makes what other domains have sent visible here, and takes the interrupts that are due, on all
 * vCPUs. On hardware: enough time for another vCPU to take its interrupt. */
void env_settle(void);
/* masked: upcall_pending stays as Xen sets it until unmasked (interrupts off; on real Xen vCPU 0
 * alone can promise that). */
void env_mask(bool masked);

/* Upcall vector that the environment gave each vCPU. */
uint8_t env_upcall_vector(void);

/* XenStore's ring page, empty; and the ports that the environment needs: index 0 is XenStore's. */
struct xs_ring_page *env_store_ring(void);
uint32_t env_port_count(void);
uint32_t env_port(uint32_t index);
void env_port_is(uint32_t index, uint32_t port);
/* Passes time until something may have happened. False: enough has passed (30 s), it is hopeless.
 */
bool env_idle(void);

/* Lets itself be saved and restored as a new domain, when there is no peer in dom0 any more;
 * returns what SCHEDOP_shutdown returned. False: this environment cannot; nothing has happened. */
bool env_suspend(int64_t *result);
/* After it: everything that an environment promises is set up anew, at the same frames, and there
 * is a new peer. */
void env_resume(void);

/* One row of the list. Counts; prints a row that differs, at least. */
void env_row(const char *group, const char *what, int64_t got, int64_t wanted);
void env_print(const char *text); /* for people: without effect on the verdict */

#endif
