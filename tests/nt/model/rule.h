/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a broken rule is reported. A rule stands next to the model's function that checks it, and
 * names the page of the public documentation that it comes from, so that the model cannot drift
 * towards the driver:
 *
 *     RULE(spinlock_recursive, "A spin lock is not taken twice by one processor",
 *          "Introduction to Spin Locks");
 *     ...
 *     if (lock->owner == cpu)
 *         rule_broken(&spinlock_recursive, "lock %p", lock);
 *
 * The report has the rule, its source, the IRQL, CPU and thread, and the stack. Then the run ends
 * as failed. A test may expect it: NT_TEST_BREAKS (harness.h) names the rule's identifier.
 */
#ifndef NT_MODEL_RULE_H
#define NT_MODEL_RULE_H

#include <stdbool.h>

struct rule {
    const char *id;     /* a C identifier, for tests and to search for */
    const char *says;   /* the rule in one sentence */
    const char *source; /* title of the documentation's page */
};

#define RULE(identifier, sentence, title)                                                          \
    static const struct rule identifier = {#identifier, sentence, title};                          \
    static const struct rule *const rule_list_##identifier                                         \
        __attribute__((used, section("nt_rules"))) = &identifier

/* format: %s %d %u %x %lu %lx %p and what else print.h knows. */
void rule_broken(const struct rule *rule, const char *format, ...) __attribute__((noreturn));

/* What each model function does first:
 *
 *     MODEL_CALL(KeSetEvent, PASSIVE_LEVEL, DISPATCH_LEVEL, "KeSetEvent function (wdm.h)");
 *
 * checks the IRQL (the rule `irql`) and is a point at which other CPUs, interrupts and DPCs may
 * run. MODEL_CHECK is the same without letting anything else run. */
struct model_function {
    const char *name;
    unsigned char lowest, highest; /* IRQL */
    const char *source;
};

#define MODEL_CHECK(function, lowest, highest, title)                                              \
    static const struct model_function model_function_ = {#function, lowest, highest, title};      \
    model_check(&model_function_)
#define MODEL_CALL(function, lowest, highest, title)                                               \
    MODEL_CHECK(function, lowest, highest, title);                                                 \
    BenchSchedulePoint()

void model_check(const struct model_function *function);

/* Text to the run's log: shown when the run fails, or with --verbose. */
void model_log(const char *format, ...);

#endif
