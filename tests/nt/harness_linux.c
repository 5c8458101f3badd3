/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main() of a test of the NT bench on Linux: each run is a process of its own, so that a run that
 * dies takes nothing with it and addresses are the same in all runs of a series (a fault's call
 * stack is recognised by them). The output of a run is shown when it fails.
 */
#include "harness_run.h"
#include "harness_fuzz.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUN_LIMIT_S = 60 }; /* real time; only a driver that loops without a model call reaches it */

struct options {
    const char *only;
    uint64_t seed;
    bool one_seed;
    unsigned seeds;
    unsigned cpus;
    bool faults;
    int fault; /* replay: the number of the fault, from 1; 0: none */
    bool verbose;
    unsigned count; /* benchmark: how often, in this process, with one CPU */
    unsigned fuzz_s;
    const char *input;
};

static const char *program;
static unsigned runs;

static void show(int log)
{
    char buffer[4096];
    ssize_t got;
    off_t at = 0;

    while ((got = pread(log, buffer, sizeof(buffer), at)) > 0) {
        fwrite(buffer, 1, (size_t)got, stdout);
        at += got;
    }
    fflush(stdout);
}

static void too_long(int sig)
{
    static const char text[] = "The run does not end (real time): is this a loop without a call?\n";

    (void)sig;
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(3);
    abort();
}

