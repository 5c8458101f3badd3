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

struct xen_unplug_decision xen_unplug_decide(const struct xen_unplug_facts *facts)
{
    struct xen_unplug_decision decision = {
        .disks = class_why(facts, &facts->disks),
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
    }
    return "left";
}
