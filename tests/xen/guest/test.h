/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test is one file in tests/ with one TEST(name) in it. The first comment says what it proves. A
 * CHECK that fails ends the test there; what it took is not given back, so a test is only sure of
 * itself when it runs alone (the guest's command line names it).
 */
#ifndef GUEST_TEST_H
#define GUEST_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "print.h"

enum test_needs {
    TEST_ALONE = 0,   /* nothing but Xen and xenstored */
    TEST_HVM = 1,     /* a device model: PCI, IO-APIC */
    TEST_CPUS = 2,    /* two vCPUs */
    TEST_NAMED = 4,   /* only when named */
    TEST_PARTNER = 4, /* the same: it needs a partner in dom0 (partner.h) */
};

struct test {
    const char *name;
    unsigned needs;
    void (*run)(void);
};

#define TEST(test_name, test_needs)                                                                \
    static void test_name(void);                                                                   \
    static const struct test test_##test_name = {#test_name, test_needs, test_name};               \
    static const struct test *const test_row_##test_name                                           \
        __attribute__((used, section(".tests." #test_name))) = &test_##test_name;                  \
    static void test_name(void)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            test_fail(__FILE__, __LINE__, "%s", #condition);                                       \
    } while (0)

/* Both as signed 64-bit numbers. */
#define CHECK_EQUAL(got, wanted)                                                                   \
    do {                                                                                           \
        int64_t got_ = (int64_t)(got), wanted_ = (int64_t)(wanted);                                \
        if (got_ != wanted_)                                                                       \
            test_fail(__FILE__, __LINE__, "%s is %ld, not %ld (%s)", #got, got_, wanted_,          \
                      #wanted);                                                                    \
    } while (0)

void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));
/* Ends the test without a verdict: the machine lacks something. */
void test_skip(const char *why) __attribute__((noreturn));

bool test_machine_is_hvm(void);

#endif
