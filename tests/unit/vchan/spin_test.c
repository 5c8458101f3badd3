/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a wait begins with a spin: never with one CPU, on while it pays, off after spins in vain,
 * back after a rest and a short sleep, and more rarely each time that a trial fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/vchan/vchan_spin.h"

enum { SPIN = VCHAN_SPIN_NS };

static void one_cpu_never_spins(void **state)
{
    struct vchan_spin spin;

    vchan_spin_init(&spin, false);
    for (uint64_t now = 0; now < 10000000; now += 1000) {
        assert_int_equal(vchan_spin_budget_ns(&spin), 0);
        vchan_spin_slept(&spin, now, now + 1);
    }
}

static void spins_in_vain_stop_it(void **state)
{
    struct vchan_spin spin;
    uint64_t now = 1000;

    vchan_spin_init(&spin, true);
    for (int i = 0; i < 100; i++, now += 1000) {
        assert_int_equal(vchan_spin_budget_ns(&spin), SPIN);
        vchan_spin_ended(&spin, true, now, now + 500);
    }
    vchan_spin_ended(&spin, false, now, now + SPIN);
    assert_int_equal(vchan_spin_budget_ns(&spin), SPIN);
    vchan_spin_ended(&spin, false, now, now + SPIN);
    assert_int_equal(vchan_spin_budget_ns(&spin), 0);
    /* Long sleeps are no reason to try again. */
    for (int i = 0; i < 10000; i++, now += 1000000)
        vchan_spin_slept(&spin, now, now + VCHAN_SHORT_SLEEP_NS + 1);
    assert_int_equal(vchan_spin_budget_ns(&spin), 0);
}

static void a_yield_that_lost_the_cpu_ends_yielding(void **state)
{
    struct vchan_spin spin;

    vchan_spin_init(&spin, true);
    vchan_spin_ended(&spin, true, 0, 1000);
    assert_true(spin.yields);
    vchan_spin_ended(&spin, true, 0, 3000000);
    assert_false(spin.yields);
    assert_int_equal(vchan_spin_budget_ns(&spin), SPIN);
    vchan_spin_ended(&spin, true, 0, 1000);
    assert_false(spin.yields);
    /* The peer may share the CPU after all. */
    vchan_spin_ended(&spin, false, 0, SPIN);
    assert_true(spin.yields);
}

/* Short sleeps from now on; the time until the next trial. */
static uint64_t rest(struct vchan_spin *spin, uint64_t now)
{
    uint64_t start = now;

    for (; !vchan_spin_budget_ns(spin); now += 1000)
        vchan_spin_slept(spin, now, now + 1000);
    return now - start;
}

static void failed_trials_get_rare(void **state)
{
    struct vchan_spin spin;
    uint64_t now = 0, expected = (uint64_t)SPIN * VCHAN_SPIN_REST, rested = 0;

    vchan_spin_init(&spin, true);
    for (int i = 0; i < VCHAN_SPIN_DOUBLINGS + 3; i++) {
        vchan_spin_ended(&spin, false, now, now + SPIN);
        now += SPIN;
        rested = rest(&spin, now);
        now += rested;
        assert_in_range(rested, expected - 2000, expected + 2000);
        if (i < VCHAN_SPIN_DOUBLINGS)
            expected *= 2;
    }
    /* One that pays brings the short rests back. */
    vchan_spin_ended(&spin, true, now, now + 100);
    vchan_spin_ended(&spin, false, now, now + SPIN);
    vchan_spin_ended(&spin, false, now, now + SPIN);
    assert_true(rest(&spin, now + SPIN) < rested / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cpu_never_spins),
        cmocka_unit_test(spins_in_vain_stop_it),
        cmocka_unit_test(a_yield_that_lost_the_cpu_ends_yielding),
        cmocka_unit_test(failed_trials_get_rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
