/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the decision which emulated devices are unplugged, over the whole table of facts: nothing
 * goes without a live PV twin whose driver starts at boot, a passed-through NVMe controller never
 * does (0x7B at boot: win-xenbus de5b538, xcp-ng/win-pv-drivers #21), and the user's escape and
 * safe mode leave everything.
 */
#include "core/xen/unplug.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FACTS = 9 };

static struct xen_unplug_facts facts_of(unsigned row)
{
    return (struct xen_unplug_facts){
        .protocol = row & 1,
        .safe_mode = row & 2,
        .boot_emulated = row & 4,
        .disks = {.twin_live = row & 8, .driver_boot_start = row & 16},
        .nics = {.twin_live = row & 32, .driver_boot_start = row & 64},
        .nvme_emulated = row & 128,
        .nvme_real = row & 256,
    };
}

static void the_whole_table_keeps_every_rule(void **state)
{
    unsigned written = 0;

    for (unsigned row = 0; row < 1u << FACTS; row++) {
        struct xen_unplug_facts facts = facts_of(row);
        struct xen_unplug_decision got = xen_unplug_decide(&facts);
        bool may = facts.protocol && !facts.safe_mode && !facts.boot_emulated;
        bool disks = may && facts.disks.twin_live && facts.disks.driver_boot_start;
        bool nics = may && facts.nics.twin_live && facts.nics.driver_boot_start;

        assert_int_equal(!!(got.mask & XEN_UNPLUG_IDE_SCSI_DISKS), disks);
        assert_int_equal(!!(got.mask & XEN_UNPLUG_NICS), nics);
        assert_int_equal(!!(got.mask & XEN_UNPLUG_NVME_DISKS),
                         disks && facts.nvme_emulated && !facts.nvme_real);
        assert_int_equal(
            got.mask & ~(XEN_UNPLUG_IDE_SCSI_DISKS | XEN_UNPLUG_NICS | XEN_UNPLUG_NVME_DISKS), 0);
        assert_int_equal(got.disks == XEN_UNPLUG_DONE, disks);
        assert_int_equal(got.nics == XEN_UNPLUG_DONE, nics);
        written += got.mask != 0;
    }
    /* 1/8 of the rows may; of those all but the ones without both classes: 1 - (3/4)^2. */
    assert_int_equal(written, 512 / 8 * 7 / 16);
}

static void the_user_is_told_the_reason_that_he_can_change(void **state)
{
    struct xen_unplug_facts facts = facts_of(511);

    facts.safe_mode = facts.boot_emulated = false;
    assert_int_equal(xen_unplug_decide(&facts).disks, XEN_UNPLUG_DONE);
    assert_int_equal(xen_unplug_decide(&facts).nvme, XEN_UNPLUG_REAL_NVME);
    facts.nvme_emulated = false;
    assert_int_equal(xen_unplug_decide(&facts).nvme, XEN_UNPLUG_NONE_THERE);
    facts.disks.driver_boot_start = false;
    assert_int_equal(xen_unplug_decide(&facts).disks, XEN_UNPLUG_DRIVER_NOT_AT_BOOT);
    facts.disks.twin_live = false;
    assert_int_equal(xen_unplug_decide(&facts).disks, XEN_UNPLUG_NO_TWIN);
    facts.safe_mode = true;
    assert_int_equal(xen_unplug_decide(&facts).nics, XEN_UNPLUG_SAFE_MODE);
    facts.boot_emulated = true;
    assert_int_equal(xen_unplug_decide(&facts).nics, XEN_UNPLUG_ESCAPE);
    facts.protocol = false;
    assert_int_equal(xen_unplug_decide(&facts).nics, XEN_UNPLUG_NO_PROTOCOL);
    for (int why = XEN_UNPLUG_DONE; why <= XEN_UNPLUG_NONE_THERE; why++)
        assert_non_null(xen_unplug_why_text((enum xen_unplug_why)why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_table_keeps_every_rule),
        cmocka_unit_test(the_user_is_told_the_reason_that_he_can_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
