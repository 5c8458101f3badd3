/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a wait begins with a spin: never with one CPU, on while it pays, off after spins in vain,
 * back after short sleeps, and more rarely each time that a trial fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/vchan/vchan_spin.h"

static void one_cpu_never_spins(void **state)
{
    struct vchan_spin spin;

    vchan_spin_init(&spin, false);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(vchan_spin_budget_ns(&spin), 0);
        vchan_spin_slept(&spin, 1);
    }
}

static void spins_in_vain_stop_it(void **state)
{
    struct vchan_spin spin;

    vchan_spin_init(&spin, true);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(vchan_spin_budget_ns(&spin), VCHAN_SPIN_NS);
        vchan_spin_paid(&spin);
    }
    vchan_spin_in_vain(&spin);
    assert_int_equal(vchan_spin_budget_ns(&spin), VCHAN_SPIN_NS);
    vchan_spin_in_vain(&spin);
    assert_int_equal(vchan_spin_budget_ns(&spin), 0);
    /* Long sleeps are no reason to try again. */
    for (int i = 0; i < 10000; i++)
        vchan_spin_slept(&spin, VCHAN_SPIN_NS + 1);
    assert_int_equal(vchan_spin_budget_ns(&spin), 0);
}

static int sleeps_until_trial(struct vchan_spin *spin)
{
    int sleeps = 0;

    while (!vchan_spin_budget_ns(spin)) {
        vchan_spin_slept(spin, 1000);
        sleeps++;
    }
    return sleeps;
}

static void failed_trials_get_rare(void **state)
{
    struct vchan_spin spin;
    int before = 0, sleeps = 0;

    vchan_spin_init(&spin, true);
    for (int i = 0; i < 8; i++) {
        vchan_spin_in_vain(&spin);
        sleeps = sleeps_until_trial(&spin);
        assert_true(sleeps > before);
        before = sleeps;
    }
    for (int i = 0; i < 20; i++) {
        vchan_spin_in_vain(&spin);
        sleeps = sleeps_until_trial(&spin);
    }
    assert_int_equal(sleeps, VCHAN_SPIN_LAST_TRIAL);
    /* One that pays brings the short intervals back. */
    vchan_spin_paid(&spin);
    vchan_spin_in_vain(&spin);
    vchan_spin_in_vain(&spin);
    assert_true(sleeps_until_trial(&spin) <= 2 * VCHAN_SPIN_FIRST_TRIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cpu_never_spins),
        cmocka_unit_test(spins_in_vain_stop_it),
        cmocka_unit_test(failed_trials_get_rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
