/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting processes and ending whole trees of them (process.h). A process found in /proc is
 * pinned by a pidfd before its mark is read again, so a signal never reaches a stranger that got
 * the same number, and its end is waited for as an event.
 */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int pidfd_signal(int pidfd, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static void become(const struct process_spec *spec, int error_fd)
{
    if (spec->new_session)
        setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);

    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log_fd = -1;
    if (spec->log_path != NULL)
        log_fd = open(spec->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0)
        log_fd = null_fd;
    int in = spec->stdin_fd > 0 ? spec->stdin_fd : null_fd;
    int out = spec->stdout_fd > 0 ? spec->stdout_fd : log_fd;
    int err = spec->stderr_fd > 0 ? spec->stderr_fd : log_fd;
    /* The three may sit on each other's numbers: lift them out of the way first. */
    in = fcntl(in, F_DUPFD_CLOEXEC, 10);
    out = fcntl(out, F_DUPFD_CLOEXEC, 10);
    err = fcntl(err, F_DUPFD_CLOEXEC, 10);
    if (in >= 0 && out >= 0 && err >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
        dup2(err, 2) == 2)
        execve(spec->argv[0], spec->argv, spec->environment);
    int error = errno;
    (void)!write(error_fd, &error, sizeof error);
    _exit(127);
}

