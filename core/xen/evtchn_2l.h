/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels, two-level ABI (xen.h): a pending and a mask bit for each of 4096 ports in the
 * shared info page, and in each vcpu_info a word that says which words of the bitmap to look at.
 * The search is two bit scans, however many ports are open; it goes round, so that a low port
 * cannot starve a high one.
 */
#ifndef CORE_XEN_EVTCHN_2L_H
#define CORE_XEN_EVTCHN_2L_H

#include "core/xen/abi.h"
#include "core/xen/evtchn_abi.h"

struct evtchn_2l_cpu {            /* zeroed by the caller */
    struct xen_vcpu_info *info;   /* filled in by the caller: this vCPU's */
    uint64_t bound[XEN_2L_WORDS]; /* the ports that are this vCPU's to serve */
    uint64_t selector;            /* words still to be looked at */
    uint32_t word, bit;           /* where the next look begins */
};

struct evtchn_2l {
    struct evtchn_abi abi;
    struct xen_shared_info *shared;
    struct evtchn_2l_cpu *cpus;
    uint32_t cpu_count;
};

/* Masks every port. cpus lives as long as the ABI. */
void evtchn_2l_init(struct evtchn_2l *abi, struct xen_shared_info *shared,
                    struct evtchn_2l_cpu *cpus, uint32_t cpu_count);

#endif
