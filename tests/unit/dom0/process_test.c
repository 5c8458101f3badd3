/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes are found by their mark and ended, with all their descendants, also those whose parent
 * is gone; nobody else is touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/dom0/process.h"

static char value[64]; /* this run's mark */

static char **marked(const char *guest)
{
    char **environment = environment_copy(environ);
    assert_non_null(environment);
    assert_true(environment_set(&environment, "CASEMENT_INSTANCE", value));
    assert_true(environment_set(&environment, "CASEMENT_GUEST", guest));
    return environment;
}

/* Runs a shell line that says one line when it is set up; returns its pid then. */
static pid_t start(char **environment, const char *line)
{
    int out[2];
    char byte = 0;
    assert_int_equal(pipe(out), 0);
    char *argv[] = {"/bin/sh", "-c", (char *)line, NULL};
    struct process_spec spec = {.argv = argv, .environment = environment, .stdout_fd = out[1]};
    pid_t pid = process_start(&spec, NULL);
    assert_true(pid > 0);
    close(out[1]);
    assert_int_equal(read(out[0], &byte, 1), 1);
    close(out[0]);
    return pid;
}

static void a_tree_is_ended(void **state)
{
    char **environment = marked("win");
    struct process_mark marks[] = {{"CASEMENT_INSTANCE", value}, {"CASEMENT_GUEST", "win"}};
    /* A child, and an orphan in a session of its own. */
    start(environment, "sleep 1000 & setsid sh -c 'sleep 1000 & echo; wait' & wait");
    assert_true(process_signal_marked(marks, 2, 0) >= 4);
    assert_int_equal(process_end_marked(marks, 2, 10000), 0);
    assert_int_equal(process_signal_marked(marks, 2, 0), 0);
    environment_free(environment);
}

static void others_are_left_alone(void **state)
{
    char **environment = marked("work");
    pid_t other = start(environment, "echo; exec sleep 1000");
    struct process_mark marks[] = {{"CASEMENT_INSTANCE", value}, {"CASEMENT_GUEST", "win"}};
    assert_int_equal(process_signal_marked(marks, 2, SIGKILL), 0);
    struct process_mark prefix[] = {{"CASEMENT_INSTANCE", "/"}};
    assert_int_equal(process_signal_marked(prefix, 1, SIGKILL), 0);
    assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
    assert_int_equal(process_await_marked(&marks[0], 1, 0), -ETIME);
    assert_int_equal(process_end_marked(&marks[0], 1, 10000), 0);
    environment_free(environment);
}

static void a_caller_never_ends_itself(void **state)
{
    struct process_mark mark = {"CASEMENT_TEST_SELF", value};
    pid_t pid = fork();
    if (pid == 0) {
        setenv(mark.name, value, 1);
        execl("/proc/self/exe", "process_test", "self", value, (char *)NULL);
        _exit(99);
    }
    assert_int_equal(process_wait(pid), 0);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
    char *argv[] = {"/no/such/program", NULL};
    struct process_spec spec = {.argv = argv, .environment = environ};
    assert_int_equal(process_run(&spec), -ENOENT);
}

static void exit_codes_and_signals_come_back(void **state)
{
    char *codes[] = {"/bin/sh", "-c", "exit 7", NULL},
         *signals[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
    assert_int_equal(process_run(&(struct process_spec){.argv = codes, .environment = environ}), 7);
    assert_int_equal(process_run(&(struct process_spec){.argv = signals, .environment = environ}),
                     128 + 9);
}

static void who_takes_too_long_is_ended(void **state)
{
    char *argv[] = {"/bin/sh", "-c", "exec sleep 1000", NULL},
         *quick[] = {"/bin/sh", "-c", "exit 7", NULL};
    struct process_spec spec = {.argv = argv, .environment = environ, .time_limit_ms = 1};
    assert_int_equal(process_run(&spec), -ETIME);
    spec.argv = quick;
    spec.time_limit_ms = 60000;
    assert_int_equal(process_run(&spec), 7);
}

static void environments_change(void **state)
{
    char *first[] = {"A=1", "AB=2", NULL};
    char **environment = environment_copy(first);
    assert_true(environment_set(&environment, "A", "x"));
    assert_string_equal(environment[0], "A=x");
    assert_string_equal(environment[1], "AB=2");
    assert_true(environment_set(&environment, "C", "3"));
    assert_string_equal(environment[2], "C=3");
    assert_null(environment[3]);
    assert_true(environment_set(&environment, "A", NULL));
    assert_true(environment_set(&environment, "missing", NULL));
    assert_string_equal(environment[0], "C=3");
    assert_string_equal(environment[1], "AB=2");
    assert_null(environment[2]);
    environment_free(environment);
}

int main(int argc, char **argv)
{
    if (argc == 3) { /* a_caller_never_ends_itself */
        struct process_mark mark = {"CASEMENT_TEST_SELF", argv[2]};
        return process_signal_marked(&mark, 1, SIGKILL);
    }
    snprintf(value, sizeof value, "/unit-test/%d", getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_ended),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(a_caller_never_ends_itself),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error),
        cmocka_unit_test(exit_codes_and_signals_come_back),
        cmocka_unit_test(who_takes_too_long_is_ended),
        cmocka_unit_test(environments_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
