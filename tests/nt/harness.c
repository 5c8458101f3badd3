/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of one case: the machine's life from power-on to the checks at its end. */
#include "harness_run.h"
#include "model/fault.h"
#include "model/io.h"
#include "model/machine.h"
#include "model/pages.h"

RULE(check, "What a test CHECKs holds", "tests/nt/harness.h");
RULE(no_end, "What a test waits for happens", "tests/nt/harness.h");

enum { RAM_MIB = 64 };

static const struct run *current_run;

const struct run *run_current(void)
{
    return current_run;
}

extern const struct nt_test *const __start_nt_tests[], *const __stop_nt_tests[];

const struct nt_test *const *run_tests(size_t *count)
{
    *count = (size_t)(__stop_nt_tests - __start_nt_tests);
    return __start_nt_tests;
}

void test_failed(const char *file, int line, const char *what)
{
    rule_broken(&check, "%s:%d: %s", file, line, what);
}

void test_check_equal(uint64_t left, uint64_t right, const char *file, int line, const char *what)
{
    if (left != right)
        rule_broken(&check, "%s:%d: %s: 0x%llx, 0x%llx", file, line, what, (unsigned long long)left,
                    (unsigned long long)right);
}

static unsigned input_taken;

bool test_input_left(void)
{
    return input_taken < (current_run->input ? current_run->input_bytes : RUN_INPUT_RANDOM);
}

unsigned char test_input_byte(void)
{
    if (!test_input_left())
        return 0;
    input_taken++;
    if (!current_run->input)
        return (unsigned char)sched_random(256);
    return current_run->input[input_taken - 1];
}

void test_input(void *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ((unsigned char *)bytes)[i] = test_input_byte();
}

unsigned test_count(unsigned otherwise)
{
    return current_run->count ? current_run->count : otherwise;
}

void test_run_until(bool (*condition)(void *context), void *context, unsigned limit_ms)
{
    uint64_t end = sched_time() + (uint64_t)limit_ms * 10000;

    for (;;) {
        sched_settle();
        if (condition(context))
            return;
        if (sched_time() >= end)
            rule_broken(&no_end, "not within %u ms", limit_ms);
        if (!sched_advance() && !condition(context))
            rule_broken(&no_end, "and no timer is left that could change it");
    }
}

/* The driver is gone: whatever it owned must be. The order is from causes to effects. */
static void check_end(void)
{
    struct end_check *check;

    spinlock_check_end();
    timer_check_end();
    work_check_end();
    lookaside_check_end();
    resource_check_end();
    thread_check_end();
    for (check = end_checks; check; check = check->next)
        check->run();
    pool_check_end();
}

struct end_check *end_checks;

void machine_at_end(struct end_check *check)
{
    check->next = end_checks;
    end_checks = check;
}

static void case_thread(PVOID context)
{
    const struct run *run = context;

    run->test->run();
    if (irql_now() != PASSIVE_LEVEL)
        rule_broken(&check, "the case ends at IRQL %u", irql_now());
    dpc_check_end();
    /* Threads that were told to end need a moment for their last instructions. */
    sched_settle();
    check_end();
    if (run->test->tear_down)
        run->test->tear_down();
    run->result->points = machine.points;
    run->result->finished = true;
    host_exit(0);
}

static size_t ram_bytes(const struct nt_test *test)
{
    return (size_t)(test->ram_mib ? test->ram_mib : RAM_MIB) << 20;
}

void run_prepare(const struct nt_test *test)
{
    if (!test->set_up)
        pages_prepare(ram_bytes(test));
}

void rule_on_fault(const void *address, bool is_write);

void run_machine(const struct run *run)
{
    struct sched_config config = {.seed = run->seed, .cpus = run->cpus};

    current_run = run;
    host_on_fault(rule_on_fault);
    sched_start(&config);
    windows_set(run->test->windows);
    pool_start();
    if (run->test->set_up)
        run->test->set_up();
    if (!pages_ready()) {
        size_t bytes = ram_bytes(run->test);

        pages_init(pages_prepare(bytes), 0x100, bytes / PAGES_SIZE);
    }
    work_start();
    io_start();
    thread_create("test", case_thread, (PVOID)(ULONG_PTR)run, NULL)->of_model = true;
    host_context_switch(machine.cpu[0].idle->context);
    __builtin_unreachable();
}
