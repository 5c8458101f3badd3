/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests that talk to the simulated hypervisor directly: checks that name their line, domains
 * made and destroyed, children that are processes of a domain. Run under `simxen host --`, which
 * fails the test when something stays behind.
 */
#ifndef TESTS_SIMXEN_FIXTURE_H
#define TESTS_SIMXEN_FIXTURE_H

#include "linux/simxen/client/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define CHECK_EQUAL(got, want)                                                                     \
    do {                                                                                           \
        long got_ = (long)(got), want_ = (long)(want);                                             \
        if (got_ != want_) {                                                                       \
            fprintf(stderr, "%s:%d: %s is %ld, not %s (%ld)\n", __FILE__, __LINE__, #got, got_,    \
                    #want, want_);                                                                 \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static inline struct simxen *as_domain(uint32_t domid)
{
    struct simxen *sx;
    CHECK_EQUAL(simxen_open(&sx, getenv("SIMXEN_DIR"), domid), 0);
    return sx;
}

/* A domain without XenStore nodes. flags: SX_FLAG_KEEP or 0. */
static inline uint32_t new_domain(struct simxen *dom0, uint32_t flags)
{
    struct sx_request request = {.op = SX_CREATE, .flags = flags, .count = 8};
    struct sx_reply reply;
    uint32_t name[8] = {0x74736574}, port;
    CHECK_EQUAL(simxen_call(dom0, &request, name, 8, &reply, &port, 1, NULL), 0);
    return reply.value;
}

static inline int end_domain(struct simxen *dom0, uint32_t domid)
{
    struct sx_request request = {.op = SX_DESTROY, .domid = domid};
    return simxen_simple(dom0, &request);
}

static inline struct simxen_evtchn *open_events(struct simxen *sx)
{
    struct simxen_evtchn *handle;
    CHECK_EQUAL(simxen_evtchn_open(sx, &handle), 0);
    CHECK(fcntl(simxen_evtchn_fd(handle), F_SETFL, O_NONBLOCK) == 0);
    return handle;
}

/* Whether the handle's descriptor is readable, at once or within timeout_ms. */
static inline int readable(struct simxen_evtchn *handle, int timeout_ms)
{
    struct pollfd fd = {simxen_evtchn_fd(handle), POLLIN, 0};
    return poll(&fd, 1, timeout_ms);
}

enum { PATIENCE_MS = 20000 }; /* for what must happen; a test that works never waits so long */

/* Runs body(argument) in a process of its own; it reports one byte through tell_parent() and then
 * lives until it is killed. */
static inline pid_t child_process(void (*body)(void *argument), void *argument)
{
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ready[1], 9);
        body(argument);
        CHECK(write(9, "r", 1) == 1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return pid;
}

static inline void kill_process(pid_t pid)
{
    CHECK(kill(pid, SIGKILL) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid);
}

#endif
