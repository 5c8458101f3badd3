/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the decision which emulated devices are unplugged, over the whole table of facts: nothing
 * goes without a live PV twin whose driver starts at boot, no disk but after a good boot in which
 * the PV driver had this very boot disk, a passed-through NVMe controller never does (0x7B at boot:
 * win-xenbus de5b538, xcp-ng/win-pv-drivers #21), and the user's escape and safe mode leave
 * everything. And the story of boots: one that fails is followed by one that comes up.
 */
#include "core/xen/unplug.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FACTS = 12 };

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
        .history = {.boot_disk_bound = row & 512,
                    .boot_number = 41,
                    .good_number = row & 1024 ? 40 : 39,
                    .failures = row & 2048 ? XEN_UNPLUG_FAILURES_MAX - 1 : XEN_UNPLUG_FAILURES_MAX},
    };
}

static void the_whole_table_keeps_every_rule(void **state)
{
    unsigned written = 0;

    for (unsigned row = 0; row < 1u << FACTS; row++) {
        struct xen_unplug_facts facts = facts_of(row);
        struct xen_unplug_decision got = xen_unplug_decide(&facts);
        bool may = facts.protocol && !facts.safe_mode && !facts.boot_emulated;
        bool disks = may && facts.disks.twin_live && facts.disks.driver_boot_start && (row & 512) &&
                     (row & 1024) && (row & 2048);
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
    /* 1/8 of the rows may; of those all but the ones without both classes: 1 - 31/32 * 3/4. */
    assert_int_equal(written, 4096 / 8 * 35 / 128);
}

static void the_user_is_told_the_reason_that_he_can_change(void **state)
{
    struct xen_unplug_facts facts = facts_of(4095);

    facts.safe_mode = facts.boot_emulated = false;
    assert_int_equal(xen_unplug_decide(&facts).disks, XEN_UNPLUG_DONE);
    assert_int_equal(xen_unplug_decide(&facts).nvme, XEN_UNPLUG_REAL_NVME);
    facts.nvme_emulated = false;
    assert_int_equal(xen_unplug_decide(&facts).nvme, XEN_UNPLUG_NONE_THERE);
    facts.history.good_number = 39;
    assert_int_equal(xen_unplug_decide(&facts).disks, XEN_UNPLUG_LAST_BOOT_FAILED);
    assert_int_equal(xen_unplug_decide(&facts).nics, XEN_UNPLUG_DONE); /* not a matter of booting */
    facts.history.failures = XEN_UNPLUG_FAILURES_MAX;
    assert_int_equal(xen_unplug_decide(&facts).disks, XEN_UNPLUG_GAVE_UP);
    facts.history.boot_number = 0;
    assert_int_equal(xen_unplug_decide(&facts).disks, XEN_UNPLUG_NO_COUNT);
    facts.history.boot_disk_bound = false;
    assert_int_equal(xen_unplug_decide(&facts).disks, XEN_UNPLUG_OTHER_DISK);
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
    for (int why = XEN_UNPLUG_DONE; why < XEN_UNPLUG_WHY_COUNT; why++)
        assert_non_null(xen_unplug_why_text((enum xen_unplug_why)why));
}

/* --- A machine that is booted again and again. */

struct machine {
    struct xen_unplug_facts facts;
    bool pv_works; /* the PV disk would come up */
};

/* One boot, as xenbus and xenvbd record it. True: it came up. */
static bool boot(struct machine *machine)
{
    struct xen_unplug_facts *facts = &machine->facts;
    struct xen_unplug_decision decision;

    facts->history.boot_number++; /* the boot loader's, on disk whatever comes */
    decision = xen_unplug_decide(facts);
    if (decision.disks == XEN_UNPLUG_DONE && !machine->pv_works)
        return false; /* 0x7B: nothing more is written */
    facts->history.failures = xen_unplug_failures(facts, &decision);
    if (machine->pv_works || decision.disks != XEN_UNPLUG_DONE) {
        facts->history.good_number = facts->history.boot_number;
        facts->history.boot_disk_bound = facts->disks.twin_live = true;
        if (decision.disks == XEN_UNPLUG_DONE)
            facts->history.failures = 0;
    }
    return true;
}

static struct machine new_machine(bool pv_works)
{
    return (struct machine){.facts = {.protocol = true, .disks = {.driver_boot_start = true}},
                            .pv_works = pv_works};
}

static void a_good_machine_unplugs_from_its_second_boot_on(void **state)
{
    struct machine machine = new_machine(true);

    assert_int_not_equal(xen_unplug_decide(&machine.facts).disks, XEN_UNPLUG_DONE);
    for (int i = 0; i < 10; i++) {
        assert_true(boot(&machine));
        machine.facts.history.boot_number++; /* the next boot's view */
        assert_int_equal(xen_unplug_decide(&machine.facts).disks, XEN_UNPLUG_DONE);
        machine.facts.history.boot_number--;
    }
}

static void a_failed_boot_is_followed_by_one_that_comes_up(void **state)
{
    struct machine machine = new_machine(false);
    int failed = 0;
    bool last = true;

    for (int i = 0; i < 30; i++) {
        bool up = boot(&machine);
        assert_true(up || last);
        failed += !up;
        last = up;
    }
    assert_int_equal(failed, XEN_UNPLUG_FAILURES_MAX); /* then it is left at that */
    assert_int_equal(machine.facts.history.failures, XEN_UNPLUG_FAILURES_MAX);
    machine.facts.history.failures = 0; /* the user mended it and asks again */
    machine.pv_works = true;
    assert_true(boot(&machine) && boot(&machine));
    assert_int_equal(machine.facts.history.failures, 0);
}

static void a_boot_that_the_user_broke_off_costs_one_slow_boot(void **state)
{
    struct machine machine = new_machine(true);

    assert_true(boot(&machine) && boot(&machine));
    machine.facts.history.boot_number++; /* switched off in the boot loader */
    assert_true(boot(&machine));
    assert_int_equal(machine.facts.history.failures, 1);
    assert_true(boot(&machine));
    assert_int_equal(machine.facts.history.failures, 0);
}

static void numbers_of_disks(void **state)
{
    assert_int_equal(xen_disk_index(51712), 0); /* xvda */
    assert_int_equal(xen_disk_index(51728), 1);
    assert_int_equal(xen_disk_index(51713), 0); /* xvda1 */
    assert_int_equal(xen_disk_index(768), 0);   /* hda */
    assert_int_equal(xen_disk_index(832), 1);
    assert_int_equal(xen_disk_index(5632), 2);
    assert_int_equal(xen_disk_index(5696), 3);
    assert_int_equal(xen_disk_index(2048), 0); /* sda */
    assert_int_equal(xen_disk_index(1 << 28 | 17 << 8), 17);
    assert_int_equal(xen_disk_index(1 << 29), -1);
    assert_int_equal(xen_disk_index(0), -1);
    assert_true(xen_disk_may_be_emulated(51712));
    assert_true(xen_disk_may_be_emulated(5696));
    assert_true(xen_disk_may_be_emulated(2048 + 16 * 15));
    assert_true(xen_disk_may_be_emulated(7)); /* in doubt */
    assert_false(xen_disk_may_be_emulated(51712 + 16 * 8));
    assert_false(xen_disk_may_be_emulated(1 << 28 | 17 << 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_table_keeps_every_rule),
        cmocka_unit_test(the_user_is_told_the_reason_that_he_can_change),
        cmocka_unit_test(a_good_machine_unplugs_from_its_second_boot_on),
        cmocka_unit_test(a_failed_boot_is_followed_by_one_that_comes_up),
        cmocka_unit_test(a_boot_that_the_user_broke_off_costs_one_slow_boot),
        cmocka_unit_test(numbers_of_disks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