/* One run in a child; true if it ended as its case wants. The log stays in *log. */
static bool run_once(const struct run *run, int *log)
{
    struct run_result *result = run->result;
    int status;
    pid_t child;

    runs++;
    result->broken[0] = 0;
    result->finished = false;
    result->fault_injected = false;
    *log = memfd_create("run", MFD_CLOEXEC);
    fflush(stdout);
    child = fork();
    if (child < 0) {
        perror("fork");
        exit(2);
    }
    if (child == 0) {
        dup2(*log, STDERR_FILENO);
        signal(SIGALRM, too_long);
        alarm(RUN_LIMIT_S);
        run_machine(run);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (run->test->breaks)
        return strcmp(run->test->breaks, result->broken) == 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && result->finished;
}

static bool report(const struct options *options, const struct run *run, int log, bool passed)
{
    if (!passed || options->verbose) {
        show(log);
        if (!passed) {
            printf("FAILED: %s", run->test->name);
            if (run->test->breaks)
                printf(" (the rule %s was expected, got %s)", run->test->breaks,
                       run->result->broken[0] ? run->result->broken : "none");
            printf("\nreplay: %s %s --seed=%llu --cpus=%u", program, run->test->name,
                   (unsigned long long)run->seed, run->cpus);
            if (run->faults)
                printf(" --fault=%u", run->result->faults);
            printf("\n");
        }
    }
    close(log);
    return passed;
}

/* All runs of a series with faults: until no new one was injected. */
static bool run_faults(const struct options *options, struct run *run)
{
    bool passed = true;
    int log;

    run->faults = true;
    run->result->faults = 0;
    do {
        passed = run_once(run, &log);
        if (options->fault && (int)run->result->faults == options->fault)
            return report(options, run, log, passed);
        if (options->fault && run->result->fault_injected) {
            close(log); /* the earlier faults of a replay only fill the table */
            passed = true;
            continue;
        }
        passed = report(options, run, log, passed);
    } while (passed && run->result->fault_injected && run->result->faults < RUN_FAULTS_MAX);
    run->faults = false;
    return passed;
}

static uint64_t seed_number(const struct options *options, unsigned number)
{
    /* Consecutive seeds; the scheduler mixes them. */
    return options->seed + number;
}

/* A benchmark is measured from outside (callgrind): no child, nothing around it. */
static void __attribute__((noreturn))
run_counted(const struct options *options, const struct nt_test *test, struct run_result *result)
{
    struct run run = {.test = test,
                      .seed = options->seed,
                      .cpus = test->cpus ? test->cpus : 1,
                      .count = options->count,
                      .result = result};

    run_machine(&run);
}

static bool run_case(const struct options *options, const struct nt_test *test,
                     struct run_result *result)
{
    unsigned seeds = options->one_seed ? 1 : options->seeds ? options->seeds : test->seeds;
    struct run run = {.test = test, .result = result, .verbose = options->verbose};
    bool faults = (options->faults || options->fault || test->faults) && !test->breaks;
    unsigned before = runs;
    int log;

    for (unsigned i = 0; i < (seeds ? seeds : 1); i++) {
        run.seed = seed_number(options, i);
        run.cpus = options->cpus ? options->cpus
                   : test->cpus  ? test->cpus
                                 : 1 + (unsigned)(run.seed % 4);
        if (!options->fault) {
            bool passed = run_once(&run, &log);

            if (!report(options, &run, log, passed))
                return false;
        }
        /* Every seed has its own stacks; two seeds' faults are enough for a habit, one for CI. */
        if (faults && (i == 0 || options->faults) && !run_faults(options, &run))
            return false;
    }
    printf("ok: %s (%u runs%s)\n", test->name, runs - before, faults ? ", with faults" : "");
    return true;
}

/* --- Fuzzing --- */

static struct run input_run(const struct options *options, const struct nt_test *test,
                            struct run_result *result, const struct fuzz_input *input)
{
    return (struct run){.test = test,
                        .result = result,
                        .verbose = options->verbose,
                        .seed = input->count ? 1u + input->bytes[0] : 1,
                        .cpus = test->cpus ? test->cpus : 2,
                        .input = input->bytes,
                        .input_bytes = input->count};
}

static bool run_input(const struct options *options, const struct nt_test *test,
                      struct run_result *result)
{
    static struct fuzz_input input;
    struct run run;
    int log;
    bool passed;

    if (!fuzz_load(options->input, &input)) {
        perror(options->input);
        return false;
    }
    run = input_run(options, test, result, &input);
    passed = run_once(&run, &log);
    show(log);
    close(log);
    return passed;
}

static bool run_fuzz(const struct options *options, const struct nt_test *test,
                     struct run_result *result)
{
    static struct fuzz_input input;
    unsigned before = runs;
    int log;

    fuzz_start(options->seed, options->fuzz_s);
    while (fuzz_next(&input)) {
        struct run run = input_run(options, test, result, &input);

        if (!run_once(&run, &log)) {
            char path[256];

            show(log);
            snprintf(path, sizeof(path), "%s.%s.input", program, test->name);
            fuzz_save(path, &input);
            printf("FAILED: %s, with an input of the fuzzer\nreplay: %s %s --input=%s\n",
                   test->name, program, test->name, path);
            return false;
        }
        close(log);
        fuzz_ran(&input);
    }
    printf("ok: %s (%u inputs, %u of them kept for new paths)\n", test->name, runs - before,
           fuzz_kept());
    return true;
}

static bool parse(struct options *options, int argc, char **argv)
{
    const char *seed = getenv("NT_SEED");
    const char *seeds = getenv("NT_SEEDS");

    options->seed = 1;
    if (seed) {
        options->seed = strtoull(seed, NULL, 0);
        options->one_seed = true;
    }
    if (seeds)
        options->seeds = (unsigned)strtoul(seeds, NULL, 0);
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];

        if (strncmp(arg, "--seed=", 7) == 0) {
            options->seed = strtoull(arg + 7, NULL, 0);
            options->one_seed = true;
        } else if (strncmp(arg, "--seeds=", 8) == 0) {
            options->seeds = (unsigned)strtoul(arg + 8, NULL, 0);
        } else if (strncmp(arg, "--cpus=", 7) == 0) {
            options->cpus = (unsigned)strtoul(arg + 7, NULL, 0);
        } else if (strcmp(arg, "--faults") == 0) {
            options->faults = true;
        } else if (strncmp(arg, "--fault=", 8) == 0) {
            options->fault = atoi(arg + 8);
        } else if (strncmp(arg, "--count=", 8) == 0) {
            options->count = (unsigned)strtoul(arg + 8, NULL, 0);
        } else if (strncmp(arg, "--fuzz=", 7) == 0) {
            options->fuzz_s = (unsigned)strtoul(arg + 7, NULL, 0);
        } else if (strncmp(arg, "--input=", 8) == 0) {
            options->input = arg + 8;
        } else if (strcmp(arg, "--verbose") == 0) {
            options->verbose = true;
        } else if (strcmp(arg, "--rules") == 0) {
            run_print_rules();
            exit(0);
        } else if (arg[0] == '-') {
            fprintf(stderr,
                    "usage: %s [CASE] [--seed=N] [--seeds=N] [--cpus=N] [--faults] [--fault=N] "
                    "[--fuzz=SECONDS] [--input=FILE] [--count=N] [--verbose] [--rules]\n",
                    program);
            return false;
        } else {
            options->only = arg;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct run_result *result =
        mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    size_t count;
    const struct nt_test *const *tests = run_tests(&count);
    unsigned ran = 0, failed = 0;

    program = argv[0];
    if (result == MAP_FAILED || !parse(&options, argc, argv))
        return 2;
    for (size_t i = 0; i < count; i++) {
        if (options.only && strcmp(options.only, tests[i]->name) != 0)
            continue;
        ran++;
        run_prepare(tests[i]);
        if (options.count)
            run_counted(&options, tests[i], result);
        failed += options.fuzz_s  ? !run_fuzz(&options, tests[i], result)
                  : options.input ? !run_input(&options, tests[i], result)
                                  : !run_case(&options, tests[i], result);
    }
    if (!ran)
        fprintf(stderr, "%s: no case %s\n", program, options.only ? options.only : "at all");
    printf("%u of %u cases passed, %u runs\n", ran - failed, ran, runs);
    return failed || !ran;
}
