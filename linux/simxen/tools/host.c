/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simxen serve and simxen host. host runs the daemon and Debian's xenstored in a private folder
 * around a command and cleans up whatever happens: the two helpers die with it (parent-death
 * signal), the folder goes, descendants of the command that stay behind are ended and reported.
 */
#include "tools.h"
#include "../client/internal.h"
#include "../daemon/instance.h"
#include "core/xen/xs_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LEFTOVER_GRACE_S = 5, XENSTORED_START_MS = 20000 };

struct host {
    char dir[64];
    pid_t daemon, xenstored, command;
    sigset_t signals, before;
};

int tool_serve(int argc, char **argv)
{
    bool ready = argc == 2 && !strcmp(argv[0], "--ready");
    if (argc != 1 + ready)
        return TOOL_USAGE;
    int ready_fd = ready ? fcntl(1, F_DUPFD_CLOEXEC, 3) : -1;
    if (ready)
        dup2(2, 1); /* whoever waits for the line also sees the end of the output */
    return serve(argv[ready], ready_fd);
}

/* The child's side of fork for the two helpers: they end with the host and do not hear the
 * terminal's signals. */
static void become_helper(const struct host *host)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &host->before, NULL);
}

static bool start_daemon(struct host *host)
{
    int ready[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC) < 0)
        return false;
    host->daemon = fork();
    if (host->daemon == 0) {
        become_helper(host);
        close(ready[0]);
        _exit(serve(host->dir, ready[1]));
    }
    close(ready[1]);
    bool up = host->daemon > 0 && read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    return up;
}

static int connect_xenbus(const struct host *host)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/dom0/xenbus", host->dir);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* xenstored serves once it answers a request that waits in domain 0's ring. */
static bool xenstored_answers(const struct host *host)
{
    uint8_t message[XS_MESSAGE_MAX_BYTES];
    struct xs_header header = {.type = XS_TYPE_DIRECTORY, .length_bytes = 2};
    size_t length = xs_message_write(message, &header, "/");
    int fd = connect_xenbus(host);
    if (fd < 0)
        return false;
    struct pollfd answer = {fd, POLLIN, 0};
    bool up = write(fd, message, length) == (ssize_t)length &&
              poll(&answer, 1, XENSTORED_START_MS) == 1 && read(fd, message, 16) == 16;
    close(fd);
    return up;
}

static bool start_xenstored(struct host *host)
{
    char program[PATH_MAX], rundir[128];
    debian_folder(program, sizeof(program));
    strncat(program, "/bin/xenstored", sizeof(program) - strlen(program) - 1);
    snprintf(rundir, sizeof(rundir), "%s/xenstored", host->dir);
    mkdir(rundir, 0700);
    host->xenstored = fork();
    if (host->xenstored == 0) {
        become_helper(host);
        /* Found along LD_LIBRARY_PATH: LD_PRELOAD takes no path with a blank in it. */
        setenv("LD_PRELOAD", "libxenprocfs.so", 1);
        int quiet = open("/dev/null", O_RDONLY | O_CLOEXEC);
        dup2(quiet, 0);
        execl(program, "xenstored", "-N", "--internal-db=on", (char *)NULL);
        fprintf(stderr, "simxen: %s: %s\n", program, strerror(errno));
        _exit(127);
    }
    if (host->xenstored > 0 && xenstored_answers(host) && store_make_dom0())
        return true;
    fprintf(stderr, "simxen: xenstored does not answer\n");
    return false;
}

static bool start_command(struct host *host, char **command)
{
    host->command = fork();
    if (host->command == 0) {
        sigprocmask(SIG_SETMASK, &host->before, NULL);
        execvp(command[0], command);
        fprintf(stderr, "simxen: %s: %s\n", command[0], strerror(errno));
        _exit(127);
    }
    return host->command > 0;
}

