/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves core/privatedisk/profiles.h: every state with every persistence. New profiles are on the
 * private disk in a template-based qube alone and never without the disk (#10441: a clone that
 * keeps its system disk has everything where Windows has it).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/privatedisk/profiles.h"

static void every_state(void **state)
{
    static const struct {
        const char *persistence;
        bool mounted, on_disk;
        enum profiles_step step;
    } rows[] = {
        {"rw-only", false, false, PROFILES_LEAVE},  {"rw-only", false, true, PROFILES_BACK},
        {"rw-only", true, false, PROFILES_TO_DISK}, {"rw-only", true, true, PROFILES_LEAVE},
        {"full", false, false, PROFILES_LEAVE},     {"full", false, true, PROFILES_BACK},
        {"full", true, false, PROFILES_LEAVE},      {"full", true, true, PROFILES_BACK},
        {"none", false, false, PROFILES_LEAVE},     {"none", false, true, PROFILES_BACK},
        {"none", true, false, PROFILES_LEAVE},      {"none", true, true, PROFILES_BACK},
        {"", false, false, PROFILES_LEAVE},         {"", false, true, PROFILES_BACK},
        {"", true, false, PROFILES_LEAVE},          {"", true, true, PROFILES_LEAVE},
        {"rw-only ", true, false, PROFILES_LEAVE},  {"RW-ONLY", true, false, PROFILES_LEAVE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct profiles_state now = {rows[i].mounted, rows[i].on_disk};

        assert_int_equal(profiles_next(rows[i].persistence, &now), rows[i].step);
    }
}

/* What a step makes of the state needs no other: it does not go to and fro. */
static void one_step_is_enough(void **state)
{
    static const char *const values[] = {"rw-only", "full", "none", ""};

    for (int i = 0; i < 16; i++) {
        struct profiles_state now = {i & 1, i & 2};
        const char *const value = values[i >> 2];
        const enum profiles_step step = profiles_next(value, &now);

        if (step != PROFILES_LEAVE)
            now.on_disk = step == PROFILES_TO_DISK;
        assert_int_equal(profiles_next(value, &now), PROFILES_LEAVE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state),
        cmocka_unit_test(one_step_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
