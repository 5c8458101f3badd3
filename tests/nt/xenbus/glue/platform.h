/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies below xenbus's event channels, grants and store, played by this file: the hypercalls
 * that they make, and the other parts of xenbus (memory, interrupts, suspend, debug). One machine;
 * strict about what the glue may do, and every hypercall is a place where a fault may come.
 */
#ifndef GLUE_PLATFORM_H
#define GLUE_PLATFORM_H

#include <ntddk.h>

#include "parts.h"
#include "tests/unit/xen/fake_evtchn.h"

enum {
    PLATFORM_FRAMES = 72, /* of the grant table */
    PLATFORM_PEER = 7,    /* a domain that is there */
    PLATFORM_STORE_PORT = 1,
    PLATFORM_CONSOLE_PORT = 2,
};

struct platform_port {
    ULONG status; /* XEN_EVTCHN_* */
    ULONG vcpu, virq;
    USHORT remote_domain;
    ULONG remote_port;
    ULONG sent;
};

struct platform {
    /* What the machine has. */
    BOOLEAN no_fifo;
    BOOLEAN no_vector;     /* only CPU 0's line */
    BOOLEAN deaf;          /* no interrupt arrives */
    BOOLEAN fires_at_once; /* a peer fires each new port before the guest knows its number */
    /* What happened. */
    struct fake_xen xen;
    struct platform_port ports[FAKE_PORTS];
    struct xen_grant_entry (*frames[PLATFORM_FRAMES])[XEN_GNTTAB_V1_PER_PAGE];
    ULONG frames_maximum;
    ULONG holes, suspend_count, callbacks;
    ULONG mapped; /* pages of others */
    /* An entry of the first frame that is there from a former life, when the frame is placed. */
    ULONG kept_reference;
    struct xen_grant_entry kept_entry;
    XENBUS_PARTS parts;
};

extern struct platform platform;

/* A machine that is just switched on; then a test changes what it wants. */
void platform_init(void);
/* parts.DeviceObject, for work items. */
void platform_add_device(void);
void platform_remove_device(void);
/* Everything is given back: ports, holes, callbacks. */
void platform_check_nothing_left(void);

/* A peer fires a port of ours; the CPU is interrupted. */
void platform_fire(ULONG port);
ULONG platform_open_ports(void);
/* Save and restore: every port, grant and registration is forgotten. */
void platform_suspend(void);
/* The debug dump of all parts, as one text. */
PCSTR platform_dump(void);
struct xen_grant_entry *platform_entry(ULONG reference);

/* The store's side of its ring: called when the guest notifies. Set by the store's tests. */
extern void (*platform_store_notified)(void);
extern struct xen_store_page *platform_store_page;
void *FakeMmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T bytes, MEMORY_CACHING_TYPE type);
void FakeMmUnmapIoSpace(PVOID address, SIZE_T bytes);

#endif
