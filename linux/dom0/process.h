/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that Casement starts and must be able to end, whatever was killed in between. Every
 * one carries CASEMENT_INSTANCE=<runtime folder> in its environment (and CASEMENT_GUEST=<name>
 * when it belongs to a guest); children inherit it, so the whole tree is found again in /proc,
 * also after its parents died and after the file that knew its ids is gone.
 */
#ifndef CASEMENT_PROCESS_H
#define CASEMENT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A process to start. Unset members do nothing. */
struct process_spec {
    char *const *argv; /* argv[0] is the program's path */
    char **environment;
    const char *log_path;               /* stdout and stderr are appended here; NULL: /dev/null */
    int stdin_fd, stdout_fd, stderr_fd; /* used when > 0 */
    bool new_session;
    int time_limit_ms; /* for process_run(): 0 is none */
};

/* Starts it; *pidfd (when wanted) becomes readable when it ends. Returns the pid or -errno, also
 * when the program could not be executed. */
pid_t process_start(const struct process_spec *spec, int *pidfd);
/* Waits for a child and returns its exit code, 128 + signal, or -errno. */
int process_wait(pid_t pid);
/* Both of the above; -ETIME: it had not ended within the time limit, and was killed. */
int process_run(const struct process_spec *spec);

/* Environments: a NULL-terminated array of "NAME=value", owned by the caller. NULL: no memory. */
char **environment_copy(char *const *from);
void environment_free(char **environment);
/* Replaces or adds; value NULL removes. false: no memory (the array stays valid). */
bool environment_set(char ***environment, const char *name, const char *value);

/* Every living process of this user with NAME=value for each of the pairs given in its initial
 * environment, except this one and its parents. */
struct process_mark {
    const char *name, *value;
};
/* Sends signal to all of them. Returns how many there are (0: none left) or -errno. */
int process_signal_marked(const struct process_mark *marks, size_t count, int signal);
/* Kills them and waits until none is left; 0, or -ETIME when one survives timeout_ms. */
int process_end_marked(const struct process_mark *marks, size_t count, int timeout_ms);
/* Waits until none is left (without a signal); 0 or -ETIME. */
int process_await_marked(const struct process_mark *marks, size_t count, int timeout_ms);

#endif
