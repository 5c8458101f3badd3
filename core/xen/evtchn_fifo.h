/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels, FIFO ABI (event_channel.h): an event word for each of 131072 ports in array pages
 * that are handed to Xen as ports are needed, and for each vCPU a control block with the heads of
 * 16 queues, one a priority. Xen links pending ports into a queue, the guest takes them from its
 * head: the cost of an event does not depend on the number of open ports.
 *
 * The caller tells Xen of each control block (EVTCHNOP_init_control) and of each array page
 * (EVTCHNOP_expand_array) after handing it to the functions here.
 */
#ifndef CORE_XEN_EVTCHN_FIFO_H
#define CORE_XEN_EVTCHN_FIFO_H

#include "core/xen/abi.h"
#include "core/xen/evtchn_abi.h"

struct evtchn_fifo_cpu {                    /* zeroed by the caller */
    struct xen_fifo_control_block *control; /* filled in by the caller; zeroed memory */
    uint32_t ready;                         /* queues that may hold events */
    uint32_t head[XEN_FIFO_QUEUES];
};

struct evtchn_fifo {
    struct evtchn_abi abi;
    struct evtchn_fifo_cpu *cpus;
    uint32_t cpu_count;
    uint32_t page_count;
    uint32_t *pages[XEN_FIFO_ARRAY_PAGES]; /* of XEN_FIFO_WORDS_PER_PAGE event words */
};

/* cpus lives as long as the ABI. No port can be used before the first page is added. */
void evtchn_fifo_init(struct evtchn_fifo *abi, struct evtchn_fifo_cpu *cpus, uint32_t cpu_count);

/* Adds a page of XEN_PAGE_BYTES, which lives as long as the ABI, with every port masked. Call it
 * before EVTCHNOP_expand_array; if that fails, take the page back with evtchn_fifo_drop_page().
 * False: there are XEN_FIFO_ARRAY_PAGES already. */
bool evtchn_fifo_add_page(struct evtchn_fifo *abi, void *page);
void *evtchn_fifo_drop_page(struct evtchn_fifo *abi); /* the last one added */

#endif
