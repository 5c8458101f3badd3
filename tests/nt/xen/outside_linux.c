/* SPDX-License-Identifier: BSD-2-Clause */
/* See outside.h. */
#include "xen/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/simxen/guest.h"

extern char **environ;

uint32_t outside_create_domain(void)
{
    char name[32];
    uint32_t domid;
    int error;

    snprintf(name, sizeof(name), "bench-%d", (int)getpid());
    error = simxen_toolstack_create(name, &domid);
    if (error) {
        fprintf(stderr, "no domain (%d): run this as `simxen host -- TEST`\n", error);
        _exit(1);
    }
    return domid;
}

const char *outside_instance(void)
{
    return getenv("SIMXEN_DIR");
}

int outside_run(const char *const arguments[], char *output, size_t bytes)
{
    posix_spawn_file_actions_t actions;
    int pipe_fd[2], status = 0, error;
    size_t got = 0;
    pid_t child;

    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        return -errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
    error = posix_spawnp(&child, arguments[0], &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fd[1]);
    while (!error) {
        char spare[256];
        ssize_t now = got + 1 < bytes ? read(pipe_fd[0], output + got, bytes - got - 1)
                                      : read(pipe_fd[0], spare, sizeof(spare));

        if (now <= 0 && !(now < 0 && errno == EINTR))
            break;
        if (now > 0 && got + 1 < bytes)
            got += (size_t)now;
    }
    if (bytes)
        output[got] = 0;
    close(pipe_fd[0]);
    if (error)
        return -error;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}
