/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which emulated devices of a Xen HVM guest are to be unplugged at boot, so that each disk and
 * network card is there once, as a PV device. A wrong answer is a machine that does not boot (a
 * disk that has gone) or a disk that is written by two drivers at once, so the decision is one pure
 * function over facts that the caller gathers, tested over its whole table.
 *
 * A boot that has lost its disk can write nothing down. So it is missed instead: the boot loader,
 * which reads the disk through the firmware, counts the boots; a good boot writes down its number;
 * and only the boot right after a good one does without emulated disks. If that one fails, the next
 * finds a gap, keeps its emulated disks, and is a good boot again. After XEN_UNPLUG_FAILURES_MAX
 * such failures in a row it is left at that, until the user asks for another try.
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

enum { XEN_UNPLUG_FAILURES_MAX = 3 };

/* Of the disks: what the boots before this one came to. */
struct xen_unplug_history {
    bool
        boot_disk_bound; /* the PV driver had the twin of this very boot disk, in an earlier boot */
    uint32_t boot_number; /* this boot, as the boot loader counts; 0: it does not say */
    uint32_t good_number; /* the last boot in which the PV driver had its disks */
    uint32_t failures;    /* boots without emulated disks that never got so far, in a row */
};

struct xen_unplug_facts {
    bool protocol;      /* the magic was read before and after the product number was given */
    bool safe_mode;     /* the user boots Windows without optional drivers */
    bool boot_emulated; /* the user's escape on the boot command line */
    struct xen_unplug_class disks, nics;
    struct xen_unplug_history history;
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
    /* Disks, and NVMe with them: */
    XEN_UNPLUG_OTHER_DISK,
    XEN_UNPLUG_NO_COUNT,
    XEN_UNPLUG_LAST_BOOT_FAILED,
    XEN_UNPLUG_GAVE_UP,
    XEN_UNPLUG_WHY_COUNT,
};

struct xen_unplug_decision {
    uint16_t mask; /* what to write; 0: write nothing */
    enum xen_unplug_why disks, nics, nvme;
};

struct xen_unplug_decision xen_unplug_decide(const struct xen_unplug_facts *facts);

/* The failures to be written down at the beginning of this boot. */
uint32_t xen_unplug_failures(const struct xen_unplug_facts *facts,
                             const struct xen_unplug_decision *decision);

/* Which disk of the machine the virtual device of that number is, counted from 0 as the firmware
 * does (Xen's docs, man xen-vbd-interface); -1: the number is none of a disk's. */
int xen_disk_index(uint32_t number);
/* May QEMU emulate it as well? If in doubt: yes. */
bool xen_disk_may_be_emulated(uint32_t number);

/* In words, for a log line. */
const char *xen_unplug_why_text(enum xen_unplug_why why);

#endif
