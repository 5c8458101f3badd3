/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scripted Xen for tests of xenbus's devices alone: a hypercall file that knows frames, upcall
 * vectors and suspend, and three parts (event channels, grants, store) that do what a case says.
 * What xenbus does over the real parts and simxen, with real xenstored, is tested beside this.
 */
#ifndef FAKE_XEN_H
#define FAKE_XEN_H

#include <ntddk.h>
#include <stdbool.h>

enum { FAKE_CPUS = 8, FAKE_CONSOLE_BYTES = 65536 };

struct fake_xen {
    /* What the case says. */
    bool absent;         /* the machine does not run on Xen */
    bool no_vector_op;   /* HVMOP_set_evtchn_upcall_vector is unknown */
    bool no_shared_info; /* it cannot be mapped */
    ULONG dead_cpus;     /* a bit each: their vectors never arrive */
    bool line_dead;
    LONG_PTR suspend_result;
    void (*at_suspend)(void); /* called at HIGH_LEVEL, in the hypercall */
    bool unplug_protocol, unplug_refused;
    ULONG boot_number;       /* the boot loader's */
    const char *vbds, *vifs; /* bytes of the answer, NULL: ENOENT */
    ULONG vbds_bytes, vifs_bytes;
    NTSTATUS list_status; /* not STATUS_SUCCESS: lists cannot be read */
    ULONG list_failures;  /* so many answers are a timeout */
    ULONG list_delay_ms;  /* before each answer */
    /* What xenbus did. */
    ULONG vector[FAKE_CPUS]; /* by vCPU */
    ULONG64 callback;
    ULONG holes; /* frames given to Xen and not got back */
    ULONG shared_info_maps;
    ULONG64 shared_info_frame;
    ULONG suspends;
    ULONG unplug_writes, unplug_mask;
    ULONG lists_read;
    ULONG64 first_list_time; /* interrupt time of the first request */
    ULONG upcalls;
    CHAR console[FAKE_CONSOLE_BYTES];
    ULONG console_bytes;
};
extern struct fake_xen fake_xen;

/* The watch on "device" fires, at DISPATCH_LEVEL. */
void fake_xen_fire_watch(void);
bool fake_xen_watched(void);
/* Xen's debug key. */
void fake_xen_debug_key(void);
bool fake_xen_said(const char *text);

#endif
