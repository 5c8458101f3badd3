/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor: calls by VMCALL or VMMCALL, chosen by the CPU's vendor (no hypercall page), the
 * shared info page, and what a guest asks when it starts. Everything else is core/xen/ and the
 * tests' own business.
 */
#ifndef GUEST_XEN_H
#define GUEST_XEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/xen/abi.h"

extern struct xen_shared_info *xen_shared;

/* Finds Xen; maps the shared info page. Panics without Xen. */
void xen_find(void);
void xen_map_shared_info(void); /* again after a resume */

uint32_t xen_leaf_base(void);
uint32_t xen_domid_own(void);

long hypercall(unsigned number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

static inline long hypercall2(unsigned number, uint64_t a, uint64_t b)
{
    return hypercall(number, a, b, 0, 0, 0);
}

static inline long hypercall3(unsigned number, uint64_t a, uint64_t b, uint64_t c)
{
    return hypercall(number, a, b, c, 0, 0);
}

static inline long evtchn_op(unsigned op, void *argument)
{
    return hypercall2(XEN_HYPERCALL_EVENT_CHANNEL_OP, op, (uintptr_t)argument);
}

static inline long gnttab_op(unsigned op, void *argument, unsigned count)
{
    return hypercall3(XEN_HYPERCALL_GRANT_TABLE_OP, op, (uintptr_t)argument, count);
}

static inline long memory_op(unsigned op, void *argument)
{
    return hypercall2(XEN_HYPERCALL_MEMORY_OP, op, (uintptr_t)argument);
}

static inline long hvm_op(unsigned op, void *argument)
{
    return hypercall2(XEN_HYPERCALL_HVM_OP, op, (uintptr_t)argument);
}

/* Xen's negative error, or 0. */
long hvm_param_get(uint32_t index, uint64_t *value);
long hvm_param_set(uint32_t index, uint64_t value);

/* Puts one of Xen's pages (XEN_MAPSPACE_*) at a page of the guest. */
long xen_add_to_physmap(uint32_t space, uint64_t index, uint64_t frame);

void xen_shutdown(uint32_t reason) __attribute__((noreturn));
/* Suspends the domain. 0: resumed or restored elsewhere, everything of Xen's is new; 1: the suspend
 * was cancelled and nothing changed. */
long xen_suspend(void);

#endif
