/* SPDX-License-Identifier: BSD-2-Clause */
/* casement up, down, status, attach and detach. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "local.h"
#include "policy.h"
#include "process.h"
#include "wine_guest.h"

enum {
    GUESTS_MAX = 64,
    AGENT_TIMEOUT_MS = 120000,
    NEW_DAEMON_TIMEOUT_MS = 30000, /* for the agents of running guests to find a new casementd */
    LOST_AGENT_TIMEOUT_MS = 3000,  /* for one that has just lost its connection */
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One up or down at a time. The lock goes with the process; its children must not hold it. */
static bool take_lock(const struct layout *layout)
{
    char *path = path_join(layout->home, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(path);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        fputs("Waiting for another casement up or down\n", stderr);
        flock(fd, LOCK_EX);
    }
    return fd >= 0;
}

/* One request about one guest on a connection of its own. Returns the connection, or -1 after a
 * message. */
static int ask(const struct layout *layout, uint32_t type, const char *name)
{
    int fd = local_connect(layout->runtime);
    struct local_message message = {.type = type};
    snprintf(message.name.name, sizeof message.name.name, "%s", name);
    int result = fd < 0 ? fd : local_send(fd, &message);
    if (result == 0)
        return fd;
    fprintf(stderr, "casement: casementd does not answer: %s\n", strerror(-result));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Waits for DONE. 0, or a message and -1. */
static int take_done(int fd, const char *name, int timeout_ms)
{
    char *packet = malloc(LOCAL_PACKET_BYTES_MAX);
    struct local_message message = {0};
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    int ready = fd < 0 ? -1 : poll(&answer, 1, timeout_ms);
    int result = packet == NULL ? -ENOMEM
                 : ready > 0    ? local_receive(fd, packet, &message)
                                : -ETIME;
    if (fd >= 0 && (result != 0 || message.type != LOCAL_DONE))
        fprintf(stderr, "casement: %s: %s\n", name,
                result == 0 && message.type == LOCAL_ERROR ? message.text
                : result == -ETIME                         ? "the agent did not come in time"
                                                           : strerror(-result));
    free(packet);
    if (fd >= 0)
        close(fd);
    return fd >= 0 && result == 0 && message.type == LOCAL_DONE ? 0 : -1;
}

struct status {
    struct local_guest guests[GUESTS_MAX];
    int count;
};

static bool get_status(const struct layout *layout, struct status *status)
{
    status->count = 0;
    int fd = local_connect(layout->runtime);
    char *packet = malloc(LOCAL_PACKET_BYTES_MAX);
    struct local_message message = {.type = LOCAL_STATUS};
    bool ok = fd >= 0 && packet != NULL && local_send(fd, &message) == 0;
    while (ok && (ok = local_receive(fd, packet, &message) == 0) && message.type != LOCAL_DONE) {
        if (message.type == LOCAL_GUEST && status->count < GUESTS_MAX)
            status->guests[status->count++] = message.guest;
    }
    free(packet);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool is_ready(const struct status *status, const char *name)
{
    for (int i = 0; i < status->count; i++) {
        if (strcmp(status->guests[i].name, name) == 0)
            return status->guests[i].state == LOCAL_GUEST_READY;
    }
    return false;
}

/* --- up */

struct starting {
    const char *name;
    bool screen;
    pid_t pid; /* starts it; 0: it runs already */
    double since;
};

/* A guest whose agent does not connect is like a machine that hangs: it is switched off first. */
static int start_one(const struct layout *layout, const struct starting *starting)
{
    int result = wine_guest_stop(layout, starting->name);
    return result == 0 ? wine_guest_start(layout, starting->name, starting->screen) : result;
}

/* After a restart of casementd the agent of a running guest is about to connect. */
static bool comes_back(const struct layout *layout, const char *name, int timeout_ms)
{
    if (!wine_guest_runs(layout, name))
        return false;
    int fd = ask(layout, LOCAL_WAIT, name);
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    bool back = fd >= 0 && poll(&answer, 1, timeout_ms) == 1 && take_done(fd, name, -1) == 0;
    return back;
}

static void begin(const struct layout *layout, const struct status *status, bool new_daemon,
                  struct starting *starting)
{
    starting->since = seconds_now();
    starting->pid = 0;
    if (is_ready(status, starting->name))
        return;
    /* Guests start side by side: each by a process of its own. */
    starting->pid = fork();
    if (starting->pid == 0)
        _exit(comes_back(layout, starting->name,
                         new_daemon ? NEW_DAEMON_TIMEOUT_MS : LOST_AGENT_TIMEOUT_MS) ||
                      start_one(layout, starting) == 0
                  ? 0
                  : 1);
}

static int finish(const struct layout *layout, const struct starting *starting)
{
    if (starting->pid == 0) {
        printf("%s runs already\n", starting->name);
        return 0;
    }
    int result = starting->pid < 0 ? -1 : process_wait(starting->pid);
    if (result == 0)
        result = take_done(ask(layout, LOCAL_ATTACH, starting->name), starting->name, -1);
    if (result == 0)
        result =
            take_done(ask(layout, LOCAL_WAIT, starting->name), starting->name, AGENT_TIMEOUT_MS);
    if (result == 0) {
        printf("%s is up (%.1f s)\n", starting->name, seconds_now() - starting->since);
    } else {
        char *log = path_join(layout->home, "log/guest-%s", starting->name);
        printf("%s did not come up; see %s\n", starting->name, log);
        free(log);
    }
    fflush(stdout);
    return result;
}

int command_up(const struct layout *layout, int argc, char **argv)
{
    static char default_name[] = "win";
    char *default_names[] = {argv[0], default_name, NULL};
    const bool screen = argc > 1 && strcmp(argv[1], "--screen") == 0;
    if (screen)
        argc--, argv++;
    if (argc == 1)
        argc = 2, argv = default_names;
    if (layout->real_dom0) {
        fputs("casement: this machine has a xenstored of its own, so its toolstack starts guests "
              "(xl, qvm-start).\nRun casementd GUEST... to serve them.\n",
              stderr);
        return 1;
    }
    struct starting starting[GUESTS_MAX];
    int count = argc - 1, failed = 0;
    if (count > GUESTS_MAX)
        return USAGE_ERROR;
    for (int i = 0; i < count; i++) {
        starting[i].name = argv[i + 1];
        starting[i].screen = screen;
        if (!policy_guest_name_valid(starting[i].name)) {
            fprintf(stderr, "casement: \"%s\" is no name for a guest\n", starting[i].name);
            return 1;
        }
    }
    struct status status;
    bool new_daemon = !host_runs(layout);
    if (!take_lock(layout) || wine_guest_make_template(layout) != 0 || host_start(layout) != 0 ||
        !get_status(layout, &status))
        return 1;
    for (int i = 0; i < count; i++)
        begin(layout, &status, new_daemon, &starting[i]);
    for (int i = 0; i < count; i++)
        failed |= finish(layout, &starting[i]) != 0;
    return failed;
}

/* --- down */

int command_down(const struct layout *layout, int argc, char **argv)
{
    if (layout->real_dom0) {
        fputs("casement: guests of this machine are its toolstack's (xl shutdown, qvm-shutdown); "
              "to stop serving one: casement detach GUEST\n",
              stderr);
        return 1;
    }
    if (!take_lock(layout))
        return 1;
    int result = 0;
    if (argc == 1)
        return host_stop(layout) == 0 ? 0 : 1;
    for (int i = 1; i < argc; i++) {
        if (!policy_guest_name_valid(argv[i])) {
            fprintf(stderr, "casement: \"%s\" is no name for a guest\n", argv[i]);
            result = 1;
        } else if (wine_guest_stop(layout, argv[i]) != 0) {
            fprintf(stderr, "casement: %s could not be ended\n", argv[i]);
            result = 1;
        } else if (host_runs(layout)) {
            take_done(ask(layout, LOCAL_DETACH, argv[i]), argv[i], -1);
        }
    }
    return result;
}

/* --- status, attach, detach */

int command_status(const struct layout *layout, int argc, char **argv)
{
    static const char *const states[LOCAL_GUEST_STATES] = {
        [LOCAL_GUEST_ABSENT] = "no domain",
        [LOCAL_GUEST_CONNECTING] = "no agent",
        [LOCAL_GUEST_GREETING] = "greeting",
        [LOCAL_GUEST_READY] = "ready",
    };
    struct status status;
    if (argc != 1)
        return USAGE_ERROR;
    if (!get_status(layout, &status)) {
        puts("casementd is not running");
        return 3;
    }
    printf("%-20s %6s  %-10s %8s  %s\n", "GUEST", "DOMAIN", "AGENT", "PROTOCOL", "CALLS");
    for (int i = 0; i < status.count; i++) {
        const struct local_guest *guest = &status.guests[i];
        char domain[16] = "-", protocol[16] = "-";
        if (guest->state != LOCAL_GUEST_ABSENT)
            snprintf(domain, sizeof domain, "%u", guest->domain);
        if (guest->state == LOCAL_GUEST_READY)
            snprintf(protocol, sizeof protocol, "%u", guest->agent_version);
        printf("%-20s %6s  %-10s %8s  %u open, %llu in all\n", guest->name, domain,
               states[guest->state], protocol, guest->calls_open,
               (unsigned long long)guest->calls_total);
    }
    return 0;
}

static int for_each_name(const struct layout *layout, int argc, char **argv, uint32_t type)
{
    int failed = 0;
    if (argc < 2)
        return USAGE_ERROR;
    for (int i = 1; i < argc; i++) {
        bool valid = policy_guest_name_valid(argv[i]);
        if (!valid)
            fprintf(stderr, "casement: \"%s\" is no name for a guest\n", argv[i]);
        failed |= !valid || take_done(ask(layout, type, argv[i]), argv[i], -1) != 0;
    }
    return failed;
}

int command_attach(const struct layout *layout, int argc, char **argv)
{
    return for_each_name(layout, argc, argv, LOCAL_ATTACH);
}

int command_detach(const struct layout *layout, int argc, char **argv)
{
    return for_each_name(layout, argc, argv, LOCAL_DETACH);
}
