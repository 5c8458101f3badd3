/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a test of the NT bench is written. A test file has any number of cases:
 *
 *     NT_TEST(watch_fires_after_resume, .cpus = 2, .seeds = 50, .faults = true)
 *     {
 *         ...                        // a system thread of a fresh machine, at PASSIVE_LEVEL
 *         CHECK(status == STATUS_SUCCESS);
 *     }
 *
 * Each run (case x seed) is a fresh machine in a process of its own. `FILE_test` runs every case;
 * `FILE_test CASE` one; `--seed=N` replays the seed that a failure printed; `--seeds=N` and
 * `--cpus=N` override; `--faults` adds fault injection to every case, `--fault=N` replays one;
 * `--fuzz=SECONDS` looks for inputs (test_input) that break a
 * case and `--input=FILE` replays one; `--count=N` runs one case as a benchmark, `--verbose` shows
 * the log of passing runs; `--rules` lists the model's rules. When a case ends, all that the driver
 * acquired must be gone (pool, threads, locks, timers, ...).
 */
#ifndef NT_HARNESS_H
#define NT_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/windows.h"

struct nt_test {
    const char *name;
    void (*run)(void);
    unsigned cpus;      /* 0: 1 to 4, by the seed */
    unsigned seeds;     /* 0: 1 */
    bool faults;        /* then: every fault once, until a run meets no new one (model/fault.h) */
    const char *breaks; /* identifier of the rule that must be reported, NULL: none */
    enum windows_version windows; /* 0: by the seed */
    unsigned ram_mib;             /* 0: 64 */
    /* Machine set-up before the first thread runs, e.g. a simxen guest (host context); may be NULL.
       Its opposite runs after the leak checks. */
    void (*set_up)(void);
    void (*tear_down)(void);
};

#define NT_TEST(case_name, ...)                                                                    \
    static void case_name(void);                                                                   \
    static const struct nt_test nt_test_##case_name = {                                            \
        .name = #case_name, .run = case_name, ##__VA_ARGS__};                                      \
    static const struct nt_test *const nt_test_list_##case_name                                    \
        __attribute__((used, section("nt_tests"))) = &nt_test_##case_name;                         \
    static void case_name(void)

/* A case in which a bad driver must be caught: passes if the run ends with this rule. */
#define NT_TEST_BREAKS(case_name, rule_id, ...)                                                    \
    NT_TEST(case_name, .breaks = #rule_id, ##__VA_ARGS__)

#define CHECK(condition) ((condition) ? (void)0 : test_failed(__FILE__, __LINE__, #condition))
#define CHECK_EQ(left, right)                                                                      \
    test_check_equal((uint64_t)(left), (uint64_t)(right), __FILE__, __LINE__, #left " == " #right)

void test_failed(const char *file, int line, const char *what) __attribute__((noreturn));
void test_check_equal(uint64_t left, uint64_t right, const char *file, int line, const char *what);

/* A benchmark's number of operations (--count=N), else `otherwise`. */
unsigned test_count(unsigned otherwise);

/* Bytes that a fuzzed case is driven by: the fuzzer's input (--fuzz=SECONDS, --input=FILE), else
   random by the seed. 0 when there are no more; test_input_left() says so. */
unsigned char test_input_byte(void);
void test_input(void *bytes, unsigned count);
bool test_input_left(void);

/* Lets the machine run until condition(context) holds; time jumps when nothing else can happen.
   Fails the test when neither work nor a timer is left, or after limit_ms of virtual time. */
void test_run_until(bool (*condition)(void *context), void *context, unsigned limit_ms);

#endif
