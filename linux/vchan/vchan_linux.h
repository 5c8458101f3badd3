/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux port of vchan (core/vchan/vchan_port.h): libxenevtchn, libxengnttab, libxenstore.
 * vchan_port_open() makes a port for libvchan, on the process's one vchan_host; this header has
 * the other kind, for libxenvchan, which keeps its own handles, as programs that look into struct
 * libxenvchan expect, and opens the xenstore only for a moment.
 */
#ifndef VCHAN_LINUX_H
#define VCHAN_LINUX_H

#include <xenevtchn.h>
#include <xengnttab.h>

#include "core/vchan/vchan_port.h"

struct vchan_host;

struct vchan_port {
    struct vchan_host *host; /* NULL: a port of its own */
    struct xentoollog_logger *logger;
    xenevtchn_handle *event;
    uint32_t event_port;
    xengntshr_handle *share; /* the host's, or own */
    xengnttab_handle *map;
    char *published; /* the path, while its keys are there */
    /* With a host only: */
    int poll_fd;                     /* epoll: the event channel, and the host's bell */
    struct vchan_port *next, **link; /* in the host's list, under its lock */
    char *watched;                   /* the key's path, under the host's lock */
    uint64_t watch_id;
    bool bell_rung;   /* under the host's lock */
    bool domain_news; /* atomic: a domain went since the last look */
    bool died;
};

/* logger may be NULL; the caller keeps it. NULL: no memory. */
struct vchan_port *vchan_port_standalone(struct xentoollog_logger *logger);

/* The status that a failed Xen call's errno stands for. */
int vchan_status_of_errno(int error);

#endif
