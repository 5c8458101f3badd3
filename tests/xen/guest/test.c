/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock.h"
#include "cpu.h"
#include "pci.h"
#include "print.h"
#include "smp.h"
#include <string.h>
#include "main.h"
#include "test.h"
#include "xen.h"

extern const struct test *const tests_start[], *const tests_end[];

enum verdict { PASSED, FAILED, SKIPPED };

static void *way_out[5]; /* __builtin_longjmp's */
static volatile enum verdict verdict;

static void leave(void)
{
    interrupts_off();
    __builtin_longjmp(way_out, 1);
}

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    print("  %s:%d: ", file, line);
    va_start(arguments, format);
    print_list(format, arguments);
    va_end(arguments);
    print("\n");
    verdict = FAILED;
    leave();
    __builtin_unreachable();
}

void test_skip(const char *why)
{
    print("  %s\n", why);
    verdict = SKIPPED;
    leave();
    __builtin_unreachable();
}

bool test_machine_is_hvm(void)
{
    return pci_find(PCI_XEN_VENDOR, PCI_XEN_PLATFORM) >= 0;
}

static const char *lacks(const struct test *test)
{
    if (test->needs & TEST_HVM && !test_machine_is_hvm())
        return "the machine has no device model";
    if (test->needs & TEST_CPUS && smp_count() < 2)
        return "the machine has one CPU";
    return NULL;
}

static __attribute__((noinline)) void run_guarded(const struct test *test)
{
    if (__builtin_setjmp(way_out))
        return;
    test->run();
}

static enum verdict run_one(const struct test *test)
{
    static const char *const words[] = {"passed", "FAILED", "skipped"};
    const char *lack = lacks(test);
    uint64_t start = clock_ns();

    verdict = lack ? SKIPPED : PASSED;
    if (!lack)
        run_guarded(test);
    print("%s %s: %lu ms%s%s\n", words[verdict], test->name, (clock_ns() - start) / 1000000,
          lack ? ", " : "", lack ? lack : "");
    return verdict;
}

static bool named(const struct test *test, const char *names)
{
    size_t length = strlen(test->name);

    for (const char *at = names; (at = strstr(at, test->name)); at += length)
        if ((at == names || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

/* Words that name no test would go unnoticed. */
static unsigned strangers(const char *names)
{
    unsigned words = 0, known = 0;

    for (const char *at = names; *at; at++)
        words += *at != ' ' && (at == names || at[-1] == ' ');
    for (const struct test *const *row = tests_start; row < tests_end; row++)
        known += named(*row, names);
    return words - known;
}

void guest_clock(void)
{
    xen_map_shared_info();
}

void guest_run(const char *names)
{
    unsigned counts[3] = {0};

    if (strangers(names)) {
        print("FAILED: there is a name that no test has in: %s\n", names);
        counts[FAILED] += strangers(names);
    }
    for (const struct test *const *row = tests_start; row < tests_end; row++)
        if (*names ? named(*row, names) : !((*row)->needs & TEST_PARTNER))
            counts[run_one(*row)]++;
    if (counts[SKIPPED])
        print("%u skipped\n", counts[SKIPPED]);
    print("%u passed, %u failed\n", counts[PASSED], counts[FAILED]);
}