/* Until the command ends; what the user sends the host goes to it. */
static int wait_command(struct host *host)
{
    for (;;) {
        int status, number = sigwaitinfo(&host->signals, NULL);
        if (number > 0 && number != SIGCHLD)
            kill(host->command, number);
        pid_t ended;
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
            if (ended == host->command)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            if (ended == host->xenstored || ended == host->daemon) {
                const char *name = ended == host->daemon ? "the daemon" : "xenstored";
                fprintf(stderr, "simxen: %s ended while the command ran (status %x)\n", name,
                        status);
                *(ended == host->daemon ? &host->daemon : &host->xenstored) = 0;
            }
        }
    }
}

/* One descendant of the command that is still there (the kernel gave it to us), or 0. */
static pid_t leftover(const struct host *host)
{
    char path[64];
    long pid = 0;
    pid_t found = 0;
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "re");
    while (children && fscanf(children, "%ld", &pid) == 1)
        if (pid != host->daemon && pid != host->xenstored)
            found = (pid_t)pid;
    if (children)
        fclose(children);
    return found;
}

static void reap_others(struct host *host)
{
    pid_t ended;
    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
        if (ended == host->daemon)
            host->daemon = 0;
        if (ended == host->xenstored)
            host->xenstored = 0;
    }
}

/* Background processes get a moment to notice that the command has ended; the rest is a leak. */
static bool end_leftovers(struct host *host)
{
    struct timespec now, end;
    bool clean = true;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += LEFTOVER_GRACE_S;
    reap_others(host);
    for (pid_t pid; (pid = leftover(host)) != 0; reap_others(host)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        struct timespec left = {end.tv_sec - now.tv_sec, 0};
        if (clean && left.tv_sec > 0) {
            sigtimedwait(&host->signals, NULL, &left);
            continue;
        }
        fprintf(stderr, "simxen: process %d was left behind\n", (int)pid);
        clean = false;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return clean;
}

static bool instance_is_empty(struct host *host)
{
    char *arguments[] = {(char *)(uintptr_t) "--expect-empty", NULL};
    fflush(stdout);
    int keep = dup(1), quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(quiet, 1);
    int result = tool_list(1, arguments);
    fflush(stdout);
    dup2(result == TOOL_NOT_EMPTY ? 2 : keep, 1);
    if (result == TOOL_NOT_EMPTY) {
        fprintf(stderr, "simxen: this was left behind:\n");
        tool_list(0, arguments + 1);
        fflush(stdout);
        dup2(keep, 1);
    }
    close(keep);
    close(quiet);
    return result == 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    return remove(path);
}

static void stop(pid_t *pid)
{
    if (*pid > 0) {
        kill(*pid, SIGTERM);
        waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

int tool_host(int argc, char **argv)
{
    struct host host = {.dir = "/tmp/simxen-XXXXXX"};
    bool bare = argc && !strcmp(argv[0], "--bare");
    int result = 1;
    if (bare)
        argv++, argc--;
    if (argc && !strcmp(argv[0], "--"))
        argv++, argc--;
    if (!argc)
        return TOOL_USAGE;
    if (!mkdtemp(host.dir)) {
        perror("simxen: /tmp");
        return 1;
    }
    sigemptyset(&host.signals);
    sigaddset(&host.signals, SIGCHLD);
    sigaddset(&host.signals, SIGTERM);
    sigaddset(&host.signals, SIGINT);
    sigaddset(&host.signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &host.signals, &host.before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    environment_for_domain(host.dir, 0);
    environment_program();
    if (start_daemon(&host) && (bare || start_xenstored(&host)) && start_command(&host, argv)) {
        result = wait_command(&host);
        bool whole = host.daemon && (bare || host.xenstored);
        bool clean = end_leftovers(&host);
        if (host.daemon)
            clean &= instance_is_empty(&host);
        if (result == 0 && (!clean || !whole))
            result = TOOL_NOT_EMPTY;
    }
    stop(&host.xenstored);
    stop(&host.daemon);
    nftw(host.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return result;
}
