/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the harness's portable half (harness.c: the machine's life in one run) and the host's
 * half (harness_linux.c: command line, a process for each run, the loop over seeds and faults).
 */
#ifndef NT_HARNESS_RUN_H
#define NT_HARNESS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness.h"

enum { RUN_FAULTS_MAX = 8192, RUN_INPUT_MAX = 4096, RUN_INPUT_RANDOM = 512 };

/* What a run reports, in memory that outlives it. */
struct run_result {
    char broken[64]; /* the rule's identifier; "" none */
    bool finished;   /* to the end, all checks passed */
    /* Fault injection: hashes of the stacks that failed already in this series of runs. */
    uint64_t fault_stacks[RUN_FAULTS_MAX];
    unsigned faults;
    bool fault_injected; /* in this run */
    char fault_what[32];
    uint64_t points; /* scheduling points passed, to see how much a run does */
};

struct run {
    const struct nt_test *test;
    uint64_t seed;
    unsigned cpus;
    bool faults; /* inject the next new one */
    bool verbose;
    unsigned count;             /* of a benchmark's operations, 0: the case's own choice */
    const unsigned char *input; /* NULL: random bytes */
    unsigned input_bytes;
    struct run_result *result;
};

/* Runs one case on a fresh machine and ends with host_exit(). */
void run_machine(const struct run *run) __attribute__((noreturn));
/* What can be done once for many runs of a case, before each becomes a process. */
void run_prepare(const struct nt_test *test);
const struct nt_test *const *run_tests(size_t *count);
void run_print_rules(void);

/* For rule.c and fault.c: the run that goes on, NULL before it. */
const struct run *run_current(void);

#endif
