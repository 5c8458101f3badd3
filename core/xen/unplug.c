/* SPDX-License-Identifier: BSD-2-Clause */
/* Which emulated devices are to be unplugged: see unplug.h. */
#include "unplug.h"

static enum xen_unplug_why class_why(const struct xen_unplug_facts *facts,
                                     const struct xen_unplug_class *class)
{
    if (!facts->protocol)
        return XEN_UNPLUG_NO_PROTOCOL;
    if (facts->boot_emulated)
        return XEN_UNPLUG_ESCAPE;
    if (facts->safe_mode)
        return XEN_UNPLUG_SAFE_MODE;
    if (!class->twin_live)
        return XEN_UNPLUG_NO_TWIN;
    if (!class->driver_boot_start)
        return XEN_UNPLUG_DRIVER_NOT_AT_BOOT;
    return XEN_UNPLUG_DONE;
}

static enum xen_unplug_why disks_why(const struct xen_unplug_facts *facts)
{
    const struct xen_unplug_history *history = &facts->history;
    enum xen_unplug_why why = class_why(facts, &facts->disks);

    if (why != XEN_UNPLUG_DONE)
        return why;
    if (!history->boot_disk_bound)
        return XEN_UNPLUG_OTHER_DISK;
    if (!history->boot_number)
        return XEN_UNPLUG_NO_COUNT;
    if (history->failures >= XEN_UNPLUG_FAILURES_MAX)
        return XEN_UNPLUG_GAVE_UP;
    if (history->boot_number - history->good_number != 1)
        return XEN_UNPLUG_LAST_BOOT_FAILED;
    return XEN_UNPLUG_DONE;
}

struct xen_unplug_decision xen_unplug_decide(const struct xen_unplug_facts *facts)
{
    struct xen_unplug_decision decision = {
        .disks = disks_why(facts),
        .nics = class_why(facts, &facts->nics),
    };

    /* The host would spare a passed-through controller, but not every host's QEMU knows how: with
     * one in the machine the bit is never written. */
    if (!facts->nvme_emulated)
        decision.nvme = XEN_UNPLUG_NONE_THERE;
    else if (facts->nvme_real)
        decision.nvme = XEN_UNPLUG_REAL_NVME;
    else
        decision.nvme = decision.disks;

    if (decision.disks == XEN_UNPLUG_DONE)
        decision.mask |= XEN_UNPLUG_IDE_SCSI_DISKS;
    if (decision.nics == XEN_UNPLUG_DONE)
        decision.mask |= XEN_UNPLUG_NICS;
    if (decision.nvme == XEN_UNPLUG_DONE)
        decision.mask |= XEN_UNPLUG_NVME_DISKS;
    return decision;
}

uint32_t xen_unplug_failures(const struct xen_unplug_facts *facts,
                             const struct xen_unplug_decision *decision)
{
    return facts->history.failures + (decision->disks == XEN_UNPLUG_LAST_BOOT_FAILED);
}

int xen_disk_index(uint32_t number)
{
    enum { EXTENDED = 1 << 28, XVD = 202, SD = 8, HD_FIRST = 3, HD_SECOND = 22 };

    if (number & EXTENDED)
        return number >> 29 ? -1 : (int)((number & (EXTENDED - 1)) >> 8);
    switch (number >> 8) {
    case XVD:
    case SD:
        return (int)((number & 0xff) >> 4);
    case HD_FIRST:
        return (int)((number & 0xff) >> 6 & 1);
    case HD_SECOND:
        return (int)(2 + ((number & 0xff) >> 6 & 1));
    }
    return -1;
}

bool xen_disk_may_be_emulated(uint32_t number)
{
    enum { EMULATED_MAX = 6 }; /* IDE has four, AHCI six */
    int index = xen_disk_index(number);

    return index < EMULATED_MAX || number >> 8 == 8; /* any SCSI disk may */
}

const char *xen_unplug_why_text(enum xen_unplug_why why)
{
    switch (why) {
    case XEN_UNPLUG_DONE:
        return "unplugged";
    case XEN_UNPLUG_NO_PROTOCOL:
        return "left: the host offers no unplugging";
    case XEN_UNPLUG_ESCAPE:
        return "left: the boot option asks for emulated devices";
    case XEN_UNPLUG_SAFE_MODE:
        return "left: safe mode";
    case XEN_UNPLUG_NO_TWIN:
        return "left: no PV device was at work at the last boot";
    case XEN_UNPLUG_DRIVER_NOT_AT_BOOT:
        return "left: the PV driver does not start at boot";
    case XEN_UNPLUG_REAL_NVME:
        return "left: the machine has a real NVMe controller";
    case XEN_UNPLUG_NONE_THERE:
        return "there is none";
    case XEN_UNPLUG_OTHER_DISK:
        return "left: the PV driver never had this boot disk";
    case XEN_UNPLUG_NO_COUNT:
        return "left: the boot loader does not count its boots";
    case XEN_UNPLUG_LAST_BOOT_FAILED:
        return "left: the last boot without them did not come up";
    case XEN_UNPLUG_GAVE_UP:
        return "left: several boots without them did not come up";
    case XEN_UNPLUG_WHY_COUNT:
        break;
    }
    return "left";
}
