/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The toolstack's part for a program that hosts a machine: runs the simxen program, which makes
 * domains and tells xenstored. Linux programs only.
 */
#include "../guest.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Runs `simxen ...`; *number is what it prints when that is wanted. */
static int run(char *const arguments[], uint32_t *number)
{
    const char *program = getenv("SIMXEN");
    posix_spawn_file_actions_t actions;
    int pipe_fd[2], status = 0;
    char text[32] = "";
    pid_t child;
    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        return -errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
    int error =
        posix_spawnp(&child, program ? program : "simxen", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fd[1]);
    if (!error) {
        ssize_t got = read(pipe_fd[0], text, sizeof(text) - 1);
        text[got > 0 ? got : 0] = 0;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(pipe_fd[0]);
    if (error)
        return -error;
    if (!WIFEXITED(status) || WEXITSTATUS(status) || (number && sscanf(text, "%u", number) != 1))
        return -EIO;
    return 0;
}

int simxen_toolstack_create(const char *name, uint32_t *domid)
{
    char *arguments[] = {"simxen", "create", "--guest", (char *)(uintptr_t)name, NULL};
    return run(arguments, domid);
}

int simxen_toolstack_restore(uint32_t from_domid, uint32_t *domid)
{
    char digits[12];
    char *arguments[] = {"simxen", "restore", digits, NULL};
    snprintf(digits, sizeof(digits), "%u", from_domid);
    return run(arguments, domid);
}

int simxen_toolstack_destroy(uint32_t domid)
{
    char digits[12];
    char *arguments[] = {"simxen", "destroy", digits, NULL};
    snprintf(digits, sizeof(digits), "%u", domid);
    return run(arguments, NULL);
}