pid_t process_start(const struct process_spec *spec, int *pidfd)
{
    int error_pipe[2]; /* closes without a byte when execve() worked */
    if (pipe2(error_pipe, O_CLOEXEC) < 0)
        return -errno;
    /* The child may sit at any descriptor number below 3 only through our own dup2(). */
    pid_t pid = fork();
    if (pid == 0) {
        int error_fd = fcntl(error_pipe[1], F_DUPFD_CLOEXEC, 10);
        become(spec, error_fd);
    }
    int error = pid < 0 ? errno : 0;
    close(error_pipe[1]);
    if (pid > 0) {
        ssize_t got;
        do {
            got = read(error_pipe[0], &error, sizeof error);
        } while (got < 0 && errno == EINTR);
        if (got <= 0)
            error = 0;
    }
    close(error_pipe[0]);
    if (pid > 0 && error == 0 && pidfd != NULL) {
        *pidfd = pidfd_open(pid);
        if (*pidfd < 0)
            error = errno;
    }
    if (pid > 0 && error != 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return error != 0 ? -error : pid;
}

int process_wait(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_run(const struct process_spec *spec)
{
    int pidfd = -1;
    pid_t pid = process_start(spec, &pidfd);
    if (pid < 0)
        return pid;
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    int limit_ms = spec->time_limit_ms > 0 ? spec->time_limit_ms : -1, ready;
    do {
        ready = poll(&ended, 1, limit_ms);
    } while (ready < 0 && errno == EINTR);
    close(pidfd);
    if (ready == 0)
        kill(pid, SIGKILL);
    int code = process_wait(pid);
    return ready == 0 ? -ETIME : code;
}

/* --- Environments */

static size_t environment_length(char *const *environment)
{
    size_t length = 0;
    while (environment[length] != NULL)
        length++;
    return length;
}

char **environment_copy(char *const *from)
{
    size_t length = environment_length(from);
    char **copy = calloc(length + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < length; i++) {
        copy[i] = strdup(from[i]);
        if (copy[i] == NULL) {
            environment_free(copy);
            copy = NULL;
        }
    }
    return copy;
}

void environment_free(char **environment)
{
    if (environment == NULL)
        return;
    for (char **entry = environment; *entry != NULL; entry++)
        free(*entry);
    free(environment);
}

bool environment_set(char ***environment, const char *name, const char *value)
{
    size_t name_length = strlen(name), length = environment_length(*environment), at = 0;
    while (at < length && (strncmp((*environment)[at], name, name_length) != 0 ||
                           (*environment)[at][name_length] != '='))
        at++;
    if (value == NULL) {
        if (at < length) {
            free((*environment)[at]);
            (*environment)[at] = (*environment)[length - 1];
            (*environment)[length - 1] = NULL;
        }
        return true;
    }
    char *entry;
    if (asprintf(&entry, "%s=%s", name, value) < 0)
        return false;
    if (at < length) {
        free((*environment)[at]);
        (*environment)[at] = entry;
        return true;
    }
    char **grown = realloc(*environment, (length + 2) * sizeof *grown);
    if (grown == NULL) {
        free(entry);
        return false;
    }
    grown[length] = entry;
    grown[length + 1] = NULL;
    *environment = grown;
    return true;
}

/* --- Finding processes by their mark */

struct process_set {
    struct pollfd *entries; /* pidfds */
    size_t count, room;
};

static void set_clear(struct process_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        close(set->entries[i].fd);
    free(set->entries);
    *set = (struct process_set){0};
}

static bool set_add(struct process_set *set, int pidfd)
{
    if (set->count == set->room) {
        size_t room = set->room == 0 ? 16 : 2 * set->room;
        struct pollfd *grown = realloc(set->entries, room * sizeof *grown);
        if (grown == NULL)
            return false;
        set->entries = grown;
        set->room = room;
    }
    set->entries[set->count++] = (struct pollfd){.fd = pidfd, .events = POLLIN};
    return true;
}

/* All of a small /proc file, NUL-terminated; NULL when the process is gone, a zombie or another
 * user's. */
static char *read_proc(pid_t pid, const char *name, size_t *size_bytes)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    size_t room = 16384, size = 0;
    char *text = malloc(room);
    while (text != NULL) {
        ssize_t got = read(fd, text + size, room - size - 1);
        if (got <= 0)
            break;
        size += (size_t)got;
        if (room - size == 1) {
            room *= 2;
            char *grown = realloc(text, room);
            if (grown == NULL)
                break;
            text = grown;
        }
    }
    close(fd);
    if (text != NULL)
        text[size] = '\0';
    *size_bytes = size;
    return text;
}

static bool is_marked(pid_t pid, const struct process_mark *marks, size_t count)
{
    size_t size;
    char *text = read_proc(pid, "environ", &size);
    size_t found = 0;
    for (size_t i = 0; text != NULL && i < count; i++) {
        size_t name_length = strlen(marks[i].name);
        for (char *entry = text; entry < text + size; entry += strlen(entry) + 1) {
            if (strncmp(entry, marks[i].name, name_length) == 0 && entry[name_length] == '=' &&
                strcmp(entry + name_length + 1, marks[i].value) == 0) {
                found++;
                break;
            }
        }
    }
    free(text);
    return found == count;
}

static pid_t parent_of(pid_t pid)
{
    size_t size;
    char *text = read_proc(pid, "stat", &size);
    pid_t parent = 0;
    /* The program's name, in brackets, may hold anything: look behind the last one. */
    char *end = text != NULL ? strrchr(text, ')') : NULL;
    if (end == NULL || sscanf(end + 1, " %*c %d", &parent) != 1)
        parent = 0;
    free(text);
    return parent;
}

static bool is_self_or_parent(pid_t pid)
{
    for (pid_t own = getpid(); own > 1; own = parent_of(own)) {
        if (own == pid)
            return true;
    }
    return false;
}

static int find_marked(const struct process_mark *marks, size_t count, struct process_set *set)
{
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return -errno;
    int result = 0;
    for (struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (!is_marked(pid, marks, count) || is_self_or_parent(pid))
            continue;
        int pidfd = pidfd_open(pid);
        if (pidfd < 0)
            continue;
        if (!is_marked(pid, marks, count)) {
            close(pidfd);
        } else if (!set_add(set, pidfd)) {
            close(pidfd);
            result = -ENOMEM;
        }
    }
    closedir(proc);
    return result;
}

int process_signal_marked(const struct process_mark *marks, size_t count, int signal)
{
    struct process_set set = {0};
    int result = find_marked(marks, count, &set);
    for (size_t i = 0; i < set.count; i++)
        pidfd_signal(set.entries[i].fd, signal);
    if (result == 0)
        result = (int)set.count;
    set_clear(&set);
    return result;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for every process of the set to end. */
static int set_await(struct process_set *set, int64_t deadline_ms)
{
    for (size_t i = 0; i < set->count; i++) {
        int64_t left = deadline_ms - now_ms();
        int ready = poll(&set->entries[i], 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR) {
            i--;
            continue;
        }
        if (ready == 0)
            return -ETIME;
        /* Our own children stay as zombies until they are waited for. */
        siginfo_t info;
        waitid(P_PIDFD, (id_t)set->entries[i].fd, &info, WEXITED | WNOHANG);
    }
    return 0;
}

static int end_or_await(const struct process_mark *marks, size_t count, int signal, int timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    /* A process may have started another between the look and the signal: until none is found. */
    for (;;) {
        struct process_set set = {0};
        int result = find_marked(marks, count, &set);
        for (size_t i = 0; signal != 0 && i < set.count; i++)
            pidfd_signal(set.entries[i].fd, signal);
        bool none = set.count == 0;
        if (result == 0)
            result = set_await(&set, deadline_ms);
        set_clear(&set);
        if (none || result != 0)
            return result;
    }
}

int process_end_marked(const struct process_mark *marks, size_t count, int timeout_ms)
{
    return end_or_await(marks, count, SIGKILL, timeout_ms);
}

int process_await_marked(const struct process_mark *marks, size_t count, int timeout_ms)
{
    return end_or_await(marks, count, 0, timeout_ms);
}
