/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which emulated devices of a Xen HVM guest are to be unplugged at boot, so that each disk and
 * network card is there once, as a PV device. A wrong answer is a machine that does not boot (a
 * disk that has gone) or a disk that is written by two drivers at once, so the decision is one pure
 * function over facts that the caller gathers, tested over its whole table.
 *
 * Protocol: docs/misc/hvm-emulated-unplug.pandoc of Xen.
 */
#ifndef CORE_XEN_UNPLUG_H
#define CORE_XEN_UNPLUG_H

#include <stdbool.h>
#include <stdint.h>

enum { /* ports of the Xen platform */
       XEN_UNPLUG_PORT = 0x10,
       XEN_UNPLUG_PORT_VERSION = 0x12, /* byte in: protocol version; word out: product number */
       XEN_UNPLUG_MAGIC = 0x49d2,      /* word read from XEN_UNPLUG_PORT; else there is no protocol,
                                        * or the host refuses this product */
       XEN_UNPLUG_PRODUCT = 0xffff,    /* no number was given out for us: "experimental" */
};
enum { /* word written to XEN_UNPLUG_PORT */
       XEN_UNPLUG_IDE_SCSI_DISKS = 1 << 0,
       XEN_UNPLUG_NICS = 1 << 1,
       XEN_UNPLUG_AUX_IDE_DISKS = 1 << 2, /* all but the first: part of bit 0, not used */
       XEN_UNPLUG_NVME_DISKS = 1 << 3,
};

struct xen_unplug_class {
    bool twin_live;         /* at the last boot its PV driver worked with a connected device */
    bool driver_boot_start; /* that driver's service is still there and starts at boot. Asked of
                             * network drivers too: a card that vanishes before its driver can start
                             * takes a machine's network settings with it */
};

struct xen_unplug_facts {
    bool protocol;      /* the magic was read before and after the product number was given */
    bool safe_mode;     /* the user boots Windows without optional drivers */
    bool boot_emulated; /* the user's escape on the boot command line */
    struct xen_unplug_class disks, nics;
    bool nvme_emulated; /* an NVMe controller of QEMU's */
    bool nvme_real;     /* any other NVMe controller: a device that was passed through */
};

enum xen_unplug_why {
    XEN_UNPLUG_DONE,
    XEN_UNPLUG_NO_PROTOCOL,
    XEN_UNPLUG_ESCAPE,
    XEN_UNPLUG_SAFE_MODE,
    XEN_UNPLUG_NO_TWIN,
    XEN_UNPLUG_DRIVER_NOT_AT_BOOT,
    XEN_UNPLUG_REAL_NVME, /* NVMe only */
    XEN_UNPLUG_NONE_THERE,
};

struct xen_unplug_decision {
    uint16_t mask; /* what to write; 0: write nothing */
    enum xen_unplug_why disks, nics, nvme;
};

struct xen_unplug_decision xen_unplug_decide(const struct xen_unplug_facts *facts);

/* In words, for a log line. */
const char *xen_unplug_why_text(enum xen_unplug_why why);

#endif
